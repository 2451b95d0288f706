"""The template families. A new one is a small file with `TEMPLATES`, and a line here."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Mapping

from bot.engines.search.templates import (
    arguments,
    borrowed,
    borrowed_values,
    bounds,
    branches,
    choices,
    conditions,
    conjuncts,
    constants,
    definitions,
    elements,
    elifs,
    elsewhere,
    exceptions,
    forgotten,
    guards,
    imports,
    keys,
    loops,
    names,
    nesting,
    normalising,
    operators,
    refusals,
    regex_everywhere,
    regex_words,
    regexes,
    returns,
    rows,
    siblings,
    statements,
    strings,
    terms,
    texts,
    unbound,
    wrappers,
)
from bot.engines.search.templates.site import Template

ALL: tuple[Template, ...] = (
    *operators.TEMPLATES,
    *bounds.TEMPLATES,
    *arguments.TEMPLATES,
    *nesting.TEMPLATES,
    *names.TEMPLATES,
    *conditions.TEMPLATES,
    *conjuncts.TEMPLATES,
    *guards.TEMPLATES,
    *choices.TEMPLATES,
    *normalising.TEMPLATES,
    *unbound.TEMPLATES,
    *forgotten.TEMPLATES,
    *returns.TEMPLATES,
    *statements.TEMPLATES,
    *borrowed.TEMPLATES,
    *borrowed_values.TEMPLATES,
    *elsewhere.TEMPLATES,
    *wrappers.TEMPLATES,
    *constants.TEMPLATES,
    *elements.TEMPLATES,
    *rows.TEMPLATES,
    *siblings.TEMPLATES,
    *keys.TEMPLATES,
    *exceptions.TEMPLATES,
    *refusals.TEMPLATES,
    *branches.TEMPLATES,
    *elifs.TEMPLATES,
    *loops.TEMPLATES,
    *regexes.TEMPLATES,
    *regex_everywhere.TEMPLATES,
    *regex_words.TEMPLATES,
    *strings.TEMPLATES,
    *texts.TEMPLATES,
    *terms.TEMPLATES,
    *definitions.TEMPLATES,
    *imports.TEMPLATES,
)


def _by_node() -> Mapping[type[ast.AST], tuple[Template, ...]]:
    found: dict[type[ast.AST], list[Template]] = defaultdict(list)
    for template in ALL:
        for node in template.nodes:
            found[node].append(template)
    return {node: tuple(templates) for node, templates in found.items()}


TEMPLATES: Mapping[type[ast.AST], tuple[Template, ...]] = _by_node()
"""Which templates look at which kind of node."""
