"""The policy's rules against the facts of one change. Pure.

A condition is met, not met, unknown or *pending*. Unknown never satisfies; pending holds the
decision open, because asking for a review a minute before the proof arrives would be noise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from pathspec import GitIgnoreSpec

from bot.config import Config, Outcome, Proof, RuleConfig
from bot.evidence import Evidence
from bot.model import Check, CheckState, FileChange, Finding, RequiredCheck, Severity


class Met(Enum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"
    PENDING = "pending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the rules judge. None stands for "unknown", PENDING proof for "not yet"."""

    changes: tuple[FileChange, ...] | None
    protected: tuple[Finding, ...]
    risks: tuple[Finding, ...] | None
    severity: Severity | None
    engine: str
    trusted: bool
    proof: Proof | None
    proof_pending: bool
    evidence: Evidence | None = None
    """None where no sandbox of the bot's has run its tests."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What policy says of one change: the outcome, the rule that said it, and why.

    `pending` is set while a rule of a higher place may yet match; the outcome then is what is done
    meanwhile, and the rule is the one being waited for.
    """

    outcome: Outcome
    rule: str
    reason: str
    pending: bool = False


NO_RULE = "no rule"


def judge(facts: Facts, config: Config) -> Decision:
    """The first rule that matches, held against what no rule may loosen."""
    if facts.evidence and facts.evidence.breaks:
        return Decision(Outcome.REFUSE, "built-in: breaks tests", facts.evidence.sentence)
    for rule in config.policy.rule:
        met = [(name, *answer) for name, answer in _conditions(rule, facts)]
        if any(state in (Met.NO, Met.UNKNOWN) for _, state, _ in met):
            continue
        waiting = [said for _, state, said in met if state is Met.PENDING]
        if waiting:
            decision = Decision(rule.outcome, rule.name, f"waits for: {'; '.join(waiting)}", True)
        else:
            said = "; ".join(text for _, _, text in met) or "it has no conditions"
            decision = Decision(rule.outcome, rule.name, said)
        return _capped(decision, facts, config)
    return Decision(Outcome.REVIEW, NO_RULE, "no rule of the policy matches, so a person reviews")


def _capped(decision: Decision, facts: Facts, config: Config) -> Decision:
    """A merge becomes a review where the bot never merges by itself, whatever a rule says."""
    if decision.outcome is not Outcome.MERGE:
        return decision
    unproven = _unproven(facts.evidence, config)
    if unproven:
        return Decision(Outcome.REVIEW, "built-in: evidence", unproven)
    if facts.changes is None:
        return Decision(Outcome.REVIEW, "built-in: unknown change", "git's account is not at hand")
    if facts.protected:
        return Decision(Outcome.REVIEW, "built-in: protected paths", facts.protected[0].sentence)
    if facts.risks is None:
        said = "what it newly does is not on record"
        return Decision(Outcome.REVIEW, "built-in: risks", said)
    if facts.risks:
        kinds = ", ".join(dict.fromkeys(risk.rule for risk in facts.risks))
        said = f"{kinds}: {facts.risks[0].sentence}"
        return Decision(Outcome.REVIEW, "built-in: risks", said)
    if not facts.trusted:
        return Decision(
            Outcome.REVIEW,
            "built-in: trusted sources",
            f"rule “{decision.rule}” would merge, but the reflection's source has no trust = true",
        )
    return decision


def _unproven(evidence: Evidence | None, config: Config) -> str:
    """Why nobody knows that all tests of the base still run and pass; empty if they do."""
    if evidence is None:
        said = (
            "no sandbox has compared its tests with the base's (merge.without_evidence is not set)"
        )
        return "" if config.merge.without_evidence else said
    if evidence.keeps_all:
        return ""
    seen_nothing_bad = not evidence.breaks and not evidence.no_longer_run
    if seen_nothing_bad and config.merge.without_evidence:
        return ""
    if evidence.unloaded:
        return f"no test loads {evidence.unloaded.first[0]}, which it changes"
    if seen_nothing_bad and not evidence.problem:
        return "its tests have no names, so it is not known whether all of the base's still run"
    return evidence.sentence.removesuffix(".")


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


def _conditions(rule: RuleConfig, facts: Facts) -> Iterator[tuple[str, tuple[Met, str]]]:
    """Each condition the rule names, with whether it is met and the fact that says so."""
    if rule.paths is not None:
        yield "paths", _paths(rule.paths, facts)
    if rule.severity is not None:
        yield "severity", _member(facts.severity, rule.severity, "severity")
    if rule.max_files is not None:
        count = None if facts.changes is None else len(facts.changes)
        yield "max_files", _at_most(count, rule.max_files, "files")
    if rule.max_lines is not None:
        count = None if facts.changes is None else sum(c.lines for c in facts.changes)
        yield "max_lines", _at_most(count, rule.max_lines, "lines")
    if rule.engine is not None:
        yield "engine", _member(facts.engine or None, rule.engine, "engine")
    if rule.proof is not None:
        yield "proof", _proof(rule.proof, facts)


def _paths(patterns: tuple[str, ...], facts: Facts) -> tuple[Met, str]:
    if facts.changes is None:
        return Met.UNKNOWN, "the changed paths are unknown"
    spec = GitIgnoreSpec.from_lines(patterns)
    outside = [change.path for change in facts.changes if not spec.match_file(change.path)]
    if outside:
        return Met.NO, f"{outside[0]} is outside"
    return Met.YES, f"only {', '.join(patterns)} changes"


def _member(value: str | None, wanted: Sequence[str], what: str) -> tuple[Met, str]:
    if value is None:
        return Met.UNKNOWN, f"the {what} is unknown"
    return (Met.YES if value in wanted else Met.NO), f"{what} is {value}"


def _at_most(count: int | None, most: int, what: str) -> tuple[Met, str]:
    if count is None:
        return Met.UNKNOWN, f"the number of {what} is unknown"
    return (Met.YES if count <= most else Met.NO), f"{count} of at most {most} {what} change"


def _proof(wanted: Proof, facts: Facts) -> tuple[Met, str]:
    if facts.proof is None:
        return Met.UNKNOWN, "the proof is unknown"
    if facts.proof.rank >= wanted.rank:
        return Met.YES, f"proof is “{facts.proof}”"
    if facts.proof_pending:
        return Met.PENDING, f"proof “{wanted}”"
    return Met.NO, f"proof is “{facts.proof}”"
