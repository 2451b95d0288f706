"""What counts of the configuration: the file, narrowed by `BOT_*` variables, else the default."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.config import Mode, parse_config
from bot.config.environment import OVERRIDABLE, overridden
from bot.config.origins import lines_of, settings
from bot.config.reference import config_schema, reference
from bot.errors import UserError

ROOT = Path(__file__).parent.parent
FILE = """\
mode = "propose"
[limits]
open_pulls = 3
[[source]]
name = "one"
files = [
  "a.json", # [limits] is not meant here
]
[[source]]
name = "two"
[engine]
openai = { model = "small" }
[[policy.rule]]
name = "all"
outcome = "review"
"""


@pytest.mark.parametrize(
    ("variables", "key", "counts"),
    [
        ({"BOT_ENABLED": "false"}, "enabled", "false"),
        ({"BOT_MODE": "observe"}, "mode", '"observe"'),
        ({"BOT_MODE": "merge"}, "mode", '"propose"'),
        ({"BOT_LIMITS_OPEN_PULLS": "1"}, "limits.open_pulls", "1"),
        ({"BOT_LIMITS_OPEN_PULLS": "99"}, "limits.open_pulls", "3"),
        ({"BOT_LIMITS_OPEN_PULLS": ""}, "limits.open_pulls", "3"),
        ({"BOT_ENGINE_ORDER": "search, openai"}, "engine.order", '["search", "openai"]'),
        ({"BOT_ENGINE_OPENAI_MODEL": "large"}, "engine.openai.model", '"large"'),
        ({"BOT_MERGE_WITHOUT_EVIDENCE": "true"}, "merge.without_evidence", "false"),
    ],
)
def test_a_variable_narrows_and_never_loosens(
    variables: dict[str, str], key: str, counts: str
) -> None:
    config = parse_config(FILE)
    _, overrides, _ = overridden(config, variables)
    shown = {one.key: one.value for one in settings(config, FILE, "bot.toml", overrides)}
    assert shown[key] == counts


def test_an_off_switch_in_the_file_cannot_be_switched_on() -> None:
    config, overrides, _ = overridden(parse_config("enabled = false"), {"BOT_ENABLED": "true"})
    assert (config.enabled, overrides) == (False, ())


def test_policy_trust_and_protection_are_the_files_alone() -> None:
    guarded = ("policy", "protect", "merge", "source", "sandbox", "review", "actions", "patch")
    assert not [key for key in OVERRIDABLE if key.startswith(guarded)]


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("BOT_MODE", "dance", "BOT_MODE='dance' makes no sense"),
        ("BOT_LIMITS_OPEN_PULLS", "-1", "greater than or equal to 0"),
        ("BOT_LIMITS_USD_PER_DAY", "5", "needs engine.openai.usd_per_million"),
    ],
)
def test_a_variable_that_makes_no_sense_stops_the_run(variable: str, value: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        overridden(parse_config(FILE), {variable: value})


def test_a_misspelt_variable_is_spoken_of_and_those_of_others_are_not() -> None:
    _, _, said = overridden(parse_config(""), {"BOT_LIMIT_OPEN_PULLS": "1", "BOT_TOKEN": "x"})
    assert said == ("BOT_LIMIT_OPEN_PULLS is not read; did you mean BOT_LIMITS_OPEN_PULLS?",)


def test_each_value_is_traced_to_its_line() -> None:
    config = parse_config(FILE)
    _, overrides, _ = overridden(config, {"BOT_MODE": "observe"})
    origins = {one.key: one.origin for one in settings(config, FILE, "bot.toml", overrides)}
    assert origins["mode"] == "BOT_MODE"
    assert origins["limits.open_pulls"] == "bot.toml:3"
    assert origins["limits.pulls_per_day"] == "default"
    assert origins["source[0].files"] == "bot.toml:6"
    assert origins["source[1].name"] == "bot.toml:10"
    assert origins["engine.openai.model"] == "bot.toml:12"
    assert origins["engine.openai.turns"] == "default"
    assert origins["policy.rule[0].outcome"] == "bot.toml:15"


def test_a_table_in_an_array_of_tables_belongs_to_the_last() -> None:
    assert lines_of("[[a]]\nx = 1\n[[a]]\n[a.b]\ny = 2\n") == {"a[0].x": 2, "a[1].b.y": 5}


def test_the_page_and_the_schema_are_those_of_the_models() -> None:
    """`make reference` writes both anew."""
    assert (ROOT / "docs/configuration.md").read_text(encoding="utf-8") == reference()
    shipped = (ROOT / "bot/config/schema.json").read_text(encoding="utf-8")
    assert json.loads(shipped) == json.loads(config_schema())


def test_observe_is_the_narrowest_mode() -> None:
    config, _, _ = overridden(parse_config('mode = "observe"'), {"BOT_MODE": "merge"})
    assert config.mode is Mode.OBSERVE
