"""Whether a pull request by this token starts CI: now, after an approval, or never. Pure.

What has happened to the bot's own pull requests counts before what the token's kind suggests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bot.doctor import Finding, note, ok, problem, warning
from bot.doctor.seen import Seen, TokenKind
from bot.doctor.workflows import Workflow
from bot.model import Pull
from bot.snapshot import Snapshot
from bot.time_windows import duration

STARTS = ok("ci.starts")
AWAITS = warning(
    "ci.awaits-approval", "No check passes before a person has approved its run, each time anew."
)
NEVER = problem(
    "ci.never-starts", "Checks that are required never come, so no fix of the bot's is ever merged."
)
NONE = warning("ci.none", "Nothing but the bot's own sandbox, and people, judges its fixes.")
DISABLED = problem("ci.disabled", "No workflow runs, so no check of one ever passes.")
FILTERED = warning(
    "ci.filtered", "Of other pull requests GitHub waits for this check, and it never comes."
)
SILENT_MERGES = warning(
    "ci.silent-merges", "Nothing tests what the bot merged, and deployments silently stop."
)
BY_OTHERS = note("ci.by-others", "Some services leave out what bots and forks push.")
SIGNS = (STARTS, AWAITS, NEVER, NONE, BY_OTHERS, DISABLED, FILTERED, SILENT_MERGES)

ACTIONS_APP_ID = 15368
"""By which GitHub Actions report their checks."""

OWN_TOKEN = (
    "Give the bot a token of its own: an app (Settings > Developer settings > GitHub Apps > New; "
    "Contents, Pull requests and Issues: read and write; Checks, Commit statuses: read) and "
    "install it here."
)


def check(seen: Seen) -> Iterator[Finding]:
    snapshot, workflows = seen.snapshot, seen.workflows
    if seen.forge != "github" or snapshot is None or workflows is None:
        return
    if seen.access and seen.access.actions_enabled is False and workflows:
        yield DISABLED.found(
            f"GitHub Actions are disabled in {seen.repository}.",
            "Settings > Actions > General > Actions permissions: allow them; or "
            f"'gh api -X PUT repos/{seen.repository}/actions/permissions -F enabled=true'.",
        )
    yield from _starts(seen, snapshot, workflows)
    yield from _filtered(snapshot, workflows)
    if seen.token is TokenKind.WORKFLOW and seen.wants_merges:
        yield SILENT_MERGES.found(
            "A merge with the automatic token of a workflow starts no workflow.", OWN_TOKEN
        )


def _starts(seen: Seen, snapshot: Snapshot, workflows: tuple[Workflow, ...]) -> Iterator[Finding]:
    awaiting = _first(snapshot, _awaits)
    started = _first(snapshot, _has_started)
    idle = _first(snapshot, lambda pull: _is_idle(pull, snapshot))
    testing = [flow.path for flow in workflows if flow.on_pulls]
    if awaiting:
        said = f"The runs for the bot's pull request #{awaiting.number} wait for a person."
        yield AWAITS.found(said, f"Approve them on its page, Checks tab. {OWN_TOKEN}")
    elif started:
        yield STARTS.found(f"CI has started for the bot's pull request #{started.number}.")
    elif idle:
        said = f"For the bot's pull request #{idle.number} nothing has started."
        yield NEVER.found(said, _let_it_start(seen, snapshot, testing))
    elif not testing:
        yield from _without_workflow(seen, snapshot)
    elif seen.token is TokenKind.WORKFLOW:
        said = "What a workflow's automatic token proposes is run only after a person's approval."
        yield AWAITS.found(said, OWN_TOKEN)
    elif seen.token is not None:
        said = f"A pull request by {seen.token} starts {testing[0]}"
        more = f" and {len(testing) - 1} more" if len(testing) > 1 else ""
        yield STARTS.found(f"{said}{more}.")


def _without_workflow(seen: Seen, snapshot: Snapshot) -> Iterator[Finding]:
    """No workflow runs for pull requests: then another service does, or nothing."""
    base, checks = snapshot.base_branch, snapshot.forge.base_checks
    if checks is None:
        return
    others = sorted({one.name for one in checks if one.app_id != ACTIONS_APP_ID})
    if others:
        yield BY_OTHERS.found(
            f"No workflow tests pull requests to {base}; another service reports “{others[0]}”.",
            "Look at the checks of the bot's first pull request, or ask again then.",
        )
    elif snapshot.required:
        said = f"No workflow of {base} runs for pull requests to it."
        yield NEVER.found(said, _let_it_start(seen, snapshot, []))
    else:
        said = f"Nothing tests pull requests to {base}."
        yield NONE.found(said, _let_it_start(seen, snapshot, []))


def _let_it_start(seen: Seen, snapshot: Snapshot, testing: list[str]) -> str:
    if not testing:
        events = f"{{pull_request: {{}}, push: {{branches: [{snapshot.base_branch}]}}}}"
        return (
            f"Say 'on: {events}' in a workflow in .github/workflows/ that runs the tests; "
            f"'bot init' writes one for the bot's pull requests."
        )
    if seen.token is TokenKind.WORKFLOW:
        return OWN_TOKEN
    name = testing[0].rpartition("/")[2]
    return (
        f"See that the workflow is on ('gh workflow enable {name}') and that no filter of its "
        f"'on.pull_request' leaves the change out; else the token starts none. {OWN_TOKEN}"
    )


def _first(snapshot: Snapshot, holds: Callable[[Pull], bool]) -> Pull | None:
    return next((pull for pull in reversed(snapshot.open_pulls) if holds(pull)), None)


def _awaits(pull: Pull) -> bool:
    return any(one.awaits for one in pull.started or ())


def _has_started(pull: Pull) -> bool:
    return bool(pull.checks) or any(not one.awaits for one in pull.started or ())


def _is_idle(pull: Pull, snapshot: Snapshot) -> bool:
    """Whether nothing has begun for it, in all the time that it has for that."""
    if pull.started != () or pull.checks != () or pull.created_at is None:
        return False
    within = duration(snapshot.config.merge.checks_start_within)
    return snapshot.now >= pull.created_at + within


def _filtered(snapshot: Snapshot, workflows: tuple[Workflow, ...]) -> Iterator[Finding]:
    for need in snapshot.required:
        makers = [one for one in workflows if one.on_pulls and need.name in (one.checks or ())]
        if makers and all(one.filtered for one in makers):
            yield FILTERED.found(
                f"The required check “{need.name}” comes from {makers[0].path}, which leaves out "
                f"some paths.",
                f"Take 'paths' and 'paths-ignore' out of 'on.pull_request' in {makers[0].path}, "
                f"and skip steps inside the job instead.",
            )
