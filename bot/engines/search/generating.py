"""From suspicious lines to candidates: lazily, best first, each of them valid and new.

A heap holds the lines; each holds templates at nodes, then their variants, under the best score
they can still reach. What is on top is opened or, if it is a variant, offered, so that nothing is
computed before its turn. A line loses score with each candidate it has had, so a huge expression or
one very suspicious line never starves the others; and it wins or loses with what is heard of them.
"""

from __future__ import annotations

import ast
import heapq
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.engines.search import ranking
from bot.engines.search.bearing import Bearing, Usual
from bot.engines.search.model import Candidate, Judged, Replacement, Suspect
from bot.engines.search.scope import Names
from bot.engines.search.shapes import Shape, Shapes
from bot.engines.search.source import Function, Source
from bot.engines.search.templates import TEMPLATES
from bot.engines.search.templates.site import Edit, Hints, Site, Template, Variant
from bot.engines.search.templates.writing import short

__all__ = ["Generation", "Hints", "Limits", "generate"]

Read = Callable[[str], str | None]
Allowed = Callable[[str, str], bool]

LENT_TO_HEADER = 0.6
"""Of a body's suspicion, what the `def` or `except` line above it gets."""
_TEST_PATH = re.compile(r"(?:^|/)(?:tests?/|conftest\.py$|test_[^/]*\.py$|[^/]*_test\.py$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many candidates there may be: of one line, and of one template at one node."""

    per_line: int = 4_000
    per_node: int = 250


def is_no_test(path: str, symbol: str) -> bool:
    return not _TEST_PATH.search(path)


def generate(
    read: Read,
    suspects: Sequence[Suspect],
    *,
    hints: Hints | None = None,
    allowed: Allowed = is_no_test,
    limits: Limits | None = None,
) -> Generation:
    """Candidates for the suspicious lines, best first, no two with the same effect on the text.

    `read` gives a path's text at the base; files that do not parse are left out, and so is what
    `allowed(path, symbol)` denies.
    """
    made = Generation(hints or Hints(), limits or Limits(), allowed)
    for path in sorted({suspect.path for suspect in suspects}):
        source = _parsed(read, path)
        if source is not None:
            lines = {s.line: s.suspicion for s in suspects if s.path == path}
            made.add(_File(Site(source, Names(source), made.hints)), lines)
    return made


def _parsed(read: Read, path: str) -> Source | None:
    text = read(path) if path.endswith(".py") else None
    if text is None:
        return None
    try:
        return Source(path, text)
    except SyntaxError:
        return None


class _File:
    """A file under repair, with its nodes sorted by the line that stands for them."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.shapes = Shapes(site.source)
        self.seen: set[Shape] = set()
        self.nodes: dict[int, list[ast.AST]] = defaultdict(list)
        self.lines: dict[int, set[int]] = defaultdict(set)
        docstrings = _docstrings(site.source)
        anchors: dict[ast.AST, int] = {}
        for node in site.source.nodes:
            anchor = self._anchor(node, anchors)
            anchors[node] = anchor
            if anchor and node not in docstrings:
                self.nodes[anchor].append(node)
                if isinstance(node, ast.expr | ast.stmt | ast.excepthandler | ast.arg):
                    self.lines[anchor].add(node.lineno)

    def _anchor(self, node: ast.AST, known: Mapping[ast.AST, int]) -> int:
        """The first line of the statement, or of the handler's header, that the node is in."""
        if isinstance(node, ast.stmt | ast.excepthandler):
            return node.lineno
        parent = self.site.source.parents.get(node)
        return known.get(parent, 0) if parent is not None else 0

    def suspicions(self, lines: Mapping[int, float]) -> dict[int, float]:
        """The suspicion of each anchor line; headers borrow some from what is inside."""
        found: dict[int, float] = {}
        for anchor, own in self.lines.items():
            most = max((lines.get(line, 0.0) for line in own), default=0.0)
            if most > 0:
                found[anchor] = most
        for node in self.site.source.nodes:
            if isinstance(node, Function | ast.ExceptHandler):
                inside = [found.get(child.lineno, 0.0) for child in node.body]
                lent = LENT_TO_HEADER * max(inside)
                if lent > found.get(node.lineno, 0.0):
                    found[node.lineno] = lent
        return found


def _docstrings(source: Source) -> set[ast.AST]:
    found: set[ast.AST] = set()
    for node in source.nodes:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found |= {node, node.value}
    return found


@dataclass(frozen=True, slots=True)
class _Node:
    """A template at a node, not yet asked for its variants."""

    node: ast.AST
    template: Template
    score: float


@dataclass(frozen=True, slots=True)
class _Offer:
    of: _Node
    variant: Variant


class _Line:
    """What can still be done on one line, best first. Nothing is computed before its turn."""

    def __init__(self, file: _File, line: int, suspicion: float, generation: Generation) -> None:
        self.file = file
        self.line = line
        self.suspicion = suspicion
        self.generation = generation
        self.taken = 0
        self.bearing = Bearing(generation.usual)
        self._here = ranking.error_factors(self._errors(), ranking.HERE)
        self.version = 0
        """Of its place among the lines; an older one does not count any more."""
        self._heap: list[tuple[float, int, _Node | _Offer]] | None = None
        self._count = 0

    @property
    def best(self) -> float:
        """The most that this line's next candidate can score."""
        if self._heap is None:
            most = ranking.MOST_HERE if self._here else ranking.MOST
            return self.suspicion * most * self.bearing.factor
        left = ranking.turn(self.taken) * self.bearing.factor
        return -self._heap[0][0] * left if self._heap else 0.0

    def advance(self) -> Candidate | None:
        """One step: the line or a template is opened, or a variant becomes a candidate."""
        if self._heap is None:
            self._heap = []
            self._open()
            return None
        negative, _, entry = heapq.heappop(self._heap)
        if isinstance(entry, _Node):
            self._open_node(entry)
            return None
        return self._offer(entry, -negative)

    def _errors(self) -> list[str]:
        """Those that came from here."""
        path, raised = self.file.site.source.path, self.generation.hints.raised
        return [raised[path, line] for line in self.file.lines[self.line] if (path, line) in raised]

    def _push(self, score: float, entry: _Node | _Offer) -> None:
        assert self._heap is not None
        self._count += 1
        heapq.heappush(self._heap, (-score, self._count, entry))

    def _open(self) -> None:
        source = self.file.site.source
        for node in self.file.nodes[self.line]:
            templates = TEMPLATES.get(type(node), ())
            if templates and self.generation.allowed(source.path, source.symbol_of(node)):
                for template in templates:
                    score = self.suspicion * self.generation.prior(template.name, self._here)
                    expected = score * self.generation.expected(template.name)
                    self._push(expected, _Node(node, template, score))

    def _open_node(self, entry: _Node) -> None:
        made = entry.template.propose(entry.node, self.file.site)
        offered = sorted(made, key=lambda variant: -variant.weight)
        self.generation.learn(entry.template.name, offered[0].weight if offered else 0.0)
        for variant in offered[: self.generation.limits.per_node]:
            close = ranking.closeness(_growth(variant.edits))
            self._push(entry.score * variant.weight * close, _Offer(entry, variant))

    def _offer(self, offer: _Offer, score: float) -> Candidate | None:
        """The candidate, unless it is invalid or known, or the line has had too many."""
        if self.taken >= self.generation.limits.per_line:
            self._heap = []
            return None
        shape = self.file.shapes.judge(offer.variant.edits, offer.of.node)
        if shape is None or shape in self.file.seen:
            return None
        self.file.seen.add(shape)
        score *= ranking.turn(self.taken)
        self.taken += 1
        return _candidate(self.file.site.source, offer, score)


class Generation:
    """All lines, the one whose next candidate is likeliest first."""

    def __init__(self, hints: Hints, limits: Limits, allowed: Allowed) -> None:
        self.hints = hints
        self.limits = limits
        self.allowed = allowed
        self._had: dict[str, tuple[float, int]] = {}
        self._factors = ranking.error_factors(hints.errors)
        self._lines: list[tuple[float, int, int, _Line]] = []
        self._count = 0
        self._of: dict[tuple[Replacement, ...], _Line] = {}
        self._heard: set[tuple[Replacement, ...]] = set()
        self.usual = Usual()
        self._made = self._run()

    def __iter__(self) -> Iterator[Candidate]:
        return self._made

    def hear(self, judged: Judged) -> None:
        """What became of a candidate, for those after it.

        One that is judged again is heard again where an import shows more than going without did.
        """
        key = judged.candidate.replacements
        line, is_known = self._of.get(key), key in self._heard
        mends = bool(judged.broke) and (judged.is_again or not is_known)
        tells = judged.is_same is not None and not is_known
        shows = judged.is_same is False and judged.is_again
        if line is not None and (mends or tells or shows):
            template = judged.candidate.template
            line.bearing.hear(template, is_same=bool(judged.is_same), mends=mends)
            self._heard.add(key)
            self._place(line)

    def prior(self, template: str, here: Mapping[str, float]) -> float:
        """How likely it is, on a line with these factors for it."""
        return ranking.prior(template) * here.get(template, self._factors.get(template, 1.0))

    def expected(self, template: str) -> float:
        """The weight of the best variant that a template has had for its nodes, on average."""
        total, count = self._had.get(template, (0.0, 0))
        return (total + 2.0) / (count + 2)

    def learn(self, template: str, weight: float) -> None:
        total, count = self._had.get(template, (0.0, 0))
        self._had[template] = total + weight, count + 1

    def add(self, file: _File, lines: Mapping[int, float]) -> None:
        for number, suspicion in file.suspicions(lines).items():
            self._place(_Line(file, number, suspicion, self))

    def _place(self, line: _Line) -> None:
        line.version += 1
        if line.best:
            self._count += 1
            heapq.heappush(self._lines, (-line.best, self._count, line.version, line))

    def _run(self) -> Iterator[Candidate]:
        while self._lines:
            _, _, version, line = heapq.heappop(self._lines)
            if version != line.version:
                continue
            made = line.advance()
            self._place(line)
            if made is not None:
                self._of[made.replacements] = line
                yield made


def _growth(edits: Sequence[Edit]) -> int:
    """By how many characters the text grows; what only moves costs nothing."""
    return max(0, sum(len(edit.new) - (edit.end - edit.start) for edit in edits))


def _candidate(source: Source, offer: _Offer, score: float) -> Candidate:
    edits = sorted(_trimmed(source.text, edit) for edit in offer.variant.edits)
    return Candidate(
        replacements=tuple(Replacement(source.path, *edit) for edit in edits if _does(edit)),
        template=offer.of.template.name,
        score=score,
        symbol=source.symbol_of(offer.of.node),
        line=source.line_of(edits[0][0]),
        said=offer.variant.said or _said(source.text, offer.variant.edits),
    )


def _said(text: str, edits: Sequence[Edit]) -> str:
    first = edits[0]
    old, new = short(text[first.start : first.end]), short(first.new)
    if old and new:
        return f"use `{new}` instead of `{old}`"
    return f"add `{new}`" if new else f"remove `{old}`"


def _does(edit: tuple[int, int, str]) -> bool:
    return edit[0] != edit[1] or bool(edit[2])


def _trimmed(text: str, edit: tuple[int, int, str]) -> tuple[int, int, str]:
    """The same edit without the text that stays."""
    start, end, new = edit
    while start < end and new and text[start] == new[0]:
        start, new = start + 1, new[1:]
    while start < end and new and text[end - 1] == new[-1]:
        end, new = end - 1, new[:-1]
    return start, end, new
