"""The whole of `.github/bot.toml`, as one model."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import (
    model_validator,
)

from bot.config.rules import PolicyConfig
from bot.config.sections import (
    ActionsConfig,
    CommitConfig,
    EngineConfig,
    LimitsConfig,
    MergeConfig,
    PatchConfig,
    ProtectConfig,
    ReflectionsConfig,
    ReviewConfig,
    SandboxConfig,
    SourceConfig,
    TestConfig,
    TriageConfig,
    WatchConfig,
)
from bot.config.words import Mode, Section


class Config(Section):
    """The whole of `.github/bot.toml`."""

    enabled: bool = True
    """`false` stops the bot: it looks at nothing and does nothing."""
    mode: Mode = Mode.MERGE
    """How far it may go at all: `observe` asks no engine and writes nothing, `propose` opens pull
    requests and merges none, `merge` merges what the rules let it merge."""
    forge: Literal["auto", "github", "local"] = "auto"
    """Where pull requests live. `auto` takes `github` where the remote is there, else `local`:
    refs in the repository itself. Without GITHUB_TOKEN a clone from GitHub is only looked at."""
    dashboard: bool = True
    """Whether one issue says where the bot stands, where the forge has issues."""
    source: tuple[SourceConfig, ...] = (SourceConfig(),)
    reflections: ReflectionsConfig = ReflectionsConfig()
    triage: TriageConfig = TriageConfig()
    engine: EngineConfig = EngineConfig()
    limits: LimitsConfig = LimitsConfig()
    patch: PatchConfig = PatchConfig()
    test: TestConfig = TestConfig()
    sandbox: SandboxConfig = SandboxConfig()
    merge: MergeConfig = MergeConfig()
    watch: WatchConfig = WatchConfig()
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
