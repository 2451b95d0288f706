"""The program that the bot repairs in these worlds, what a model may answer, and what CI says.

Every function starts out with the same defect and is told apart by its name, so that it can be
read off a file's text in which state each of them is.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from tests.loopback_openai import Message, Reply, Request, calls, fails, refuses
from tests.scenarios.world import WORKFLOW

PLACES = {"alpha": "parts.py", "beta": "parts.py", "gamma": "tools.py", "delta": "tools.py"}
"""Which function is in which file."""
BROKEN = "items[0]"
"""Fails on no items, which no test looks at."""
PATCHES: Mapping[str, str] = {
    "good": "items[0] if items else None",
    "other": "next(iter(items), None)",
    "bad": "items[-1]",
}
"""What a model may put in its place. Two functions with `other` are red together, each alone is
green; `bad` is red by itself."""
ANSWERS = (*PATCHES, "elsewhere", "outside", "nothing", "refusal", "down")
REWORKED = "list(items)[0]"
"""What a person makes of it, with the same defect."""
OWNERS = "/docs/ @alice\n"
REFLECTIONS = "reflections.json"

RULE = """
[[policy.rule]]
name = "small"
paths = ["*.py"]
max_lines = 20
proof = "checks"
outcome = "merge"
"""
SETTINGS = """\
{top}dashboard = {dashboard}

[[source]]
name = "reflections"
files = ["reflections.json"]
trust = {trust}

[reflections]
write_back = {write_back}

[engine]
order = ["openai"]

[engine.openai]
turns = 2
revisions = 1

{proof}via = "{via}"

[review]
reviewers = ["alice"]

[limits]
incidents_per_tick = 2
open_pulls = {open_pulls}
pulls_per_hour = 3
pulls_per_day = 6
attempts_per_incident = {attempts}
"""
BY_CI = """
[sandbox]
enabled = false

[merge]
without_evidence = true
"""
BY_SANDBOX = """
[sandbox]
allow_unisolated = true

[merge]
"""
_TOPS = {
    "usual": "",
    "reviewed": "",
    "propose": 'mode = "propose"\n',
    "observe": 'mode = "observe"\n',
    "off": "enabled = false\n",
    "tight": "",
}
CONFIGS = tuple(_TOPS)
"""What maintainers may want of the bot, by name."""


@dataclass(frozen=True)
class Options:
    """What else maintainers may want; any of these goes with any configuration."""

    dashboard: bool = True
    write_back: bool = False
    trust: bool = True
    via: str = "bot"


@dataclass(frozen=True)
class Wanted:
    """What maintainers want of the bot: the configuration's name, and its options."""

    name: str
    options: Options = field(default_factory=Options)

    def text(self, proof: str) -> str:
        """The file that says so, and who proves what is proposed: CI, or the bot's sandbox."""
        settings = SETTINGS.format(
            top=_TOPS[self.name],
            proof=proof,
            dashboard=_toml(self.options.dashboard),
            write_back=_toml(self.options.write_back),
            trust=_toml(self.options.trust),
            via=self.options.via,
            open_pulls=most_open(self.name),
            attempts=most_attempts(self.name),
        )
        return settings + ("" if self.name == "reviewed" else RULE)


def _toml(flag: bool) -> str:
    return str(flag).lower()


@lru_cache
def wanted_by(proof: str) -> Mapping[str, Wanted]:
    """Every configuration file that there can be, and what it says."""
    flags = (True, False)
    every = itertools.product(flags, flags, flags, ("bot", "auto-merge"))
    options = [Options(*one) for one in every]
    return {
        wanted.text(proof): wanted
        for wanted in (Wanted(name, one) for name in CONFIGS for one in options)
    }


UNKNOWN = Wanted("?")


STOPPING = ("observe", "off")
"""With these the bot writes nothing."""
MOST = {"incidents_per_tick": 2, "pulls_per_hour": 3, "pulls_per_day": 6}


def most_open(config: str) -> int:
    return 1 if config == "tight" else 3


def most_attempts(config: str) -> int:
    return 1 if config == "tight" else 3


def line(function: str, expression: str) -> str:
    return f'    return ("{function}", {expression})\n'


def module(path: str) -> str:
    functions = [
        f'def {name}(items):\n    """The first of them."""\n{line(name, BROKEN)}'
        for name, place in PLACES.items()
        if place == path
    ]
    return '"""Parts of a program."""\n\n\n' + "\n\n".join(functions)


TESTS = """\
import unittest

import parts
import tools


class TestAll(unittest.TestCase):
    def test_alpha(self):
        self.assertEqual(parts.alpha([1, 2]), ("alpha", 1))

    def test_beta(self):
        self.assertEqual(parts.beta([1, 2]), ("beta", 1))

    def test_gamma(self):
        self.assertEqual(tools.gamma([1, 2]), ("gamma", 1))

    def test_delta(self):
        self.assertEqual(tools.delta([1, 2]), ("delta", 1))

    def test_that_they_agree(self):
        text = open("parts.py").read() + open("tools.py").read()
        self.assertLess(text.count("next(iter(items), None)"), 2)
"""
"""What `is_green` says, for a sandbox that runs it."""


def files(config: str, *, tracked: bool) -> dict[str, str]:
    """What the repository begins with; `tracked` says whether the reflections are in it."""
    return {
        **({REFLECTIONS: "[]"} if tracked else {}),
        "test_all.py": TESTS,
        **{path: module(path) for path in sorted(set(PLACES.values()))},
        "README.md": "# Agent\n",
        "CODEOWNERS": OWNERS,
        ".github/workflows/ci.yml": WORKFLOW,
        ".github/bot.toml": config,
    }


def current(function: str, text: str) -> str:
    """What a function returns in this text of its file; empty where it is not there."""
    found = re.search(rf'^    return \("{function}", (.*)\)$', text, re.MULTILINE)
    return found[1] if found else ""


def replaced(function: str, text: str, expression: str) -> str:
    old = current(function, text)
    return text.replace(line(function, old), line(function, expression))


def is_green(read: Callable[[str], str]) -> bool:
    """What CI says of a commit whose files `read` gives."""
    found = [current(name, read(path)) for name, path in PLACES.items()]
    return PATCHES["bad"] not in found and found.count(PATCHES["other"]) < 2


def reflection(function: str, wording: int) -> dict[str, str]:
    place = PLACES[function]
    told = (
        f"The function '{function}' in '{place}' does not handle empty input correctly.",
        f"{function} in {place} crashes: IndexError on an empty list.",
        f"The function '{function}' in '{place}' does not handle empty input correctly.",
    )[wording]
    return {
        "id": f"{function}-{wording}",
        "timestamp": f"2025-07-0{wording + 1}T00:00:00Z",
        "task_summary": f"Use {function}",
        "outcome": "Function failed on edge case.",
        "reflection": told,
    }


WORDINGS = 3


class Model:
    """Answers deterministically: what it makes of a function is its mood about it."""

    def __init__(self, read_base: Callable[[str], str]) -> None:
        self._read_base = read_base
        self.moods: dict[str, str] = dict.fromkeys(PLACES, "good")

    def __call__(self, request: Request) -> Reply | None:
        asked = re.search(r"\b(alpha|beta|gamma|delta)'? in '?(?:parts|tools)\.py", request.text)
        if asked is None:
            return None
        function = asked[1]
        mood = self.moods[function]
        if mood == "down":
            return fails(400)
        if mood == "refusal":
            return refuses("I would rather not.")
        if mood == "nothing":
            return _nothing()
        return self._patch(function, mood)

    def _patch(self, function: str, mood: str) -> Message:
        place = PLACES[function]
        old = line(function, current(function, self._read_base(place)))
        edits = {
            "elsewhere": ("CODEOWNERS", OWNERS, f"{OWNERS}/{function}/ @alice\n"),
            "outside": ("../outside.py", old, "x = 1\n"),
        }
        new = line(function, PATCHES.get(mood, BROKEN))
        filename, before, after = edits.get(mood, (place, old, new))
        if before == after:
            return _nothing()
        report = {
            "filename": place,
            "function": function,
            "summary": f"{function} raises IndexError on empty input",
            "severity": "medium",
        }
        edit = {"filename": filename, "old": before, "new": after}
        patch = {"edits": [edit], "explanation": f"Let {function} take empty input ({mood})."}
        return calls(("log_bug_report", report), ("propose_code_patch", patch))


def _nothing() -> Message:
    return calls(("report_no_bug", {"reason": "It is as it should be."}))
