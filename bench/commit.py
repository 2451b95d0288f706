"""Building a commit must cost what the patch costs, not what the repository does.

The same one-file patch is committed to a small and to a large repository, by `Repository.build`
and, as a baseline, by git's index (read-tree, update-index, write-tree, commit-tree), which reads
and writes every entry of the tree. Look at the ratio of large to small: near 1 is flat.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bot.git_formats import Identity
from bot.model import Sha
from bot.repository import File, Repository

SMALL, LARGE = 100, 100_000
PER_FOLDER = 100
ROUNDS = 15
IDENTITY = Identity("Bench", "bench@example.invalid")
DATE = "1767603600 +0000"
PATCHED = "d0/d0/f1.py"
_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": IDENTITY.name,
    "GIT_AUTHOR_EMAIL": IDENTITY.email,
    "GIT_COMMITTER_NAME": IDENTITY.name,
    "GIT_COMMITTER_EMAIL": IDENTITY.email,
}


def main() -> None:
    """Print the medians and their ratios."""
    os.environ.update(_ENVIRONMENT)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        paths = {count: make(Path(folder) / str(count), count) for count in (SMALL, LARGE)}
        with Repository(paths[SMALL]) as small, Repository(paths[LARGE]) as large:
            repositories = {SMALL: small, LARGE: large}
            bases = {count: Sha(git(path, "rev-parse", "main")) for count, path in paths.items()}
            ways: dict[str, Callable[[int, int], object]] = {
                "Repository.build": lambda count, turn: build(
                    repositories[count], bases[count], turn
                ),
                "git index": lambda count, turn: by_index(paths[count], bases[count], turn),
            }
            report(measure(ways))


def report(times: dict[tuple[str, int], list[float]]) -> None:
    print(f"{'':18}{f'{SMALL:,} files':>16}{f'{LARGE:,} files':>16}{'ratio':>8}")
    for way in dict.fromkeys(way for way, _ in times):
        small, large = (statistics.median(times[way, count]) for count in (SMALL, LARGE))
        print(f"{way:18}{small * 1e3:>13.1f} ms{large * 1e3:>13.1f} ms{large / small:>8.2f}")


def measure(ways: dict[str, Callable[[int, int], object]]) -> dict[tuple[str, int], list[float]]:
    """Seconds of every round, interleaved, after one round that does not count."""
    times: dict[tuple[str, int], list[float]] = {}
    for turn in range(ROUNDS + 1):
        for way, work in ways.items():
            for count in (SMALL, LARGE):
                start = time.perf_counter()
                work(count, turn)
                if turn:
                    times.setdefault((way, count), []).append(time.perf_counter() - start)
    return times


def content(turn: int) -> bytes:
    """The patched file; different each time, so that no object is there already."""
    return f"X = {turn + 1_000_000}\n".encode()


def build(repository: Repository, base: Sha, turn: int) -> Sha:
    return repository.build(
        base, [File(PATCHED, "100644", content(turn))], f"Round {turn}", IDENTITY, DATE
    )


def by_index(path: Path, base: Sha, turn: int) -> Sha:
    index = {"GIT_INDEX_FILE": str(path / "bench-index")}
    blob = git(path, "hash-object", "-w", "--stdin", stdin=content(turn + 1_000_000))
    git(path, "read-tree", base, env=index)
    git(path, "update-index", "--cacheinfo", f"100644,{blob},{PATCHED}", env=index)
    tree = git(path, "write-tree", env=index)
    return Sha(git(path, "commit-tree", tree, "-p", base, "-m", f"Round {turn}"))


def make(path: Path, count: int) -> Path:
    """A bare repository of so many small files, nested, with a remote that nobody asks."""
    git(path.parent, "init", "-q", "--bare", str(path))
    git(path, "remote", "add", "origin", str(path))
    git(path, "fast-import", "--quiet", stdin=b"".join(script(count)))
    return path


def script(count: int) -> Iterator[bytes]:
    yield f"commit refs/heads/main\ncommitter {IDENTITY} {DATE}\ndata 4\nbase\n".encode()
    for number in range(count):
        folder = number // PER_FOLDER
        text = f"X = {number}\n"
        name = f"d{folder // PER_FOLDER}/d{folder % PER_FOLDER}/f{number % PER_FOLDER}.py"
        yield f"M 100644 inline {name}\ndata {len(text)}\n{text}\n".encode()


def git(folder: Path, *args: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> str:
    environment = _ENVIRONMENT | (env or {})
    done = subprocess.run(
        ["git", *args], cwd=folder, input=stdin, env=environment, capture_output=True, check=True
    )
    return done.stdout.decode().strip()


if __name__ == "__main__":
    main()
