"""The policy's rules against the facts of one change. Pure.

Every rule is weighed, the built-in ones first, and the decision keeps what was weighed: whoever
wants to know why reads the very evaluation that decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from pathspec import GitIgnoreSpec

from bot.built_in_rules import BUILT_IN
from bot.config import Config, Outcome, Proof, RuleConfig
from bot.evidence import Evidence
from bot.facts import Answer, Condition, Facts, Met, Weighed
from bot.model import Check, CheckState, FileChange, Kind, RequiredCheck, configured_name
from bot.time_windows import Window, duration, spelled

NO_RULE = "no rule"
OF_TIME = frozenset({"min_age", "hours", "days"})


@dataclass(frozen=True, slots=True)
class Decision:
    """What policy says of one change: the outcome, the rule that said it, and why.

    `pending` is set while a rule of a higher place may yet match; the outcome then is what is done
    meanwhile, and the rule is the one being waited for. `weighed` are all rules in their order,
    the built-in ones first.
    """

    outcome: Outcome
    rule: str
    reason: str
    pending: bool = False
    weighed: tuple[Weighed, ...] = field(default=(), compare=False, repr=False)

    @property
    def awaits_a_time(self) -> bool:
        """Whether the rule waits for an age or an hour, before which no merge is possible."""
        rule = next((one for one in self.weighed if one.rule == self.rule), None)
        asked = rule.conditions if rule and self.pending else ()
        return any(one.met is Met.PENDING and one.name in OF_TIME for one in asked)


def judge(facts: Facts, config: Config) -> Decision:
    """The first rule that matches, held against what no rule may loosen."""
    built_in = tuple(rule.weigh(facts, config) for rule in BUILT_IN)
    asked = tuple(_weigh(rule, facts) for rule in config.policy.rule)
    everything = (*built_in, *asked)
    first = next((rule for rule in asked if rule.matches or rule.met is Met.PENDING), None)
    wanted = first.outcome if first else Outcome.REVIEW
    for rule in built_in:
        if rule.matches and _is_stricter(rule.outcome, wanted):
            return Decision(rule.outcome, rule.rule, _capped(rule, first), weighed=everything)
    if first is None:
        said = "no rule of the policy matches, so a person reviews"
        return Decision(Outcome.REVIEW, NO_RULE, said, weighed=everything)
    pending = first.met is Met.PENDING
    said = f"waits for: {first.awaited}" if pending else first.fact
    return Decision(first.outcome, first.rule, said, pending, everything)


def _is_stricter(at_most: Outcome, wanted: Outcome) -> bool:
    """Whether what a built-in rule allows is less than what the policy asks for."""
    if at_most is Outcome.REFUSE:
        return True
    return wanted is Outcome.MERGE


def _capped(built_in: Weighed, wanted: Weighed | None) -> str:
    """Why the policy's rule does not get its way."""
    if built_in.outcome is Outcome.REFUSE or wanted is None:
        return built_in.fact
    return f"rule “{wanted.rule}” would {wanted.outcome}, but {built_in.fact}"


def _weigh(rule: RuleConfig, facts: Facts) -> Weighed:
    asked = (Condition(name, *answer) for name, answer in _conditions(rule, facts))
    return Weighed(rule.name, rule.outcome, tuple(asked))


def proof_of(
    required: Sequence[RequiredCheck],
    base: Sequence[Check] | None,
    head: Sequence[Check] | None,
    evidence: Evidence | None = None,
) -> tuple[Proof | None, bool]:
    """How far a change is proven, and whether more may come.

    Returns (proof, pending). The proof is None where the head's checks could not be read. Green
    required checks are asked of every proof. What failed before is known from the sandbox's
    evidence where it counts, else from the required checks of the base, which may still run.
    """
    if head is None:
        return None, False
    if not required:
        return Proof.NONE, False
    states = [check_state(need, head) for need in required]
    if CheckState.FAILED in states:
        return Proof.NONE, False
    if CheckState.PENDING in states:
        return Proof.NONE, True
    if evidence is not None and not evidence.problem:
        return (Proof.FAIL_TO_PASS if evidence.fail_to_pass else Proof.CHECKS), False
    before = [(check_state(need, base or ()), need.name) for need in required]
    if any(state is CheckState.FAILED for state, _ in before):
        return Proof.FAIL_TO_PASS, False
    running = {check.name for check in base or ()}
    return Proof.CHECKS, any(s is CheckState.PENDING and name in running for s, name in before)


def spell_required(need: RequiredCheck) -> str:
    """A required check as text: its name, and `@app-id` where it is bound to an app."""
    return f"{need.name}@{need.app_id}" if need.app_id else need.name


def parse_required(text: str) -> RequiredCheck:
    """What `spell_required` wrote."""
    name, at, app_id = text.rpartition("@")
    return RequiredCheck(name, int(app_id)) if at and app_id.isdigit() else RequiredCheck(text)


def check_state(need: RequiredCheck, checks: Sequence[Check]) -> CheckState:
    """A required check's state among these: a missing one is pending, all of its name must pass."""
    states = [
        check.state
        for check in checks
        if check.name == need.name and need.app_id in (0, check.app_id)
    ]
    if CheckState.FAILED in states:
        return CheckState.FAILED
    if not states or CheckState.PENDING in states:
        return CheckState.PENDING
    return CheckState.PASSED


# ---------------------------------------------------------------------- the policy's conditions


def _conditions(rule: RuleConfig, facts: Facts) -> Iterator[tuple[str, Answer]]:
    """Each condition the rule names, with whether it is met and the fact that says so."""
    yield from _of_the_change(rule, facts)
    yield from _of_its_maker(rule, facts)
    if rule.proof is not None:
        yield "proof", _proof(rule.proof, facts)
    yield from _of_time(rule, facts)


def _of_the_change(rule: RuleConfig, facts: Facts) -> Iterator[tuple[str, Answer]]:
    if rule.paths is not None:
        yield "paths", _paths(rule.paths, facts)
    if rule.kind is not None:
        yield "kind", _member(facts.kind, rule.kind, "kind")
    if rule.severity is not None:
        yield "severity", _member(facts.severity, rule.severity, "severity")
    if rule.max_files is not None:
        count = None if facts.changes is None else len(facts.changes)
        yield "max_files", _at_most(count, rule.max_files, "files")
    if rule.max_lines is not None:
        count = None if facts.changes is None else sum(c.lines for c in facts.changes)
        yield "max_lines", _at_most(count, rule.max_lines, "lines")


def _of_its_maker(rule: RuleConfig, facts: Facts) -> Iterator[tuple[str, Answer]]:
    if rule.engine is not None:
        yield "engine", _member(facts.engine or None, rule.engine, "engine")
    if rule.confidence is not None:
        yield "confidence", _confidence(rule.confidence, facts.confidence)
    if rule.attempt is not None:
        yield "attempt", _attempt(rule.attempt, facts.attempt)
    if rule.source is not None:
        yield "source", _sources(rule.source, facts.sources)
    if rule.trust is not None:
        yield "trust", _trust(rule.trust, facts)


def _of_time(rule: RuleConfig, facts: Facts) -> Iterator[tuple[str, Answer]]:
    if rule.min_age is not None:
        yield "min_age", _min_age(rule.min_age, facts)
    if rule.max_age is not None:
        yield "max_age", _max_age(rule.max_age, facts)
    if rule.window is not None:
        yield "hours" if rule.hours else "days", _open(rule.window, facts)


def _paths(patterns: tuple[str, ...], facts: Facts) -> Answer:
    if facts.changes is None:
        return Met.UNKNOWN, "the changed paths are unknown"
    spec = _spec(patterns)
    outside = [change.path for change in facts.changes if not spec.match_file(change.path)]
    if outside:
        return Met.NO, f"{outside[0]} is outside"
    return Met.YES, f"only {', '.join(patterns)} changes"


@lru_cache(maxsize=64)
def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    return GitIgnoreSpec.from_lines(patterns)


def _member(value: str | None, wanted: Sequence[str], what: str) -> Answer:
    if value is None:
        return Met.UNKNOWN, f"the {what} is unknown"
    return (Met.YES if value in wanted else Met.NO), f"{what} is {value}"


def _at_most(count: int | None, most: int, what: str) -> Answer:
    if count is None:
        return Met.UNKNOWN, f"the number of {what} is unknown"
    return (Met.YES if count <= most else Met.NO), f"{count} of at most {most} {what} change"


def _proof(wanted: Proof, facts: Facts) -> Answer:
    if facts.proof is None:
        return Met.UNKNOWN, "the proof is unknown"
    if facts.proof.rank >= wanted.rank:
        return Met.YES, f"proof is “{facts.proof}”"
    if facts.proof_pending:
        return Met.PENDING, f"proof “{wanted}”"
    return Met.NO, f"proof is “{facts.proof}”"


def _confidence(least: float, confidence: float | None) -> Answer:
    if confidence is None:
        return Met.UNKNOWN, "the engine does not say how sure it is"
    met = Met.YES if confidence >= least else Met.NO
    return met, f"confidence is {confidence:.2f} of at least {least:g}"


def _attempt(most: int, attempt: int | None) -> Answer:
    if attempt is None:
        return Met.UNKNOWN, "the number of the attempt is unknown"
    return (Met.YES if attempt <= most else Met.NO), f"attempt {attempt} of at most {most}"


def _sources(wanted: Sequence[str], sources: Sequence[str]) -> Answer:
    if not sources:
        return Met.UNKNOWN, "its source is unknown"
    others = [name for name in sources if configured_name(name) not in wanted]
    if others:
        return Met.NO, f"it came from “{others[0]}”"
    return Met.YES, f"it came from {', '.join(f'“{name}”' for name in sources)}"


def _trust(wanted: bool, facts: Facts) -> Answer:
    if not facts.sources:
        return Met.UNKNOWN, "its source is unknown"
    said = "its source is trusted" if facts.trusted else "its source is not trusted"
    return (Met.YES if facts.trusted is wanted else Met.NO), said


def _min_age(least: str, facts: Facts) -> Answer:
    if facts.proposed is None:
        return Met.UNKNOWN, "it is unknown when it was proposed"
    due = facts.proposed + duration(least)
    if facts.now < due:
        return Met.PENDING, f"an age of {least}, after {spelled(due)}"
    return Met.YES, f"it is older than {least} since {spelled(due)}"


def _max_age(most: str, facts: Facts) -> Answer:
    if facts.proposed is None:
        return Met.UNKNOWN, "it is unknown when it was proposed"
    end = facts.proposed + duration(most)
    if facts.now < end:
        return Met.YES, f"it is younger than {most} until {spelled(end)}"
    return Met.NO, f"it is older than {most} since {spelled(end)}"


def _open(window: Window, facts: Facts) -> Answer:
    opening = window.opening(facts.now)
    if opening is None:
        return Met.YES, f"the time is within {window}"
    return Met.PENDING, f"{window}, after {spelled(opening)}"


# ---------------------------------------------------------------------------- the kind of change

_DOCUMENTATION = ("*.md", "*.rst", "/docs/**", "!*.py")
"""A Python file is code wherever it lies: `docs/conf.py` runs."""


def kind_of(changes: Sequence[FileChange] | None, recorded: Kind | None) -> Kind | None:
    """What a change is for; None where it is unknown."""
    if changes is None or recorded is None or recorded is Kind.REVERT:
        return recorded if recorded is Kind.REVERT else None
    spec = _spec(_DOCUMENTATION)
    only = bool(changes) and all(spec.match_file(change.path) for change in changes)
    return Kind.DOCS if only else Kind.FIX
