"""What templates tests share: which change makes one text of another, and how early it comes."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from textwrap import dedent

from bot.engines.search.generating import Hints, generate
from bot.engines.search.model import Candidate, Suspect
from bot.engines.search.scope import Names
from bot.engines.search.source import Source
from bot.engines.search.templates import ALL
from bot.engines.search.templates.site import Site

PATH = "src/things.py"
MOST = 4_000


@dataclass(frozen=True, slots=True)
class Found:
    """The first candidate that repairs the text, and how many came before it."""

    candidate: Candidate
    rank: int
    text: str


def everywhere(text: str) -> list[Suspect]:
    """Every statement as suspicious as any other."""
    nodes = Source(PATH, text).nodes
    placed = (ast.stmt, ast.excepthandler)
    return [Suspect(PATH, node.lineno, 1.0) for node in nodes if isinstance(node, placed)]


def applied(text: str, candidate: Candidate) -> str:
    for change in sorted(candidate.replacements, reverse=True):
        text = text[: change.start] + change.new + text[change.end :]
    return text


def search(before: str, after: str, template: str = "", hints: Hints | None = None) -> Found | None:
    """The first candidate (of the template, if one is named) with the syntax tree of `after`."""
    before, after = dedent(before), dedent(after)
    is_goal = _same_tree_as(after)
    texts = {PATH: before}
    candidates = generate(texts.get, everywhere(before), hints=hints)
    for rank, candidate in enumerate(islice(candidates, MOST), start=1):
        if not template or candidate.template == template:
            text = applied(before, candidate)
            if is_goal(text):
                return Found(candidate, rank, text)
    return None


def made(text: str, template: str, hints: Hints | None = None) -> list[str]:
    """Every text that the template makes of it, the likeliest first."""
    candidates = generate({PATH: text}.get, everywhere(text), hints=hints)
    some = islice(candidates, MOST)
    return [applied(text, candidate) for candidate in some if candidate.template == template]


def check(template: str, before: str, after: str, within: int = MOST) -> Found:
    """Fails unless the template makes `after` of `before` among the first `within` candidates."""
    assert template in {one.name for one in ALL}
    found = search(before, after)
    assert found is not None, f"nothing makes this of it:\n{after}"
    assert found.rank <= within, f"only as number {found.rank}, by {found.candidate.template}"
    if found.candidate.template != template:
        assert _offers(template, before, after), f"{found.candidate.template} made it"
    return found


def _offers(template: str, before: str, after: str) -> bool:
    """Whether the template offers the change, though another one came first."""
    before, after = dedent(before), dedent(after)
    is_goal = _same_tree_as(after)
    source = Source(PATH, before)
    site = Site(source, Names(source))
    one = next(one for one in ALL if one.name == template)
    for node in source.nodes:
        if isinstance(node, one.nodes):
            for variant in one.propose(node, site):
                text = before
                for start, end, new in sorted(variant.edits, reverse=True):
                    text = text[:start] + new + text[end:]
                if is_goal(text):
                    return True
    return False


def _same_tree_as(goal: str) -> Callable[[str], bool]:
    """Whether a text has the syntax tree of the goal; told quickly of the many that have not."""
    tree, letters = ast.dump(ast.parse(goal)), _letters(goal)

    def is_goal(text: str) -> bool:
        return _letters(text) == letters and ast.dump(ast.parse(text)) == tree

    return is_goal


def _letters(text: str) -> str:
    """What is left where layout, brackets and the kind of quotes do not count."""
    return re.sub(r"[\s()\\,]", "", text).replace('"', "'")
