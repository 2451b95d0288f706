"""The command line itself: help, exit codes, and what works without a forge."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot.wiring import git_host


def bot(*args: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", *args],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_loads_none_of_the_heavy_libraries() -> None:
    """They cost 0.3 to 1 s each; `--help` has to be there at once."""
    script = (
        "import sys; from bot import cli; sys.argv = ['bot', '--help']\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "heavy = {'openai', 'github', 'git', 'pydantic', 'requests', 'httpx'} & set(sys.modules)\n"
        "print('HEAVY', sorted(heavy))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout.strip().endswith("HEAVY []")
    for command in ("run", "plan", "apply", "reflect", "reflections", "actions", "config"):
        assert command in ran.stdout


def test_actions_are_listed_and_a_model_is_given_no_write(tmp_path: Path) -> None:
    listed = bot("actions", cwd=tmp_path)
    assert listed.returncode == 0
    assert "merge_pull_request" in listed.stdout
    tools = json.loads(bot("actions", "--json", cwd=tmp_path).stdout)
    assert {tool["function"]["name"] for tool in tools} == {
        "read_file", "search_code", "log_bug_report", "propose_code_patch", "report_no_bug",
    }  # fmt: skip
    for tool in tools:
        assert tool["type"] == "function"
        assert tool["function"]["strict"] is True
        assert tool["function"]["parameters"]["additionalProperties"] is False


def test_config_check_names_the_key_that_was_meant(tmp_path: Path) -> None:
    (tmp_path / "bot.toml").write_text("[limits]\nopen_pull = 3\n")
    ran = bot("config", "check", "bot.toml", cwd=tmp_path)
    assert ran.returncode == 1
    assert ran.stderr == (
        "bot: bot.toml: unknown key 'limits.open_pull' (did you mean 'open_pulls'?).\n"
    )
    (tmp_path / "bot.toml").write_text("[limits]\nopen_pulls = 3\n")
    assert bot("config", "check", "bot.toml", cwd=tmp_path).returncode == 0


def test_config_schema_is_json_schema(tmp_path: Path) -> None:
    schema = json.loads(bot("config", "schema", cwd=tmp_path).stdout)
    assert "policy" in schema["properties"]


@pytest.mark.parametrize("args", [("nonsense",), ("run", "--nonsense"), ("reflect",)])
def test_wrong_usage_is_exit_code_2(tmp_path: Path, args: tuple[str, ...]) -> None:
    assert bot(*args, cwd=tmp_path).returncode == 2


def test_outside_a_repository_one_sentence_says_what_to_do(tmp_path: Path) -> None:
    ran = bot("run", "--dry-run", cwd=tmp_path)
    assert ran.returncode == 1
    assert "not inside a git repository" in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_a_repository_without_a_commit_is_told_to_make_one(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    ran = bot("run", "--dry-run", cwd=tmp_path)
    assert ran.returncode == 1
    assert "commit something first" in ran.stderr


@pytest.mark.parametrize(
    ("api", "host"),
    [
        ("https://api.github.com", "github.com"),
        ("https://api.acme.ghe.com", "acme.ghe.com"),
        ("https://git.acme.example/api/v3", "git.acme.example"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
    ],
)
def test_the_token_goes_to_the_host_of_the_api_and_to_no_other(api: str, host: str) -> None:
    assert git_host(api) == host
