"""Text literals made as a failing test's texts differ: what it got is found in the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bot.engines.search.differences import places
from bot.engines.search.templates.literals import literals_of
from bot.engines.search.templates.site import Site, Template, Variant
from bot.engines.search.templates.strings import is_text
from bot.engines.search.templates.writing import short

MOST_PLACES = 4
"""In one literal, for one difference."""


def as_expected(node: ast.Constant | ast.JoinedStr, site: Site) -> Iterator[Variant]:
    found = site.hints.differences
    if not found or (isinstance(node, ast.Constant) and not is_text(node, site)):
        return
    for literal in literals_of(node, site.source):
        for difference in found:
            for at in places(difference.old, literal.value)[:MOST_PLACES]:
                edit = literal.edit(at, at + len(difference.old), difference.new)
                if edit is not None:
                    said = f"write {short(repr(difference.new))} for {short(repr(difference.old))}"
                    yield Variant((edit,), difference.weight, said)


TEMPLATES = (Template("text-expected", (ast.Constant, ast.JoinedStr), as_expected),)
