"""The pages below docs/ say nothing that is not so: commands, files, links and examples exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from bot.cli import app
from bot.config import parse_config
from tests.demo.pictures import lines, steady
from tests.demo.quick_start import Newcomer, steps

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
WRITTEN = [page for page in PAGES if page.name not in ("configuration.md", "states.md")]
"""Those that people write; the others are printed by the code."""
each_page = pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)


def blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```$", text)


def anchors(page: Path) -> set[str]:
    """The names that GitHub gives to a page's headings."""
    found = re.findall(r"(?m)^#+ (.+)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in found}


@each_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        other = (page.parent / path).resolve() if path else page
        assert other.exists(), target
        assert not anchor or anchor in anchors(other), target


@pytest.mark.parametrize("page", [page for page in WRITTEN if page.name != "policies.md"])
def test_every_file_named_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:bot|tests|bench|docs)/[a-z_./]+)`", text))
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


@each_page
def test_every_command_and_option_exists(page: Path) -> None:
    root: Any = typer.main.get_command(app)
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"(?m)(?:^|`)bot ([a-z]+)(?: ([a-z-]+))?([^`\n]*)", text)
    for first, second, rest in named:
        command = root.commands[first]
        inner = getattr(command, "commands", {})
        command = inner.get(second, command)
        known = {name for option in command.params for name in option.opts}
        assert set(re.findall(r"(?<= )--[a-z0-9-]+", rest)) <= known, f"bot {first} {second}{rest}"


@each_page
def test_every_policy_file_parses(page: Path) -> None:
    for block in blocks(page, "toml"):
        parse_config(block, page.name)


def examples() -> Iterator[Any]:
    for block in blocks(ROOT / "docs/extending.md", "python"):
        first, _, rest = block.partition("\n")
        yield pytest.param(first.removeprefix("# "), rest, id=first.removeprefix("# "))


@pytest.mark.parametrize(("path", "example"), [*examples()])
def test_every_example_of_an_extension_is_in_the_file_it_names(path: str, example: str) -> None:
    there = (ROOT / path).read_text(encoding="utf-8")
    for part in re.split(r"(?m)^ *# \.\.\.\n", example):
        assert part.strip("\n") in there
        there = there.partition(part.strip("\n"))[2]  # in this order


@pytest.mark.thorough
def test_the_run_it_shows_is_a_real_one(tmp_path: Path) -> None:
    person = Newcomer(tmp_path)
    for step in steps():
        printed = person.types(step)
        if step == "bot run --dry-run\n":
            break
    shown = lines((ROOT / "docs/run.svg").read_text(encoding="utf-8"))[1:]
    assert len(shown) > 40
    real = [steady(line) for line in printed.splitlines()]
    for line in map(steady, shown):
        if "Run with" not in line:  # which says how far this machine isolates
            assert line in real
            del real[: real.index(line) + 1]  # in this order


@pytest.mark.thorough
def test_the_quick_start_works_as_written(tmp_path: Path) -> None:
    person = Newcomer(tmp_path)
    printed = [person.types(step) for step in steps()]
    assert "Nothing to do." in printed[-1]
    assert printed[-1].count("Merge pull request") == 2
    shown = lines((ROOT / "docs/pull.svg").read_text(encoding="utf-8"))[1:]
    real = [steady(line) for line in printed[steps().index("bot pulls show 1\n")].splitlines()]
    assert {steady(line) for line in shown if line.startswith("#")} <= {*real}
