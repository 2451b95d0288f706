"""What should be refused and is not: `if n < 0: raise ValueError(…)`, or `raise` for a `return`.

Only where a failing test waits for an error, or says which one it has waited for in vain.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import product

from bot.engines.search.scope import BUILTINS, free_names
from bot.engines.search.source import Function
from bot.engines.search.templates.guards import header_of, is_first
from bot.engines.search.templates.site import Site, Template, Variant, remembered
from bot.engines.search.templates.writing import string

_IN_VAIN = re.compile(r"DID NOT RAISE ([^\n]*)|(\w+|\(<class [^\n]*\)) not raised\b")
_CLASS = re.compile(r"<class '(?:\w+\.)*(\w+)'>")
_NAME = re.compile(r"(?:\w+\.)*([A-Z]\w*)")
_PLACES = (
    ast.Assign,
    ast.AnnAssign,
    ast.AugAssign,
    ast.Expr,
    ast.Return,
    ast.If,
    ast.For,
    ast.While,
    ast.With,
    ast.Try,
)
_HEADED = (ast.If, ast.While, ast.For, ast.With)
_FAULTS = (
    (1.0, "{} < 0", "{} must not be negative"),
    (0.9, "{} <= 0", "{} must be positive"),
    (0.8, "{} < 1", "{} must be at least 1"),
    (0.8, "not {}", "{} must not be empty"),
    (0.7, "{} is None", "{} must not be None"),
    (0.5, "not isinstance({}, str)", "{} must be a string"),
    (0.5, "not isinstance({}, int)", "{} must be an integer"),
    (0.4, "not isinstance({}, dict)", "{} must be a dict"),
    (0.4, "not isinstance({}, list)", "{} must be a list"),
    (0.4, "isinstance({}, bool)", "{} must not be a boolean"),
    (0.4, "not callable({})", "{} must be callable"),
    (0.4, "isinstance({}, str)", "{} must not be a string"),
)
"""What may be wrong with a value, likeliest first."""
_PAIRS = (
    (0.5, "{} > {}", "{} must not be greater than {}"),
    (0.5, "{} < {}", "{} must not be less than {}"),
    (0.5, "len({}) != len({})", "{} and {} must have the same length"),
)
MOST_NAMES = 6
MOST_ERRORS = 6
"""With their texts, of those that are waited for."""
LOCAL = 0.6
"""What a place further inside weighs."""


def refused(node: ast.stmt, site: Site) -> Iterator[Variant]:
    errors = awaited_at(node, site)
    function = site.source.function_of(node)
    if not errors or function is None:
        return
    if node in function.body and is_first(node, site):
        names, near, several = _parameters(function), 1.0, True
    else:
        names, near, several = _made_before(node, site), LOCAL, False
    for weight, test, said in _faults(names, several):
        for rank, (error, text) in enumerate(errors[:MOST_ERRORS]):
            likely = weight * near * 0.9**rank
            said_so = f"raise {error} if `{test}`"
            if error == "AssertionError" and test.startswith("not "):
                lines = [f"assert {test[4:]}, {string(text or said, site.source.quote)}"]
            else:
                leave = raising(error, text or said, site)
                lines = [f"if {test}:", f"{site.source.step}{leave}"]
            made = site.insert_before(node, lines, likely, said_so)
            if made is not None:
                yield made


def instead(node: ast.Return | ast.Pass | ast.Continue, site: Site) -> Iterator[Variant]:
    """What is returned, skipped or passed over is what should be refused."""
    if not isinstance(site.names.home_of(node), Function):
        return
    parent = site.parent(node)
    fact = site.text(parent.test) if isinstance(parent, ast.If) and node in parent.body else ""
    for error, text in awaited_at(node, site):
        made = raising(error, text or (fact if "\n" not in fact else ""), site)
        yield site.rewrite(node, made, 1.0, f"raise {error} instead")


def raising(error: str, text: str, site: Site) -> str:
    return f"raise {error}({string(text, site.source.quote) if text else ''})"


def _faults(names: Sequence[str], several: bool) -> list[tuple[float, str, str]]:
    faults = [
        (weight * 0.9**rank, test.format(name), said.format(name))
        for rank, name in enumerate(names)
        for weight, test, said in _FAULTS
    ]
    for one, other in product(names, names) if several else ():
        if one != other:
            faults += [
                (w, test.format(one, other), said.format(one, other)) for w, test, said in _PAIRS
            ]
    return faults


def awaited_at(node: ast.AST, site: Site) -> list[tuple[str, str]]:
    """The errors that failing tests wait for and that are known here, with the text they want."""
    known = site.visible(node).all
    return [each for each in _in_vain(site) if each[0] in known or each[0] in BUILTINS]


@remembered
def _in_vain(site: Site) -> list[tuple[str, str]]:
    """What a test says that it has waited for; where it says nothing, what it may have."""
    errors = site.hints.errors
    said = [match[1] or match[2] for error in errors for match in _IN_VAIN.finditer(error)]
    found = {name for each in said for name in _CLASS.findall(each) or _NAME.findall(each)}
    wanted = [(each.error, each.text) for each in site.hints.awaited]
    if found:
        wanted = [each for each in wanted if each[0] in found]
        wanted += [(name, "") for name in sorted(found - {name for name, _ in wanted})]
    elif all(error.startswith(("AssertionError", "Failed")) for error in errors):
        return []
    return list(dict.fromkeys(wanted))


def _parameters(function: Function) -> list[str]:
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    names = [one.arg for one in named if one.arg not in ("self", "cls")][:MOST_NAMES]
    return names + [one.arg for one in (arguments.vararg, arguments.kwarg) if one is not None]


def _made_before(node: ast.stmt, site: Site) -> list[str]:
    """What the statement before has made, or what the header above asks about."""
    block = site.block(node)
    at = block.index(node)
    parent = site.parent(node)
    if at:
        before = block[at - 1]
        names = [*_targets(before), *_attributes_set(before, site)]
    elif isinstance(parent, _HEADED):
        asked = free_names(parent.test) if isinstance(parent, ast.If | ast.While) else frozenset()
        names = [n.id for n in header_of(parent) if isinstance(n, ast.Name)]
        names = [name for name in names if name in asked or name in _targets(parent)]
    else:
        return []
    visible = site.visible(node)
    known = [n for n in names if n.partition(".")[0] in visible.all and n not in BUILTINS]
    things = ("function", "class", "module")
    plain = [name for name in known if visible.kinds.get(name) not in things]
    return list(dict.fromkeys(plain))[:MOST_NAMES]


def _attributes_set(node: ast.stmt, site: Site) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else ()
    return [site.text(each) for each in targets if isinstance(each, ast.Attribute)]


def _targets(node: ast.stmt) -> list[str]:
    """The names that a statement's own targets bind."""
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AnnAssign | ast.For):
        targets = [node.target]
    elif isinstance(node, ast.With):
        targets = [item.optional_vars for item in node.items if item.optional_vars is not None]
    inside = (inner for target in targets for inner in ast.walk(target))
    return [n.id for n in inside if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]


TEMPLATES = (
    Template("refusal", _PLACES, refused),
    Template("refusal-instead", (ast.Return, ast.Pass, ast.Continue), instead),
)
