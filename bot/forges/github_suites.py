"""What GitHub set going for a commit, whether or not a check has come of it. Pure.

A workflow that waits for a person's approval has a check suite and no check run. Every app that may
write checks has a suite too, an empty one where it never does anything; those say nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from bot.model import Started

SUITE = """
  status conclusion url app { name }
  workflowRun { url workflow { name } }
  checkRuns(first: 1) { totalCount }
"""


def started(suites: Iterable[dict[str, Any]]) -> tuple[Started, ...]:
    return tuple(sorted(set(_started(suites))))


def _started(suites: Iterable[dict[str, Any]]) -> Iterator[Started]:
    for suite in suites:
        run = suite["workflowRun"]
        runs = suite["checkRuns"] or {"totalCount": 0}
        if run is None and not runs["totalCount"] and suite["conclusion"] is None:
            continue
        name = run["workflow"]["name"] if run else (suite["app"] or {"name": "an app"})["name"]
        awaits = suite["conclusion"] == "ACTION_REQUIRED" or suite["status"] == "WAITING"
        yield Started(name, run["url"] if run else suite["url"], awaits)
