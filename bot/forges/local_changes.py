"""What people and the bot say about a pull request of the forge `local`: one more record each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from secrets import token_hex
from typing import Literal, Protocol

from bot.errors import UserError
from bot.forges import CheckResult, Refused, hidden, marked
from bot.forges.local_checks import CHECKS_REF
from bot.forges.local_records import (
    CheckedRecord,
    ClosedRecord,
    CommentedRecord,
    EditedRecord,
    LabelledRecord,
    Person,
    PullRecord,
    ReopenedRecord,
    ReviewAskedRecord,
    ReviewedRecord,
    UnlabelledRecord,
    encode,
    head_ref,
    meta_ref,
)
from bot.forges.local_state import TRIES, Found, StateReading
from bot.git_formats import Identity
from bot.ledger import raw_date
from bot.model import CHECK_NAME, CheckState, Issue, PullState, Sha, short
from bot.repository import RefUpdate, Repository


class Named(Protocol):
    """Whoever reads or writes, as git knows people."""

    @property
    def name(self) -> str: ...

    @property
    def email(self) -> str: ...


Decide = Callable[[Found], PullRecord | Refused | None]
"""What to write about a pull request as it is: a record, a refusal, or nothing."""


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


class RecordWriting:
    """The writes that add a record and nothing else. `me` signs them.

    Each is decided on the pull request as it is at that moment, and decided anew when another
    writer was first. A refusal is a clause without its end, for a sentence. `clock` tells when.
    """

    def __init__(
        self,
        repository: Repository,
        me: Named,
        base_branch: str,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._clock = clock
        self._repository = repository
        self._me = Identity(me.name, me.email)
        self._reading = StateReading(repository, base_branch)

    def set_body(self, number: int, body: str) -> Refused | None:
        return self._edit(number, body=body)

    def request_review(self, number: int, reviewers: Sequence[str]) -> Refused | None:
        def ask(found: Found) -> PullRecord | Refused | None:
            new = tuple(name for name in reviewers if name not in found.pull.asked)
            if not found.is_open:
                return not_open(found)
            return ReviewAskedRecord(at=self._clock(), by=self.by, reviewers=new) if new else None

        return self._change(number, ask)

    def check(self, branch: str, result: CheckResult) -> Refused | None:
        """Keep a check's result with the branch's newest pull request, once."""

        def keep(found: Found) -> PullRecord | Refused | None:
            if found.is_open and found.head != result.head:
                return Refused(f"{branch} is at {short(found.head)} by now", final=False)
            record = CheckedRecord(
                at=self._clock(),
                by=self.by,
                head=result.head,
                name=result.name,
                state=result.state,
                summary=result.summary,
                base=result.base,
                base_state=result.base_state,
            )
            about = (record.head, record.name)
            known = [told for told in found.pull.checked if (told.head, told.name) == about]
            return None if known and known[-1].says_the_same(record) else record

        of_branch = self._reading.read().of_branch(branch)
        if of_branch is None:
            return Refused(f"{branch} has no pull request")
        return self._change(of_branch.number, keep)

    def tell(self, commit: Sha, name: str, state: CheckState, url: str = "") -> Refused | None:
        """Keep what another runner or a person found of a commit, once."""
        record = CheckedRecord(
            at=self._clock(), by=self.by, head=commit, name=name, state=state, url=url
        )
        if name == CHECK_NAME:
            return Refused(f"the check “{CHECK_NAME}” is the bot's own; name another")
        before: Sha | None = None
        for tried in range(TRIES):
            now = self._reading.read()
            tip = now.refs.get(CHECKS_REF)
            known = [one for one in now.told if (one.head, one.name) == (commit, name)]
            if known and known[-1].says_the_same(record):
                return None
            if tried and before == tip:  # nothing has moved, and yet the push was not taken
                raise self.gave_up()
            before = tip
            update = RefUpdate(CHECKS_REF, tip, self.recorded(tip, record))
            ended = self._repository.push([update])
            if ended.rejected:
                return Refused(ended.rejected)
            if not ended.stale:
                return None
        raise self.gave_up()

    def rerun(self, run: int) -> Refused | None:
        del run
        return Refused("the forge 'local' runs no checks")

    def comment(
        self, number: int, text: str, *, marker: str = "", path: str = "", line: int | None = None
    ) -> Refused | None:
        """Comment on the whole or, with a path, on its newest head; once for each marker."""
        body = marked(text, marker) if marker else text

        def say(found: Found) -> PullRecord | Refused | None:
            own = (said.body for said in found.pull.comments if said.by.id == self.by.id)
            if marker and any(hidden(marker) in said for said in own):
                return None
            if line is not None and not path:
                return Refused("a line is in a file, and none is named")
            head = found.head if path else None
            return CommentedRecord(
                at=self._clock(), by=self.by, body=body, path=path, line=line, head=head
            )

        return self._change(number, say)

    def reply(self, number: int, thread: str, text: str) -> Refused | None:
        """Answer in a thread, unless one's own last words there are the same."""

        def answer(found: Found) -> PullRecord | Refused | None:
            said = [one for one in found.pull.comments if thread in (one.id, one.thread)]
            if not thread or not any(one.id == thread and one.path for one in said):
                return Refused(f"pull request {number} has no such thread")
            own = [one.body for one in said if one.by.id == self.by.id]
            if own and own[-1] == text:
                return None
            return CommentedRecord(at=self._clock(), by=self.by, body=text, thread=thread)

        return self._change(number, answer)

    def review(self, number: int, head: Sha, *, approve: bool, body: str = "") -> Refused | None:
        """Approve a head, or ask for changes; nobody approves what they opened themselves."""
        verdict: Literal["approved", "changes requested"] = (
            "approved" if approve else "changes requested"
        )

        def say(found: Found) -> PullRecord | Refused | None:
            if not found.is_open:
                return not_open(found)
            if found.head != head:
                return Refused(f"pull request {number} is at {short(found.head)} by now")
            if approve and found.pull.opened.by.id == self.by.id:
                return Refused(f"pull request {number} is your own")
            return ReviewedRecord(
                at=self._clock(), by=self.by, verdict=verdict, head=head, body=body
            )

        return self._change(number, say)

    def close(self, number: int) -> Refused | None:
        def close(found: Found) -> PullRecord | Refused | None:
            if not found.is_open:
                return not_open(found)
            return ClosedRecord(at=self._clock(), by=self.by, head=found.head)

        return self._change(number, close)

    def reopen(self, number: int) -> Refused | None:
        def reopen(found: Found) -> PullRecord | Refused | None:
            if found.state is PullState.MERGED or found.is_open:
                return Refused(f"pull request {number} is {found.state}")
            if found.branch_head is None:
                return Refused(
                    f"its branch is gone; bring it back first, with 'git push "
                    f"{self._repository.pushed_to} {found.head}:refs/heads/{found.pull.branch}'"
                )
            newest = self._reading.read().of_branch(found.pull.branch)
            if newest and newest.number != number and newest.is_open:
                return Refused(f"pull request {newest.number} is open for its branch")
            return ReopenedRecord(at=self._clock(), by=self.by)

        return self._change(number, reopen)

    def add_label(self, number: int, label: str) -> Refused | None:
        def add(found: Found) -> PullRecord | Refused | None:
            if label in found.pull.labels:
                return None
            return LabelledRecord(at=self._clock(), by=self.by, label=label)

        return self._change(number, add)

    def remove_label(self, number: int, label: str) -> Refused | None:
        def remove(found: Found) -> PullRecord | Refused | None:
            if label.casefold() not in {name.casefold() for name in found.pull.labels}:
                return None
            return UnlabelledRecord(at=self._clock(), by=self.by, label=label)

        return self._change(number, remove)

    def set_draft(self, number: int, draft: bool) -> Refused | None:
        """Say that it is ready for review, or that it is not."""

        def mark(found: Found) -> PullRecord | Refused | None:
            if not found.is_open:
                return not_open(found)
            if found.pull.draft == draft:
                return None
            return EditedRecord(at=self._clock(), by=self.by, draft=draft)

        return self._change(number, mark)

    def set_title(self, number: int, title: str) -> Refused | None:
        return self._edit(number, title=title)

    # ---------------------------------------------------------------------------- what git has not

    def enable_auto_merge(self, number: int, *, head: Sha, method: str) -> Refused | None:
        del number, head, method
        return Refused("the forge 'local' merges nothing by itself")

    def disable_auto_merge(self, number: int) -> Refused | None:
        del number
        return None

    def tell_issue(self, number: int, text: str, *, marker: str, label: str) -> Refused | None:
        del number, text, marker, label
        return Refused("the forge 'local' has no issues")

    def open_issue(self, *, title: str, body: str, label: str) -> Issue | Refused:
        del title, body, label
        return Refused("the forge 'local' has no issues")

    def update_issue(self, number: int, *, title: str, body: str) -> Refused | None:
        del number, title, body
        return Refused("the forge 'local' has no issues")

    # ------------------------------------------------------------------------------ how it is kept

    @property
    def by(self) -> Person:
        return Person.of(self._me)

    def _edit(
        self, number: int, *, title: str | None = None, body: str | None = None
    ) -> Refused | None:
        def edit(found: Found) -> PullRecord | Refused | None:
            same = title in (None, found.pull.title) and body in (None, found.pull.body)
            if same:
                return None
            return EditedRecord(at=self._clock(), by=self.by, title=title, body=body)

        return self._change(number, edit)

    def _change(self, number: int, decide: Decide) -> Refused | None:
        """Add the record that is decided on for the pull request as it is at that moment."""
        before: Sha | None = None
        for _ in range(TRIES):
            found = self._reading.read().pulls.get(number)
            if found is None:
                return unknown(number)
            record = decide(found)
            if record is None or isinstance(record, Refused):
                return record
            if before == found.tip:  # nothing has moved, and yet the push was not taken
                raise self.gave_up()
            before = found.tip
            ended = self._repository.push(self.append(found, record))
            if ended.rejected:
                return Refused(ended.rejected, final=self._repository.has_remote)
            if not ended.stale:
                return None
        raise self.gave_up()

    def append(self, found: Found, record: PullRecord) -> list[RefUpdate]:
        """Add a record, and keep the commits that the branch has had since the last one."""
        added = self.recorded(found.tip, record)
        updates = [RefUpdate(meta_ref(found.number), found.tip, added)]
        if found.is_open and found.head != found.kept_head:
            updates.append(RefUpdate(head_ref(found.number), found.kept_head, found.head))
        return updates

    def recorded(self, tip: Sha | None, record: PullRecord) -> Sha:
        unique = record.model_copy(update={"id": token_hex(8)})
        entry = (encode(unique), raw_date(record.at))
        return self._repository.build_log(tip, [entry], self._me)

    def gave_up(self) -> UserError:
        return UserError(
            f"The pull requests of {self._repository.address} changed {TRIES} times while the bot "
            f"wrote to them, or cannot be written; try again."
        )


def not_open(found: Found) -> Refused:
    return Refused(f"pull request {found.number} is {found.state}")


def unknown(number: int) -> Refused:
    return Refused(f"there is no pull request {number}")
