"""Auto-merge: when the forge is asked to merge by itself, and when that is taken back. Pure.

The forge then merges whatever its own rules let pass, without asking the bot again. So it is asked
only for a pull request that the bot would merge itself if all that the forge still waits for came
true, and only while it would: policy, evidence and base are judged anew in every tick.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from bot.actions.disable_auto_merge import ACTION as DISABLE
from bot.actions.disable_auto_merge import DisableAutoMerge
from bot.actions.enable_auto_merge import ACTION as ENABLE
from bot.actions.enable_auto_merge import EnableAutoMerge
from bot.feedback import wishes
from bot.gate import standing
from bot.merge_method import merge_method
from bot.model import Check, CheckState, Mergeable, Pull, ReviewState
from bot.obstacles import Obstacle
from bot.plan import OpenPull, Step
from bot.rules import check_state, spell_required
from bot.snapshot import Snapshot


def armed_by_bot(pull: Pull, snapshot: Snapshot) -> bool:
    """Whether the forge is going to merge it because the bot asked it to."""
    asked = snapshot.ledger.armed(pull.branch)
    return pull.auto_merge and pull.auto_merge_by == snapshot.forge.me and bool(asked)


def merged_meanwhile(snapshot: Snapshot) -> Iterator[str]:
    """What the forge merges by itself although the bot does nothing now, as a sentence."""
    numbers = [f"#{pull.number}" for pull in snapshot.open_pulls if armed_by_bot(pull, snapshot)]
    if snapshot.halted and numbers:
        named = ", ".join(numbers)
        yield f"{named}: left to auto-merge, so the forge still merges it unless you disable that"


def stays_armed(pull: Pull, snapshot: Snapshot) -> bool:
    """Whether the forge has refused for good to leave off, so that no new head may come."""
    refused = snapshot.ledger.failed(DISABLE.name, pull.branch, pull.head)
    return refused is not None and armed_by_bot(pull, snapshot)


def disarmed(
    pulls: Sequence[OpenPull],
    snapshot: Snapshot,
    moving: Collection[int],
    ready: OpenPull | None,
) -> Iterator[Step]:
    """What the forge is not to merge by itself any more; to be done before anything moves.

    `moving` are the numbers of those that get a new head in this tick, which is judged afterwards;
    `ready` is what the bot itself merges in it.
    """
    unfit = _unfit(pulls, snapshot, ready)
    for line in pulls:
        pull = line.pull
        why = "it gets a new head" if pull.number in moving else unfit[pull.number]
        if why and armed_by_bot(pull, snapshot) and not stays_armed(pull, snapshot):
            noted = snapshot.ledger.switched(pull.branch, pull.head) is False
            off = DisableAutoMerge(number=pull.number, branch=pull.branch, noted=noted)
            yield Step(DISABLE.name, off, f"#{pull.number}: {why}")


def armed(
    pulls: Sequence[OpenPull],
    snapshot: Snapshot,
    moving: Collection[int],
    ready: OpenPull | None,
) -> Iterator[Step]:
    """What the forge is asked to merge by itself: what lacks nothing but what it waits for."""
    unfit = _unfit(pulls, snapshot, ready)
    for line in pulls:
        pull, commit = line.pull, snapshot.commit(line.pull.head)
        unsettled = line.standing.has(Obstacle.UNSETTLED, Obstacle.BEHIND)
        if pull.number in moving or unfit[pull.number] or unsettled or commit is None:
            continue
        known = snapshot.ledger.failed(ENABLE.name, pull.branch, pull.head)
        if pull.auto_merge or known or pull.mergeable is not Mergeable.BLOCKED:
            continue  # where the forge says that nothing lacks, it refuses to be asked
        enable = EnableAutoMerge(
            number=pull.number,
            branch=pull.branch,
            head=pull.head,
            base=snapshot.base.sha,
            tree=commit.tree,
            required=tuple(spell_required(need) for need in snapshot.required),
            method=merge_method(snapshot).method,
            heard=tuple(sorted(wishes(pull))),
        )
        yield Step(ENABLE.name, enable, f"#{pull.number}: {line.standing.sentence}")


def _unfit(pulls: Sequence[OpenPull], snapshot: Snapshot, ready: OpenPull | None) -> dict[int, str]:
    """By number, why the forge must not merge it by itself now; empty where it may.

    Where the forge also merges what is not up to date, one at a time is left to it, and none while
    another merge is about to move the base.
    """
    found: dict[int, str] = {}
    strict = snapshot.forge.rules.strict is True
    first = ready.pull.number if ready else None
    for line in pulls:
        why = why_unfit(line.pull, snapshot)
        if not why and not strict and first not in (None, line.pull.number):
            why = f"#{first} comes first, and what is merged after it is to be tested on it"
        if not why and first is None:
            first = line.pull.number
        found[line.pull.number] = why
    return found


def why_unfit(pull: Pull, snapshot: Snapshot) -> str:
    """Why the forge must not merge it by itself, as a clause; empty where it may."""
    forge, config = snapshot.forge, snapshot.config
    if config.merge.via != "auto-merge":
        return f'merge.via is "{config.merge.via}"'
    if not forge.allows_auto_merge or forge.checks_here:
        return "the repository does not allow auto-merge"
    known = {need.name for need in forge.required or ()}
    if not known or {need.name for need in snapshot.required} - known:
        return "the forge itself does not require every check that must pass"
    imagined = standing(_with_all_it_lacks(pull, snapshot), snapshot)
    passing = {Obstacle.UNSETTLED}
    if forge.rules.strict:
        passing.add(Obstacle.BEHIND)  # for which the forge waits too
    reasons = [one for one in imagined.reasons if one.obstacle not in passing]
    if reasons:
        return reasons[0].sentence.removesuffix(".")
    rule = next((r for r in config.policy.rule if r.name == imagined.decision.rule), None)
    if rule and (rule.window or rule.max_age):
        return f"rule “{rule.name}” holds for a time only, which the forge does not heed"
    return ""


def _with_all_it_lacks(pull: Pull, snapshot: Snapshot) -> Pull:
    """The pull request as it would be if everything came that the forge itself waits for."""
    known = pull.checks or ()
    pending = (n for n in snapshot.required if check_state(n, known) is CheckState.PENDING)
    come = {need.name: Check(need.name, CheckState.PASSED, need.app_id) for need in pending}
    enough = ("",) * (snapshot.forge.rules.approvals or 0)
    lacks_review = pull.review is ReviewState.REQUIRED
    return replace(
        pull,
        checks=(*(one for one in known if one.name not in come), *come.values()),
        review=ReviewState.APPROVED if lacks_review else pull.review,
        approved_by=max(pull.approved_by, enough, key=len),
        mergeable=Mergeable.YES if pull.mergeable is Mergeable.BLOCKED else pull.mergeable,
    )
