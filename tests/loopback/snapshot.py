"""What a loopback GitHub held at one moment, so that others can start from there at little cost."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from .server import LoopbackGitHub


@dataclass(frozen=True)
class Files:
    """A folder held in memory, without git's sample hooks: folders, and files with their modes."""

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


class Snapshot:
    """Taken of a server that nobody talks to; restored into one that holds nothing yet."""

    def __init__(self, github: LoopbackGitHub) -> None:
        names = ("clock", "ids", "repos", "_actors", "_tokens")
        memo = {id(github): github}  # the server itself is not copied
        self._held = deepcopy({name: getattr(github, name) for name in names}, memo)
        self._github = github
        self._folder = github.folder
        self._files = Files.below(github.folder)

    def restore(self, github: LoopbackGitHub) -> None:
        if github.repos:
            raise ValueError("this loopback GitHub holds repositories of its own")
        self._files.write(github.folder)
        vars(github).update(deepcopy(self._held, {id(self._github): github}))
        for repo in github.repos.values():
            repo.bare.path = github.folder / repo.bare.path.relative_to(self._folder)
            repo.bare.home = github.folder / repo.bare.home.relative_to(self._folder)
