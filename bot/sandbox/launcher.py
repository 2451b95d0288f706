"""The last thing to run before the program: gives up every right that the program must not have.

A script of its own, on the standard library alone: it runs inside bubblewrap, where the bot is not
visible. It is told what to do on one descriptor and says on another how far it came: `+`
when it runs, `!` and a sentence when the program cannot be started, and, where it stays as the
first process of a namespace, `=` and the program's wait status. The program inherits neither.
"""

from __future__ import annotations

import ctypes
import marshal
import os
import resource
import stat
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import Any
else:
    import _signal as signal  # without the enumerations, which take long to load

_CLONE_NEWNS = 0x00020000
_CLONE_NEWIPC = 0x08000000
_MS_RDONLY = 1
_MS_NOSUID = 2
_MS_NODEV = 4
_MS_REMOUNT = 32
_MS_BIND = 4096
_MS_REC = 16384
_MS_PRIVATE = 1 << 18
_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_KEYCTL = {"x86_64": 250, "aarch64": 219, "riscv64": 219, "ppc64le": 271, "s390x": 280}
_JOIN_SESSION_KEYRING = 1


_libc = ctypes.CDLL(None, use_errno=True)


class CannotStart(Exception):
    """Why, in a sentence."""


def main() -> None:
    told, status = int(sys.argv[1]), int(sys.argv[2])
    with open(told, "rb") as stream:
        spec = marshal.load(stream)
    os.set_inheritable(status, False)
    os.write(status, b"+")
    os.umask(0o022)
    if spec["first_process"]:
        _prctl(_PR_SET_DUMPABLE, 0)  # before there is a program that could look into this process
        pid = os.fork()
        if pid:
            _be_first_process(pid, status)
    try:
        _start(spec, status)
    except CannotStart as error:
        os.write(status, f"!{error}".encode())
    except OSError as error:
        os.write(status, f"!{spec['argv'][0]} cannot be started: {error.strerror}".encode())
    except BaseException:
        os.write(status, b"!the launcher failed")
        raise
    os._exit(127)


def _be_first_process(child: int, status: int) -> None:
    """Reap what the namespace leaves behind; when the child ends, so does everything in it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    for descriptor in range(3):
        os.close(descriptor)
    while True:
        pid, code = os.wait()
        if pid == child:
            os.write(status, b"=%d" % code)
            os._exit(0)


def _start(spec: dict[str, Any], status: int) -> None:
    if spec["confined_to"]:
        _load_landlock()
    if spec["uid"] is not None and not spec["first_process"]:
        _separate(spec["needed"], spec["useful"], spec["shm"])
    if os.getsid(0) != os.getpid():
        os.setsid()
    for name, value in spec["limits"].items():
        _limit(getattr(resource, name), value)
    os.closerange(3, status)
    os.closerange(status + 1, os.sysconf("SC_OPEN_MAX"))
    if spec["uid"] is not None:
        os.setgroups([])
        os.setresgid(spec["uid"], spec["uid"], spec["uid"])
        os.setresuid(spec["uid"], spec["uid"], spec["uid"])
        _check(spec["needed"])
    _forget_keys()
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # a change of user has reset it
    if spec["confined_to"]:
        _confine(*spec["confined_to"])
    for number in {*signal.valid_signals()} - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.chdir(spec["folder"])
    _execute(spec["argv"], spec["environment"])


def _execute(argv: list[str], environment: dict[str, str]) -> None:
    try:
        os.execvpe(argv[0], argv, environment)
    except (FileNotFoundError, NotADirectoryError) as error:
        if "/" in argv[0] and os.path.lexists(argv[0]):
            raise CannotStart(f"{argv[0]} names an interpreter that is not there") from error
        where = "there" if "/" in argv[0] else "on the PATH"
        raise CannotStart(f"{argv[0]} is not {where}") from error


def _load_landlock() -> None:
    """While this is still somebody who can read the bot's own files."""
    sys.path.append(os.path.dirname(__file__))  # noqa: PTH120 - pathlib is slow to load
    __import__("landlock")


def _confine(readable: list[str], writable: list[str]) -> None:
    if TYPE_CHECKING:
        from bot.sandbox import landlock
    else:
        import landlock
    try:
        landlock.confine(readable, writable)
    except OSError as error:
        raise CannotStart(f"the program cannot be confined: {error.strerror}") from error


def _separate(needed: list[str], useful: list[str], shm: str) -> None:
    """Without bubblewrap, as root: what the program's user needs, and nothing shared with others.

    A folder that others cannot pass, such as root's home, is covered by an empty one in which only
    what is needed appears, at the same place. Nobody but this process and the program sees that.
    """
    _libc.unshare(_CLONE_NEWIPC)  # where this or the next fails, shared memory outlives the program
    try:
        if _libc.unshare(_CLONE_NEWNS):
            raise OSError(ctypes.get_errno(), "unshare")
        _mount("none", "/", _MS_REC | _MS_PRIVATE)
        _mount(shm, "/dev/shm", _MS_BIND)
        covered: dict[str, list[str]] = {}
        for path in sorted({*needed, *useful, *map(os.path.realpath, needed)}):
            folder = _first_closed(path)
            if folder:
                covered.setdefault(folder, []).append(path)
        for folder, paths in covered.items():
            _cover(folder, {path: os.open(path, os.O_PATH) for path in paths})
    except OSError as error:
        for path in needed:
            if _first_closed(path):
                reason = f"the sandbox's user cannot be given a way to {path}"
                raise CannotStart(reason) from error


def _first_closed(path: str) -> str:
    """The topmost folder above a path that other users cannot pass, empty where there is none."""
    parts = path.split("/")[1:-1]
    for count in range(1, len(parts) + 1):
        folder = "/" + "/".join(parts[:count])
        if not os.stat(folder).st_mode & 0o001:  # noqa: PTH116 - pathlib is slow to load
            return folder
    return ""


def _cover(folder: str, handles: dict[str, int]) -> None:
    _mount("tmpfs", folder, _MS_NOSUID | _MS_NODEV, "mode=0755,size=1m", "tmpfs")
    for path, handle in sorted(handles.items()):
        if os.path.lexists(path):
            continue  # it came with a folder above it
        source = f"/proc/self/fd/{handle}"
        is_folder = stat.S_ISDIR(os.fstat(handle).st_mode)
        _make_folders(path if is_folder else path.rpartition("/")[0])
        if not is_folder:
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))
        _mount(source, path, _MS_BIND | _MS_REC)
    _mount("none", folder, _MS_REMOUNT | _MS_RDONLY | _MS_NOSUID | _MS_NODEV)


def _make_folders(path: str) -> None:
    if not os.path.lexists(path):
        _make_folders(path.rpartition("/")[0])
        os.mkdir(path, 0o755)  # noqa: PTH102 - pathlib is slow to load


def _mount(source: str, target: str, flags: int, options: str = "", kind: str = "") -> None:
    words = [text.encode() if text else None for text in (source, target, kind)]
    if _libc.mount(*words, ctypes.c_ulong(flags), options.encode() or None):
        raise OSError(ctypes.get_errno(), f"mount {target}")


def _check(needed: list[str]) -> None:
    for path in needed:
        if not os.access(path, os.R_OK):
            raise CannotStart(f"the sandbox's user cannot read {path}")


def _forget_keys() -> None:
    """Take a keyring of its own, for that of the session is inherited with the keys in it.

    Where that fails, the kernel or a container has no keyrings for anybody.
    """
    call = _KEYCTL.get(os.uname().machine)
    if call is not None:
        _libc.syscall(call, _JOIN_SESSION_KEYRING, None)


def _limit(kind: int, value: int) -> None:
    _, hard = resource.getrlimit(kind)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl {option}")


if __name__ == "__main__":
    main()
