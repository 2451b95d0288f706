"""A program in the sandbox ends as a clear verdict within its limits, and nothing of it is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.evidence import Ended
from bot.sandbox import MIB, Finished, Job, Limits, landlock, processes
from bot.sandbox.bubblewrap import interpreter, interpreter_folders
from bot.sandbox.isolation import Isolation, inside, probe, without_bubblewrap
from bot.sandbox.removal import remove
from bot.sandbox.running import run
from bot.sandbox.workspace import Workspace, sweep

PATH = (("PATH", "/usr/local/bin:/usr/bin:/bin"),)
AS_ROOT = os.geteuid() == 0
SMALL = Limits(seconds=20, memory=256 * MIB, processes=40, file=8 * MIB, disk=16 * MIB)


if_thorough = [pytest.mark.thorough] if probe().kind == "bubblewrap" else []


@pytest.fixture(params=["bubblewrap", pytest.param("none", marks=if_thorough)])
def isolation(request: pytest.FixtureRequest) -> Isolation:
    if request.param == "none":
        return without_bubblewrap("as asked")
    found = probe()
    if found.kind != "bubblewrap":
        pytest.skip(found.reason)
    return found


@pytest.fixture
def workspace(isolation: Isolation) -> Iterator[Workspace]:
    with Workspace(isolation) as made:
        yield made


Sandbox = Callable[..., Finished]


@pytest.fixture
def shell(workspace: Workspace, isolation: Isolation) -> Sandbox:
    def start(script: str, limits: Limits = SMALL) -> Finished:
        job = Job(argv=("sh", "-c", script), environment=PATH, limits=limits)
        return run(job, workspace, isolation)

    return start


@pytest.fixture
def python(workspace: Workspace, isolation: Isolation) -> Sandbox:
    def start(script: str, limits: Limits = SMALL) -> Finished:
        argv = (interpreter(), "-I", "-S", "-c", script)
        visible = interpreter_folders()
        job = Job(argv=argv, environment=PATH, limits=limits, visible=visible)
        return run(job, workspace, isolation)

    return start


def named(word: str) -> list[int]:
    """The living processes with this word in their command line."""
    found = []
    for pid in processes.all_processes():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if word.encode() in words:
            found.append(pid)
    return found


# ------------------------------------------------------------------------- how programs end


def test_what_it_prints_and_its_exit_code_come_back(shell: Sandbox) -> None:
    finished = shell("echo one; echo two >&2; exit 3")
    assert (finished.ended, finished.exit_code) == (Ended.FINISHED, 3)
    assert finished.output == "one\ntwo\n"
    assert finished.reason == ""
    assert 0 < finished.seconds < 20


@pytest.mark.parametrize("code", [127, 137])
def test_no_exit_code_is_taken_for_something_else(shell: Sandbox, code: int) -> None:
    finished = shell(f"exit {code}")
    assert (finished.ended, finished.exit_code) == (Ended.FINISHED, code)


def test_a_program_that_is_not_there_is_named(workspace: Workspace, isolation: Isolation) -> None:
    finished = run(Job(argv=("no-such-program",), environment=PATH), workspace, isolation)
    assert (finished.ended, finished.exit_code) == (Ended.NOT_STARTED, None)
    assert finished.reason == "no-such-program is not on the PATH"


def test_a_crash_names_its_signal(shell: Sandbox) -> None:
    finished = shell("kill -SEGV $$")
    assert (finished.ended, finished.exit_code) == (Ended.KILLED, None)
    assert "SIGSEGV" in finished.reason


def test_the_environment_is_what_was_given(workspace: Workspace, isolation: Isolation) -> None:
    os.environ["AMENDBOT_TEST_SECRET"] = "hush"
    try:
        job = Job(argv=("env",), environment=(*PATH, ("A", "b c\nd")))
        finished = run(job, workspace, isolation)
    finally:
        del os.environ["AMENDBOT_TEST_SECRET"]
    given = {f"{name}={value}" for name, value in job.environment}
    lines = set(finished.output.replace("\nd\n", "\\nd\n").splitlines())
    assert {line for line in lines if not line.startswith(processes.MARKER)} == {
        text.replace("\n", "\\n") for text in given
    }


def test_it_inherits_no_open_file(python: Sandbox) -> None:
    finished = python("import os; print(sorted(map(int, os.listdir('/proc/self/fd')))[:-1])")
    assert finished.output == "[0, 1, 2]\n"


def test_nothing_is_at_its_input(shell: Sandbox) -> None:
    assert shell("cat; echo done").output == "done\n"


# ---------------------------------------------------------------------------------- limits


def test_it_must_end_in_time_whatever_it_ignores(shell: Sandbox) -> None:
    finished = shell(
        "trap '' TERM INT HUP; echo started; while :; do sleep 61.25; done", Limits(seconds=0.3)
    )
    assert finished.ended is Ended.TIMED_OUT
    assert finished.reason == "did not end within 0.3 seconds"
    assert finished.output == "started\n"
    assert finished.seconds < 3
    assert named("61.25") == []


def test_memory_counts_for_all_processes_together(python: Sandbox) -> None:
    script = (
        "import os, time\n"
        "for _ in range(3):\n"
        "    if os.fork() == 0: break\n"
        "held = bytearray(os.urandom(1)) * (24 << 20)\n"
        "time.sleep(60)\n"
    )
    finished = python(script, Limits(seconds=20, memory=60 * MIB))
    assert finished.ended is Ended.OUT_OF_MEMORY
    assert finished.reason == "used more than 60 MiB of memory"
    assert finished.peak_memory > 60 * MIB


def test_memory_that_processes_share_counts_once(python: Sandbox) -> None:
    script = (
        "import os, time\n"
        "held = bytearray(b'x') * (24 << 20)\n"
        "children = [pid for _ in range(4) if (pid := os.fork())]\n"
        "time.sleep(0.3)\n"
    )
    assert python(script, Limits(seconds=20, memory=70 * MIB)).ended is Ended.FINISHED


def test_one_large_allocation_is_refused(python: Sandbox) -> None:
    finished = python("bytearray(1 << 30)", Limits(seconds=20, memory=64 * MIB))
    assert (finished.ended, finished.exit_code) == (Ended.FINISHED, 1)
    assert "MemoryError" in finished.output


def test_it_may_not_start_many_processes(shell: Sandbox) -> None:
    finished = shell(
        "for i in 1 2 3 4 5 6 7 8 9; do sleep 61.5 & done; wait", Limits(seconds=20, processes=6)
    )
    assert finished.ended is Ended.TOO_MANY_PROCESSES
    assert finished.reason == "had more than 6 processes at once"
    assert named("61.5") == []


def test_no_file_grows_beyond_the_limit(workspace: Workspace, isolation: Isolation) -> None:
    argv = ("head", "-c", "4M", "/dev/zero")
    job = Job(
        argv=("sh", "-c", f"exec {' '.join(argv)} >large"),
        environment=PATH,
        limits=Limits(file=1 * MIB),
    )
    finished = run(job, workspace, isolation)
    assert finished.ended is Ended.DISK_FULL
    assert finished.reason == "wrote a file larger than 1 MiB"
    assert (workspace.tree / "large").stat().st_size == 1 * MIB


@pytest.mark.parametrize("folder", ["tree", "tmp"])
def test_what_it_writes_anywhere_counts(
    shell: Sandbox, workspace: Workspace, isolation: Isolation, folder: str
) -> None:
    place = getattr(inside(workspace, isolation), folder)
    script = f"cd {place}; for i in 1 2 3; do head -c 2M /dev/zero >$i; done; sleep 60"
    finished = shell(script, Limits(seconds=20, disk=4 * MIB))
    assert finished.ended is Ended.DISK_FULL
    assert finished.reason == "wrote more than 4 MiB to disk"


def test_shared_memory_is_part_of_the_workspace(
    shell: Sandbox, workspace: Workspace, isolation: Isolation
) -> None:
    if isolation.kind == "none" and not AS_ROOT:
        pytest.skip("without bubblewrap only root can give a program a /dev/shm of its own")
    name = f"left-by-{workspace.root.name}"
    script = f"head -c 2M /dev/zero >/dev/shm/{name}"
    assert shell(script).exit_code == 0
    assert (workspace.shm / name).exists()
    assert not Path("/dev/shm", name).exists()


@pytest.mark.parametrize("opened", ["os.memfd_create('m')", "os.open('f', os.O_RDWR | os.O_CREAT)"])
def test_files_without_a_name_count(python: Sandbox, opened: str) -> None:
    script = (
        "import contextlib, os, time\n"
        f"held = {opened}\n"
        "with contextlib.suppress(OSError): os.unlink('f')\n"
        "os.write(held, bytes(6 << 20))\n"
        "time.sleep(60)\n"
    )
    assert python(script, Limits(seconds=20, disk=4 * MIB)).ended is Ended.DISK_FULL


def test_endless_output_ends(shell: Sandbox) -> None:
    finished = shell("echo first; exec yes", Limits(seconds=20, output=1 * MIB))
    assert finished.ended is Ended.TOO_MUCH_OUTPUT
    assert finished.output.startswith("first\n")
    assert len(finished.output) < 300_000


def test_the_beginning_and_the_end_of_long_output_are_kept(shell: Sandbox) -> None:
    finished = shell("echo first; yes | head -c 600000; echo last")
    assert finished.ended is Ended.FINISHED
    assert finished.output.startswith("first\ny\n")
    assert "bytes left out" in finished.output
    assert finished.output.endswith("y\nlast\n")


def test_what_is_no_text_comes_back_as_text(shell: Sandbox) -> None:
    assert shell("printf 'a\\377b\\000c'").output == "a\ufffdb\0c"


# ----------------------------------------------------------------------- nothing is left behind


def test_a_daemon_left_behind_is_ended(shell: Sandbox) -> None:
    finished = shell("(setsid sleep 62.25 >/dev/null 2>&1 &); setsid sleep 62.25 & exit 0")
    assert (finished.ended, finished.exit_code) == (Ended.FINISHED, 0)
    assert named("62.25") == []


def test_everything_is_removed_whatever_its_modes(isolation: Isolation) -> None:
    with Workspace(isolation) as workspace:
        script = (
            "mkdir -p a/b; touch a/b/c; ln -s / a/link; chmod 0 a/b a; cd $TMPDIR; mkdir -m 0 x"
        )
        tmp = inside(workspace, isolation).tmp
        job = Job(argv=("sh", "-c", script), environment=(*PATH, ("TMPDIR", tmp)), limits=SMALL)
        assert run(job, workspace, isolation).exit_code == 0
    assert not workspace.root.exists()


def test_a_tree_of_any_depth_is_removed_and_links_are_not_followed(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    doomed = tmp_path / "doomed"
    doomed.mkdir()
    name = "deeper" * 20
    folder = os.open(doomed, os.O_RDONLY)
    for _ in range(50):  # beyond the longest path there is
        os.mkdir(name, dir_fd=folder)
        os.symlink(kept, "link", dir_fd=folder)
        below = os.open(name, os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    os.close(folder)
    remove(doomed)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (kept / "file").exists()


BOT = """
import signal
import sys
from bot.evidence import Ended
from bot.sandbox import Job
from bot.sandbox.isolation import Isolation
from bot.sandbox.running import run
from bot.sandbox.workspace import Workspace

isolation = {isolation!r}
signal.signal(signal.SIGINT, signal.default_int_handler)  # who started us may ignore it
with Workspace(isolation) as workspace:
    print(workspace.root, flush=True)
    script = "setsid sleep {word} & sleep {word}"
    job = Job(argv=("sh", "-c", script), environment={path!r})
    finished = run(job, workspace, isolation)
    print(finished.ended.name, finished.reason, flush=True)
"""


class RunningBot:
    """A bot in a process of its own, whose program has started."""

    def __init__(self, isolation: Isolation, word: str) -> None:
        script = BOT.format(isolation=isolation, word=word, path=PATH)
        self.process = subprocess.Popen(
            [sys.executable, "-c", script],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert self.process.stdout
        self.root = Path(self.process.stdout.readline().strip())
        deadline = time.monotonic() + 20
        while len(named(word)) < 2:
            assert time.monotonic() < deadline
            assert self.process.poll() is None, self.process.stderr

    def ended(self) -> tuple[str, str]:
        return self.process.communicate(timeout=20)


def test_ctrl_c_ends_everything(isolation: Isolation) -> None:
    bot = RunningBot(isolation, "63.25")
    bot.process.send_signal(signal.SIGINT)
    _, errors = bot.ended()
    assert "KeyboardInterrupt" in errors
    assert named("63.25") == []
    assert not bot.root.exists()


def test_a_bot_that_was_killed_leaves_nothing_to_the_next(isolation: Isolation) -> None:
    bot = RunningBot(isolation, "63.5")
    bot.process.kill()
    bot.ended()
    sweep()
    assert not bot.root.exists()
    assert named("63.5") == []


def test_a_bot_that_was_killed_with_its_supervisor_leaves_nothing(isolation: Isolation) -> None:
    bot = RunningBot(isolation, "63.75")
    supervisor = processes.descendants(bot.process.pid)[0]
    bot.process.send_signal(signal.SIGSTOP)
    os.kill(supervisor, signal.SIGKILL)
    bot.process.kill()
    bot.ended()
    sweep()
    assert not bot.root.exists()
    assert named("63.75") == []


def test_a_supervisor_that_is_killed_is_a_verdict(isolation: Isolation) -> None:
    bot = RunningBot(isolation, "64.25")
    os.kill(processes.descendants(bot.process.pid)[0], signal.SIGKILL)
    output, errors = bot.ended()
    assert output == "KILLED its supervisor was killed\n", errors
    assert named("64.25") == []


def test_a_living_bot_is_not_swept(workspace: Workspace) -> None:
    sweep()
    assert workspace.tree.is_dir()


def test_bots_that_come_and_go_do_not_disturb_a_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    command = [sys.executable, "-c", COMING_AND_GOING, str(tmp_path)]
    other = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == b"begun\n"
        for _ in range(3_000):
            sweep()
    finally:
        other.kill()
        other.communicate()


COMING_AND_GOING = """\
import os, sys
base = f"{sys.argv[1]}/amendbot-{os.geteuid()}"
print("begun", flush=True)
for _ in range(1_000_000):
    try:
        os.mkdir(base, 0o700)
        os.rmdir(base)
    except OSError:
        pass
"""


# ------------------------------------------------------------------------------ what it can reach


def test_it_is_not_root_and_can_become_nobody(shell: Sandbox) -> None:
    assert shell("id -u; grep NoNewPrivs /proc/self/status").output.split()[0] != "0"
    assert "NoNewPrivs:\t1" in shell("cat /proc/self/status").output
    assert "CapEff:\t0000000000000000" in shell("cat /proc/self/status").output


@pytest.mark.skipif(not AS_ROOT, reason="only root can give each run a user of its own")
def test_two_runs_at_once_have_two_users(workspace: Workspace, isolation: Isolation) -> None:
    with Workspace(isolation) as other:
        assert workspace.uid != other.uid


def test_it_cannot_write_outside(
    shell: Sandbox, workspace: Workspace, isolation: Isolation, tmp_path: Path
) -> None:
    if isolation.kind == "none" and not isolation.confines:
        pytest.skip("neither bubblewrap nor Landlock works here")
    tmp_path.chmod(0o777)
    marker = Path("/tmp", f"written-from-{workspace.root.name}")
    shell(f"touch {tmp_path}/file {workspace.tools}/file {workspace.root}/file /usr/file {marker}")
    assert list(tmp_path.iterdir()) == []
    assert list(workspace.tools.iterdir()) == []
    assert not (workspace.root / "file").exists()
    assert not marker.exists()
    assert not Path("/usr/file").exists()


def test_in_bubblewrap_it_sees_neither_files_nor_processes_nor_network(
    isolation: Isolation, shell: Sandbox, tmp_path: Path
) -> None:
    if isolation.kind == "none":
        pytest.skip("without bubblewrap nothing is hidden")
    (tmp_path / "secret").touch()
    script = (
        f"ls -d {tmp_path} /home /work /proc/[0-9]*; cat /proc/net/dev | tail -n +3 | cut -d: -f1"
    )
    lines = shell(script).output.split()
    shown = [line for line in lines if line.startswith("/proc/")]
    assert "lo" in lines
    assert str(tmp_path) not in [line for line in lines if not line.endswith(":")]
    assert len(shown) < 8


def test_what_is_visible_can_be_read_and_what_is_writable_written(
    workspace: Workspace, isolation: Isolation, tmp_path: Path
) -> None:
    (tmp_path / "private").mkdir(mode=0o700)
    readable, writable = tmp_path / "private" / "readable", tmp_path / "private" / "writable"
    for folder in (readable, writable):
        folder.mkdir()
        folder.chmod(0o755)
        (folder / "file").write_text("text")
        (folder / "file").chmod(0o644)
    job = Job(
        argv=(
            "sh",
            "-c",
            f"cat {readable}/file; echo more >>{writable}/file; touch {readable}/new",
        ),
        environment=PATH,
        visible=(str(readable), "/no/such/path"),
        writable=(str(writable),),
    )
    finished = run(job, workspace, isolation)
    assert finished.output.startswith("text"), finished
    assert (writable / "file").read_text() == "textmore\n"
    assert (writable / "file").stat().st_uid == os.getuid()
    assert not (readable / "new").exists() or (isolation.kind == "none" and not AS_ROOT)


def test_it_reads_neither_files_nor_environments_of_others(
    python: Sandbox, isolation: Isolation, tmp_path: Path
) -> None:
    if isolation.kind == "none" and not isolation.confines:
        pytest.skip("neither bubblewrap nor Landlock works here")
    tmp_path.chmod(0o755)
    (tmp_path / "token").write_text("hush")
    script = (
        "import sys\n"
        f"for path in ('{tmp_path}/token', '/proc/{os.getpid()}/environ'):\n"
        "    try: print(open(path).read())\n"
        "    except OSError: print('no')\n"
    )
    assert python(script).output == "no\nno\n"


def test_it_signals_nobody_outside(shell: Sandbox, isolation: Isolation) -> None:
    if isolation.kind == "none" and not AS_ROOT and landlock.version() < 6:
        pytest.skip("neither bubblewrap nor a Landlock that holds signals back works here")
    finished = shell(f"kill -0 {os.getpid()} || echo no")
    assert finished.output.endswith("no\n")


# ---------------------------------------------------------------------------------------- reports


def test_what_was_reported_cannot_be_taken_back(
    python: Sandbox, workspace: Workspace, isolation: Isolation
) -> None:
    report = inside(workspace, isolation).report
    event = json.dumps({"e": "test", "id": "t", "outcome": "failed", "s": 0.0})
    script = (
        "import contextlib, os\n"
        f"pipe = os.open({report!r}, os.O_WRONLY | os.O_APPEND)\n"
        f"os.write(pipe, {event!r}.encode() + b'\\n')\n"
        "with contextlib.suppress(OSError):\n"
        f"    os.unlink({report!r})\n"
        "with contextlib.suppress(OSError):\n"
        f"    os.truncate({report!r}, 0)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    finished = python(script)
    assert finished.ended is Ended.KILLED
    assert finished.events.decode() == event + "\n"
    assert run(Job(argv=("true",), environment=PATH), workspace, isolation).events == b""


def test_many_reports_all_arrive(
    python: Sandbox, workspace: Workspace, isolation: Isolation
) -> None:
    report = inside(workspace, isolation).report
    finished = python(
        f"import os\npipe = os.open({report!r}, os.O_WRONLY | os.O_APPEND)\n"
        "for n in range(5000): os.write(pipe, b'%05d' % n + b'x' * 94 + b'\\n')\n"
    )
    lines = finished.events.splitlines()
    assert [int(line[:5]) for line in lines] == list(range(5000))
