"""The set-up runs once for what it depends on, on the base's files, and no proposal can change it.

Environments are made without pip here, which would cost seconds each and show nothing more.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import pytest

from bot.config import Config, SandboxConfig, TestConfig
from bot.errors import UserError
from bot.evidence import Ended
from bot.sandbox import Finished, Job, setup
from bot.sandbox.isolation import Isolation, inside, probe
from bot.sandbox.running import run
from bot.sandbox.setup import SetUpFailure, environment_key, prepare
from bot.sandbox.toolchain import Toolchain, find_toolchain
from bot.sandbox.workspace import Workspace
from tests.scratch import MemoryTree

INSTALL = """
import pathlib, sysconfig
text = pathlib.Path("requirements.txt").read_text()
module = pathlib.Path(sysconfig.get_path("purelib"), "installed.py")
module.write_text(f"ASKED = {text!r}")
module.chmod(0o777)
module.parent.chmod(0o777)
"""
ATTACK = """
import os, sys, installed
for path in (sys.prefix, os.path.dirname(installed.__file__), installed.__file__):
    try:
        os.chmod(path, 0o777)
    except OSError:
        pass
    try:
        os.utime(path)
        open(path + ".new", "w").close()
    except OSError:
        continue
    sys.exit(f"{path} can be changed")
print(installed.ASKED)
"""


def python(program: str) -> str:
    return f"python -c '{program}'"


@dataclass
class Place:
    """A machine's isolation and cache, and a repository whose base asks for a set-up."""

    isolation: Isolation
    toolchain: Toolchain
    cache: Path
    files: dict[str, str] = field(default_factory=lambda: {"requirements.txt": "left-pad\n"})
    checked_out: int = 0
    commands: tuple[str, ...] = (python(INSTALL),)
    seconds: float = 60.0
    environ: dict[str, str] = field(default_factory=dict)

    def check_out(self, folder: Path) -> None:
        self.checked_out += 1
        for path, text in self.files.items():
            (folder / path).write_text(text)

    def prepare(self, stack: ExitStack) -> Toolchain | SetUpFailure:
        config = Config(
            test=TestConfig(setup=self.commands, setup_timeout_s=self.seconds),
            sandbox=SandboxConfig(disk_mb=64, memory_mb=256),
        )
        environ = {"XDG_CACHE_HOME": str(self.cache), **self.environ}
        return stack.enter_context(
            prepare(
                MemoryTree(self.files),
                config,
                self.toolchain,
                self.isolation,
                self.check_out,
                environ,
            )
        )

    def prepared(self) -> Toolchain:
        with ExitStack() as stack:
            found = self.prepare(stack)
        assert isinstance(found, Toolchain), found
        return found

    def failed(self) -> SetUpFailure:
        with ExitStack() as stack:
            found = self.prepare(stack)
        assert isinstance(found, SetUpFailure)
        return found

    def run(self, toolchain: Toolchain, program: str) -> Finished:
        with Workspace(self.isolation) as workspace:
            home = inside(workspace, self.isolation).home
            job = Job(
                argv=("python", "-c", program),
                environment=(*toolchain.environment, ("HOME", home)),
                visible=toolchain.visible,
            )
            return run(job, workspace, self.isolation)

    def environments(self) -> list[Path]:
        return [path.parent for path in self.cache.glob("amendbot/envs/*/*/pyvenv.cfg")]


@pytest.fixture(name="cache_folder")
def _cache_folder() -> Iterator[Path]:
    """A cache that other users can reach, as pytest's folders cannot be."""
    folder = Path(tempfile.mkdtemp(prefix="cache-", dir="/var/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def _without_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup, "CREATE", (*setup.CREATE, "--without-pip"))


@pytest.fixture(params=["bubblewrap", "none"])
def place(request: pytest.FixtureRequest, cache_folder: Path) -> Place:
    return place_with(request.param, cache_folder)


@pytest.fixture
def any_place(cache_folder: Path) -> Place:
    """With what works on this machine, where one isolation is as good as the other."""
    return place_with(probe().kind, cache_folder)


def place_with(kind: str, cache: Path) -> Place:
    isolation = probe()
    if kind == "bubblewrap" and isolation.kind != kind:
        pytest.skip(f"bubblewrap does not work here: {isolation.reason}")
    if kind == "none":
        if not isolation.drops_uid:
            pytest.skip("without bubblewrap, an environment is kept for root only")
        isolation = Isolation(kind="none", reason="not asked for", drops_uid=True)
    return Place(isolation, this_python(), cache)


@cache
def this_python() -> Toolchain:
    environ = {"HOME": "/nonexistent", "VIRTUAL_ENV": sys.prefix, "LANG": "C.UTF-8"}
    return find_toolchain(Path("/nonexistent"), SandboxConfig(), environ)


def test_the_tests_get_what_it_made_and_cannot_change_it_so_it_is_made_once(place: Place) -> None:
    toolchain = place.prepared()
    finished = place.run(toolchain, ATTACK)
    assert (finished.exit_code, finished.output) == (0, "left-pad\n\n"), finished
    assert dict(toolchain.environment)["VIRTUAL_ENV"] == toolchain.prefix
    assert place.prepared() == toolchain
    assert place.checked_out == 1


def test_it_is_made_anew_for_other_manifests(any_place: Place) -> None:
    first = any_place.prepared()
    any_place.files["requirements.txt"] = "right-pad\n"
    second = any_place.prepared()
    assert first.prefix != second.prefix
    assert any_place.checked_out == 2


def test_a_failing_command_is_named_with_the_end_of_what_it_printed(any_place: Place) -> None:
    any_place.commands = ("python -c 'print(1 / 0)'", "python -c 'never reached'")
    failure = any_place.failed()
    assert failure.sentence == "`python -c 'print(1 / 0)'` ended with exit code 1"
    assert failure.output.endswith("ZeroDivisionError: division by zero\n")
    assert any_place.environments() == []


def test_a_command_that_is_not_there_is_named(any_place: Place) -> None:
    any_place.commands = ("no-such-program --now",)
    failure = any_place.failed()
    assert failure.ended is Ended.NOT_STARTED
    assert failure.sentence == "`no-such-program --now`: no-such-program is not on the PATH"


def test_what_a_command_prints_is_scrubbed_and_cut(any_place: Place) -> None:
    token = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
    program = f'print("x" * 9000, "\\x1b[31m" + "{token[:9]}" + "{token[9:]}"); exit(3)'
    any_place.commands = (python(program),)
    failure = any_place.failed()
    assert failure.output.endswith("[secret: GitHub Token]\n")
    assert len(failure.output) == setup.MAX_OUTPUT_CHARS


def test_all_commands_together_have_the_time(any_place: Place) -> None:
    any_place.seconds = 0.5
    any_place.commands = (python("import time; time.sleep(600)"),)
    failure = any_place.failed()
    assert failure.ended is Ended.TIMED_OUT
    assert failure.sentence.endswith("did not end within the 0.5 seconds of the whole set-up")
    assert any_place.environments() == []


def test_an_interrupted_set_up_leaves_nothing(any_place: Place) -> None:
    def interrupt(folder: Path) -> None:
        raise KeyboardInterrupt

    any_place.check_out = interrupt  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        any_place.prepared()
    assert list(any_place.cache.glob("amendbot/envs/*/*")) == []


OTHER_BOT = """
import os, sys
from pathlib import Path
from bot.sandbox import setup
from tests.sandbox import test_setup

setup.CREATE = (*setup.CREATE, "--without-pip")
place = test_setup.place_with(sys.argv[1], Path(sys.argv[2]))
check_out = place.check_out

def checked_out(folder):
    check_out(folder)
    print("ready", flush=True)
    if sys.stdin.readline() == "die":
        os.kill(os.getpid(), 9)

place.check_out = checked_out
place.prepared()
print(place.checked_out)
"""


def other_bot(place: Place) -> subprocess.Popen[str]:
    """Another bot that holds the same lock and waits for a line on its input."""
    words = [sys.executable, "-c", OTHER_BOT, place.isolation.kind, str(place.cache)]
    other = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout
    assert other.stdout.readline() == "ready\n"
    return other


def test_what_a_killed_bot_left_is_made_anew(any_place: Place) -> None:
    other = other_bot(any_place)
    other.communicate("die")
    assert len(list(any_place.cache.glob("amendbot/envs/*/*"))) == 1
    toolchain = any_place.prepared()
    assert any_place.checked_out == 1
    assert any_place.environments() == [Path(toolchain.prefix)]
    assert len(list(any_place.cache.glob("amendbot/envs/*/*/"))) == 1


def test_two_bots_at_once_make_it_once(any_place: Place) -> None:
    other = other_bot(any_place)
    with ThreadPoolExecutor(1) as pool:
        ours = pool.submit(any_place.prepared)
        assert other.communicate("go on")[0] == "1\n"
        assert any_place.environments() == [Path(ours.result().prefix)]
    assert any_place.checked_out == 0


def test_what_nobody_used_for_long_goes(any_place: Place) -> None:
    old = any_place.prepared()
    stamp = Path(old.prefix).with_name("complete")
    os.utime(stamp, (0, 0))
    assert any_place.prepared() == old
    assert stamp.stat().st_mtime > 0
    os.utime(stamp, (0, 0))
    any_place.files["requirements.txt"] = "right-pad\n"
    new = any_place.prepared()
    assert any_place.environments() == [Path(new.prefix)]
    assert len(list(any_place.cache.glob("amendbot/envs/*.lock"))) == 1


def test_without_isolation_it_lasts_no_longer_than_the_run(cache_folder: Path) -> None:
    place = Place(Isolation(kind="none", reason="not asked for"), this_python(), cache_folder)
    for runs in (1, 2):
        with ExitStack() as stack:
            toolchain = place.prepare(stack)
            assert isinstance(toolchain, Toolchain)
            assert (
                "left-pad" in place.run(toolchain, "import installed as i; print(i.ASKED)").output
            )
        assert not Path(toolchain.prefix).exists()
        assert place.checked_out == runs
    assert list(cache_folder.iterdir()) == []


def test_a_cache_that_programs_cannot_reach_is_not_used(
    cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = place_with("none", cache_folder)
    (cache_folder / "temporary").mkdir(mode=0o755)
    (cache_folder / "closed").mkdir(mode=0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(cache_folder / "temporary"))
    place.environ["XDG_CACHE_HOME"] = str(cache_folder / "closed" / "new")
    toolchain = place.prepared()
    assert Path(toolchain.prefix).is_relative_to(cache_folder / "temporary")
    assert place.prepared() == toolchain
    assert list((cache_folder / "closed").iterdir()) == []


def test_a_cache_that_others_can_write_to_is_refused(any_place: Place) -> None:
    folder = any_place.cache / "amendbot" / "envs"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    with pytest.raises(UserError, match="only you can write to"):
        any_place.prepared()


def test_the_set_up_gets_the_network_s_settings_and_no_credential(any_place: Place) -> None:
    any_place.environ = {
        "HTTPS_PROXY": "http://proxy.example:3128",
        "PIP_INDEX_URL": "https://ann:Xk29fjQ0aa@packages.example/simple",
        "GITHUB_TOKEN": "t",
        "OTHER": "x",
    }
    program = "import json, os; print(json.dumps(dict(os.environ)), os.getcwd()); exit(1)"
    any_place.commands = (python(program),)
    printed, _, folder = any_place.failed().output.rpartition(" ")
    environment: dict[str, str] = json.loads(printed)
    assert environment["HTTPS_PROXY"] == "http://proxy.example:3128"
    assert not {"PIP_INDEX_URL", "GITHUB_TOKEN", "OTHER"} & set(environment)
    assert environment["PATH"].startswith(environment["VIRTUAL_ENV"])
    with Workspace(any_place.isolation) as workspace:
        places = inside(workspace, any_place.isolation)
    if any_place.isolation.kind == "bubblewrap":
        assert (environment["HOME"], environment["TMPDIR"]) == (places.home, places.tmp)
        assert folder.strip() == places.tree


def test_no_shell_sees_the_commands(any_place: Place) -> None:
    any_place.commands = (python("import sys; exit(sys.argv[1:])") + " && $HOME > x",)
    assert any_place.failed().output == "['&&', '$HOME', '>', 'x']\n"


def test_without_commands_nothing_is_run(any_place: Place) -> None:
    for commands in ((), ("", "  # nothing")):
        any_place.commands = commands[:1]
        assert any_place.prepared() is any_place.toolchain
    assert any_place.checked_out == 0


BASE_FILES = {"requirements.txt": "a", "app.py": "1", "tools/install.sh": "x", "deps/all.txt": "b"}
COMMANDS = (("pip", "install", "-r", "requirements.txt"),)


@pytest.mark.parametrize(
    ("files", "commands", "again"),
    [
        ({"app.py": "2"}, COMMANDS, False),
        ({"requirements.txt": "b"}, COMMANDS, True),
        ({"sub/pyproject.toml": "[project]"}, COMMANDS, True),
        ({"poetry.lock": "x"}, COMMANDS, True),
        ({}, (*COMMANDS, ("pip", "check")), True),
        ({"tools/install.sh": "y"}, COMMANDS, False),
    ],
)
def test_the_key_follows_what_the_set_up_depends_on(
    files: dict[str, str], commands: tuple[tuple[str, ...], ...], again: bool
) -> None:
    assert (key(files, commands) != key({}, COMMANDS)) is again


@pytest.mark.parametrize(
    ("command", "path"),
    [
        (("./tools/install.sh",), "tools/install.sh"),
        (("pip", "install", "-r", "deps/all.txt"), "deps/all.txt"),
        (("pip", "install", "--requirement=deps/all.txt"), "deps/all.txt"),
        (("pip", "install", "-rdeps/all.txt"), "deps/all.txt"),
    ],
)
def test_the_key_follows_files_that_a_command_names(command: tuple[str, ...], path: str) -> None:
    assert key({path: "new"}, (command,)) != key({}, (command,))


def test_the_key_follows_the_interpreter_and_the_isolation() -> None:
    toolchain = this_python()
    newer = replace(toolchain, version="cpython 9.9")
    assert key({}, COMMANDS, newer) != key({}, COMMANDS, toolchain)
    other = Isolation(kind="bubblewrap")
    assert key({}, COMMANDS, toolchain, other) != key({}, COMMANDS, toolchain)


def key(
    files: dict[str, str],
    commands: tuple[tuple[str, ...], ...],
    toolchain: Toolchain | None = None,
    isolation: Isolation = Isolation(kind="none"),  # noqa: B008 - frozen
) -> str:
    tree = MemoryTree({**BASE_FILES, **files})
    return environment_key(commands, toolchain or this_python(), tree, isolation)
