"""How a merge is made: as configured, or as the repository does it by default. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from bot.snapshot import Snapshot

METHODS = ("squash", "rebase", "merge")
"""In the order in which one is taken where the repository's default is not allowed."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A method, or why there is none, as a clause."""

    method: str
    why_not: str = ""


def merge_method(snapshot: Snapshot) -> Chosen:
    """The method that is configured, else the repository's default, else another allowed one.

    A method that somebody named is never quietly replaced by another.
    """
    rules, named = snapshot.forge.rules, snapshot.config.merge.method
    wanted = snapshot.forge.merge_method if named == "default" else named
    linear = "merge" if rules.linear else ""
    allowed = [one for one in METHODS if one in (rules.methods or METHODS) and one != linear]
    if wanted in allowed:
        return Chosen(wanted)
    base = snapshot.base_branch
    why = f"{base} keeps a linear history" if wanted == linear else f"{base} does not allow it"
    if named != "default":
        others = " or ".join(sorted(f'"{one}"' for one in allowed)) or "nothing else"
        return Chosen("", f'merge.method is "{named}", and {why}; it allows {others}')
    if not allowed:
        return Chosen("", f"no method of merging is allowed on {base}")
    return Chosen(allowed[0])
