"""Hermetic git over one bare repository: no user config, fixed identities, dates given."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal

from tests.files import Files

MERGER = "GitHub <noreply@github.com>"
UPDATE_HOOK = """#!/bin/sh
if [ -e "$GIT_DIR/loopback-protected-refs" ]; then
    while read -r protected; do
        [ "$protected" != "$1" ] && continue
        echo "GH006: Protected branch update failed for $1." >&2
        exit 1
    done < "$GIT_DIR/loopback-protected-refs"
fi
case "$3" in *[!0]*) ;; *) exit 0 ;; esac
if [ -n "$LOOPBACK_NO_WORKFLOWS" ] &&
    git log --name-only --format= "$3" --not --all -- .github/workflows | grep -q .; then
    echo "refusing to allow a GitHub App to create or update a workflow" \\
        "without \\`workflows\\` permission" >&2
    exit 1
fi
"""


SETTINGS = (
    "http.receivepack=true",
    "receive.hideRefs=refs/pull",
    "uploadpack.allowAnySHA1InWant=true",
    "uploadpack.allowFilter=true",
    "core.logAllRefUpdates=false",
    "gc.auto=0",
    "receive.autogc=false",
)
Finished = subprocess.CompletedProcess[str]

FULL_HASH = re.compile(r"[0-9a-f]{40}")
_SAID_OF_COMMITS: dict[tuple[str, ...], Finished] = {}
"""What git said of commits named by their hashes, which is the same in every repository."""


class Conflict(Exception):
    """Two commits cannot be merged without a person."""


@dataclass(frozen=True)
class FileChange:
    path: str
    kind: Literal["ADDED", "DELETED", "MODIFIED", "RENAMED", "COPIED", "CHANGED"]
    additions: int
    deletions: int


CHANGE_KINDS: dict[str, Literal["ADDED", "DELETED", "MODIFIED", "RENAMED", "COPIED", "CHANGED"]] = {
    "A": "ADDED",
    "D": "DELETED",
    "M": "MODIFIED",
    "R": "RENAMED",
    "C": "COPIED",
    "T": "CHANGED",
}


def hermetic_environment(home: Path) -> dict[str, str]:
    """The whole environment git runs with; nothing is inherited but the search path."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_TEST_FSYNC": "0",
        "GIT_AUTHOR_NAME": "Loopback",
        "GIT_AUTHOR_EMAIL": "loopback@example.invalid",
        "GIT_COMMITTER_NAME": "Loopback",
        "GIT_COMMITTER_EMAIL": "loopback@example.invalid",
        "GIT_AUTHOR_DATE": "2026-01-05T09:00:00Z",
        "GIT_COMMITTER_DATE": "2026-01-05T09:00:00Z",
    }


def _data(text: str) -> str:
    """A text as `git fast-import` reads it."""
    return f"data {len(text.encode())}\n{text}"


@cache
def _empty(default_branch: str) -> Files:
    """A repository without a commit: made once, and then only copied."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "empty.git"
        init = ("init", "-q", "--bare", "--template=", f"--initial-branch={default_branch}")
        environment = hermetic_environment(Path(name))
        subprocess.run(["git", *init, str(path)], env=environment, check=True)
        for setting in SETTINGS:
            key, _, value = setting.partition("=")
            command = ["git", "--git-dir", str(path), "config", key, value]
            subprocess.run(command, env=environment, check=True)
        return Files.below(path)


class BareRepository:
    """A real repository; every method that builds a commit moves no ref."""

    def __init__(self, path: Path, home: Path, default_branch: str) -> None:
        self.path = path
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        _empty(default_branch).write(path)
        hook = path / "hooks" / "update"
        hook.parent.mkdir()
        hook.write_text(UPDATE_HOOK)
        hook.chmod(0o755)

    def plain(self, *args: str, env: dict[str, str] | None = None) -> str:
        environment = hermetic_environment(self.home) | (env or {})
        return subprocess.run(
            ["git", *args], env=environment, check=True, capture_output=True, text=True
        ).stdout

    def git(self, *args: str, env: dict[str, str] | None = None, stdin: str | None = None) -> str:
        """Run git in the bare repository; output without the final newline."""
        return self._output(args, self.run(*args, env=env, stdin=stdin))

    def _output(self, args: tuple[str, ...], done: Finished) -> str:
        if done.returncode:
            raise RuntimeError(f"git {' '.join(args)}: {done.stderr.strip()}")
        return done.stdout.rstrip("\n")

    def run(
        self, *args: str, env: dict[str, str] | None = None, stdin: str | None = None
    ) -> Finished:
        return subprocess.run(
            ["git", "--git-dir", str(self.path), *args],
            env=hermetic_environment(self.home) | (env or {}),
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            check=False,
        )

    def settled(
        self, commits: tuple[str, ...], *args: str, env: dict[str, str] | None = None
    ) -> Finished:
        """Run git on commits; once they are here and named by hash, the answer never changes."""
        if not all(map(self.holds, commits)):
            return self.run(*args, env=env)
        if args not in _SAID_OF_COMMITS:
            _SAID_OF_COMMITS[args] = self.run(*args, env=env)
        return _SAID_OF_COMMITS[args]

    def said(self, commits: tuple[str, ...], *args: str) -> str:
        """As :meth:`settled`: the output without the final newline."""
        return self._output(args, self.settled(commits, *args))

    def holds(self, commit: str) -> bool:
        if not FULL_HASH.fullmatch(commit):
            return False
        return (self.path / "objects" / commit[:2] / commit[2:]).is_file()

    def refs(self, prefix: str = "refs/") -> dict[str, str]:
        loose = self._loose_refs(prefix)
        if loose is not None:
            return loose
        listing = self.git("for-each-ref", "--format=%(refname) %(objectname)", prefix)
        return dict(line.rsplit(" ", 1) for line in listing.splitlines())

    def resolve(self, name: str) -> str | None:
        if name.startswith("refs/heads/") and (sha := (self._loose_refs(name) or {}).get(name)):
            return sha
        done = self.settled((name,), "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        return done.stdout.strip() or None

    def loose_state(self) -> tuple[str, dict[str, str]] | None:
        """What ``HEAD`` and all refs are; ``None`` unless every ref and object is a file."""
        refs = self._loose_refs("refs/")
        if refs is None or any((self.path / "objects/pack").glob("*.pack")):
            return None
        return (self.path / "HEAD").read_text().strip(), refs

    def _loose_refs(self, prefix: str) -> dict[str, str] | None:
        """The refs from their files, without a process; ``None`` when git has to be asked."""
        if not (self.path / "refs").is_dir() or (self.path / "packed-refs").exists():
            return None
        try:
            found = {
                file.relative_to(self.path).as_posix(): file.read_text().strip()
                for file in self._ref_files(self.path / prefix)
            }
        except FileNotFoundError:  # it was deleted at this moment
            return None
        if not all(map(FULL_HASH.fullmatch, found.values())):
            return None
        return dict(sorted(found.items()))

    def _ref_files(self, below: Path) -> Iterator[Path]:
        if below.is_file():
            yield below
        elif below.is_dir():
            files = (file for file in below.rglob("*") if file.is_file())
            yield from (file for file in files if file.suffix != ".lock")

    def protect(self, branches: list[str]) -> None:
        """Refuse pushes to these branches, as branch rules do."""
        listing = "".join(f"refs/heads/{branch}\n" for branch in branches)
        (self.path / "loopback-protected-refs").write_text(listing)

    def commit_files(
        self,
        parent: str | None,
        files: dict[str, str | None],
        message: str,
        author: str,
        date: datetime,
    ) -> str:
        """A commit that writes these files over the parent's tree; ``None`` removes one."""
        made = "refs/loopback/made"  # gone again when git ends
        when = f"{int(date.timestamp())} +0000"
        stream = [f"commit {made}", "mark :1", f"author {author} {when}"]
        stream += [f"committer {author} {when}", _data(message)]
        stream += [f"from {parent}"] if parent else []
        for path, text in files.items():
            quoted = '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
            if text is None:
                stream.append(f"D {quoted}")
            else:
                mode = "100755" if text.startswith("#!") else "100644"
                stream += [f"M {mode} inline {quoted}", _data(text)]
        stream += ["", "get-mark :1", f"reset {made}", f"from {'0' * 40}", "", "done", ""]
        return self.git("fast-import", "--quiet", "--done", stdin="\n".join(stream))

    def commit_tree(
        self,
        tree: str,
        parents: list[str],
        message: str,
        author: str,
        committer: str,
        date: datetime,
        author_date: str | None = None,
    ) -> str:
        stamp = date.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        author_name, _, author_email = author.partition(" <")
        committer_name, _, committer_email = committer.partition(" <")
        identity = {
            "GIT_AUTHOR_NAME": author_name,
            "GIT_AUTHOR_EMAIL": author_email.rstrip(">"),
            "GIT_AUTHOR_DATE": author_date or stamp,
            "GIT_COMMITTER_NAME": committer_name,
            "GIT_COMMITTER_EMAIL": committer_email.rstrip(">"),
            "GIT_COMMITTER_DATE": stamp,
        }
        options = [option for parent in parents for option in ("-p", parent)]
        return self.git("commit-tree", tree, *options, env=identity, stdin=message)

    def merged_tree(self, ours: str, theirs: str) -> str:
        """The tree of a clean three-way merge, else :class:`Conflict`."""
        done = self.run("merge-tree", "--write-tree", ours, theirs)
        if done.returncode == 1:
            raise Conflict(f"{ours} and {theirs}")
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        return done.stdout.strip()

    def conflicts(self, ours: str, theirs: str) -> bool:
        """Whether a three-way merge has conflicts; nothing is added, as this answers a read."""
        scratch = self.path / "loopback-scratch"
        scratch.mkdir(exist_ok=True)
        apart = {
            "GIT_OBJECT_DIRECTORY": str(scratch),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(self.path / "objects"),
        }
        merge = ("merge-tree", "--write-tree", ours, theirs)
        done = self.settled((ours, theirs), *merge, env=apart)
        if done.returncode > 1:
            raise RuntimeError(done.stderr.strip())
        return done.returncode == 1

    def rebased(self, base: str, head: str, date: datetime) -> str:
        """The commits of ``base..head`` replayed on ``base``; the last of them."""
        tip = base
        for commit in self.git("rev-list", "--reverse", "--no-merges", f"{base}..{head}").split():
            # merge-tree takes no merge base before git 2.40: give it one to find instead.
            stand_in = self.commit_tree(
                f"{tip}^{{tree}}", [f"{commit}^"], "stand-in", MERGER, MERGER, date
            )
            tree = self.merged_tree(stand_in, commit)
            author, when, message = self.git(
                "show", "-s", "--format=%an <%ae>%x00%aI%x00%B", commit
            ).split("\0")
            tip = self.commit_tree(tree, [tip], message, author, MERGER, date, author_date=when)
        return tip

    def is_ancestor(self, older: str, newer: str) -> bool:
        args = ("merge-base", "--is-ancestor", older, newer)
        return self.settled((older, newer), *args).returncode == 0

    def commits_between(self, base: str, head: str) -> list[str]:
        """Oldest first."""
        return self.said((base, head), "rev-list", "--reverse", f"{base}..{head}").split()

    def changes(self, base: str, head: str) -> list[FileChange]:
        """What ``head`` changed since it left ``base``, as a pull request shows it."""
        counts: dict[str, tuple[int, int]] = {}
        both = (base, head)
        numbers = self.said(both, "diff", "--numstat", "-M", "-z", f"{base}...{head}")
        fields = iter(numbers.split("\0"))
        for entry in fields:
            if not entry:
                continue
            added, removed, path = entry.split("\t")
            if not path:
                next(fields)
                path = next(fields)
            counts[path] = (int(added.replace("-", "0")), int(removed.replace("-", "0")))
        changes = []
        kinds = self.said(both, "diff", "--name-status", "-M", "-z", f"{base}...{head}")
        names = iter(kinds.split("\0"))
        for status in names:
            if not status:
                continue
            path = next(names)
            if status[0] in "RC":
                path = next(names)
            changes.append(FileChange(path, CHANGE_KINDS[status[0]], *counts[path]))
        return changes
