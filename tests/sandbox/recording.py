"""Runs a program with the recorders beside it, and without a sandbox around it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import bot.sandbox
from bot.sandbox.reports import Recorded, parse_events

RECORDERS = Path(bot.sandbox.__file__).with_name("recorders")
KEY = "the key of this run"


@dataclass(frozen=True)
class Ran:
    exit_code: int
    output: str
    recorded: Recorded

    def outcomes(self) -> dict[str, str]:
        assert self.recorded.tests is not None
        return {test.id: test.outcome.value for test in self.recorded.tests}


def write(folder: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)


def record(
    tree: Path,
    *argv: str,
    changed: Mapping[str, list[int]] | None = None,
    only: tuple[str, ...] | None = None,
    lines: bool = False,
    **environment: str,
) -> Ran:
    """Run `python argv...` in the tree, as the sandbox would, and read what it reported."""
    entries = [f"{','.join(map(str, numbers))} {path}" for path, numbers in (changed or {}).items()]
    settings = {
        "PATH": os.environ["PATH"],
        "HOME": str(tree),
        "AMENDBOT_KEY": KEY,
        "AMENDBOT_TREE": str(tree),
        "AMENDBOT_CHANGED": "\n".join(entries),
        "PYTHONPATH": f"{RECORDERS}:{tree}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_ADDOPTS": "-p no:cacheprovider -p amendbot_pytest",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        **({} if only is None else {"AMENDBOT_ONLY": json.dumps(only)}),
        **({"AMENDBOT_LINES": "1"} if lines else {}),
        **environment,
    }
    with _Pipe(tree / "report") as pipe:
        done = subprocess.run(
            [sys.executable, *argv],
            cwd=tree,
            env={"AMENDBOT_REPORT": str(pipe.path), **settings},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    return Ran(done.returncode, done.stdout + done.stderr, parse_events(pipe.data, KEY))


class _Pipe:
    """A named pipe that is read all the time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = b""

    def __enter__(self) -> _Pipe:
        os.mkfifo(self.path)
        self._reader = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        self._writer = os.open(self.path, os.O_WRONLY)  # so that there is no end before ours
        os.set_blocking(self._reader, True)
        self._thread = threading.Thread(target=self._read)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._writer)
        self._thread.join()
        os.close(self._reader)
        self.path.unlink()

    def _read(self) -> None:
        while chunk := os.read(self._reader, 65536):
            self.data += chunk
