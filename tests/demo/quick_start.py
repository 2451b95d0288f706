"""The plain-git part of docs/quick-start.md, typed as it stands there.

`sh` blocks are that part; the others, at GitHub, are `bash` blocks and need an account.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).parent.parent.parent / "docs/quick-start.md"
IDENTITY = """\
[user]
name = Nina
email = nina@pages.example
"""


def steps() -> list[str]:
    """The blocks of commands, in order."""
    return re.findall(r"(?ms)^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"))


class Newcomer:
    """Somebody in an empty folder, with a name for git, and without a token or a key."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.here = folder
        (folder / "gitconfig").write_text(IDENTITY, encoding="utf-8")

    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        return kept | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder),
            "COLUMNS": "100",
            "TERM": "xterm-256color",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": str(self.folder / "gitconfig"),
            "GIT_AUTHOR_DATE": "2026-11-20T08:00:00Z",
            "GIT_COMMITTER_DATE": "2026-11-20T08:00:00Z",
        }

    def types(self, block: str) -> str:
        """What the commands print on standard output. One that fails is an AssertionError."""
        where = self.folder / "where"
        ended = subprocess.run(
            ["bash", "-e", "-c", f"{block}\npwd > {where}"],
            cwd=self.here,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert ended.returncode == 0, f"{block}\n{ended.stdout}\n{ended.stderr}"
        self.here = Path(where.read_text().strip())
        return ended.stdout
