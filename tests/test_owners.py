"""CODEOWNERS as GitHub's documentation has it, and who of the owners is asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.config import parse_config
from bot.ledger import AskedRecord
from bot.owners import MAX_CODEOWNERS_CHARS, owners_of, readable, reviewers
from tests.observed import BRANCH, CHANGE, COMMIT, CONFIG, FORGE, HEAD_RECORD, NOW, PULL, snapshot

DOCUMENTED = """\
*       @global-owner1 @global-owner2
*.js    @js-owner #This is an inline comment.
*.go docs@example.com
*.txt @octo-org/octocats
/build/logs/ @doctocat
docs/* docs@example.com @docs-owner
apps/ @octocat
/scripts/ @doctocat @octocat
**/logs @octocat
/vendor/ @octocat
/vendor/github
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("a.py", ("global-owner1", "global-owner2")),
        ("deep/down/a.js", ("js-owner",)),
        ("a.go", ()),  # whom only an e-mail names, nobody can ask
        ("a.txt", ("octo-org/octocats",)),
        ("build/logs/today.py", ("octocat",)),  # **/logs comes later
        ("docs/getting-started.md", ("docs-owner",)),
        ("docs/build-app/troubleshooting.md", ("global-owner1", "global-owner2")),
        ("deep/apps/a.py", ("octocat",)),
        ("scripts/a.sh", ("doctocat", "octocat")),
        ("deep/scripts/a.sh", ("global-owner1", "global-owner2")),
        ("deep/logs/a.py", ("octocat",)),
        ("vendor/a.py", ("octocat",)),
        ("vendor/github/a.py", ()),  # a pattern without owners
        ("VENDOR/a.py", ("global-owner1", "global-owner2")),
    ],
)
def test_the_last_match_wins_as_github_documents_it(path: str, owners: tuple[str, ...]) -> None:
    assert owners_of([path], DOCUMENTED) == owners


@pytest.mark.parametrize(
    "line",
    [
        "!a.py @second",
        "[ab].py @second",
        "\\#a.py @second",
        "[Section] @second",
        "a.py second",
        "a.py @second and",
        "a.py @",
        "a.py # @second",  # which un-owns it
        "# a.py @second",
        "a.py @sec\u00f6nd",
    ],
)
def test_a_line_that_github_does_not_read_names_nobody(line: str) -> None:
    assert "second" not in owners_of(["a.py"], f"*.py @first\n{line}\n")


def test_a_line_that_is_skipped_leaves_what_was_said_before() -> None:
    assert owners_of(["a.py"], "*.py @first\na.py @second and\n") == ("first",)
    assert owners_of(["a.py"], "*.py @first\na.py # nobody\n") == ()
    assert owners_of(["a b.py"], "a\\ b.py @first\n") == ("first",)
    assert owners_of(["a.py"], "a.py @first\u2028b.py @second\r\n") == ()
    assert owners_of(["a.py"], "*.py @first @second\r\n") == ("first", "second")


def test_a_file_that_is_too_large_says_nothing() -> None:
    assert readable("* @first\n" + "#" * MAX_CODEOWNERS_CHARS) == ""


def asked(owners: str, *paths: str, **seen: object) -> tuple[str, ...]:
    changes = tuple(replace(CHANGE, path=path) for path in paths or ("llm.py",))
    commits = (replace(COMMIT, changes=changes),)
    return reviewers(PULL, snapshot(PULL, owners=owners, commits=commits, **seen))  # type: ignore[arg-type] # what the snapshot takes


def test_never_everyone_is_asked_but_those_who_own_most_and_every_team() -> None:
    crowd = "* @one @two @three @four\n*.md @five @four\n"
    assert asked(crowd) == ("one", "two", "three")
    assert asked(crowd, "a.md", "b.md", "llm.py") == ("four", "five", "one")
    teams = "* @acme/a @one @acme/b @two @three\n"
    assert asked(teams) == ("acme/a", "acme/b", "one")


def test_nobody_is_asked_twice_nor_others_in_their_place() -> None:
    record = AskedRecord(at=NOW, branch=BRANCH, reviewers=("One", "two", "three"))
    assert asked("* @one @two @three @four\n", records=(HEAD_RECORD, record)) == ()
    part = AskedRecord(at=NOW, branch=BRANCH, reviewers=("one",))
    assert asked("* @one @two @three @four\n", records=(HEAD_RECORD, part)) == ("two", "three")
    by_forge = replace(PULL, asked=("Two",))
    seen = snapshot(by_forge, owners="* @one @two\n")
    assert reviewers(by_forge, seen) == ("one",)


def test_the_bot_does_not_ask_itself() -> None:
    forge = replace(FORGE, login="Amendbot")
    assert asked("* @amendbot @one\n", forge=forge) == ("one",)


def test_where_codeowners_names_nobody_the_configured_ones_are_asked() -> None:
    config = parse_config(f'{CONFIG}\n[review]\nreviewers = ["alice", "acme/core"]\nat_most = 1\n')
    assert asked("/docs/ @one\n", config=config) == ("acme/core",)
    assert asked("", config=config) == ("acme/core",)
    assert asked("* @one @two\n", config=config) == ("one",)
