"""What ran while the tests were collected is tried live, and imported before it is believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from bot.engines.search import staging
from bot.engines.search.evaluating import DEPTH, Until
from bot.engines.search.model import Outcome, Spectrum
from tests.engines.search.workbench import Workbench, workbench, workbench_of_module
from tests.scratch import Scratch

OLD = "x - 1"
WRONG = ("x - 2", "x", "x - None")
RIGHT = "x + 1"
PROJECTS: Mapping[str, str] = {
    "it matters in the test": f"def more(x):\n    return {OLD}\n\n\nUNUSED = more(1)\n",
    "it matters at import": f"def made(x):\n    return {OLD}\n\n\nTWO = made(1)\n\n\n"
    "def more(x):\n    return TWO if x == 1 else None\n",
    "it matters in both": f"def other(x):\n    return {OLD}\n\n\nTWO = other(1)\n\n\n"
    "def more(x):\n    return other(x) if TWO == 2 else None\n",
    "it matters in a class made by a function": "def made():\n    class Kept:\n"
    f"        x = 1\n        value = {OLD}\n\n    return Kept\n\n\nKept = made()\n\n\n"
    "def more(x):\n    return Kept.value\n",
    "it matters in a list made by a function": "def made():\n"
    f"    return [{OLD} for x in range(3)]\n\n\nKEPT = made()\n\n\n"
    "def more(x):\n    return KEPT[x]\n",
    "only a test calls it": f"def more(x):\n    return {OLD}\n",
    "only a test calls it, and a function made it": "def made(times):\n    def found(x):\n"
    f"        return times * ({OLD})\n\n    return found\n\n\nmore = made(1)\n",
}
UNTOUCHED = [name for name in PROJECTS if name.startswith("only a test calls it")]
BROKEN = "x + 1 if x == 1 else None + x"
"""Passes in the live process, where nobody calls it with another number any more."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    files = {}
    for at, text in enumerate(PROJECTS.values()):
        files[f"m{at}.py"] = text
        files[f"test_m{at}.py"] = (
            f"from m{at} import more\n\n\ndef test_it():\n    assert more(1) == 2\n"
        )
    files["m9.py"] = f"def more(x):\n    return {OLD}\n\n\nUNUSED = more(5)\n"
    files["test_m9.py"] = files["test_m0.py"].replace("m0", "m9")
    with workbench_of_module(tmp_path_factory.mktemp("world"), files) as made:
        yield made


@pytest.fixture(scope="module")
def spectrum(world: Workbench) -> Spectrum:
    return world.laboratory.spectrum()


def ends(world: Workbench, spectrum: Spectrum, at: int, *news: str) -> list[Outcome]:
    tried = [world.change(f"m{at}.py", OLD, new) for new in news]
    found = world.laboratory.evaluate(iter(tried), spectrum, wanted=[f"test_m{at}.py::test_it"])
    outcomes = {judged.candidate.replacements: judged.outcome for judged in found}
    return [outcomes[one.replacements] for one in tried]


@pytest.mark.parametrize("together", [True, False], ids=["together", "alone"])
@pytest.mark.parametrize("how", PROJECTS)
def test_each_is_judged_as_by_importing_it(
    world: Workbench,
    spectrum: Spectrum,
    how: str,
    together: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(staging, "_SHORT_S", 10.0 if together else 0.0)
    found = ends(world, spectrum, list(PROJECTS).index(how), *WRONG, RIGHT)
    assert found == [*(Outcome.FAILED for _ in WRONG), Outcome.PASSED]


@pytest.mark.parametrize("how", UNTOUCHED)
def test_none_is_imported_where_nothing_that_differs_has_run(
    world: Workbench, spectrum: Spectrum, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = world.laboratory._servers[0]
    ask, anew = server.ask, []

    def note(request: Mapping[str, object]) -> int:
        anew.append(bool(request.get("anew")))
        return ask(request)

    monkeypatch.setattr(server, "ask", note)
    ends(world, spectrum, list(PROJECTS).index(how), *WRONG, RIGHT)
    assert anew
    assert not any(anew)


def test_what_passes_only_where_it_was_not_imported_is_not_believed(
    world: Workbench, spectrum: Spectrum
) -> None:
    assert ends(world, spectrum, 9, BROKEN, RIGHT) == [Outcome.FAILED, Outcome.PASSED]


def test_what_passes_live_does_not_wait_for_those_that_failed_so(
    world: Workbench, spectrum: Spectrum, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = world.laboratory._servers[0]
    ask, anew = server.ask, []

    def note(request: Mapping[str, object]) -> int:
        if request.get("anew"):
            anew.append(str(request["edits"]))
        return ask(request)

    monkeypatch.setattr(server, "ask", note)
    ends(world, spectrum, 0, *WRONG, RIGHT)
    assert len(anew) == len(WRONG) + 1
    first = next(at for at, edits in enumerate(anew) if RIGHT in edits)
    assert first < DEPTH, "it only waits for what was asked already"


def test_one_that_fails_live_is_heard_at_once_and_counts_once(
    world: Workbench, spectrum: Spectrum
) -> None:
    """Its effect on the failing test says something of its line, whatever an import would do."""
    idle = world.change("m0.py", f"return {OLD}", f"return {OLD} + 0")
    other = world.change("m0.py", OLD, "x - 5")
    found = list(world.laboratory.evaluate([idle, other], spectrum, ["test_m0.py::test_it"]))
    heard = {one.candidate.replacements: one.is_same for one in found if not one.is_again}
    assert heard == {idle.replacements: True, other.replacements: False}
    assert sorted(one.is_again for one in found) == [False, False, True, True]


def test_what_only_an_import_runs_says_nothing_before_it(
    world: Workbench, spectrum: Spectrum
) -> None:
    at = list(PROJECTS).index("it matters at import")
    tried = [world.change(f"m{at}.py", OLD, new) for new in WRONG]
    found = list(world.laboratory.evaluate(tried, spectrum, [f"test_m{at}.py::test_it"]))
    assert {one.is_same for one in found if not one.is_again} == {None}
    assert {one.is_same for one in found if one.is_again} == {False, None}, "one stops it"


@pytest.mark.parametrize("how", list(PROJECTS)[:3])
def test_one_that_is_imported_after_it_failed_counts_once(
    world: Workbench, spectrum: Spectrum, how: str
) -> None:
    at = list(PROJECTS).index(how)
    tried = [world.change(f"m{at}.py", OLD, new) for new in (*WRONG, RIGHT)]
    until = Until(most=len(tried))
    wanted = [f"test_m{at}.py::test_it"]
    found = list(world.laboratory.evaluate(tried, spectrum, wanted, until))
    assert any(one.plausible for one in found)
    assert len([one for one in found if not one.is_again]) == len(tried)


PARAMETERS = """\
import time
import pytest
from shop import more, NAMES

TIME = time.time_ns()


@pytest.mark.parametrize('when', [f'{TIME}a', 'b', f'{TIME}c'])
def test_when(when):
    assert when[-1] != 'c' or more(1) == 2


@pytest.mark.parametrize('name', NAMES)
def test_name(name):
    assert name != 'bad'
"""


@pytest.fixture
def by_time(scratch: Scratch) -> Iterator[Workbench]:
    more = f"def more(x):\n    return {OLD}\n\n\nUNUSED = more(1)\n"
    files = {"shop.py": f"{more}NAMES = ['good', 'bad']\n", "test_shop.py": PARAMETERS}
    with workbench(scratch, files, workers=2) as made:
        yield made


def test_a_test_that_is_called_otherwise_each_time_is_found_again(by_time: Workbench) -> None:
    """As where the time of day is a parameter; those of one function keep their order."""
    tried = [by_time.change("shop.py", OLD, new) for new in (RIGHT, "x - 2")]
    spectrum = by_time.laboratory.spectrum()
    wanted = [test.id for test in spectrum.failing if "test_when" in test.id]
    found = {
        one.candidate.replacements[0].new: one.plausible
        for one in by_time.laboratory.evaluate(tried, spectrum, wanted)
    }
    assert found == {RIGHT: True, "x - 2": False}


def test_a_failing_test_that_is_not_there_any_more_is_not_mended(by_time: Workbench) -> None:
    gone = by_time.change("shop.py", "'bad'", "'other'")
    wanted = ["test_shop.py::test_name[bad]"]
    found = list(by_time.laboratory.evaluate([gone], by_time.laboratory.spectrum(), wanted))
    assert {(one.plausible, one.fixed) for one in found} == {(False, 0)}
