"""Hostile programs in the sandbox: each ends as a clear verdict, leaves nothing and learns nothing.

Each runs with bubblewrap and without. What cannot be stopped without it is skipped aloud, and
named in docs/security.md.
"""

from __future__ import annotations

import secrets
import socket
import sys
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from bot.evidence import Ended
from bot.model import Sha
from bot.repository import Repository
from bot.sandbox import MIB, landlock
from bot.sandbox.hooks import offline_part, run_hooks
from bot.sandbox.workspace import Workspace
from tests.sandbox.hostile.arena import AS_ROOT, FOR_PYTEST, LIMITS, SECRETS, Sandbox
from tests.scratch import Scratch, git

# ------------------------------------------------------------------------------ using too much


@pytest.mark.parametrize(
    ("program", "ended", "reason"),
    [
        ("many_processes", Ended.TOO_MANY_PROCESSES, "had more than 24 processes at once"),
        ("many_threads", Ended.TOO_MANY_PROCESSES, "had more than 24 processes at once"),
        ("much_memory", Ended.OUT_OF_MEMORY, "used more than 128 MiB of memory"),
        ("memory_of_many", Ended.OUT_OF_MEMORY, "used more than 128 MiB of memory"),
        ("shared_memory", Ended.OUT_OF_MEMORY, "used more than 128 MiB of memory"),
        ("large_file", Ended.DISK_FULL, "wrote a file larger than 2 MiB"),
        ("shared_memory_files", Ended.DISK_FULL, "wrote more than 8 MiB to disk"),
        ("endless_output", Ended.TOO_MUCH_OUTPUT, "printed more than 1 MiB"),
        ("endless_reports", Ended.TOO_MUCH_OUTPUT, "reported more than 32 MiB"),
        ("crashes", Ended.KILLED, "was ended by SIGABRT"),
    ],
)
def test_who_uses_too_much_is_ended_and_it_is_said_why(
    sandbox: Sandbox, program: str, ended: Ended, reason: str
) -> None:
    if program == "shared_memory_files" and sandbox.isolation.kind == "none" and not AS_ROOT:
        pytest.skip("without bubblewrap only root can give a program a /dev/shm of its own")
    attacked = sandbox.attack(f"exhausting.{program}")
    assert (attacked.run.ended, attacked.run.reason) == (ended, reason), attacked.run.output
    assert not attacked.run.passed
    assert attacked.reached() == []
    assert not [name for name in attacked.tree if name.startswith("core")]


def test_small_files_count_by_the_room_that_they_take(sandbox: Sandbox) -> None:
    attacked = sandbox.attack("exhausting.small_files", replace(LIMITS, disk=2 * MIB))
    assert attacked.run.ended is Ended.DISK_FULL
    assert attacked.run.reason == "wrote more than 2 MiB to disk"


@pytest.mark.parametrize("program", ["ignores_signals", "stops_itself"])
def test_who_does_not_end_is_ended_in_time(sandbox: Sandbox, program: str) -> None:
    attacked = sandbox.attack(f"exhausting.{program}", replace(LIMITS, seconds=0.7))
    assert attacked.run.ended is Ended.TIMED_OUT
    assert attacked.run.reason == "did not end within 0.7 seconds"


# ------------------------------------------------------------------------- reaching for others


def test_no_secret_is_found_where_secrets_are_kept(sandbox: Sandbox) -> None:
    """In environments, in /proc, in the settings of git and gh, in keys and in open files."""
    if sandbox.isolation.kind == "none" and not sandbox.isolation.confines:
        pytest.skip("without bubblewrap and Landlock it reads what its user may read")
    attacked = sandbox.attack("reaching.reads_secrets")
    assert attacked.run.exit_code == 0, attacked.run.output
    assert attacked.refused() > len(SECRETS)
    if sandbox.isolation.kind == "none" and attacked.reached():
        assert {path.rpartition("/")[2] for path in attacked.reached()} == {"cmdline"}
        pytest.skip("without bubblewrap it sees other processes' command lines")
    assert attacked.reached() == []


def test_nothing_outside_is_written(sandbox: Sandbox, tmp_path: Path) -> None:
    if sandbox.isolation.kind == "none" and not sandbox.isolation.confines:
        pytest.skip("without bubblewrap and Landlock it writes where its user may write")
    toolchain, environment = sandbox.toolchain, sandbox.outside.folder / "home"
    visible = (*toolchain.visible, str(environment))  # shown, but not to be changed
    with Workspace(sandbox.isolation) as other:
        other.tree.chmod(0o777)
        attacked = replace(sandbox, toolchain=replace(toolchain, visible=visible)).attack(
            "reaching.writes_outside",
            folders=[
                *(str(sandbox.outside.folder), str(environment), str(other.tree)),
                *(str(other.root), str(other.root.parent), str(tmp_path), sys.prefix),
                *("/tmp", "/var/tmp", "/usr", "/etc", "/run", "/var/lib", "/"),
                *(("/dev/shm",) if AS_ROOT or sandbox.isolation.kind != "none" else ()),
            ],
        )
    assert attacked.run.exit_code == 0, attacked.run.output
    own = {"/tmp", "/dev/shm"} if sandbox.isolation.kind == "bubblewrap" else {"/dev/shm"}
    assert set(attacked.reached()) <= {f"a new file in {folder}" for folder in own}


def test_modes_and_times_of_what_lies_outside_stay(sandbox: Sandbox) -> None:
    if sandbox.isolation.kind == "none" and not AS_ROOT:
        pytest.skip("without bubblewrap it changes the modes of its user's files: no Landlock can")
    assert sandbox.attack("reaching.changes_modes").reached() == []


def test_the_network_is_not_reached(sandbox: Sandbox) -> None:
    """Neither what listens on this very machine, by whatever kind of address."""
    word = secrets.token_hex(8)
    with ExitStack() as stack:
        listeners = {
            "tcp": _listening(stack, socket.AF_INET, ("127.0.0.1", 0)),
            "tcp6": _listening(stack, socket.AF_INET6, ("::1", 0)),
            "udp": _listening(stack, socket.AF_INET, ("127.0.0.1", 0), socket.SOCK_DGRAM),
            "abstract": _listening(stack, socket.AF_UNIX, f"\0{word}"),
            "path": _listening(stack, socket.AF_UNIX, f"/tmp/{word}"),
        }
        stack.callback(Path(f"/tmp/{word}").unlink)
        Path(f"/tmp/{word}").chmod(0o777)
        ports = {name: listeners[name].getsockname()[1] for name in ("tcp", "tcp6", "udp")}
        attacked = sandbox.attack(
            "reaching.reaches_the_network", ports=ports, path=f"/tmp/{word}", name=word
        )
        reached = {name for name, listener in listeners.items() if _was_reached(listener)}
    assert attacked.run.exit_code == 0, attacked.run.output
    if sandbox.isolation.kind == "bubblewrap":
        assert reached == set()
        return
    assert "abstract" not in reached or landlock.version() < 6
    if reached:
        pytest.skip(f"without bubblewrap the network is reached: {', '.join(sorted(reached))}")


def _listening(
    stack: ExitStack,
    family: int,
    address: tuple[str, int] | str,
    kind: int = socket.SOCK_STREAM,
) -> socket.socket:
    listener = stack.enter_context(socket.socket(family, kind))
    listener.bind(address)
    listener.setblocking(False)
    if kind == socket.SOCK_STREAM:
        listener.listen()
    return listener


def _was_reached(listener: socket.socket) -> bool:
    try:
        if listener.type == socket.SOCK_DGRAM:
            return bool(listener.recv(100))
        connection, _ = listener.accept()
        connection.close()
    except BlockingIOError:
        return False
    return True


def test_nobody_else_is_killed(sandbox: Sandbox) -> None:
    """Not even the supervisor; where it can be, that is a verdict and leaves nothing."""
    held_back = AS_ROOT or landlock.version() >= 6
    if sandbox.isolation.kind == "none" and not held_back:
        pytest.skip("without bubblewrap it ends its user's other processes")
    attacked = sandbox.attack("reaching.kills")
    assert (attacked.run.ended, attacked.run.exit_code) == (Ended.FINISHED, 0), attacked.run
    assert attacked.reached() == []
    assert attacked.refused()


def test_nobody_else_is_looked_into(sandbox: Sandbox) -> None:
    if sandbox.isolation.kind == "none" and not (AS_ROOT or sandbox.isolation.confines):
        pytest.skip("without bubblewrap and Landlock it looks into its user's other processes")
    attacked = sandbox.attack("reaching.looks_into_others")
    assert attacked.run.exit_code == 0, attacked.run.output
    assert attacked.reached() == []


def test_no_right_is_regained(sandbox: Sandbox) -> None:
    hidden = sandbox.isolation.kind == "bubblewrap" or sandbox.isolation.confines
    attacked = sandbox.attack(
        "reaching.regains_rights",
        folders=["/usr", "/etc", "/"],
        secrets=sandbox.outside.told()["secrets"] if hidden else [],
    )
    assert attacked.run.exit_code == 0, attacked.run.output
    if sandbox.isolation.kind == "none" and not AS_ROOT:
        assert set(attacked.reached()) <= {"RLIMIT_CPU of the parent"}
        pytest.skip("without bubblewrap it sets limits for its user's other processes")
    assert attacked.reached() == []


def test_nothing_is_typed_into_the_terminal(sandbox: Sandbox) -> None:
    attacked = sandbox.attack("reaching.types_into_the_terminal")
    assert attacked.run.exit_code == 0, attacked.run.output
    assert attacked.reached() == []


# ------------------------------------------------------------------------------ leaving things


def test_daemons_do_not_outlive_the_run(sandbox: Sandbox) -> None:
    attacked = sandbox.attack("littering.daemons")
    assert (attacked.run.ended, attacked.run.exit_code) == (Ended.FINISHED, 0)
    assert attacked.run.output == "leaving"


@pytest.mark.parametrize("program", ["litter", "replaces_folders"])
def test_whatever_is_left_is_removed_and_no_link_followed(sandbox: Sandbox, program: str) -> None:
    """Nor is a link or a pipe taken for the report that the command was to write."""
    confined = sandbox.isolation.kind == "bubblewrap" or sandbox.isolation.confines or AS_ROOT
    if program == "replaces_folders" and not confined:
        pytest.skip("without bubblewrap and Landlock it puts links in its own folders' place")
    attacked = sandbox.attack(f"littering.{program}", junit="*.xml")
    assert (attacked.run.ended, attacked.run.exit_code) == (Ended.FINISHED, 0), attacked.run.output
    assert attacked.run.tests is None
    assert not attacked.run.passed


def test_what_git_would_run_in_a_used_clone_is_never_run(
    sandbox: Sandbox, scratch: Scratch
) -> None:
    """Its tests run twice, as reruns do, and are removed; at no time does the bot's git look in."""
    check_out = partial(_check_out, scratch)
    attacked = sandbox.attack("littering.settings_of_git", check_out=check_out, times=2)
    assert attacked.run.output == "written"
    assert ".git" in attacked.tree


def _check_out(scratch: Scratch, folder: Path) -> None:
    with Repository(scratch.clone) as repository:
        repository.check_out(Sha(git(scratch.clone, "rev-parse", "HEAD")), folder)


LINKING_HOOK = """\
repos:
  - repo: local
    hooks:
      - id: links
        name: links
        language: system
        entry: sh -c 'ln -sf /etc/passwd llm.py; ln -sfn /etc pkg/deep; date >README.md'
        pass_filenames: false
"""


def test_what_hooks_leave_is_taken_only_where_it_is_a_plain_file(
    sandbox: Sandbox, scratch: Scratch
) -> None:
    paths = ("llm.py", "README.md")
    with Workspace(sandbox.isolation) as workspace:
        _check_out(scratch, workspace.tree)
        hooked = run_hooks(
            offline_part(LINKING_HOOK),
            [(path, (workspace.tree / path).read_text()) for path in paths],
            workspace,
            sandbox.isolation,
            sandbox.toolchain,
            FOR_PYTEST,
        )
    assert [path for path, _ in hooked.changed] == ["README.md"], hooked.notes
