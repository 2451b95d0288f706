"""Install each built distribution into a clean environment, and do the bot's main job with it.

`make package` runs it on `dist/`. It needs a package index, as any installation does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = {
    "words.py": "def longest(words):\n    return max(len(word) for word in words)\n",
    "test_words.py": (
        "from words import longest\n\n\n"
        "def test_longest():\n    assert longest(['a', 'bcd']) == 3\n\n\n"
        "def test_of_none():\n    assert longest([]) == 0\n"
    ),
}
REFLECTIONS = [
    {
        "timestamp": "2026-01-01T00:00:00Z",
        "task_summary": "Measure the words",
        "outcome": "Error: it crashed.",
        "reflection": "`longest` in `words.py` crashes when there are no words.",
    }
]


def main() -> int:
    """Try every file of a folder; ends with 1 at the first that does not do its job."""
    folder = Path(sys.argv[1])
    built = sorted([*folder.glob("*.whl"), *folder.glob("*.tar.gz")])
    if len(built) != 2:
        print(f"{folder} holds {len(built)} distributions; there should be a wheel and an sdist.")
        return 1
    for file in built:
        with tempfile.TemporaryDirectory(prefix="amendbot-smoke-") as scratch:
            wrong = _try(file.resolve(), Path(scratch))
        print(f"{file.name}: {wrong or 'installs and works'}")
        if wrong:
            return 1
    return 0


def _try(file: Path, scratch: Path) -> str:
    """What is wrong with this distribution; empty if it does its job."""
    environment = scratch / "environment"
    _run(sys.executable, "-m", "venv", str(environment), at=scratch)
    pip = (str(environment / "bin" / "pip"), "install", "-q", "--disable-pip-version-check")
    _run(*pip, "-c", str(ROOT / "constraints.txt"), "pytest", str(file), at=scratch)
    bot = str(environment / "bin" / "bot")
    version = file.name.removesuffix(".tar.gz").split("-")[1]
    if (said := _run(bot, "--version", at=scratch).strip()) != f"amendbot {version}":
        return f"it says that it is {said}"
    shop = scratch / "shop"
    shop.mkdir()
    for path, text in FILES.items():
        (shop / path).write_text(text, encoding="utf-8")
    _run("git", "init", "-q", "-b", "main", at=shop)
    _run("git", "add", ".", at=shop)
    _run("git", "commit", "-q", "-m", "Words", at=shop)
    (shop / "reflections.json").write_text(json.dumps(REFLECTIONS), encoding="utf-8")
    commit = _run("git", "rev-parse", "HEAD", at=shop).strip()  # a release knows its own
    _run(bot, "init", "--yes", "--pin", commit, at=shop)
    plan = json.loads(_run(bot, "run", "--dry-run", "--json", at=shop))
    actions = [step["action"] for step in plan["actions"]]
    if "open_pull_request" not in actions:
        return f"it proposes no fix for a simple bug: {actions}"
    return ""


def _run(*command: str, at: Path) -> str:
    """What a command prints, in a scratch home; a failure ends the whole, with what it said."""
    home = at / ".home"
    home.mkdir(exist_ok=True)
    kept = ("PATH", "LANG", "TMPDIR", "PIP_INDEX_URL", "PIP_CONFIG_FILE", "PIP_FIND_LINKS")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": "Ada", f"GIT_{role}_EMAIL": "ada@example.invalid"}
    done = subprocess.run(
        command,
        cwd=at,
        env=environment | {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
