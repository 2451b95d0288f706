"""Rows of tables: one too many, or one more for a name at hand or for what the failing tests say.

A new row is written as those that are there: `"MINUS": Kind.EXCEPT` beside `"TOP": Kind.TOP`.
"""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from bot.engines.search.scope import plain_name
from bot.engines.search.templates.elements import words_like
from bot.engines.search.templates.site import Edit, Site, Template, Variant, remembered
from bot.engines.search.templates.writing import short, string

MOST_KEYS = 24
MOST_FORMS = 3
MOST_VALUES = 40
LONGEST = 40
"""Characters of a value that is written again."""
_WORD = re.compile(r"[A-Za-z_]\w+")
_COMMENT = re.compile(r"[ \t]*(,?)[ \t]*#[^\r\n]*")
_OWN_REST = re.compile(r"[ \t]*,[ \t]*(?:#[^\n]*)?\r?\n")


def dropped(node: ast.Dict, site: Site) -> Iterator[Variant]:
    for at, key in enumerate(node.keys):
        if key is not None and len(node.keys) > 1:
            said = f"leave out the key `{short(site.text(key))}`"
            yield site.change(*_span(node, at, site), "", 0.5, said)


def _span(node: ast.Dict, at: int, site: Site) -> tuple[int, int]:
    """What goes with a row: the lines that are all its own, else the comma before or after it."""
    text = site.source.text
    key = node.keys[at] or node.values[at]
    start, end = site.source.outer_span(key)[0], site.source.outer_span(node.values[at])[1]
    line = text.rfind("\n", 0, start) + 1
    rest = _OWN_REST.match(text, end)
    if rest and not text[line:start].strip():
        return line, rest.end()
    if at:
        return site.source.outer_span(node.values[at - 1])[1], end
    return start, site.source.outer_span(node.keys[1] or node.values[1])[0]


def named(node: ast.Dict, site: Site) -> Iterator[Variant]:
    """A row for a parameter, variable or attribute: its name, and what it holds."""
    if not node.keys or not isinstance(node.keys[-1], ast.Constant):
        return
    keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
    visible = site.visible(node)
    rows = [(n, n, 0.7) for n in (*visible.parameters, *visible.local) if n not in ("self", "cls")]
    for name in visible.members:
        if visible.kinds.get(f".{name}") != "function":
            rows.append((name, f"{visible.owner}.{name}", 0.6))
    for name, value, weight in rows:
        if name not in keys:
            yield _one_more(node, string(name, site.source.quote), value, weight, site)


def said_by_tests(node: ast.Dict, site: Site) -> Iterator[Variant]:
    """A row for a word of the failing tests; above all for one that only one of two texts has."""
    if not node.keys or node.keys[-1] is None:
        return
    has = {site.text(key) for key in node.keys if key is not None}
    keys = [word for word in _keys(node, node.keys[-1], site) if word.text not in has]
    for key in keys[:MOST_KEYS]:
        values: dict[str, float] = {}
        for text, weight in (*_values(node, key, site), *_filled_in(node, key, site)):
            values[text] = max(weight * key.weight, values.get(text, 0.0))
        for text, weight in values.items():
            yield _one_more(node, key.text, text, weight, site)


def _one_more(node: ast.Dict, key: str, value: str, weight: float, site: Site) -> Variant:
    end, said = site.source.outer_span(node.values[-1])[1], f"add the key `{short(key)}`"
    row = f"{_between(node, site)}{key}: {value}"
    told = _COMMENT.match(site.source.text, end)
    if told is None:
        return site.change(end, end, f",{row}", weight, said)
    comma, after = told[1], told.end()
    edits = (Edit(end, end, "" if comma else ","), Edit(after, after, f"{row}{comma}"))
    return Variant(edits, weight, said)


def _between(node: ast.Dict, site: Site) -> str:
    """What stands between one row and the next: a space, or a new line as far in."""
    last = node.keys[-1]
    start = site.source.start(last) if last is not None else 0
    line = site.source.text.rfind("\n", 0, start) + 1
    before = site.source.text[line:start]
    return " " if before.strip() else f"{site.source.newline}{before}"


# ------------------------------------------------------------------------------------------- keys


@dataclass(frozen=True, slots=True)
class _Key:
    text: str
    word: str
    """The failing tests' word that it is made of."""
    weight: float


def _keys(node: ast.Dict, last: ast.expr, site: Site) -> Iterator[_Key]:
    """What a further key may be, the likeliest first."""
    apart = _apart(site)
    if isinstance(last, ast.Constant) and isinstance(last.value, str):
        known = [key.value for key in node.keys if isinstance(key, ast.Constant)]
        said = [*sorted(site.hints.literals)[:10], *words_like(known, site)]
        words = dict.fromkeys(_cased(apart, known), 1.0)
        for word, weight in {**words, **dict.fromkeys(said, 0.6), **words}.items():
            yield _Key(string(word, site.source.quote), word, weight)
    elif isinstance(last, ast.Attribute) and (owner := plain_name(last.value)):
        for word in apart:
            for name in _members(owner, word, site):
                yield _Key(f"{owner}.{name}", word, 1.0)


@remembered
def _apart(site: Site) -> list[str]:
    """The words in which the texts differ that failing tests have compared."""
    texts = (text for each in site.hints.differences for text in (each.old, each.new))
    return list(dict.fromkeys(text for text in texts if _WORD.fullmatch(text)))


def _cased(words: Sequence[str], beside: Sequence[object]) -> list[str]:
    """The words in capitals, or in small letters, where all those beside them are."""
    known = [one for one in beside if isinstance(one, str) and one]
    if known and all(map(str.isupper, known)):
        return [word.upper() for word in words]
    return [word.lower() if known and all(map(str.islower, known)) else word for word in words]


def _members(owner: str, word: str, site: Site) -> list[str]:
    """Attributes that may be called so: those the object is known to have, else as others are."""
    used = list(site.names.attributes_on.get(owner, ()))
    plain = _bare(word)
    found = [name for name in used if _bare(name) == plain]
    if found or not used:
        return found
    is_class = all(name[:1].isupper() for name in used)
    return _cased([word.capitalize() if is_class else word], used)


def _bare(name: str) -> str:
    return name.replace("_", "").casefold()


# ----------------------------------------------------------------------------------------- values


def _values(node: ast.Dict, key: _Key, site: Site) -> Iterator[tuple[str, float]]:
    """What a table has for its other keys: the key itself, what many have, what the last has."""
    rows = list(zip(node.keys, node.values, strict=True))
    same = [1 for one, value in rows if one is not None and site.text(one) == site.text(value)]
    if len(same) > len(rows) / 3:
        yield key.text, 0.8
    texts = Counter(site.text(value) for value in node.values)
    for text, count in texts.most_common(2):
        if count > 1 and len(text) < LONGEST:
            yield text, 0.3 + 0.5 * count / len(rows)
    yield site.text(node.values[-1]), 0.4


def _filled_in(node: ast.Dict, key: _Key, site: Site) -> Iterator[tuple[str, float]]:
    """The forms that many of its values have, with a word of the failing tests in them."""
    made = (
        (f"{form.head}{text}{form.tail}", form.weight * likely)
        for form in _forms(site, node)
        for word, likely in _words_for(key, site)
        for text in _fitting(form.example, word, site)
    )
    yield from islice(made, MOST_VALUES)


def _words_for(key: _Key, site: Site) -> Iterator[tuple[str, float]]:
    yield key.word, 0.7
    apart = _apart(site)
    yield from ((word, 1.0) for word in apart if word.casefold() != key.word.casefold())
    yield from ((word, 0.5) for word in site.hinted_words() if word not in apart)


@dataclass(frozen=True, slots=True)
class _Form:
    """A value with a hole in it: what stands before, in (as an example) and after it."""

    head: str
    example: ast.Attribute | ast.Constant
    tail: str
    weight: float


@remembered
def _forms(site: Site, node: ast.Dict) -> list[_Form]:
    """The commonest forms of its values that have just one name or text to be another."""
    found: dict[tuple[str, str], list[ast.Attribute | ast.Constant]] = defaultdict(list)
    for value in node.values:
        holes = [hole for inner in ast.walk(value) if (hole := _as_hole(inner)) is not None]
        if len(holes) == 1 and len(site.text(value)) <= LONGEST:
            (start, end), (low, high) = site.source.span(value), site.source.span(holes[0])
            form = site.source.text[start:low], site.source.text[high:end]
            found[form].append(holes[0])
    ranked = sorted(found.items(), key=lambda item: -len(item[1]))[:MOST_FORMS]
    total = len(node.values)
    return [
        _Form(head, some[0], tail, 0.5 + 0.5 * len(some) / total) for (head, tail), some in ranked
    ]


def _as_hole(node: ast.AST) -> ast.Attribute | ast.Constant | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node
    is_named = isinstance(node, ast.Attribute) and plain_name(node.value)
    return node if isinstance(node, ast.Attribute) and is_named else None


def _fitting(hole: ast.Attribute | ast.Constant, word: str, site: Site) -> Iterator[str]:
    if isinstance(hole, ast.Attribute):
        owner = plain_name(hole.value)
        yield from (f"{owner}.{name}" for name in _members(owner, word, site))
    else:
        beside = [hole.value]
        yield from (string(text, site.source.quote) for text in _cased([word], beside))


TEMPLATES = (
    Template("row-dropped", (ast.Dict,), dropped),
    Template("row-named", (ast.Dict,), named),
    Template("row-added", (ast.Dict,), said_by_tests),
)
