"""Whether the repository and its configuration can be read, and whether the bot may act. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bot.config import CONFIG_PATH, Mode
from bot.doctor import Finding, note, ok, problem
from bot.doctor.seen import Seen
from bot.model import short

FOUND = ok("repository.found")
UNREADABLE = problem("repository.unreadable", "Nothing else works before this does.")
ARCHIVED = problem("repository.archived", "Nobody can write to it, the bot included.")
LOCAL_INSTEAD = problem(
    "forge.local-instead", "Nothing is written, and nothing of GitHub was looked at."
)
NO_CONFIG = note("config.none", "Every setting has its default: the bot proposes, people merge.")
CONFIG_SAYS = note("config.says", "What counts may be another thing than what you look at.")
HALTED = note("bot.halted", "Until that changes a run does nothing.")
OBSERVES = note("bot.observes", "A run asks no engine and writes nothing.")
SIGNS = (
    FOUND, UNREADABLE, ARCHIVED, LOCAL_INSTEAD, NO_CONFIG, CONFIG_SAYS, HALTED, OBSERVES,
)  # fmt: skip


def check(seen: Seen) -> Iterator[Finding]:
    if seen.unreadable:
        fix = "Mend what the sentence says, and run 'bot doctor' again."
        yield UNREADABLE.found(seen.unreadable, fix)
    if seen.access and seen.access.archived:
        yield ARCHIVED.found(
            f"{seen.repository} is archived or disabled.",
            f"Unarchive it: 'gh repo unarchive {seen.repository}', or in its Settings > General > "
            f"Danger Zone.",
        )
    snapshot = seen.snapshot
    if snapshot is None:
        return
    at = f"{snapshot.base_branch} at {short(snapshot.base.sha)}"
    yield FOUND.found(f"{seen.repository}, {at}; forge {seen.forge_said}.")
    if seen.forge == "local" and "GITHUB_TOKEN is not set" in seen.forge_said:
        yield LOCAL_INSTEAD.found(
            "The remote is at GitHub, and GITHUB_TOKEN is not set.",
            "Set it: 'export GITHUB_TOKEN=…', for instance to what 'gh auth token' prints. Or say "
            f'forge = "local" in {CONFIG_PATH}, for pull requests as git refs on that remote.',
        )
    yield from _configured(seen)
    if snapshot.halted:
        yield HALTED.found(
            f"Runs do nothing now: {snapshot.halted}.",
            "'bot resume' lets a paused bot go on; an issue labelled bot:pause has to be closed; "
            f"'enabled' stands in {CONFIG_PATH}.",
        )
    elif snapshot.config.mode is Mode.OBSERVE:
        yield OBSERVES.found(
            f'{CONFIG_PATH} says mode = "observe".',
            "When you like what 'bot run --dry-run' shows, say mode = \"propose\" in "
            f"{CONFIG_PATH}.",
        )


def _configured(seen: Seen) -> Iterator[Finding]:
    if not seen.configured:
        yield NO_CONFIG.found(
            f"{seen.base_branch} has no {CONFIG_PATH}.",
            "'bot init' writes one, with comments, after showing it.",
        )
    for sentence in seen.config_says:
        yield CONFIG_SAYS.found(
            f"{sentence[:1].upper()}{sentence[1:].removesuffix('.')}.",
            "Leave it if you want that; else push the file, or mend the variable that is named.",
        )
