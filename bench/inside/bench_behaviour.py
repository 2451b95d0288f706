"""A pytest plugin that tells how some functions behave; it runs in the sandbox, beside the tests.

It notes with which arguments the tests call them, calls them again with the same and with varied
ones, and prints what came of each call. Two trees can then be compared call by call. Which
functions, and of which file, stands in `bench_behaviour.json` beside it.
"""

from __future__ import annotations

import contextlib
import copy
import gc
import inspect
import itertools
import json
import os
import re
import signal
import sys
import time
import types
from pathlib import Path
from typing import Any

MARK = "bench-behaviour "
MAX_CALLS = 40
MAX_VARIED = 600
CALL_SECONDS = 0.3
ALL_SECONDS = 20.0
MAX_ITEMS = 200
MAX_DEPTH = 5
MAX_TEXT = 2000
TELLING = 3
"""So many sorted lists, each so long, are no accident: they have to be sorted."""

_asked = json.loads(Path(__file__).with_suffix(".json").read_text())
_path = os.path.realpath(_asked["path"])
_names = frozenset(_asked["functions"])
_functions: dict[Any, Any] = {}
_calls: dict[str, list[tuple[Any, list[Any], dict[str, Any]]]] = {}
_deep = [0]


class TooLong(BaseException):
    """A call that does not end; no `except Exception` of the program stops it."""


def pytest_runtest_call() -> None:
    _deep[0] = 0
    sys.setprofile(_profile)


def pytest_runtest_teardown() -> None:
    sys.setprofile(None)


def pytest_sessionfinish() -> None:
    sys.setprofile(None)
    told = {}
    ends = time.monotonic() + ALL_SECONDS
    for name, calls in _calls.items():
        for function, args, kwargs in itertools.islice(_varied(calls), MAX_VARIED):
            if time.monotonic() > ends:
                break
            key = f"{name}{describe((args, kwargs))}"
            if len(key) < MAX_TEXT and key not in told:
                told[key] = _outcome(function, args, kwargs)
    lines = (json.dumps([key[-MAX_TEXT:], outcome]) for key, outcome in told.items())
    Path(_asked["answer"]).write_text("\n".join(lines))


def _profile(frame: Any, event: str, _: Any) -> None:
    code = frame.f_code
    if event not in ("call", "return") or code.co_name not in _names:
        return
    if os.path.realpath(code.co_filename) != _path:
        return
    if event == "return":
        _deep[0] = max(0, _deep[0] - 1)
        return
    _deep[0] += 1
    calls = _calls.setdefault(getattr(code, "co_qualname", code.co_name), [])
    if _deep[0] == 1 and len(calls) < MAX_CALLS and (function := _function(code)):
        with contextlib.suppress(Exception):
            calls.append((function, *_arguments(frame)))


def _function(code: Any) -> Any:
    if code not in _functions:
        holders = (one for one in gc.get_referrers(code) if isinstance(one, types.FunctionType))
        _functions[code] = next(holders, None)
    return _functions[code]


def _arguments(frame: Any) -> tuple[list[Any], dict[str, Any]]:
    code, values = frame.f_code, frame.f_locals
    count, only = code.co_argcount, code.co_kwonlyargcount
    names = code.co_varnames
    args = [values[name] for name in names[:count]]
    kwargs = {name: values[name] for name in names[count : count + only]}
    at = count + only
    if code.co_flags & inspect.CO_VARARGS:
        args.extend(values[names[at]])
        at += 1
    if code.co_flags & inspect.CO_VARKEYWORDS:
        kwargs.update(values[names[at]])
    copied: tuple[list[Any], dict[str, Any]] = copy.deepcopy((args, kwargs))
    return copied


# ---------------------------------------------------------------------------------- other inputs


def _varied(calls: list[tuple[Any, list[Any], dict[str, Any]]]) -> Any:
    """The calls as they were, then with one argument varied within what was seen of it."""
    yield from calls
    for at in range(max((len(args) for _, args, _ in calls), default=0)):
        seen = [args[at] for _, args, _ in calls if at < len(args)]
        for function, args, kwargs in calls:
            if at < len(args):
                for value in variants(args[at], seen):
                    yield function, [*args[:at], value, *args[at + 1 :]], kwargs


def variants(value: Any, seen: list[Any]) -> list[Any]:
    """Values near this one that keep what holds of all that were seen: sign, order, characters."""
    if type(value) is bool:
        return [not value] if any(one is not value for one in seen) else []
    if type(value) is int:
        numbers = [one for one in seen if type(one) is int]
        least, most = min(numbers), max(numbers)
        near = (value - 1, value + 1, value * 2, value // 2, 0, 1)
        return [one for one in near if least <= one <= 2 * most + 1]
    if type(value) is str:
        return _parts(value) if len({*seen}) > 1 else []
    if type(value) in (list, tuple):
        return _lists(value, seen)
    others = [copy.deepcopy(one) for one in seen if type(one) is type(value)][:3]
    return [*others, *_reachable(value)]


def _reachable(value: Any) -> list[Any]:
    """Objects of the same type that one comes to from this one: the rest of a list, a subtree."""
    found = [value]
    for one in found:
        for held in list(getattr(one, "__dict__", {}).values()):
            for other in held[:MAX_CALLS] if isinstance(held, list | tuple) else [held]:
                if type(other) is type(value) and not any(other is known for known in found):
                    found.append(other)
        if len(found) > MAX_CALLS:
            break
    return found[1:]


def _lists(value: Any, seen: list[Any]) -> list[Any]:
    found = [*_parts(value), value[::-1]]
    for at, one in enumerate(value[:6]):
        others = list(value)
        found.extend(
            type(value)([*value[:at], other, *value[at + 1 :]])
            for other in variants(one, others)[:3]
        )
    with contextlib.suppress(TypeError):
        alike = [one for one in seen if type(one) is type(value)]
        long = sum(len(one) >= TELLING for one in alike)
        if long >= TELLING and all(list(one) == sorted(one) for one in alike):
            found = [type(value)(sorted(one)) for one in found]
    if not all(len(one) == 0 for one in seen if hasattr(one, "__len__")):
        least = min(len(one) for one in seen if hasattr(one, "__len__"))
        found = [one for one in found if len(one) >= least]
    lengths = {len(one) for one in seen if hasattr(one, "__len__")}
    return [one for one in found if len(lengths) > 1 or len(one) in lengths]


def _parts(value: Any) -> list[Any]:
    half = len(value) // 2
    return [value[:0], value[1:], value[:-1], value[:half], value[half:], value + value]


# ------------------------------------------------------------------------------------- what came


def _outcome(function: Any, args: list[Any], kwargs: dict[str, Any]) -> str:
    try:
        args, kwargs = copy.deepcopy((args, kwargs))
    except Exception:  # noqa: BLE001 # whatever the program's own objects do
        return "?"

    def too_long(*_: Any) -> None:
        raise TooLong

    signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, CALL_SECONDS)
    try:
        return describe((function(*args, **kwargs), args, kwargs))[:MAX_TEXT]
    except TooLong:
        return "!does not end"
    except RecursionError:
        return "!RecursionError"
    except BaseException as error:  # noqa: BLE001 # whatever the program raises is its outcome
        return f"!{type(error).__name__}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def describe(value: Any, depth: int = 0) -> str:
    """A text that is the same for values that are alike, of the program's own classes too."""
    if value is None or isinstance(value, bool | int | str | bytes | complex):
        return repr(value)
    if isinstance(value, float):
        return f"{value:.12g}"
    name = type(value).__name__
    if depth > MAX_DEPTH:
        return name
    if isinstance(value, dict):
        pairs = (f"{describe(k, depth + 1)}: {describe(v, depth + 1)}" for k, v in value.items())
        return f"{name}{{{', '.join(pairs)}}}"
    if isinstance(value, list | tuple | types.GeneratorType | map | filter):
        items = (describe(one, depth + 1) for one in itertools.islice(value, MAX_ITEMS))
        return f"{name}({', '.join(items)})"
    if isinstance(value, set | frozenset):
        return f"{name}{{{', '.join(sorted(describe(one, depth + 1) for one in value))}}}"
    if isinstance(value, type | types.FunctionType | types.ModuleType):
        return getattr(value, "__qualname__", name)
    held = getattr(value, "__dict__", None)
    if held:
        return f"{name}<{describe(dict(held), depth + 1)}>"
    return re.sub(r"0x[0-9a-f]+", "", repr(value).replace(str(id(value)), ""))
