"""Small variations of the arguments that tests call a function with."""

from __future__ import annotations

import copy
import random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Dict, Iterator, Tuple  # noqa: UP035 - Python 3.8

    Input = Tuple[int, Dict[str, Any]]  # noqa: UP006

MAX_DEPTH = 3
MAX_REACHED = 12
MAX_HELD = 20


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
                options = list(near(changed[name], drawn))
                if not options:
                    continue
                value = options[drawn.randrange(len(options))]
        except Exception:  # noqa: BLE001 - whatever an object's own copying or comparing does
            continue
        changed[name] = value
        found.append((number, changed))
    return found


def near(value: Any, drawn: random.Random, depth: int = 0) -> Iterator[Any]:
    """Values of the same type that differ from this one a little."""
    varied = _VARIED.get(type(value))
    if varied is not None:
        for one in varied(value, drawn, depth):
            yield one
    elif depth == 0 and isinstance(getattr(value, "__dict__", None), dict):
        for one in _reachable(value):
            yield one


def _reachable(value: Any) -> Iterator[Any]:
    """Objects of the same type that one comes to from this one: the rest of a list, a subtree."""
    found = [value]
    for one in found:
        for held in list(vars(one).values()):
            inner = held if isinstance(held, (list, tuple)) else (held,)
            for other in inner[:MAX_HELD]:
                if type(other) is type(value) and not any(other is known for known in found):
                    found.append(other)
                    yield other
        if len(found) > MAX_REACHED:
            break


def _numbers(value: Any, drawn: random.Random, depth: int) -> Iterator[Any]:
    if type(value) is bool:
        yield not value
    elif type(value) is int:
        yield from (value + 1, value - 1, value * 2, 0)
    else:
        yield from (value + 1.0, value / 2, 0.0)


def _texts(value: Any, drawn: random.Random, depth: int) -> Iterator[Any]:
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
        for one in list(near(value[at], drawn, depth + 1))[:4]:
            yield value[:at] + type(value)([one]) + value[at + 1 :]


def _mappings(value: Any, drawn: random.Random, depth: int) -> Iterator[Any]:
    if not value:
        return
    key = list(value)[drawn.randrange(len(value))]
    yield {}
    yield {one: inner for one, inner in value.items() if one != key}
    if depth < MAX_DEPTH:
        for one in list(near(value[key], drawn, depth + 1))[:4]:
            yield {**value, key: one}


def _subsets(value: Any, drawn: random.Random, depth: int) -> Iterator[Any]:
    if value:
        yield value - {sorted(value, key=repr)[drawn.randrange(len(value))]}


_VARIED: dict[type, Callable[[Any, random.Random, int], Iterator[Any]]] = {
    bool: _numbers,
    int: _numbers,
    float: _numbers,
    str: _texts,
    bytes: _texts,
    list: _sequences,
    tuple: _sequences,
    dict: _mappings,
    set: _subsets,
}
