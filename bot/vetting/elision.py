"""Placeholders where code should be: "rest unchanged", a bare ellipsis, a body that does nothing.

A comment is a placeholder only if *every* word of it is placeholder talk, so that a sentence that
happens to speak of "the rest of the code" is none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from bot.model import Finding
from bot.vetting.source import (
    Defined,
    NewText,
    added_lines,
    classes,
    comments,
    docstring_free,
    dotted,
    functions,
    is_ellipsis,
    is_python,
    nodes,
    parse,
    words,
)
from bot.vetting.texts import PROSE

_REST = words("rest remainder remaining")
_SUBJECT = _REST | words("existing previous original other your actual real implementation code")
_NOUN = words(
    "code codes implementation function functions method methods class classes file files script "
    "module logic body content contents imports line lines part parts section sections document "
    "config configuration test tests"
)
_STATE = words(
    "unchanged unmodified same before omitted elided snipped snip here brevity remain remains stay "
    "stays continue continues"
)
_GLUE = words(
    "the of this is are as for goes go and all in todo fixme to be was it with no change changes "
    "from my your s keep kept etc add insert implement implemented a that"
)
_DOTS = re.compile(r"\.\.\.|\u2026")
_COMMENT = re.compile(
    r"^\s*(?://+|#+|--+|/\*+|\*+|<!--|;+|%+|\{/\*)\s*(.*?)\s*(?:\*+/\}?|-->)?\s*$"
)
_CODE = tuple(
    words(
        ".js .jsx .ts .tsx .mjs .cjs .go .rs .java .kt .scala .c .h .cc .cpp .hpp .cs .rb .php "
        ".swift .sh .bash .lua .pl .r .sql .css .scss .json .vue .dart .ex .exs .hs .ml"
    )
)


def elision(file: NewText, before: str) -> Iterator[Finding]:
    """New placeholders in the file."""
    if is_python(file.path, file.text):
        found = _in_python(file, before)
    else:
        found = _in_other_text(file, before)
    for said in found:
        yield Finding("elision", file.path, f"{file.path} gets {said} where text should be")
        return


def _in_python(file: NewText, before: str) -> Iterator[str]:
    for comment in comments(file.text) - comments(before):
        said = comment.text.lstrip("# ")
        if (comment.alone and _only_dots(said)) or is_placeholder(said):
            yield f"the placeholder {comment.text[:60]!r}"
    new, old = parse(file.text), parse(before)
    if new is None or file.path.endswith(".pyi"):
        return
    if _stray_ellipses(new) > (0 if old is None else _stray_ellipses(old)):
        yield "a bare ellipsis"


def _stray_ellipses(module: ast.Module) -> int:
    """How many ellipses stand beside other statements, where they can only mean "left out"."""
    count = sum(map(is_ellipsis, module.body))
    for node in nodes(module):
        for name in ("body", "orelse", "finalbody"):
            body = getattr(node, name, None)
            if isinstance(body, list) and node is not module:
                rest = docstring_free(body)
                if len(rest) > 1:
                    count += sum(is_ellipsis(statement) for statement in rest)
    return count


def _in_other_text(file: NewText, before: str) -> Iterator[str]:
    code = file.path.endswith(_CODE)
    prose = file.path.endswith(PROSE)
    for line in added_lines(before, file.text):
        said = line.strip()
        if code and said in ("...", "\u2026", "[...]"):
            yield "a bare ellipsis"
        comment = None if prose and not said.startswith("<!--") else _COMMENT.match(line)
        text = comment[1] if comment else ""
        bracketed = _DOTS.match(said.lstrip("[(<*_ ")) and is_placeholder(said)
        if is_placeholder(text) or (code and _only_dots(text)) or bracketed:
            yield f"the placeholder {said[:60]!r}"


def _only_dots(said: str) -> bool:
    return bool(_DOTS.search(said)) and not said.strip(". \u2026")


def is_placeholder(said: str) -> bool:
    """Whether a comment's text stands for text that was left out."""
    spoken = set(re.findall(r"[a-z]+", said.casefold()))
    if not spoken or not spoken <= _SUBJECT | _NOUN | _STATE | _GLUE:
        return False
    if re.search(r"[^\W_]", re.sub(r"[a-zA-Z]", "", said)):
        return False  # digits, or words of another script
    if not spoken & _SUBJECT:
        return False
    return bool(_DOTS.search(said) or spoken & _STATE or (spoken & _REST and spoken & _NOUN))


# ------------------------------------------------------------------------------ stubs


def stubs(file: NewText, before: str) -> Iterator[Finding]:
    """Functions whose body went away, and new ones that never had one."""
    new, old = parse(file.text), parse(before)
    if new is None or file.path.endswith(".pyi") or not is_python(file.path, file.text):
        return
    known = functions(old) if old is not None else {}
    for name, function in functions(new).items():
        if not _is_stub(function):
            continue
        was = known.get(name)
        if was is not None and not _is_stub(was):
            yield Finding("stub", file.path, f"{name} in {file.path} loses its body")
        elif was is None and not _may_be_empty(function) and _is_bare(function):
            yield Finding("stub", file.path, f"the new {name} in {file.path} has no body")
    empty = {name for name, node in classes(new).items() if _does_nothing(node.body)}
    for name, node in (classes(old) if old is not None else {}).items():
        if name in empty and not _does_nothing(node.body):
            yield Finding("stub", file.path, f"the class {name} in {file.path} loses its body")


def _is_stub(function: Defined) -> bool:
    return _does_nothing(function.node.body)


def _does_nothing(body: list[ast.stmt]) -> bool:
    return all(
        isinstance(statement, ast.Pass)
        or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        or _not_implemented(statement)
        for statement in docstring_free(body)
    )


def _not_implemented(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Raise) or statement.exc is None:
        return False
    raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
    return dotted(raised) == "NotImplementedError"


def _is_bare(function: Defined) -> bool:
    return any(map(is_ellipsis, docstring_free(function.node.body)))


def _may_be_empty(function: Defined) -> bool:
    marks = {dotted(decorator).rpartition(".")[2] for decorator in function.node.decorator_list}
    if any(mark.startswith("abstract") or mark == "overload" for mark in marks):
        return True
    bases = function.owner.bases if function.owner else ()
    names = (dotted(base.value if isinstance(base, ast.Subscript) else base) for base in bases)
    return any(name.rpartition(".")[2] in ("Protocol", "Interface") for name in names)
