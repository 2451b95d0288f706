"""The code an engine is shown for an incident: whole definitions, exactly as the base has them.

First what the incident names, then what that calls in the same file, then who calls it and which
tests name it elsewhere, each part as far as its share of the room goes. What does not fit is named.
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from bot.definitions import Definition, other_definitions, outline, parse
from bot.model import Place, Tree
from bot.tree_index import MAX_PARSED_CHARS, is_test

WHOLE_FILE_LINES = 80
"""A file up to this long is shown whole; of a longer one, what the incident names."""
WINDOW_LINES = 30
"""Where only a line is known, so many lines on either side of it."""
WHOLE_DEFINITION_LINES = 120
"""A definition that a line stands in is shown whole up to this; of a longer one, a window."""
SHORT_DEFINITION_LINES = 25
"""A called definition up to this long is shown whole, of a longer one its signature."""
BUDGET_CHARS = 24_000
"""What all excerpts together may hold, about 6,000 tokens; what did not fit is named."""
CALLED_CHARS = 4_000
ELSEWHERE_CHARS = 1_500
MAX_ELSEWHERE = 3
ELSEWHERE_LINES = 3
MAX_SEARCHED_FILES = 2_000
MAX_SEARCHED_CHARS = 20_000_000


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines of one file, 1-based and inclusive; `note` says what of it is not shown and why."""

    path: str
    first: int
    last: int
    total: int
    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Span:
    path: str
    first: int
    last: int


@dataclass(slots=True)
class _Wanted:
    """What to show, in three ranks, and the names to look for in other files."""

    named: list[_Span] = field(default_factory=list)
    called: list[_Span] = field(default_factory=list)
    symbols: dict[str, str] = field(default_factory=dict)
    """Last part of a named definition's name -> the file it is in."""


@dataclass(slots=True)
class _Page:
    """What has been shown so far, and how much more there may be."""

    tree: Tree
    room: int = BUDGET_CHARS
    shown: list[Excerpt] = field(default_factory=list)
    taken: set[tuple[str, int]] = field(default_factory=set)

    def add(self, span: _Span, limit: int) -> int:
        """Show what is new in these lines if it fits; how many characters that took."""
        lines = lines_of(self.tree.read(span.path) or "")
        used = 0
        for first, last in self._new(span):
            text = "".join(lines[first - 1 : last])
            note = ""
            if len(text) > min(self.room, limit - used):
                text, note = "", f"lines {first}-{last} are too long to show here"
            used += len(text)
            self.room -= len(text)
            self.shown.append(Excerpt(span.path, first, last, len(lines), text, note))
        return used

    def _new(self, span: _Span) -> Iterator[tuple[int, int]]:
        """The lines of a span that are not shown yet; that may be several pieces."""
        start = span.first
        pieces = []
        for line in range(span.first, span.last + 2):
            if line > span.last or (span.path, line) in self.taken:
                if start < line:
                    pieces.append((start, line - 1))
                start = line + 1
        self.taken.update((span.path, line) for line in range(span.first, span.last + 1))
        yield from pieces


def excerpts(places: Iterable[Place], tree: Tree) -> tuple[Excerpt, ...]:
    """The code at these places, each line at most once, the first-named places first."""
    wanted = _Wanted()
    for place in places:
        _want(place, tree, wanted)
    page = _Page(tree)
    for span in wanted.named:
        page.add(span, BUDGET_CHARS)
    left = CALLED_CHARS
    for span in wanted.called:
        left -= page.add(span, left)
    left = ELSEWHERE_CHARS
    for span in _elsewhere(wanted, tree):
        left -= page.add(span, left)
    return tuple(page.shown)


def lines_of(text: str) -> list[str]:
    """The lines of a text with their ends, counted as Python's parser and editors count them."""
    return list(io.StringIO(text, newline=""))


# ------------------------------------------------------------------------------- the place itself


def _want(place: Place, tree: Tree, wanted: _Wanted) -> None:
    source = tree.read(place.path)
    if source is None:
        return
    total = len(lines_of(source))
    python = place.path.endswith((".py", ".pyi")) and len(source) <= MAX_PARSED_CHARS
    known = outline(source) if python else ()
    meant = _meant(place, known)
    for definition in meant:
        wanted.symbols.setdefault(definition.name.rsplit(".", 1)[-1], place.path)
    if place.symbol and not known:
        wanted.symbols.setdefault(place.symbol.rsplit(".", 1)[-1], place.path)
    if total <= WHOLE_FILE_LINES:
        wanted.named.append(_Span(place.path, 1, total))
        return
    if not meant:
        line = place.line or _line_of(place, source)
        wanted.named.append(_window(place.path, line, total))
        return
    imports = _imports(source)
    if imports:
        wanted.named.append(_Span(place.path, *imports))
    for definition in meant:
        wanted.named.extend(_around(definition, known, place.path))
    wanted.called.extend(_called(meant, known, place.path))


def _meant(place: Place, known: tuple[Definition, ...]) -> list[Definition]:
    """The definitions a place is about: of its name (there may be several), or around its line."""
    if place.symbol:
        return [one for one in known if one.name == place.symbol]
    if not place.line:
        return []
    around = [one for one in known if one.first <= place.line <= one.last]
    short = [one for one in around if one.last - one.first < WHOLE_DEFINITION_LINES]
    return short[:1]


def _around(definition: Definition, known: tuple[Definition, ...], path: str) -> Iterator[_Span]:
    """A definition, after the heads of the classes and functions that it stands in."""
    for one in known:
        if definition.name.startswith(f"{one.name}.") and one.first < definition.first <= one.last:
            yield _Span(path, one.first, min(one.head, one.first + WINDOW_LINES))
    yield _Span(path, definition.first, definition.last)


def _called(meant: list[Definition], known: tuple[Definition, ...], path: str) -> Iterator[_Span]:
    """What these use in the same file: short definitions whole, of long ones the signature."""
    used = {name for definition in meant for name in definition.uses}
    for one in known:
        inside = any(m.first <= one.first and one.last <= m.last for m in meant)
        around = any(one.first <= m.first and m.last <= one.last for m in meant)
        if inside or around or one.name.rsplit(".", 1)[-1] not in used:
            continue
        short = one.last - one.first < SHORT_DEFINITION_LINES
        yield _Span(path, one.first, one.last if short else one.head)


def _window(path: str, line: int, total: int) -> _Span:
    middle = min(line or 1, total)
    return _Span(path, max(1, middle - WINDOW_LINES), min(total, middle + WINDOW_LINES))


def _line_of(place: Place, source: str) -> int:
    """Where a file that is not parsed speaks of the symbol first; 0 if it does not."""
    if not place.symbol:
        return 0
    name = place.symbol.rsplit(".", 1)[-1]
    defined = other_definitions(place.path, source).get(name)
    if defined:
        return defined[0][0]
    found = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", source)
    return source.count("\n", 0, found.start()) + 1 if found else 0


def _imports(source: str) -> tuple[int, int] | None:
    """The module's first block of imports, so that names in a definition can be read."""
    module = parse(source)
    nodes = [
        n for n in (module.body if module else []) if isinstance(n, ast.Import | ast.ImportFrom)
    ]
    if not nodes:
        return None
    last = nodes[-1].end_lineno or nodes[-1].lineno
    return (nodes[0].lineno, last) if last - nodes[0].lineno < WINDOW_LINES else None


# --------------------------------------------------------------------------- callers and tests


def _elsewhere(wanted: _Wanted, tree: Tree) -> Iterator[_Span]:
    """A few lines of other files that use the named definitions: of tests first, then nearby."""
    names = [name for name in wanted.symbols if len(name) > 2 and not name.startswith("__")]
    if not names:
        return
    use = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, names[:10]))})\s*\(")
    own = set(wanted.symbols.values())
    found = (span for path in _nearest(own, tree) for span in _uses(path, use, tree))
    yield from islice(found, MAX_ELSEWHERE)


def _nearest(own: set[str], tree: Tree) -> Iterator[str]:
    """Files of the same languages, tests and close relatives first, within the search's limits."""
    endings = tuple({path[path.rfind(".") :] for path in own if "." in path})
    stems = {path.rsplit("/", 1)[-1].split(".")[0] for path in own}
    folders = {path.rpartition("/")[0] for path in own}

    def rank(path: str) -> tuple[bool, bool, bool, str]:
        name = path.rsplit("/", 1)[-1]
        related = is_test(path) and any(stem in name for stem in stems)
        return not related, path.rpartition("/")[0] not in folders, not is_test(path), path

    if not endings:
        return
    others = [path for path in tree.paths() if path.endswith(endings) and path not in own]
    room = MAX_SEARCHED_CHARS
    for path in sorted(others, key=rank)[:MAX_SEARCHED_FILES]:
        room -= len(tree.read(path) or "")
        if room < 0:
            return
        yield path


def _uses(path: str, use: re.Pattern[str], tree: Tree) -> Iterator[_Span]:
    """The first lines of a file that call one of the names: one excerpt, a few lines."""
    source = tree.read(path) or ""
    for match in use.finditer(source):
        line = source.count("\n", 0, match.start()) + 1
        text = source[source.rfind("\n", 0, match.start()) + 1 : match.start()].lstrip()
        if text.startswith(("def ", "async def ", "class ", "import ", "from ", "#")):
            continue
        last = min(line + ELSEWHERE_LINES, source.count("\n") + (not source.endswith("\n")))
        yield _Span(path, max(1, line - ELSEWHERE_LINES), last)
        return
