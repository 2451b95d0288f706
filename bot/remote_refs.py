"""What a remote has: its default branch and its refs, as `git ls-remote` lists them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.model import Branch, Sha


@dataclass(frozen=True, slots=True)
class RemoteRef:
    """A ref of the remote, by its full name."""

    name: str
    sha: Sha


@dataclass(frozen=True, slots=True)
class RemoteRefs:
    """What the remote has: its default branch's name ("" if it has none) and its refs.

    The default branch is among the refs whether it was asked for by name or as HEAD.
    """

    default_branch: str
    refs: tuple[RemoteRef, ...]

    def get(self, name: str) -> Sha | None:
        return next((ref.sha for ref in self.refs if ref.name == name), None)

    def branches(self, prefix: str) -> tuple[Branch, ...]:
        start = f"refs/heads/{prefix}"
        return tuple(
            Branch(ref.name.removeprefix("refs/heads/"), ref.sha)
            for ref in self.refs
            if ref.name.startswith(start)
        )


def parse_remote_refs(listing: str, usual: Sequence[str] = ()) -> RemoteRefs:
    """Read `git ls-remote --symref`; the first of the `usual` branches there is is the default."""
    default, refs = "", []
    for line in listing.splitlines():
        value, _, name = line.partition("\t")
        if value.startswith("ref: ") and name == "HEAD":
            default = value.removeprefix("ref: refs/heads/")
        elif name != "HEAD":
            refs.append(RemoteRef(name, Sha(value)))
        elif default:
            refs.append(RemoteRef(f"refs/heads/{default}", Sha(value)))
    found = RemoteRefs(default, tuple(dict.fromkeys(refs)))
    named = next((name for name in usual if found.get(f"refs/heads/{name}")), default)
    return RemoteRefs(named, found.refs)
