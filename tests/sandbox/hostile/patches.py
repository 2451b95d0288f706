"""Patches that make tests look as if they passed, instead of mending what fails.

`BASE` has a test that fails, one that passes and one that is skipped. Each patch is a set of files
over it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

PYTEST = ("python", "-m", "pytest", "-q")
UNITTEST = ("python", "-m", "unittest")
MODULE = "def first(words):\n    return words[0]\n"
TESTS = """\
import unittest
from words import first

class Words(unittest.TestCase):
    def test_one(self): self.assertEqual(first(["a"]), "a")
    def test_none(self): self.assertEqual(first([]), "")
    @unittest.skip("not yet")
    def test_later(self): pass
"""
BASE = {"words.py": MODULE, "test_words.py": TESTS}


@dataclass(frozen=True)
class Patch:
    """`says` is what the evidence must say of it, in one sentence."""

    says: str
    files: dict[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = PYTEST


def _before_tests(text: str) -> dict[str, str]:
    return {"test_words.py": f"{text}\n{TESTS}"}


def _in_a_test(text: str) -> dict[str, str]:
    return {"test_words.py": TESTS.replace("self.assertEqual(first([])", f"{text}; (([])")}


_DENIED = "It breaks the tests: the run ended with exit code 0 although tests failed."
_SILENT = "It breaks the tests: the run no longer names its tests."
_ENDED = "It breaks the tests: the run ended before the runner was done."
_ENDS_AT_IMPORT = "import os; os._exit(0)"
_LEAVES_OUT = """\
import pytest
def pytest_collection_modifyitems(config, items):
    items[:] = [item for item in items if "later" not in item.name]
    for item in items:
        item.add_marker(pytest.mark.skip if "one" in item.name else pytest.mark.xfail)
"""
_REWRITES_REPORT = """\
import os, pytest
@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    with open("report.xml", "w") as report:
        report.write("<testsuite><testcase classname='test_words.Words' name='test_none'/>")
        report.write("<testcase classname='test_words.Words' name='test_one'/></testsuite>")
    os._exit(0)
"""
_FORGES_AND_SPOILS_EVENTS = """\
import json, os
pipe = os.open(os.environ["AMENDBOT_REPORT"], os.O_WRONLY)
test = {"id": "test_words.py::Words::test_none", "outcome": "passed", "s": 0}
def send(event, **fields):
    os.write(pipe, json.dumps({"e": event, "key": "f" * 32, "run": "own", **fields}).encode())
    os.write(pipe, b"\\n")
for event, fields in (("begin", {}), ("test", test), ("done", {"exit": 0, "left": 0})):
    send(event, **fields)
os.write(pipe, os.urandom(4096) + b"\\n" + b"{" * 5000 + b"\\n" + b'{"e": 1}\\n[]\\n')
def pytest_runtest_logreport(report):
    os.write(pipe, b'{"e":')  # whatever is written next is no longer a line of its own
def pytest_sessionfinish(session):
    session.exitstatus = 0
"""
_SILENCES_RECORDER = """\
import amendbot_events
amendbot_events.emit = lambda *words, **fields: None
"""
_RECORDER_OFF = "[pytest]\naddopts = -p no:amendbot_pytest --collect-only\n"
_ALWAYS_WELL = "import sys; print('3 passed'); sys.exit(0)\n"

PATCHES = {
    "ends at import": Patch(_ENDED, {"conftest.py": _ENDS_AT_IMPORT}),
    "exits in a test module": Patch(
        "It breaks the tests: the run ended with exit code 3 although no test failed.",
        _before_tests("import sys; sys.exit(0)"),
    ),
    "ends in a test": Patch(_DENIED, _in_a_test("__import__('os')._exit(0)"), UNITTEST),
    "skips, expects failures and deselects": Patch(
        "3 tests of the base no longer run.", {"conftest.py": _LEAVES_OUT}
    ),
    "rewrites the report": Patch(
        _DENIED, {"conftest.py": _REWRITES_REPORT}, (*PYTEST, "--junitxml=report.xml")
    ),
    "forges and spoils events": Patch(_DENIED, {"conftest.py": _FORGES_AND_SPOILS_EVENTS}),
    "silences the recorder": Patch(_ENDED, _before_tests(_SILENCES_RECORDER), UNITTEST),
    "turns the recorder off": Patch(_ENDED, {"pytest.ini": _RECORDER_OFF}),
    "is taken for pytest": Patch(_SILENT, {"pytest.py": _ALWAYS_WELL}),
    "is taken for unittest": Patch(_SILENT, {"unittest.py": _ALWAYS_WELL}, UNITTEST),
}
"""What is caught, whoever reviews it."""

_TURNS_OUTCOMES = """\
import pytest
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.failed:
        report.outcome = "passed"
    return report
"""
_SPEAKS_FOR_RECORDER = """\
import amendbot_events, atexit, os
send = amendbot_events.emit
def emit(event, **fields):
    send(event, **{**fields, **({"outcome": "passed"} if "outcome" in fields else {})})
amendbot_events.emit = emit
atexit.register(os._exit, 0)
"""

UNCAUGHT = {
    "turns outcomes": Patch("", {"conftest.py": _TURNS_OUTCOMES}),
    "speaks for the recorder": Patch("", _before_tests(_SPEAKS_FOR_RECORDER), UNITTEST),
}
"""What runs in the tests' own process can say anything. Policy keeps it from merging by itself."""
