"""String literals: spelling, case, spaces, separators, prefixes, format specifications."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from string import Formatter

from bot.engines.search.spelling import similarity
from bot.engines.search.templates.literals import literals_of
from bot.engines.search.templates.site import Edit, Site, Template, Variant, remembered
from bot.engines.search.templates.writing import short, string

ALIKE = 0.4
LEAST_ALIKE = 4
MOST_TOKENS = 300
_SPACE = re.compile(r"\s")
_TOKEN = re.compile(r"\w[\w./:-]*\w")
MOST_FIELDS = 12
"""Of one text, that are given other names."""
_SEPARATORS = ("", " ", ", ", ",", "\n", "/", "-", "_", ":", ": ", ".", ";", "|", "\t", "\\", "=")
_SPECIFIERS = (
    (re.compile(r"%(\w)"), {"d": "%s %i %f", "s": "%r %d", "f": "%s %.2f %d", "r": "%s"}),
)
_DATE = {
    "%m": ("%M", "%d", "%-m", "%b", "%B"),
    "%M": ("%m", "%S"),
    "%d": ("%m", "%D", "%j", "%-d"),
    "%H": ("%I", "%h"),
    "%I": ("%H",),
    "%Y": ("%y", "%G"),
    "%y": ("%Y",),
    "%S": ("%s", "%S.%f", "%f", "%M"),
    "%b": ("%B", "%m"),
    "%B": ("%b",),
    "%a": ("%A",),
    "%A": ("%a",),
    "%U": ("%W", "%V"),
    "%W": ("%V", "%U"),
    "%z": ("%Z",),
    "%Z": ("%z",),
}
_MODES = {
    "r": ("rb", "r+", "w", "a"),
    "w": ("wb", "a", "w+", "x", "r"),
    "a": ("w", "ab", "a+"),
    "rb": ("r",),
    "wb": ("w", "ab"),
}
_FAMILIES = (
    "utf-8 utf-8-sig latin-1 ascii utf-16",
    "strict ignore replace surrogateescape xmlcharrefreplace backslashreplace",
    "left right center",
    "asc desc",
    "start end",
    "min max",
    "GET POST PUT PATCH DELETE HEAD OPTIONS",
    "http https",
    "http:// https://",
    "http:// https:// //",
    "true false",
    "yes no",
    "inner outer left right",
    "first last",
    "and or not",
    "id _id uid uuid",
)


LONGEST_SPELT = 300
LONGEST_SPELT_WORD = 40
_ENDS = {
    " ": 1.0, "\n": 0.8, "/": 0.5, ".": 0.4, ":": 0.4, ",": 0.3, "s": 0.3, "-": 0.3, "_": 0.3,
    "?": 0.2, "=": 0.2, '"': 0.2, "'": 0.2, "\t": 0.1,
}  # fmt: skip
_PUNCTUATION = {
    " ": ("_", "-", "  ", "\n"),
    "-": ("_", " "),
    "_": ("-", " "),
    ",": (", ", ".", ";", ":"),
    ";": (", ", ",", ":"),
    ":": (": ", ",", ".", ";"),
    ".": (",", ": ", ":", ";"),
}


def is_text(node: ast.Constant, site: Site) -> bool:
    return isinstance(node.value, str | bytes) and not isinstance(
        site.parent(node), ast.JoinedStr | ast.FormattedValue
    )


def whole(node: ast.Constant, site: Site) -> Iterator[Variant]:
    """Another literal: from the tests, from the file, a sibling, another case."""
    value = node.value
    if not isinstance(value, str) or not is_text(node, site):
        return
    offered = {text: 0.6 + 0.6 * site.likeness(text, value) for text in sorted(site.hints.literals)}
    for text in _spelt_alike(value, site):
        offered.setdefault(text, 0.6 + 0.6 * site.likeness(text, value))
    for text, weight in _customary(value):
        offered.setdefault(text, weight)
    for distance, text in _others(node, site):
        weight = site.likeness(text, value) / (1 + distance / 60)
        offered.setdefault(text, 0.8 * weight)
    for text, weight in offered.items():
        if text != value:
            yield site.swap(node, string(text, _quote(node, site)), weight)
    if value:
        yield site.swap(node, site.source.quote * 2, 0.5)


def _spelt_alike(value: str, site: Site) -> list[str]:
    """What the failing tests' texts have in them, without spaces, and is nearly the same."""
    if len(value) < LEAST_ALIKE or _SPACE.search(value):
        return []
    alike = (token for token in _tokens(site) if similarity(token, value) >= ALIKE)
    return [token for token in alike if token != value]


@remembered
def _tokens(site: Site) -> list[str]:
    texts = sorted(site.hints.literals, key=lambda one: (len(one), one))
    found = dict.fromkeys(token for text in texts for token in _TOKEN.findall(text))
    return [token for token in found if len(token) >= LEAST_ALIKE][:MOST_TOKENS]


def _customary(value: str) -> Iterator[tuple[str, float]]:
    """What people write instead of this very text."""
    if not value:
        yield from ((character, 0.3) for character in "$%#@&*+=<>!?'\"()[]{}~^")
    for family in _FAMILIES:
        words = family.split()
        if value in words:
            yield from ((word, 1.0) for word in words)
    yield from ((new, 1.0) for new in _MODES.get(value, ()))
    for changed in (value.lower(), value.upper(), value.title(), value.strip(), value.capitalize()):
        yield changed, 0.7
    if value.isalnum():
        yield f" {value} ", 0.3
    if len(value) <= 2 and not value.isalnum():
        for rank, text in enumerate(_SEPARATORS):
            yield text, 0.9 * 0.95**rank


def _quote(node: ast.Constant, site: Site) -> str:
    own = site.text(node).lstrip("rRbBuU")[:1]
    return own if own in ("'", '"') else site.source.quote


def _others(node: ast.Constant, site: Site) -> list[tuple[int, str]]:
    near = sorted((abs(line - node.lineno), text) for line, text in _strings(site))
    return [(distance, text) for distance, text in near if "\n" not in text][:40]


@remembered
def _strings(site: Site) -> list[tuple[int, str]]:
    return [
        (n.lineno, n.value)
        for n in site.source.nodes
        if isinstance(n, ast.Constant) and isinstance(n.value, str) and len(n.value) < 60
    ]


def characters(node: ast.Constant | ast.JoinedStr, site: Site) -> Iterator[Variant]:
    """Single characters added, dropped or changed where people slip: ends, spaces, punctuation."""
    if isinstance(node, ast.Constant) and not is_text(node, site):
        return
    for token in literals_of(node, site.source):
        value = token.value
        if len(value) > LONGEST_SPELT:
            continue
        for start, end, new, weight in (*_at_ends(value), *_within(value)):
            edit = token.edit(start, end, new)
            if edit is not None:
                text = value[:start] + new + value[end:]
                yield Variant((edit,), weight, f"write {short(repr(text))}")


def _at_ends(value: str) -> Iterator[tuple[int, int, str, float]]:
    size = len(value)
    doubled = {value[-1:]: 0.8} if value and not value[-1].isalnum() else {}
    for new, weight in {**_ENDS, **doubled}.items():
        yield size, size, new, weight
        yield 0, 0, new, weight * 0.6


def _within(value: str) -> Iterator[tuple[int, int, str, float]]:
    size = len(value)
    for at, character in enumerate(value):
        if not character.isalnum():
            yield at, at + 1, "", 1.0 if at in (0, size - 1) else 0.6
            for new in _PUNCTUATION.get(character, ()):
                yield at, at + 1, new, 0.4
        elif size < LONGEST_SPELT_WORD:
            yield at, at + 1, "", 0.2
            yield at, at + 1, character.swapcase(), 0.3
            if value[at + 1 : at + 2].isalnum():
                yield at, at + 2, value[at + 1] + character, 0.2


def formats(node: ast.Constant | ast.JoinedStr, site: Site) -> Iterator[Variant]:
    """Format specifications: `%d`, `{:.2f}`, dates."""
    if isinstance(node, ast.Constant) and not is_text(node, site):
        return
    text = site.text(node)
    start = site.source.start(node)
    for low, high, new, weight in (*_percent(text), *_braces(text), *_quoted(text)):
        said = f"format with `{new}` instead of `{text[low:high]}`"
        yield Variant((Edit(start + low, start + high, new),), weight, said)


def _percent(text: str) -> Iterator[tuple[int, int, str, float]]:
    for match in re.finditer(r"%-?[a-zA-Z]", text):
        for new in _DATE.get(match.group(), ()):
            yield *match.span(), new, 0.8
        for pattern, others in _SPECIFIERS:
            kind = pattern.match(match.group())
            for new in others.get(kind.group(1), "").split() if kind else ():
                yield *match.span(), new, 0.8
    for match in re.finditer(r"%\.?0?(\d+)([dfeg])", text):
        number = int(match.group(1))
        for other in (number + 1, number - 1):
            if other >= 0:
                low, high = match.span(1)
                yield low, high, str(other), 0.8


def _quoted(text: str) -> Iterator[tuple[int, int, str, float]]:
    """`'{x}'` as `{x!r}`."""
    for match in _QUOTED.finditer(text):
        yield *match.span(), f"{{{match.group(2)}!r}}", 0.6


def fields(node: ast.Constant, site: Site) -> Iterator[Variant]:
    """`'{0} {0}'` as `'{0} {1}'`: another field of the text, or the next index."""
    if not isinstance(node.value, str) or not is_text(node, site):
        return
    start, text = site.source.start(node), site.text(node)
    filled = _fields_of(node.value)
    found = [match for match in _FIELD.finditer(text) if match[1] in filled][:MOST_FIELDS]
    known = {match[1]: 1.0 for match in found}
    for name in list(known):
        for other in _renumbered(name):
            known.setdefault(other, 0.8)
    for match in found:
        for name, weight in known.items():
            if name != match[1]:
                low, high = start + match.start(1), start + match.end(1)
                yield site.change(low, high, name, weight, f"fill in `{name}`")


def _fields_of(value: str) -> set[str]:
    """The fields of a text to be filled in; none of `[0-9]{3}`, which no `{0}` goes before."""
    try:
        names = {name for _, name, _, _ in Formatter().parse(value) if name}
    except ValueError:
        return set()
    numbers = {name for name in names if name.isdecimal()}
    return names if "0" in numbers else names - numbers


def _renumbered(name: str) -> Iterator[str]:
    """The same field with the index one more or less."""
    for match in re.finditer(r"\d+", name):
        for number in (int(match.group()) + 1, int(match.group()) - 1):
            if number >= 0:
                yield f"{name[: match.start()]}{number}{name[match.end() :]}"


_FIELD = re.compile(r"(?<!\{)\{([A-Za-z_0-9][\w.\[\]]*)(?=[}:!])")
_QUOTED = re.compile(r"(['\"])\{([^{}:!]*)\}\1")
_SPEC = re.compile(r"\{([^{}:!]*)(![rsa])?(?::([^{}]*))?\}")


def _braces(text: str) -> Iterator[tuple[int, int, str, float]]:
    for match in _SPEC.finditer(text):
        spec = match.group(3)
        if spec is None:
            at = match.end() - 1
            for new in (
                ":.2f",
                "!r",
                ":.1f",
                ":,",
                ":d",
                ":.3f",
                ":02d",
                ":>2",
                "!s",
                ":.0f",
                ":x",
            ):
                yield at, at, new, 0.4
            continue
        low, high = match.span(3)
        yield low - 1, high, "", 0.4
        for number in re.finditer(r"\d+", spec):
            value = int(number.group())
            for other in (value + 1, value - 1):
                if other >= 0:
                    at = low + number.start()
                    yield at, at + len(number.group()), str(other), 0.8
        for old, new in (("<", ">"), (">", "<"), ("<", "^"), (">", "^"), ("f", "g"), ("f", "%")):
            at = spec.find(old)
            if at >= 0:
                yield low + at, low + at + 1, new, 0.6
        for new in (f",{spec}", f"0{spec}", f"+{spec}", f"<{spec}", f">{spec}"):
            yield low, high, new, 0.3


def prefixed(node: ast.Constant | ast.JoinedStr, site: Site) -> Iterator[Variant]:
    """`f`, `b` and `r` forgotten or too many."""
    yield from _filled_in(node, site)
    if isinstance(node, ast.JoinedStr):
        return
    if not isinstance(node.value, str | bytes) or not is_text(node, site):
        return
    text, start = site.text(node), site.source.start(node)
    prefix = text[: len(text) - len(text.lstrip("rRbBuUfF"))]
    if isinstance(node.value, str):
        if "\\" in text and not prefix:
            yield site.change(start, start, "r", 0.6, "take the backslashes as they are")
        if node.value.isascii():
            yield site.change(start, start + len(prefix), f"b{prefix}", 0.3, "make it bytes")
    elif isinstance(node.value, bytes):
        yield site.change(start, start + 1, "", 0.5, "make it text")
    if prefix.lower() == "r" and "\\" in text:
        yield site.change(start, start + 1, "", 0.4, "read the backslashes as escapes")


def _filled_in(node: ast.Constant | ast.JoinedStr, site: Site) -> Iterator[Variant]:
    """`f` before each part of the text that has names in braces."""
    if isinstance(node, ast.Constant) and not (isinstance(node.value, str) and is_text(node, site)):
        return
    edits, names = [], []
    for literal in literals_of(node, site.source):
        found = _IN_BRACES.findall(literal.value)
        at = literal.places[0] - len(literal.quote)
        is_bare = not literal.is_formatted and not site.source.text[at - 1 : at].isalnum()
        if found and is_bare:
            edits.append(Edit(at, at, "f"))
            names += found
    if edits:
        visible = site.visible(node)
        is_known = all(name in visible.all for name in names)
        yield Variant(tuple(edits), 1.0 if is_known else 0.1, "fill in the names")


_IN_BRACES = re.compile(r"\{([A-Za-z_]\w*)")


def unformatted(node: ast.JoinedStr, site: Site) -> Iterator[Variant]:
    """`f"{x!r}"`, `f"{x}"` made `str(x)`; the value in braces changed by other templates."""
    start, text = site.source.start(node), site.text(node)
    if text[:1] in "fF":
        yield site.change(start, start + 1, "", 0.5, "do not fill in values")


TEMPLATES = (
    Template("string", (ast.Constant,), whole),
    Template("string-character", (ast.Constant, ast.JoinedStr), characters),
    Template("string-format", (ast.Constant, ast.JoinedStr), formats),
    Template("string-field", (ast.Constant,), fields),
    Template("string-prefix", (ast.Constant, ast.JoinedStr), prefixed),
    Template("string-unformatted", (ast.JoinedStr,), unformatted),
)
