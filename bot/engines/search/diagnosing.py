"""Which failing tests reproduce an incident: what it mentions, against what the tests did. Pure.

Tests that the incident names come first, then those that execute what it names, then, where it
names nothing that could be executed, every failing one. Tests that fail from different causes are
told apart, so that a repository with several bugs at once can have them mended one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.definitions import outline
from bot.engines.search.localising import Named
from bot.engines.search.model import Outcome, Spectrum, TestRan
from bot.model import Incident, NotActionable, Place, Severity, Tree
from bot.tree_index import is_test, module_parts

MAX_GOALS = 5
"""So many sets of failing tests are tried to be mended in turn."""
ALIKE = 0.5
"""Two failing tests that share this much of the lines they execute fail from one cause."""
_TYPE = re.compile(r"^(?:[\w.]+\.)?(\w+)\s*(?::|$)")
_SAID_TYPE = re.compile(r"\b([A-Z]\w*(?:Error|Exception|Warning|Interrupt|Iteration))\b")
_OUTSIDE = re.compile(
    r"ModuleNotFoundError|ConnectionError|ConnectionRefused|PermissionError|gaierror|URLError"
    r"|read-only file system|[Nn]etwork is unreachable|fixture '\w+' not found"
)
"""Failures of where the tests run; no change of the code mends them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosed:
    """What to mend. Each goal is a set of failing tests that one change should make pass.

    The first goal is what the incident is about; the others are parts of it, for where it turns out
    to have several causes. `named` are the places it names in code; `because` says
    of the tests why it is about them.
    """

    goals: tuple[tuple[TestRan, ...], ...]
    named: tuple[Named, ...]
    because: str
    words: frozenset[str] = frozenset()

    @property
    def tests(self) -> tuple[TestRan, ...]:
        return self.goals[0]


def diagnose(incident: Incident, tree: Tree, spectrum: Spectrum) -> Diagnosed | NotActionable:
    """The failing tests that reproduce this incident, or why none does and what would help."""
    mentioned = _Mentioned.of(incident, tree)
    failing = [test for test in spectrum.failing if not _of_its_surroundings(test, mentioned)]
    if not failing:
        return NotActionable(_nothing_fails(spectrum, mentioned))
    if _is_about_other_files(incident, mentioned, failing):
        path = incident.places[0].path
        return NotActionable(f"It is about `{path}`, and searching only changes Python code.")
    for because, chosen in _ways(mentioned, failing):
        if chosen:
            picked = _of_the_same_type(chosen, mentioned)
            return Diagnosed(
                goals=_goals(picked, failing, mentioned),
                named=mentioned.code,
                because=because,
                words=mentioned.words,
            )
    return NotActionable(_elsewhere(len(failing), mentioned))


def _is_about_other_files(
    incident: Incident, mentioned: _Mentioned, failing: Sequence[TestRan]
) -> bool:
    """Whether all that it names are settings of tools, so that no failing test is its."""
    if not incident.places or mentioned.code or mentioned.tests:
        return False
    if not all(place.path.startswith(".") for place in incident.places):
        return False
    return not any(mentioned.names_test(test) for test in failing)


def severity(tests: Sequence[TestRan], spectrum: Spectrum) -> Severity:
    """How much it hurts, by what the tests did: hang, crash or answer wrongly, and how many."""
    share = len(spectrum.failing) / max(1, len(spectrum.tests))
    if any(test.outcome in (Outcome.TIMED_OUT, Outcome.DIED) for test in tests):
        return Severity.HIGH
    if share > 0.5 and len(spectrum.tests) > 2:
        return Severity.HIGH
    return Severity.MEDIUM


def error_type(message: str) -> str:
    """The type that a test's message starts with, without its module; "" if with none."""
    found = _TYPE.match(message.strip())
    return found[1] if found else ""


def belongs(test: str, path: str, symbol: str = "") -> bool:
    """Whether a test's id (pytest's or unittest's) lies in this file, and in this symbol of it."""
    bare = test.split("[", 1)[0]
    if "::" in bare or bare.endswith(".py"):
        file, _, rest = bare.partition("::")
        within = rest.replace("::", ".")
        return file == path and (not symbol or f"{within}.".startswith(f"{symbol}."))
    module = ".".join(module_parts(path))
    for start in {module, module.rsplit(".", 1)[-1]}:
        if f"{bare}.".startswith(f"{start}."):
            within = bare[len(start) + 1 :]
            return not symbol or f"{within}.".startswith(f"{symbol}.")
    return False


# ------------------------------------------------------------------------- what the incident says


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mentioned:
    """What an incident mentions, sorted by what it is in the base tree."""

    code: tuple[Named, ...]
    tests: tuple[Place, ...]
    spans: tuple[tuple[str, range], ...]
    """The lines of the symbols in `code`; the heads of definitions run at import, so not those."""
    text: str
    error_types: frozenset[str]
    words: frozenset[str]

    @classmethod
    def of(cls, incident: Incident, tree: Tree) -> _Mentioned:
        text = "\n".join(
            part for one in incident.reflections for part in (one.task, one.outcome, one.text)
        )
        fields = (one.error_type.rsplit(".", 1)[-1] for one in incident.reflections)
        python = [place for place in incident.places if place.path.endswith(".py")]
        code = [place for place in python if not is_test(place.path)]
        return cls(
            code=tuple(Named(place.path, place.symbol, place.line) for place in code),
            tests=tuple(place for place in python if is_test(place.path)),
            spans=tuple(_spans(code, tree.read)),
            text=text,
            error_types=frozenset({*_SAID_TYPE.findall(text), *filter(None, fields)}),
            words=frozenset(re.findall(r"[A-Za-z_]\w+", text)),
        )

    def names_test(self, test: TestRan) -> bool:
        name = re.split(r"::|\.", test.id.split("[", 1)[0])[-1]
        if re.search(rf"(?<!\w){re.escape(name)}(?!\w|\.py\b)", self.text):
            return True
        return any(belongs(test.id, place.path, place.symbol) for place in self.tests)

    @property
    def names_a_test_function(self) -> bool:
        return any(place.symbol for place in self.tests)

    @property
    def example(self) -> str:
        """What a new test could be about, as a clause's end; empty where nothing is named."""
        if not self.code:
            return ""
        first = self.code[0]
        return f"`{first.symbol}` in `{first.path}`" if first.symbol else f"`{first.path}`"


def _spans(
    places: Iterable[Place], read: Callable[[str], str | None]
) -> Iterable[tuple[str, range]]:
    for place in places:
        if place.symbol:
            for one in outline(read(place.path) or ""):
                if one.name == place.symbol:
                    yield place.path, range(one.head, one.last + 1)


def _of_its_surroundings(test: TestRan, mentioned: _Mentioned) -> bool:
    """Whether it fails from where it runs and not from the code, and nobody asked for it."""
    return bool(_OUTSIDE.search(test.message)) and not mentioned.names_test(test)


# -------------------------------------------------------------------------------- which tests


def _ways(mentioned: _Mentioned, failing: Sequence[TestRan]) -> Iterable[tuple[str, list[TestRan]]]:
    """Which failing tests are meant, in the order in which the ways to tell are to be believed."""
    named = [test for test in failing if mentioned.names_test(test)]
    yield "named by the incident", named
    if mentioned.spans:
        yield (
            f"executing {mentioned.example}",
            [test for test in failing if _executes(test, mentioned.spans)],
        )
        # It is not run, so another part of its file only counts where the error is the same.
        failing = [test for test in failing if error_type(test.message) in mentioned.error_types]
    if mentioned.code:
        paths = {one.path for one in mentioned.code}
        yield (
            f"executing `{mentioned.code[0].path}`",
            [test for test in failing if paths & (set(test.lines or ()) | _framed(test))],
        )
        # What runs at import is in no test's lines.
        stems = {module_parts(path)[-1] for path in paths if module_parts(path)}
        yield (
            f"named after `{mentioned.code[0].path}`",
            [test for test in failing if _is_named_after(test, stems)],
        )
        yield "not traced", [test for test in failing if test.lines is None]
    elif not mentioned.names_a_test_function:
        yield "failing in the suite", list(failing)


def _executes(test: TestRan, spans: Sequence[tuple[str, range]]) -> bool:
    lines = test.lines or {}
    return any(
        any(line in lines.get(path, ()) for line in span)
        or any(at == path and line in span for at, line in test.frames)
        for path, span in spans
    )


def _framed(test: TestRan) -> set[str]:
    return {path for path, _ in test.frames}


def _is_named_after(test: TestRan, stems: set[str]) -> bool:
    file = re.split(r"::|\.py", test.id, maxsplit=1)[0].rsplit("/", 1)[-1]
    parts = set(file.split(".")) | {file.removeprefix("test_").removesuffix("_test")}
    return bool(stems & {part.removeprefix("test_") for part in parts})


def _of_the_same_type(chosen: list[TestRan], mentioned: _Mentioned) -> list[TestRan]:
    """Those that fail with an error that the incident names, where some do."""
    same = [test for test in chosen if error_type(test.message) in mentioned.error_types]
    return same or chosen


# --------------------------------------------------------------------------------- which causes


def _goals(
    picked: Sequence[TestRan], failing: Sequence[TestRan], mentioned: _Mentioned
) -> tuple[tuple[TestRan, ...], ...]:
    """All of it at once first, with what fails alike; then each cause alone, the larger first."""
    clusters = by_cause(failing)
    ids = {test.id for test in picked}
    touched = [cluster for cluster in clusters if any(test.id in ids for test in cluster)]
    alike = {test.id for cluster in touched for test in cluster}
    inside = [tuple(test for test in cluster if test.id in ids) for cluster in touched]
    inside.sort(key=lambda cluster: (_fails_in_code(cluster), len(cluster)), reverse=True)
    goals = [
        tuple(test for test in failing if test.id in alike),
        tuple(picked),
        *inside,
    ]
    distinct = {frozenset(test.id for test in goal): goal for goal in reversed(goals)}
    return tuple(reversed(distinct.values()))[:MAX_GOALS]


def _fails_in_code(cluster: Sequence[TestRan]) -> bool:
    return any(broke_at(test) is not None for test in cluster)


def by_cause(failing: Sequence[TestRan]) -> list[list[TestRan]]:
    """Failing tests in groups that seem to fail from one cause each, in their own order."""
    clusters: list[list[TestRan]] = []
    for test in failing:
        joined = [cluster for cluster in clusters if any(_alike(test, one) for one in cluster)]
        merged = [one for cluster in joined for one in cluster] + [test]
        clusters = [cluster for cluster in clusters if cluster not in joined]
        clusters.append(merged)
    return clusters


def _alike(one: TestRan, other: TestRan) -> bool:
    if one.id.split("[", 1)[0] == other.id.split("[", 1)[0]:
        return True
    if (place := broke_at(one)) is not None and place == broke_at(other):
        return True
    if (one.outcome is Outcome.FAILED) is not (other.outcome is Outcome.FAILED):
        return False  # what only takes long may run the same code
    ours, theirs = _code_lines(one), _code_lines(other)
    if not ours or not theirs:
        return one.id.split("::")[0] == other.id.split("::")[0]
    return len(ours & theirs) >= ALIKE * len(ours | theirs)


def broke_at(test: TestRan) -> tuple[str, int] | None:
    """The innermost place of its traceback that is code and no test."""
    inside = [frame for frame in test.frames if not is_test(frame[0])]
    return inside[-1] if inside else None


def _code_lines(test: TestRan) -> set[tuple[str, int]]:
    return {
        (path, line)
        for path, lines in (test.lines or {}).items()
        if not is_test(path)
        for line in lines
    }


# ---------------------------------------------------------------------------- what would help


def _nothing_fails(spectrum: Spectrum, mentioned: _Mentioned) -> str:
    count = len(spectrum.tests)
    if not count:
        said = "no test of the base could be run"
    elif spectrum.failing:
        said = "no test fails but for reasons outside of the code"
    else:
        said = "its one test passes" if count == 1 else f"all {count:,} tests of the base pass"
    return f"No failing test reproduces it: {said}; {_help(mentioned)}."


def _elsewhere(count: int, mentioned: _Mentioned) -> str:
    which = "the one test that fails does not execute"
    if count > 1:
        which = f"none of the {count:,} tests that fail executes"
    what = mentioned.example or "the test that it names"
    return f"No failing test reproduces it: {which} {what}; {_help(mentioned)}."


def _help(mentioned: _Mentioned) -> str:
    about = f", e.g. for {mentioned.example}" if mentioned.example else ""
    return f"add a test that fails because of it{about}"
