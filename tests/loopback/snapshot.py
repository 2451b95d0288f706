"""What a loopback GitHub held at one moment, so that others can start from there at little cost."""

from __future__ import annotations

from copy import deepcopy

from tests.files import Files

from .server import LoopbackGitHub


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
