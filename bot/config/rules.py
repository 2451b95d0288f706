"""The policy: ordered rules and their conditions."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import (
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bot.config.words import Globs, Name, Outcome, Proof, Section
from bot.model import Kind, Severity
from bot.time_windows import DURATION, HOURS, Day, Window, duration, hours, zone

_Duration = Annotated[str, Field(json_schema_extra={"pattern": DURATION})]
_Hours = Annotated[str, Field(json_schema_extra={"pattern": HOURS})]


class RuleConfig(Section):
    """One rule: when every condition it names is met, its outcome is the decision.

    The first rule that matches wins. What is unknown never satisfies a condition. What only time
    can bring holds the decision open, and nobody is asked for anything meanwhile.
    """

    name: Name
    outcome: Outcome
    paths: Globs | None = None
    """Every changed path matches one of these git-style patterns."""
    severity: tuple[Severity, ...] | None = Field(default=None, min_length=1)
    """The bug report's severity is one of these."""
    max_files: int | None = Field(default=None, ge=1)
    """At most so many files change."""
    max_lines: int | None = Field(default=None, ge=1)
    """At most so many lines are added and removed together."""
    engine: tuple[str, ...] | None = Field(default=None, min_length=1)
    """The engine that made the patch is one of these."""
    proof: Proof | None = None
    """The change is proven at least so far."""
    confidence: float | None = Field(default=None, ge=0, le=1)
    """The engine is at least so sure, from 0 to 1; one that does not say how sure is not."""
    kind: tuple[Kind, ...] | None = Field(default=None, min_length=1)
    """It is one of these: `docs` changes nothing but documentation, `revert` takes a merge back,
    and all others are a `fix`."""
    source: tuple[Name, ...] | None = Field(default=None, min_length=1)
    """Every source that the incident came from is one of these."""
    trust: bool | None = None
    """Whether every source that the incident came from has `trust = true`."""
    min_age: _Duration | None = None
    """So long it must have been proposed, such as `30m`, `2h`, `3d` or `1w`; waited for."""
    max_age: _Duration | None = None
    """So long it may have been proposed at most."""
    attempt: int | None = Field(default=None, ge=1)
    """It is at most so manieth an attempt at its incident."""
    hours: _Hours | None = None
    """The time of day, such as `09:00-17:00`, or `22:00-06:00` overnight; waited for."""
    days: tuple[Day, ...] | None = Field(default=None, min_length=1)
    """The days of the week, such as `mon`; waited for."""
    timezone: str | None = None
    """Where `hours` and `days` are told, such as `Europe/Berlin`; by default UTC."""

    @property
    def window(self) -> Window | None:
        """The time it is confined to, None where any time will do."""
        if self.hours is None and self.days is None:
            return None
        return Window(self.hours or "", self.days or (), self.timezone or "UTC")

    @field_validator("min_age", "max_age", "hours", "timezone")
    @classmethod
    def _spelled_right(cls, text: str | None, about: ValidationInfo) -> str | None:
        if text is not None:
            {"hours": hours, "timezone": zone}.get(str(about.field_name), duration)(text)
        return text

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.timezone is not None and self.window is None:
            raise ValueError("timezone says nothing without hours or days")
        if self.min_age and self.max_age and duration(self.min_age) >= duration(self.max_age):
            raise ValueError("can never match: min_age is not less than max_age")
        waits = [name for name in ("min_age", "hours", "days") if getattr(self, name) is not None]
        if waits and self.outcome is Outcome.REFUSE:
            raise ValueError(f"refuses, which cannot wait; leave {waits[0]} out")
        return self


class PolicyConfig(Section):
    """Ordered rules; without one that matches, a person reviews."""

    rule: tuple[RuleConfig, ...] = ()

    @model_validator(mode="after")
    def _distinct_names(self) -> Self:
        names = [rule.name for rule in self.rule]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"has two rules named {twice[0]!r}; give each a name of its own")
        return self
