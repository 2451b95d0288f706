"""Examples in documentation (`>>> f(1)` and what comes of it), which say what code should do."""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MAX_GROUPS = 10
MAX_EXAMPLES = 30


class Example:
    """One example: what is typed, and what should come."""

    def __init__(self, source: str, want: str) -> None:
        self._source = source
        self._want = want

    def holds(self, names: dict[str, Any]) -> bool:
        """Whether it is so, with these names, to which it may add."""
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(self._source, "<example>", "single"), names)
        options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
        got = printed.getvalue()
        return not self._want or doctest.OutputChecker().check_output(self._want, got, options)


def of(text: str, functions: list[str]) -> list[list[Example]]:
    """The examples of a file that mention one of these functions, by the text they stand in."""
    words = "|".join(re.escape(name.rsplit(".", 1)[-1]) for name in functions)
    mentions = re.compile(r"(?<!\w)(?:" + words + r")(?!\w)") if words else None
    groups: list[list[Example]] = []
    for said in _documentation(text):
        try:
            found = doctest.DocTestParser().get_examples(said)
        except ValueError:
            continue
        wanted = [one for one in found if one.exc_msg is None][:MAX_EXAMPLES]
        if mentions and any(mentions.search(one.source) for one in wanted):
            groups.append([Example(one.source, one.want) for one in wanted])
    return groups[:MAX_GROUPS]


def _documentation(text: str) -> Iterator[str]:
    """Every string of a file that stands by itself."""
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(module):
        value = getattr(node, "value", None) if isinstance(node, ast.Expr) else None
        said = getattr(value, "value", None) if isinstance(value, ast.Constant) else None
        if isinstance(said, str) and ">>>" in said:
            yield said
