"""Git's part of acting: the bot's branches and its ledger, each moved by compare-and-swap."""

from __future__ import annotations

from collections.abc import Sequence

from bot.config import CONFIG_PATH, Config, parse_config
from bot.errors import UserError
from bot.git_formats import Identity
from bot.ledger import LEDGER_REF, Record, encode, raw_date
from bot.model import Sha
from bot.repository import RefUpdate, Repository
from bot.tick import PAUSED_REF

TRIES = 10
"""How often a ledger that others keep writing to is tried again."""


class GitPublisher:
    """Meets `bot.forges.Publisher`, by pushing from the repository's quarantine."""

    def __init__(self, repository: Repository, config: Config, base_branch: str) -> None:
        self._repository = repository
        self._identity = Identity(config.commit.name, config.commit.email)
        self._base_ref = f"refs/heads/{base_branch}"
        self._enabled_at: Sha | None = None

    def publish(self, branch: str, head: Sha, records: Sequence[Record]) -> bool:
        create = RefUpdate(f"refs/heads/{branch}", None, head)
        return self._with_records([create], records)

    def record(self, records: Sequence[Record]) -> None:
        self._with_records([], records)

    def delete(self, branch: str, head: Sha) -> bool:
        return not self._repository.push([RefUpdate(f"refs/heads/{branch}", head, None)])

    def head(self, branch: str) -> Sha | None:
        ref = f"refs/heads/{branch}"
        return self._repository.remote_refs(ref).get(ref)

    def halted(self) -> str:
        refs = self._repository.remote_refs(PAUSED_REF, self._base_ref)
        if refs.get(PAUSED_REF):
            return f"the bot is paused: the remote has {PAUSED_REF}"
        base = refs.get(self._base_ref)
        if base is None:
            return f"the remote has no {self._base_ref} any more"
        if base != self._enabled_at:
            self._repository.fetch([self._base_ref])
            text = self._repository.tree(base).read(CONFIG_PATH)
            if text is not None and not parse_config(text).enabled:
                return f"the bot is switched off: enabled = false in {CONFIG_PATH}"
            self._enabled_at = base
        return ""

    def _with_records(self, updates: Sequence[RefUpdate], records: Sequence[Record]) -> bool:
        """Move the refs and add the records, all or nothing; False if a ref was not as expected.

        A ledger that moved meanwhile is read again and added to; nothing that others wrote is lost.
        """
        entries = [(encode(record), raw_date(record.at)) for record in records]
        for _ in range(TRIES):
            refs = self._repository.remote_refs(LEDGER_REF, *(update.ref for update in updates))
            if any(refs.get(update.ref) != update.expected for update in updates):
                return False
            tip = refs.get(LEDGER_REF)
            if tip is not None and not self._repository.has(tip):
                self._repository.fetch([LEDGER_REF])
            added = self._repository.build_log(tip, entries, self._identity)
            stale = self._repository.push([*updates, RefUpdate(LEDGER_REF, tip, added)])
            if not stale:
                return True
        raise UserError(f"{LEDGER_REF} changed {TRIES} times while the bot wrote to it; try again.")
