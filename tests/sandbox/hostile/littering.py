"""Programs that leave behind what whoever cleans up, or looks at what they left, stumbles over."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from tests.sandbox.hostile.bounds import Told, end_soon, main, wait_for_the_end

REPORT = "<testsuite><testcase name='forged'/></testsuite>"
GENERATIONS = 300


def daemons(told: Told) -> None:
    """One that keeps the output open, one that has forgotten where it came from, one that is always
    another process."""
    print("leaving", flush=True)
    for daemon in (_stubborn, _forgetful, _elusive):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                end_soon(8)
                daemon(told["word"])
            os._exit(0)


def _stubborn(_: str) -> None:
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    wait_for_the_end()


def _forgetful(word: str) -> None:
    os.chdir("/")
    os.closerange(0, 100)
    script = "import signal; signal.alarm(8); signal.pause()"
    os.execve(sys.executable, [sys.executable, "-I", "-S", "-c", script, word], {})


def _elusive(_: str) -> None:
    for _generation in range(GENERATIONS):
        if os.fork():
            os._exit(0)
        end_soon(8)


def litter(told: Told) -> None:
    """In each folder that it has, what cannot be listed, opened, or removed in the usual way."""
    outside = told["outside"]
    for folder in (Path(), Path(os.environ["HOME"]), Path(os.environ["TMPDIR"])):
        for number in range(20):
            (folder / f"link-{number}").symlink_to(outside)
        (folder / "loop").symlink_to("loop")
        (folder / "report.xml").symlink_to(told["precious"])
        os.mkfifo(folder / "pipe.xml")
        (folder / "sparse.xml").touch()
        os.truncate(folder / "sparse.xml", 1024 * 1024)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(folder / "socket"))
        (folder / os.fsdecode(b"\xff\n \x1b[2J")).mkdir()
        closed = folder / "closed" / "inner"
        closed.mkdir(parents=True)
        (closed / "file").touch()
        (closed / "link").symlink_to(outside)
        closed.chmod(0)
        closed.parent.chmod(0)
        _deep(folder)
        folder.chmod(0)


def _deep(folder: Path) -> None:
    """Folders below folders, far beyond the longest path there is."""
    here = os.open(folder, os.O_RDONLY)
    for _level in range(60):
        os.mkdir("d" * 100, dir_fd=here)
        os.symlink("/", "link", dir_fd=here)
        below = os.open("d" * 100, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below


def replaces_folders(told: Told) -> None:
    """Its own folders become links to somebody else's; the report pipe becomes a file."""
    for folder in (Path(os.environ["HOME"]), Path(os.environ["TMPDIR"]), Path().absolute()):
        _try(folder.rename, f"{folder}-was")
        _try(folder.symlink_to, told["outside"])
    pipe = Path(os.environ["AMENDBOT_REPORT"])
    _try(pipe.unlink)
    _try(pipe.write_text, "no report\n")
    _try(pipe.chmod, 0)


def _try(action: Callable[..., object], *arguments: object) -> None:
    with contextlib.suppress(OSError):
        action(*arguments)


def settings_of_git(told: Told) -> None:
    """Programs that git would run for whoever uses the clone after this."""
    run = f"touch {told['outside']}/{told['word']}"
    for name in ("post-checkout", "pre-commit", "post-index-change", "reference-transaction"):
        hook = Path(".git/hooks", name)
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\n{run}\n")
        hook.chmod(0o755)
    Path(".git/info").mkdir(exist_ok=True)
    Path(".git/info/attributes").write_text("* filter=own diff=own merge=own\n")
    with Path(".git/config").open("a") as config:
        config.write(
            f'[core]\n\tfsmonitor = "{run}"\n\tpager = "{run}"\n\tsshCommand = "{run}"\n'
            f"\thooksPath = .git/hooks\n\tworktree = {told['outside']}\n"
            f'[filter "own"]\n\tclean = "{run}"\n\tsmudge = "{run}"\n\trequired\n'
            f'[diff "own"]\n\tcommand = "{run}"\n\ttextconv = "{run}"\n'
            f'[credential]\n\thelper = "!{run}"\n[alias]\n\tstatus = "!{run}"\n'
        )
    print("written", flush=True)


if __name__ == "__main__":
    main(
        {
            program.__name__: program
            for program in (daemons, litter, replaces_folders, settings_of_git)
        }
    )
