"""One scenario for every sign that the doctor knows, for a test and for a page.

`python -m tests.doctor.examples` prints `docs/doctor.md`; a test holds the page against it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.config import parse_config
from bot.doctor import Finding, Level
from bot.doctor.registry import GROUPS
from bot.doctor.seen import Engines, Holding, Seen, SourceCount, TokenKind
from bot.doctor.workflows import Workflow
from bot.engines.asking import Asked
from bot.forges.access import Access, Answered, Area
from bot.model import BaseRules, Check, CheckState, Pull, Started
from bot.snapshot import Snapshot
from tests.observed import CONFIG, FORGE, NOW, PULL, snapshot

AREA = Area(name="Issues", needed=False)
METHODS = ("merge", "squash", "rebase")
GREEN = replace(
    FORGE,
    base_checks=(Check("test", CheckState.PASSED),),
    rules=BaseRules(approvals=0, methods=METHODS),
    login="amendbot[bot]",
)
CI = Workflow(path=".github/workflows/ci.yml", on_pulls=True, on_merges=True, checks=("test",))
NOTHING = Answered()
REASON = "bubblewrap is not installed"
HEALTHY = Seen(
    now=NOW,
    forge="github",
    forge_said="github",
    repository="acme/agent",
    config=parse_config(CONFIG),
    base_branch="main",
    snapshot=snapshot(forge=GREEN),
    token=TokenKind.APP,
    access=Access(answered=Answered(at=NOW, requests_left=4_990), areas=(AREA,)),
    workflows=(CI,),
    holding=Holding(isolated=True),
    test_command="python -m pytest",
    engines=Engines(has_key=True),
    asked=Asked(model="gpt-5-mini", called=True, tokens=187),
    asking=True,
    sources=(SourceCount(name="reflections", place="reflections.json", reflections=12, files=1),),
    git="git version 2.45.1",
)


@dataclass(frozen=True)
class Example:
    """What was seen, and how it comes about, for whoever wants to see it themselves."""

    scenario: str
    seen: Seen


def _seen(**facts: object) -> Seen:
    return replace(HEALTHY, **facts)  # type: ignore[arg-type] # each is checked by what it says


def _token(kind: TokenKind, head: Answered = NOTHING, **access: object) -> Seen:
    found = replace(HEALTHY.access or Access(), answered=head, **access)  # type: ignore[arg-type]
    return _seen(token=kind, access=found)


def _world(world: Snapshot, **facts: object) -> Seen:
    return _seen(snapshot=world, config=world.config, **facts)


def _config(text: str) -> Seen:
    return _world(snapshot(config=text, forge=GREEN))


def _forge(**facts: object) -> Seen:
    return _world(snapshot(forge=replace(GREEN, **facts)))  # type: ignore[arg-type] # as above


def _rules(**rules: object) -> Seen:
    asked = replace(GREEN.rules, **rules)  # type: ignore[arg-type] # as above
    return _forge(rules=asked)


def _pulled(pull: Pull, **facts: object) -> Seen:
    later = NOW + timedelta(hours=2)
    return _world(snapshot(pull, forge=GREEN, now=later), now=later, **facts)


def _idle(started: tuple[Started, ...] = ()) -> Pull:
    return replace(PULL, checks=(), started=started, created_at=NOW)


def _source(**facts: object) -> Seen:
    more = SourceCount(name="notes", place="notes.jsonl", **facts)  # type: ignore[arg-type]
    return _seen(sources=((HEALTHY.sources or ())[0], more))


EMPTY = SourceCount(name="reflections", place="reflections.json")
WAITING = Started("ci", "https://github.com/acme/agent/actions/runs/7", awaits=True)
UNTESTED = _seen(workflows=(), snapshot=snapshot(forge=replace(GREEN, required=(), base_checks=())))
SEARCH = 'engine.order = ["search"]\n' + CONFIG
LOCAL = _seen(forge="local", forge_said="local, because GITHUB_TOKEN is not set", token=None)

EXAMPLES: dict[str, Example] = {
    "repository.found": Example("Anywhere that `bot run --dry-run` works.", HEALTHY),
    "repository.unreadable": Example(
        "Misspell a key in `.github/bot.toml` on the base branch.",
        _seen(snapshot=None, unreadable=".github/bot.toml: unknown key 'merge.x'."),
    ),
    "repository.archived": Example("Archive the repository.", _token(TokenKind.APP, archived=True)),
    "forge.local-instead": Example("Unset GITHUB_TOKEN in a clone from GitHub.", LOCAL),
    "config.none": Example("Ask before `bot init`.", _seen(configured=False)),
    "config.says": Example(
        "Edit `.github/bot.toml` and do not push it.",
        _seen(config_says=(".github/bot.toml here differs from main's and is ignored",)),
    ),
    "bot.halted": Example(
        "`bot pause`.",
        _world(snapshot(forge=GREEN, halted="the bot is paused: the remote has refs/bot/paused")),
    ),
    "bot.observes": Example('`mode = "observe"`.', _config('mode = "observe"\n' + CONFIG)),
    "token.kind": Example("Any token but a classic one.", HEALTHY),
    "token.classic": Example("A token that begins with `ghp_`.", _token(TokenKind.CLASSIC)),
    "token.scopes": Example(
        "A classic token without the scope `repo`.",
        _token(TokenKind.CLASSIC, Answered(scopes=("gist",))),
    ),
    "token.cannot-read": Example(
        "A fine-grained token in a private repository.",
        _token(
            TokenKind.FINE_GRAINED,
            areas=(Area(name="Checks", needed=True, why_not="Resource not accessible (403)"),),
        ),
    ),
    "token.reads-little": Example(
        "A workflow whose job lacks `issues: read`.",
        _token(TokenKind.WORKFLOW, areas=(replace(AREA, why_not="Resource not accessible (403)"),)),
    ),
    "token.cannot-push": Example(
        "An app without Contents: write.",
        _token(TokenKind.APP, why_no_push="The requested URL returned error: 403"),
    ),
    "token.writes-unknown": Example("Any token but a classic one.", HEALTHY),
    "token.expires-soon": Example(
        "A token with less than a day to live.",
        _token(TokenKind.FINE_GRAINED, Answered(expires=NOW + timedelta(hours=5))),
    ),
    "token.expires": Example(
        "A token with less than two weeks to live.",
        _token(TokenKind.FINE_GRAINED, Answered(expires=NOW + timedelta(days=9))),
    ),
    "token.no-expiry": Example(
        "A personal token made with “No expiration”.", _token(TokenKind.FINE_GRAINED)
    ),
    "token.few-requests": Example(
        "Many runs within one hour.", _token(TokenKind.APP, Answered(requests_left=40))
    ),
    "ci.starts": Example("A workflow for pull requests, and an app's token.", HEALTHY),
    "ci.awaits-approval": Example("The automatic token of a workflow.", _pulled(_idle((WAITING,)))),
    "ci.never-starts": Example(
        "No workflow has `on: pull_request`, and a check is required.",
        _world(snapshot(forge=replace(GREEN, base_checks=())), workflows=()),
    ),
    "ci.none": Example("A repository without CI.", UNTESTED),
    "ci.by-others": Example("A repository whose CI is another service.", _seen(workflows=())),
    "ci.disabled": Example(
        "Settings > Actions > General > Disable actions.",
        _token(TokenKind.APP, actions_enabled=False),
    ),
    "ci.filtered": Example(
        "`on.pull_request.paths` in the workflow of a required check.",
        _seen(workflows=(replace(CI, filtered=True),)),
    ),
    "ci.silent-merges": Example(
        "The automatic token of a workflow, and a rule that merges.", _token(TokenKind.WORKFLOW)
    ),
    "branch.rules": Example("Anywhere.", HEALTHY),
    "branch.rules-hidden": Example("A token without Metadata: read.", _forge(required=None)),
    "branch.check-unseen": Example(
        '`merge.required_checks = ["tset"]`.',
        _config(f'merge.required_checks = ["tset"]\n{CONFIG}'),
    ),
    "branch.approvals": Example("A ruleset that wants two approvals.", _rules(approvals=2)),
    "branch.no-auto-merge": Example(
        '`merge.via = "auto-merge"` where the repository does not allow it.',
        _config(f'merge.via = "auto-merge"\n{CONFIG}'),
    ),
    "branch.no-pull-creation": Example(
        "The automatic token in a new repository.",
        _token(TokenKind.WORKFLOW, workflows_open_pulls=False),
    ),
    "branch.pull-creation-unknown": Example(
        "The automatic token, which may not read that setting.", _token(TokenKind.WORKFLOW)
    ),
    "watch.on": Example("A workflow that runs for pushes to the base branch.", HEALTHY),
    "watch.unwatched": Example(
        "A workflow that runs for pull requests only.", _forge(base_checks=())
    ),
    "watch.off": Example('`watch.window = ""`.', _config(f'watch.window = ""\n{CONFIG}')),
    "sandbox.isolated": Example("A machine with a working bubblewrap.", HEALTHY),
    "sandbox.off": Example(
        "`sandbox.enabled = false`.", _config(f"sandbox.enabled = false\n{CONFIG}")
    ),
    "sandbox.refuses": Example(
        "No bubblewrap, and GITHUB_TOKEN is set.",
        _seen(holding=Holding(isolated=False, reason=REASON, credential="GITHUB_TOKEN")),
    ),
    "sandbox.open": Example(
        "No bubblewrap, and nothing to steal.",
        _seen(holding=Holding(isolated=False, reason=REASON)),
    ),
    "tests.found": Example("A repository with tests in Python.", HEALTHY),
    "tests.none": Example("A repository without tests.", _seen(test_command="")),
    "merge.possible": Example("A rule that merges, and all it needs.", HEALTHY),
    "merge.no-rule": Example("Ask with the defaults.", _config("")),
    "merge.mode": Example('`mode = "propose"`.', _config('mode = "propose"\n' + CONFIG)),
    "merge.rule-never": Example(
        "A rule that merges, and no source with `trust = true`.",
        _config(CONFIG.replace("trust = true", "trust = false")),
    ),
    "merge.forge-never": Example("A ruleset that wants signed commits.", _rules(signatures=True)),
    "engine.none": Example(
        '`engine.order = ["search"]`, and no tests can run.',
        replace(_config(SEARCH), test_command=""),
    ),
    "engine.no-key": Example(
        "OPENAI_API_KEY is not set.", _seen(engines=Engines(has_key=False), asked=None)
    ),
    "engine.retired": Example(
        "OPENAI_BASE_URL is that of GitHub Models.",
        _seen(engines=Engines(has_key=True, server="https://models.github.ai/inference")),
    ),
    "model.not-asked": Example("Say no, or ask without `--ask-model`.", _seen(asked=None)),
    "model.unreachable": Example(
        "A wrong OPENAI_API_KEY, and `--ask-model`.",
        _seen(asked=Asked(model="gpt-5-mini", problem="Incorrect API key provided (401)")),
    ),
    "model.no-tools": Example(
        "A model without tools, and `--ask-model`.", _seen(asked=Asked(model="small"))
    ),
    "model.lacks": Example(
        "A server that objects to `tool_choice`, and `--ask-model`.",
        _seen(
            asked=Asked(
                model="small",
                called=True,
                lacks=(
                    "the server does not know tool_choice; the model may answer without a tool",
                ),
            )
        ),
    ),
    "model.answers": Example("A working key, and `--ask-model`.", HEALTHY),
    "source.found": Example("An agent has written reflections.", HEALTHY),
    "source.empty": Example("A second source whose pattern matches nothing.", _source()),
    "source.none": Example("Ask before the agent has written any.", _seen(sources=(EMPTY,))),
    "source.uncommitted": Example(
        "Ask beside a `notes.jsonl` that is not committed.",
        _source(reflections=3, files=1, uncommitted=("notes.jsonl",)),
    ),
    "source.unreadable": Example(
        "A record that is cut off.",
        _source(unreadable=2, first_unreadable="notes.jsonl[7] is no JSON"),
    ),
    "source.no-issues": Example(
        'A source with `kind = "issues"` where issues are switched off.',
        _world(
            snapshot(
                config=f'{CONFIG}\n[[source]]\nname = "issues"\nkind = "issues"\n',
                forge=replace(GREEN, has_issues=False),
            )
        ),
    ),
    "git.version": Example("git 2.38 or newer.", HEALTHY),
    "git.old": Example("Debian 11.", _seen(git="git version 2.30.2")),
    "clock.right": Example("A clock that is kept right.", HEALTHY),
    "clock.wrong": Example(
        "A virtual machine that slept.",
        _token(TokenKind.APP, Answered(at=NOW + timedelta(minutes=7))),
    ),
}


def findings(seen: Seen) -> Iterator[Finding]:
    for group in GROUPS:
        yield from group.check(seen)


def found(id_: str) -> Finding:
    """What the doctor says in this sign's own scenario."""
    return next(one for one in findings(EXAMPLES[id_].seen) if one.id == id_)


def page() -> str:
    """`docs/doctor.md`."""
    return "\n".join([_HEAD, *_sections()]) + "\n"


_HEAD = """\
# What the doctor finds

`bot doctor` says before the first run whether the bot can work in a repository. It only reads; a
model is asked, one question of some hundred tokens, with `--ask-model` or after a yes at a
terminal. It exits with 1 where it finds a *problem*; warnings and notes are no failure. `--json`
prints the same for programs. Each `bot run` makes those of the checks that need no further request,
and says what it finds a problem.

Every finding has an id that stays the same. Below stands what each one says in an example, why that
matters, what is to be done, and how to see it. This page is made from the code:
`python -m tests.doctor.examples > docs/doctor.md`."""


def _sections() -> Iterator[str]:
    for group in GROUPS:
        yield f"\n## {group.title}\n"
        yield "| finding | level | it says | why it matters | the fix | comes about by |"
        yield "|---|---|---|---|---|---|"
        for sign in group.signs:
            one = found(sign.id)
            level = f"**{one.level}**" if one.level is Level.PROBLEM else one.level
            cells = (f"`{one.id}`", level, one.what, one.why, one.fix, EXAMPLES[one.id].scenario)
            yield "| " + " | ".join(cell.replace("|", r"\|") or "–" for cell in cells) + " |"


if __name__ == "__main__":
    print(page(), end="")
