"""Which pre-commit hooks can run without the network, and what is taken of what they leave."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.sandbox.hooks import _read, offline_part

MIXED = """\
default_stages: [pre-commit]
repos:
  - repo: https://hooks.example.invalid/tools
    rev: v1
    hooks: [{id: far}]
  - repo: local
    hooks:
      - {id: near, name: near, language: system, entry: "true", files: x}
      - {id: words, name: words, language: pygrep, entry: todo}
      - {id: built, name: built, language: python, entry: tool}
  - repo: meta
    hooks: [{id: identity}]
"""


def test_hooks_that_need_nothing_installed_stay_as_they_are_and_the_others_are_named() -> None:
    offline = offline_part(MIXED)
    kept = yaml.safe_load(offline.text)
    assert [[hook["id"] for hook in repo["hooks"]] for repo in kept["repos"]] == [
        ["near", "words"],
        ["identity"],
    ]
    assert kept["repos"][0]["hooks"][0]["files"] == "x"
    assert kept["default_stages"] == ["pre-commit"]
    assert offline.notes == ("Hooks that need the network were not run: far, built.",)


@pytest.mark.parametrize(
    "text", ["", "repos: []\n", "repos:\n", "a: [", "repos: [{repo: local}]\n"]
)
def test_without_a_hook_that_can_run_there_is_nothing_to_run(text: str) -> None:
    assert offline_part(text).text == ""


def test_only_a_plain_text_file_below_the_tree_is_taken(tmp_path: Path) -> None:
    tree, outside = tmp_path / "tree", tmp_path / "outside"
    (tree / "pkg").mkdir(parents=True)
    outside.mkdir()
    (outside / "secret.py").write_text("secret")
    (tree / "pkg" / "plain.py").write_text("plain")
    (tree / "pkg" / "link.py").symlink_to(outside / "secret.py")
    (tree / "away").symlink_to(outside)
    (tree / "bytes.py").write_bytes(b"\xff")
    (tree / "folder.py").mkdir()
    taken = {
        path: _read(tree, path)
        for path in ("pkg/plain.py", "pkg/link.py", "away/secret.py", "bytes.py", "folder.py", "no")
    }
    assert {path for path, text in taken.items() if text is not None} == {"pkg/plain.py"}
