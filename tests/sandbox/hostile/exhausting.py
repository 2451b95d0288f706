"""Programs that use more of the machine than they may, up to an amount that does it no harm."""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import resource
import signal
import threading
from pathlib import Path

from tests.sandbox.hostile.bounds import Told, attempt, end_soon, main, wait_for_the_end

MIB = 1024 * 1024
STEP = 16 * MIB
MOST_MEMORY = 300 * MIB
MOST_PROCESSES = 60
MOST_FILES = 800


def many_processes(_: Told) -> None:
    with contextlib.suppress(BlockingIOError):
        for _number in range(MOST_PROCESSES):
            if os.fork() == 0:
                end_soon()
                break
    wait_for_the_end()


def many_threads(_: Told) -> None:
    with contextlib.suppress(RuntimeError):
        for _number in range(MOST_PROCESSES):
            threading.Thread(target=threading.Event().wait, daemon=True).start()
    wait_for_the_end()


def much_memory(_: Told) -> None:
    """As much as one process gets; that it is refused more does not make it go."""
    held = []
    try:
        for _step in range(MOST_MEMORY // STEP):
            held.append(bytearray(b"x") * STEP)
    except MemoryError:
        print("refused: more memory", flush=True)
    wait_for_the_end()


def memory_of_many(_: Told) -> None:
    for _child in range(4):
        if os.fork() == 0:
            end_soon()
            held = bytearray(b"x") * (MOST_MEMORY // 6)
            while held:
                signal.pause()
    wait_for_the_end()


def shared_memory(_: Told) -> None:
    """Memory that no limit of the kernel's on a process's data counts."""
    held = mmap.mmap(-1, MOST_MEMORY)
    for start in range(0, MOST_MEMORY, STEP):
        held[start : start + STEP] = b"x" * STEP
    wait_for_the_end()


def large_file(_: Told) -> None:
    """Python ignores the signal that ends who writes too much, so it is told and goes on."""
    for path in ("large", os.environ["TMPDIR"] + "/large"):
        attempt(f"64 MiB in {path}", _write, Path(path), 64 * MIB)
    attempt("a file of a terabyte", _stretch, "large", 1 << 40)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    _write(Path("last"), 64 * MIB)


def _stretch(path: str, size: int) -> bool:
    os.truncate(path, size)
    return True


def _write(path: Path, size: int) -> bool:
    with path.open("wb", buffering=0) as file:
        while (written := file.tell()) < size:
            if not file.write(bytes(MIB)):
                raise OSError(errno.ENOSPC, f"no more than {written} bytes")
    return True


def shared_memory_files(told: Told) -> None:
    for number in range(16):
        _write(Path("/dev/shm", f"{told['word']}-{number}"), MIB)
    wait_for_the_end()


def small_files(_: Told) -> None:
    for number in range(MOST_FILES):
        Path(f"{number}").write_bytes(b"x")
    wait_for_the_end()


def endless_output(_: Told) -> None:
    print("first", flush=True)
    for _number in range(512):
        os.write(1, b"x" * 65_535 + b"\n")
    wait_for_the_end()


def endless_reports(_: Told) -> None:
    pipe = os.open(os.environ["AMENDBOT_REPORT"], os.O_WRONLY)
    for _number in range(1_024):
        os.write(pipe, b"x" * 65_535 + b"\n")
    wait_for_the_end()


def ignores_signals(_: Told) -> None:
    """It and its child ignore all that can be ignored but the alarm that bounds them."""
    os.fork()
    end_soon()
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGALRM}:
        signal.signal(number, signal.SIG_IGN)
    print("ignoring", flush=True)
    wait_for_the_end()


def stops_itself(_: Told) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def crashes(_: Told) -> None:
    """A core dump would hold what was in memory."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (MIB, MIB))
    os.abort()


if __name__ == "__main__":
    main(
        {
            program.__name__: program
            for program in (
                many_processes,
                many_threads,
                much_memory,
                memory_of_many,
                shared_memory,
                large_file,
                shared_memory_files,
                small_files,
                endless_output,
                endless_reports,
                ignores_signals,
                stops_itself,
                crashes,
            )
        }
    )
