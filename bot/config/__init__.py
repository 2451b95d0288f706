"""`.github/bot.toml`: what maintainers ask of the bot, checked before anything is believed.

The file is read from the base branch's commit. Unknown keys are mistakes and are answered with the
key that was probably meant, because a misspelt safety setting must not be silently ignored.
"""

from bot.config.reading import (
    CONFIG_PATH,
    parse_config,
    read_config,
    stopped_by,
)
from bot.config.rules import (
    PolicyConfig,
    RuleConfig,
)
from bot.config.sections import (
    ActionsConfig,
    CommitConfig,
    EngineConfig,
    LimitsConfig,
    MergeConfig,
    OpenAIConfig,
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
from bot.config.whole import (
    Config,
)
from bot.config.words import (
    Mode,
    Outcome,
    Proof,
)

__all__ = [
    "CONFIG_PATH",
    "ActionsConfig",
    "CommitConfig",
    "Config",
    "EngineConfig",
    "LimitsConfig",
    "MergeConfig",
    "Mode",
    "OpenAIConfig",
    "Outcome",
    "PatchConfig",
    "PolicyConfig",
    "Proof",
    "ProtectConfig",
    "ReflectionsConfig",
    "ReviewConfig",
    "RuleConfig",
    "SandboxConfig",
    "SourceConfig",
    "TestConfig",
    "TriageConfig",
    "WatchConfig",
    "parse_config",
    "read_config",
    "stopped_by",
]
