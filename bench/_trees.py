"""Trees from clones, made fit to be run here: what cannot pass here is taken out of both sides."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from bench._running import Ran
from bench._thinning import test_functions, with_tests

Files = dict[str, str | None]
"""What to change in a tree: new texts by path, None for a file that goes."""

_COVERAGE = re.compile(r"""--(?:no-)?cov(?:-[a-z-]+)?(?:=[^\s"',\]]*)?""")
_CONFIGURATION = ("pytest.ini", ".pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml")


def git(clone: Path, *arguments: str, lenient: bool = False) -> str:
    """What git says in a clone; empty if it fails and may."""
    done = subprocess.run(
        ["git", "-C", str(clone), *arguments], capture_output=True, check=not lenient
    )
    return done.stdout.decode(errors="replace") if done.returncode == 0 else ""


def check_out(clone: Path, sha: str, folder: Path) -> None:
    """Lay a commit's files into a folder; the clone itself is left alone."""
    archive = subprocess.run(
        ["git", "-C", str(clone), "archive", "--format=tar", sha],
        stdout=subprocess.PIPE,
        check=True,
    )
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)


def without_coverage(tree: Path) -> Files:
    """pytest's settings without the options of a plugin that measures and is not here."""
    found: Files = {}
    for name in _CONFIGURATION:
        text = (tree / name).read_text() if (tree / name).is_file() else ""
        if _COVERAGE.search(text):
            found[name] = _COVERAGE.sub("", text)
    return found


def without_failing(tree: Path, ran: Ran) -> Files:
    """The test files without those of their tests that failed, or None where that takes all."""
    gone: dict[str, set[str]] = {}
    for test in ran.failed:
        path, name = place_of(test)
        gone.setdefault(path, set()).add(name)
    changed: Files = {}
    for path, names in gone.items():
        if not (tree / path).is_file():
            continue
        text = (tree / path).read_text()
        try:
            known = set(test_functions(text))
        except SyntaxError:
            known = set()
        changed[path] = with_tests(text, known - names) if names <= known else None
    return changed


def far_tests(tree: Path, near: Mapping[str, object] | tuple[str, ...]) -> Files:
    """The test files outside the folders of these ones, to be removed."""
    folders = {str(Path(path).parent) for path in near}
    paths = (path.relative_to(tree) for path in tree.rglob("test_*.py"))
    return {str(path): None for path in paths if str(path.parent) not in folders}


def place_of(test: str) -> tuple[str, str]:
    """A test's file and its function's name in it, without parameters."""
    path, _, name = test.partition("::")
    return path, name.split("[")[0].replace("::", ".")
