"""Candidates that share a child share nothing else: the right one is found behind any wrong one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing

import pytest

from bot.engines.search import staging
from bot.engines.search.laboratory import Laboratory
from bot.engines.search.model import Candidate, Outcome, Spectrum
from tests.engines.search.workbench import Workbench, change, workbench_of_module

WRONG = ("number + 2", "number + 3", "number - 1", "number * 7", "0", "None", "-number")
RIGHT = "number + 1"
_TEST = "import {name}\n\n\ndef test_it():\n    assert {name}.following(1) == 2\n"
KEEPING: Mapping[str, str] = {
    "nothing": "def following(number):\n    return number + 4\n",
    "nothing, with what it imports": (
        "import math\nfrom operator import pos\n\n\ndef following(number):\n"
        "    return math.floor(pos(number + 4))\n"
    ),
    "its answers": (
        "import functools\n\n\n@functools.lru_cache(maxsize=None)\n"
        "def following(number):\n    return number + 4\n"
    ),
    "its answers in a dictionary": (
        "known = {}\n\n\ndef following(number):\n    if number not in known:\n"
        "        known[number] = number + 4\n    return known[number]\n"
    ),
    "its answers in a closure": (
        "def remembering(function):\n    known = {}\n\n    def recall(number):\n"
        "        if number not in known:\n            known[number] = function(number)\n"
        "        return known[number]\n\n    return recall\n\n\n"
        "@remembering\ndef following(number):\n    return number + 4\n"
    ),
    "its answers in an object": (
        "class Shelf:\n    def __init__(self):\n        self.known = None\n\n"
        "    def following(self, number):\n        if self.known is None:\n"
        "            self.known = number + 4\n        return self.known\n\n\n"
        "following = Shelf().following\n"
    ),
    "its answers in a file": (
        "import pathlib\n\n\ndef following(number):\n    known = pathlib.Path('known.txt')\n"
        "    if not known.exists():\n        found = number + 4\n"
        "        known.write_text(repr(found))\n    return eval(known.read_text())\n"
    ),
    "how often it was asked": (
        "asked = 0\n\n\ndef following(number):\n    global asked\n    asked += 1\n"
        "    if asked > 1:\n        raise RuntimeError\n    return number + 4\n"
    ),
    "where it has drawn from": (
        "import random\n\nrandom.seed(7)\n\n\ndef following(number):\n"
        "    fair = random.random() < 0.33\n    return number + 4 if fair else None\n"
    ),
}

BUILT: Mapping[str, str] = {
    "in what uses it": (
        "table = []\n\n\ndef built():\n    if not table:\n"
        "        table.extend(each for each in range(9) if sum(range(300_000)))\n"
        "    return table\n\n\ndef following(number):\n    number = built()[number]\n"
        "    return number + 4\n"
    ),
    "in what builds it": (
        "table = []\n\n\ndef entry(number):\n    sum(range(300_000))\n    return number + 4\n\n\n"
        "def built():\n    if not table:\n        table.extend(map(entry, range(9)))\n"
        "    return table\n\n\ndef following(number):\n    return built()[number]\n"
    ),
}
"""What takes long to build is built once, and then kept."""
PROJECTS = (*KEEPING.values(), *BUILT.values())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    files = {}
    for at, text in enumerate(PROJECTS):
        files[f"m{at}.py"] = text
        files[f"test_m{at}.py"] = _TEST.format(name=f"m{at}")
    with workbench_of_module(tmp_path_factory.mktemp("world"), files) as made:
        yield made


@pytest.fixture(scope="module")
def spectrum(world: Workbench) -> Spectrum:
    found = world.laboratory.spectrum()
    assert len(found.failing) == len(PROJECTS)
    return found


def candidates(files: Mapping[str, str], path: str) -> list[Candidate]:
    return [change(files, path, "number + 4", new) for new in (*WRONG, RIGHT)]


def requests(laboratory: Laboratory, patch: pytest.MonkeyPatch) -> list[str]:
    """What the laboratory's server is asked from now on, on however busy a machine."""
    patch.setattr(staging, "_SHORT_S", 10.0)
    server = laboratory._servers[0]
    asked: list[str] = []
    ask = server.ask

    def note(request: Mapping[str, object]) -> int:
        asked.append(str(request["do"]))
        return ask(request)

    patch.setattr(server, "ask", note)
    return asked


@pytest.mark.parametrize("kept", KEEPING)
def test_the_right_one_is_found_behind_wrong_ones(
    world: Workbench, spectrum: Spectrum, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = list(KEEPING).index(kept)
    asked = requests(world.laboratory, monkeypatch)
    evaluated = world.laboratory.evaluate(
        iter(candidates(world.files, f"m{at}.py")), spectrum, wanted=[f"test_m{at}.py::test_it"]
    )
    with closing(evaluated) as found:
        outcomes = [judged.outcome for judged in found]
    assert outcomes == [*(Outcome.FAILED for _ in WRONG), Outcome.PASSED]
    assert "batch" in asked


@pytest.mark.parametrize("at", [0, 1], ids=list(KEEPING)[:2])
def test_those_that_keep_nothing_share_a_child(
    world: Workbench, spectrum: Spectrum, at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = requests(world.laboratory, monkeypatch)
    list(
        world.laboratory.evaluate(
            iter(candidates(world.files, f"m{at}.py")), spectrum, wanted=[f"test_m{at}.py::test_it"]
        )
    )
    assert asked == ["batch", "try"]  # the right one once more, alone


@pytest.mark.parametrize("where", BUILT)
def test_the_right_one_is_found_where_something_is_built_once(
    world: Workbench, spectrum: Spectrum, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the second time, when it is known what is worth building before they are tried."""
    requests(world.laboratory, monkeypatch)
    at = len(KEEPING) + list(BUILT).index(where)
    for _ in range(2):
        evaluated = world.laboratory.evaluate(
            iter(candidates(world.files, f"m{at}.py")), spectrum, wanted=[f"test_m{at}.py::test_it"]
        )
        outcomes = [judged.outcome for judged in evaluated]
        assert outcomes == [*(Outcome.FAILED for _ in WRONG), Outcome.PASSED]


def test_what_takes_long_is_tried_alone(
    world: Workbench, spectrum: Spectrum, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = requests(world.laboratory, monkeypatch)
    monkeypatch.setattr(staging, "_SHORT_S", 0.0)
    found = world.laboratory.evaluate(
        iter(candidates(world.files, "m0.py")), spectrum, wanted=["test_m0.py::test_it"]
    )
    assert [judged.plausible for judged in found] == [False] * len(WRONG) + [True]
    assert set(asked) == {"try"}
