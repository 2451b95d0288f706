"""What the token is, what it may do, and how long it lasts. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from bot.doctor import Finding, note, ok, problem, warning
from bot.doctor.seen import Seen, TokenKind
from bot.forges.access import Access

SOON = timedelta(days=1)
LATER = timedelta(days=14)
FEW_REQUESTS = 200
FINE_GRAINED_PAGE = "https://github.com/settings/personal-access-tokens"
CLASSIC_PAGE = "https://github.com/settings/tokens"
NEEDS = "Contents, Pull requests, Issues and Actions: read and write; Checks, Commit statuses: read"

KIND = ok("token.kind")
CLASSIC = warning(
    "token.classic",
    "It reaches every repository of its account; whoever steals it has them all.",
)
SCOPES = problem("token.scopes", "Without the scope GitHub refuses every write.")
CANNOT_READ = problem("token.cannot-read", "The bot judges by this; without it no run is possible.")
READS_LITTLE = warning("token.reads-little", "Part of what the bot does is left out without it.")
CANNOT_PUSH = problem("token.cannot-push", "A proposal is a branch; the bot could push none.")
WRITES_UNKNOWN = note(
    "token.writes-unknown",
    "GitHub tells it only to who writes: a token that lacks this fails at its first pull request.",
)
EXPIRES_SOON = problem("token.expires-soon", "From then on every run fails.")
EXPIRES = warning("token.expires", "From then on every run fails.")
NO_EXPIRY = note("token.no-expiry", "Should it ever leak, it works until somebody notices.")
FEW_LEFT = warning("token.few-requests", "A run that is refused for asking too often ends early.")
SIGNS = (
    KIND, CLASSIC, SCOPES, CANNOT_READ, READS_LITTLE, CANNOT_PUSH, WRITES_UNKNOWN, EXPIRES_SOON,
    EXPIRES, NO_EXPIRY, FEW_LEFT,
)  # fmt: skip

_OF_NO_PERSON = (TokenKind.APP, TokenKind.WORKFLOW)


def check(seen: Seen) -> Iterator[Finding]:
    if seen.token is None:
        return
    login = seen.snapshot.forge.login if seen.snapshot else ""
    if seen.token is not TokenKind.CLASSIC:
        yield KIND.found(f"GITHUB_TOKEN is {seen.token}{f', of {login}' if login else ''}.")
    else:
        yield CLASSIC.found(
            f"GITHUB_TOKEN is a classic personal access token{f', of {login}' if login else ''}.",
            f"Use an app of your own that is installed in {seen.repository} alone (Settings > "
            f"Developer settings > GitHub Apps > New; {NEEDS}); then delete this token at "
            f"{CLASSIC_PAGE}.",
        )
    if seen.access:
        yield from _scopes(seen, seen.access)
        yield from _areas(seen, seen.access)
    yield from _time(seen)


def _scopes(seen: Seen, access: Access) -> Iterator[Finding]:
    scopes = access.answered.scopes
    if seen.token is not TokenKind.CLASSIC or scopes is None:
        return
    enough = {"repo"} if access.private else {"repo", "public_repo"}
    if not enough & set(scopes):
        has = ", ".join(scopes) or "none"
        needed = "repo" if access.private else "public_repo"
        yield SCOPES.found(
            f"The token lacks the scope {needed}; it has {has}.",
            f"Tick {needed} for this token at {CLASSIC_PAGE}, or use an app.",
        )


def _areas(seen: Seen, access: Access) -> Iterator[Finding]:
    for area in access.areas:
        if area.why_not:
            sign = CANNOT_READ if area.needed else READS_LITTLE
            said = f"The token may not read {area.name.lower()}: {area.why_not}."
            yield sign.found(said, _grant(seen, area.name, "read"))
    if access.why_no_push:
        said = f"The token may not push: {access.why_no_push.removesuffix('.')}."
        role = (
            ""
            if seen.token in _OF_NO_PERSON
            else (" Its account needs the role Write, too (Settings > Collaborators and teams).")
        )
        yield CANNOT_PUSH.found(said, _grant(seen, "Contents", "read and write") + role)
    elif seen.token is not TokenKind.CLASSIC:
        yield WRITES_UNKNOWN.found(
            "The token may push; whether it may also open and merge pull requests is not told.",
            _grant(seen, "Pull requests", "read and write"),
        )


def _grant(seen: Seen, what: str, how: str) -> str:
    """How this kind of token is given a right."""
    if seen.token is TokenKind.WORKFLOW:
        right = what.lower().replace("commit ", "").replace(" ", "-")
        value = "write" if "write" in how else "read"
        return f"Say '{right}: {value}' under 'permissions:' of the job in the workflow's file."
    if seen.token is TokenKind.APP:
        return (
            f"In the app's settings, Permissions & events > Repository permissions: {what}, {how}; "
            f"then accept that where the app is installed (Settings > GitHub Apps > Configure)."
        )
    if seen.token is TokenKind.CLASSIC:
        return f"Tick the scope repo for this token at {CLASSIC_PAGE}."
    if seen.token is TokenKind.FINE_GRAINED and what == "Checks":
        return (
            "A fine-grained token cannot be given that: use an app of your own (Settings > "
            "Developer settings > GitHub Apps > New; Checks: read)."
        )
    return f"At {FINE_GRAINED_PAGE}, this token > Edit > Repository permissions: {what}, {how}."


def _time(seen: Seen) -> Iterator[Finding]:
    head = seen.access.answered if seen.access else seen.answered
    if head is None:
        return
    personal = seen.token in (TokenKind.CLASSIC, TokenKind.FINE_GRAINED)
    page = CLASSIC_PAGE if seen.token is TokenKind.CLASSIC else FINE_GRAINED_PAGE
    if head.expires and personal:
        left = head.expires - seen.now
        said = f"GITHUB_TOKEN expires at {head.expires:%Y-%m-%d %H:%M} UTC."
        fix = f"Regenerate it at {page}, and store the new one where the old one is."
        if left <= LATER:
            yield (EXPIRES_SOON if left <= SOON else EXPIRES).found(said, fix)
    elif personal and seen.access:
        yield NO_EXPIRY.found(
            "GITHUB_TOKEN never expires.",
            f"Regenerate it with an expiration at {page}; the doctor tells when that nears.",
        )
    if head.requests_left is not None and head.requests_left < FEW_REQUESTS:
        yield FEW_LEFT.found(
            f"GitHub takes {head.requests_left} more requests of this token within the hour.",
            "Wait for the next hour, run the bot less often, or give it a token of its own.",
        )
