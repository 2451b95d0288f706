"""The chain from a reflection to a merge and its revert: each link held against git. Pure.

Whatever can be edited by anyone (a pull request's body, a commit message) is compared with what the
ledger recorded, and what the ledger recorded with the commits themselves. Times are not compared:
no two clocks agree. What came first is read from the order of commits.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from bot.ledger import HeadRecord
from bot.model import CheckState, Commit, Kind, Pull, PullState, Sha, short
from bot.rules import check_state
from bot.snapshot import Snapshot
from bot.untrusted import for_commit, inert, one_line
from bot.watching import Watched, watched
from bot.write_back import worked_out

MAX_NAMED = 20
"""So many reflections are named in a commit message and in a body."""
MAX_ID_CHARS = 100


class Holds(StrEnum):
    """What became of checking one link."""

    YES = "holds"
    NO = "does not hold"
    UNKNOWN = "cannot be verified"


@dataclass(frozen=True, slots=True)
class Link:
    """One link of the chain, whether it holds, and a sentence that says what was found."""

    name: str
    holds: Holds
    sentence: str


@dataclass(frozen=True, slots=True)
class Hunk:
    """The lines `start` to `end` of a file, from 1, were replaced; an insertion ends before it."""

    path: str
    start: int
    end: int
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A commit against its first parent.

    `patch_id` is the one the ledger records. The other two leave out the lines around a change, so
    that they stay the same where its neighbours change; `backwards` is that of taking it back.
    """

    commit: Commit
    patch_id: str
    bare: str
    backwards: str
    hunks: tuple[Hunk, ...] = ()


@dataclass(frozen=True, slots=True)
class Revert:
    """A commit of the base branch that says that it takes these commits or pull requests back."""

    sha: Sha
    commits: tuple[Sha, ...]
    pulls: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """All that an audit is made of.

    `changes` are the commits in question as far as git has them. `line` is the part of the base
    branch's own line that matters here, newest first. `inside` holds the pairs of a head and a
    merge that has it among its ancestors, `in_base` the merges that the base branch still has.
    """

    snapshot: Snapshot
    changes: tuple[Change, ...] = ()
    line: tuple[Sha, ...] = ()
    inside: frozenset[tuple[Sha, Sha]] = frozenset()
    in_base: frozenset[Sha] = frozenset()
    reverts: tuple[Revert, ...] = ()

    @cached_property
    def _by_sha(self) -> dict[Sha, Change]:
        return {change.commit.sha: change for change in self.changes}

    def change(self, sha: Sha | None) -> Change | None:
        return self._by_sha.get(sha) if sha else None

    @cached_property
    def age(self) -> dict[Sha, int]:
        """How many steps back on the base branch's line; of two the greater is the older."""
        return {sha: steps for steps, sha in enumerate(self.line)}

    @cached_property
    def known_reflections(self) -> frozenset[str]:
        """The ids of all reflections that the sources hold today and this tick has kept."""
        left_out = {verdict.reflection.id for verdict in self.snapshot.left_out}
        grouped = {id_ for one in self.snapshot.incidents for id_ in one.reflection_ids}
        return frozenset(left_out | grouped)

    @cached_property
    def _watched(self) -> dict[int, Watched]:
        return {one.pull.number: one for one in watched(self.snapshot, everything=True)}

    def watch_of(self, pull: Pull) -> Watched | None:
        """What the merge of this pull request did to the base branch, where that is known."""
        return self._watched.get(pull.number)

    def reverts_of(self, pull: Pull) -> tuple[Revert, ...]:
        """What took this merge back, and was not itself taken back since."""
        undone = {sha for revert in self.reverts for sha in revert.commits}
        return tuple(
            revert
            for revert in self.reverts
            if revert.sha not in undone
            and (pull.merged_as in revert.commits or pull.number in revert.pulls)
        )


_REVERTS_COMMIT = re.compile(r"\bThis reverts commit ([0-9a-f]{40})\b")
_REVERTS_PULL = re.compile(r"^Reverts (?:([\w.-]+/[\w.-]+))?#([1-9]\d{0,8})\b", re.MULTILINE)


def revert_in(sha: Sha, message: str, repository: str) -> Revert | None:
    """What a commit says that it takes back, in git's words or GitHub's; None if nothing here."""
    commits = tuple(Sha(found) for found in _REVERTS_COMMIT.findall(message))
    named = _REVERTS_PULL.findall(message)
    pulls = tuple(int(number) for where, number in named if where in ("", repository))
    return Revert(sha, commits, pulls) if commits or pulls else None


def links(record: HeadRecord, pull: Pull | None, facts: Facts) -> Iterator[Link]:
    """Every link of one attempt that left a commit; `pull` only where the record is its head's."""
    change = facts.change(record.head)
    yield reflections_link(record.reflections, facts)
    yield _patch(record, change)
    if change is not None:
        yield _base(record, change.commit)
        yield _message(record, change.commit)
        yield from _marks(record, change.commit, facts.snapshot)
    if record.evidence is not None:
        yield _tests(record)
    if pull is None:
        return
    yield _author(pull, facts.snapshot)
    yield _body(record, pull)
    if pull.state is PullState.MERGED:
        yield from _merged(record, pull, facts)


def reflections_link(ids: tuple[str, ...], facts: Facts) -> Link:
    """Whether the sources still hold what started it."""
    absent = [id_ for id_ in ids if id_ not in facts.known_reflections]
    if not absent:
        return Link("reflections", Holds.YES, f"{_listed(ids)} can be read in the sources")
    said = f"{_listed(absent)} cannot be found in the sources today"
    return Link("reflections", Holds.UNKNOWN, said)


def _patch(record: HeadRecord, change: Change | None) -> Link:
    if change is None:
        said = f"git does not have the commit {short(record.head)} here any more"
        return Link("patch", Holds.UNKNOWN, said)
    if change.patch_id != record.patch_id:
        said = (
            f"the commit {short(record.head)} has the patch id {_some(change.patch_id)}, but the "
            f"ledger says {_some(record.patch_id)}"
        )
        return Link("patch", Holds.NO, said)
    said = f"the commit {short(record.head)} has the recorded patch id {_some(record.patch_id)}"
    return Link("patch", Holds.YES, said)


def _base(record: HeadRecord, commit: Commit) -> Link:
    if commit.parents == (record.base,):
        return Link("base", Holds.YES, f"it stands on {short(record.base)}, as recorded")
    stands = ", ".join(short(parent) for parent in commit.parents) or "nothing"
    said = f"it stands on {stands}, but the ledger says {short(record.base)}"
    return Link("base", Holds.NO, said)


def _message(record: HeadRecord, commit: Commit) -> Link:
    lines = set(commit.message.splitlines())
    wanted = [f"Incident: {record.incident}"]
    if not is_revert(record):
        ids = record.reflections[:MAX_NAMED]
        wanted += [f"Reflection-Id: {for_commit(id_, MAX_ID_CHARS)}" for id_ in ids]
    absent = [line for line in wanted if line not in lines]
    if absent:
        said = f"its message does not say “{one_line(absent[0])}”"
        return Link("message", Holds.NO, said)
    return Link("message", Holds.YES, "its message names the incident and the reflections")


def _marks(record: HeadRecord, commit: Commit, snapshot: Snapshot) -> Iterator[Link]:
    """Whether the reflections that it marks are all that it changes in their files."""
    if not record.marks:
        return
    absent = [m.path for m in record.marks if m.path not in worked_out(commit, record, snapshot)]
    if absent:
        said = f"it changes more of {one_line(absent[0])} than the reflections that it marks"
        yield Link("marks", Holds.NO, said)
    else:
        said = "in the files of reflections it changes nothing but their marks"
        yield Link("marks", Holds.YES, said)


def _tests(record: HeadRecord) -> Link:
    evidence = record.evidence
    assert evidence is not None
    if (evidence.base, evidence.head) != (record.base, record.head):
        said = (
            f"the recorded tests are of {short(evidence.head)} on {short(evidence.base)}, not of "
            f"{short(record.head)} on {short(record.base)}"
        )
        return Link("tests", Holds.NO, said)
    return Link("tests", Holds.YES, evidence.sentence.removesuffix("."))


def _author(pull: Pull, snapshot: Snapshot) -> Link:
    if pull.author_id == snapshot.forge.me and not pull.foreign:
        return Link("author", Holds.YES, f"#{pull.number} was opened by the bot")
    return Link("author", Holds.NO, f"#{pull.number} was opened by somebody else")


_MARKER = re.compile(r"<!-- bot:marker (\{[^\n]*\}) -->")


def _body(record: HeadRecord, pull: Pull) -> Link:
    """The body's hidden marker against the ledger; anyone who may edit it may have changed it."""
    found = _MARKER.search(pull.body)
    if found is None:
        said = f"the body of #{pull.number} has no marker of the bot's any more"
        return Link("body", Holds.NO, said)
    try:
        data = json.loads(found[1])
    except (ValueError, RecursionError):
        return Link("body", Holds.NO, f"the marker in the body of #{pull.number} is damaged")
    ids = [one_line(inert(id_), MAX_ID_CHARS) for id_ in record.reflections[:MAX_NAMED]]
    recorded = {"incident": record.incident, "patch": record.patch_id, "reflections": ids}
    for key, value in recorded.items():
        if data.get(key) != value:
            shown = one_line(json.dumps(data.get(key)), MAX_ID_CHARS)
            said = f"the body of #{pull.number} says {key} {shown}, and the ledger otherwise"
            return Link("body", Holds.NO, said)
    return Link("body", Holds.YES, f"the body of #{pull.number} says what the ledger says")


# ---------------------------------------------------------------------------- after the merge


def _merged(record: HeadRecord, pull: Pull, facts: Facts) -> Iterator[Link]:
    if checks := _checks(record, pull, facts.snapshot):
        yield checks
    merge = facts.change(pull.merged_as)
    if pull.merged_as is None or merge is None:
        named = f"git does not have {short(pull.merged_as)}" if pull.merged_as else (
            "the forge does not say as which commit"
        )  # fmt: skip
        yield Link("merge", Holds.UNKNOWN, f"#{pull.number} is merged, but {named}")
        return
    yield _order(record, pull.merged_as, facts)
    yield _contained(record, pull.merged_as, merge, facts)
    yield from _files(record, pull, merge, facts)
    if pull.merged_as not in facts.in_base:
        base = facts.snapshot.base_branch
        said = f"{base} does not have {short(pull.merged_as)} any more"
        yield Link("base branch", Holds.NO, said)
    for revert in facts.reverts_of(pull):
        yield _revert(revert, merge, facts)


def _checks(record: HeadRecord, pull: Pull, snapshot: Snapshot) -> Link | None:
    """What the forge's checks say of the merged head, where it tells and where that is needed."""
    if pull.checks is None:
        if record.evidence is not None:
            return None
        said = "the bot ran no tests, and the checks of a merged pull request are not read"
        return Link("checks", Holds.UNKNOWN, said)
    for need in snapshot.required:
        state = check_state(need, pull.checks)
        if state is not CheckState.PASSED:
            said = f"it was merged although “{one_line(need.name)}” is {state}"
            return Link("checks", Holds.NO, said)
    if not snapshot.required:
        return Link("checks", Holds.UNKNOWN, "no check is required, so none vouches for it")
    return Link("checks", Holds.YES, f"every required check passed at {short(record.head)}")


def _order(record: HeadRecord, merged_as: Sha, facts: Facts) -> Link:
    """Whether the ledger knew the head first: no record up to it was made on a later base."""
    at = facts.age.get(merged_as)
    if at is None:
        said = f"{short(merged_as)} is not on the own line of {facts.snapshot.base_branch}"
        return Link("ledger", Holds.UNKNOWN, f"{said}, so what came first is not known")
    for earlier in facts.snapshot.ledger.records:
        base = getattr(earlier, "base", None)
        if base in facts.age and facts.age[base] <= at:
            said = f"the ledger recorded {short(record.head)} only after it was merged"
            return Link("ledger", Holds.NO, said)
        if earlier == record:
            break
    said = f"the ledger recorded {short(record.head)} before it was merged"
    return Link("ledger", Holds.YES, said)


def _contained(record: HeadRecord, merged_as: Sha, merge: Change, facts: Facts) -> Link:
    change = facts.change(record.head)
    if (record.head, merged_as) in facts.inside:
        said = f"{short(merged_as)} contains {short(record.head)}"
        return Link("merge", Holds.YES, said)
    if change is None:
        said = f"git does not have {short(record.head)} to compare {short(merged_as)} with"
        return Link("merge", Holds.UNKNOWN, said)
    if change.commit.tree == merge.commit.tree or change.bare == merge.bare:
        said = f"{short(merged_as)} makes the same change as {short(record.head)}"
        return Link("merge", Holds.YES, said)
    said = f"{short(merged_as)} neither contains {short(record.head)} nor makes the same change"
    return Link("merge", Holds.NO, said)


def _files(record: HeadRecord, pull: Pull, merge: Change, facts: Facts) -> Iterator[Link]:
    change = facts.change(record.head)
    if change is None:
        return
    if change.commit.tree == merge.commit.tree:
        yield Link("files", Holds.YES, "the merged files are the tested ones")
        return
    known = facts.snapshot.ledger.untested(pull.number)
    tail = "as the ledger says" if known else "and the ledger does not say so"
    yield Link("files", Holds.NO, f"the merged files are not the tested ones, {tail}")


def _revert(revert: Revert, merge: Change, facts: Facts) -> Link:
    change = facts.change(revert.sha)
    if change is None:
        said = f"git does not have {short(revert.sha)}, which says that it takes it back"
        return Link("revert", Holds.UNKNOWN, said)
    if merge.backwards in (change.bare, change.patch_id):
        return Link("revert", Holds.YES, f"{short(revert.sha)} takes exactly this back")
    said = f"{short(revert.sha)} says that it takes it back, but changes other lines"
    return Link("revert", Holds.NO, said)


def is_revert(record: HeadRecord) -> bool:
    """Whether this head takes a merge back."""
    return record.change is Kind.REVERT


def _listed(ids: tuple[str, ...] | list[str]) -> str:
    named = ", ".join(one_line(id_, MAX_ID_CHARS) for id_ in ids[:3])
    more = f" and {len(ids) - 3} more" if len(ids) > 3 else ""
    return f"{named}{more}" if ids else "no reflection"


def _some(patch_id: str) -> str:
    return short(patch_id) or "of no change"
