"""The README says nothing that is not so: its examples parse, its commands and files exist."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import typer.main
from pydantic import BaseModel

from bot.cli import app
from bot.config import Config, parse_config
from bot.sources import Document, read_document

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
WHOLE_FILE = (ROOT / "docs/policy-file.md").read_text(encoding="utf-8")


def blocks(language: str, page: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def keys_of_example(value: Any, prefix: str = "") -> Iterator[str]:
    for table in value if isinstance(value, list) else [value]:
        if isinstance(table, dict):
            for key, inner in table.items():
                yield f"{prefix}{key}"
                yield from keys_of_example(inner, f"{prefix}{key}.")


def keys_of_model(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        yield f"{prefix}{name}"
        for section in (field.annotation, *get_args(field.annotation)):
            if isinstance(section, type) and issubclass(section, BaseModel):
                yield from keys_of_model(section, f"{prefix}{name}.")


@pytest.mark.parametrize("block", [*blocks("toml"), *blocks("toml", WHOLE_FILE)])
def test_every_policy_file_parses(block: str) -> None:
    assert parse_config(block, "README.md").policy.rule


def test_the_example_shows_every_setting_and_the_defaults_it_says() -> None:
    (block,) = blocks("toml", WHOLE_FILE)
    shown = set(keys_of_example(tomllib.loads(block)))
    assert shown == set(keys_of_model(Config))

    said, default = parse_config(block), Config()
    no_money = {"usd_per_incident": None, "usd_per_tick": None, "usd_per_day": None}
    assert said.limits.model_copy(update=no_money) == default.limits
    unpriced = {
        "usd_per_million_prompt_tokens": None,
        "usd_per_million_completion_tokens": None,
    }
    assert said.engine.openai.model_copy(update=unpriced) == default.engine.openai
    assert said.source[0].model_copy(update={"trust": False}) == default.source[0]
    assert (said.patch, said.commit, said.merge.method) == (
        default.patch,
        default.commit,
        default.merge.method,
    )


@pytest.mark.parametrize("block", blocks("json"))
def test_every_example_of_reflections_is_read(block: str) -> None:
    records = list(read_document(Document("reflections", "README.md", block.encode())))
    assert [getattr(record, "task", "") for record in records] == [
        record["task_summary"] for record in json.loads(block)
    ]


def test_every_command_and_option_exists() -> None:
    root: Any = typer.main.get_command(app)
    named = set(re.findall(r"(?:^|`)bot ([a-z]+)(?: ([a-z]+))?((?: --[a-z-]+)*)", README, re.M))
    assert {first for first, _, _ in named} == set(root.commands), "each is named, none is made up"
    for first, second, options in named:
        command = root.commands[first]
        inner = getattr(command, "commands", {})
        command = inner[second] if inner and second else command
        known = {name for option in command.params for name in option.opts}
        assert set(options.split()) <= known


def test_every_file_named_exists() -> None:
    named = set(re.findall(r"`((?:bot|tests|bench)/[a-z_./]+)`", README))
    assert len(named) > 30
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_module_is_in_the_table() -> None:
    _, _, table = README.partition("## Where do I change")
    modules = {path.name for path in (ROOT / "bot").glob("*.py")} - {"__init__.py"}
    assert [name for name in sorted(modules) if f"`bot/{name}`" not in table] == []
