"""What a function should refuse and does not: `if n < 0: raise ValueError(…)` where it begins.

Only where a failing test says which error it has waited for in vain.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from bot.engines.search.scope import BUILTINS
from bot.engines.search.source import Function
from bot.engines.search.templates.guards import is_first
from bot.engines.search.templates.site import Site, Template, Variant, remembered
from bot.engines.search.templates.writing import string

_AWAITED = re.compile(r"DID NOT RAISE\D*?(\w+)'|\b(\w+) not raised\b")
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
_FAULTS = (
    (1.0, "{} < 0", "{} must not be negative"),
    (0.9, "{} <= 0", "{} must be positive"),
    (0.8, "{} < 1", "{} must be at least 1"),
    (0.8, "not {}", "{} must not be empty"),
    (0.7, "{} is None", "{} must not be None"),
    (0.5, "not isinstance({}, str)", "{} must be a string"),
    (0.5, "not isinstance({}, int)", "{} must be an integer"),
    (0.4, "isinstance({}, bool)", "{} must not be a boolean"),
    (0.4, "not callable({})", "{} must be callable"),
    (0.4, "isinstance({}, str)", "{} must not be a string"),
)
"""What may be wrong with a parameter, likeliest first."""
_PAIRS = (
    (0.5, "{} > {}", "{} must not be greater than {}"),
    (0.5, "{} < {}", "{} must not be less than {}"),
    (0.5, "len({}) != len({})", "{} and {} must have the same length"),
)
MOST_PARAMETERS = 6


def refused(node: ast.stmt, site: Site) -> Iterator[Variant]:
    function = site.source.function_of(node)
    if function is None or node not in function.body or not is_first(node, site):
        return
    names = _parameters(function)
    faults = [
        (weight * 0.9**rank, test.format(name), said.format(name))
        for rank, name in enumerate(names)
        for weight, test, said in _FAULTS
    ]
    faults += [
        (weight, test.format(one, other), said.format(one, other))
        for one in names
        for other in names
        for weight, test, said in _PAIRS
        if one != other
    ]
    for error in _awaited(site):
        if error in site.visible(node).all or error in BUILTINS:
            for weight, test, said in faults:
                leave = f"raise {error}({string(said, site.source.quote)})"
                lines = [f"if {test}:", f"{site.source.step}{leave}"]
                made = site.insert_before(node, lines, weight, f"raise {error} if `{test}`")
                if made is not None:
                    yield made


@remembered
def _awaited(site: Site) -> list[str]:
    """The errors that failing tests have waited for."""
    found = (match for error in site.hints.errors for match in _AWAITED.finditer(error))
    return list(dict.fromkeys(match[1] or match[2] for match in found))


def _parameters(function: Function) -> list[str]:
    arguments = function.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    names = [one.arg for one in named if one.arg not in ("self", "cls")]
    return names[:MOST_PARAMETERS]


TEMPLATES = (Template("refusal", _PLACES, refused),)
