"""Folders held in memory: made once, and written where a test wants one of its own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True)
class Files:
    """A folder's content, without git's sample hooks: folders, and files with their modes."""

    folders: tuple[str, ...]
    files: tuple[tuple[str, int, bytes], ...]

    @classmethod
    def below(cls, root: Path) -> Self:
        paths = [(path.relative_to(root).as_posix(), path) for path in sorted(root.rglob("*"))]
        return cls(
            tuple(name for name, path in paths if path.is_dir()),
            tuple(
                (name, path.stat().st_mode, path.read_bytes())
                for name, path in paths
                if path.is_file() and path.suffix != ".sample"
            ),
        )

    def write(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        for name in self.folders:
            (root / name).mkdir(exist_ok=True)
        for name, mode, content in self.files:
            (root / name).write_bytes(content)
            (root / name).chmod(mode)


@dataclass(frozen=True)
class Cloned:
    """A bare repository and a clone of it, which knows where the other is."""

    origin: Files
    clone: Files
    address: str

    @classmethod
    def of(cls, origin: Path, clone: Path) -> Self:
        return cls(Files.below(origin), Files.below(clone), str(origin))

    def write(self, origin: Path, clone: Path) -> None:
        self.origin.write(origin)
        self.clone.write(clone)
        config = clone / ".git" / "config"
        config.write_text(config.read_text().replace(self.address, str(origin)))
