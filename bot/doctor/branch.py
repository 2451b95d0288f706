"""What the base branch asks of a merge, and whether anything watches it afterwards. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from bot.config import CONFIG_PATH
from bot.doctor import Finding, note, ok, problem, warning
from bot.doctor.seen import Seen, TokenKind
from bot.model import CHECK_NAME, RequiredCheck
from bot.snapshot import Snapshot

RULES = ok("branch.rules")
HIDDEN = note(
    "branch.rules-hidden", "The bot then knows only the checks that its configuration names."
)
UNSEEN = warning(
    "branch.check-unseen", "A required check that nothing reports is waited for in vain."
)
APPROVALS = note("branch.approvals", "Nobody approves their own pull requests, the bot neither.")
NO_AUTO_MERGE = warning("branch.no-auto-merge", "The bot then merges by itself, or not at all.")
NO_CREATION = problem(
    "branch.no-pull-creation", "The bot pushes a branch and GitHub refuses its pull request."
)
CREATION_UNKNOWN = note(
    "branch.pull-creation-unknown", "In new repositories it is off, and then GitHub refuses them."
)
WATCHED = ok("watch.on")
UNWATCHED = warning(
    "watch.unwatched", "If a merge breaks the branch, the bot does not see it and reverts nothing."
)
WATCH_OFF = note("watch.off", "If a merge breaks the branch, the bot reverts nothing.")
SIGNS = (
    RULES, HIDDEN, UNSEEN, APPROVALS, NO_AUTO_MERGE, NO_CREATION, CREATION_UNKNOWN, WATCHED,
    UNWATCHED, WATCH_OFF,
)  # fmt: skip


def check(seen: Seen) -> Iterator[Finding]:
    snapshot = seen.snapshot
    if snapshot is None:
        return
    yield RULES.found(_summary(snapshot))
    if snapshot.forge.required is None:
        yield HIDDEN.found(
            f"The token may not see the rules of {snapshot.base_branch}.",
            f"Name the checks that must pass in merge.required_checks in {CONFIG_PATH}, or give "
            f"the token Metadata: read.",
        )
    unseen = [need.name for need in snapshot.required if _is_unseen(need, seen, snapshot)]
    if unseen:
        yield UNSEEN.found(
            f"Nothing here reports the required {_named(unseen)}.", _mend_name(unseen[0], snapshot)
        )
    rules = snapshot.forge.rules
    if rules.approvals or rules.code_owners:
        least = max(rules.approvals or 0, 1)
        people = "1 approval" if least == 1 else f"{least} approvals"
        owners = ", with one by a code owner" if rules.code_owners else ""
        yield APPROVALS.found(
            f"{snapshot.base_branch} wants {people}{owners} before any merge.",
            "Leave it, and approve what the bot asks you to; or let the bot's account bypass the "
            "rule (Settings > Rules > Rulesets > Bypass list), which then counts for all it does.",
        )
    yield from _settings(seen, snapshot)
    if seen.wants_merges:
        yield from _watching(snapshot, unseen)


def _summary(snapshot: Snapshot) -> str:
    needs = [need.name for need in snapshot.required]
    checks = f"{_named(needs)} must pass" if needs else "no check must pass"
    methods = snapshot.forge.rules.methods
    merges = f"; it allows {', '.join(methods)}" if methods else ""
    return f"On {snapshot.base_branch} {checks}{merges}."


def _named(names: list[str]) -> str:
    noun = "check" if len(names) == 1 else "checks"
    return f"{noun} {', '.join(f'“{name}”' for name in names)}"


def _is_unseen(need: RequiredCheck, seen: Seen, snapshot: Snapshot) -> bool:
    """Whether neither the base, nor a pull request of the bot's, nor a workflow knows it."""
    base = snapshot.forge.base_checks
    if base is None or seen.workflows is None:
        return False
    if snapshot.forge.checks_here and need.name == CHECK_NAME:
        return False
    known = {one.name for one in base}
    known |= {one.name for pull in snapshot.open_pulls for one in pull.checks or ()}
    made = [one.checks for one in seen.workflows if one.on_pulls]
    return None not in made and need.name not in known.union(*(names or () for names in made))


def _mend_name(name: str, snapshot: Snapshot) -> str:
    by_forge = name in {need.name for need in snapshot.forge.required or ()}
    where = (
        "Settings > Rules > Rulesets (or Branches)"
        if by_forge
        else f"merge.required_checks in {CONFIG_PATH}"
    )
    others = ", ".join(sorted({f"“{one.name}”" for one in snapshot.forge.base_checks or ()}))
    known = f"; {snapshot.base_branch} knows {others}" if others else ""
    if snapshot.forge.checks_here:
        return f"Have its runner call 'bot pulls check', or mend its name in {where}{known}."
    return f"Mend its name in {where}, or add the workflow that reports it{known}."


def _settings(seen: Seen, snapshot: Snapshot) -> Iterator[Finding]:
    forge, repository = snapshot.forge, seen.repository
    if snapshot.config.merge.via == "auto-merge" and not forge.allows_auto_merge:
        yield NO_AUTO_MERGE.found(
            f'{CONFIG_PATH} says merge.via = "auto-merge", which is not allowed here.',
            "Settings > General > Pull Requests > Allow auto-merge, or "
            f"'gh api -X PATCH repos/{repository} -F allow_auto_merge=true'."
            if seen.forge == "github"
            else f'Say merge.via = "bot" in {CONFIG_PATH}.',
        )
    if seen.token is not TokenKind.WORKFLOW or seen.access is None:
        return
    fix = (
        "Settings > Actions > General > Workflow permissions > Allow GitHub Actions to create and "
        f"approve pull requests; or 'gh api -X PUT repos/{repository}/actions/permissions/workflow "
        f"-F can_approve_pull_request_reviews=true'."
    )
    if seen.access.workflows_open_pulls is False:
        yield NO_CREATION.found("Workflows may not create pull requests here.", fix)
    elif seen.access.workflows_open_pulls is None:
        said = "Whether workflows may create pull requests here is hidden from the token."
        yield CREATION_UNKNOWN.found(said, f"Look it up. {fix}")


def _watching(snapshot: Snapshot, unseen: list[str]) -> Iterator[Finding]:
    config, base = snapshot.config, snapshot.base_branch
    if not config.watch.window:
        yield WATCH_OFF.found(
            "watch.window is empty, so nobody looks after what the bot merged.",
            f'Say watch.window = "24h" in {CONFIG_PATH}.',
        )
        return
    if snapshot.forge.base_checks is None:
        return
    here = {CHECK_NAME} if snapshot.forge.checks_here else set()
    running = {one.name for one in snapshot.forge.base_checks}.union(here, unseen)
    silent = [need.name for need in snapshot.required if need.name not in running]
    if silent:
        yield UNWATCHED.found(
            f"The required {_named(silent)} did not run on {base}'s newest commit.",
            f"Have it run for pushes too: 'on: {{push: {{branches: [{base}]}}}}' in its workflow."
            if not snapshot.forge.checks_here
            else f"Have its runner call 'bot pulls check' for commits of {base} too.",
        )
    elif snapshot.required and not unseen:
        yield WATCHED.found(
            f"Required checks run on {base}; merges are watched for {config.watch.window}."
        )
