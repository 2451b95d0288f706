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
from bot.model import Branch, Commit, Edit, Finding, Pushed, Sha

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

MAX_DIFF_CHARS = 200_000
"""A longer diff is nothing a model wrote by hand."""
_PLACELESS_HUNK = re.compile(r"(?m)^@@ -.*\n(?:\+.*\n|\\.*\n)*(?=@@|diff |--- |\Z)")
"""A hunk of added lines alone."""
_TARGET = "target"
"""The remote's name in the quarantine, so that its address, which may hold a password, stands in no
argument list."""


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
    """What the remote has: its default branch's name ("" if it has none) and its refs.

    The default branch is among the refs whether it was asked for by name or as HEAD.
    """

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
    http(s) remote through git's environment, so it appears in no argument list and no file; with a
    `token_host`, to no other host.
    """

    def __init__(
        self, path: Path, *, remote: str = "origin", token: str = "", token_host: str = ""
    ) -> None:
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
            url = str(user.execute(["git", "remote", "get-url", "--", remote]))
        except GitCommandError as error:
            raise UserError(
                f"This repository has no remote named {remote!r}; add one with "
                f"'git remote add {remote} URL'."
            ) from error
        self.url = _absolute(url, self.root)
        self._token = token
        self._token_host = token_host
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
        quoted = self.url.replace("\\", "\\\\").replace('"', '\\"')
        target = f'[remote "{_TARGET}"]\n\turl = "{quoted}"\n'
        (self._quarantine / "config").write_text(_QUARANTINE_CONFIG + target)
        if self._borrows_whole_objects():
            alternates = self._quarantine / "objects" / "info" / "alternates"
            alternates.write_text(f"{self._common / 'objects'}\n")
            if self._shallow:
                shallow = (self._common / "shallow").read_bytes()
                (self._quarantine / "shallow").write_bytes(shallow)

    @property
    def _shallow(self) -> bool:
        """Whether the user's clone has only the newest part of the history, as CI makes them."""
        return (self._common / "shallow").is_file()

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
        scheme = re.match(r"https?://(?:[^/@]*@)?([^/]+)/", self.url)
        if self._token and scheme and self._token_host in ("", scheme[1]):
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
            output = self._run("ls-remote", "--symref", "--", _TARGET, *(patterns or ("HEAD",)))
        except GitCommandError as error:
            raise self._unreachable(error) from error
        default, refs = "", []
        for line in output.decode().splitlines():
            value, _, name = line.partition("\t")
            if value.startswith("ref: ") and name == "HEAD":
                default = value.removeprefix("ref: refs/heads/")
            else:
                full = f"refs/heads/{default}" if name == "HEAD" else name
                refs.append(RemoteRef(full, Sha(value)))
        return RemoteRefs(default, tuple(dict.fromkeys(refs)))

    def fetch(self, refs: Iterable[str], *, whole: bool = True) -> None:
        """Bring these refs' commits into the quarantine; nothing is written anywhere else.

        Not `whole`, a shallow clone gets no more of their history than each commit and its parent.
        """
        specs = [f"+{ref}:refs/fetched/{ref.removeprefix('refs/')}" for ref in refs]
        if not specs:
            return
        depth = [] if whole or not self._shallow else ["--depth=2"]
        try:
            self._run(
                "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", *depth, _TARGET, *specs
            )
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
            "--no-ext-diff", f"--format={git_formats.HEADER}", "--date=raw",
            stdin="".join(f"{sha}\n" for sha in shas).encode(),
        )  # fmt: skip
        return tuple(git_formats.parse_log(output))

    def plain_commit(self, sha: Sha) -> Commit:
        """A commit without its changes, which for a shallow clone's root would be every file."""
        header = f"--format={git_formats.HEADER}"
        return next(git_formats.parse_log(self._run("log", "-1", header, "--date=raw", sha)))

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

    # ---------------------------------------------------------------------------------- diffs

    def edits_of(self, base: Sha, diff: str) -> tuple[Edit, ...] | Finding:
        """The exact edits that a unified diff makes at `base`, or why it makes none.

        Git applies it to an index of its own in the quarantine, wrong line counts put right, and
        what counts is git's account of the result: ordinary files changed or added, nothing else.
        """
        if len(diff) > MAX_DIFF_CHARS:
            return Finding("diff", "", f"the diff is longer than {MAX_DIFF_CHARS:,} characters")
        text = diff.replace("\r\n", "\n").rstrip("\n") + "\n"
        try:
            sent = text.encode()
        except UnicodeEncodeError:
            return Finding("diff", "", "the diff is not valid Unicode")
        index = self._quarantine / "diff.index"
        try:
            with self._git.custom_environment(GIT_INDEX_FILE=str(index)):
                self._run("read-tree", base)
                refusal = self._apply_to_index(text, sent)
                if refusal:
                    return Finding("diff", "", f"the diff does not apply: {refusal}")
                return self._edits_in_index(self.tree(base))
        finally:
            index.unlink(missing_ok=True)

    def _apply_to_index(self, text: str, sent: bytes) -> str:
        """Apply a diff to the current index; what git says if it does not, else ""."""
        strip = "-p1" if re.search(r"(?m)^(---|\+\+\+|diff --git) [ab]/", text) else "-p0"
        apply = ["apply", "--cached", "--recount", "--whitespace=nowarn", strip]
        try:
            self._run(*apply, "--check", stdin=sent)
        except GitCommandError as error:
            # Git takes a hunk that ends in no context for the file's end. A model means no such
            # thing, and any line that is kept or removed still says where the hunk belongs.
            if _PLACELESS_HUNK.search(text):
                return git_formats.git_says(str(error.stderr))
            apply.append("--unidiff-zero")
        try:
            self._run(*apply, "--check", stdin=sent)
            self._run(*apply, stdin=sent)
        except GitCommandError as error:
            return git_formats.git_says(str(error.stderr))
        return ""

    def _edits_in_index(self, tree: CommitTree) -> tuple[Edit, ...] | Finding:
        """What the current index changes of a tree, as edits."""
        edits: list[Edit] = []
        compare = ("--literal-pathspecs", "diff-index", "--cached", "--no-renames")
        rows = self._run(*compare, "--raw", "-z", "--no-abbrev", tree.commit).split(b"\x00")
        for row, name in zip(rows[::2], rows[1::2], strict=False):
            path = git_formats.path_text(name)
            old_mode, new_mode, _, blob, status = row.decode().removeprefix(":").split(" ")
            if new_mode not in ("100644", "100755") or status not in ("A", "M"):
                return Finding("diff", path, f"the diff removes {path} or changes what it is")
            if new_mode != (old_mode if status == "M" else "100644"):
                return Finding("diff", path, f"the diff changes the mode of {path}")
            new, old = _utf8(self.read_blob(Sha(blob))), tree.read(path)
            if new is None or (old is None and status == "M"):
                return Finding("diff", path, f"{path} is binary or not UTF-8")
            if old is None:
                edits.append(Edit(path, None, "", new))
                continue
            if not old:
                return Finding("diff", path, f"{path} is empty, so nothing in it can be replaced")
            hunks = self._run(
                *compare, "-p", "-U1", "--no-ext-diff", "--no-textconv", "--no-color", "--text",
                tree.commit, "--", path,
            )  # fmt: skip
            base = tree.blob(path)
            pairs = git_formats.replacements(hunks.decode(), old, new)
            edits.extend(Edit(path, base, before, after) for before, after in pairs)
        return tuple(edits) or Finding("diff", "", "the diff changes nothing")

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

    def push(self, updates: Sequence[RefUpdate]) -> Pushed:
        """Move these refs of the remote together or not at all, each by compare-and-swap.

        A push that neither succeeded nor was answered ref by ref is a UserError, after which
        nothing is known about the remote until it is read again.
        """
        leases = [f"--force-with-lease={u.ref}:{u.expected or ''}" for u in updates]
        specs = [f"{u.new or ''}:{u.ref}" for u in updates]
        try:
            self._run("push", "--porcelain", "--atomic", "--no-verify", *leases, _TARGET, *specs)
        except GitCommandError as error:
            ended = git_formats.push_ended(str(error.stdout), str(error.stderr))
            if ended is None:
                raise self._unreachable(error) from error
            return ended
        return Pushed()

    def _unreachable(self, error: GitCommandError) -> UserError:
        detail = git_formats.git_says(str(error.stderr))
        address = re.sub(r"//[^/@]*@", "//", self.url)
        hint = "check GITHUB_TOKEN and the address" if "http" in address else "check the address"
        return UserError(f"git could not work with {self.remote!r} ({address}): {detail}; {hint}.")


def _absolute(url: str, root: Path) -> str:
    """A remote's address that does not depend on the current folder."""
    is_path = "://" not in url and not re.match(r"[^/]+:", url)
    return str((root / url).resolve()) if is_path else url


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
        return None if sha is None else _utf8(self._repository.read_blob(sha))


def _utf8(content: bytes) -> str | None:
    """Text, or None if these bytes are none."""
    try:
        return None if b"\x00" in content else content.decode("utf-8")
    except UnicodeDecodeError:
        return None
