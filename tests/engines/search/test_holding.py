"""Whatever a test leaves in memory for the next one is noticed, and nothing else is."""

from __future__ import annotations

import os
import random
import sys
import threading
import unittest
import warnings
from collections.abc import Callable, Iterator
from types import ModuleType

import pytest

from bot.engines.search.inside.holding import Holding

SOURCE = """
import functools, itertools, random, threading
from collections import Counter, OrderedDict, deque

limit = 3
known = {}
order = OrderedDict()
counted = Counter()
seen = set()
waiting = deque()
nested = {"deep": {"deeper": []}}
numbers = itertools.count()
drawn = random.Random(7)
guard = threading.Lock()

@functools.lru_cache(maxsize=None)
def remembered(number):
    return number

def with_default(number, past=[]):
    past.append(number)
    return past

def with_attribute():
    with_attribute.calls = 1

def closing():
    kept = []
    def inner(number):
        kept.append(number)
    return inner

closed = closing()

class Shelf:
    shared = []
    total = 0
    def __init__(self):
        self.own = {}
    @functools.lru_cache(maxsize=None)
    def heavy(self, number):
        return number
    @classmethod
    def add(cls):
        cls.total += 1

class Slotted:
    __slots__ = ("value",)
    def __init__(self):
        self.value = []

shelf = Shelf()
slotted = Slotted()

class Proxy:
    @property
    def __class__(self):
        raise RuntimeError("there is nothing behind it")
    def __eq__(self, other):
        raise RuntimeError("not to be compared")
    __hash__ = None

proxy = Proxy()

def reset():
    global limit
    limit = 4

def pure(number):
    return [number] * limit
"""
LEFT_BEHIND: dict[str, Callable[[ModuleType], object]] = {
    "a variable": lambda m: m.reset(),
    "an entry": lambda m: m.known.update(x=1),
    "another value of an entry": lambda m: m.nested.update(deep=[]),
    "an entry of a dictionary of another kind": lambda m: m.order.update(x=1),
    "a count": lambda m: m.counted.update("x"),
    "an element of a set": lambda m: m.seen.add(1),
    "an element of a queue": lambda m: m.waiting.append(1),
    "an element deep inside": lambda m: m.nested["deep"]["deeper"].append(1),
    "a number taken": lambda m: next(m.numbers),
    "a number drawn": lambda m: m.drawn.random(),
    "a lock taken": lambda m: m.guard.acquire(),
    "an answer remembered": lambda m: m.remembered(1),
    "an answer of a method remembered": lambda m: m.shelf.heavy(1),
    "a default that grows": lambda m: m.with_default(1),
    "an attribute of a function": lambda m: m.with_attribute(),
    "what a closure holds": lambda m: m.closed(1),
    "an element of a class": lambda m: m.Shelf.shared.append(1),
    "a variable of a class": lambda m: m.Shelf.add(),
    "an entry of an object": lambda m: m.shelf.own.update(x=1),
    "an attribute of an object": lambda m: setattr(m.shelf, "more", 1),
    "an element in a slot": lambda m: m.slotted.value.append(1),
    "the environment": lambda _: os.environ.update(AMENDBOT_TEST="x"),
    "where modules are looked for": lambda _: sys.path.append("/nowhere"),
    "the common random numbers": lambda _: random.random(),
    "how deep one may recurse": lambda _: sys.setrecursionlimit(sys.getrecursionlimit() + 1),
}


@pytest.fixture
def module() -> Iterator[ModuleType]:
    made = ModuleType("shop")
    sys.modules["shop"] = made
    exec(compile(SOURCE, "shop.py", "exec"), vars(made))
    limit, state = sys.getrecursionlimit(), random.getstate()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", sys.path[:])
        patch.setenv("AMENDBOT_TEST", "")
        yield made
    sys.setrecursionlimit(limit)
    random.setstate(state)
    del sys.modules["shop"]


def holding(module: ModuleType) -> Holding:
    return Holding([module], frozenset(["shop"]))


@pytest.mark.parametrize("what", LEFT_BEHIND)
def test_what_is_left_behind_is_noticed(module: ModuleType, what: str) -> None:
    looked = holding(module)
    LEFT_BEHIND[what](module)
    assert not looked.is_as_before()


def test_a_thread_that_goes_on_is_noticed(module: ModuleType) -> None:
    looked, done = holding(module), threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    noticed = not looked.is_as_before()
    done.set()
    thread.join()
    assert noticed


def test_what_leaves_nothing_behind_is_not(module: ModuleType) -> None:
    looked = holding(module)
    module.pure(1)
    module.Shelf()
    vars(module)["__warningregistry__"] = {"version": 1}  # as warnings leave it
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
    assert looked.is_as_before()


def test_what_unittest_notes_at_each_run_of_a_class_is_not(module: ModuleType) -> None:
    class Case(unittest.TestCase):
        def test_it(self) -> None:
            self.fail("always")

    vars(module)["Case"] = Case
    Case.__module__ = "shop"
    unittest.TestSuite([Case("test_it")]).run(unittest.TestResult())
    looked = holding(module)
    unittest.TestSuite([Case("test_it")]).run(unittest.TestResult())
    assert looked.is_as_before()


def test_each_look_starts_from_the_one_before(module: ModuleType) -> None:
    looked = holding(module)
    module.known["x"] = 1
    assert [looked.is_as_before(), looked.is_as_before()] == [False, True]


def test_what_other_modules_hold_is_not_looked_at(module: ModuleType) -> None:
    other = ModuleType("other")
    vars(other)["known"] = known = {}
    looked = Holding([module], frozenset(["shop"]))
    known["x"] = 1
    assert looked.is_as_before()
