"""Evidence that other jobs bring: checked against a schema, and heard of one very commit alone.

Pure. What the tests of a commit say is believed where it names that commit and its base, and comes
from a job that was to run them; two accounts of one commit that contradict each other are none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
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


@dataclass(frozen=True, slots=True)
class Statement:
    """What one job says of the tests of one commit: evidence, or None if nothing could be run.

    `incident` and `engine` name what the job was about, and so whose commits it may speak of; where
    they are empty, of any.
    """

    head: Sha
    evidence: Evidence | None
    incident: str = ""
    engine: str = ""

    def concerns(self, commit: Commit) -> bool:
        """Whether it speaks of this commit, whose message says what it is for and who made it."""
        wanted = {f"Incident: {self.incident}"} if self.incident else set()
        wanted |= {f"Engine: {self.engine}"} if self.engine else set()
        trailers = commit.message.rstrip("\n").rpartition("\n\n")[2].split("\n")
        return self.head == commit.sha and wanted <= set(trailers)


class Given:
    """What other jobs' tests say, in the place of a verifier that runs them; it runs nothing."""

    def __init__(self, base: Sha, brought: Iterable[Statement]) -> None:
        self._base = base
        self._brought: dict[Sha, list[Statement]] = {}
        self._said: dict[str, None] = {}
        for one in brought:
            self._brought.setdefault(one.head, []).append(one)

    @property
    def notices(self) -> tuple[str, ...]:
        """What whoever reads the report should know of the commits that were asked about."""
        return tuple(self._said)

    def verify(self, commit: Commit, notes: tuple[str, ...] = ()) -> Evidence | None:
        """The evidence on exactly this commit against exactly its base; None where there is none.

        A commit's name covers its files, so no other tree goes by it.
        """
        told = [one.evidence for one in self._of(commit) if one.evidence]
        found = [one for one in told if one.base == self._base]
        if not found or commit.parents != (self._base,):
            return None
        if any(_verdict(one) != _verdict(found[0]) for one in found):
            self._say(
                f"two jobs say different things of the tests of {commit.sha[:9]}, so neither counts"
            )
            return None
        return replace(found[0], notes=(*found[0].notes, *notes))

    def awaits(self, commit: Commit) -> bool:
        """Whether no job has been to run its tests yet: what costs nothing to make can wait."""
        if self._of(commit):
            return False
        self._say(f"the tests of {commit.sha[:9]} are yet to be run by a job that verifies")
        return True

    def _of(self, commit: Commit) -> list[Statement]:
        return [one for one in self._brought.get(commit.sha, ()) if one.concerns(commit)]

    def _say(self, sentence: str) -> None:
        self._said[sentence] = None

    def hooks(self, commit: Commit) -> None:
        """Hooks have run, if at all, where the answer was made: they are code of the repository."""


def _verdict(evidence: Evidence) -> tuple[object, ...]:
    """What a decision may rest on; how long it took and what it printed is no contradiction."""
    one = evidence
    return (
        one.base, one.by_test, one.breaks, one.harmless, one.fail_to_pass, one.keeps_all, one.green,
        one.base_passed, one.head_passed, one.fixed, bool(one.problem),
    )  # fmt: skip
