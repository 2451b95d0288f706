"""From what was found and chosen to the files that a start consists of, and what is said of them.

Pure.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.config import CONFIG_PATH, parse_config
from bot.errors import UserError
from bot.home import REPOSITORY_URL, action
from bot.starting.configuring import Choices, configuration
from bot.starting.detecting import Found
from bot.starting.workflows import FOLDER, Form, workflow_files
from bot.untrusted import for_code


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Which bot is written into the files: the commit of it, and what its release is called."""

    commit: str
    number: str


def beginning(
    found: Found, choices: Choices, version: Version, repository: str
) -> tuple[tuple[str, str], ...]:
    """Path and text of every file. The configuration among them is one that the bot accepts."""
    text = configuration(found, choices, version.commit)
    parse_config(text, CONFIG_PATH)
    after = tuple(workflow.name for workflow in found.workflows) if choices.settle else ()
    if choices.settle and not after:
        raise UserError(
            "There is no workflow here that runs on pull requests, so nothing could be settled "
            "when it ends; leave --settle out."
        )
    form = Form(
        action=action(version.commit, version.number),
        repository=repository,
        one_job=choices.one_job,
        settles_after=after,
    )
    return ((CONFIG_PATH, text), *workflow_files(form))


def seen(found: Found) -> Iterator[tuple[str, str]]:
    """What was found, for a person to check: what it is about, and what it is."""
    yield "base branch", found.branch
    yield "language", ", ".join(found.languages[:3]) or "no source files found"
    yield "tests", found.tests.command or "none found"
    if found.tests.setup:
        yield "they need", "; ".join(found.tests.setup)
    if found.workflows:
        checks = ", ".join(map(_word, found.checks)) or "names only known while they run"
        paths = ", ".join(workflow.path for workflow in found.workflows)
        yield "checks", f"{checks} ({paths})"
    else:
        yield "checks", "no workflow runs on pull requests; bot-sandbox.yml will"
    if found.workflows and not any(workflow.on_push for workflow in found.workflows):
        yield "", f"none runs on pushes to {found.branch}, so merges will not be watched"
    yield "code owners", found.owners or "no CODEOWNERS file"
    yield "reflections", ", ".join(found.reflections) or "none found yet; 'bot reflect' writes one"


def _word(name: str) -> str:
    return shlex.quote(name) if " " in name else name


def next_steps(paths: Sequence[str]) -> Iterator[str]:
    """What a person does now, at their terminal and at GitHub."""
    yield f"git add {' '.join(paths)} && git commit -m 'Add Amendbot' && git push"
    if any(path.startswith(FOLDER) for path in paths):
        yield (
            "at GitHub, Settings > Actions > General: allow GitHub Actions to create pull requests "
            "(or give the bot an app of its own, see the head of bot.yml)"
        )
        yield "gh secret set OPENAI_API_KEY, if a model is to be asked"
    yield "bot doctor says what else is to be mended, if anything is"


def pull_text(starts: Iterable[tuple[str, str]], found: Found, choices: Choices) -> str:
    """What the pull request says that proposes these files."""
    yes = "It opens pull requests, and people merge them."
    modes = {
        "observe": "It asks no engine and writes nothing until `mode` says otherwise.",
        "propose": yes,
        "merge": "It merges what a rule of the policy lets it merge; there is none yet.",
    }
    rows = [f"| {what} | {for_code(said)} |" for what, said in seen(found) if what]
    files = [f"* `{path}`" for path, _ in starts]
    return "\n".join(
        [
            f"[Amendbot]({REPOSITORY_URL}) reads the records that agents write about their own",
            "work, and proposes small, proven fixes as pull requests. This adds it:",
            "",
            *files,
            "",
            f"{modes[choices.mode]} Nothing runs before this is merged; close it, and nothing ever",
            "does. To stop it later, set the variable `BOT_PAUSED` of this repository to `1`.",
            "",
            "| found here | |",
            "|---|---|",
            *rows,
            "",
            "Before merging, look at how the tests are run, and where reflections are read from.",
            "Allow GitHub Actions to create pull requests (Settings > Actions > General), or give",
            "the bot an app of its own, as the head of `bot.yml` says.",
        ]
    )
