"""Small variations of the arguments that tests call a function with."""

from __future__ import annotations

import copy
import random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, Tuple  # noqa: UP035 - Python 3.8

    Input = Tuple[int, Dict[str, Any]]  # noqa: UP006

MAX_DEPTH = 3


def variations(recorded: list[Input], count: int) -> list[Input]:
    """At most `count` inputs like these: one argument changed a little, or taken from another."""
    drawn = random.Random(0)
    found: list[Input] = []
    for _ in range(count if recorded else 0):
        number, arguments = recorded[drawn.randrange(len(recorded))]
        if not arguments:
            continue
        name = sorted(arguments)[drawn.randrange(len(arguments))]
        others = [given[name] for at, given in recorded if at == number and name in given]
        try:
            changed = copy.deepcopy(arguments)
            if drawn.random() < 0.35 and len(others) > 1 and len(arguments) > 1:
                value = copy.deepcopy(others[drawn.randrange(len(others))])
            else:
                options = list(near(changed[name], drawn, others))
                if not options:
                    continue
                value = options[drawn.randrange(len(options))]
        except Exception:  # noqa: BLE001 - whatever an object's own copying or comparing does
            continue
        changed[name] = value
        found.append((number, changed))
    return found


def near(value: Any, drawn: random.Random, others: list[Any], depth: int = 0) -> Iterator[Any]:
    """Values of the same type that differ from this one a little."""
    if type(value) in _NUMBERS:
        for one in _NUMBERS[type(value)](value):
            yield one
    elif type(value) in (str, bytes):
        for one in _texts(value, drawn):
            yield one
    elif type(value) in (list, tuple):
        for one in _sequences(value, drawn, depth):
            yield one
    elif type(value) is dict:
        for one in _mappings(value, drawn, depth):
            yield one
    elif type(value) is set and value:
        yield value - {sorted(value, key=repr)[drawn.randrange(len(value))]}


_NUMBERS: dict[type, Callable[[Any], tuple[Any, ...]]] = {
    bool: lambda value: (not value,),
    int: lambda value: (value + 1, value - 1, value * 2, 0),
    float: lambda value: (value + 1.0, value / 2, 0.0),
}


def _texts(value: Any, drawn: random.Random) -> Iterator[Any]:
    if not value:
        return
    at = drawn.randrange(len(value))
    yield value[:0]
    yield value[1:]
    yield value[:-1]
    yield value + value[at : at + 1]
    yield value[:at] + value[at + 1 :]
    yield value[:at] + value[at : at + 1] + value[at:]
    yield value[::-1]
    yield value.swapcase()


def _sequences(value: Any, drawn: random.Random, depth: int) -> Iterator[Any]:
    if not value:
        return
    at = drawn.randrange(len(value))
    yield value[:0]
    yield value[1:]
    yield value[:-1]
    yield value[:at] + value[at + 1 :]
    yield value + value[at : at + 1]
    yield value[::-1]
    if depth < MAX_DEPTH:
        for one in list(near(value[at], drawn, [], depth + 1))[:4]:
            yield value[:at] + type(value)([one]) + value[at + 1 :]


def _mappings(value: Any, drawn: random.Random, depth: int) -> Iterator[Any]:
    if not value:
        return
    key = list(value)[drawn.randrange(len(value))]
    yield {}
    yield {one: inner for one, inner in value.items() if one != key}
    if depth < MAX_DEPTH:
        for one in list(near(value[key], drawn, [], depth + 1))[:4]:
            yield {**value, key: one}
