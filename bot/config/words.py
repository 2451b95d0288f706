"""The words that settings are made of."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
)

from bot.time_windows import DURATION, duration

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$")]
Globs = Annotated[tuple[str, ...], Field(min_length=1)]


def _spelled_right(text: str) -> str:
    duration(text)
    return text


Duration = Annotated[
    str, AfterValidator(_spelled_right), Field(json_schema_extra={"pattern": DURATION})
]
"""Such as `30m`, `2h`, `3d` or `1w`."""


class Mode(StrEnum):
    """How far the bot may go at all, whatever the rules say; each includes those before it."""

    OBSERVE = "observe"
    """It looks and says what it sees: it asks no engine and writes nothing."""
    PROPOSE = "propose"
    """It opens pull requests and cares for them, and merges none."""
    MERGE = "merge"


class Outcome(StrEnum):
    """What a policy rule may ask for."""

    MERGE = "merge"
    REVIEW = "review"
    DRAFT = "draft"
    REFUSE = "refuse"


class Proof(StrEnum):
    """How far a change is proven, weakest first; `rank` orders them."""

    NONE = "none"
    CHECKS = "checks"
    """Every required check passes on the head commit."""
    FAIL_TO_PASS = "fail-to-pass"
    """And something that failed on the base commit passes now, by the sandbox's evidence, or by the
    required checks where no sandbox compared the two."""

    @property
    def rank(self) -> int:
        return list(Proof).index(self)


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
