"""An edit moves along with its base only where the code around it is as it was."""

from __future__ import annotations

import pytest

from bot.anchoring import shifted

OLD = "def a():\n    x = 1\n    return x\n\n\ndef b():\n    return 2\n\n\nLIMIT = 3\n"


@pytest.mark.parametrize(
    ("path", "new", "head", "what"),
    [
        ("m.py", OLD, OLD.replace("x = 1", "x = 2"), ""),
        ("m.py", "import os\n\n" + OLD, OLD.replace("x = 1", "x = 2"), ""),
        ("m.py", OLD.replace("return 2", "return 3"), OLD.replace("x = 1", "x = 2"), ""),
        ("m.py", OLD.replace("return x", "return -x"), OLD.replace("x = 1", "x = 2"), "a in m.py"),
        ("m.py", OLD.replace("def a", "def z"), OLD.replace("x = 1", "x = 2"), "a in m.py"),
        ("m.py", OLD.replace("return x", "return -x"), OLD.replace("x = 1\n", "x = 1\n    y\n"),
         "a in m.py"),
        ("m.py", OLD.replace("return 2", "return 3"), OLD.replace("LIMIT = 3", "LIMIT = 4"), ""),
        ("m.txt", OLD + "more\n", OLD.replace("x = 1", "x = 2"), "m.txt"),
    ],
)  # fmt: skip
def test_the_enclosing_definition_has_to_be_unchanged(
    path: str, new: str, head: str, what: str
) -> None:
    assert shifted(path, OLD, new, head) == what
