"""Git's part of acting: the bot's branches and its ledger, each moved by compare-and-swap."""

from __future__ import annotations

from collections.abc import Sequence

from bot.config import Config, read_config, stopped_by
from bot.errors import UserError
from bot.git_formats import Identity
from bot.ledger import LEDGER_REF, Record, encode, raw_date
from bot.model import BRANCH_PREFIX, Pushed, Sha
from bot.observing import PAUSED_REF
from bot.remote_refs import RemoteRefs
from bot.repository import RefUpdate, Repository

TRIES = 10
"""How often a ledger that others keep writing to is tried again."""


class GitPublisher:
    """Meets `bot.forges.Publisher`, by pushing from the repository's quarantine."""

    def __init__(self, repository: Repository, config: Config, base_branch: str) -> None:
        self._repository = repository
        self._identity = Identity(config.commit.name, config.commit.email)
        self._base_ref = f"refs/heads/{base_branch}"
        self._enabled_at: Sha | None = None
        self._refs: RemoteRefs | None = None

    def publish(self, branch: str, head: Sha, records: Sequence[Record]) -> Pushed:
        create = RefUpdate(f"refs/heads/{branch}", None, head)
        return self._with_records([create], records)

    def replace(self, branch: str, old: Sha, new: Sha, records: Sequence[Record]) -> Pushed:
        move = RefUpdate(f"refs/heads/{branch}", old, new)
        return self._with_records([move], records)

    def record(self, records: Sequence[Record]) -> None:
        if not records:
            return
        ended = self._with_records([], records)
        if ended.rejected:
            raise UserError(f"The remote refuses {LEDGER_REF}: {ended.rejected}; let the bot push.")

    def delete(self, branch: str, head: Sha, records: Sequence[Record]) -> Pushed:
        remove = RefUpdate(f"refs/heads/{branch}", head, None)
        return self._with_records([remove], records)

    def head(self, branch: str) -> Sha | None:
        return self._look().get(f"refs/heads/{branch}")

    def _read_refs(self) -> RemoteRefs:
        """The remote's refs as `halted` read them just before this step, else read now."""
        refs, self._refs = self._refs or self._look(), None
        return refs

    def _look(self) -> RemoteRefs:
        bots = f"refs/heads/{BRANCH_PREFIX}*"
        return self._repository.remote_refs(PAUSED_REF, LEDGER_REF, self._base_ref, bots)

    def halted(self) -> str:
        refs = self._refs = self._look()
        if refs.get(PAUSED_REF):
            return f"the bot is paused: the remote has {PAUSED_REF}"
        base = refs.get(self._base_ref)
        if base is None:
            return f"the remote has no {self._base_ref} any more"
        if base != self._enabled_at:
            self._repository.fetch([self._base_ref])
            stopped = stopped_by(read_config(self._repository.tree(base)))
            if stopped:
                return stopped
            self._enabled_at = base
        return ""

    def _with_records(self, updates: Sequence[RefUpdate], records: Sequence[Record]) -> Pushed:
        """Move the refs and add the records, all or nothing.

        A ledger that moved meanwhile is read again and added to; nothing that others wrote is lost.
        """
        entries = [(encode(record), raw_date(record.at)) for record in records]
        before: RemoteRefs | None = None
        for _ in range(TRIES):
            refs = self._read_refs()
            moved = tuple(u.ref for u in updates if refs.get(u.ref) != u.expected)
            if moved:
                return Pushed(stale=moved)
            if refs == before:  # nothing has moved, and yet the push was not taken
                return Pushed(rejected="the remote cannot make the ref; is one in its way?")
            before = refs
            tip = refs.get(LEDGER_REF)
            if tip is not None and not self._repository.has(tip):
                self._repository.fetch([LEDGER_REF])
            added = self._repository.build_log(tip, entries, self._identity)
            ended = self._repository.push([*updates, RefUpdate(LEDGER_REF, tip, added)])
            if not ended.stale:
                return ended
        raise UserError(f"{LEDGER_REF} changed {TRIES} times while the bot wrote to it; try again.")
