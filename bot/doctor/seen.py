"""Everything the doctor may know before it judges. Pure.

None stands for "not read", which is another thing than "not there": a tick reads less than the
command does, and what a tick does not read it says nothing about.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.config import Config
from bot.doctor.workflows import Workflow
from bot.forges.access import Access, Answered
from bot.snapshot import Snapshot

if TYPE_CHECKING:
    from bot.engines.asking import Asked  # which a tick need not load


class TokenKind(StrEnum):
    """What kind of token GITHUB_TOKEN is, in words for people."""

    CLASSIC = "a classic personal access token"
    FINE_GRAINED = "a fine-grained personal access token"
    APP = "an app's installation token"
    WORKFLOW = "the automatic token of a workflow"
    USER_OF_APP = "a token that an app got from a person"
    UNKNOWN = "a token of an unknown kind"

    @property
    def starts_workflows(self) -> bool:
        return self is not TokenKind.WORKFLOW


WORKFLOW_LOGIN = "github-actions[bot]"
_PREFIXES = {
    "ghp_": TokenKind.CLASSIC,
    "github_pat_": TokenKind.FINE_GRAINED,
    "ghs_": TokenKind.APP,
    "gho_": TokenKind.USER_OF_APP,
    "ghu_": TokenKind.USER_OF_APP,
}


def kind_of_token(token: str, login: str, head: Answered | None) -> TokenKind:
    """By its prefix, by whose name it acts under, and by what only classic tokens are told."""
    if login == WORKFLOW_LOGIN:
        return TokenKind.WORKFLOW
    found = next((kind for prefix, kind in _PREFIXES.items() if token.startswith(prefix)), None)
    if found is None and head and head.scopes is not None:
        return TokenKind.CLASSIC
    return found or TokenKind.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What holds programs on this machine; `reason` says why it is not bubblewrap.

    `credential` is one that a run would hold, by name; empty if it holds none.
    """

    isolated: bool
    reason: str = ""
    credential: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCount:
    """What one source holds: records that are reflections, files they lie in, unreadable ones.

    `uncommitted` are those of the files that the base branch does not have.
    """

    name: str
    place: str
    """Where it looks, in words."""
    reflections: int = 0
    files: int = 0
    uncommitted: tuple[str, ...] = ()
    unreadable: int = 0
    first_unreadable: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """What the engines have to work with: whether there is a key, and the model's server."""

    has_key: bool
    server: str = ""
    """The address in OPENAI_BASE_URL; empty for OpenAI's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One examination. `config` and `base_branch` are known wherever `snapshot` is."""

    now: datetime
    forge: str = ""
    """`github`, `local`, or empty where not even that is known."""
    forge_said: str = ""
    repository: str = ""
    unreadable: str = ""
    """Why there is no snapshot, as a sentence."""
    config: Config | None = None
    configured: bool = True
    """Whether the base branch has a configuration at all."""
    config_says: tuple[str, ...] = ()
    """What was to be said when it was read, such as settings that variables override."""
    base_branch: str = ""
    snapshot: Snapshot | None = None
    token: TokenKind | None = None
    answered: Answered | None = None
    access: Access | None = None
    workflows: tuple[Workflow, ...] | None = None
    holding: Holding | None = None
    test_command: str | None = None
    """Empty where none was found."""
    engines: Engines | None = None
    asked: Asked | None = None
    asking: bool = False
    """Whether the model was to be asked at all, or could have been."""
    sources: tuple[SourceCount, ...] | None = None
    git: str | None = None
    """What `git version` prints."""

    @property
    def wants_merges(self) -> bool:
        """Whether the configuration has a rule that merges, in a mode that lets it."""
        config = self.config
        return (
            config is not None
            and config.mode == "merge"
            and any(rule.outcome == "merge" for rule in config.policy.rule)
        )
