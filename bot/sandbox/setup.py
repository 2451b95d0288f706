"""The set-up: what `[test] setup` asks for, in a virtual environment that outlives the run.

The commands come from the base's configuration and see the base's files, never a proposal's; so
they alone may reach the network. What they made is kept until the commands, the interpreter or the
files that they depend on change. An environment that a proposal could have written to is used by no
later run.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import secrets
import shlex
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from bot.config import Config, SandboxConfig
from bot.errors import UserError
from bot.evidence import Ended
from bot.model import Tree
from bot.protected import is_manifest
from bot.sandbox import MIB, Job, Limits
from bot.sandbox.credentials import is_credential
from bot.sandbox.isolation import Isolation, inside
from bot.sandbox.removal import remove
from bot.sandbox.running import run
from bot.sandbox.toolchain import Toolchain
from bot.sandbox.workspace import Workspace
from bot.secrets import redact
from bot.untrusted import visible

KEPT_SECONDS = 30 * 24 * 3600.0
"""An environment that nobody used for so long is removed."""
MAX_OUTPUT_CHARS = 4000
"""So much of the end of a failed command's output is kept."""
CREATE = ("-I", "-m", "venv")
"""How the base interpreter makes an environment."""

_FORMAT = "1"
"""Part of every key; another one makes every environment anew."""
_STAMP = "complete"
_FOR_NETWORK = """
    HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy all_proxy no_proxy
    SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE NODE_EXTRA_CA_CERTS
    PIP_CERT PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_NO_INDEX PIP_TRUSTED_HOST
    PIP_DEFAULT_TIMEOUT UV_DEFAULT_INDEX UV_INDEX UV_INDEX_URL UV_EXTRA_INDEX_URL
"""
"""What says how the network and the package index are reached, where it holds no password."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUpFailure:
    """A set-up command that did not end well. `output` is the end of what it printed, scrubbed."""

    command: str
    ended: Ended
    exit_code: int | None
    reason: str
    output: str

    @property
    def sentence(self) -> str:
        ending = f": {self.reason}" if self.reason else f" ended with exit code {self.exit_code}"
        return f"`{self.command}`{ending}"


Prepared = Toolchain | SetUpFailure


@contextlib.contextmanager
def prepare(
    tree: Tree,
    config: Config,
    toolchain: Toolchain,
    isolation: Isolation,
    check_out: Callable[[Path], None],
    environ: Mapping[str, str] = os.environ,
) -> Iterator[Prepared]:
    """The toolchain to run the tests with, of the base's `tree` and of what is built on it.

    Without set-up commands it is the one given. `check_out` puts the base into an empty folder.
    All commands together have the set-up's seconds; each has the sandbox's other limits. Waits for
    another bot that prepares the same.

    Environments are kept in $XDG_CACHE_HOME or `~/.cache`; as root without bubblewrap, where the
    programs' users cannot reach that, among the workspaces. Without isolation, as an ordinary user,
    proposals can write to them: then they last as long as this context.
    """
    commands = _split(config)
    if not commands:
        yield toolchain
        return
    limits = limits_of(config.sandbox, config.test.setup_timeout_s)
    plan = _Plan(commands, limits, toolchain, isolation, check_out, _for_network(environ))
    with ExitStack() as stack:
        if isolation.kind == "none" and not isolation.drops_uid:
            yield _for_this_run(plan, stack.enter_context(Workspace(isolation)))
        else:
            key = environment_key(commands, toolchain, tree, isolation)
            yield _kept(plan, key, cache_folder(environ))


def _for_this_run(plan: _Plan, workspace: Workspace) -> Prepared:
    folder = workspace.root / "environment"
    folder.mkdir(mode=0o700)
    return plan.build(folder, workspace) or plan.toolchain.in_environment(folder)


def _kept(plan: _Plan, key: str, cache: Path) -> Prepared:
    with Workspace(plan.isolation) as workspace:
        reachable = workspace.uid is None or plan.isolation.first_as == "root" or _is_open(cache)
        kept = Kept(cache / "amendbot" / "envs" if reachable else workspace.root.parent / "envs")
        with kept.locked(key):
            folder = kept.find(key)
            if folder is None:
                with kept.new(key) as folder:
                    failure = plan.build(folder, workspace)
                    if failure:
                        return failure
                    kept.complete(key, folder)
        kept.sweep()
        return plan.toolchain.in_environment(folder)


def _is_open(folder: Path) -> bool:
    """Whether other users can reach what is in a folder, as far as it is there already."""
    there = (path for path in (folder, *folder.parents) if path.exists())
    return all(path.stat().st_mode & stat.S_IXOTH for path in there)


def environment_key(
    commands: tuple[tuple[str, ...], ...], toolchain: Toolchain, tree: Tree, isolation: Isolation
) -> str:
    """What an environment depends on, as a name for a folder.

    Those are the commands, the interpreter, the base's dependency manifests and the files that the
    commands name, and where the tree was seen, which editable installs remember.
    """
    named = {path for words in commands for word in words for path in _paths_in(word)}
    files = [
        (path, tree.mode(path), tree.blob(path))
        for path in tree.paths()
        if is_manifest(path) or path in named
    ]
    parts = [_FORMAT, commands, toolchain.base, toolchain.version, files, isolation.kind]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]


def _paths_in(word: str) -> Iterator[str]:
    """The paths that a word of a command may be: `x`, `--file=x`, `-fx`."""
    for path in (word, word.partition("=")[2], word[2:] if word.startswith("-") else ""):
        yield PurePosixPath(path).as_posix()


def cache_folder(environ: Mapping[str, str]) -> Path:
    """The user's folder for what can be made again: $XDG_CACHE_HOME, by default `~/.cache`."""
    chosen = environ.get("XDG_CACHE_HOME", "")
    home = environ.get("HOME") or Path.home()
    return Path(chosen) if chosen.startswith("/") else Path(home).absolute() / ".cache"


def limits_of(config: SandboxConfig, seconds: float) -> Limits:
    return Limits(
        seconds=seconds,
        memory=config.memory_mb * MIB,
        processes=config.processes,
        file=config.file_mb * MIB,
        disk=config.disk_mb * MIB,
    )


def _split(config: Config) -> tuple[tuple[str, ...], ...]:
    """The commands as words. No shell sees them, so `&&`, `>` and `$NAME` mean nothing special."""
    try:
        split = tuple(tuple(shlex.split(command)) for command in config.test.setup)
    except ValueError as error:
        raise UserError(f"A command in test.setup cannot be split into words: {error}.") from error
    return tuple(words for words in split if words)


def _for_network(environ: Mapping[str, str]) -> dict[str, str]:
    found = {name: environ.get(name, "") for name in _FOR_NETWORK.split()}
    return {
        name: value for name, value in found.items() if value and not is_credential(name, value)
    }


# ---------------------------------------------------------------------------------- running it


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be run to fill an environment; `network` are variables that only this needs."""

    commands: tuple[tuple[str, ...], ...]
    limits: Limits
    toolchain: Toolchain
    isolation: Isolation
    check_out: Callable[[Path], None]
    network: Mapping[str, str]

    def build(self, folder: Path, workspace: Workspace) -> SetUpFailure | None:
        """Make the environment in an empty folder, or say what failed.

        Afterwards it is the bot's own: no program's user can change it.
        """
        self.check_out(workspace.tree)
        deadline = time.monotonic() + self.limits.seconds
        for words in ((self.toolchain.base, *CREATE, str(folder)), *self.commands):
            failure = self._run(words, folder, workspace, deadline)
            if failure:
                return failure
        if workspace.uid is not None:
            _seal(folder)
        return None

    def _run(
        self, words: tuple[str, ...], folder: Path, workspace: Workspace, deadline: float
    ) -> SetUpFailure | None:
        places = inside(workspace, self.isolation)
        toolchain = self.toolchain.in_environment(folder)
        environment = {
            **self.network,
            **dict(toolchain.environment),
            "HOME": places.home,
            "TMPDIR": places.tmp,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_CACHE_DIR": "1",
            "PIP_NO_INPUT": "1",
        }
        certificates = (value for value in self.network.values() if Path(value).is_file())
        job = Job(
            argv=words,
            environment=tuple(sorted(environment.items())),
            limits=replace(self.limits, seconds=max(0.1, deadline - time.monotonic())),
            visible=(*toolchain.visible, *certificates),
            writable=(str(folder),),
            network=True,
        )
        finished = run(job, workspace, self.isolation)
        if finished.ended is Ended.FINISHED and finished.exit_code == 0:
            return None
        reason = redact(finished.reason)
        if finished.ended is Ended.TIMED_OUT:
            reason = f"did not end within the {self.limits.seconds:g} seconds of the whole set-up"
        return SetUpFailure(
            command=redact(shlex.join(words)),
            ended=finished.ended,
            exit_code=finished.exit_code,
            reason=reason,
            output=redact(visible(finished.output))[-MAX_OUTPUT_CHARS:],
        )


def _seal(folder: Path) -> None:
    """Let everybody read what is below a folder of ours, and nobody else change it."""
    for _, folders, files, descriptor in os.fwalk(folder):
        os.fchmod(descriptor, 0o755)
        for name in (*folders, *files):
            found = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
            if stat.S_ISREG(found.st_mode):
                mode = found.st_mode & 0o755
                if found.st_nlink == 1:  # a second name may be that of a file from elsewhere
                    mode |= 0o555 if mode & 0o111 else 0o444
                os.chmod(name, mode, dir_fd=descriptor)


# ---------------------------------------------------------------------------------- keeping it


class Kept:
    """The environments in a folder, by key. One counts once the stamp beside it names it.

    Each attempt has a folder of its own, so that nothing which a killed bot left running can write
    into the next one.
    """

    def __init__(self, folder: Path) -> None:
        try:
            for path in (*reversed(folder.parents), folder):
                _make(path)
            found = folder.lstat()
        except OSError as error:
            raise UserError(
                f"The tests' environment cannot be kept in {folder} ({error.strerror}); "
                "set XDG_CACHE_HOME to a folder that can be written to."
            ) from error
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
        if not ours or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise UserError(f"{folder} must be a folder that only you can write to; remove it.")
        self._folder = folder.resolve()

    @contextlib.contextmanager
    def locked(self, key: str, *, wait: bool = True) -> Iterator[bool]:
        """Hold the key's lock; yields whether it is held, which without `wait` it may not be."""
        path = self._folder / f"{key}.lock"
        while True:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                held = _take(lock, wait=wait)
                if held and not _is_file(lock, path):
                    continue  # whoever held it before us has swept it
                yield held
                return
            finally:
                os.close(lock)

    def find(self, key: str) -> Path | None:
        """The finished environment, which counts as used now; an unfinished one goes."""
        folder = self._stamped(key)
        if folder is None:
            self._remove(key)
        else:
            os.utime(folder.with_name(_STAMP))
        return folder

    @contextlib.contextmanager
    def new(self, key: str) -> Iterator[Path]:
        """An empty folder for an environment; without a stamp at the end it is removed."""
        folder = self._folder / key / secrets.token_hex(4)
        _make(folder.parent)
        _make(folder)
        try:
            yield folder
        finally:
            if self._stamped(key) != folder:
                self._remove(key)

    def complete(self, key: str, folder: Path) -> None:
        written = self._folder / key / f"{_STAMP}.new"
        written.write_text(folder.name)
        written.replace(written.with_name(_STAMP))

    def sweep(self) -> None:
        """Remove what nobody has used for long, and what killed bots left unfinished."""
        for lock in self._folder.glob("*.lock"):
            with self.locked(lock.stem, wait=False) as held:
                if held and not self._is_fresh(lock.stem):
                    self._remove(lock.stem)
                    lock.unlink(missing_ok=True)

    def _stamped(self, key: str) -> Path | None:
        around = self._folder / key
        try:
            folder = around / (around / _STAMP).read_text()
        except OSError:
            return None
        whole = folder.parent == around and (folder / "bin" / "python").exists()
        return folder if whole else None

    def _is_fresh(self, key: str) -> bool:
        folder = self._stamped(key)
        if folder is None:
            return False
        return time.time() - folder.with_name(_STAMP).stat().st_mtime < KEPT_SECONDS

    def _remove(self, key: str) -> None:
        if (self._folder / key).exists():
            remove(self._folder / key)


def _make(folder: Path) -> None:
    """Make a folder, whatever the umask says; what root makes can be reached by programs' users."""
    if not folder.is_dir():
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            folder.chmod(0o711 if os.geteuid() == 0 else 0o700)


def _take(lock: int, *, wait: bool) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
