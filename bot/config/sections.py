"""The sections of the configuration, one model each; `rules` has those of the policy."""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import (
    Field,
    field_validator,
    model_validator,
)

from bot.config.words import Duration, Globs, Name, Section
from bot.model import FIX_LABEL, TAKEN_LABELS
from bot.time_windows import DURATION, duration

_Label = Annotated[str, Field(pattern=r"^[^\s,]([^,\n]{0,48}[^\s,])?$")]
_Keyword = Annotated[str, Field(pattern=r"^\S(.{0,62}\S)?$")]


class SourceConfig(Section):
    """Where reflections come from: files of the work tree or of a named ref, or labelled issues."""

    name: Name = "reflections"
    """A name for this source; it appears in proposals."""
    kind: Literal["files", "issues"] = "files"
    """`issues` reads the forge's open issues that have the label: by it people hand the bot work.
    Each is told on the issue, once, what became of it."""
    label: _Label = FIX_LABEL
    """With `kind = "issues"`: the label. Whoever may put it on an issue hands the bot work."""
    files: Globs = ("reflections.json", "**/reflections.json", "**/reflections.jsonl")
    """Git-style patterns of the files to read."""
    ref: str = ""
    """A branch (or full ref) of the remote to read from; empty reads the work tree."""
    trust: bool = False
    """Whether a change that came from here may be merged without a person. Of issues that holds
    only for those whose author may push."""

    @field_validator("label")
    @classmethod
    def _free_label(cls, label: str) -> str:
        if label.casefold() in TAKEN_LABELS:
            raise ValueError(f"{label!r} means something else to the bot; choose another label")
        return label

    @model_validator(mode="after")
    def _of_one_kind(self) -> Self:
        foreign = {"files": {"label"}, "issues": {"files", "ref"}}[self.kind]
        if named := sorted(foreign & self.model_fields_set):
            other = "issues" if self.kind == "files" else "files"
            raise ValueError(f'{named[0]} goes with kind = "{other}"')
        return self

    @field_validator("ref")
    @classmethod
    def _plain_ref(cls, ref: str) -> str:
        if ref.startswith(("-", "bot/", "refs/heads/bot/", "refs/bot/")) or set(ref) & set(
            " ~^:?*[\\"
        ):
            raise ValueError("is not the name of a branch outside bot/")
        return ref

    @property
    def full_ref(self) -> str:
        """The ref's full name on the remote, empty for the work tree."""
        return (
            self.ref if not self.ref or self.ref.startswith("refs/") else f"refs/heads/{self.ref}"
        )


class ReflectionsConfig(Section):
    """What becomes of the reflections themselves."""

    write_back: bool = False
    """Whether a fix also marks the reflections that it answers as resolved, in their files on the
    base branch, so that merge and revert carry it. Not where a source has a `ref`."""


class TriageConfig(Section):
    """Which words speak of a defect, beside or instead of the built-in ones."""

    keywords: tuple[_Keyword, ...] = ()
    """More words or phrases that make a reflection actionable, in any language."""
    ignore: tuple[_Keyword, ...] = ()
    """Words or phrases that say nothing here, though triage would otherwise heed them."""


class OpenAIConfig(Section):
    """Any server with OpenAI's chat completions; OPENAI_BASE_URL and OPENAI_API_KEY say which."""

    model: str = "gpt-5-mini"
    """The model's name at that server."""
    turns: int = Field(default=4, ge=1, le=20)
    """How often the model may be asked about one incident."""
    max_completion_tokens: int = Field(default=4000, ge=64, le=128_000)
    """The longest answer, in tokens, that one request may cost."""
    reasoning_effort: Literal["", "none", "minimal", "low", "medium", "high"] = ""
    """How long a reasoning model thinks; empty leaves it to the server. Some models take tools only
    with `none`."""
    timeout_s: float = Field(default=120, gt=0, le=3600)
    """Seconds to wait for one answer."""
    revisions: int = Field(default=2, ge=0, le=10)
    """How often a patch that vetting refuses goes back to the model with the reasons."""
    usd_per_million_prompt_tokens: float | None = Field(default=None, ge=0)
    """Price of a million prompt tokens; needed for limits in money."""
    usd_per_million_completion_tokens: float | None = Field(default=None, ge=0)
    """Price of a million answered tokens; needed for limits in money."""

    @property
    def priced(self) -> bool:
        return None not in (
            self.usd_per_million_prompt_tokens,
            self.usd_per_million_completion_tokens,
        )

    def usd(self, prompt_tokens: int, completion_tokens: int) -> float | None:
        """What so many tokens cost; None where the prices are not configured."""
        per_prompt = self.usd_per_million_prompt_tokens
        per_answer = self.usd_per_million_completion_tokens
        if per_prompt is None or per_answer is None:
            return None
        return (prompt_tokens * per_prompt + completion_tokens * per_answer) / 1_000_000


class SearchConfig(Section):
    """The engine that needs no key: it tries small changes until the tests pass."""

    seconds: float = Field(default=120, gt=0, le=3_600)
    """Seconds that it may search for one incident."""
    candidates: int = Field(default=20_000, ge=1)
    """How many changes it may try for one incident."""


class EngineConfig(Section):
    """Who repairs."""

    order: tuple[Literal["search", "openai"], ...] = Field(
        default=("search", "openai"), min_length=1
    )
    """The engines to ask, one after the other until one has a patch. A model that follows on
    another engine is passed over where OPENAI_API_KEY is not set."""
    search: SearchConfig = SearchConfig()
    openai: OpenAIConfig = OpenAIConfig()

    @field_validator("order")
    @classmethod
    def _distinct(cls, order: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(order)) < len(order):
            raise ValueError("names an engine twice")
        return order


class LimitsConfig(Section):
    """Hard limits; what they hold back is said in every report."""

    incidents_per_tick: int = Field(default=5, ge=0)
    """How many incidents one tick may ask an engine about."""
    open_pulls: int = Field(default=10, ge=0)
    """With this many of its pull requests open, the bot proposes nothing new."""
    pulls_per_hour: int = Field(default=10, ge=0)
    """How many pull requests may be opened within an hour, by the ledger."""
    pulls_per_day: int = Field(default=30, ge=0)
    """How many pull requests may be opened within 24 hours."""
    patches_per_file_per_week: int = Field(default=5, ge=0)
    """How many pull requests about one file may be opened within seven days."""
    attempts_per_incident: int = Field(default=3, ge=1, le=20)
    """How often an incident is tried, the first time included."""
    tokens_per_incident: int = Field(default=50_000, ge=0)
    """Tokens, prompts and answers together, that one incident may cost in one tick."""
    tokens_per_tick: int = Field(default=250_000, ge=0)
    """Tokens that one tick may cost."""
    tokens_per_day: int = Field(default=1_000_000, ge=0)
    """Tokens that may be spent within 24 hours, by the ledger."""
    usd_per_incident: float | None = Field(default=None, ge=0)
    """Money that one incident may cost in one tick; limits in money need the engine's prices."""
    usd_per_tick: float | None = Field(default=None, ge=0)
    """Money that one tick may cost."""
    usd_per_day: float | None = Field(default=None, ge=0)
    """Money that may be spent within 24 hours, by the ledger."""


class PatchConfig(Section):
    """How large a patch may be before it is refused."""

    max_files: int = Field(default=5, ge=1)
    max_lines: int = Field(default=200, ge=1)
    """Lines added and removed together."""


class TestConfig(Section):
    """How the tests of a commit are run."""

    __test__ = False  # nothing for pytest to collect

    command: str = ""
    """The command that runs the tests, split into words as a shell would. Empty takes pytest or
    unittest, whichever the files of the base branch suggest."""
    setup: tuple[str, ...] = ()
    """Commands that prepare a fresh virtual environment from the base branch's files, such as
    `python -m pip install -r requirements.txt`. Each is split into words; no shell runs it. They
    alone may reach the network; what they made in the environment is kept until the commands, the
    dependency manifests or a file that a command names change."""
    junit: str = ""
    """A git-style pattern of JUnit XML files that the command writes. pytest and unittest are
    understood without."""
    timeout_s: float = Field(default=600, gt=0, le=86_400)
    """Seconds that one run of the tests may take."""
    setup_timeout_s: float = Field(default=900, gt=0, le=86_400)
    """Seconds that the set-up may take."""

    @field_validator("command", "setup")
    @classmethod
    def _splits(cls, commands: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for command in [commands] if isinstance(commands, str) else commands:
            try:
                shlex.split(command)
            except ValueError as error:
                raise ValueError(f"cannot be split into words: {command!r}: {error}") from error
        return commands


class SandboxConfig(Section):
    """Where proposals run, and what they may use there."""

    enabled: bool = True
    """`false` runs nothing here and leaves the proof to the forge's checks."""
    allow_unisolated: bool = False
    """Whether a run that holds a credential may run proposals where bubblewrap does not work. They
    could read that credential."""
    memory_mb: int = Field(default=2048, ge=64)
    """Memory of all processes of one run together."""
    processes: int = Field(default=256, ge=8)
    """How many processes and threads one run may have at once."""
    file_mb: int = Field(default=512, ge=1)
    """Size of one file."""
    disk_mb: int = Field(default=2048, ge=16)
    """What one run may write altogether."""
    environment: tuple[str, ...] = ()
    """Names of further environment variables that the tests may see, or patterns of names such as
    `DJANGO_*`. Only its own name, never a pattern, lets a credential through."""
    visible: tuple[str, ...] = ()
    """Absolute paths of further toolchains that the tests may read."""

    @field_validator("visible")
    @classmethod
    def _absolute(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        for path in paths:
            if not path.startswith("/") or ".." in path.split("/"):
                raise ValueError(f"{path!r} is not an absolute path")
        return paths


class MergeConfig(Section):
    """How the bot merges, where a rule lets it."""

    via: Literal["bot", "auto-merge"] = "bot"
    """Who merges what still lacks something that the forge itself asks for: the bot, in a later
    tick, or the forge's auto-merge. What lacks nothing the bot merges itself."""
    checks_start_within: Duration = "1h"
    """A required check that has not begun so long after its commit was proposed is not waited for
    any more, and people are told what it looks like."""

    required_checks: tuple[str, ...] = ()
    """Checks that must pass, in addition to those the forge itself requires."""
    method: Literal["default", "merge", "squash", "rebase"] = "default"
    """`default` takes the repository's own."""
    without_evidence: bool = False
    """Whether a rule may merge what no sandbox of the bot's has compared with the base, test by
    test. Then a patch that quietly drops tests is seen by nobody."""


class WatchConfig(Section):
    """How the bot looks after what it has merged."""

    window: Annotated[str, Field(json_schema_extra={"pattern": f"{DURATION}|^$"})] = "24h"
    """So long after a merge of the bot's the required checks are watched on the base branch, such
    as `24h` or `3d`. Empty watches nothing."""
    reverts_per_day: int = Field(default=2, ge=0)
    """With so many reverts proposed within 24 hours, the watch proposes no more."""

    @field_validator("window")
    @classmethod
    def _is_a_duration(cls, window: str) -> str:
        if window:
            duration(window)
        return window

    @property
    def lasts(self) -> timedelta:
        return duration(self.window) if self.window else timedelta()


class ReviewConfig(Section):
    """Who is asked for a review: the owners of what changes, by CODEOWNERS, or else these."""

    reviewers: tuple[str, ...] = ()
    """Logins, or `org/team`, without the @; asked where no CODEOWNERS line names anyone."""
    at_most: int = Field(default=3, ge=1, le=15)
    """So many are asked for one pull request. Every team is asked; of people, those who own most of
    what changes."""


class ProtectConfig(Section):
    """More paths that the bot never merges by itself; the built-in ones always count."""

    paths: tuple[str, ...] = ()


class CommitConfig(Section):
    """Who the bot's commits say made them."""

    name: str = Field(default="Amendbot", min_length=1, max_length=100)
    email: str = Field(default="amendbot@invalid.example", min_length=3, max_length=200)


class ActionsConfig(Section):
    """Actions of third parties that the model may use."""

    extra: tuple[str, ...] = ()
    """Names of `read` actions from installed packages (entry-point group `bot.actions`)."""
