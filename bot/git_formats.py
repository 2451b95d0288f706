"""Git's own formats, read and written: no process is run and no file is touched here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from bot.model import Commit, FileChange, Sha


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a commit says made it."""

    name: str
    email: str

    def __str__(self) -> str:
        name, email = (re.sub(r"[<>\x00-\x1f]", "", part) for part in (self.name, self.email))
        return f"{name.strip()} <{email.strip()}>"


def commit_command(
    ref: str, mark: int, parent: Sha | None, message: str, identity: Identity, date: str
) -> bytes:
    lines = f"commit {ref}\nmark :{mark}\nauthor {identity} {date}\ncommitter {identity} {date}\n"
    origin = f"from {parent}\n" if parent else ""
    return lines.encode() + data(message.encode()) + origin.encode()


def data(content: bytes) -> bytes:
    return f"data {len(content)}\n".encode() + content + b"\n"


def quote_path(path: str) -> str:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def parse_log(output: bytes) -> Iterator[Commit]:
    """Read `log --raw --numstat -z`: fields hold no NUL, and their places tell them apart.

    A commit is its five header fields, then its raw rows (`:modes`, path), then its counts; neither
    a message nor a path, whatever it holds, can pass for another commit's beginning.
    """
    fields = iter(output.split(b"\x00"))
    header: list[bytes] = []
    raw: dict[str, str] = {}
    counts: dict[str, tuple[int | None, int | None]] = {}
    for field in fields:
        row = field.removeprefix(b"\n")
        if row.startswith(b"\x01"):
            if header:
                yield _parse_commit(header, raw, counts)
            header, raw, counts = [row[1:], *islice(fields, 4)], {}, {}
        elif row.startswith(b":"):
            raw[path_text(next(fields))] = row[1:].decode()
        elif row:
            added, removed, path = row.split(b"\t", 2)
            counts[path_text(path)] = (_count(added), _count(removed))
    if header:
        yield _parse_commit(header, raw, counts)


def _parse_commit(
    header: Sequence[bytes],
    raw: Mapping[str, str],
    counts: Mapping[str, tuple[int | None, int | None]],
) -> Commit:
    sha, tree, parents, date, message = header
    changes = []
    for path, row in sorted(raw.items()):
        old_mode, new_mode, _, _, status = row.split(" ")
        added, removed = counts.get(path, (None, None))
        changes.append(
            FileChange(
                path=path,
                status=status[:1],
                old_mode=old_mode,
                new_mode=new_mode,
                added=added,
                removed=removed,
            )
        )
    return Commit(
        sha=Sha(sha.decode()),
        tree=Sha(tree.decode()),
        parents=tuple(Sha(parent) for parent in parents.decode().split()),
        message=message.decode("utf-8", "replace"),
        date=date.decode(),
        changes=tuple(changes),
    )


def path_text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _count(text: bytes) -> int | None:
    return None if text == b"-" else int(text)


def rejected_refs(porcelain: str) -> tuple[str, ...]:
    """The refs that `git push --porcelain` marks `!` because they were not as expected."""
    stale = []
    for line in porcelain.splitlines():
        flag, _, rest = line.lstrip("' ").partition("\t")
        spec, _, summary = rest.partition("\t")
        lost = (
            "stale info",
            "atomic transaction failed",
            "fetch first",
            "non-fast-forward",
            "already exists",
            "cannot lock ref",
            "failed to update ref",
            "incorrect old value",
            "reference already exists",
        )
        if flag.endswith("!") and any(reason in summary for reason in lost):
            stale.append(spec.partition(":")[2])
    return tuple(stale)


def git_says(stderr: str) -> str:
    """Git's own complaint in one line, without what GitPython puts around it."""
    lines = [line.strip(" '\n") for line in stderr.splitlines()]
    telling = [line for line in lines if re.match(r"(remote: )?(fatal|error|remote)\b", line)]
    chosen = (telling or [line for line in lines if line] or ["git failed without a word"])[-1]
    return re.sub(r"//[^/@\s]*@", "//", re.sub(r"^(fatal|error): ", "", chosen))
