"""How likely each template of the search makes the fix, learnt from small fixes in histories.

    python -m bench._priors CLONE... [--since 2015-01-01] [--most 60]

prints the table `PRIORS` of `bot/engines/search/ranking.py` anew. For each commit that mends one
place, every template is asked for its variants on the lines that the commit changes. The chance
that the fix is tried first is taken to be prior x weight of the variants that are the fix, over the
sum of prior x weight of all variants there; the priors are those that make what happened likeliest,
while `SPREAD` says how far (as a logarithm) a template may go from its present one unless many
commits speak for it. Measure on projects that are not among the clones.

The present table is from 138 fixes, most of them of sqlparse, boltons, click, tqdm, black,
marshmallow, dateutil, attrs, networkx, jedi, parso and lark, with the strings of the tests that
each commit adds as hints; it began with numbers set by hand.
"""

from __future__ import annotations

import argparse
import ast
import math
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from bench._collections import same_program
from bench._mined import mendings
from bench._trees import git
from bot.engines.search import ranking
from bot.engines.search.generating import Limits
from bot.engines.search.scope import Names
from bot.engines.search.source import Source
from bot.engines.search.templates import ALL, TEMPLATES
from bot.engines.search.templates.site import Edit, Hints, Site

SPREAD = 0.4
ROUNDS = 400
KEPT = ("statement-deleted",)
"""Histories take code away for other reasons than bugs, so they say nothing about these."""
HIGHEST = ranking.MOST / 2
MOST_LINES = 4
LONGEST = 120_000
"""Characters of a file that is still looked at."""
_HUNK = re.compile(r"(?m)^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_LETTER = re.compile(r"\w")
_LAYOUT = re.compile(r"#[^\n]*|[\s()'\",\\]")


@dataclass(slots=True)
class Mended:
    """What the templates offered where a commit mended something, as sums of weights."""

    offered: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    right: dict[str, float] = field(default_factory=lambda: defaultdict(float))


def learn(mended: Sequence[Mended], start: Mapping[str, float]) -> dict[str, float]:
    """The priors that make the fixes likeliest, near those to start with, and on their scale."""
    begun = {name: math.log(prior) for name, prior in start.items()}
    log = dict(begun)
    for _ in range(ROUNDS):
        slope = {name: (begun[name] - log[name]) / SPREAD**2 for name in log}
        for one in mended:
            for sums, sign in ((one.right, 1.0), (one.offered, -1.0)):
                parts = {name: math.exp(log[name]) * weight for name, weight in sums.items()}
                whole = sum(parts.values())
                for name, part in parts.items():
                    slope[name] += sign * part / whole
        for name in log:
            log[name] += 0.05 * slope[name]
    log.update({name: begun[name] for name in KEPT if name in begun})
    shift = sum(begun[name] - log[name] for name in log) / len(log)
    return {name: min(HIGHEST, math.exp(value + shift)) for name, value in log.items()}


def look(path: str, before: str, after: str, lines: range, hints: Hints) -> Mended | None:
    """What is offered on the lines; None if nothing of it is the fix."""
    source = Source(path, before)
    site = Site(source, Names(source), hints)
    wanted = _letters(after) - _letters(before)
    goal = _LAYOUT.sub("", after)
    found = Mended()
    for node in source.nodes:
        if not _is_on(node, source, lines):
            continue
        for template in TEMPLATES.get(type(node), ()):
            made = sorted(template.propose(node, site), key=lambda one: -one.weight)
            for variant in made[: Limits().per_node]:
                growth = sum(len(edit.new) - edit.end + edit.start for edit in variant.edits)
                weight = variant.weight * ranking.closeness(max(0, growth))
                found.offered[template.name] += weight
                gained = sum(
                    _letters(edit.new) - _letters(before[edit.start : edit.end])
                    for edit in variant.edits
                )
                if gained == wanted:
                    new = _applied(before, variant.edits)
                    if _LAYOUT.sub("", new) == goal and same_program(new, after):
                        found.right[template.name] += weight
    return found if found.right else None


def _is_on(node: ast.AST, source: Source, lines: range) -> bool:
    """Whether the node, or for want of a line its parent, begins on the lines or reaches them."""
    placed = node if hasattr(node, "lineno") else source.parents.get(node)
    first, last = getattr(placed, "lineno", 0), getattr(placed, "end_lineno", 0)
    if first in lines:
        return True
    return isinstance(placed, ast.expr) and first < lines.start <= last


def _letters(text: str) -> int:
    return len(_LETTER.findall(re.sub(r"#[^\n]*", "", text)))


def _applied(text: str, edits: Sequence[Edit]) -> str:
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start] + edit.new + text[edit.end :]
    return text


def lines_of(diff: str, before: str) -> range | None:
    """The old lines of the only hunk; of an insertion, the lines around it."""
    hunks = _HUNK.findall(diff)
    if len(hunks) != 1:
        return None
    first, old, new = (int(number) if number else 1 for number in hunks[0])
    if max(old, new) > MOST_LINES or len(before) > LONGEST:
        return None
    return range(first, first + old) if old else range(first, first + 3)


def _from_clone(clone: Path, since: str, most: int) -> Iterator[Mended]:
    for mending in islice(mendings(clone, since), most):
        before = git(clone, "show", f"{mending.sha}^:{mending.path}", lenient=True)
        after = git(clone, "show", f"{mending.sha}:{mending.path}", lenient=True)
        diff = git(clone, "diff", "-U0", f"{mending.sha}^", mending.sha, "--", mending.path)
        lines = lines_of(diff, before)
        if lines is None or not after:
            continue
        try:
            found = look(mending.path, before, after, lines, Hints())
        except SyntaxError:
            continue
        if found is not None:
            yield found


def present() -> dict[str, float]:
    return {template.name: ranking.prior(template.name) for template in ALL}


def written(priors: Mapping[str, float]) -> str:
    """The table as `ranking.py` has it: names by their prior, rounded."""
    rows: dict[str, list[str]] = defaultdict(list)
    for name, prior in sorted(priors.items()):
        rows[f"{max(prior, 0.01):.2f}"].append(name)
    lines = []
    for number in sorted(rows, reverse=True):
        for at in range(0, len(rows[number]), 4):
            lines.append(f"    {number}: {' '.join(rows[number][at : at + 4])}")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench._priors")
    parser.add_argument("clones", nargs="+", type=Path)
    parser.add_argument("--since", default="2010-01-01")
    parser.add_argument("--most", type=int, default=60, help="commits of each clone")
    asked = parser.parse_args(arguments)
    mended = [one for clone in asked.clones for one in _from_clone(clone, asked.since, asked.most)]
    print(f"# from {len(mended)} fixes", file=sys.stderr)
    print(written(learn(mended, present())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
