"""Which Python runs the tests, what of this machine they may read for it, and their environment.

The tests get the interpreter that a person in the repository would use, and the folders that it
lives in. Whatever holds more than a toolchain, above all the user's home, is never shown.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from bot.config import SandboxConfig
from bot.errors import UserError
from bot.sandbox.credentials import is_credential

SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin")
SYSTEM_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib64")
"""What the sandbox shows anyway; nothing below has to be named."""
PYTHON_NAMES = ("python", "python3")

_PASSED_ON = ("LANG", "LC_*", "TZ")
_OURS = ("PATH", "HOME", "TMPDIR", "VIRTUAL_ENV", "PYTHONHOME")
"""Set by the sandbox, or ruinous for an interpreter other than the user's."""
_ANSWER_SECONDS = 20.0
_QUESTION = """\
import json, os, sys
base = getattr(sys, "_base_executable", None) or sys.executable
version = sys.implementation.name + " " + ".".join(map(str, sys.version_info))
json.dump([sys.prefix, sys.base_prefix, base, version], sys.stdout)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Toolchain:
    """What programs in the sandbox are run with.

    `python` is the interpreter as it is called and `prefix` the folder of its environment, `base`
    and `base_prefix` what that was made from (the same where it is no environment), `version` the
    latter's. `visible` are absolute paths that have to be readable. `environment` lacks HOME and
    TMPDIR, which depend on the workspace.
    """

    python: str
    prefix: str
    base: str
    base_prefix: str
    version: str
    path: str
    visible: tuple[str, ...]
    environment: tuple[tuple[str, str], ...]

    def in_environment(self, prefix: Path) -> Toolchain:
        """The same base in the virtual environment at `prefix` in place of its own."""
        python = str(prefix / "bin" / "python")
        folders = (str(prefix / "bin"), str(Path(self.base).parent), *SYSTEM_PATH)
        own = (
            () if self.prefix == self.base_prefix else (self.prefix, os.path.realpath(self.prefix))
        )
        kept = tuple(path for path in self.visible if path not in own)
        environment = {**dict(self.environment), "VIRTUAL_ENV": str(prefix)}
        found = replace(
            self,
            python=python,
            prefix=str(prefix),
            visible=tuple(_outermost((*kept, str(prefix)))),
            environment=tuple(sorted(environment.items())),
        )
        return found.with_path(":".join(dict.fromkeys(folders)))

    def with_path(self, path: str) -> Toolchain:
        kept = tuple(pair for pair in self.environment if pair[0] != "PATH")
        return replace(self, path=path, environment=(*kept, ("PATH", path)))

    def completed(self, tools: Path, inside: str) -> Toolchain:
        """The same, with `python` and `python3` in `tools` where the PATH lacks either.

        Systems without `python`, or with another Python by that name, would run other tests than
        asked. `inside` is what the program sees `tools` as. A script stands in and no link, because
        an interpreter looks for its environment beside the name it was called by.
        """
        lacking = [name for name in PYTHON_NAMES if not self._runs_it(name)]
        for name in lacking:
            script = tools / name
            script.write_text(f'#!/bin/sh\nexec {shlex.quote(self.python)} "$@"\n')
            script.chmod(0o755)
        return self.with_path(f"{inside}:{self.path}") if lacking else self

    def _runs_it(self, name: str) -> bool:
        found = shutil.which(name, path=self.path)
        if found is None or not Path(found).samefile(self.python):
            return False
        in_environment = self.prefix != self.base_prefix
        return not in_environment or Path(found).parent == Path(self.python).parent


def find_toolchain(root: Path, config: SandboxConfig, environ: Mapping[str, str]) -> Toolchain:
    """The toolchain for the repository at `root`.

    The interpreter of $VIRTUAL_ENV, else of `.venv` or `venv` in the root, else the bot's own; one
    that does not answer is passed over. A UserError says which of its folders holds the home or the
    repository and can therefore not be shown.
    """
    asked = ((python, _ask(python, environ)) for python in _candidates(root, environ))
    python, answer = next((found for found in asked if found[1]), ("", None))
    if answer is None:
        raise UserError(
            "No working Python was found to run the tests with; set VIRTUAL_ENV to an environment."
        )
    needed = [answer.prefix, answer.base_prefix, *_folders_of(python), *_folders_of(answer.base)]
    needed = list(_outermost((*needed, *map(os.path.realpath, needed))))
    private = _Private(root, Path(environ.get("HOME") or Path.home()))
    for path in needed:
        private.refuse(
            path,
            f"The Python at {python} needs {path}",
            "use an environment in a folder of its own",
        )
    for path in config.visible:
        private.refuse(path, f"sandbox.visible names {path}", "name folders inside it")
    folders = (str(Path(python).parent), str(Path(answer.base).parent), *SYSTEM_PATH)
    environment = named_environment(config, environ) | _passed_on(environ)
    if answer.prefix != answer.base_prefix:
        environment["VIRTUAL_ENV"] = answer.prefix
    return Toolchain(
        python=python,
        prefix=answer.prefix,
        base=answer.base,
        base_prefix=answer.base_prefix,
        version=answer.version,
        path="",
        visible=tuple(filter(os.path.exists, _outermost((*needed, *config.visible)))),
        environment=tuple(sorted(environment.items())),
    ).with_path(":".join(dict.fromkeys(folders)))


def named_environment(config: SandboxConfig, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that the configuration lets through. Only its own name lets a credential."""
    return {
        name: value
        for name, value in environ.items()
        if name not in _OURS
        and (
            name in config.environment
            or (_matches(name, config.environment) and not is_credential(name, value))
        )
    }


def _passed_on(environ: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environ.items()
        if _matches(name, _PASSED_ON) and not is_credential(name, value)
    }


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


# ---------------------------------------------------------------------------------- the interpreter


@dataclass(frozen=True, slots=True)
class _Answer:
    """What an interpreter says of itself."""

    prefix: str
    base_prefix: str
    base: str
    version: str


def _candidates(root: Path, environ: Mapping[str, str]) -> Iterator[str]:
    if environ.get("VIRTUAL_ENV"):
        yield str(Path(environ["VIRTUAL_ENV"]).absolute() / "bin" / "python")
    for folder in (".venv", "venv"):
        yield str(root.absolute() / folder / "bin" / "python")
    yield sys.executable


def _ask(python: str, environ: Mapping[str, str]) -> _Answer | None:
    """What the interpreter says of itself, None where it does not. It gets no credential to see."""
    if not os.access(python, os.X_OK):
        return None
    environment = {"PATH": ":".join(SYSTEM_PATH), **_passed_on(environ)}
    try:
        done = subprocess.run(
            [python, "-I", "-c", _QUESTION],
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
            timeout=_ANSWER_SECONDS,
        )
        return _Answer(*map(str, json.loads(done.stdout)))
    except (OSError, subprocess.SubprocessError, ValueError, TypeError):
        return None


def _folders_of(executable: str) -> Iterator[str]:
    """The folder of an executable, and of each link on the way to the file it really is."""
    at = Path(executable)
    for _ in range(_MAX_LINKS):
        yield str(at.parent)
        if not at.is_symlink():
            return
        at = Path(os.path.normpath(at.parent.resolve() / at.readlink()))


_MAX_LINKS = 40
"""As many as Linux follows."""


# ---------------------------------------------------------------------------------- what is visible


def _outermost(paths: Iterable[str]) -> Iterator[str]:
    """The paths in order, without those that lie in another one or that are visible anyway."""
    distinct = dict.fromkeys(os.path.normpath(path) for path in paths)
    for path in distinct:
        around = [*SYSTEM_FOLDERS, *(other for other in distinct if other != path)]
        if not any(_within(path, folder) for folder in around):
            yield path


def _within(path: str, folder: str) -> bool:
    return Path(path).is_relative_to(folder)


@dataclass(frozen=True, slots=True)
class _Private:
    """What no program in the sandbox may see as a whole."""

    root: Path
    home: Path

    def refuse(self, path: str, what: str, hint: str) -> None:
        """Raise a UserError about `what` if the path is, or holds, something private."""
        for private, name in ((self.home, "your home folder"), (self.root, "the repository")):
            for spelling in (path, os.path.realpath(path)):
                if any(
                    _within(str(at), spelling) for at in (private.absolute(), private.resolve())
                ):
                    raise UserError(
                        f"{what}, which holds {name} ({private}), so the tests must not see it; "
                        f"{hint}."
                    )
