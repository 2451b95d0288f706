"""Where hostile programs run: beside what they are after, and watched for what they leave."""

from __future__ import annotations

import ctypes
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bot.evidence import Change, TestRun
from bot.model import Sha
from bot.sandbox import MIB, Limits, processes
from bot.sandbox.isolation import Isolation
from bot.sandbox.suite import Suite, run_tests
from bot.sandbox.toolchain import Toolchain
from bot.sandbox.workspace import Workspace
from tests.sandbox.hostile.reaching import PREFIX
from tests.sandbox.recording import write
from tests.scratch import contents

HERE = Path(__file__).parent
COMMIT = Sha("1" * 40)
LIMITS = Limits(
    seconds=20, memory=128 * MIB, processes=24, file=2 * MIB, disk=8 * MIB, output=1 * MIB
)
FOR_PYTEST = replace(LIMITS, memory=512 * MIB)
SOME_TIME = 10.0  # seconds that ending a program may take on a busy machine
AS_ROOT = os.geteuid() == 0


# ------------------------------------------------------------------------------ what is at stake


@dataclass
class Outside:
    """What belongs to the user, and open to everybody, so that nothing but the sandbox guards it.

    `secrets` hold the canary, and so do the environment and the command line of the bystander.
    """

    folder: Path
    canary: str
    bystander: subprocess.Popen[bytes]
    key: int = 0

    def told(self) -> dict[str, Any]:
        return {
            "outside": str(self.folder),
            "home": str(self.home),
            "repository": str(self.folder / "repository"),
            "precious": str(self.folder / "precious.xml"),
            "secrets": [str(self.home / path) for path in SECRETS],
            "bystander": self.bystander.pid,
            "key": self.key,
        }

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def state(self) -> tuple[dict[str, bytes | str], list[int], int | None]:
        """All that a program could have changed."""
        modes = [path.lstat().st_mode for path in sorted(self.folder.rglob("*"))]
        return contents(self.folder), modes, self.bystander.poll()


SECRETS = (
    ".git-credentials",
    ".gitconfig",
    ".netrc",
    ".config/gh/hosts.yml",
    ".ssh/id_ed25519",
    ".aws/credentials",
    "../repository/.git/config",
)


@contextmanager
def at_stake() -> Iterator[Outside]:
    canary = PREFIX.decode() + secrets.token_hex(8)
    with tempfile.TemporaryDirectory(prefix="hostile-", dir="/tmp") as name, ExitStack() as stack:
        folder = Path(name)
        section = f'[http "https://forge.invalid"]\n\textraheader = {canary}\n'
        text = {".gitconfig": section, "../repository/.git/config": section}
        text[".git-credentials"] = f"https://x:{canary}@forge.invalid\n"
        write(folder / "home", {path: text.get(path, f"token: {canary}\n") for path in SECRETS})
        git = folder / "repository" / ".git"
        write(git, {"HEAD": "ref: refs/heads/main\n", "refs/keep": "", "objects/keep": ""})
        (folder / "precious.xml").write_text("<testsuite><testcase name='theirs'/></testsuite>")
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o666)
        bystander = subprocess.Popen(
            [
                sys.executable,
                "-S",
                "-c",
                "import signal; signal.alarm(300); signal.pause()",
                canary,
            ],
            env={"GITHUB_TOKEN": canary},
            stdin=subprocess.DEVNULL,
        )
        stack.callback(bystander.wait)
        stack.callback(bystander.kill)
        yield Outside(folder, canary, bystander, stack.enter_context(_key(canary)))


@contextmanager
def _key(canary: str) -> Iterator[int]:
    """A key in the session's keyring, which programs inherit; 0 where there are no keyrings."""
    add, control = {"x86_64": (248, 250), "aarch64": (217, 219)}.get(os.uname().machine, (0, 0))
    libc, text, session, revoke = ctypes.CDLL(None), canary.encode(), ctypes.c_long(-3), 3
    serial = libc.syscall(add, b"user", text, text, len(text), session) if add else 0
    yield max(int(serial), 0)
    if serial > 0:
        libc.syscall(control, revoke, serial)


# ------------------------------------------------------------------------------------ an attack


@dataclass
class Attacked:
    """What became of a program: the run as evidence counts it, and what lay in the workspace."""

    run: TestRun
    tree: tuple[str, ...]

    def reached(self) -> list[str]:
        return re.findall(r"(?m)^reached: (.*)", self.run.output)

    def refused(self) -> int:
        return len(re.findall(r"(?m)^refused: ", self.run.output))


@dataclass
class Sandbox:
    isolation: Isolation
    toolchain: Toolchain
    outside: Outside

    def attack(
        self,
        program: str,
        limits: Limits = LIMITS,
        check_out: Callable[[Path], None] = lambda _: None,
        times: int = 1,
        junit: str = "",
        **told: Any,
    ) -> Attacked:
        """Run a program as the tests of a commit are run, and see that nothing came of it."""
        before, word = self.outside.state(), f"hostile-{secrets.token_hex(8)}"
        module, _, name = program.partition(".")
        words = json.dumps({**self.outside.told(), **told, "word": word})
        command = ("python", "-m", f"tests.sandbox.hostile.{module}", name, words)
        suite = Suite(
            command=command,
            toolchain=self.toolchain,
            isolation=self.isolation,
            limits=limits,
            junit=junit,
        )
        with Workspace(self.isolation) as workspace:
            check_out(workspace.tree)
            _put_programs(workspace.tree)
            for _ in range(times):
                run = run_tests(workspace, suite, COMMIT, Change())
                assert _still_there(workspace, word) == []
            tree = _names_in(workspace.tree)
        assert not workspace.root.exists()
        assert self.outside.state() == before
        assert not any(Path(folder, word).exists() for folder in told.get("folders", ()))
        assert not list(Path("/dev/shm").glob(f"{word}*"))
        assert self.outside.canary not in repr(run)
        assert run.seconds < limits.seconds + SOME_TIME
        return Attacked(run, tree)


def _names_in(folder: Path) -> tuple[str, ...]:
    return tuple(os.listdir(folder)) if os.access(folder, os.R_OK) else ()  # noqa: PTH208


def _put_programs(tree: Path) -> None:
    for package in ("tests", "tests/sandbox", "tests/sandbox/hostile"):
        (tree / package).mkdir(exist_ok=True)
        (tree / package / "__init__.py").touch()
    for name in ("bounds", "exhausting", "littering", "reaching"):
        shutil.copy(HERE / f"{name}.py", tree / "tests" / "sandbox" / "hostile")


def _still_there(workspace: Workspace, word: str) -> list[int]:
    found = [pid for pid in processes.all_processes() if word.encode() in _command_line(pid)]
    return found + ([] if workspace.uid is None else processes.of_user(workspace.uid))


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
