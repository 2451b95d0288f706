"""Programs that reach for what is not theirs, and say of each attempt whether it came through.

What they are after begins with a known prefix, so that they can tell without being told the rest.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import resource
import signal
import socket
import struct
import subprocess
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.sandbox.hostile.bounds import Told, attempt, end_soon, main

PREFIX = b"canary" + b"-of-the-bot-"
_MOST_READ = 64 * 1024

_libc = ctypes.CDLL(None, use_errno=True)


def reads_secrets(told: Told) -> None:
    """Tokens where they are usually found: environments, files of git and gh, open files."""
    for path in told["secrets"]:
        attempt(path, _holds, path)
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("environ", "cmdline"):
            attempt(f"{process}/{name}", _holds, f"{process}/{name}")
    for pid in ("self", os.getppid(), told["bystander"]):
        with contextlib.suppress(OSError):
            for descriptor in Path(f"/proc/{pid}/fd").iterdir():
                if int(descriptor.name) > 2:  # those below are what it prints to
                    attempt(str(descriptor), _holds, str(descriptor))
    home = told["home"]
    environment = {**os.environ, "HOME": home, "GIT_CONFIG_GLOBAL": f"{home}/.gitconfig"}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "GH_CONFIG_DIR": f"{home}/.config/gh"}
    helper = f"store --file={home}/.git-credentials"
    asked = b"protocol=https\nhost=forge.invalid\n\n"
    for command in (
        ("git", "config", "--list"),
        ("git", "-C", told["repository"], "config", "--list"),
        ("git", "-c", f"credential.helper={helper}", "credential", "fill"),
        ("gh", "auth", "token"),
    ):
        attempt(" ".join(command), _says, command, environment, asked)
    attempt("the session's keyring", _key, told["key"])


def _holds(path: str) -> bool:
    with Path(path).open("rb", buffering=0) as file:
        os.set_blocking(file.fileno(), False)
        return PREFIX in (file.read(_MOST_READ) or b"")


def _says(command: tuple[str, ...], environment: dict[str, str], asked: bytes) -> bool:
    done = subprocess.run(
        command, env=environment, input=asked, capture_output=True, timeout=5, check=False
    )
    return PREFIX in done.stdout + done.stderr


def _key(serial: int) -> bool:
    """Whether a key can be read of whose number one has learned."""
    call = {"x86_64": 250, "aarch64": 219}.get(os.uname().machine)
    if call is None or not serial:
        return False
    read, room = 11, ctypes.create_string_buffer(100)
    return int(_libc.syscall(call, read, serial, room, 100, 0)) > 0 and PREFIX in room.raw


def writes_outside(told: Told) -> None:
    for folder in told["folders"]:
        attempt(f"a new file in {folder}", _touched, folder, told["word"])
    precious = Path(told["precious"])
    Path("new").write_text("new")
    attempt("overwrite it", precious.write_text, "overwritten")
    attempt("replace it", Path("new").replace, precious)
    attempt("rename it", precious.rename, precious.with_name("renamed"))
    attempt("a second name for it", _done, os.link, precious, "second")
    attempt("truncate it", _done, os.truncate, precious, 0)
    attempt("remove it", _done, precious.unlink)


def _touched(folder: str, name: str) -> bool:
    return Path(folder, name).write_text("written") > 0


def _done(action: Callable[..., None], *arguments: object) -> bool:
    action(*arguments)
    return True


def changes_modes(told: Told) -> None:
    """What Landlock leaves to whoever owns a file."""
    precious = Path(told["precious"])
    attempt("its mode", _done, precious.chmod, 0o600)
    attempt("its times", _done, os.utime, precious, (1, 1))


def reaches_the_network(told: Told) -> None:
    stream, datagram = socket.SOCK_STREAM, socket.SOCK_DGRAM
    ports = told["ports"]
    attempt("tcp", _sent, socket.AF_INET, stream, ("127.0.0.1", ports["tcp"]))
    attempt("udp", _sent, socket.AF_INET, datagram, ("127.0.0.1", ports["udp"]))
    attempt("tcp6", _sent, socket.AF_INET6, stream, ("::1", ports["tcp6"]))
    attempt("abstract", _sent, socket.AF_UNIX, stream, "\0" + told["name"])
    attempt("path", _sent, socket.AF_UNIX, stream, told["path"])


def _sent(family: int, kind: int, address: tuple[str, int] | str) -> bool:
    with socket.socket(family, kind) as connection:
        connection.settimeout(2)
        connection.connect(address)
        return connection.send(b"hello") > 0


def kills(told: Told) -> None:
    """Its parent, that one's group, and somebody who has nothing to do with it."""
    if os.getuid() == 0:
        return
    parent, bystander = os.getppid(), told["bystander"]
    attempt("the bystander", _done, os.kill, bystander, signal.SIGKILL)
    group = os.getpgid(parent) if parent > 1 else 0
    if group > 1 and group != os.getpgrp():
        attempt("the parent's group", _done, os.killpg, group, signal.SIGKILL)
    if parent > 1:
        attempt("the parent", _done, os.kill, parent, signal.SIGKILL)
    else:
        with contextlib.suppress(OSError):
            os.kill(1, signal.SIGKILL)  # the first process of its own space, which does not mind


_PTRACE_ATTACH, _PTRACE_DETACH = 16, 17
_PIDFD_GETFD = 438


def looks_into_others(told: Told) -> None:
    for name, pid in (("parent", os.getppid()), ("bystander", told["bystander"])):
        attempt(f"trace the {name}", _traced, pid)
        for file in ("mem", "maps", "environ"):
            attempt(f"{file} of the {name}", _byte, f"/proc/{pid}/{file}")
        attempt(f"a descriptor of the {name}", _stolen, pid)


def _traced(pid: int) -> bool:
    if _libc.ptrace(_PTRACE_ATTACH, pid, None, None):
        return False
    os.waitpid(pid, 0)
    _libc.ptrace(_PTRACE_DETACH, pid, None, None)
    return True


def _byte(path: str) -> bool:
    with Path(path).open("rb", buffering=0) as file:
        return path.endswith("/mem") or bool(file.read(1))


def _stolen(pid: int) -> bool:
    handle = os.pidfd_open(pid)
    return any(_libc.syscall(_PIDFD_GETFD, handle, number, 0) >= 0 for number in range(8))


_LIMITS = ("AS", "CORE", "DATA", "FSIZE", "NOFILE", "NPROC", "MEMLOCK", "NICE", "RTPRIO")


def regains_rights(told: Told) -> None:
    """Limits, users, and whatever a program with another user's rights would give."""
    for name in _LIMITS:
        attempt(f"RLIMIT_{name}", _raised, getattr(resource, f"RLIMIT_{name}"))
    attempt("RLIMIT_CPU of the parent", _limits_parent)
    Path("/proc/self/oom_score_adj").write_text("1000")
    attempt("oom_score_adj", Path("/proc/self/oom_score_adj").write_text, "-500")
    attempt("nice", _done, os.setpriority, os.PRIO_PROCESS, 0, -5)
    attempt("schedule", _scheduled_first)
    attempt("setuid", _done, os.setuid, 0)
    attempt("setgid", _done, os.setgid, 0)
    attempt("setgroups", _done, os.setgroups, [0])
    attempt("su", _is_root_in, "su", "-c", "id")
    attempt("sudo", _is_root_in, "sudo", "-n", "id")
    attempt("a set-uid program of its own", _own_set_uid)
    attempt("the name of the host", _named)
    attempt("the kernel", os.open, "/proc/sys/kernel/core_pattern", os.O_WRONLY)
    for device in ("/dev/mem", "/dev/kmsg", "/dev/fuse", "/dev/net/tun"):
        attempt(device, os.open, device, os.O_RDWR)
    attempt("a device of its own", _done, os.mknod, "disk", 0o060666, os.makedev(8, 0))
    _in_a_namespace_of_its_own(told)


def _raised(kind: int) -> bool:
    _, hard = resource.getrlimit(kind)
    more = resource.RLIM_INFINITY if hard != resource.RLIM_INFINITY else -1
    if more == -1:
        return False  # there is nothing to regain
    resource.setrlimit(kind, (more, more))
    return True


def _limits_parent() -> bool:
    if os.getppid() == 1:
        raise OSError("in a process space of its own")
    soft, hard = resource.prlimit(os.getppid(), resource.RLIMIT_CPU)
    return resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (soft, hard)) is not None


def _scheduled_first() -> bool:
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    return True


def _named() -> bool:
    name = socket.gethostname().encode()
    return int(_libc.sethostname(name, len(name))) == 0


def _is_root_in(*command: str) -> bool:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, timeout=5, check=False
    )
    return b"uid=0" in done.stdout


def _own_set_uid() -> bool:
    Path("as-owner").write_bytes(Path("/usr/bin/id").read_bytes())
    Path("as-owner").chmod(0o6755)
    return _is_root_in("./as-owner")


_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
_MS_REMOUNT_BIND = 32 | 4096
_MS_BIND_REC = 4096 | 16384
_MNT_DETACH = 2


def _in_a_namespace_of_its_own(told: Told) -> None:
    """As root of a user namespace one may mount; not, though, what others have laid over things."""
    print(end="", flush=True)
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    end_soon()
    own = os.getuid()
    if not _libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS | _CLONE_NEWNET):
        with contextlib.suppress(OSError):
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"0 {own} 1")
        for folder in ("/usr", "/etc", "/"):
            _libc.mount(None, folder.encode(), None, _MS_REMOUNT_BIND, None)
            attempt(f"remounted {folder}", _touched, folder, told["word"])
        for place in _covered():
            _libc.umount2(place.encode(), _MNT_DETACH)
        Path("mnt").mkdir()
        _libc.mount(b"/", b"mnt", None, _MS_BIND_REC, None)
        for path in told["secrets"]:
            for shown in (path, f"mnt{path}"):
                attempt(f"uncovered {shown}", _holds, shown)
    print(end="", flush=True)
    os._exit(0)


def _covered() -> Iterator[str]:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    yield from sorted((line.split()[4] for line in lines), key=len, reverse=True)


def types_into_the_terminal(_: Told) -> None:
    """What is pushed into a terminal's input, the shell that started the bot would run."""
    for path in ("/dev/tty", "/dev/console", "/dev/pts/0", "/proc/self/fd/0", "/proc/self/fd/1"):
        attempt(path, _typed, path)
    number = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[4])
    attempt("a terminal of its own session", int, number)


def _typed(path: str) -> bool:
    terminal = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    fcntl.ioctl(terminal, termios.TIOCSTI, struct.pack("c", b" "))
    return True


if __name__ == "__main__":
    main(
        {
            program.__name__: program
            for program in (
                reads_secrets,
                writes_outside,
                changes_modes,
                reaches_the_network,
                kills,
                looks_into_others,
                regains_rights,
                types_into_the_terminal,
            )
        }
    )
