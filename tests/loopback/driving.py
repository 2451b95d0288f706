"""How the tests of the loopback GitHub drive it: the real PyGithub client and the real git."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from github import Auth, Github

from . import LoopbackGitHub, Repo

WORKFLOW = """
name: ci
on:
  push: {branches: [main]}
  pull_request:
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-python@v6
        with: {python-version: "3.11"}
      - run: python check.py
"""
BROKEN = "raise SystemExit('broken on purpose')\n"
FILES = {"check.py": BROKEN, "README.md": "hello\n", ".github/workflows/ci.yml": WORKFLOW}
BOT = "amendbot[bot]"


@contextmanager
def client(github: LoopbackGitHub, token: str) -> Iterator[Github]:
    connection = Github(
        auth=Auth.Token(token),
        base_url=github.url,
        seconds_between_requests=None,
        seconds_between_writes=None,
        retry=None,
        lazy=True,
    )
    try:
        yield connection
    finally:
        connection.close()


def git(repo: Repo, folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", *args],
        cwd=folder,
        env=repo.git_environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def push_fix(
    repo: Repo, folder: Path, token: str, branch: str, text: str = "print('fine')\n"
) -> str:
    """Clone, change check.py on a branch, push it; the commit."""
    repo.clone(folder, token)
    git(repo, folder, "switch", "-q", "-c", branch)
    (folder / "check.py").write_text(text)
    git(repo, folder, "commit", "-q", "-a", "-m", "Mend the check")
    pushed = git(repo, folder, "push", "-q", "origin", f"HEAD:refs/heads/{branch}")
    assert pushed.returncode == 0, pushed.stderr
    return git(repo, folder, "rev-parse", "HEAD").stdout.strip()


def ask(github: LoopbackGitHub, token: str, query: str, **variables: object) -> dict[str, object]:
    with client(github, token) as connection:
        data: dict[str, object] = connection.requester.graphql_query(query, variables)[1]["data"]
        return data
