"""The first `.github/bot.toml`: short, commented, and nothing in it that a maintainer has not seen.

It starts with a mode in which people merge everything. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from bot.home import page_url, schema_url
from bot.starting.detecting import Found

WIDTH = 98


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What is to be written, by what was found, or as the person answered."""

    reflections: tuple[str, ...]
    tests: str
    mode: str
    one_job: bool = False
    settle: bool = False


def configuration(found: Found, choices: Choices, commit: str) -> str:
    """The text of `.github/bot.toml`."""
    parts = (
        _head(found, choices, commit),
        _source(choices),
        _engine(found),
        _test(found, choices),
        _merging(found),
        _people(found),
    )
    return "\n".join("".join(f"{line}\n" for line in part) for part in parts)


def _head(found: Found, choices: Choices, commit: str) -> Iterator[str]:
    yield f"#:schema {schema_url(commit)}"
    yield f"# What the bot may do here, read from {_quoted(found.branch)} only. What is left out"
    yield f"# has its default: {page_url(commit, 'docs/configuration.md')}"
    yield "# 'bot config check' finds mistakes, 'bot run --dry-run' shows what the bot would do."
    yield ""
    yield "# observe: asks and writes nothing. propose: opens pull requests, and people merge them."
    yield "# merge: merges what a [[policy.rule]] lets it merge."
    yield f"mode = {_quoted(choices.mode)}"


def _source(choices: Choices) -> Iterator[str]:
    yield "# Where agents write down what went wrong. The files must be committed, or lie on"
    yield '# a branch that `ref` names, such as ref = "reflections": the runners see nothing else.'
    yield "[[source]]"
    yield 'name = "reflections"'
    yield from _array("files", choices.reflections)
    yield "# true only if nobody but you and your agents can write there: a rule may merge without"
    yield "# a person only what comes from a trusted source."
    yield "trust = false"
    yield ""
    yield "# People can hand over work as well, by labelling an issue `bot:fix`:"
    yield "# [[source]]"
    yield '# name = "issues"'
    yield '# kind = "issues"'


def _engine(found: Found) -> Iterator[str]:
    yield "[engine]"
    if "Python" not in found.languages:
        yield "# `search` needs no key, but repairs Python only; `openai` needs OPENAI_API_KEY."
        yield 'order = ["openai"]'
        return
    yield "# `search` tries small changes until the tests pass; it needs no key and costs nothing."
    yield "# `openai` is asked for what remains, and only where OPENAI_API_KEY is set."
    yield 'order = ["search", "openai"]'


def _test(found: Found, choices: Choices) -> Iterator[str]:
    yield "[test]"
    command = choices.tests
    if not command:
        yield "# No tests were found here, so nothing can be proven. Name their command:"
        yield '# command = "python -m pytest"'
    elif found.tests.known and command == found.tests.command:
        yield "# The bot finds the tests by itself; this would say the same."
        yield f"# command = {_quoted(command)}"
    else:
        yield f"command = {_quoted(command)}"
        if "pytest" not in command and "unittest" not in command:
            yield "# Names the JUnit XML that the command writes, to compare test by test; without"
            yield "# it only the exit code counts. The tests run without a network."
            yield '# junit = "build/**/*.xml"'
    setup = found.tests.setup
    yield "# What the tests import, put into an environment of their own; this alone has a network."
    if setup:
        yield from _array("setup", setup)
    else:
        yield '# setup = ["python -m pip install -r requirements.txt"]'


def _merging(found: Found) -> Iterator[str]:
    yield "[merge]"
    yield "# Checks that must pass before anything is merged, beside those that the repository"
    if found.checks:
        yield "# itself requires; with none at all the bot never merges. Pull requests here have:"
        yield from (f"# {line}" for line in _array("required_checks", found.checks))
    else:
        yield "# itself requires; with none at all the bot never merges. bot-sandbox.yml makes one:"
        yield '# required_checks = ["evidence"]'


def _people(found: Found) -> Iterator[str]:
    yield "[review]"
    if found.owners:
        yield f"# {found.owners} says who is asked; these are asked where it names nobody."
    else:
        yield "# There is no CODEOWNERS file, so nobody is asked for a review but these."
    yield '# reviewers = ["alice", "acme/core"]'


def _array(name: str, values: tuple[str, ...]) -> Iterator[str]:
    line = f"{name} = [{', '.join(map(_quoted, values))}]"
    if len(line) <= WIDTH:
        yield line
        return
    yield f"{name} = ["
    yield from (f"  {_quoted(value)}," for value in values)
    yield "]"


def _quoted(text: str) -> str:
    """A TOML string: JSON's is one, once the one character more that TOML forbids is escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
