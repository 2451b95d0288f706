"""What GitHub's errors mean: a sentence for a person, a refusal, or an answer that was lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import requests
from github.GithubException import BadCredentialsException, GithubException

from bot.errors import UserError
from bot.forges import Refused
from bot.untrusted import one_line


def reason_of(error: GithubException) -> str:
    """GitHub's own words in one line."""
    data = error.data if isinstance(error.data, dict) else {}
    words = [str(data.get("message", ""))]
    for detail in data.get("errors") or ():
        said = detail.get("message") or detail.get("code") if isinstance(detail, dict) else detail
        words.append(str(said or ""))
    words = [word for word in words if word] or [f"HTTP {error.status}"]
    return one_line(": ".join(words), 300)


def kinds_of(error: GithubException) -> frozenset[str]:
    """The types of the errors that GraphQL answered; none for an answer of REST."""
    data = error.data if isinstance(error.data, dict) else {}
    return frozenset(str(one["type"]) for one in _details(data) if "type" in one)


def is_limit(error: GithubException) -> bool:
    return error.status == 429 or "rate limit" in reason_of(error).casefold()


def is_hidden(error: GithubException) -> bool:
    """Whether the token may not see what was asked for, or nobody has it."""
    return error.status in (403, 404) and not is_limit(error)


def is_lost(error: GithubException | requests.RequestException) -> bool:
    """Whether the write may have happened although there is no answer that says so."""
    return not isinstance(error, GithubException) or error.status >= 500


def refusal_of(error: GithubException | requests.RequestException) -> Refused | None:
    """The refusal in an answer to a write; None where it is something else."""
    if not isinstance(error, GithubException) or is_limit(error):
        return None
    reason = reason_of(error)
    if error.status in (404, 410, 422) or "locked" in reason.casefold():
        return Refused(reason)
    if kinds_of(error) & {"UNPROCESSABLE", "NOT_FOUND"}:
        return Refused(reason)
    return None


@contextmanager
def plain_errors(doing: str) -> Iterator[None]:
    """Turn what a user can mend, or what passes by itself, into one sentence."""
    try:
        yield
    except BadCredentialsException as error:
        raise UserError(
            "GitHub refused GITHUB_TOKEN (401); it is wrong or expired, so set a new one."
        ) from error
    except GithubException as error:
        reason = reason_of(error)
        if is_limit(error):
            raise UserError(
                f"GitHub asks the bot to slow down{_until(error)}: {reason} The next tick goes on."
            ) from error
        if error.status in (403, 404) or "FORBIDDEN" in kinds_of(error):
            where = _hidden(error)
            raise UserError(
                f"GITHUB_TOKEN may not {doing}{where}: {reason}; grant it that."
            ) from error
        if error.status >= 500:
            raise UserError(
                f"GitHub failed ({error.status}) when asked to {doing}; the next tick goes on."
            ) from error
        raise
    except requests.RequestException as error:
        raise UserError(
            f"GitHub gave no answer while the bot was to {doing}: {one_line(str(error))}; "
            f"the next tick goes on."
        ) from error


def _details(data: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (one for one in data.get("errors") or () if isinstance(one, dict))


def _hidden(error: GithubException) -> str:
    """Which part of a GraphQL answer the token may not see."""
    data = error.data if isinstance(error.data, dict) else {}
    paths = {".".join(map(str, one.get("path") or ())) for one in _details(data)} - {""}
    return f" ({one_line(', '.join(sorted(paths)), 100)})" if paths else ""


def _until(error: GithubException) -> str:
    reset = (error.headers or {}).get("x-ratelimit-reset", "")
    if not reset.isdigit():
        return ""
    return f" until {datetime.fromtimestamp(int(reset), UTC):%H:%M UTC}"
