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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import git
from git.exc import GitCommandError, GitCommandNotFound

from bot import git_formats, work_trees
from bot.commit_tree import CommitTree
from bot.errors import UserError
from bot.git_formats import GitFailed, Identity
from bot.model import Commit, Pushed, Sha
from bot.quarantine import HERMETIC, TARGET, check_out, is_shallow, lay_out_quarantine
from bot.remote_refs import RemoteRefs, parse_remote_refs
from bot.temporary import TemporaryFolder


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


class Repository:
    """One git repository, its remote, and the quarantine that all work happens in.

    A repository that has no remotes at all is its own: what is said of the remote here is then said
    of its own refs, and `has_remote` is False.

    Use it as a context manager: leaving it removes the quarantine. `token`, if any, is sent to an
    http(s) remote through git's environment, so it appears in no argument list and no file; with a
    `token_host`, to no other host.
    """

    def __init__(
        self, path: Path, *, remote: str = "origin", token: str = "", token_host: str = ""
    ) -> None:
        if not path.is_dir():  # GitPython would quietly look in the current folder instead
            raise UserError(f"{path} is not a folder; run bot in a git repository.")
        asked = ("--path-format=absolute", "--git-common-dir", "--is-bare-repository")
        try:
            found = self._run_for_user(path, "rev-parse", *asked)
        except (GitFailed, GitCommandNotFound) as error:
            raise UserError(f"{path} is not inside a git repository; run bot in one.") from error
        common, bare = found.splitlines()
        self.git_dir = Path(common)
        self.root = path
        if bare != "true":
            self.root = Path(self._run_for_user(path, "rev-parse", "--show-toplevel"))
        self.remote = remote
        url = self._remote_url()
        self.has_remote = url is not None
        self.url = url or common
        self._token = token
        self._token_host = token_host
        self._built = 0
        self._temporary = TemporaryFolder()
        self.quarantine = self._temporary.path
        lay_out_quarantine(self.quarantine, self.git_dir, self.url)
        self._git = git.Git(str(self.quarantine))
        self._git.update_environment(**self._environment())

    def _remote_url(self) -> str | None:
        """The remote's address; None where the repository has no remotes at all."""
        try:
            url = self._run_for_user(self.root, "remote", "get-url", "--", self.remote)
        except GitFailed as error:
            others = self._run_for_user(self.root, "remote").split()
            if not others:
                return None
            raise UserError(
                f"This repository has no remote named {self.remote!r}, only {', '.join(others)}; "
                f"add it with 'git remote add {self.remote} URL'."
            ) from error
        is_path = "://" not in url and not re.match(r"[^/]+:", url)
        return str((self.root / url).resolve()) if is_path else url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._git.clear_cache()
        self._temporary.close()

    @property
    def address(self) -> str:
        """The remote's address without credentials, or the folder's name: a name for people."""
        return re.sub(r"//[^/@]*@", "//", self.url) if self.has_remote else self.root.name

    @property
    def pushed_to(self) -> str:
        """What a person names in `git push`."""
        return self.remote if self.has_remote else "."

    def _environment(self) -> dict[str, str]:
        environment = {
            "GIT_DIR": str(self.quarantine),
            "GIT_OBJECT_DIRECTORY": str(self.quarantine / "objects"),
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

    def run(
        self,
        *args: str,
        stdin: bytes | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> bytes:
        """Run one git command in the quarantine and return its standard output.

        `environment` is added to the quarantine's own. What does not end well is a GitFailed.
        """
        options: dict[str, Any] = {"env": dict(environment)} if environment else {}
        if stdin is None:
            return _execute(self._git, args, **options)
        with tempfile.TemporaryFile() as stream:
            stream.write(stdin)
            stream.seek(0)
            return _execute(self._git, args, istream=stream, **options)

    # ---------------------------------------------------------------------------------- reading

    def remote_refs(self, *patterns: str) -> RemoteRefs:
        """Ask the remote for its default branch and the refs that match git's `patterns`.

        HEAD of the user's own repository is whatever they are looking at just now, so there `main`
        or `master` comes first.
        """
        patterns = patterns or ("HEAD",)
        usual = ("main", "master") if "HEAD" in patterns and not self.has_remote else ()
        wanted = (*patterns, *(f"refs/heads/{name}" for name in usual))
        try:
            output = self.run("ls-remote", "--symref", "--", TARGET, *wanted)
        except GitFailed as error:
            raise self._unreachable(error) from error
        return parse_remote_refs(output.decode(), usual)

    def fetch(self, refs: Iterable[str], *, whole: bool = True) -> None:
        """Bring these refs' commits into the quarantine; nothing is written anywhere else.

        Not `whole`, a shallow clone gets no more of their history than each commit and its parent.
        """
        specs = [f"+{ref}:refs/fetched/{ref.removeprefix('refs/')}" for ref in refs]
        if not specs:
            return
        depth = [] if whole or not is_shallow(self.git_dir) else ["--depth=2"]
        try:
            self.run(
                "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", *depth, TARGET, *specs
            )
        except GitFailed as error:
            raise self._unreachable(error) from error

    def has(self, sha: Sha) -> bool:
        try:
            self.run("cat-file", "-e", sha)
        except GitFailed:
            return False
        return True

    def tree(self, commit: Sha) -> CommitTree:
        return CommitTree(self, commit)

    def list_tree(self, commit: Sha) -> bytes:
        """`git ls-tree -r -z` of a commit: what CommitTree parses."""
        return self.run("ls-tree", "-r", "-z", "--full-tree", commit)

    def read_blob(self, sha: Sha) -> bytes:
        """A blob's bytes, through one long-lived `git cat-file`."""
        data: bytes = self._git.get_object_data(sha)[3]
        return data

    def commits(self, shas: Sequence[Sha]) -> tuple[Commit, ...]:
        """These commits, each compared with its first parent by git itself, in any order."""
        if not shas:
            return ()
        output = self.run(
            "log", "--no-walk=unsorted", "--stdin", "--no-show-signature", "--no-renames",
            "--root", "--diff-merges=first-parent", "--raw", "--numstat", "--no-abbrev", "-z",
            "--no-ext-diff", f"--format={git_formats.HEADER}", "--date=raw",
            stdin="".join(f"{sha}\n" for sha in shas).encode(),
        )  # fmt: skip
        return tuple(git_formats.parse_log(output))

    def plain_commit(self, sha: Sha) -> Commit:
        """A commit without its changes, which for a shallow clone's root would be every file."""
        header = f"--format={git_formats.HEADER}"
        return next(git_formats.parse_log(self.run("log", "-1", header, "--date=raw", sha)))

    def commit(self, sha: Sha) -> Commit:
        return self.commits((sha,))[0]

    def diff(self, commit: Commit) -> str:
        """Git's own diff of a commit against its first parent, for people to read."""
        return self.run(
            "diff-tree", "-p", "--root", "--no-commit-id", "--no-renames", "--no-ext-diff",
            "--no-textconv", "--no-color", "--src-prefix=a/", "--dst-prefix=b/", commit.sha,
        ).decode("utf-8", "replace")  # fmt: skip

    def patch_id(self, diff: str) -> str:
        """Git's stable patch id: the same for the same change on another base; "" for no change."""
        return self.run("patch-id", "--stable", stdin=diff.encode()).decode().split(" ")[0].strip()

    def log(self, tip: Sha) -> tuple[tuple[Sha, str], ...]:
        """Every commit reachable from `tip`, oldest first, with its whole message."""
        output = self.run("log", "--first-parent", "--reverse", "--format=%H%x00%B%x01", tip)
        entries = []
        for record in output.decode("utf-8", "replace").split("\x01"):
            sha, separator, message = record.lstrip("\n").partition("\x00")
            if separator:
                entries.append((Sha(sha), message))
        return tuple(entries)

    def merge_tree(self, base: Sha, head: Sha) -> Sha | None:
        """The tree that merging these two gives; None where they conflict."""
        merge = ("merge-tree", "--write-tree", "--allow-unrelated-histories", "--no-messages")
        try:
            output = self.run(*merge, base, head, environment=HERMETIC)
        except GitFailed as error:
            if error.status == 1:
                return None
            raise
        return Sha(output.decode().strip())

    def checked_out(self) -> tuple[str, Sha | None]:
        """The branch that the user is on, "" for none, and its commit, None before the first."""
        try:
            branch = self._run_for_user(self.root, "symbolic-ref", "--quiet", "--short", "HEAD")
        except GitFailed:
            branch = ""
        try:
            return branch, Sha(self._run_for_user(self.root, "rev-parse", "--verify", "-q", "HEAD"))
        except GitFailed:
            return branch, None

    def person(self) -> Identity:
        """Whom git would name as the author of a commit made here by hand."""
        try:
            said = self._run_for_user(self.root, "var", "GIT_AUTHOR_IDENT")
        except GitFailed as error:
            raise UserError(
                "git does not know who you are; say so with 'git config user.name NAME' and "
                "'git config user.email EMAIL'."
            ) from error
        name, _, rest = said.partition(" <")
        return Identity(name, rest.partition(">")[0])

    def check_out(self, commit: Sha, folder: Path) -> None:
        """Make a throwaway clone of this commit in an empty folder, with a git folder of its own.

        It has no other history, no remote, no hook and no setting of the user's, and needs nothing
        outside of the folder. No filter or other program of the user's settings runs.
        """
        check_out(self.run, self.quarantine / "objects", commit, folder)

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
        output = self.run("fast-import", "--quiet", "--done", "--date-format=raw", stdin=script)
        return Sha(output.decode().strip())

    # ---------------------------------------------------------------------------------- writing

    def why_stuck(self, branch: str) -> str:
        """Why a push could not move this branch here, as a clause; "" where nothing is in its way.

        That can only be where the repository is its own target, and the branch is checked out.
        """
        if self.has_remote:
            return ""
        ref = f"refs/heads/{branch}"
        sha = Sha(self._run_for_user(self.root, "rev-parse", "--verify", "--quiet", ref))
        return work_trees.WorkTrees.of(self._run_for_user, self.git_dir, {ref: sha}).refusal()

    def push(self, updates: Sequence[RefUpdate]) -> Pushed:
        """Move these refs of the remote together or not at all, each by compare-and-swap.

        A push that neither succeeded nor was answered ref by ref is a UserError, after which
        nothing is known about the remote until it is read again.
        """
        if self.has_remote:
            return self._push(updates)
        moves = {u.ref: u.new for u in updates if u.expected and u.ref.startswith("refs/heads/")}
        with work_trees.alone(self.git_dir):
            own = work_trees.WorkTrees.of(self._run_for_user, self.git_dir, moves)
            refusal = own.refusal()
            if refusal:
                return Pushed(rejected=refusal)
            try:
                ended = self._push(updates, f"--receive-pack={work_trees.RECEIVE_PACK}")
            finally:
                own.put_back()
            return own.explained(ended)

    def _run_for_user(self, folder: Path, *args: str) -> str:
        """Run git in the user's own folders, under their settings."""
        user = git.Git(str(folder))
        user.update_environment(GIT_OPTIONAL_LOCKS="0", LC_ALL="C")
        return _printed(user, *args)

    def _push(self, updates: Sequence[RefUpdate], *options: str) -> Pushed:
        leases = [f"--force-with-lease={u.ref}:{u.expected or ''}" for u in updates]
        specs = [f"{u.new or ''}:{u.ref}" for u in updates]
        atomic = ("push", "--porcelain", "--atomic", "--no-verify", *options)
        try:
            self.run(*atomic, *leases, TARGET, *specs)
        except GitFailed as error:
            ended = git_formats.push_ended(error.stdout, error.stderr)
            if ended is None:
                raise self._unreachable(error) from error
            return ended
        return Pushed()

    def _unreachable(self, error: GitFailed) -> UserError:
        if not self.has_remote:
            return UserError(f"git could not work with {self.root}: {error}.")
        hint = "check GITHUB_TOKEN and the address" if "http" in self.url else "check the address"
        return UserError(
            f"git could not work with {self.remote!r} ({self.address}): {error}; {hint}."
        )


def _execute(runner: git.Git, args: Sequence[str], **options: Any) -> bytes:
    """Run git and return the bytes of its standard output."""
    try:
        output = runner.execute(
            ["git", *args], stdout_as_string=False, strip_newline_in_stdout=False, **options
        )
    except GitCommandError as error:
        status = error.status if isinstance(error.status, int) else -1
        raise GitFailed(status, str(error.stdout), str(error.stderr)) from error
    assert isinstance(output, bytes)
    return output


def _printed(runner: git.Git, *args: str) -> str:
    return _execute(runner, args).decode("utf-8", "surrogateescape").rstrip("\n")
