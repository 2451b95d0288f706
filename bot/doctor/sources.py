"""What the configured sources hold. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bot.config import CONFIG_PATH
from bot.doctor import Finding, note, ok, warning
from bot.doctor.seen import Seen, SourceCount
from bot.untrusted import one_line

FOUND = ok("source.found")
EMPTY = note("source.empty", "That may be so; a pattern that matches nothing looks the same.")
ALL_EMPTY = warning("source.none", "Without a reflection there is nothing to work on.")
UNREADABLE = warning("source.unreadable", "What these records tell is never acted on.")
UNCOMMITTED = note("source.uncommitted", "A job of GitHub Actions has only what was pushed.")
NO_ISSUES = warning("source.no-issues", "Whoever labels an issue waits for an answer in vain.")
SIGNS = (FOUND, EMPTY, ALL_EMPTY, UNREADABLE, UNCOMMITTED, NO_ISSUES)

REFLECT = "'bot reflect \"…\"' writes one"


def check(seen: Seen) -> Iterator[Finding]:
    if seen.sources is None:
        return
    yield from _issues(seen)
    filled = [one for one in seen.sources if one.reflections]
    for one in seen.sources:
        if one.reflections:
            yield FOUND.found(_counted(one, seen))
        elif filled:
            yield EMPTY.found(f"Source “{one.name}” holds no reflection ({one.place}).", _look())
        if one.unreadable:
            noun = "record" if one.unreadable == 1 else "records"
            first = one_line(one.first_unreadable, 200)
            yield UNREADABLE.found(
                f"{one.unreadable} {noun} of source “{one.name}” cannot be read: {first}.",
                "'bot reflections' names them; mend them there.",
            )
        if one.uncommitted and seen.forge == "github":
            first, more = one.uncommitted[0], len(one.uncommitted) - 1
            others = f" and {more} more" if more else ""
            yield UNCOMMITTED.found(
                f"Source “{one.name}”: {first}{others} is not on {seen.base_branch}.",
                f"Push it ('git add {first}'), or name a branch for such files with `ref` in "
                f"[[source]] in {CONFIG_PATH}; a bot that runs on this machine needs neither.",
            )
    if not filled:
        named = "; ".join(f"“{one.name}”: {one.place}" for one in seen.sources)
        yield ALL_EMPTY.found(f"No source holds a reflection ({named}).", _look())


def _issues(seen: Seen) -> Iterator[Finding]:
    """Sources that are issues, where there are none to be read."""
    areas = seen.access.areas if seen.access else ()
    refused = next((one.why_not for one in areas if one.name == "Issues"), "")
    here = seen.snapshot is not None and seen.snapshot.forge.has_issues
    why = refused if here else "issues are switched off here"
    why = why if seen.forge == "github" else "the forge local has none"
    for source in seen.config.source if seen.config and why else ():
        if source.kind == "issues":
            yield NO_ISSUES.found(
                f"Source “{source.name}” reads issues, and cannot: {one_line(why, 200)}.",
                "Give the token Issues: read and write, or switch issues on (Settings > General > "
                f"Features); else take the source out of {CONFIG_PATH}.",
            )


def _counted(one: SourceCount, seen: Seen) -> str:
    records = "1 reflection" if one.reflections == 1 else f"{one.reflections:,} reflections"
    files = "1 file" if one.files == 1 else f"{one.files:,} files"
    trusted = seen.config is not None and seen.config.trusts((one.name,))
    trust = "trusted" if trusted else "not trusted, so a person merges what comes of it"
    return f"Source “{one.name}”: {records} in {files}, {trust}."


def _look() -> str:
    return f"Have your agent write there, or mend [[source]] in {CONFIG_PATH}; {REFLECT}."
