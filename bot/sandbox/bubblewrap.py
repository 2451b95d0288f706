"""How a program is shut in: by bubblewrap where it works, else only by its user and its limits."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

_ROOT = "/amendbot"
_SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_SETTINGS = (
    "alternatives",
    "ca-certificates",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "localtime",
    "mime.types",
    "nsswitch.conf",
    "pki/ca-trust",
    "pki/tls",
    "protocols",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
)
_DEVICES = ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm")
_STORES = ("/nix/store", "/gnu/store")


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """What holds programs on this machine.

        `reason` says in one clause why it is not bubblewrap. With `drops_uid` the bot is root and
    programs run as a user of their own. `program` is bubblewrap's path. It is started `first_as`
    root, who leaves it to the launcher inside to become the slot's user, or as that user, or as the
    user who runs the bot; the latter two need a user namespace, and `seals` says that it can forbid
    further ones. With `confines` Landlock stands in for bubblewrap as far as it can: files and
    signals, but not the network.
    """

    kind: Literal["bubblewrap", "none"]
    reason: str = ""
    drops_uid: bool = False
    program: str = ""
    first_as: Literal["root", "slot", "user"] = "user"
    seals: bool = False
    confines: bool = False


@dataclass(frozen=True, slots=True)
class Inside:
    """Where the program finds the parts of its workspace."""

    tree: str
    home: str
    tmp: str
    tools: str
    report: str


class Folders(Protocol):
    """The parts of a workspace, as the bot sees them."""

    @property
    def root(self) -> Path: ...
    @property
    def tree(self) -> Path: ...
    @property
    def home(self) -> Path: ...
    @property
    def tmp(self) -> Path: ...
    @property
    def tools(self) -> Path: ...
    @property
    def shm(self) -> Path: ...
    @property
    def report(self) -> Path: ...
    @property
    def uid(self) -> int | None: ...


def inside(workspace: Folders, isolation: Isolation) -> Inside:
    """The workspace's paths as the program sees them."""
    if isolation.kind == "bubblewrap":
        return Inside(
            tree=f"{_ROOT}/tree",
            home=f"{_ROOT}/home",
            tmp="/tmp",
            tools=f"{_ROOT}/tools",
            report=f"{_ROOT}/report",
        )
    return Inside(
        tree=str(workspace.tree),
        home=str(workspace.home),
        tmp=str(workspace.tmp),
        tools=str(workspace.tools),
        report=str(workspace.report),
    )


def interpreter() -> str:
    """The bot's own Python without its virtual environment, for the launcher."""
    return os.path.realpath(sys.executable)


def interpreter_folders() -> tuple[str, ...]:
    """What that Python needs to start."""
    found = {os.path.realpath(sys.base_prefix), os.path.realpath(sys.base_exec_prefix)}
    found |= {store for store in _STORES if Path(store).is_dir()}
    return tuple(sorted(found))


LAUNCHER = str(Path(__file__).with_name("launcher.py"))
LAUNCHER_INSIDE = f"{_ROOT}/launcher.py"


def arguments(
    workspace: Folders,
    isolation: Isolation,
    visible: tuple[str, ...],
    writable: tuple[str, ...],
    *,
    network: bool,
) -> list[str]:
    """The argument vector of bubblewrap, up to the program it is to run."""
    mounts = [
        *_system(),
        *_settings(workspace, network=network),
        ("/proc", ["--proc", "/proc"]),
        ("/dev", ["--dev", "/dev"]),
        ("/dev/shm", ["--bind", str(workspace.shm), "/dev/shm"]),
        ("/tmp", ["--bind", str(workspace.tmp), "/tmp"]),
        (f"{_ROOT}/tree", ["--bind", str(workspace.tree), f"{_ROOT}/tree"]),
        (f"{_ROOT}/home", ["--bind", str(workspace.home), f"{_ROOT}/home"]),
        (f"{_ROOT}/report", ["--bind", str(workspace.report), f"{_ROOT}/report"]),
        (f"{_ROOT}/tools", ["--ro-bind", str(workspace.tools), f"{_ROOT}/tools"]),
        (LAUNCHER_INSIDE, ["--ro-bind", LAUNCHER, LAUNCHER_INSIDE]),
    ]
    for path in {*visible, *interpreter_folders()} - set(writable):
        if Path(path).exists() and not _is_below(path, "/usr"):
            mounts.append((path, ["--ro-bind", path, path]))
    mounts += [(path, ["--bind", path, path]) for path in writable]
    mounts += [(path, ["--dir", path]) for path in _parents({path for path, _ in mounts})]
    mounts.sort(key=lambda mount: mount[0].rstrip("/").count("/"))  # what contains others first
    return [
        isolation.program,
        *_separation(isolation, network=network),
        *(word for _, words in mounts for word in words),
        *("--remount-ro", "/dev", "--remount-ro", "/"),
        *("--chdir", "/", "--"),
    ]


def confined_to(
    workspace: Folders, visible: tuple[str, ...], writable: tuple[str, ...]
) -> tuple[list[str], list[str]]:
    """What Landlock leaves to a program without bubblewrap: paths to read, and paths to change."""
    readable = [*(f"/{name}" for name in _SYSTEM), "/usr", "/etc", "/dev", "/sys"]
    readable += [str(workspace.tools), *visible, *interpreter_folders()]
    own = (workspace.tree, workspace.home, workspace.tmp, workspace.shm, workspace.report)
    devices = [f"/dev/{name}" for name in _DEVICES]
    return readable, [*map(str, own), *writable, *devices, "/proc"]


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _parents(places: set[str]) -> set[str]:
    """The folders on the way to these places; left to bubblewrap, only root could pass them."""
    return {str(parent) for place in places for parent in Path(place).parents} - {*places, "/"}


def _separation(isolation: Isolation, *, network: bool) -> list[str]:
    words = ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"]
    words += ["--as-pid-1", "--die-with-parent", "--new-session", "--hostname", "sandbox"]
    if not network:
        words.append("--unshare-net")
    if isolation.first_as != "root":
        words.append("--unshare-user")
        if isolation.seals:
            words.append("--disable-userns")
        return [*words, "--cap-drop", "ALL"]
    return [*words, *("--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")]


def _system() -> list[tuple[str, list[str]]]:
    mounts = [("/usr", ["--ro-bind", "/usr", "/usr"])]
    for name in _SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            mounts.append((str(path), ["--symlink", str(path.readlink()), str(path)]))
        elif path.is_dir():
            mounts.append((str(path), ["--ro-bind", str(path), str(path)]))
    return mounts


def _settings(workspace: Folders, *, network: bool) -> list[tuple[str, list[str]]]:
    names = (*_SETTINGS, "resolv.conf") if network else _SETTINGS
    paths = [path for name in names if (path := Path("/etc", name)).exists()]
    mounts = [(str(path), ["--ro-bind", str(path), str(path)]) for path in paths]
    for path in sorted((workspace.root / "etc").iterdir()):
        mounts.append((f"/etc/{path.name}", ["--ro-bind", str(path), f"/etc/{path.name}"]))
    return mounts
