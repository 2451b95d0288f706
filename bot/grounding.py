"""What a reflection names, found in the base tree: files first, then symbols in them.

Grounding decides an incident's identity and what an engine is shown, so it believes only what the
tree confirms: a path that exists, a definition that stands in that file. Where the same words may
mean several places, all of them are candidates, marked as ambiguous; none is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

from bot.model import Place, Reflection, Tree
from bot.tree_index import TreeIndex, module_parts

MAX_PLACES = 8
"""A text that names more than this is not about one defect; the first ones named are kept."""
MAX_CANDIDATES = 4
"""More files of one name than this say nothing; the first ones are kept."""
MAX_CHARS = 200_000
"""Of a longer text the start and the end are read, where what matters is said."""
MAX_NAMES = 300
MAX_NAME_CHARS = 200

_SUFFIX = r"\.[A-Za-z]\w{0,9}"
_FILE = re.compile(
    rf"(?<![\w./-])(?:(?<!:)/)?(?:[\w.@-]+/)*[\w-][\w.-]*{_SUFFIX}(?:\((\d+)[,)]|:(\d+))?"
)
_WINDOWS = re.compile(
    rf"(?<![\w\\.-])(?:(?P<drive>[A-Za-z]:)|\.{{1,2}})?\\?(?:[\w.-]+\\)+[\w.-]+{_SUFFIX}"
)
_FRAME = re.compile(r'File "([^"\n]+)", line (\d+)(?:, in ([^\n]+))?')
_JAVA = re.compile(r"\bat ([\w$.]{1,200})\.[\w$<>]+\((\w+\.(?:java|kt|scala|groovy)):(\d+)\)")
_TEST_ID = re.compile(r"(?<![\w./-])((?:[\w.-]+/)*[\w.-]+\.py)::([\w:]+)")
_DOTTED = re.compile(r"(?<![\w./\\-])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+(?![\w/\\-])")
_URL_FILE = re.compile(r"\b(?:file|webpack(?:-internal)?)://+(?:\./)?(?=[\w/.])")
_FOREIGN_ROOT = re.compile(
    r"(?:^|/)(?:site-packages|dist-packages|node_modules|\.venv|venv|\.tox|\.cargo/registry|pkg/mod"
    r"|lib/python\d[\d.]*|lib64/python\d[\d.]*|Python\d+/Lib|rustlib|gems)/"
    r"|^/(?:usr|lib|lib64|opt|System|Library)/(?:lib/|share/)?"
)
"""Where installed code lies, not the repository's; what follows is a path inside of that."""

_LIKE_CODE = re.compile(
    r"`(?P<ticked>[^`\n]{1,200})`|[\"'“‘«「](?P<quoted>[A-Za-z_][\w.]{0,120})(?:\(\))?[\"'”’»」]"  # noqa: RUF001 # quotes as people set them
    r"|(?<![\w.])(?P<called>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\("
    r"|\b(?:function|method|class|def|coroutine|decorator|property|fixture|función|clase|método"
    r"|Funktion|Methode|Klasse|fonction|classe|função|функци\w|метод\w*|класс\w*)\s+"
    r"(?P<said>[A-Za-z_][\w.]*\w|[A-Za-z_])"
    r"|(?<![\w.])(?P<then>[A-Za-z_][\w.]*\w)\s+(?:function|method|class|helper|fixture)\b"
    r"|(?P<word>(?<![\w.])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)"
)
_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_BESIDE = re.compile(
    rf"(?:(?P<article>\b[A-Za-z']+)\s+)?\b(?<![\w.])(?P<before>[A-Za-z_][\w.]*) "
    rf"(?:in|of|at|from|inside) "
    rf"(?:file |module |the file )?[`'\"]?(?:[\w.-]+/)*[\w-][\w.-]*{_SUFFIX}\b"
    rf"|{_SUFFIX}[`'\"]?: ?(?P<after>[A-Za-z_]\w*)(?=$|[\s(.,:;])"
)
_NO_NAME_AFTER = frozenset(
    [
        "the",
        "a",
        "an",
        "to",
        "will",
        "can",
        "not",
        "cannot",
        "does",
        "doesn't",
        "did",
        "should",
        "must",
        "it",
        "and",
        "or",
        "that",
        "which",
        "this",
        "they",
        "we",
        "i",
        "you",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "be",
        "its",
        "his",
        "her",
        "my",
        "our",
        "of",
        "in",
        "on",
        "at",
        "for",
        "with",
    ]
)
_PLAIN = frozenset(
    [
        "function",
        "method",
        "class",
        "helper",
        "fixture",
        "property",
        "the",
        "this",
        "that",
        "a",
        "an",
    ]
)


@dataclass(frozen=True, slots=True)
class _Mention:
    """A file as a text names it, with the line and the symbol beside it."""

    path: str
    line: int = 0
    symbol: str = ""


class Grounder:
    """Looks names up in one tree, as often as wanted."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._index = TreeIndex(tree)

    def of(self, reflection: Reflection) -> tuple[Place, ...]:
        """The places a reflection names; those that its format keeps in fields come first."""
        return self.ground(
            (reflection.outcome, reflection.text, reflection.task), reflection.places
        )

    def ground(self, texts: Iterable[str], fields: Iterable[str] = ()) -> tuple[Place, ...]:
        """Every place these name that exists in the tree, in the order they are first named."""
        whole = "\n".join(map(_readable, texts))
        mentions = [*_fields(fields), *_mentions(whole)]
        names = list(islice(_code_names(whole), MAX_NAMES))
        files: dict[str, list[Place]] = {}
        for mention in mentions:
            paths = self._files(mention.path)
            for path in paths[:MAX_CANDIDATES]:
                place = self._place(path, mention, ambiguous=len(paths) > 1)
                files.setdefault(path, []).append(place)
        for place in self._dotted(whole):
            files.setdefault(place.path, []).append(place)
        if files:
            return self._with_symbols(files, names)
        return self._by_symbol(names)

    # ------------------------------------------------------------------------------- files

    def _files(self, mention: str) -> list[str]:
        """The files a path may mean: those whose folders agree with all that it says."""
        foreign = _FOREIGN_ROOT.search(mention)
        inner = mention
        while found := _FOREIGN_ROOT.search(inner):
            inner = inner[found.end() :]
        said = [part for part in inner.split("/") if part not in ("", ".", "..")]
        if not said or (foreign and len(said) < 2):
            return []
        candidates = [path.split("/") for path in self._index.files_named(said[-1])]
        if said in candidates:
            return ["/".join(said)]
        if foreign:
            return ["/".join(ours) for ours in candidates if _tail(ours, said) == len(said)]
        agreeing = [c for c in candidates if _tail(c, said) in (len(c), len(said))]
        agreeing = agreeing or [c for c in candidates if _tail(c, said) > 1]
        most = max((_tail(c, said) for c in agreeing), default=0)
        return ["/".join(c) for c in agreeing if _tail(c, said) == most]

    def _place(self, path: str, mention: _Mention, *, ambiguous: bool) -> Place:
        symbol = ""
        if mention.symbol:
            meant = self._index.meant(path, mention.symbol)
            if len(meant) > 1 and mention.line:
                meant = [s for s in meant if self._holds(path, s, mention.line)] or meant
            symbol = meant[0] if len(meant) == 1 else ""
        return Place(path, symbol, mention.line, ambiguous)

    def _holds(self, path: str, symbol: str, line: int) -> bool:
        return any(first <= line <= last for first, last in self._index.names(path)[symbol])

    # ----------------------------------------------------------------------------- symbols

    def _with_symbols(self, files: dict[str, list[Place]], names: list[str]) -> tuple[Place, ...]:
        places: dict[Place, None] = {}
        for path, mentioned in files.items():
            line = next((place.line for place in mentioned if place.line), 0)
            ambiguous = all(place.ambiguous for place in mentioned)
            symbols = dict.fromkeys((p.symbol, p.line or line) for p in mentioned if p.symbol)
            inner: dict[str, bool] = {}
            for name in names:
                meant = self._index.meant(path, name)
                if len(meant) > 1 and line:
                    meant = [s for s in meant if self._holds(path, s, line)] or meant
                for symbol in meant[:MAX_CANDIDATES]:
                    inner.setdefault(symbol, len(meant) > 1)
            known = {symbol for symbol, _ in symbols}
            found = [Place(path, s, at, ambiguous) for s, at in symbols]
            found += [
                Place(path, s, line, ambiguous or several)
                for s, several in inner.items()
                if s not in known
            ]
            outer = {p.symbol for p in found if any(_within(o.symbol, p.symbol) for o in found)}
            found = [place for place in found if place.symbol not in outer]
            places |= dict.fromkeys(found or [Place(path, "", line, ambiguous)])
        return tuple(islice(places, MAX_PLACES))

    def _dotted(self, text: str) -> Iterator[Place]:
        """Modules named as Python does: `pkg.mod`, `pkg.mod.Class.method`, `llm.dummy`."""
        for name in islice(dict.fromkeys(_DOTTED.findall(text)), MAX_NAMES):
            parts = name[:MAX_NAME_CHARS].split(".")
            for count in range(len(parts), 0, -1):
                symbol = ".".join(parts[count:])
                paths = [
                    path
                    for path in self._index.modules_named(parts[count - 1])
                    if module_parts(path)[-count:] == parts[:count]
                ]
                if count == 1 or symbol:
                    defining = [p for p in paths if self._index.meant(p, symbol)] if symbol else []
                    paths = defining or (paths if count > 1 else [])
                for path in paths[:MAX_CANDIDATES]:
                    yield self._place(path, _Mention(path, 0, symbol), ambiguous=len(paths) > 1)
                if paths:
                    break

    def _by_symbol(self, names: list[str]) -> tuple[Place, ...]:
        """No file is named: definitions whose name stands in one Python file only."""
        places: dict[Place, None] = {}
        for name in names:
            last = name.rsplit(".", 1)[-1]
            if len(last) < 3 or last.startswith("__"):
                continue
            paths = self._index.defining(last)
            meant = self._index.meant(paths[0], name) if len(paths) == 1 else []
            if len(meant) == 1:
                places[Place(paths[0], meant[0])] = None
        found = [p for p in places if not any(_within(o.symbol, p.symbol) for o in places)]
        return tuple(found[:MAX_PLACES])


def ground(texts: Iterable[str], tree: Tree) -> tuple[Place, ...]:
    """Every place these texts name that exists in the tree, in the order they are first named."""
    return Grounder(tree).ground(texts)


def _within(inner: str, outer: str) -> bool:
    return inner.startswith(f"{outer}.")


def _tail(ours: list[str], theirs: list[str]) -> int:
    """How many parts two paths share at their ends."""
    count = 0
    for mine, other in zip(reversed(ours), reversed(theirs), strict=False):
        if mine != other:
            break
        count += 1
    return count


def _readable(text: str) -> str:
    if len(text) > MAX_CHARS:
        text = f"{text[: MAX_CHARS // 2]}\n{text[-MAX_CHARS // 2 :]}"
    text = _URL_FILE.sub("", text)
    return _WINDOWS.sub(lambda m: m[0].removeprefix(m["drive"] or "").replace("\\", "/"), text)


def _fields(fields: Iterable[str]) -> Iterator[_Mention]:
    """Places as formats give them: `path` or `path:line`."""
    for place in islice(fields, MAX_NAMES):
        path, _, line = _readable(place).rpartition(":")
        if path and line.isdigit():
            yield _Mention(path, int(line[:9]))
        else:
            yield _Mention(_readable(place))


def _mentions(text: str) -> list[_Mention]:
    """The files a text names. Of a traceback the frame where it broke comes first."""
    found: list[tuple[int, _Mention]] = []
    frames = list(_FRAME.finditer(text))
    for match, turned in zip(frames, reversed(frames), strict=True):
        symbol = (turned[3] or "").strip().replace(".<locals>", "")
        path = turned[1].replace("\\", "/")
        found.append((match.start(), _Mention(path, int(turned[2][:9]), symbol)))
    for match in _JAVA.finditer(text):
        folder = "/".join(match[1].split(".")[:-1])
        path = f"{folder}/{match[2]}" if folder else match[2]
        found.append((match.start(), _Mention(path, int(match[3][:9]))))
    for match in _TEST_ID.finditer(text):
        symbol = ".".join(part for part in match[2].split(":") if part)
        found.append((match.start(), _Mention(match[1], 0, symbol)))
    taken = [match.span() for match in (*frames, *_JAVA.finditer(text))]
    for match in _FILE.finditer(text):
        if not _overlaps(match.start(), taken):
            path = re.split(r"[:(]", match[0], maxsplit=1)[0]
            line = (match[1] or match[2] or "0")[:9]
            found.append((match.start(), _Mention(path, int(line))))
    return [mention for _, mention in sorted(found, key=lambda one: one[0])]


def _overlaps(position: int, spans: list[tuple[int, int]]) -> bool:
    return any(first <= position < last for first, last in spans)


def _code_names(text: str) -> Iterator[str]:
    """Names written like code, each once: not every English word that is also a definition's."""
    seen: set[str] = set()
    for name in (*_beside_a_file(text), *_written_as_code(text)):
        if name not in seen and len(name) <= MAX_NAME_CHARS:
            seen.add(name)
            yield name


def _written_as_code(text: str) -> Iterator[str]:
    for match in _LIKE_CODE.finditer(text):
        kind, words = match.lastgroup or "word", match[0]
        words = match[kind]
        if kind == "ticked":
            yield from _NAME.findall(words)
        elif kind == "word":
            if "_" in words.strip("_") or "." in words or _is_camel(words):
                yield words
        elif words not in _PLAIN:
            yield words


def _beside_a_file(text: str) -> Iterator[str]:
    """`load in util.py`, `util.py: load`; but not "the load in util.py"."""
    for match in _BESIDE.finditer(text):
        name = match["before"] or match["after"]
        if (match["article"] or "").casefold() not in _NO_NAME_AFTER:
            yield name


def _is_camel(word: str) -> bool:
    if word.islower() or word.isupper():
        return False
    return any(a.islower() and b.isupper() for a, b in pairwise(word)) or (
        len(word) > 2 and word[0].isupper() and word[1].isupper() and any(c.islower() for c in word)
    )
