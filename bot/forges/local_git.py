"""What the forge `local` asks of git beyond what every forge does: many answers in one command."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from bot import git_formats
from bot.git_formats import Message
from bot.model import Commit, Sha
from bot.quarantine import HERMETIC
from bot.repository import Repository

MAX_FIRST_PARENTS = 2000
"""So far back it is looked which commit took in what a person merged."""


def missing(repository: Repository, shas: Collection[Sha]) -> frozenset[Sha]:
    """Which of these objects are not here."""
    if not shas:
        return frozenset()
    asked = _lines(shas)
    output = repository.run("cat-file", "--batch-check=%(objectname)", stdin=asked).decode()
    rows = output.splitlines()
    return frozenset(Sha(row.split(" ")[0]) for row in rows if row.endswith(" missing"))


def full_name(repository: Repository, commit: str) -> Sha | None:
    """The commit whose name this is, or begins with; None where none is here."""
    if not re.fullmatch(r"[0-9a-f]{7,40}", commit):
        return None
    asked = f"{commit}^{{commit}}\n".encode()
    found = repository.run("cat-file", "--batch-check=%(objectname)", stdin=asked).decode().split()
    return Sha(found[0]) if len(found) == 1 else None


def messages(
    repository: Repository, tips: Sequence[Sha], known: Iterable[Sha] = ()
) -> tuple[Message, ...]:
    """The commits of these tips that are in none of the `known` ones."""
    if not tips:
        return ()
    asked = _lines([*tips, *(f"^{sha}" for sha in known)])
    layout = ("-z", "--no-show-signature", "--format=%H%x00%P%x00%B")
    output = repository.run("log", *layout, "--stdin", stdin=asked, environment=HERMETIC)
    return tuple(git_formats.parse_messages(output))


def ahead(repository: Repository, base: Sha, heads: Collection[Sha]) -> frozenset[Sha]:
    """Every commit that is in one of these heads and not in `base`."""
    if not heads:
        return frozenset()
    output = repository.run("rev-list", "--stdin", stdin=_lines([*heads, f"^{base}"]))
    return frozenset(Sha(sha) for sha in output.decode().split())


def merge_trees(repository: Repository, base: Sha, heads: Sequence[Sha]) -> dict[Sha, Sha | None]:
    """The tree that merging each of these heads alone gives; None where it conflicts."""
    if not heads:
        return {}
    output = repository.run(
        "merge-tree", "--write-tree", "--allow-unrelated-histories", "--no-messages", "-z",
        "--stdin", stdin=_lines(f"{base} {head}" for head in heads), environment=HERMETIC,
    )  # fmt: skip
    return dict(zip(heads, git_formats.parse_merges(output), strict=True))


def first_parents(repository: Repository, tip: Sha) -> tuple[Commit, ...]:
    """The newest commits of a branch by its own line, without their changes."""
    newest = f"--max-count={MAX_FIRST_PARENTS}"
    layout = ("-z", "--no-show-signature", f"--format={git_formats.HEADER}", "--date=raw")
    output = repository.run("log", "--first-parent", newest, *layout, tip, environment=HERMETIC)
    return tuple(git_formats.parse_log(output))


def write_commit(repository: Repository, content: str) -> Sha:
    """Make a commit of exactly these headers and this message; move no ref outside."""
    made = repository.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=content.encode())
    return Sha(made.decode().strip())


def _lines(rows: Iterable[str]) -> bytes:
    return "".join(f"{row}\n" for row in rows).encode()
