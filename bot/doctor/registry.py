"""Which checks there are, in the order in which they are told. A new one is a module and a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.doctor import (
    Finding,
    Level,
    Sign,
    branch,
    ci,
    engines,
    machine,
    merging,
    reach,
    rights,
    running,
    sources,
)
from bot.doctor.seen import Seen


@dataclass(frozen=True, slots=True)
class Group:
    """Checks that belong together, the signs that they know, and what judges."""

    title: str
    signs: tuple[Sign, ...]
    check: Callable[[Seen], Iterator[Finding]]


GROUPS: tuple[Group, ...] = (
    Group("Repository", reach.SIGNS, reach.check),
    Group("Token", rights.SIGNS, rights.check),
    Group("CI of pull requests", ci.SIGNS, ci.check),
    Group("Base branch", branch.SIGNS, branch.check),
    Group("Tests and their isolation", running.SIGNS, running.check),
    Group("Merging", merging.SIGNS, merging.check),
    Group("Engines", engines.SIGNS, engines.check),
    Group("Reflections", sources.SIGNS, sources.check),
    Group("This machine", machine.SIGNS, machine.check),
)


@dataclass(frozen=True, slots=True)
class Told:
    """What one group has found."""

    title: str
    findings: tuple[Finding, ...]


def examine(seen: Seen) -> tuple[Told, ...]:
    """Every group that has something to say, in order."""
    told = (Told(group.title, tuple(group.check(seen))) for group in GROUPS)
    return tuple(one for one in told if one.findings)


def problems(seen: Seen) -> tuple[str, ...]:
    """A sentence for each problem; groups that know none are not asked."""
    knowing = (g for g in GROUPS if any(sign.level is Level.PROBLEM for sign in g.signs))
    found = (finding for group in knowing for finding in group.check(seen))
    return tuple(one.sentence for one in found if one.level is Level.PROBLEM)
