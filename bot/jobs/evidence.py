"""Evidence that other jobs bring: checked against a schema, and heard of one very commit alone.

Pure. What the tests of a commit say is believed where it names that commit and its base; two
accounts of one commit that contradict each other are no account.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bot.evidence import MAX_NAMED, MAX_OUTPUT, Evidence, Names
from bot.model import Commit, Sha
from bot.untrusted import one_line

MAX_NAME_CHARS = 2_000
MAX_NOTES = 50

_Sha = Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
_Count = Annotated[int, Field(ge=0, le=10**9)]
_Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Clause = Annotated[str, Field(max_length=2_000)]
_Name = Annotated[str, Field(max_length=MAX_NAME_CHARS)]


class NamesData(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    first: Annotated[tuple[_Name, ...], Field(max_length=MAX_NAMED)] = ()
    total: _Count = 0

    @model_validator(mode="after")
    def _counts(self) -> Self:
        if self.total < len(self.first) or (self.total > 0) != bool(self.first):
            raise ValueError("names more or fewer than it counts")
        return self

    def names(self) -> Names:
        return Names(self.first, self.total)


class EvidenceData(BaseModel):
    """`bot.evidence.Evidence` as a file has it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base: _Sha
    head: _Sha
    command: Annotated[str, Field(max_length=10_000)]
    isolation: Annotated[str, Field(max_length=40)]
    by_test: bool
    base_passed: bool
    head_passed: bool
    collected: _Count = 0
    fixed: NamesData = NamesData()
    broken: NamesData = NamesData()
    still_failing: NamesData = NamesData()
    no_longer_run: NamesData = NamesData()
    flaky: NamesData = NamesData()
    unsteady: NamesData = NamesData()
    unloaded: NamesData = NamesData()
    mishap: _Clause = ""
    lines_changed: _Count | None = None
    lines_run: _Count | None = None
    seconds_base: _Seconds = 0.0
    seconds_head: _Seconds = 0.0
    problem: _Clause = ""
    output: Annotated[str, Field(max_length=MAX_OUTPUT)] = ""
    notes: Annotated[tuple[_Clause, ...], Field(max_length=MAX_NOTES)] = ()

    @classmethod
    def of(cls, evidence: Evidence) -> EvidenceData:
        data = asdict(evidence)
        for name, value in data.items():
            if isinstance(getattr(evidence, name), Names):
                first = tuple(one[:MAX_NAME_CHARS] for one in value["first"])
                data[name] = {"first": first, "total": value["total"]}
            elif name in ("mishap", "problem"):
                data[name] = value[:2_000]
        data["notes"] = tuple(note[:2_000] for note in evidence.notes[:MAX_NOTES])
        data["command"] = evidence.command[:10_000]
        data["output"] = evidence.output[-MAX_OUTPUT:]
        return cls.model_validate(data)

    def evidence(self) -> Evidence:
        values = {name: getattr(self, name) for name in type(self).model_fields}
        values |= {
            name: value.names() for name, value in values.items() if isinstance(value, NamesData)
        }
        values |= {"base": Sha(self.base), "head": Sha(self.head)}
        values |= {name: one_line(values[name], 500) for name in ("mishap", "problem")}
        return Evidence(**values)


class Given:
    """What other jobs' tests say, in the place of a verifier that runs them; it runs nothing."""

    def __init__(self, base: Sha, brought: Iterable[Evidence]) -> None:
        self._base = base
        self._known, self.notices = _agreed(brought)

    def verify(self, commit: Commit, notes: tuple[str, ...] = ()) -> Evidence | None:
        """The evidence on exactly this commit against exactly its base; None where there is none.

        A commit's name covers its files, so no other tree goes by it.
        """
        found = self._known.get(commit.sha)
        if found is None or found.base != self._base or commit.parents != (self._base,):
            return None
        return replace(found, notes=(*found.notes, *notes))

    def hooks(self, commit: Commit) -> None:
        """Hooks have run, if at all, where the answer was made: they are code of the repository."""


def _agreed(brought: Iterable[Evidence]) -> tuple[Mapping[Sha, Evidence], tuple[str, ...]]:
    known: dict[Sha, Evidence] = {}
    disputed: set[Sha] = set()
    for one in brought:
        other = known.setdefault(one.head, one)
        if _verdict(other) != _verdict(one):
            disputed.add(one.head)
    said = (
        f"two jobs say different things of the tests of {sha[:9]}, so neither counts"
        for sha in sorted(disputed)
    )
    return {sha: one for sha, one in known.items() if sha not in disputed}, tuple(said)


def _verdict(evidence: Evidence) -> tuple[object, ...]:
    """What a decision may rest on; how long it took and what it printed is no contradiction."""
    one = evidence
    return (
        one.base, one.by_test, one.breaks, one.harmless, one.fail_to_pass, one.keeps_all, one.green,
        one.base_passed, one.head_passed, one.fixed, bool(one.problem),
    )  # fmt: skip
