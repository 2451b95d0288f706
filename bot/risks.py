"""What a change newly does that a person should look at: facts for policy, never refusals. Pure.

Found in the base's text and the new text, so that what was there before is not held against a
patch. A call that was there and now has other arguments counts as new.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence

from bot.model import Finding, Tree
from bot.protected import is_test
from bot.risks_to_tests import python_test_risks, textual_test_risks
from bot.risky_names import METHODS, NAMES, PATHS_OF_CREDENTIALS, TEXTUAL, WRITING_MODE
from bot.vetting.manifests import MANIFESTS, required
from bot.vetting.signatures import changed_signatures
from bot.vetting.source import (
    After,
    NewText,
    added_lines,
    dotted,
    is_python,
    nodes,
    parse,
    shape,
    words,
)
from bot.vetting.texts import PROSE

Use = tuple[str, str, str]
"""A kind of risk, what does it in the source's words, and the exact shape of the code."""


def risks(files: Sequence[NewText], tree: Tree) -> tuple[Finding, ...]:
    """Each kind of risk once per file, in words a reviewer can go by."""
    after = After(tuple(files), tree)
    found: list[Finding] = []
    before: Counter[Use] = Counter()
    for file in files:
        before += _uses(file.path, after.before(file))
    for file in files:
        found.extend(_new_uses(file, before))
        found.extend(_others(file, after))
    once: dict[tuple[str, str], Finding] = {}
    for finding in found:
        once.setdefault((finding.rule, finding.path), finding)
    return tuple(sorted(once.values()))


def _others(file: NewText, after: After) -> Iterator[Finding]:
    before = after.before(file)
    yield from _unreadable(file, before)
    yield from _dependencies(file, before)
    if is_test(file.path):
        if is_python(file.path, file.text):
            yield from python_test_risks(file, before)
        else:
            yield from textual_test_risks(file, before)
    elif MANIFESTS.search(file.path) or file.path.endswith((".ini", ".cfg", ".toml")):
        yield from textual_test_risks(file, before)
    else:
        for changed in changed_signatures(file, before):
            if changed.is_public:
                said = f"{changed.name} in {file.path} takes other parameters than before"
                yield Finding("signature", file.path, said)
    if not is_python(file.path, file.text) and not file.path.endswith(PROSE):
        for line in added_lines(before, file.text):
            for kind, pattern in TEXTUAL:
                if pattern.search(line):
                    said = f"{file.path} gets {line.strip()[:80]!r}"
                    yield Finding(kind, file.path, said)


def _unreadable(file: NewText, before: str) -> Iterator[Finding]:
    if not is_python(file.path, file.text):
        return
    if parse(file.text) is None or parse(before) is None:
        said = f"{file.path} does not parse, so what it newly does is not known"
        yield Finding("unreadable", file.path, said)


# ------------------------------------------------------------------------------ what code does


def _new_uses(file: NewText, before: Counter[Use]) -> Iterator[Finding]:
    """What the file does more often, or otherwise, than all files of the patch did before.

    `before` is used up, so that code moved between files counts once.
    """
    for use, count in _uses(file.path, file.text).items():
        extra = count - before[use]
        before[use] -= min(count, before[use])
        if extra > 0:
            kind, what, _ = use
            yield Finding(kind, file.path, f"{file.path} newly uses, or uses otherwise, {what}")


def _uses(path: str, text: str) -> Counter[Use]:
    """Everything in Python source that reaches beyond its own objects."""
    module = parse(text) if is_python(path, text) else None
    found: Counter[Use] = Counter()
    if module is None:
        return found
    meaning = _meanings(module)
    if is_test(path):
        meaning |= {"pytest": "", "unittest": "", "_pytest": ""}
    inner: set[int] = set()
    for node in nodes(module):  # outer nodes come before those inside them
        if isinstance(node, ast.Call):
            _note_call(node, meaning, found, inner)
        elif isinstance(node, (ast.Attribute, ast.Name)) and id(node) not in inner:
            _note_name(node, node, meaning, found, inner)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            credentials = PATHS_OF_CREDENTIALS.search(node.value)
            if credentials:
                found["environment", repr(credentials[0]), ""] += 1
    return found


def _note_call(
    call: ast.Call, meaning: dict[str, str], found: Counter[Use], inner: set[int]
) -> None:
    if _note_name(call.func, call, meaning, found, inner):
        return
    name = _meant(call.func, meaning)
    attribute = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    if name in ("open", "io.open", "codecs.open") or attribute == "open":
        modes = [*call.args[0 if attribute and name not in ("io.open", "codecs.open") else 1 :][:1]]
        modes += [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
        if any(_may_write(mode) for mode in modes):
            found["file writes", f"{attribute or name}() for writing", shape(call)] += 1
    elif attribute in METHODS:
        found[METHODS[attribute], f".{attribute}()", shape(call)] += 1
    elif name == "yaml.load" and "Safe" not in shape(call):
        found["dynamic code", name, shape(call)] += 1


def _may_write(mode: ast.expr) -> bool:
    if isinstance(mode, ast.Constant):
        return isinstance(mode.value, str) and bool(WRITING_MODE.search(mode.value))
    return True


def _note_name(
    node: ast.AST, whole: ast.AST, meaning: dict[str, str], found: Counter[Use], inner: set[int]
) -> bool:
    """Count a dotted name that stands for something risky; `whole` is what may not change in it."""
    name = _meant(node, meaning)
    kind = _kind(name)
    if not kind and isinstance(node, ast.Attribute):
        kind = "dynamic code" if node.attr in _INNARDS else ""
        name = f".{node.attr}"
    if not kind:
        return False
    inner.update(id(part) for part in ast.walk(node))
    found[kind, name, shape(whole)] += 1
    return True


_INNARDS = words("__subclasses__ __globals__ __builtins__ __code__ __import__ __bases__")


def _meanings(module: ast.Module) -> dict[str, str]:
    """What the names that a module imports stand for, as dotted names."""
    found: dict[str, str] = {}
    for node in nodes(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    found[alias.asname] = alias.name
                else:
                    found[alias.name.split(".")[0]] = alias.name.split(".")[0]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return found


def _meant(node: ast.AST, meaning: dict[str, str]) -> str:
    name = dotted(node)
    head, separator, rest = name.partition(".")
    meant = meaning.get(head, head)
    return meant + separator + rest if meant else ""


def _kind(name: str) -> str:
    """The kind of the longest dotted beginning of the name that is known to be risky."""
    while name:
        if name in NAMES:
            return NAMES[name]
        name = name.rpartition(".")[0]
    return ""


# ------------------------------------------------------------------------------ dependencies


def _dependencies(file: NewText, before: str) -> Iterator[Finding]:
    old, new = required(file.path, before), required(file.path, file.text)
    for added in sorted(new - old):
        said = f"{file.path} gets the requirement {added[:80]!r}"
        yield Finding("new dependency", file.path, said)
