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

MOST_PAIRS = 12
MOST_DIFFERENCES = 40
MOST_PLACES = 3
"""Texts that differ in more places are different texts."""
LONGEST = 600
"""Characters of a text that is looked at, and of a difference."""
_LEAST_ALIKE = 0.3
_Code = tuple[str, int, int, int, int]
"""What `SequenceMatcher` tells: a kind, and a span on either side."""
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
_SIDE = re.compile(r"^(?:  )?([-+]) (.*)$")
_PATTERN = re.compile(
    r"(?i:regex): '(?P<one>[^\n]*)'\n\s*(?:Input|Actual message): '(?P<other>[^\n]*)'|"
    r"\"(?P<pattern>[^\n\"]*)\" does not match \"(?P<text>[^\n\"]*)\""
)


@dataclass(frozen=True, slots=True)
class Difference:
    """`old` stands in one text where the other one has `new`; `old` is never empty.

    `weight`, from 0 to 1, is the greater the more of what stands around it is in `old` as well.
    """

    old: str
    new: str
    weight: float


def differences(messages: Sequence[str]) -> tuple[Difference, ...]:
    """Those of the texts in failing tests' messages, the surest first."""
    found: dict[tuple[str, str], float] = {}
    pairs = dict.fromkeys(pair for message in messages for pair in _pairs(message))
    for one, other in list(pairs)[:MOST_PAIRS]:
        for first, second in ((one, other), (other, one)):
            for made in _between(first[:LONGEST], second[:LONGEST]):
                key = made.old, made.new
                found[key] = max(made.weight, found.get(key, 0.0))
    ranked = sorted(found.items(), key=lambda item: -item[1])
    return tuple(Difference(*key, weight) for key, weight in ranked[:MOST_DIFFERENCES])


# ------------------------------------------------------------------------------- what is compared


def _pairs(message: str) -> Iterator[tuple[str, str]]:
    yield from _compared(message)
    yield from _sides(message)
    for match in _PATTERN.finditer(message):
        one, other = match["one"] or match["pattern"], match["other"] or match["text"]
        yield re.sub(r"\\(\W)", r"\1", one or ""), other or ""


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


_AROUND = ((0, 0, 0.6), (1, 0, 0.8), (0, 1, 0.8), (1, 1, 0.9), (2, 2, 1.0))
"""So many words before and after that are added to a difference, and what it weighs then."""


def _between(one: str, other: str) -> Iterator[Difference]:
    mine, theirs = _WORDS.findall(one), _WORDS.findall(other)
    matcher = SequenceMatcher(None, mine, theirs, autojunk=False)
    codes = matcher.get_opcodes()
    changes = [code for code in codes if code[0] != "equal"]
    if not changes or len(changes) > MOST_PLACES or not _is_alike(mine, theirs, codes):
        return
    for _, low, high, start, end in changes:
        for wide, far, weight in _AROUND:
            left, right = min(wide, low), min(far, len(mine) - high)
            old = "".join(mine[low - left : high + right])
            new = "".join(theirs[start - left : end + right])
            if any(character.isalnum() for character in old):
                yield Difference(old, new, weight)


def _is_alike(mine: Sequence[str], theirs: Sequence[str], codes: Sequence[_Code]) -> bool:
    """Whether enough of the words stay, or there is just one."""
    kept = sum(_letters(mine[low:high]) for kind, low, high, *_ in codes if kind == "equal")
    if kept >= _LEAST_ALIKE * max(_letters(mine), _letters(theirs)):
        return True
    return all(sum(word.isalnum() for word in words) <= 1 for words in (mine, theirs))


def _letters(words: Sequence[str]) -> int:
    return sum(len(word) for word in words if word.isalnum())
