"""Pre-commit hooks: what the repository's own hooks would change in a proposal's files.

Only hooks that can run without the network do: those of the repository itself whose language needs
nothing installed. The configuration is the base's. What the hooks leave behind is read as the work
of a stranger: plain files of the patch, and nothing else.
"""

from __future__ import annotations

import os
import re
import stat
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.evidence import Ended
from bot.sandbox import Job, Limits
from bot.sandbox.isolation import Isolation, inside
from bot.sandbox.running import run
from bot.sandbox.toolchain import Toolchain
from bot.sandbox.workspace import Workspace
from bot.secrets import redact
from bot.untrusted import one_line

HOOKS_PATH = ".pre-commit-config.yaml"
MAX_FILE_BYTES = 4 * 1024 * 1024
_OFFLINE = ("system", "unsupported", "script", "unsupported_script", "pygrep", "fail")
"""Languages for which pre-commit installs nothing, under their old and new names."""
_FAILED = re.compile(r"(?m)^- hook id: (.+)\n((?:- .*\n)*)")
"""What pre-commit prints below the line of a hook that failed."""


class _Hook(BaseModel):
    model_config = ConfigDict(extra="allow")

    id: str
    language: str = ""


class _HookRepo(BaseModel):
    model_config = ConfigDict(extra="allow")

    repo: str
    hooks: tuple[_Hook, ...] = ()


class _HookFile(BaseModel):
    model_config = ConfigDict(extra="allow")

    repos: tuple[_HookRepo, ...] = ()


@dataclass(frozen=True, slots=True)
class Offline:
    """The part of a hook configuration that can run here, as YAML, and what is said of the rest."""

    text: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hooked:
    """What the hooks made of a commit's files: those they changed, and sentences for people."""

    changed: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


def offline_part(text: str) -> Offline:
    """Those hooks of a configuration that need no network; empty text where there are none."""
    try:
        data: Any = yaml.safe_load(text)
        file = _HookFile.model_validate(data)
    except (yaml.YAMLError, ValidationError, RecursionError):
        return Offline("", (f"{HOOKS_PATH} cannot be read, so its hooks were not run.",))
    kept, left = [], []
    for repo in file.repos:
        can_run = [hook for hook in repo.hooks if _runs_offline(repo, hook)]
        left += [hook.id for hook in repo.hooks if hook not in can_run]
        if can_run:
            hooks = [hook.model_dump(exclude_unset=True) for hook in can_run]
            kept.append(repo.model_dump(exclude_unset=True) | {"hooks": hooks})
    notes: tuple[str, ...] = ()
    if left:
        named = ", ".join(one_line(id_, 60) for id_ in left[:10])
        verb = "was" if len(left) == 1 else "were"
        notes = (f"Hooks that need the network {verb} not run: {named}.",)
    whole = file.model_dump(exclude_unset=True, exclude={"ci"}) | {"repos": kept}
    return Offline(yaml.safe_dump(whole) if kept else "", notes)


def _runs_offline(repo: _HookRepo, hook: _Hook) -> bool:
    return repo.repo == "meta" or (repo.repo == "local" and hook.language in _OFFLINE)


def run_hooks(
    offline: Offline,
    files: Iterable[tuple[str, str]],
    workspace: Workspace,
    isolation: Isolation,
    toolchain: Toolchain,
    limits: Limits,
) -> Hooked:
    """Run the hooks on these files (path and text) of the commit checked out in the workspace."""
    texts = dict(files)
    (workspace.tools / "hooks.yaml").write_text(offline.text, encoding="utf-8")
    where = inside(workspace, isolation)
    finished = run(
        Job(
            argv=(
                *(sys.executable, "-I", "-m", "pre_commit", "run", "--color=never"),
                *(f"--config={where.tools}/hooks.yaml", "--files", *texts),
            ),
            environment=_environment(toolchain, where.home, where.tmp),
            limits=limits,
            visible=(*toolchain.visible, sys.prefix, sys.base_prefix),
        ),
        workspace,
        isolation,
    )
    if finished.ended is not Ended.FINISHED or finished.exit_code not in (0, 1):
        why = finished.reason or one_line(redact(finished.output[-300:]), 300)
        return Hooked((), (*offline.notes, f"The pre-commit hooks could not be run: {why}"))
    changed = []
    for path, before in texts.items():
        after = _read(workspace.tree, path)
        if after is not None and after != before:
            changed.append((path, after))
    return Hooked(tuple(changed), (*offline.notes, *_complaints(finished.output)))


def _environment(toolchain: Toolchain, home: str, tmp: str) -> tuple[tuple[str, str], ...]:
    ours = {"HOME": home, "TMPDIR": tmp, "PRE_COMMIT_HOME": f"{home}/.pre-commit"}
    return tuple(sorted((dict(toolchain.environment) | ours).items()))


def _complaints(output: str) -> tuple[str, ...]:
    """Hooks that failed without changing anything: a person should know."""
    found = []
    for match in _FAILED.finditer(output):
        if "files were modified by this hook" not in match[2]:
            found.append(f"The pre-commit hook “{one_line(match[1], 60)}” objects to this change.")
    return tuple(dict.fromkeys(found))


def _read(tree: Path, path: str) -> str | None:
    """A plain text file below `tree`, no link on the way to it followed; None if it is none."""
    folder = os.open(tree, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        *parents, name = path.split("/")
        for parent in parents:
            inner = os.open(parent, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
            os.close(folder)
            folder = inner
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return None
    finally:
        os.close(folder)
    status = os.fstat(file)
    if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_FILE_BYTES:
        os.close(file)
        return None
    with os.fdopen(file, "rb") as stream:
        try:
            return stream.read().decode("utf-8")
        except UnicodeDecodeError:
            return None
