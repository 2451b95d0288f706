"""The rules that stand before the user's: what the bot never merges, whatever a policy says. Pure.

Each looks at one thing and says what it found. Where one matches, a change is decided as it says at
most; a policy may be stricter, and no rule of it is more lenient. What loosens one is a setting of
its own, named in `loosened_by`; all others cannot be loosened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.config import Config, Mode, Outcome
from bot.evidence import Evidence
from bot.facts import Answer, Condition, Facts, Met, Weighed
from bot.model import Kind
from bot.protected import Ward

SURE_ENOUGH = 0.5
"""An engine that says it is less sure than this has its patch reviewed."""


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """One built-in rule: its name in decisions, what is done at most, what it looks at."""

    name: str
    at_most: Outcome
    looks_at: str
    answer: Callable[[Facts, Config], Answer]
    loosened_by: str = ""
    wards: tuple[Ward, ...] = ()
    """What kinds of protected paths it is for, where it is for any."""

    def weigh(self, facts: Facts, config: Config) -> Weighed:
        condition = Condition(self.looks_at, *self.answer(facts, config))
        return Weighed(self.name, self.at_most, (condition,), built_in=True)


# ------------------------------------------------------------------------------------ evidence


def _breaks_tests(facts: Facts, config: Config) -> Answer:
    del config
    if facts.evidence is None:
        return Met.NO, "no sandbox has run its tests"
    if facts.kind is Kind.REVERT:
        return Met.NO, "it takes back what was merged, with what that had mended"
    return (Met.YES if facts.evidence.breaks else Met.NO), facts.evidence.sentence


def _unproven(facts: Facts, config: Config) -> Answer:
    why = _why_unproven(facts.evidence, config)
    if why:
        return Met.YES, why
    if facts.evidence and facts.evidence.keeps_all:
        return Met.NO, "every test of the base still runs, and none that passed fails"
    return Met.NO, "merge.without_evidence is set"


def _why_unproven(evidence: Evidence | None, config: Config) -> str:
    """Why nobody knows that all tests of the base still run and pass; empty if they do."""
    if evidence is None:
        said = (
            "no sandbox has compared its tests with the base's (merge.without_evidence is not set)"
        )
        return "" if config.merge.without_evidence else said
    if evidence.keeps_all:
        return ""
    if evidence.harmless and evidence.unloaded:
        return f"no test loads {evidence.unloaded.first[0]}, which it changes"
    if evidence.harmless and config.merge.without_evidence:
        return ""
    if evidence.harmless:
        return "its tests have no names, so it is not known whether all of the base's still run"
    said = evidence.sentence.removesuffix(".")
    return said[:1].lower() + said[1:]


# --------------------------------------------------------------------------------- what changes


def _unknown_change(facts: Facts, config: Config) -> Answer:
    del config
    if facts.changes is None:
        return Met.YES, "git's account is not at hand"
    return Met.NO, "git has said what changes"


def _protects(*wards: Ward) -> Callable[[Facts, Config], Answer]:
    """Whether it changes a path that belongs to one of these."""

    def answer(facts: Facts, config: Config) -> Answer:
        del config
        if facts.changes is None:
            return Met.UNKNOWN, "the changed paths are unknown"
        found = [path.sentence for path in facts.protected if path.ward in wards]
        return (Met.YES, _named(found)) if found else (Met.NO, "no such path changes")

    return answer


def _weakens_tests(facts: Facts, config: Config) -> Answer:
    return _risks(facts, _OF_TESTS, True)


def _adds_dependencies(facts: Facts, config: Config) -> Answer:
    protects = _protects(Ward.DEPENDENCIES)(facts, config)
    return protects if protects[0] is Met.YES else _risks(facts, ("new dependency",), True)


def _reaches_further(facts: Facts, config: Config) -> Answer:
    return _risks(facts, (*_OF_TESTS, "new dependency"), False)


_OF_TESTS = ("tests removed", "tests skipped", "tests weakened")


def _risks(facts: Facts, kinds: tuple[str, ...], among: bool) -> Answer:
    """The risks that are among these kinds, or that are not."""
    if facts.risks is None:
        return Met.UNKNOWN, "what it newly does is not on record"
    found = [risk for risk in facts.risks if (risk.rule in kinds) is among]
    if not found:
        return Met.NO, "nothing of the kind was found"
    named = ", ".join(dict.fromkeys(risk.rule for risk in found))
    return Met.YES, f"{named}: {_named([risk.sentence for risk in found])}"


def _named(sentences: list[str]) -> str:
    more = len(sentences) - 1
    return f"{sentences[0]}, and {more} more" if more else sentences[0]


# ----------------------------------------------------------------------------- where it is from


def _unsure(facts: Facts, config: Config) -> Answer:
    del config
    if facts.confidence is None:
        return Met.NO, "the engine does not say how sure it is"
    unsure = facts.confidence < SURE_ENOUGH
    return (Met.YES if unsure else Met.NO), f"the engine's confidence is {facts.confidence:.2f}"


def _untrusted(facts: Facts, config: Config) -> Answer:
    if facts.trusted:
        return Met.NO, "every source of the reflections has trust = true"
    least = next((name for name in facts.sources if not config.trusts((name,))), "")
    named = f" “{least}”" if least else ""
    return Met.YES, f"the reflection's source{named} has no trust = true"


def _capped_by_mode(facts: Facts, config: Config) -> Answer:
    del facts
    said = f'the configuration says mode = "{config.mode}"'
    return (Met.NO if config.mode is Mode.MERGE else Met.YES), said


REFUSE, REVIEW = Outcome.REFUSE, Outcome.REVIEW
_ITSELF = (Ward.ITSELF,)
_TESTS = (Ward.TESTS,)
_WORKFLOWS = (Ward.FORGE, Ward.CHECKS)
_OTHERS = (Ward.DOT_FILES, Ward.OWNERS, Ward.GIT, Ward.REFLECTIONS, Ward.NAMED)
BUILT_IN: tuple[BuiltIn, ...] = (
    BuiltIn("built-in: breaks tests", REFUSE, "tests that passed and fail now", _breaks_tests),
    BuiltIn("built-in: evidence", REVIEW, "whether every test of the base still runs and passes",
            _unproven, loosened_by="merge.without_evidence = true"),
    BuiltIn("built-in: unknown change", REVIEW, "git's account of the change", _unknown_change),
    BuiltIn("built-in: the bot itself", REVIEW, "the bot's own configuration and code",
            _protects(*_ITSELF), wards=_ITSELF),
    BuiltIn("built-in: tests that judge it", REVIEW, "tests, and what decides how they run",
            _protects(*_TESTS), wards=_TESTS),
    BuiltIn("built-in: tests weakened", REVIEW, "tests removed, skipped or weakened",
            _weakens_tests),
    BuiltIn("built-in: dependencies", REVIEW, "dependency manifests and lock files",
            _adds_dependencies, wards=(Ward.DEPENDENCIES,)),
    BuiltIn("built-in: workflows", REVIEW, "workflows, forge settings, continuous integration",
            _protects(*_WORKFLOWS), wards=_WORKFLOWS),
    BuiltIn("built-in: protected paths", REVIEW, "every other protected path",
            _protects(*_OTHERS), wards=_OTHERS),
    BuiltIn("built-in: risks", REVIEW, "what the code newly reaches, or no longer accepts",
            _reaches_further),
    BuiltIn("built-in: confidence", REVIEW, f"an engine that is less sure than {SURE_ENOUGH}",
            _unsure),
    BuiltIn("built-in: trusted sources", REVIEW, "whether every source is trusted", _untrusted,
            loosened_by="trust = true in each [[source]]"),
    BuiltIn("built-in: mode", REVIEW, "how far the bot may go at all", _capped_by_mode,
            loosened_by='mode = "merge"'),
)  # fmt: skip
"""In the order in which they are asked; the first that matches gives a decision its name."""
