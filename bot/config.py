"""`.github/bot.toml`: what maintainers ask of the bot, checked before anything is believed.

The file is read from the base branch's commit. Unknown keys are mistakes and are answered with the
key that was probably meant, because a misspelt safety setting must not be silently ignored.
"""

from __future__ import annotations

import difflib
import json
import shlex
import tomllib
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from bot.errors import UserError
from bot.model import Kind, Severity, Tree
from bot.time_windows import DURATION, HOURS, Day, Window, duration, hours, zone

CONFIG_PATH = ".github/bot.toml"

_Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$")]
_Globs = Annotated[tuple[str, ...], Field(min_length=1)]
_Duration = Annotated[str, Field(json_schema_extra={"pattern": DURATION})]
_Hours = Annotated[str, Field(json_schema_extra={"pattern": HOURS})]
_Keyword = Annotated[str, Field(pattern=r"^\S(.{0,62}\S)?$")]


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


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class SourceConfig(_Section):
    """Where reflections come from: files of the work tree, or files of a named ref."""

    name: _Name = "reflections"
    """A name for this source; it appears in proposals."""
    files: _Globs = ("reflections.json", "**/reflections.json", "**/reflections.jsonl")
    """Git-style patterns of the files to read."""
    ref: str = ""
    """A branch (or full ref) of the remote to read from; empty reads the work tree."""
    trust: bool = False
    """Whether a change that came from here may be merged without a person."""

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


class TriageConfig(_Section):
    """Which words speak of a defect, beside or instead of the built-in ones."""

    keywords: tuple[_Keyword, ...] = ()
    """More words or phrases that make a reflection actionable, in any language."""
    ignore: tuple[_Keyword, ...] = ()
    """Words or phrases that say nothing here, though triage would otherwise heed them."""


class OpenAIConfig(_Section):
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


class EngineConfig(_Section):
    """Who repairs."""

    name: Literal["openai"] = "openai"
    """The engine to ask."""
    openai: OpenAIConfig = OpenAIConfig()


class LimitsConfig(_Section):
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


class PatchConfig(_Section):
    """How large a patch may be before it is refused."""

    max_files: int = Field(default=5, ge=1)
    max_lines: int = Field(default=200, ge=1)
    """Lines added and removed together."""


class TestConfig(_Section):
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


class SandboxConfig(_Section):
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


class MergeConfig(_Section):
    """How the bot merges, where a rule lets it."""

    required_checks: tuple[str, ...] = ()
    """Checks that must pass, in addition to those the forge itself requires."""
    method: Literal["default", "merge", "squash", "rebase"] = "default"
    """`default` takes the repository's own."""
    without_evidence: bool = False
    """Whether a rule may merge what no sandbox of the bot's has compared with the base, test by
    test. Then a patch that quietly drops tests is seen by nobody."""


class ReviewConfig(_Section):
    """Who is asked, where no CODEOWNERS line names anyone."""

    reviewers: tuple[str, ...] = ()
    """Logins, or `org/team`, without the @."""


class ProtectConfig(_Section):
    """More paths that the bot never merges by itself; the built-in ones always count."""

    paths: tuple[str, ...] = ()


class CommitConfig(_Section):
    """Who the bot's commits say made them."""

    name: str = Field(default="Amendbot", min_length=1, max_length=100)
    email: str = Field(default="amendbot@invalid.example", min_length=3, max_length=200)


class RuleConfig(_Section):
    """One rule: when every condition it names is met, its outcome is the decision.

    The first rule that matches wins. What is unknown never satisfies a condition. What only time
    can bring holds the decision open, and nobody is asked for anything meanwhile.
    """

    name: _Name
    outcome: Outcome
    paths: _Globs | None = None
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
    source: tuple[_Name, ...] | None = Field(default=None, min_length=1)
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


class PolicyConfig(_Section):
    """Ordered rules; without one that matches, a person reviews."""

    rule: tuple[RuleConfig, ...] = ()

    @model_validator(mode="after")
    def _distinct_names(self) -> Self:
        names = [rule.name for rule in self.rule]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"has two rules named {twice[0]!r}; give each a name of its own")
        return self


class ActionsConfig(_Section):
    """Actions of third parties that the model may use."""

    extra: tuple[str, ...] = ()
    """Names of `read` actions from installed packages (entry-point group `bot.actions`)."""


class Config(_Section):
    """The whole of `.github/bot.toml`."""

    enabled: bool = True
    """`false` stops the bot: it looks at nothing and does nothing."""
    mode: Mode = Mode.MERGE
    """How far it may go at all: `observe` asks no engine and writes nothing, `propose` opens pull
    requests and merges none, `merge` merges what the rules let it merge."""
    forge: Literal["auto", "github", "local"] = "auto"
    """Where pull requests live. `auto` takes `github` where the remote is there and GITHUB_TOKEN is
    set, else `local`: refs in the repository itself."""
    source: tuple[SourceConfig, ...] = (SourceConfig(),)
    triage: TriageConfig = TriageConfig()
    engine: EngineConfig = EngineConfig()
    limits: LimitsConfig = LimitsConfig()
    patch: PatchConfig = PatchConfig()
    test: TestConfig = TestConfig()
    sandbox: SandboxConfig = SandboxConfig()
    merge: MergeConfig = MergeConfig()
    review: ReviewConfig = ReviewConfig()
    protect: ProtectConfig = ProtectConfig()
    commit: CommitConfig = CommitConfig()
    policy: PolicyConfig = PolicyConfig()
    actions: ActionsConfig = ActionsConfig()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        names = [source.name for source in self.source]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"has two sources named {twice[0]!r}; give each a name of its own")
        for rule in self.policy.rule:
            unknown = sorted(set(rule.source or ()) - set(names))
            if unknown:
                raise ValueError(f"rule {rule.name!r} names no such source: {unknown[0]!r}")
        money = ("usd_per_incident", "usd_per_tick", "usd_per_day")
        limited = [name for name in money if getattr(self.limits, name) is not None]
        if limited and not self.engine.openai.priced:
            raise ValueError(
                f"limits.{limited[-1]} needs engine.openai.usd_per_million_prompt_tokens and "
                "engine.openai.usd_per_million_completion_tokens"
            )
        return self

    def trusts(self, sources: tuple[str, ...]) -> bool:
        """Whether every one of these sources is configured and trusted."""
        trusted = {source.name for source in self.source if source.trust}
        return bool(sources) and set(sources) <= trusted


def stopped_by(config: Config, *, rehearsal: bool = False) -> str:
    """Why the configuration lets the bot do nothing, as a clause; empty if it does.

    A `rehearsal` only prints what would be done, which is what people want while it observes.
    """
    if not config.enabled:
        return f"the bot is switched off: enabled = false in {CONFIG_PATH}"
    if config.mode is Mode.OBSERVE and not rehearsal:
        return (
            f'the bot only observes: mode = "observe" in {CONFIG_PATH} '
            "(bot run --dry-run asks the engine and shows what it would propose)"
        )
    return ""


def parse_config(text: str, origin: str = CONFIG_PATH) -> Config:
    """Read the text of a configuration file; every mistake is named in one UserError."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{origin} is not TOML: {error}.") from error
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        mistakes = "; ".join(_sentences(error))
        raise UserError(f"{origin}: {mistakes}.") from error


def read_config(tree: Tree) -> Config:
    """The configuration in a commit's tree, the defaults where it has none.

    A file that is there and cannot be read is a UserError: it may well be the one that says
    `enabled = false`.
    """
    text = tree.read(CONFIG_PATH)
    if text is None and tree.mode(CONFIG_PATH):
        raise UserError(f"{CONFIG_PATH} is not a plain UTF-8 file, so the bot does nothing.")
    return Config() if text is None else parse_config(text)


def config_schema() -> str:
    """The JSON Schema of the configuration file, for editors."""
    return json.dumps(Config.model_json_schema(), indent=2)


def _sentences(error: ValidationError) -> Iterator[str]:
    for mistake in error.errors(include_url=False):
        place = _dotted(mistake["loc"])
        if mistake["type"] == "extra_forbidden":
            yield f"unknown key {place!r}{_suggestion(mistake['loc'])}"
        else:
            message = mistake["msg"].removeprefix("Value error, ")
            message = message[:1].lower() + message[1:]
            yield f"{place}: {message}" if place else message


def _dotted(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _suggestion(location: tuple[int | str, ...]) -> str:
    section: Any = Config
    for part in location[:-1]:
        if isinstance(part, str) and section is not None:
            section = _section_of(section, part)
    known = list(section.model_fields) if section is not None else []
    close = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.5)
    if close:
        return f" (did you mean {close[0]!r}?)"
    return f" (known here: {', '.join(known)})" if known else ""


def _section_of(model: type[BaseModel], field: str) -> type[BaseModel] | None:
    """The section a field of `model` holds, be it plain or in a tuple."""
    if field not in model.model_fields:
        return None
    pending: list[Any] = [model.model_fields[field].annotation]
    while pending:
        annotation = pending.pop()
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            return annotation
        pending.extend(get_args(annotation))
    return None
