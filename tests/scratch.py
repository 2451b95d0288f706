"""What tests start from: a real repository with its remote, and a tree held in memory."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Self

from bot.model import Sha
from tests.files import Cloned

FILES: Mapping[str, str] = {
    "llm.py": 'def dummy_function(text):\n    """First word."""\n    return text.split()[0]\n',
    "pkg/deep/model.py": "class Model:\n    def run(self):\n        return 1\n",
    "README.md": "# Agent\n",
}


@dataclass(frozen=True)
class Scratch:
    """`origin` is bare; `clone` is where a user would run the bot."""

    origin: Path
    clone: Path

    @classmethod
    def make(cls, folder: Path) -> Self:
        scratch = cls(folder / "origin.git", folder / "clone")
        said = {name: text for name, text in os.environ.items() if name.startswith("GIT_")}
        _beginning(tuple(sorted(said.items()))).write(scratch.origin, scratch.clone)
        return scratch

    def commit(self, files: Mapping[str, str | bytes | None], message: str = "Change") -> Sha:
        """Write these files in the clone (None removes one), commit and push to `main`."""
        for path, content in files.items():
            target = self.clone / path
            if content is None:
                target.unlink()
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.encode() if isinstance(content, str) else content)
        git(self.clone, "add", "-A")
        git(self.clone, "commit", "-q", "--allow-empty", "-m", message)
        git(self.clone, "push", "-q", "origin", "HEAD:main")
        return Sha(git(self.clone, "rev-parse", "HEAD"))

    def refs(self) -> dict[str, str]:
        """Every ref of the remote."""
        listing = git(self.origin, "for-each-ref", "--format=%(refname) %(objectname)")
        return dict(line.rsplit(" ", 1) for line in listing.splitlines())


@cache
def _beginning(_: tuple[tuple[str, str], ...]) -> Cloned:
    """What every one starts from where git is told the same, such as who commits."""
    with tempfile.TemporaryDirectory() as name:
        scratch = Scratch(Path(name) / "origin.git", Path(name) / "clone")
        git(Path(name), "init", "-q", "--bare", "--initial-branch=main", str(scratch.origin))
        git(Path(name), "clone", "-q", str(scratch.origin), str(scratch.clone))
        scratch.commit(FILES)
        return Cloned.of(scratch.origin, scratch.clone)


def git(folder: Path, *args: str, stdin: bytes = b"") -> str:
    """Run git in a folder and return what it printed, without the final newline."""
    done = subprocess.run(["git", *args], cwd=folder, input=stdin, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"git {' '.join(args)}: {done.stderr.decode()}")
    return done.stdout.decode().rstrip("\n")


def committed(folder: Path, branch: str, path: str, text: str, start: str = "main") -> Sha:
    """Add a commit that writes one file to a branch, or to a new one that starts at `start`."""
    ref = f"refs/heads/{branch}"
    own = git(folder, "for-each-ref", "--format=%(objectname)", ref)
    script = (
        f"commit {ref}\ncommitter Ada <ada@example.invalid> 1767603600 +0000\n"
        f"data <<END\nWrite {path}\nEND\nfrom {own or f'refs/heads/{start}^0'}\n"
        f"M 644 inline {path}\ndata <<END\n{text}END\ndone\n"
    )
    git(folder, "fast-import", "--quiet", "--done", "--force", stdin=script.encode())
    return Sha(git(folder, "rev-parse", ref))


def contents(folder: Path) -> dict[str, bytes | str]:
    """Everything below a folder, byte for byte; a link counts as where it points."""
    return {
        path.relative_to(folder).as_posix(): (
            str(path.readlink()) if path.is_symlink() else path.read_bytes()
        )
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


class MemoryTree:
    """A tree of texts, without git; meets `bot.model.Tree`. Bytes are a file that is not UTF-8."""

    commit = Sha("0" * 40)

    def __init__(
        self, files: Mapping[str, str | bytes], modes: Mapping[str, str] | None = None
    ) -> None:
        self._files = dict(files)
        self._modes = dict(modes or {})

    def paths(self) -> tuple[str, ...]:
        return tuple(sorted({*self._files, *self._modes}))

    def mode(self, path: str) -> str:
        return self._modes.get(path, "100644" if path in self._files else "")

    def blob(self, path: str) -> Sha | None:
        if self.mode(path) not in ("100644", "100755"):
            return None
        content = self._files[path]
        data = content.encode() if isinstance(content, str) else content
        return Sha(hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest())

    def read(self, path: str) -> str | None:
        content = self._files.get(path) if self.blob(path) else None
        return content if isinstance(content, str) else None
