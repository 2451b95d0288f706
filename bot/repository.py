"""Everything git: this is the only module that knows GitPython.

The bot never writes into the repository it is run from. All its work happens in a *quarantine*: a
temporary bare repository that borrows the user's objects through git's alternates, has refs,
configuration and hooks of its own (none), and is thrown away afterwards. Commits are built there as
objects; `push` sends them to the remote under a lease, and that is the only effect outside.
"""

from __future__ import annotations

import base64
import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import git
from git.exc import GitCommandError, GitCommandNotFound

from bot import git_formats
from bot.errors import UserError
from bot.git_formats import Identity
from bot.model import Branch, Commit, Sha

_QUARANTINE_CONFIG = """\
[core]
	repositoryformatversion = 0
	bare = true
	hooksPath = /dev/null
	logAllRefUpdates = false
[gc]
	auto = 0
[maintenance]
	auto = false
[fetch]
	recurseSubmodules = false
"""


@dataclass(frozen=True, slots=True)
class File:
    """A file as a commit is to have it; `mode` is git's `100644` or `100755`."""

    path: str
    mode: str
    content: bytes


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """Move one remote ref from `expected` to `new`; None stands for "is absent"."""

    ref: str
    expected: Sha | None
    new: Sha | None


@dataclass(frozen=True, slots=True)
class RemoteRef:
    """A ref of the remote, by its full name."""

    name: str
    sha: Sha


@dataclass(frozen=True, slots=True)
class RemoteRefs:
    """What the remote has: its default branch's name ("" if it has none) and its refs."""

    default_branch: str
    refs: tuple[RemoteRef, ...]

    def get(self, name: str) -> Sha | None:
        return next((ref.sha for ref in self.refs if ref.name == name), None)

    def branches(self, prefix: str) -> tuple[Branch, ...]:
        start = f"refs/heads/{prefix}"
        return tuple(
            Branch(ref.name.removeprefix("refs/heads/"), ref.sha)
            for ref in self.refs
            if ref.name.startswith(start)
        )


class Repository:
    """One git repository, its remote, and the quarantine that all work happens in.

    Use it as a context manager: leaving it removes the quarantine. `token`, if any, is sent to an
    http(s) remote through git's environment, so it appears in no argument list and no file.
    """

    def __init__(self, path: Path, *, remote: str = "origin", token: str = "") -> None:
        if not path.is_dir():  # GitPython would quietly look in the current folder instead
            raise UserError(f"{path} is not a folder; run bot in a git repository.")
        user = git.Git(str(path))
        try:
            found = user.execute(
                [
                    "git",
                    "rev-parse",
                    "--path-format=absolute",
                    "--git-common-dir",
                    "--is-bare-repository",
                ]
            )
        except (GitCommandError, GitCommandNotFound) as error:
            raise UserError(f"{path} is not inside a git repository; run bot in one.") from error
        common, bare = str(found).splitlines()
        self._common = Path(common)
        self.root = path
        if bare != "true":
            self.root = Path(str(user.execute(["git", "rev-parse", "--show-toplevel"])))
        self.remote = remote
        try:
            self.url = str(user.execute(["git", "remote", "get-url", "--", remote]))
        except GitCommandError as error:
            raise UserError(
                f"This repository has no remote named {remote!r}; add one with "
                f"'git remote add {remote} URL'."
            ) from error
        self._token = token
        self._built = 0
        self._temporary = tempfile.TemporaryDirectory(
            prefix="amendbot-", ignore_cleanup_errors=True
        )
        self._quarantine = Path(self._temporary.name)
        self._lay_out_quarantine()
        self._git = git.Git(str(self._quarantine))
        self._git.update_environment(**self._environment())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._git.clear_cache()
        self._temporary.cleanup()

    def _lay_out_quarantine(self) -> None:
        (self._quarantine / "refs").mkdir()
        (self._quarantine / "objects" / "info").mkdir(parents=True)
        (self._quarantine / "HEAD").write_text("ref: refs/heads/none\n")
        (self._quarantine / "config").write_text(_QUARANTINE_CONFIG)
        if self._borrows_whole_objects():
            alternates = self._quarantine / "objects" / "info" / "alternates"
            alternates.write_text(f"{self._common / 'objects'}\n")
            shallow = self._common / "shallow"
            if shallow.is_file():
                (self._quarantine / "shallow").write_bytes(shallow.read_bytes())

    def _borrows_whole_objects(self) -> bool:
        """A partial clone lacks objects it claims to have, so nothing is borrowed from one."""
        config = self._common / "config"
        return not config.is_file() or b"partialclone" not in config.read_bytes().lower()

    def _environment(self) -> dict[str, str]:
        environment = {
            "GIT_DIR": str(self._quarantine),
            "GIT_OBJECT_DIRECTORY": str(self._quarantine / "objects"),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_OPTIONAL_LOCKS": "0",
            "LC_ALL": "C",
        }
        scheme = re.match(r"https?://[^/]+/", self.url)
        if self._token and scheme:
            basic = base64.b64encode(f"x-access-token:{self._token}".encode()).decode()
            environment |= {
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": f"http.{scheme[0]}.extraHeader",
                "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
            }
        return environment

    def _run(self, *args: str, stdin: bytes | None = None) -> bytes:
        """Run one git command in the quarantine and return its standard output."""
        options: dict[str, Any] = {"stdout_as_string": False, "strip_newline_in_stdout": False}
        if stdin is None:
            output = self._git.execute(["git", *args], **options)
        else:
            with tempfile.TemporaryFile() as stream:
                stream.write(stdin)
                stream.seek(0)
                output = self._git.execute(["git", *args], istream=stream, **options)
        assert isinstance(output, bytes)
        return output

    # ---------------------------------------------------------------------------------- reading

    def remote_refs(self, *patterns: str) -> RemoteRefs:
        """Ask the remote for its default branch and the refs that match git's `patterns`."""
        try:
            output = self._run("ls-remote", "--symref", "--", self.url, *(patterns or ("HEAD",)))
        except GitCommandError as error:
            raise self._unreachable(error) from error
        default, refs = "", []
        for line in output.decode().splitlines():
            value, _, name = line.partition("\t")
            if value.startswith("ref: ") and name == "HEAD":
                default = value.removeprefix("ref: refs/heads/")
            elif name != "HEAD":
                refs.append(RemoteRef(name, Sha(value)))
        return RemoteRefs(default, tuple(refs))

    def fetch(self, refs: Iterable[str]) -> None:
        """Bring these refs' commits into the quarantine; nothing is written anywhere else."""
        specs = [f"+{ref}:refs/fetched/{ref.removeprefix('refs/')}" for ref in refs]
        if not specs:
            return
        try:
            self._run("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", self.url, *specs)
        except GitCommandError as error:
            raise self._unreachable(error) from error

    def has(self, sha: Sha) -> bool:
        try:
            self._run("cat-file", "-e", sha)
        except GitCommandError:
            return False
        return True

    def tree(self, commit: Sha) -> CommitTree:
        return CommitTree(self, commit)

    def list_tree(self, commit: Sha) -> bytes:
        """`git ls-tree -r -z` of a commit: what CommitTree parses."""
        return self._run("ls-tree", "-r", "-z", "--full-tree", commit)

    def read_blob(self, sha: Sha) -> bytes:
        """A blob's bytes, through one long-lived `git cat-file`."""
        data: bytes = self._git.get_object_data(sha)[3]
        return data

    def commits(self, shas: Sequence[Sha]) -> tuple[Commit, ...]:
        """These commits, each compared with its first parent by git itself, in any order."""
        if not shas:
            return ()
        output = self._run(
            "log", "--no-walk=unsorted", "--stdin", "--no-show-signature", "--no-renames",
            "--root", "--diff-merges=first-parent", "--raw", "--numstat", "--no-abbrev", "-z",
            "--no-ext-diff", "--format=%x01%H%x00%T%x00%P%x00%cd%x00%B", "--date=raw",
            stdin="".join(f"{sha}\n" for sha in shas).encode(),
        )  # fmt: skip
        return tuple(git_formats.parse_log(output))

    def commit(self, sha: Sha) -> Commit:
        return self.commits((sha,))[0]

    def diff(self, commit: Commit) -> str:
        """Git's own diff of a commit against its first parent, for people to read."""
        return self._run(
            "diff-tree", "-p", "--root", "--no-commit-id", "--no-renames", "--no-ext-diff",
            "--no-textconv", "--no-color", "--src-prefix=a/", "--dst-prefix=b/", commit.sha,
        ).decode("utf-8", "replace")  # fmt: skip

    def patch_id(self, diff: str) -> str:
        """Git's stable patch id: the same for the same change on another base; "" for no change."""
        return self._run("patch-id", "--stable", stdin=diff.encode()).decode().split(" ")[0].strip()

    def log(self, tip: Sha) -> tuple[tuple[Sha, str], ...]:
        """Every commit reachable from `tip`, oldest first, with its whole message."""
        output = self._run("log", "--first-parent", "--reverse", "--format=%H%x00%B%x01", tip)
        entries = []
        for record in output.decode("utf-8", "replace").split("\x01"):
            sha, separator, message = record.lstrip("\n").partition("\x00")
            if separator:
                entries.append((Sha(sha), message))
        return tuple(entries)

    # --------------------------------------------------------------------------------- building

    def build(
        self,
        base: Sha | None,
        files: Sequence[File],
        message: str,
        identity: Identity,
        date: str,
    ) -> Sha:
        """Make a commit on top of `base` that has these files as given; move no ref outside.

        `date` is git's raw form (`1767603600 +0000`). The same arguments give the same commit.
        The work is proportional to the files and the folders they stand in, not to the repository:
        git's fast-import reads and writes only the trees on the way to them.
        """
        self._built += 1
        commands = [
            git_formats.commit_command(
                f"refs/built/{self._built}", 1, base, message, identity, date
            )
        ]
        for file in files:
            commands.append(f"M {file.mode} inline {git_formats.quote_path(file.path)}\n".encode())
            commands.append(git_formats.data(file.content))
        return self._import(commands, last_mark=1)

    def build_log(
        self, tip: Sha | None, entries: Sequence[tuple[str, str]], identity: Identity
    ) -> Sha:
        """Make one commit without files per entry (message, raw date) on top of `tip`."""
        self._built += 1
        ref = f"refs/built/{self._built}"
        commands = [
            git_formats.commit_command(
                ref, mark, tip if mark == 1 else None, message, identity, date
            )
            for mark, (message, date) in enumerate(entries, start=1)
        ]
        return self._import(commands, last_mark=len(commands))

    def _import(self, commands: Sequence[bytes], *, last_mark: int) -> Sha:
        script = b"".join([*commands, f"get-mark :{last_mark}\ndone\n".encode()])
        output = self._run("fast-import", "--quiet", "--done", "--date-format=raw", stdin=script)
        return Sha(output.decode().strip())

    # ---------------------------------------------------------------------------------- writing

    def push(self, updates: Sequence[RefUpdate]) -> tuple[str, ...]:
        """Move these refs of the remote together or not at all, each by compare-and-swap.

        Returns the refs that were not as expected; empty when all were moved. Any other failure
        is a UserError, after which nothing is known about the remote until it is read again.
        """
        leases = [f"--force-with-lease={u.ref}:{u.expected or ''}" for u in updates]
        specs = [f"{u.new or ''}:{u.ref}" for u in updates]
        try:
            self._run("push", "--porcelain", "--atomic", "--no-verify", *leases, self.url, *specs)
        except GitCommandError as error:
            stale = git_formats.rejected_refs(str(error.stdout))
            if stale:
                return stale
            raise self._unreachable(error) from error
        return ()

    def _unreachable(self, error: GitCommandError) -> UserError:
        detail = git_formats.git_says(str(error.stderr))
        address = re.sub(r"//[^/@]*@", "//", self.url)
        hint = "check GITHUB_TOKEN and the address" if "http" in address else "check the address"
        return UserError(f"git could not work with {self.remote!r} ({address}): {detail}; {hint}.")


class CommitTree:
    """The files of one commit; meets `bot.model.Tree`."""

    def __init__(self, repository: Repository, commit: Sha) -> None:
        self._repository = repository
        self.commit = commit

    @cached_property
    def _entries(self) -> dict[str, tuple[str, Sha]]:
        entries = {}
        for row in self._repository.list_tree(self.commit).split(b"\x00"):
            if row:
                head, _, path = row.partition(b"\t")
                mode, _, sha = head.decode().split(" ")
                entries[git_formats.path_text(path)] = (mode, Sha(sha))
        return entries

    @cached_property
    def _sorted(self) -> tuple[str, ...]:
        return tuple(sorted(self._entries))

    def paths(self) -> tuple[str, ...]:
        return self._sorted

    def mode(self, path: str) -> str:
        return self._entries.get(path, ("", ""))[0]

    def blob(self, path: str) -> Sha | None:
        mode, sha = self._entries.get(path, ("", Sha("")))
        return sha if mode in ("100644", "100755") else None

    def read(self, path: str) -> str | None:
        sha = self.blob(path)
        if sha is None:
            return None
        content = self._repository.read_blob(sha)
        try:
            return None if b"\x00" in content else content.decode("utf-8")
        except UnicodeDecodeError:
            return None
