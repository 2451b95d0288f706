"""A call around a value that is missing."""

from __future__ import annotations

import pytest

from bot.engines.search.generating import Hints
from tests.engines.search.trying import check, search

CASES = [
    (
        "wrapper-as-elsewhere",
        """\
def add(self, address):
    self.known.add(plain(address))

def has(self, address):
    return address in self.known

def plain(address):
    return address.strip()
""",
        """\
def add(self, address):
    self.known.add(plain(address))

def has(self, address):
    return plain(address) in self.known

def plain(address):
    return address.strip()
""",
        120,
    ),
    (
        "wrapper-clash",
        """\
def f(n: int):
    return 'n: ' + n
""",
        """\
def f(n: int):
    return 'n: ' + str(n)
""",
        20,
    ),
    (
        "wrapper",
        """\
def f(d):
    for k in d.keys():
        del d[k]
""",
        """\
def f(d):
    for k in list(d.keys()):
        del d[k]
""",
        40,
    ),
    (
        "wrapper-bounds",
        """\
def f(n: int):
    return n - 1
""",
        """\
def f(n: int):
    return max(0, n - 1)
""",
        60,
    ),
    (
        "wrapper-method",
        """\
def f(s: str):
    return s == 'a'
""",
        """\
def f(s: str):
    return s.lower() == 'a'
""",
        40,
    ),
    (
        "wrapper-own-function",
        """\
def clean(x):
    return x


def f(a):
    return g(a)
""",
        """\
def clean(x):
    return x


def f(a):
    return g(clean(a))
""",
        150,
    ),
    (
        "wrapper-own-method",
        """\
def f(a, b):
    c = a.resolve()
    return g(b)
""",
        """\
def f(a, b):
    c = a.resolve()
    return g(b.resolve())
""",
        620,
    ),
    (
        "await-added",
        """\
async def g():
    return 1


async def f():
    return g()
""",
        """\
async def g():
    return 1


async def f():
    return await g()
""",
        10,
    ),
    (
        "await-dropped",
        """\
async def f(x):
    return await x
""",
        """\
async def f(x):
    return x
""",
        60,
    ),
    (
        "compared-case",
        """\
def f(word):
    return word.value == "AS"
""",
        """\
def f(word):
    return word.value.upper() == "AS"
""",
        80,
    ),
    (
        "compared-case",
        """\
def f(word):
    return word not in ("yes", "no")
""",
        """\
def f(word):
    return word.lower() not in ("yes", "no")
""",
        80,
    ),
    (
        "compared-loosely",
        """\
def f(a, b):
    return a == b
""",
        """\
def f(a, b):
    return a.lower() == b.lower()
""",
        200,
    ),
    (
        "compared-any",
        """\
def f(a, b):
    return a == b
""",
        """\
def f(a, b):
    return all(a == b)
""",
        600,
    ),
    (
        "import-copied",
        """\
def f(xs: list):
    return xs
""",
        """\
import copy
def f(xs: list):
    return copy.deepcopy(xs)
""",
        200,
    ),
    (
        "import-missing",
        """\
def f(x):
    return math.floor(x)
""",
        """\
import math
def f(x):
    return math.floor(x)
""",
        5,
    ),
    (
        "import-missing",
        '''\
"""Doc."""
import os

def f(x):
    return defaultdict(x, os)
''',
        '''\
"""Doc."""
import os
from collections import defaultdict

def f(x):
    return defaultdict(x, os)
''',
        5,
    ),
    (
        "wrapper-method",
        """\
def f(lines):
    return [line for line in lines if line.startswith('#')]
""",
        """\
def f(lines):
    return [line for line in lines if line.lstrip().startswith('#')]
""",
        150,
    ),
]


@pytest.mark.parametrize(("template", "before", "after", "within"), CASES)
def test_fix_is_offered_early(template: str, before: str, after: str, within: int) -> None:
    check(template, before, after, within)


def test_what_the_tests_have_at_an_edge_is_taken_away() -> None:
    before = "def f(stream):\n    text = stream.read()\n    return text\n"
    after = before.replace("read()", "read().removeprefix('\\ufeff')")
    hints = Hints(literals=frozenset({"\ufeffa=b"}))
    found = search(before, after, hints=hints)
    assert found is not None
    assert found.candidate.template == "wrapper-trimmed"
    assert found.rank < 400


def test_what_the_tests_found_instead_is_replaced_before() -> None:
    before = "def f(cell):\n    text = shown(cell)\n    return '|' + text\n"
    after = before.replace("shown(cell)", "shown(cell).replace('|', '\\\\|')")
    hints = Hints(substitutions=(("|", "\\|"),))
    found = search(before, after, hints=hints)
    assert found is not None
    assert found.candidate.template == "wrapper-replaced"
    assert found.rank < 30
    assert search(before, after) is None
