"""Pause and resume: the ref that stops every bot that works on this repository."""

from __future__ import annotations

from datetime import datetime

from bot.errors import UserError
from bot.ledger import raw_date
from bot.model import PAUSE_LABEL
from bot.observing import PAUSED_REF
from bot.repository import RefUpdate, Repository
from bot.untrusted import one_line


def pause(repository: Repository, reason: str, now: datetime) -> str:
    """Set the ref, with who did it and why in its commit; says what is so now."""
    there = repository.remote_refs(PAUSED_REF).get(PAUSED_REF)
    if there is not None:
        return f"The bot is paused already: {repository.address} has {PAUSED_REF}."
    message = f"{one_line(reason, 200) or 'The bot is paused'}\n"
    commit = repository.build_log(None, [(message, raw_date(now))], repository.person())
    ended = repository.push([RefUpdate(PAUSED_REF, None, commit)])
    if ended.rejected:
        raise UserError(
            f"The bot is not paused: the remote refuses {PAUSED_REF}: {ended.rejected}; open an "
            f"issue with the label {PAUSE_LABEL} instead, or push the ref yourself."
        )
    return (
        f"Paused: nothing is written any more while {repository.address} has {PAUSED_REF}. "
        f"'bot status' names what the forge would still merge by itself."
    )


def resume(repository: Repository) -> str:
    """Take the ref away; says what is so now."""
    there = repository.remote_refs(PAUSED_REF).get(PAUSED_REF)
    if there is None:
        return "The bot is not paused by a ref."
    ended = repository.push([RefUpdate(PAUSED_REF, there, None)])
    if ended.rejected:
        raise UserError(
            f"The bot stays paused: the remote keeps {PAUSED_REF}: {ended.rejected}; have somebody "
            f"delete it who may."
        )
    return f"Resumed: {PAUSED_REF} is gone."
