"""What is built holds everything that the bot needs once it is installed, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = (sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(ROOT))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def tracked(*paths: str) -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *paths],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {path for path in listed.stdout.split("\0") if path}


@pytest.mark.thorough
def test_the_wheel_holds_the_whole_package_and_the_licence(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    assert tracked("bot") <= held
    others = {path for path in held if not path.startswith("bot/")}
    assert all(".dist-info/" in path for path in others)
    assert any(path.endswith("licenses/LICENSE") for path in others)


@pytest.mark.thorough
def test_the_sdist_holds_what_the_tests_and_the_action_need(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert tracked("bot", "tests", "docs", "Makefile", "constraints.txt", "action.yml") <= held
