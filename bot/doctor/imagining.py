"""The best pull request that the bot could have here, imagined: would it be merged? Pure.

It is judged by the very code that judges real ones. A rule can merge if any of some fitting changes
of one line would be merged by it once everything has come that time, checks and tests can bring.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice, product

from pathspec import GitIgnoreSpec

from bot.config import Outcome, RuleConfig
from bot.evidence import Evidence, Names
from bot.facts import Met
from bot.gate import Standing, standing
from bot.ledger import HeadRecord, Ledger
from bot.model import (
    CHECK_NAME,
    Check,
    CheckState,
    Commit,
    FileChange,
    Fingerprint,
    Kind,
    Mergeable,
    Pull,
    PullState,
    RequiredCheck,
    ReviewState,
    Severity,
    Sha,
)
from bot.obstacles import (
    CHECKS_PENDING,
    NOT_APPROVED,
    NOTHING_PROVEN,
    PERSON_DECIDES,
    RULE_STOPS,
    RULE_WAITS,
    Reason,
)
from bot.protected import protected
from bot.rules import Decision, kind_of
from bot.snapshot import Snapshot
from bot.time_windows import duration

HEAD, TREE = Sha("d" * 40), Sha("e" * 40)
BRANCH = "bot/v1-000000000000-1"
NEW_FILE = "a.py"
MAX_PATHS = 40
MAX_IMAGINED = 400
_FAILED = (Met.NO, Met.UNKNOWN)
"""What is pending comes in time."""
_SURE = {"search": 1.0}
"""How sure an engine can be that says so."""
_JUDGED_APART = (
    PERSON_DECIDES, RULE_STOPS, RULE_WAITS, NOT_APPROVED, CHECKS_PENDING, NOTHING_PROVEN,
)  # fmt: skip
"""States that other findings tell of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """What can come of one rule that merges: nothing in its way, or what stops the best change.

    `stopped_by` is the name of the rule that says otherwise, empty where it is a condition of its
    own; `why` the fact that says so.
    """

    rule: str
    merges: bool
    stopped_by: str = ""
    why: str = ""
    unmet: tuple[str, ...] = ()
    """Which of its own conditions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What there is to make and prove changes with: engines, and whether tests can run."""

    engines: tuple[str, ...]
    runs_tests: bool


def possibilities(snapshot: Snapshot, means: Means) -> tuple[Possible, ...]:
    """For each rule of the policy that merges, in their order, whether it ever can."""
    rules = [rule for rule in snapshot.config.policy.rule if rule.outcome is Outcome.MERGE]
    if not snapshot.required:  # which keeps all of them from it, and is told apart
        required = (RequiredCheck("any"),)
        snapshot = replace(snapshot, forge=replace(snapshot.forge, required=required))
    return tuple(_possible(rule, snapshot, means) for rule in rules)


def in_the_way(snapshot: Snapshot, means: Means) -> tuple[Reason, ...]:
    """What keeps even the best change from its merge, whatever the policy says."""
    found = standing(*_imagine(_Case(NEW_FILE), snapshot, means))
    return tuple(reason for reason in found.reasons if reason.state not in _JUDGED_APART)


def _possible(rule: RuleConfig, snapshot: Snapshot, means: Means) -> Possible:
    nearest: Decision | None = None
    for case in islice(_cases(rule, snapshot, means), MAX_IMAGINED):
        decision = _judged(case, rule, snapshot, means).decision
        merged = decision.outcome is Outcome.MERGE and not decision.pending
        if merged and not _far(decision, rule):  # be it that an earlier rule says so too
            return Possible(rule=rule.name, merges=True)
        if nearest is None or _far(decision, rule) < _far(nearest, rule):
            nearest = decision
    if nearest is None:
        what = ", ".join(rule.paths or ("*",))
        why = f"no file of {snapshot.base_branch} that is not protected matches {what}"
        return Possible(rule=rule.name, merges=False, why=why, unmet=("paths",))
    return _stopped(nearest, rule)


def _judged(case: _Case, rule: RuleConfig, snapshot: Snapshot, means: Means) -> Standing:
    """How it stands at a time that suits the rule."""
    found = standing(*_imagine(case, snapshot, means))
    for at in _times(rule, snapshot.now) if found.decision.pending else ():
        found = standing(*_imagine(replace(case, at=at), snapshot, means))
        if not found.decision.pending:
            break
    return found


def _far(decision: Decision, rule: RuleConfig) -> int:
    """How many conditions of the rule the change fails; one that only others stop fails none."""
    own = next(one for one in decision.weighed if not one.built_in and one.rule == rule.name)
    return sum(said.met in _FAILED for said in own.conditions)


def _stopped(decision: Decision, rule: RuleConfig) -> Possible:
    own = next(one for one in decision.weighed if not one.built_in and one.rule == rule.name)
    unmet = [said for said in own.conditions if said.met in _FAILED]
    if unmet or decision.pending:
        why = "; ".join(said.fact for said in unmet) or decision.reason
        names = tuple(said.name for said in unmet)
        return Possible(rule=rule.name, merges=False, why=why, unmet=names)
    stops = next(one for one in decision.weighed if one.rule == decision.rule)
    return Possible(rule=rule.name, merges=False, stopped_by=stops.rule, why=stops.fact)


# ---------------------------------------------------------------------------- what is imagined


@dataclass(frozen=True, slots=True)
class _Case:
    path: str
    severity: Severity = Severity.LOW
    engine: str = "openai"
    source: str = ""
    kind: Kind = Kind.FIX
    at: datetime | None = None


def _cases(rule: RuleConfig, snapshot: Snapshot, means: Means) -> Iterator[_Case]:
    """Changes that the rule might be for, trusted sources first."""
    kinds = [kind for kind in rule.kind or (Kind.FIX,) if kind is not Kind.DOCS] or [Kind.FIX]
    severities = rule.severity or tuple(Severity)
    engines = [one for one in means.engines if one in (rule.engine or means.engines)]
    sources = [one for one in snapshot.config.source if one.name in (rule.source or (one.name,))]
    sources.sort(key=lambda source: not source.trust)
    paths = list(islice(_paths(rule, snapshot), MAX_PATHS))
    for path, severity, engine, source, kind in product(
        paths, severities, engines or means.engines, sources or snapshot.config.source, kinds
    ):
        yield _Case(path, severity, engine, source.name, kind)


def _paths(rule: RuleConfig, snapshot: Snapshot) -> Iterator[str]:
    """Paths that match and are not protected, and a new one where the rule names none."""
    spec = GitIgnoreSpec.from_lines(rule.paths or ("*",))
    docs = rule.kind == (Kind.DOCS,)
    for path in snapshot.tree.paths():
        change = _change(path)
        if not spec.match_file(path) or protected((change,), snapshot.config, snapshot.tree):
            continue
        if not docs or kind_of((change,), Kind.FIX) is Kind.DOCS:
            yield path
    if rule.paths is None and not docs:
        yield NEW_FILE


def _times(rule: RuleConfig, now: datetime) -> Iterator[datetime]:
    """When the rule may apply: after its least age, each hour of the following week."""
    first = now + (duration(rule.min_age) if rule.min_age else timedelta())
    yield from (first + timedelta(hours=hour) for hour in range(7 * 24))


def _change(path: str) -> FileChange:
    mode = "100644"
    return FileChange(path=path, status="M", old_mode=mode, new_mode=mode, added=1, removed=1)


def _imagine(case: _Case, snapshot: Snapshot, means: Means) -> tuple[Pull, Snapshot]:
    """The pull request, and the world it stands in: all has come that it could wait for."""
    base, forge = snapshot.base.sha, snapshot.forge
    record = _record(case, snapshot, means)
    commit = Commit(
        sha=HEAD, tree=TREE, parents=(base,), message="", date="", changes=(_change(case.path),)
    )
    runs_here = means.runs_tests or not forge.checks_here
    passed = tuple(
        Check(need.name, CheckState.PASSED, need.app_id)
        for need in snapshot.required
        if runs_here or need.name != CHECK_NAME
    )
    wants_people = bool(forge.rules.approvals or forge.rules.code_owners)
    pull = Pull(
        number=1, url="", title="", body="", state=PullState.OPEN, draft=False,
        author_id=forge.me, foreign=False, branch=BRANCH, head=HEAD,
        base_branch=snapshot.base_branch, checks=passed, mergeable=Mergeable.YES, signed=False,
        open_conversations=0,
        review=ReviewState.REQUIRED if wants_people else ReviewState.NONE,
    )  # fmt: skip
    failed = tuple(replace(one, state=CheckState.FAILED) for one in passed)
    world = replace(
        snapshot,
        now=case.at or snapshot.now,
        ledger=Ledger(None, (record,)),
        commits=(commit,),
        base_stuck="",
        forge=replace(forge, pulls=(pull,), base_checks=failed),
    )
    return pull, world


def _record(case: _Case, snapshot: Snapshot, means: Means) -> HeadRecord:
    base = snapshot.base.sha
    source = case.source or next((one.name for one in snapshot.config.source), "")
    evidence = Evidence(
        base=base, head=HEAD, command="", isolation="", by_test=True, base_passed=False,
        head_passed=True, collected=1, fixed=Names.of(["a test"]),
    )  # fmt: skip
    return HeadRecord(
        at=snapshot.now, incident=Fingerprint("v1-000000000000"), reflections=("r",),
        sources=(source,), attempt=1, branch=BRANCH, head=HEAD, base=base, patch_id="",
        engine=case.engine, path=case.path, symbol="", summary="", severity=case.severity,
        explanation="", observed="", risks=(), evidence=evidence if means.runs_tests else None,
        confidence=_SURE.get(case.engine), change=case.kind,
    )  # fmt: skip
