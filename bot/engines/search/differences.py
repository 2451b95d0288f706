"""In which words the texts differ that a failing test has compared. Pure.

A test that got `30 några sekunder` and waited for `30 sekunder` says what to look for in the code:
a literal with `några ` in it. Which side the test waited for is not known, so both are looked at.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from bot.engines.search.said_by_tests import text_of_pattern

MOST_PAIRS = 12
MOST_DIFFERENCES = 40
MOST_WORDS = 150
"""Of a text, with spaces and signs, that are compared."""
MOST_PLACES = 3
"""Texts that differ in more places are different texts."""
LONGEST = 600
"""Characters of a text that is looked at, and of a difference."""
MOST_SUBSTITUTIONS = 6
MOST_GROWN = 4
"""Characters; what gets longer by more is no other spelling."""
_LEAST_ALIKE = 0.3
_Code = tuple[str, int, int, int, int]
"""What `SequenceMatcher` tells: a kind, and a span on either side."""
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
_SIDE = re.compile(r"^(?:  )?([-+]) (.*)$")
_REPR = r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\""
_MATCHED = re.compile(
    rf"(?i:regex): (?P<pytest>{_REPR})\n\s*(?:Input|Actual message): (?P<got>{_REPR})|"
    rf"didn't match: (?P<unittest>{_REPR}) not found in (?P<text>{_REPR})"
)
"""A pattern and a text, as pytest and unittest print them."""
_RAISED = re.compile(r"\"([^\n]*)\" does not match \"([^\n]*)\"")
"""The same as they are, from `assertRaisesRegex`."""


@dataclass(frozen=True, slots=True)
class Difference:
    """`old` stands in one text where the other one has `new`; `old` is never empty.

    `weight`, from 0 to 1, is the greater the more words of what stands around it `old` has too.
    """

    old: str
    new: str
    weight: float


def differences(messages: Sequence[str]) -> tuple[Difference, ...]:
    """Those of the texts in failing tests' messages, the surest first."""
    found: dict[tuple[str, str], float] = {}
    for one, other in _either_way(messages):
        for made in _between(one, other):
            key = made.old, made.new
            found[key] = max(made.weight, found.get(key, 0.0))
    ranked = sorted(found.items(), key=lambda item: -item[1])
    return tuple(Difference(*key, weight) for key, weight in ranked[:MOST_DIFFERENCES])


def places(text: str, inside: str) -> list[int]:
    """Where it stands in another text, not in the middle of a word."""
    before = r"(?<!\w)" if text[:1].isalnum() else ""
    after = r"(?!\w)" if text[-1:].isalnum() else ""
    found = re.finditer(f"(?={before}{re.escape(text)}{after})", inside) if text in inside else ()
    return [match.start() for match in found]


# --------------------------------------------------------------------------- what makes them alike


def substitutions(messages: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """What stands in one text wherever they differ, with what the other has there."""
    pairs = _either_way(messages)
    found = dict.fromkeys(made for one, other in pairs for made in _substituted(one, other))
    return tuple(found)[:MOST_SUBSTITUTIONS]


def _substituted(one: str, other: str) -> Iterator[tuple[str, str]]:
    """With the character before or after, where else something would come out of nothing."""
    codes = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    changes = [code for code in codes if code[0] != "equal"]
    if not changes or len(changes) > MOST_PLACES:
        return
    for before, after in ((0, 0), (0, 1), (1, 0)):
        made = {
            (one[max(0, low - before) : high + after], other[max(0, start - before) : end + after])
            for _, low, high, start, end in changes
        }
        old, new = made.pop()
        if not made and old and old != one and len(new) <= len(old) + MOST_GROWN:
            yield old, new
            return


# ------------------------------------------------------------------------------- what is compared


def _either_way(messages: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The first texts that are compared, each pair in both orders."""
    pairs = dict.fromkeys(pair for message in messages for pair in _pairs(message))
    for one, other in list(pairs)[:MOST_PAIRS]:
        yield one[:LONGEST], other[:LONGEST]
        yield other[:LONGEST], one[:LONGEST]


def _pairs(message: str) -> Iterator[tuple[str, str]]:
    yield from _compared(message)
    yield from _sides(message)
    for match in _MATCHED.finditer(message):
        pattern, text = match["pytest"] or match["unittest"], match["got"] or match["text"]
        yield text_of_pattern(_value(pattern)), _value(text)
    for match in _RAISED.finditer(message):
        yield text_of_pattern(match[1]), match[2]


def _value(literal: str) -> str:
    try:
        return str(ast.literal_eval(literal))
    except (SyntaxError, ValueError):
        return ""


def _compared(message: str) -> Iterator[tuple[str, str]]:
    """From `assert 'a' == 'b'` and `'a' != 'b'`."""
    first = message.partition("\n")[0].removeprefix("AssertionError: ").removeprefix("assert ")
    try:
        node = ast.parse(first.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield from _leaves(node.left, node.comparators[0])


def _leaves(one: ast.expr, other: ast.expr) -> Iterator[tuple[str, str]]:
    """The texts at the same places of two values."""
    if isinstance(one, ast.Constant) and isinstance(other, ast.Constant):
        if isinstance(one.value, str) and isinstance(other.value, str):
            yield one.value, other.value
    elif isinstance(one, ast.List | ast.Tuple) and isinstance(other, ast.List | ast.Tuple):
        for left, right in zip(one.elts, other.elts, strict=False):
            yield from _leaves(left, right)
    elif isinstance(one, ast.Dict) and isinstance(other, ast.Dict):
        known = {ast.dump(key): value for key, value in _items(other)}
        for key, value in _items(one):
            if ast.dump(key) in known:
                yield from _leaves(value, known[ast.dump(key)])


def _items(node: ast.Dict) -> Iterator[tuple[ast.expr, ast.expr]]:
    for key, value in zip(node.keys, node.values, strict=True):
        if key is not None:
            yield key, value


def _sides(message: str) -> Iterator[tuple[str, str]]:
    """From the lines with `-` and `+` that unittest and pytest show."""
    sides: dict[str, list[str]] = {"-": [], "+": []}
    for line in (*message.split("\n"), ""):
        match = _SIDE.match(line)
        if match:
            sides[match[1]].append(match[2])
        elif not line.lstrip().startswith("?"):
            yield from zip(sides["-"], sides["+"], strict=False)
            sides = {"-": [], "+": []}


# ------------------------------------------------------------------------------- where they differ


_AROUND = ((0, 0), (1, 0), (0, 1), (1, 1), (2, 2))
"""So many words before and after are added to a difference, as far as there are any;"""
_WEIGHTS = (0.6, 0.8, 0.9, 0.95, 1.0)
"""and this is what it weighs with so many more."""


def _between(one: str, other: str) -> Iterator[Difference]:
    mine, theirs = _WORDS.findall(one)[:MOST_WORDS], _WORDS.findall(other)[:MOST_WORDS]
    matcher = SequenceMatcher(None, mine, theirs, autojunk=False)
    codes = matcher.get_opcodes()
    changes = [code for code in codes if code[0] != "equal"]
    if not changes or len(changes) > MOST_PLACES or not _is_alike(mine, theirs, codes):
        return
    for _, low, high, start, end in changes:
        for wide, far in _AROUND:
            left, right = min(wide, low), min(far, len(mine) - high)
            old = "".join(mine[low - left : high + right])
            new = "".join(theirs[start - left : end + right])
            if any(character.isalnum() for character in old):
                yield Difference(old, new, _WEIGHTS[left + right])


def _is_alike(mine: Sequence[str], theirs: Sequence[str], codes: Sequence[_Code]) -> bool:
    """Whether enough of the words stay, or there is just one."""
    kept = sum(_letters(mine[low:high]) for kind, low, high, *_ in codes if kind == "equal")
    if kept >= _LEAST_ALIKE * max(_letters(mine), _letters(theirs)):
        return True
    return all(sum(word.isalnum() for word in words) <= 1 for words in (mine, theirs))


def _letters(words: Sequence[str]) -> int:
    return sum(len(word) for word in words if word.isalnum())
