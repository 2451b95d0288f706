"""Which Python the tests get, and that nothing private is shown along with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from bot.config import SandboxConfig
from bot.errors import UserError
from bot.sandbox.toolchain import Toolchain, find_toolchain

PLAIN = SandboxConfig()
BASE = Path(sys.base_prefix)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository below a home, with an environment in `.venv`."""
    root = tmp_path_factory.mktemp("home") / "agent"
    venv.create(root / ".venv", symlinks=True)
    return root


def environ_of(repository: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(repository.parent), "PATH": os.environ["PATH"], **more}


def found(repository: Path, config: SandboxConfig = PLAIN, **more: str) -> Toolchain:
    return find_toolchain(repository, config, environ_of(repository, **more))


def test_the_environment_in_the_repository_is_taken(repository: Path) -> None:
    toolchain = found(repository)
    assert toolchain.python == str(repository / ".venv/bin/python")
    assert dict(toolchain.environment)["VIRTUAL_ENV"] == str(repository / ".venv")
    assert str(repository / ".venv") in toolchain.visible
    assert str(repository) not in toolchain.visible
    assert toolchain.version.startswith("cpython 3.")


def test_the_active_environment_comes_first(repository: Path, tmp_path: Path) -> None:
    toolchain = find_toolchain(tmp_path, PLAIN, environ_of(repository, VIRTUAL_ENV=sys.prefix))
    assert toolchain.python == f"{sys.prefix}/bin/python"
    active = str(repository / ".venv")
    (tmp_path / "venv").symlink_to(sys.prefix)
    toolchain = find_toolchain(tmp_path, PLAIN, environ_of(repository, VIRTUAL_ENV=active))
    assert toolchain.prefix == active


@pytest.mark.parametrize(
    "content", [None, "#!/bin/sh\nexit 1\n", "#!/bin/sh\necho []\n", "\x7fELF"]
)
def test_an_environment_that_does_not_work_is_passed_over(
    content: str | None, tmp_path: Path
) -> None:
    python = tmp_path / "stale/bin/python"
    python.parent.mkdir(parents=True)
    if content is None:
        python.symlink_to("/nowhere/python3")
    else:
        python.write_text(content)
        python.chmod(0o755)
    environ = {"HOME": str(tmp_path / "home"), "VIRTUAL_ENV": str(tmp_path / "stale")}
    assert find_toolchain(tmp_path / "agent", PLAIN, environ).python == sys.executable


@pytest.mark.parametrize("name", ["python", "python3"])
@pytest.mark.parametrize("own", [False, True])
def test_both_names_are_that_interpreter(repository: Path, name: str, own: bool) -> None:
    toolchain = found(repository.parent / "other" if own else repository, HOME="/nowhere")
    question = "import sys; print(sys.prefix)"
    answer = subprocess.run(
        [str(shutil.which(name, path=toolchain.path)), "-c", question],
        env=dict(toolchain.environment),
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == toolchain.prefix
    assert toolchain.completed(Path("/nowhere"), "/nowhere") is toolchain


def test_a_name_that_is_missing_or_another_python_gets_a_script(
    repository: Path, tmp_path: Path
) -> None:
    bin_folder, tools = tmp_path / "env/bin", tmp_path / "tools"
    shutil.copytree(repository / ".venv", tmp_path / "env", symlinks=True)
    (bin_folder / "python3").unlink()
    (bin_folder / "python").rename(bin_folder / "python3.real")
    (bin_folder / "python").symlink_to(sys.executable)
    tools.mkdir()
    toolchain = found(repository, VIRTUAL_ENV=str(tmp_path / "env")).completed(tools, str(tools))
    assert toolchain.path.startswith(f"{tools}:")
    assert dict(toolchain.environment)["PATH"] == toolchain.path
    answer = subprocess.run(
        [tools / "python3", "-c", "import sys; print(sys.prefix)", "an argument"],
        env=dict(toolchain.environment),
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == toolchain.prefix


def test_everything_the_interpreter_needs_is_visible(repository: Path, tmp_path: Path) -> None:
    """Each link from the environment to the real file can be followed, and the library is there."""
    chain = tmp_path / "links"
    chain.mkdir()
    (chain / "python").symlink_to(Path(sys.base_prefix, "bin", "python3"))
    env = tmp_path / "env"
    shutil.copytree(repository / ".venv", env, symlinks=True)
    (env / "bin/python").unlink()
    (env / "bin/python").symlink_to(chain / "python")
    shown = [
        *map(Path, found(repository, VIRTUAL_ENV=str(env)).visible),
        Path("/usr"),
        Path("/lib"),
    ]
    needed = [env, chain / "python", Path(os.__file__), Path(sys.executable).resolve()]
    for path in needed:
        assert any(path.is_relative_to(folder) for folder in shown), path


def test_nothing_is_named_that_is_visible_anyway(repository: Path) -> None:
    config = SandboxConfig(visible=("/usr/share", str(repository / ".venv/lib"), "/opt/no/such"))
    visible = found(repository, config).visible
    assert visible == found(repository).visible
    assert not any(path.startswith("/usr") for path in visible)


def test_further_toolchains_are_visible(repository: Path, tmp_path: Path) -> None:
    assert str(tmp_path) in found(repository, SandboxConfig(visible=(str(tmp_path),))).visible


@pytest.mark.parametrize("private", ["home", "repository"])
def test_an_environment_that_holds_the_home_or_the_repository_is_refused(
    repository: Path, private: str, tmp_path: Path
) -> None:
    prefix, elsewhere = str(repository / ".venv"), str(tmp_path / "elsewhere")
    inside = str(repository / ".venv" / "src" / "agent")
    home, root = (prefix, elsewhere) if private == "home" else (elsewhere, inside)
    with pytest.raises(UserError, match=rf"needs .*\.venv, which holds .*{private}"):
        find_toolchain(Path(root), PLAIN, {"HOME": home, "VIRTUAL_ENV": prefix})


@pytest.mark.parametrize("which", ["home", "above", "root", "link"])
def test_a_configured_path_must_not_hold_them_either(
    repository: Path, which: str, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(repository)
    paths = {
        "home": repository.parent,
        "above": repository.parent.parent,
        "root": repository,
        "link": tmp_path / "link",
    }
    with pytest.raises(UserError, match=r"^sandbox.visible names .* holds"):
        found(repository, SandboxConfig(visible=(str(paths[which]),)))


def test_the_environment_is_an_allow_list(repository: Path) -> None:
    toolchain = found(
        repository,
        SandboxConfig(environment=("DJANGO_*", "API_KEY", "PATH", "HOME", "ABSENT")),
        LANG="C.UTF-8",
        LC_ALL="C.UTF-8",
        TZ="UTC",
        LD_PRELOAD="/x.so",
        PYTHONPATH="/x",
        GITHUB_TOKEN="t",
        OTHER="x",
        DJANGO_SETTINGS_MODULE="app.settings",
        DJANGO_SECRET_KEY="k",
        API_KEY="named",
    )
    assert dict(toolchain.environment) == {
        "API_KEY": "named",
        "DJANGO_SETTINGS_MODULE": "app.settings",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "PATH": toolchain.path,
        "TZ": "UTC",
        "VIRTUAL_ENV": str(repository / ".venv"),
    }


def test_the_path_begins_with_the_environment_and_ends_with_the_system(repository: Path) -> None:
    folders = found(repository, PATH="/evil:/usr/games").path.split(":")
    assert folders[0] == str(repository / ".venv/bin")
    assert folders[-3:] == ["/usr/local/bin", "/usr/bin", "/bin"]
    assert "/evil" not in folders


def test_another_environment_of_the_same_base_takes_the_first_ones_place(
    repository: Path, tmp_path: Path
) -> None:
    config = SandboxConfig(visible=(str(tmp_path / "tool"),))
    (tmp_path / "tool").mkdir()
    toolchain = found(repository, config).in_environment(tmp_path / "env")
    assert toolchain.python == str(tmp_path / "env/bin/python")
    assert not any(str(repository) in path for path in (*toolchain.visible, toolchain.path))
    assert {str(tmp_path / "env"), str(tmp_path / "tool")} <= set(toolchain.visible)
    assert dict(toolchain.environment)["VIRTUAL_ENV"] == str(tmp_path / "env")
