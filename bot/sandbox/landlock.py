"""Where bubblewrap does not work: what the kernel's Landlock lets any process give up by itself.

Afterwards this process and its children reach only the files named, can neither look into nor
signal other processes, and cannot regain it. The network stays open. Imported by the launcher.
"""

from __future__ import annotations

import ctypes
import os
import stat

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION = 1
_PATH_BENEATH = 1

_FOR_FILES = 0b0111  # run, write, read; the fourth is to list a folder
_READ = 0b1101
_ALL = (1 << 14) - 1  # with moving files between folders, without which git cannot work
_TRUNCATE = 1 << 14
_SCOPES = 0b11  # abstract sockets and signals
_OLDEST = 2  # before it, files could not be moved between folders

_libc = ctypes.CDLL(None, use_errno=True)


class _Ruleset(ctypes.Structure):
    _fields_ = (
        ("files", ctypes.c_uint64),
        ("network", ctypes.c_uint64),
        ("scopes", ctypes.c_uint64),
    )


class _Rule(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def works() -> bool:
    """Whether the kernel has it, in a version that tests can run under."""
    return version() >= _OLDEST


def confine(readable: list[str], writable: list[str]) -> None:
    """Give up everything but these paths, for good. Needs `no_new_privs`. What is not there is
    left out; an OSError says that it did not work."""
    kernel = version()
    rights = _ALL | (_TRUNCATE if kernel >= 3 else 0)
    ruleset = _Ruleset(rights, 0, _SCOPES if kernel >= 6 else 0)
    size = 8 if kernel < 4 else 16 if kernel < 6 else 24
    rules = _call(_CREATE_RULESET, ctypes.byref(ruleset), ctypes.c_size_t(size), 0)
    for allowed, paths in ((_READ, readable), (rights, writable)):
        for path in paths:
            _allow(rules, path, allowed)
    _call(_RESTRICT_SELF, rules, 0)
    os.close(rules)


def _allow(rules: int, path: str, allowed: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(os.fstat(place).st_mode):
        allowed &= _FOR_FILES | _TRUNCATE
    _call(_ADD_RULE, rules, _PATH_BENEATH, ctypes.byref(_Rule(allowed, place)), 0)
    os.close(place)


def version() -> int:
    """Of the kernel's Landlock, below 1 where there is none; signals are held back from 6 on."""
    return int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION))


def _call(number: int, *arguments: object) -> int:
    result = int(_libc.syscall(number, *arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), "Landlock")
    return result
