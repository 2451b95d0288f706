"""The forge `local`: pull requests in a plain git repository, for which no account is needed.

They live in refs of the remote, or of the repository itself where it has none: `refs/pulls/N/head`
keeps the commits, `refs/pulls/N/meta` the records. Every write is one atomic push by
compare-and-swap. One that lost its race is decided anew on what is there then, so that nothing is
overwritten and nothing is doubled.
"""

from __future__ import annotations

from collections.abc import Sequence

from bot.errors import UserError
from bot.forges import Merged, Opened, Refused
from bot.forges.access import Answered
from bot.forges.local_changes import Named, RecordWriting, not_open, unknown
from bot.forges.local_checks import as_tested, checks_of_commit
from bot.forges.local_git import ahead, merge_trees
from bot.forges.local_merge import build_merge
from bot.forges.local_records import (
    LocalPull,
    MergedRecord,
    OpenedRecord,
    Person,
    head_ref,
    meta_ref,
    person_id,
)
from bot.forges.local_state import TRIES, Found, State, StateReading
from bot.ledger import raw_date
from bot.model import (
    BRANCH_PREFIX,
    CHECK_NAME,
    BaseRules,
    Check,
    CheckState,
    CommitChecks,
    ForgeView,
    LabelledIssue,
    Mergeable,
    Pull,
    RequiredCheck,
    ReviewState,
    Sha,
    short,
)
from bot.repository import RefUpdate, Repository

NO_RULES = BaseRules(
    approvals=0,
    code_owners=False,
    conversations=False,
    signatures=False,
    strict=False,
    linear=False,
    queue=False,
)
"""Git asks for nothing besides what this forge's own check says."""


class LocalReader:
    """Meets `bot.forges.ForgeReader`. `me` is whose pull requests count as the bot's own."""

    name = "local"
    answered: Answered | None = None

    def __init__(self, repository: Repository, me: Named, base_branch: str) -> None:
        self._repository = repository
        self._me = person_id(me.email)
        self._reading = StateReading(repository, base_branch)

    def observe(self, base_branch: str, base: Sha, branches: Sequence[str]) -> ForgeView:
        state = self._reading.read()
        if state.branch(base_branch) is None:
            raise UserError(
                f"{self._repository.address} has no branch {base_branch!r}; name another with "
                f"--base."
            )
        wanted = frozenset(branches)
        found = [
            pull
            for pull in state.pulls.values()
            if pull.pull.branch in wanted
            or (pull.pull.branch.startswith(BRANCH_PREFIX) and pull.branch_head is not None)
        ]
        return ForgeView(
            repository=self._repository.address,
            me=self._me,
            merge_method="merge",
            required=(RequiredCheck(CHECK_NAME),),
            base_checks=_told(state, base),
            pulls=self._whole(found),
            checks_here=True,
            rules=NO_RULES,
            allows_auto_merge=False,
            has_issues=False,
        )

    def pull(self, number: int) -> Pull | None:
        found = self._reading.read().pulls.get(number)
        return self._whole([found])[0] if found else None

    def current(self, branch: str) -> Pull | None:
        found = self._reading.read().of_branch(branch)
        return found.as_pull(self._me) if found else None

    def labelled_issues(self, label: str, *, rights: bool) -> tuple[LabelledIssue, ...] | str:
        del label, rights
        return "is not read: the forge 'local' has no issues"

    def paused_by_issue(self) -> str:
        return ""

    def checks_of(self, commits: Sequence[Sha]) -> tuple[CommitChecks, ...]:
        """A merge of exactly the tested files has the result of their tests."""
        state = self._reading.read()
        merges = {found.merged_as: found for found in state.pulls.values() if found.merged_as}
        told = []
        for commit in commits:
            checks, found = _told(state, commit), merges.get(commit)
            if found and found.merged_tree == self._repository.plain_commit(found.head).tree:
                checks = as_tested(checks, found.pull, state.told, found.head)
            told.append(CommitChecks(commit, checks))
        return tuple(told)

    def records(self, number: int) -> LocalPull | None:
        """All that was said of a pull request: comments, reviews and checks."""
        found = self._reading.read().pulls.get(number)
        return found.pull if found else None

    def _whole(self, found: Sequence[Found]) -> tuple[Pull, ...]:
        """The pull requests with whether each can be merged, newest last."""
        by_base: dict[Sha, list[Sha]] = {}
        for pull in found:
            if pull.is_open and pull.base:
                by_base.setdefault(pull.base, []).append(pull.head)
        trees = {
            (base, head): tree
            for base, heads in by_base.items()
            for head, tree in merge_trees(self._repository, base, sorted(set(heads))).items()
        }
        whole = []
        for pull in sorted(found, key=lambda one: one.number):
            mergeable = Mergeable.UNKNOWN
            if pull.is_open and pull.base:
                tree = trees[pull.base, pull.head]
                mergeable = Mergeable.CONFLICT if tree is None else Mergeable.YES
            whole.append(pull.as_pull(self._me, mergeable))
        return tuple(whole)


class LocalWriter(RecordWriting):
    """Meets `bot.forges.ForgeWriter`, and offers what people do besides."""

    def open(
        self, *, branch: str, base_branch: str, title: str, body: str, draft: bool
    ) -> Opened | Refused:
        highest = 0
        for _ in range(TRIES):
            state = self._reading.read()
            head = state.branch(branch)
            refused = self._not_to_open(state, branch, base_branch)
            if refused or head is None:
                return Refused(refused or f"there is no branch {branch}")
            # A number that could not be claimed is passed over, whoever has it.
            highest = max([highest, *state.numbers]) + 1
            opened = OpenedRecord(
                at=self._clock(),
                by=Person.of(self._me),
                title=title,
                body=body,
                branch=branch,
                base_branch=base_branch,
                draft=draft,
            )
            claim = [
                RefUpdate(head_ref(highest), None, head),
                RefUpdate(meta_ref(highest), None, self.recorded(None, opened)),
            ]
            ended = self._repository.push(claim)
            if ended.rejected:
                return Refused(ended.rejected, final=self._repository.has_remote)
            if not ended.stale:
                return Opened(highest, f"refs/pulls/{highest}", draft)
        raise self.gave_up()

    def merge(
        self,
        number: int,
        *,
        head: Sha,
        base: Sha | None = None,
        method: str,
        untested: bool = False,
    ) -> Merged | Refused:
        """Merge if the head still is `head`, its tests have passed, and nobody asked for changes.

        With a `base` it is merged onto that commit or not at all; a person may take any, and may
        merge what is `untested`. One that is merged by now is not merged again: the answer is the
        merge that happened.
        """
        before: State | None = None
        for _ in range(TRIES):
            state = self._reading.read()
            found = state.pulls.get(number)
            if found is None:
                return unknown(number)
            if found.merged_as and found.merged_tree:
                return Merged(found.merged_as, found.merged_tree)
            refused = _not_to_merge(found, head, base, untested=untested)
            if refused:
                return refused
            if before and before.refs == state.refs:
                raise self.gave_up()
            before = state
            merged = self._merge_once(found, method)
            if merged is not None:
                return merged
        raise self.gave_up()

    def _merge_once(self, found: Found, method: str) -> Merged | Refused | None:
        """Push the merge of a pull request that may be merged; None where a race was lost."""
        base_ref = f"refs/heads/{found.pull.base_branch}"
        assert found.base is not None
        date = raw_date(self._clock())
        built = build_merge(self._repository, found, found.base, method, f"{self._me} {date}")
        if isinstance(built, Refused):
            return built
        record = MergedRecord(
            at=self._clock(),
            by=self.by,
            head=found.head,
            commit=built.commit,
            tree=built.tree,
            method=method,
        )
        updates = [RefUpdate(base_ref, found.base, built.commit), *self.append(found, record)]
        try:
            ended = self._repository.push(updates)
        except UserError:
            after = self._reading.read().pulls.get(found.number)
            if after and after.merged_as == built.commit:
                return built
            raise
        if ended.rejected:
            return Refused(ended.rejected, final=self._repository.has_remote)
        return None if ended.stale else built

    def _not_to_open(self, state: State, branch: str, base_branch: str) -> str:
        """Why no pull request may be opened now; "" where one may."""
        head, base = state.branch(branch), state.branch(base_branch)
        known = state.of_branch(branch)
        if head is None or base is None:
            return f"there is no branch {base_branch if head else branch}"
        if known and known.is_open:
            return f"pull request {known.number} is open for {branch} already"
        if head not in ahead(self._repository, base, [head]):
            return f"{branch} has no commit that {base_branch} has not"
        return ""


def _told(state: State, commit: Sha) -> tuple[Check, ...]:
    """What anyone has said of the checks on a commit."""
    return checks_of_commit((found.pull for found in state.pulls.values()), state.told, commit)


def _not_to_merge(found: Found, head: Sha, base: Sha | None, *, untested: bool) -> Refused | None:
    """Why a pull request must not be merged at this head; None where it may."""
    if not found.is_open:
        return not_open(found)
    if found.head != head:
        moved = f"pull request {found.number} is at {short(found.head)} by now"
        return Refused(moved, final=False)
    if found.base is None:
        return Refused(f"there is no branch {found.pull.base_branch}")
    if base not in (None, found.base):
        return Refused(f"{found.pull.base_branch} has moved since the tests ran", final=False)
    if found.pull.draft:
        return Refused(f"pull request {found.number} is a draft", final=False)
    if found.pull.review(head) is ReviewState.CHANGES_REQUESTED:
        return Refused("a reviewer asked for changes", final=False)
    states = {check.name: check.state for check in found.pull.checks(head)}
    tests = states.get(CHECK_NAME, CheckState.PENDING)
    if tests is not CheckState.PASSED and not untested:
        has = "has failed" if tests is CheckState.FAILED else "has not run"
        return Refused(f"its check “{CHECK_NAME}” {has}", final=False)
    return None
