"""All pull requests of a plain git repository as of one moment, in a handful of git commands.

What a pull request is follows from its records and from where git's own refs point: a person may
merge with `git merge` and refuse with `git branch -D`, and no record is needed for either to count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from bot.errors import UserError
from bot.forges import local_git, local_people
from bot.forges.local_checks import CHECKS_REF, checks_of_head, told_in
from bot.forges.local_records import (
    PULLS,
    CheckedRecord,
    LocalPull,
    fold,
    head_ref,
    number_of,
)
from bot.git_formats import Message
from bot.model import BRANCH_PREFIX, Mergeable, Pull, PullState, Sha
from bot.remote_refs import RemoteRefs
from bot.repository import Repository

TRIES = 10
"""How often refs that others keep moving are read, or written to, again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One pull request with what git says of it. `tip` is the newest of its records."""

    pull: LocalPull
    tip: Sha
    kept_head: Sha
    """Where `refs/pulls/N/head` points."""
    branch_head: Sha | None
    base: Sha | None
    state: PullState
    merged_as: Sha | None = None
    merged_tree: Sha | None = None
    told: tuple[CheckedRecord, ...] = ()
    """What others than the bot's sandbox say of commits."""

    @property
    def number(self) -> int:
        return self.pull.number

    @property
    def is_open(self) -> bool:
        return self.state is PullState.OPEN

    @property
    def head(self) -> Sha:
        """Where the branch points, as long as that is part of this pull request."""
        if self.pull.merged:
            return self.pull.merged.head
        if self.state is PullState.CLOSED and self.pull.closed:
            return self.pull.closed.head
        return self.branch_head or self.kept_head

    def as_pull(self, me: int, mergeable: Mergeable = Mergeable.UNKNOWN) -> Pull:
        pull = self.pull
        closed = pull.closed if self.state is PullState.CLOSED else None
        return Pull(
            number=pull.number,
            url=head_ref(pull.number).removesuffix("/head"),
            title=pull.title,
            body=pull.body,
            state=self.state,
            draft=pull.draft,
            author_id=pull.opened.by.id,
            foreign=False,
            branch=pull.branch,
            head=self.head,
            base_branch=pull.base_branch,
            labels=pull.labels,
            checks=checks_of_head(pull, self.told, self.head),
            review=pull.review(self.head),
            mergeable=mergeable,
            asked=pull.ever_asked,
            merged_as=self.merged_as,
            merged_tree=self.merged_tree,
            created_at=pull.opened.at,
            closed_at=closed.at if closed else None,
            closed_by=local_people.actor(closed.by, me) if closed else None,
            remarks=local_people.remarks(pull, me),
            labelled=local_people.labelled(pull, me),
            approved_by=local_people.approving(pull, self.head),
            objected_by=local_people.objecting(pull),
            merged_by=pull.merged.by.id if pull.merged else None,
            merged_at=pull.merged.at if pull.merged else None,
        )


@dataclass(frozen=True, slots=True)
class State:
    """All pull requests, by number, and the refs they were read from.

    `numbers` are all that are taken, those that nobody can read among them. `told` is what others
    than the bot's sandbox say of commits, oldest first.
    """

    refs: RemoteRefs
    pulls: Mapping[int, Found]
    numbers: frozenset[int]
    told: tuple[CheckedRecord, ...] = ()

    def branch(self, name: str) -> Sha | None:
        return self.refs.get(f"refs/heads/{name}")

    def of_branch(self, branch: str) -> Found | None:
        """The newest pull request from this branch."""
        found = [pull for pull in self.pulls.values() if pull.pull.branch == branch]
        return max(found, key=lambda pull: pull.number, default=None)


class StateReading:
    """Reads the state again and again; of the records, only what it has not read yet."""

    def __init__(self, repository: Repository, base_branch: str) -> None:
        self._repository = repository
        self._base_branch = base_branch
        self._messages: dict[Sha, Message] = {}
        self._tips: set[Sha] = set()
        self._here: set[Sha] = set()
        self._folded: dict[tuple[int, Sha], LocalPull | None] = {}

    def read(self) -> State:
        for _ in range(TRIES):
            refs = self._repository.remote_refs(f"{PULLS}*", "refs/heads/*")
            state = self._state(refs)
            if state is not None:
                return state
        raise UserError(f"{PULLS} changed {TRIES} times while it was read; try again.")

    def _state(self, refs: RemoteRefs) -> State | None:
        """The state that these refs make; None if they have moved meanwhile."""
        by_name = {ref.name: ref.sha for ref in refs.refs}
        usual = {name: sha for name, sha in by_name.items() if self._is_usual(name)}
        if not self._bring(usual):
            return None
        metas = {n: sha for name, sha in by_name.items() if (n := number_of(name)) is not None}
        told_tip = by_name.get(CHECKS_REF)
        self._read_records([*metas.values(), *([told_tip] if told_tip else [])])
        folded = {number: self._fold(number, tip) for number, tip in metas.items()}
        pulls = {number: pull for number, pull in folded.items() if pull is not None}
        needed = {
            name: by_name[name]
            for pull in pulls.values()
            if not pull.merged
            for branch in (pull.branch, pull.base_branch)
            if (name := f"refs/heads/{branch}") in by_name
        }
        if not self._bring(needed):
            return None
        told = told_in(reversed(list(self._walk(told_tip)))) if told_tip else ()
        found = [replace(one, told=told) for one in self._place(pulls, metas, by_name)]
        return State(refs, {pull.number: pull for pull in found}, frozenset(metas), told)

    def _is_usual(self, ref: str) -> bool:
        """Whether it is wanted whatever the records say, so that one fetch is enough mostly."""
        wanted = ref.startswith((PULLS, f"refs/heads/{BRANCH_PREFIX}"))
        return wanted or ref == f"refs/heads/{self._base_branch}"

    def _bring(self, wanted: Mapping[str, Sha]) -> bool:
        """Fetch what is not here of these refs; whether all of it is here then."""
        unsure = set(wanted.values()) - self._here
        missing = local_git.missing(self._repository, unsure)
        if missing:
            specs = {_spec(name) for name, sha in wanted.items() if sha in missing}
            self._repository.fetch(sorted(specs))
            missing = local_git.missing(self._repository, missing)
        self._here |= unsure - missing
        return not missing

    def _read_records(self, tips: Iterable[Sha]) -> None:
        new = [tip for tip in tips if tip not in self._tips]
        for message in local_git.messages(self._repository, new, self._tips):
            self._messages[message.sha] = message
        self._tips.update(new)

    def _fold(self, number: int, tip: Sha) -> LocalPull | None:
        key = (number, tip)
        if key not in self._folded:
            self._folded[key] = fold(number, reversed(list(self._walk(tip))))
        return self._folded[key]

    def _walk(self, tip: Sha) -> Iterator[str]:
        """The records' texts, newest first."""
        at: Sha | None = tip
        while at is not None and at in self._messages:
            message = self._messages[at]
            yield message.text
            at = message.parents[0] if message.parents else None

    def _place(
        self, pulls: Mapping[int, LocalPull], metas: Mapping[int, Sha], refs: Mapping[str, Sha]
    ) -> Iterator[Found]:
        """Each pull request with its heads and the state that follows from them."""
        by_hand = self._taken_by_hand(pulls, refs)
        ways = self._ways_in({pulls[number].base_branch for number in by_hand}, refs)
        for number, pull in pulls.items():
            branch_head = refs.get(f"refs/heads/{pull.branch}")
            kept = refs.get(head_ref(number)) or branch_head
            if kept is None:
                continue
            merged = pull.merged
            way = (merged.commit, merged.tree) if merged else None
            if number in by_hand:
                way = next((ways[head] for head in by_hand[number] if head in ways), None)
            yield Found(
                pull=pull,
                tip=metas[number],
                kept_head=kept,
                branch_head=branch_head,
                base=refs.get(f"refs/heads/{pull.base_branch}"),
                state=PullState.MERGED if number in by_hand else _state_of(pull, branch_head),
                merged_as=way[0] if way else None,
                merged_tree=way[1] if way else None,
            )

    def _taken_by_hand(
        self, pulls: Mapping[int, LocalPull], refs: Mapping[str, Sha]
    ) -> dict[int, frozenset[Sha]]:
        """The open pull requests whose base branch has one of their heads, and which."""
        heads: dict[str, set[Sha]] = {}
        for pull in pulls.values():
            if _is_open(pull) and f"refs/heads/{pull.base_branch}" in refs:
                heads.setdefault(pull.base_branch, set()).update(_own_heads(pull, refs))
        by_hand: dict[int, frozenset[Sha]] = {}
        for base, own in heads.items():
            tip = refs[f"refs/heads/{base}"]
            taken = own - local_git.ahead(self._repository, tip, own)
            for number, pull in pulls.items():
                if pull.base_branch == base and _is_open(pull):
                    mine = _own_heads(pull, refs) & taken
                    by_hand |= {number: mine} if mine else {}
        return by_hand

    def _ways_in(self, bases: Iterable[str], refs: Mapping[str, Sha]) -> dict[Sha, tuple[Sha, Sha]]:
        """For each commit that these branches took in: the commit that did, and its tree.

        A person's merge that has a further commit in between is not found, nor need it be.
        """
        ways: dict[Sha, tuple[Sha, Sha]] = {}
        for base in bases:
            for commit in local_git.first_parents(self._repository, refs[f"refs/heads/{base}"]):
                ways[commit.sha] = (commit.sha, commit.tree)
                ways |= dict.fromkeys(commit.parents[1:], (commit.sha, commit.tree))
        return ways


def _spec(name: str) -> str:
    """What to fetch for a ref: all of its kind where there may be many."""
    for prefix in (PULLS, f"refs/heads/{BRANCH_PREFIX}"):
        if name.startswith(prefix):
            return f"{prefix}*"
    return name


def _is_open(pull: LocalPull) -> bool:
    return pull.merged is None and pull.closed is None


def _own_heads(pull: LocalPull, refs: Mapping[str, Sha]) -> frozenset[Sha]:
    """The commits any of which makes it merged once the base branch has it."""
    names = (head_ref(pull.number), f"refs/heads/{pull.branch}")
    return frozenset(refs[name] for name in names if name in refs)


def _state_of(pull: LocalPull, branch_head: Sha | None) -> PullState:
    """What the records say; a branch that is gone closes its pull request, as elsewhere."""
    if pull.merged:
        return PullState.MERGED
    return PullState.CLOSED if pull.closed or branch_head is None else PullState.OPEN
