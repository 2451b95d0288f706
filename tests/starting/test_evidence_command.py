"""`bot evidence` is a check: it passes where nothing broke, and fails else, with a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.cli import app
from bot.errors import UserError
from tests.scratch import Scratch

SOUND = "def double(x):\n    return 2 * x\n"
TEST = """\
import unittest

from double import double


class TestDouble(unittest.TestCase):
    def test_two(self):
        self.assertEqual(double(2), 4)
"""


def test_what_breaks_a_test_fails_and_is_told(
    scratch: Scratch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = scratch.commit({"double.py": SOUND, "test_double.py": TEST})
    scratch.commit({"double.py": SOUND.replace("2 * x", "3 * x")})
    monkeypatch.chdir(scratch.clone)
    summary = tmp_path / "summary.md"
    ended = CliRunner().invoke(app, ["evidence", base, "HEAD", "--summary", str(summary)])
    assert isinstance(ended.exception, UserError)
    assert str(ended.exception).startswith("It breaks 1 test")
    assert "test_double.TestDouble.test_two" in summary.read_text()


@pytest.mark.parametrize("name", ["main", "0" * 40, "--all", "HEAD~1"])
def test_commits_are_named_by_their_hash(
    scratch: Scratch, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(scratch.clone)
    ended = CliRunner().invoke(app, ["evidence", "--", name, "HEAD"])
    assert "There is no commit" in str(ended.exception)
