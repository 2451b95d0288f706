"""One example of every state that keeps a pull request from its merge, for a test and for a page.

`python -m tests.states` prints `docs/states.md`; a test holds the page against it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from bot.gate import Standing, standing
from bot.ledger import FailureRecord, Record, SwitchedRecord
from bot.model import (
    HOLD_LABEL,
    Actor,
    BaseRules,
    Check,
    CheckState,
    Ending,
    Marks,
    Mergeable,
    Pull,
    Remark,
    RemarkKind,
    ReviewState,
    Sha,
    Started,
)
from bot.obstacles import STATES, State
from bot.snapshot import Snapshot
from tests.observed import (
    BRANCH,
    COMMIT,
    CONFIG,
    EVIDENCE,
    FORGE,
    HEAD,
    HEAD_RECORD,
    NOW,
    PULL,
    attempt,
    snapshot,
)

OTHER = Sha("a" * 40)
LATER = NOW + timedelta(hours=2)
RUN = Started("ci", "https://github.com/acme/agent/actions/runs/7", awaits=True)


@dataclass(frozen=True)
class Example:
    pull: Pull
    seen: Snapshot

    @property
    def stands(self) -> Standing:
        return standing(self.pull, self.seen)


def _marks_conflict() -> Example:
    pull = replace(PULL, mergeable=Mergeable.CONFLICT)
    marks = {"marks": (Marks("reflections.json", ("r-1",)),)}
    record, behind = HEAD_RECORD.model_copy(update=marks), replace(COMMIT, parents=(OTHER,))
    return Example(pull, snapshot(pull, records=(record,), commits=(behind,)))


def _pull(**facts: object) -> Example:
    pull = replace(PULL, **facts)  # type: ignore[arg-type] # each is checked by what it says
    return Example(pull, snapshot(pull))


def _rules(pull: Pull = PULL, **rules: object) -> Example:
    asked = BaseRules(**rules)  # type: ignore[arg-type] # as above
    return Example(pull, snapshot(pull, forge=replace(FORGE, rules=asked)))


def _refused(action: str, reason: str, **facts: object) -> Example:
    failure = FailureRecord(at=NOW, action=action, branch=BRANCH, head=HEAD, reason=reason)
    old = replace(COMMIT, parents=(OTHER,)) if action == "update_branch" else COMMIT
    seen = snapshot(PULL, records=(HEAD_RECORD, failure), commits=(old,))
    return Example(PULL, seen)


def _switched_off() -> Example:
    switched = SwitchedRecord(at=NOW, branch=BRANCH, head=HEAD, on=True)
    return Example(PULL, snapshot(PULL, records=(HEAD_RECORD, switched)))


def _late(*checks: Check, started: tuple[Started, ...] = ()) -> Example:
    pull = replace(PULL, checks=checks, started=started)
    return Example(pull, snapshot(pull, now=LATER))


def _unproven() -> Example:
    evidence = replace(EVIDENCE, problem="pytest is not installed")
    record = HEAD_RECORD.model_copy(update={"evidence": evidence})
    pull, here = replace(PULL, checks=()), replace(FORGE, checks_here=True)
    return Example(pull, snapshot(pull, records=(record,), forge=here))


def _said(text: str, *records: Record, **facts: object) -> Example:
    alice = Actor("alice", 7, may_write=True)
    known: dict[str, object] = {"kind": RemarkKind.COMMENT}
    said = Remark(id="c1", author=alice, at=NOW, text=text, **known | facts)  # type: ignore[arg-type] # as above
    objects = said.verdict is ReviewState.CHANGES_REQUESTED
    pull = replace(PULL, remarks=(said,), objected_by=("alice",) if objects else ())
    return Example(pull, snapshot(pull, records=(HEAD_RECORD, *records)))


def _asked_for_changes(*records: Record) -> Example:
    objects = ReviewState.CHANGES_REQUESTED
    return _said("None must raise.", *records, kind=RemarkKind.REVIEW, verdict=objects)


def _rule(outcome: str) -> Example:
    rule = f'[[policy.rule]]\nname = "mine"\noutcome = "{outcome}"\n'
    return Example(PULL, snapshot(PULL, config=rule))


EXAMPLES: dict[str, Example] = {
    "a person's commit": _pull(head=OTHER),
    "on hold": _pull(labels=(HOLD_LABEL,)),
    "for another branch": _pull(base_branch="develop"),
    "tests prove nothing": _unproven(),
    "no check required": Example(PULL, snapshot(PULL, forge=replace(FORGE, required=()))),
    "checks unread": _pull(checks=None),
    "check failed": _pull(checks=(Check("test", CheckState.FAILED),)),
    "checks pending": _pull(checks=(Check("test", CheckState.PENDING),)),
    "run awaits approval": _late(started=(RUN,)),
    "nothing started": _late(),
    "check never started": _late(Check("lint", CheckState.PASSED)),
    "rule waits": Example(
        PULL, snapshot(PULL, config=CONFIG.replace("max_lines = 10", 'min_age = "2h"'))
    ),
    "policy asks for review": Example(
        PULL, snapshot(PULL, config=CONFIG.replace("trust = true", "trust = false"))
    ),
    "rule stops it": _rule("draft"),
    "a wish is open": _said("/bot hold"),
    "objection stands": _said("Wrong.", attempt(Ending.FAILED, 3), kind=RemarkKind.THREAD),
    "draft": _pull(draft=True),
    "changes requested": _asked_for_changes(),
    "changes left to people": _asked_for_changes(attempt(Ending.FAILED, 3)),
    "approval missing": _rules(
        replace(PULL, review=ReviewState.REQUIRED, approved_by=("alice",)),
        approvals=2,
        code_owners=True,
    ),
    "open conversations": _rules(replace(PULL, open_conversations=2), conversations=True),
    "cannot be renewed": _refused("update_branch", "it conflicts with main"),
    "tested on an older base": Example(
        PULL, snapshot(PULL, commits=(replace(COMMIT, parents=(OTHER,)),))
    ),
    "signatures required": _rules(signatures=True),
    "merge queue": _rules(queue=True),
    "no merge method": Example(
        PULL,
        snapshot(
            PULL,
            config=f'{CONFIG}\n[merge]\nmethod = "merge"\n',
            forge=replace(FORGE, rules=BaseRules(linear=True)),
        ),
    ),
    "auto-merge switched off": _switched_off(),
    "marks conflict": _marks_conflict(),
    "conflict": _pull(mergeable=Mergeable.CONFLICT),
    "forge blocks it": _pull(mergeable=Mergeable.BLOCKED),
    "forge wants it newer": _pull(mergeable=Mergeable.BEHIND),
    "work tree in the way": Example(
        PULL, replace(snapshot(PULL), base_stuck="main is checked out here with changes")
    ),
    "merge refused": _refused("merge_pull_request", "Merge commits are not allowed."),
    "mergeability unknown": _pull(mergeable=Mergeable.UNKNOWN),
    "head not fetched": Example(PULL, snapshot(PULL, commits=())),
}


def sentence_of(state: State) -> str:
    """What a pull request in this state says of it."""
    reasons = EXAMPLES[state.name].stands.reasons
    return next(reason.sentence for reason in reasons if reason.state is state)


def page() -> str:
    rows = [
        f"| {state.name} | {state.obstacle} | {sentence_of(state)} | {state.who} | {state.change} |"
        for state in STATES
    ]
    return "\n".join([HEADER.rstrip("\n"), *rows, ""])


HEADER = """\
# Where a pull request stands

Whatever keeps an open pull request of the bot's from being merged is one of these states, and often
several at once; the first of them, in this order, is what its body, `bot pulls` and `bot status`
say. One that is in none of them is ready; at most one is merged in each tick. The states are
derived anew in every tick from what the forge, the ledger and git say.

What follows from a kind: *left to people*, the bot writes nothing on it; *failed*, it tries again
within its limits; *waiting*, nothing is said to anyone; *review*, people are asked, once;
*blocked*, nobody is asked, for they know or it is not in their hands; *behind*, it is brought up to
date when its turn comes; *unsettled*, not even its body is touched.

This page is printed by `python -m tests.states`, and a test holds it against the code.

| state | kind | for example | who acts | what changes it |
|---|---|---|---|---|
"""

if __name__ == "__main__":
    print(page(), end="")
