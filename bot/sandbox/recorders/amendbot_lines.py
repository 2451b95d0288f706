"""Which of the changed lines ran, measured with the `coverage` library where that disturbs nobody.

Only a program that does not measure itself is measured: two tracers in a process break each other.
"""

from __future__ import annotations

import ast
import os
import sys
import warnings
from typing import Any

import amendbot_events

_HERE = os.path.dirname(os.path.realpath(__file__))
_PER_EVENT = 400
_COVERAGE_TOOL = 1
"""The number that `sys.monitoring` keeps for coverage tools."""


class ChangedLines:
    """Measures the changed lines from its making on, until `report`."""

    def __init__(self) -> None:
        self._tree = os.path.realpath(os.environ.get("AMENDBOT_TREE", "."))
        self._lines = {
            path: lines
            for path, lines in amendbot_events.changed_lines().items()
            if path.endswith(".py") and lines
        }
        self._coverage = _started([os.path.join(self._tree, path) for path in self._lines])

    def report(self) -> None:
        measured, self._coverage = self._coverage, None
        if measured is None:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            measured.stop()
            data = measured.get_data()
        for path, lines in self._lines.items():
            file = os.path.join(self._tree, path)
            ran = lines_that_ran(file, lines, set(data.lines(file) or ()))
            for start in range(0, max(len(ran), 1), _PER_EVENT):
                amendbot_events.emit("lines", path=path, ran=ran[start : start + _PER_EVENT])


def _started(files: list[str]) -> Any:
    """A running measurement of these files; None where there is nothing, or somebody else, to."""
    if not files or sys.gettrace() is not None or _monitored():
        return None
    try:
        coverage = _library()
        if coverage.Coverage.current() is not None:
            return None
        # A pattern's special characters stand for themselves nowhere, so any character will do.
        include = ["".join("?" if char in "[]*" else char for char in file) for file in files]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            measuring = coverage.Coverage(data_file=None, config_file=False, include=include)
            if sys.version_info >= (3, 12):
                measuring.set_option("run:core", "sysmon")  # costs nothing in other files
            measuring.start()
    except (ImportError, SyntaxError, AttributeError, TypeError, ValueError, OSError):
        return None  # no library, or one too old for this or too new for this Python
    if sys.version_info < (3, 12) and type(sys.gettrace()).__name__ != "CTracer":
        measuring.stop()  # the tracer in Python would make the tests many times slower
        return None
    return measuring


def _monitored() -> bool:
    monitoring = getattr(sys, "monitoring", None)
    return monitoring is not None and monitoring.get_tool(_COVERAGE_TOOL) is not None


def _library() -> Any:
    """The program's own `coverage`, else the one that came along, which it will not find itself."""
    brought = os.path.join(_HERE, "library")
    sys.path.append(brought)
    try:
        import coverage
    finally:
        sys.path.remove(brought)
    return coverage


def lines_that_ran(file: str, lines: list[int], executed: set[int]) -> list[int]:
    """Those of the lines whose statement was executed; the tracer names its first line only."""
    spans = _statements(file)
    return [
        line
        for line in lines
        if line in executed or not executed.isdisjoint(spans.get(line, range(0)))
    ]


def _statements(file: str) -> dict[int, range]:
    """For each line the lines of its statement; of a compound one only those of its header."""
    try:
        with open(file, "rb") as stream:
            parsed = ast.parse(stream.read())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return {}
    spans: dict[int, range] = {}
    for node in ast.walk(parsed):
        if isinstance(node, ast.stmt):
            span = range(_first_line(node), _last_line(node) + 1)
            spans.update(dict.fromkeys(span, span))
    return spans


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _last_line(node: ast.stmt) -> int:
    body: list[ast.stmt] = getattr(node, "body", [])
    if body:
        return max(node.lineno, _first_line(body[0]) - 1)
    is_match = hasattr(node, "cases")
    return node.lineno if is_match else node.end_lineno or node.lineno
