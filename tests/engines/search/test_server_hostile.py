"""Whatever a candidate does, it only loses its turn: the next one is judged as if it had not been.

Every bomb has bounds of its own, for whoever runs these tests where a limit does not hold.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from bot.engines.search.model import Candidate, Judged, Outcome
from tests.engines.search.workbench import Workbench, workbench_of_module

FILES = {
    "counting.py": (
        "import os, signal, subprocess, sys, threading, time\n\n\n"
        "def following(number):\n    return number + 2\n\n\n"
        "def same(number):\n    return number\n"
    ),
    "notes/first.txt": "first\n",
    "test_counting.py": (
        "import pathlib\nimport counting\n\n\n"
        "def test_following():\n    assert counting.following(1) == 2\n\n\n"
        "def test_same():\n    assert counting.same(1) == 1\n\n\n"
        "def test_notes():\n"
        "    assert sorted(p.name for p in pathlib.Path('notes').iterdir()) == ['first.txt']\n"
        "    assert pathlib.Path('notes/first.txt').read_text() == 'first\\n'\n"
        "    assert not pathlib.Path('/tmp/left').exists()\n"
    ),
}
RIGHT = "return number + 1"

FAILED, TIMED_OUT, DIED = Outcome.FAILED, Outcome.TIMED_OUT, Outcome.DIED

HOSTILE: Mapping[str, tuple[str, set[Outcome]]] = {
    "loops for ever": ("while True: pass", {TIMED_OUT}),
    "loops and catches everything": (
        "\n    while True:\n        try:\n            while True: pass\n"
        "        except BaseException: pass",
        {TIMED_OUT},
    ),
    "sleeps": ("time.sleep(300)", {TIMED_OUT}),
    "ignores its alarm": (
        "signal.signal(signal.SIGPROF, signal.SIG_IGN)\n    while True: pass",
        {TIMED_OUT},
    ),
    "recurses": ("return following(number)", {FAILED}),
    "recurses without a limit": (
        "sys.setrecursionlimit(10**6)\n    return following(number)",
        {DIED, FAILED, TIMED_OUT},
    ),
    "says goodbye": ("os._exit(0)", {DIED}),
    "exits": ("sys.exit(0)", {FAILED}),
    "is interrupted": ("raise KeyboardInterrupt", {FAILED, TIMED_OUT}),
    "kills itself": ("os.kill(os.getpid(), signal.SIGKILL)", {DIED}),
    "crashes": ("os.kill(os.getpid(), signal.SIGSEGV)", {DIED}),
    "kills its group": ("os.killpg(0, signal.SIGKILL)", {DIED}),
    "kills its parent": ("os.kill(os.getppid(), signal.SIGKILL)\n    time.sleep(5)", {DIED}),
    "stops its parent": ("os.kill(os.getppid(), signal.SIGTERM)\n    time.sleep(5)", {DIED}),
    "forks bombs": (
        "[os.fork() for _ in range(7)]\n    time.sleep(3)",  # 128 at most
        {FAILED, DIED, TIMED_OUT},
    ),
    "leaves a daemon": (
        "subprocess.Popen(['sleep', '293.5'], start_new_session=True)\n    return 0",
        {FAILED},
    ),
    "closes every descriptor": ("os.closerange(0, 4000)\n    return 2", {DIED, FAILED}),
    "prints megabytes": ("print('x' * 5_000_000)\n    return 0", {FAILED}),
    "prints past the capture": ("os.write(1, b'x' * 5_000_000)\n    return 0", {FAILED}),
    "writes a large file": (
        "open('large', 'wb').write(b'x' * 40_000_000)\n    return 2",  # one may have 16 MB
        {FAILED, DIED},
    ),
    "takes memory": ("return len(b'x' * 400_000_000)", {FAILED, DIED}),
    "deletes the sources": ("os.unlink('counting.py')\n    return 0", {FAILED}),
    "deletes a folder": ("import shutil; shutil.rmtree('notes')\n    return 0", {FAILED}),
    "writes to the tree": ("open('notes/second.txt', 'w').write('x')\n    return 0", {FAILED}),
    "changes a file": ("open('notes/first.txt', 'w').write('x')\n    return 0", {FAILED}),
    "puts a link": (
        "os.unlink('notes/first.txt'); os.symlink('/etc/passwd', 'notes/first.txt')\n    return 0",
        {FAILED},
    ),
    "shuts a folder": ("os.mkdir('notes/x'); os.chmod('notes', 0)\n    return 0", {FAILED}),
    "leaves files elsewhere": ("open('/tmp/left', 'w').close()\n    return 0", {FAILED}),
    "overwrites the tests": (
        "open('test_counting.py', 'w').write('def test_following(): pass')\n    return 0",
        {FAILED},
    ),
    "turns pytest upside down": (
        "import _pytest.runner as r; r.runtestprotocol = r.call_and_report = None\n    return 0",
        {FAILED},
    ),
    "replaces what reports": (
        "os.write = os._exit = lambda *a: None\n    return 0",
        {FAILED, DIED},
    ),
    "starts a thread that stays": (
        "threading.Thread(target=time.sleep, args=(300,)).start()\n    return 0",
        {FAILED},
    ),
    "is no Python": ("return (", {FAILED}),
    "exits when imported": ("return 0\n\n\nos._exit(0)\n", {DIED}),
    "loops when imported": ("return 0\n\n\nwhile True: pass\n", {TIMED_OUT}),
    "prints when imported": ("return 0\n\n\nprint('x' * 5_000_000)\n", {FAILED}),
    "raises when imported": ("return 0\n\n\nraise SystemExit(0)\n", {FAILED, DIED}),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    with workbench_of_module(tmp_path_factory.mktemp("world"), FILES) as made:
        yield made


@pytest.fixture(scope="module")
def judged(world: Workbench) -> dict[str, Judged]:
    """Every hostile candidate with the right one before it and after it, tried one by one."""
    spectrum = world.laboratory.spectrum()
    assert [test.id for test in spectrum.failing] == ["test_counting.py::test_following"]
    right = world.change("counting.py", "return number + 2", RIGHT)

    def candidates() -> Iterator[Candidate]:
        for name, (body, _) in HOSTILE.items():
            yield replace(world.change("counting.py", "return number + 2", body), said=name)
            yield replace(right, said=f"after one that {name}")

    with closing(world.laboratory.evaluate(candidates(), spectrum)) as found:
        # No more than those, for the ones that timed out would be tried once more.
        return {one.candidate.said: one for one in islice(found, 2 * len(HOSTILE))}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_loses_its_turn(judged: dict[str, Judged], name: str) -> None:
    assert judged[name].outcome in HOSTILE[name][1]
    assert not judged[name].plausible


@pytest.mark.parametrize("name", HOSTILE)
def test_the_next_one_is_judged_as_ever(judged: dict[str, Judged], name: str) -> None:
    after = judged[f"after one that {name}"]
    assert (after.outcome, after.plausible, after.fixed, after.broke) == (
        Outcome.PASSED,
        True,
        1,
        "",
    )


@pytest.mark.usefixtures("judged")
def test_nothing_that_was_started_is_left() -> None:
    assert not [pid for pid in Path("/proc").iterdir() if pid.name.isdigit() and _sleeps(pid)]


def _sleeps(process: Path) -> bool:
    try:
        return b"293.5" in (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


@pytest.mark.usefixtures("judged")
def test_our_own_files_are_as_they_were() -> None:
    assert not os.path.lexists("/tmp/left")
