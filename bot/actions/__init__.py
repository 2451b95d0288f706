"""Actions: everything the bot can do, by name, with typed parameters and one of three effects.

An action is one small module. What it may touch is fixed by the context its effect is given: a
`read` action sees the base commit's files, a `propose` action writes on the notepad of one attempt,
and only a `write` action holds a forge's writing half. A model is handed `read` and `propose`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from bot.config import Config
from bot.forges import ForgeReader, ForgeWriter, Publisher
from bot.model import BugReport, Patch, Tree


class Effect(StrEnum):
    READ = "read"
    PROPOSE = "propose"
    WRITE = "write"


class Params(BaseModel):
    """The base of every action's parameters: nothing unknown, nothing changed afterwards."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


@dataclass(frozen=True)
class ReadContext:
    """What a `read` action may look at."""

    tree: Tree


@dataclass
class ProposeContext:
    """The notepad of one attempt: what has been concluded so far. It reaches nothing else."""

    tree: Tree
    report: BugReport | None = None
    no_bug: str = ""
    patch: Patch | None = None


@dataclass(frozen=True)
class WriteContext:
    """What a `write` action works with: both halves of the forge, git's push, and the rules."""

    reader: ForgeReader
    writer: ForgeWriter
    publisher: Publisher
    config: Config
    base_branch: str
    me: int
    """Author id of the bot's own token."""
    now: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """How a write ended, in a sentence.

    `changed` says whether anything was written, `failed` whether a person has to mend something.
    """

    changed: bool
    sentence: str
    failed: bool = False
    pull: int = 0
    """The number of a pull request that came of it."""


C = TypeVar("C")
P = TypeVar("P", bound=Params)
R = TypeVar("R")


@dataclass(frozen=True)
class Action(Generic[C, P, R]):
    """One thing the bot can do.

    `execute` takes the context of the action's effect and checked parameters. A `read` or `propose`
    action returns text for whoever asked; a `write` action returns how it ended. A mistake in the
    parameters that only the context can show is an ActionError.
    """

    name: str
    description: str
    effect: Effect
    parameters: type[P]
    execute: Callable[[C, P], R] = field(repr=False)


class ActionError(Exception):
    """The parameters do not fit the world; the sentence goes back to whoever asked."""
