"""Which lines a defect is likely on, from what the tests did and what the incident says. Pure.

The unit is the statement: a line stands for the whole of the statement that starts there. Ochiai's
formula compares the failing tests' statements with the passing ones'; where the error was raised,
and what the incident names, is believed on top of it. What runs at import is in no test's lines, so
the names that suspicious code reads lend their suspicion to what binds them.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from bot.engines.search.model import Spectrum, Suspect, TestRan
from bot.engines.search.statements import OUTSIDE, Files, Place, Read

Lines = Mapping[str, frozenset[int]]
Formula = Callable[[int, int, int], float]
"""Suspicion from how many failing tests ran a statement, how many failing there are, and how many
passing ones ran it."""

AT_FRAME = 0.5
"""Believed of a traceback's innermost statement; of each further out, this much of the last."""
MADE_BY = 0.25
"""Believed of what bound the variables that the innermost statement reads."""
NAMED_SYMBOL = 0.35
NAMED_LINE = 0.6
NAMED_FILE = 0.1
LENT = 0.8
"""Of a statement's suspicion, what it lends to what binds a name that it reads."""
LENT_BY_FUNCTION = 0.6
"""Of a function's greatest, what it lends to what binds the names that it reads anywhere: what a
harmless statement reads may decide whether a suspicious one runs."""
LENT_BY_CLASS = 0.4
"""Of the greatest in a class, what it lends to the attributes that the class binds itself."""
LEAST_TEXT = 3
"""Characters of a text that tells where it was written;"""
WRITTEN = 0.7
"""and what is believed where the one literal stands that a test got and should not have got."""
UNSEEN = 0.2
"""For what the incident names where no line could be measured."""
_TEST_FOLDERS = frozenset(["test", "tests", "testing", "test_data", "testdata"])


@dataclass(frozen=True, slots=True)
class Named:
    """A place that the incident names: a file, a dotted symbol in it, or a line."""

    path: str
    symbol: str = ""
    line: int = 0


def is_code(path: str) -> bool:
    """Whether a file is Python that tests judge, and no test or test's support itself."""
    parts = PurePosixPath(path).parts
    name = parts[-1] if parts else ""
    if not name.endswith(".py") or name in ("conftest.py", "setup.py", "noxfile.py"):
        return False
    if name.startswith("test_") or name.endswith(("_test.py", "_tests.py")) or name == "tests.py":
        return False
    return not _TEST_FOLDERS.intersection(parts[:-1])


def ochiai(failed: int, failing: int, passed: int) -> float:
    return failed / math.sqrt(failing * (failed + passed)) if failed else 0.0


def barinel(failed: int, failing: int, passed: int) -> float:
    return failed / (failed + passed) * (failed / failing) ** 0.5 if failed else 0.0


def dstar(failed: int, failing: int, passed: int) -> float:
    if not failed:
        return 0.0
    odds = failed * failed / (passed + failing - failed + 0.5)
    return odds / (odds + 1.0)


def localise(
    spectrum: Spectrum,
    read: Read,
    *,
    named: Sequence[Named] = (),
    eligible: Callable[[str], bool] = is_code,
    wanted: Sequence[str] = (),
    texts: Sequence[str] = (),
    formula: Formula = ochiai,
) -> tuple[Suspect, ...]:
    """The statements of eligible files, the most suspicious first; every suspicion is above zero.

    `wanted` are the failing tests that it is about, all of them where none is named; `texts` are
    what they got and should not have, or what they got where something was missing, perhaps as a
    literal of the code says it.
    """
    chosen = frozenset(wanted)
    failing = [test for test in spectrum.failing if not chosen or test.id in chosen]
    others = frozenset(test.id for test in spectrum.failing)
    passing = [test for test in spectrum.tests if test.id not in others and test.lines is not None]
    files = Files(read, eligible)
    scores = _by_tests(failing, passing, files, formula)
    if not scores:
        _from_names_alone(scores, named, files)
    _believe_frames(scores, failing, files)
    _believe_names(scores, named, files)
    _lend(scores, files)
    _believe_texts(scores, texts, failing, files)
    suspects = [Suspect(path, line, score) for (path, line), score in scores.items() if score > 0]
    return tuple(sorted(suspects, key=_first))


def _first(suspect: Suspect) -> tuple[float, str, int]:
    return -suspect.suspicion, suspect.path, suspect.line


Scores = dict[Place, float]


def _raise(scores: Scores, place: Place, belief: float) -> None:
    """Two independent reasons are believed together more than either, and never beyond doubt."""
    scores[place] = 1.0 - (1.0 - scores.get(place, 0.0)) * (1.0 - belief)


def _by_tests(
    failing: Sequence[TestRan], passing: Sequence[TestRan], files: Files, formula: Formula
) -> Scores:
    """What runs once, at the first call, counts as run by all tests that run anything there."""
    failed = _counts([test.lines for test in failing], files)
    again = _counts([test.lines if test.again is None else test.again for test in failing], files)
    passed = _counts([test.lines for test in passing], files)
    ran_file = Counter(path for test in passing for path in test.lines or ())
    measured = sum(1 for test in failing if test.lines)

    def others(place: Place) -> int:
        return max(passed.get(place, 0), 0 if place in again else ran_file[place[0]])

    return {
        place: min(0.95, formula(count, measured, others(place))) for place, count in failed.items()
    }


def _counts(ran: Iterable[Lines | None], files: Files) -> dict[Place, int]:
    """How many of the tests ran each statement."""
    counts: dict[Place, int] = defaultdict(int)
    for found in ran:
        for path, lines in (found or {}).items():
            file = files.get(path)
            if file is not None:
                for line in {file.starts[line] for line in lines if line in file.starts}:
                    counts[path, line] += 1
    return counts


def _from_names_alone(scores: Scores, named: Sequence[Named], files: Files) -> None:
    for place in named:
        file = files.get(place.path)
        for line in sorted(set(file.starts.values())) if file else ():
            scores.setdefault((place.path, line), UNSEEN)


def _believe_frames(scores: Scores, failing: Sequence[TestRan], files: Files) -> None:
    beliefs: dict[Place, float] = {}
    for test in failing:
        belief = AT_FRAME
        seen: set[Place] = set()
        for path, line in reversed(test.frames):
            file = files.get(path)
            if file is None or line not in file.starts:
                continue
            place = path, file.starts[line]
            if place not in seen:
                if not seen:
                    made = {(path, at) for at in file.made_by(place[1])} & scores.keys()
                    beliefs.update((at, max(MADE_BY, beliefs.get(at, 0.0))) for at in made)
                seen.add(place)
                beliefs[place] = max(belief, beliefs.get(place, 0.0))
                belief *= AT_FRAME
            if belief < 0.05:
                break
    for place, belief in beliefs.items():
        _raise(scores, place, belief)


def _believe_names(scores: Scores, named: Sequence[Named], files: Files) -> None:
    for place in named:
        file = files.get(place.path)
        if file is None:
            continue
        belief = NAMED_SYMBOL if place.symbol else NAMED_FILE
        spans = file.spans(place.symbol)
        for at in [at for at in scores if at[0] == place.path]:
            if any(first <= at[1] <= last for first, last in spans):
                _raise(scores, at, belief)
        if place.line in file.starts:
            _raise(scores, (place.path, file.starts[place.line]), NAMED_LINE)


def _believe_texts(
    scores: Scores, texts: Sequence[str], failing: Sequence[TestRan], files: Files
) -> None:
    """The fewer literals there are with such a text, the more each is believed."""
    ran = [file for path in _paths(failing) if (file := files.get(path)) is not None]
    beliefs: dict[Place, float] = {}
    for text in filter(_tells, texts):
        found = [(file.path, line) for file in ran for line in file.writing(text)]
        for place in found:
            beliefs[place] = max(beliefs.get(place, 0.0), WRITTEN / math.sqrt(len(found)))
    for place, belief in beliefs.items():
        _raise(scores, place, belief)


def _tells(text: str) -> bool:
    return len(text.strip()) >= LEAST_TEXT


def _paths(failing: Sequence[TestRan]) -> list[str]:
    return sorted({path for test in failing for path in test.lines or ()})


def _lend(scores: Scores, files: Files) -> None:
    """From statements to the assignments, defaults and decorators at import that they depend on."""
    greatest = _greatest_by_scope(scores, files)
    lent: Scores = {}

    def lend(place: Place, score: float) -> None:
        lent[place] = max(lent.get(place, 0.0), score)

    for (path, line), score in scores.items():
        file = files.get(path)
        if file is None:
            continue
        around = file.around.get(line, OUTSIDE)
        by_function = greatest.get((path, around.function), 0.0) * LENT_BY_FUNCTION
        for place, among in file.depends_on(line, files):
            lend(place, max(score * LENT, by_function) / math.sqrt(among))
        for first in around.classes:
            for at in file.attributes_of(first):
                lend((path, at), greatest[path, first] * LENT_BY_CLASS)
    for place, score in lent.items():
        scores[place] = max(score, scores.get(place, 0.0))


def _greatest_by_scope(scores: Scores, files: Files) -> Scores:
    """The greatest suspicion in each function and class, by where it starts."""
    found: Scores = {}
    for (path, line), score in scores.items():
        file = files.get(path)
        around = file.around.get(line, OUTSIDE) if file else OUTSIDE
        for first in (around.function, *around.classes):
            found[path, first] = max(score, found.get((path, first), 0.0))
    return found
