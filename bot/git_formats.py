"""Git's own formats, read and written: no process is run and no file is touched here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from unidiff.patch import PatchSet

from bot.model import Commit, FileChange, Pushed, Sha

HEADER = "%x01%H%x00%T%x00%P%x00%cd%x00%B"
"""How `git log` is asked for the beginning of each commit that `parse_log` reads."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a commit says made it."""

    name: str
    email: str

    def __str__(self) -> str:
        name, email = (re.sub(r"[<>\x00-\x1f]", "", part) for part in (self.name, self.email))
        return f"{name.strip()} <{email.strip()}>"


class GitFailed(Exception):
    """A git command that did not end well, with what it printed."""

    def __init__(self, status: int, stdout: str, stderr: str) -> None:
        super().__init__(git_says(stderr))
        self.status = status
        self.stdout = stdout
        self.stderr = stderr


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


def replacements(diff: str, old: str, new: str) -> list[tuple[str, str]]:
    """The hunks of git's diff of one text as (before, after), each `before` once in `old`.

    A hunk that stands in several places takes in lines around it until it stands in one; hunks
    that would touch by this become one.
    """
    before, after = lines_kept(old), lines_kept(new)
    spans = [
        (_start(hunk.source_start, hunk.source_length), hunk.source_length,
         _start(hunk.target_start, hunk.target_length), hunk.target_length)
        for file in PatchSet(diff) for hunk in file
    ]  # fmt: skip
    grown = [_grown(span, before, old) for span in spans]
    if any(first[0] + first[1] > second[0] for first, second in pairwise(grown)):
        first, last = spans[0], spans[-1]
        whole = (
            first[0], last[0] + last[1] - first[0], first[2], last[2] + last[3] - first[2]
        )  # fmt: skip
        grown = [_grown(whole, before, old)]
    return [("".join(before[a : a + b]), "".join(after[c : c + d])) for a, b, c, d in grown]


def lines_kept(text: str) -> list[str]:
    """Lines with their ends, as git counts them: only a newline ends one."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _start(line: int, length: int) -> int:
    """A hunk's first line from 0; git counts from 1, and names the line before an empty hunk."""
    return line - 1 if length else line


def _grown(
    span: tuple[int, int, int, int], before: Sequence[str], old: str
) -> tuple[int, int, int, int]:
    start, length, to, made = span
    while not _stands_once("".join(before[start : start + length]), old):
        if start:
            start, length, to, made = start - 1, length + 1, to - 1, made + 1
        if start + length < len(before):
            length, made = length + 1, made + 1
    return start, length, to, made


def _stands_once(part: str, text: str) -> bool:
    found = text.find(part)
    return bool(part) and text.find(part, found + 1) < 0


def path_text(name: bytes) -> str:
    return name.decode("utf-8", "surrogateescape")


def _count(text: bytes) -> int | None:
    return None if text == b"-" else int(text)


@dataclass(frozen=True, slots=True)
class Message:
    """A commit without its files: where it stands, and what it says."""

    sha: Sha
    parents: tuple[Sha, ...]
    text: str


def parse_messages(output: bytes) -> Iterator[Message]:
    """Read `log -z --format=%H%x00%P%x00%B`: no message holds a NUL, so each is three fields."""
    fields = output.decode("utf-8", "replace").split("\x00")
    for sha, parents, text in zip(fields[::3], fields[1::3], fields[2::3], strict=False):
        yield Message(Sha(sha), tuple(Sha(parent) for parent in parents.split()), text)


def parse_merges(output: bytes) -> Iterator[Sha | None]:
    """Read `merge-tree --stdin --no-messages -z`: the tree of each merge, None for a conflict.

    A merge is its status, its tree, the files in conflict, and an empty field.
    """
    fields = iter(output.decode("utf-8", "surrogateescape").split("\x00"))
    for status in fields:
        if status.strip() in ("0", "1"):
            tree = next(fields)
            yield Sha(tree) if status.strip() == "1" else None
            while next(fields, ""):
                pass


def commit_content(
    tree: Sha, parents: Sequence[Sha], message: str, author: str, committer: str
) -> str:
    """A commit as git keeps it; the two people with their dates, as in `Name <email> 0 +0000`."""
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    return "\n".join([*lines, f"author {author}", f"committer {committer}", "", message])


_LOST_RACES = (
    "stale info",
    "atomic transaction failed",
    "fetch first",
    "non-fast-forward",
    "already exists",
    "cannot lock ref",
    "failed to update ref",
    "incorrect old value",
)


def push_ended(porcelain: str, stderr: str) -> Pushed | None:
    """How a failed push ended by what `git push --porcelain` says; None if it says nothing of refs.

    A ref that was not as expected is a lost race; whatever else the remote says is a refusal.
    """
    stale, refusals = [], []
    for line in porcelain.splitlines():
        flag, _, rest = line.lstrip("' ").partition("\t")
        spec, _, summary = rest.partition("\t")
        if not flag.endswith("!") or "atomic push failed" in summary:
            continue
        if any(reason in summary for reason in _LOST_RACES):
            stale.append(spec.partition(":")[2])
        else:
            refusals.append(re.sub(r"^\[[a-z ]+\] \((.*)\)$", r"\1", summary.strip(" '")))
    refusals.sort(key=lambda reason: reason == "atomic push failure")  # said of the others
    if refusals:
        words = re.findall(
            r"^(?:\s*stderr: ')?\s*remote: (?:error: )?(.*?)\s*$", stderr, re.MULTILINE
        )
        return Pushed(rejected=": ".join([refusals[0], *(word for word in words[:3] if word)]))
    return Pushed(stale=tuple(stale)) if stale else None


def git_says(stderr: str) -> str:
    """Git's own complaint in one line, without what GitPython puts around it."""
    said = re.sub(r"^\s*stderr: '|'\s*$", "", stderr)
    lines = [line.strip() for line in said.splitlines()]
    telling = [line for line in lines if re.match(r"(remote: )?(fatal|error|remote)\b", line)]
    chosen = (telling or [line for line in lines if line] or ["git failed without a word"])[-1]
    return re.sub(r"//[^/@\s]*@", "//", re.sub(r"^(fatal|error): ", "", chosen))
