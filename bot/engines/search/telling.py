"""What is said of a fix that was found: its cause and its change, a sentence each. Pure.

Nothing in it varies from run to run: it goes into the commit.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bot.definitions import parse
from bot.engines.search.diagnosing import error_type
from bot.engines.search.model import Candidate, Outcome, TestRan
from bot.engines.search.patching import changed_lines, differing_parts, new_texts
from bot.untrusted import one_line

Read = Callable[[str], str | None]
MAX_TITLE = 72
"""What the bot's titles may hold; nothing is cut in the middle of code."""
MAX_LISTED = 90
MAX_NAMED = 3


@dataclass(frozen=True, slots=True)
class Words:
    """`summary` says what is wrong, `explanation` what changes and what that mends."""

    summary: str
    explanation: str


def words(candidate: Candidate, read: Read, tests: Sequence[TestRan]) -> Words:
    """The cause and the change in one sentence each, concrete enough to be checked."""
    what = candidate.symbol or candidate.path.rsplit("/", 1)[-1]
    room = MAX_TITLE - len(f"Fix {what}: ")
    cause = cause_of(candidate, read, room)
    change = _change(candidate, cause)
    where = f"{candidate.path} line {candidate.line}"
    makes = f"which makes {_named(tests)} pass{_before(tests)}"
    return Words(f"{what}: {cause}", f"{change} in {where}, {makes}.")


def in_short(candidate: Candidate, read: Read) -> str:
    """One line about a candidate: its place and its change."""
    return f"{candidate.path}:{candidate.line}: {cause_of(candidate, read, MAX_LISTED)}"


def cause_of(candidate: Candidate, read: Read, room: int) -> str:
    """What is wrong, in so many characters: as much of the code as fits, but whole."""
    for cause in _causes(candidate, read):
        if len(cause) <= room:
            break
    return cause


def _causes(candidate: Candidate, read: Read) -> Iterator[str]:
    """What may be said of it, the fullest first."""
    path = candidate.path
    parts = differing_parts(read(path) or "", new_texts(candidate, read)[path])
    innermost = parts[0][0] if parts else ""
    for old, new in reversed(parts):
        if old and new and "\n" not in old + new:
            yield f"{_code(old)} should be {_code(new)}"
    gone, come = changed_lines(candidate, read)
    if gone and come:
        yield f"{_code(*gone)} should be {_code(*come)}"
    else:
        yield f"{_code(*come)} is missing" if come else f"{_code(*gone)} is too much"
    if candidate.said:
        yield f"it should {candidate.said.rstrip('.')}"
    yield _kind_of(gone, come, innermost)


def _kind_of(gone: Sequence[str], come: Sequence[str], innermost: str) -> str:
    """What is wrong in a few words, where the code itself is too long to be shown."""
    if not gone or not come:
        return "something is missing" if come else "something is too much"
    module = parse(innermost)
    value = getattr(module.body[0], "value", None) if module and module.body else None
    for kind, said in _KINDS.items():
        if isinstance(value, kind):
            return f"{said} is wrong"
    return "a line is wrong"


_KINDS: dict[type[ast.expr], str] = {
    ast.Compare: "a comparison",
    ast.BoolOp: "a condition",
    ast.BinOp: "a calculation",
    ast.Call: "a call",
    ast.Name: "a name",
    ast.Attribute: "an attribute",
    ast.Constant: "a constant",
    ast.Subscript: "an index",
}


def _code(*lines: str) -> str:
    """Lines of code as one; of many, the first."""
    joined = " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]
    shown = joined if len(lines) <= 1 + lines[0].endswith(":") else f"{joined} …"
    return f"`{shown.replace('`', chr(39))}`"


def _change(candidate: Candidate, cause: str) -> str:
    said = candidate.said.rstrip(".") or f"change what was wrong: {cause}"
    return said[:1].upper() + said[1:]


# -------------------------------------------------------------------------------------- tests


def _named(tests: Sequence[TestRan]) -> str:
    names = list(dict.fromkeys(_short(test.id) for test in tests))
    shown = ", ".join(f"`{name}`" for name in names[:MAX_NAMED])
    more = len(names) - MAX_NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def _short(test: str) -> str:
    """A test's name without its file, and without what it is given."""
    bare = test.split("[", 1)[0]
    return one_line(bare.rsplit("::", 1)[-1] if "::" in bare else bare.rsplit(".", 1)[-1], 80)


def _before(tests: Sequence[TestRan]) -> str:
    """How the first of them failed."""
    first = tests[0]
    if first.outcome is Outcome.TIMED_OUT:
        return " where it did not end"
    if first.outcome is Outcome.DIED:
        return " where its process died"
    error = error_type(first.message)
    return f" instead of raising {error}" if error and error != "AssertionError" else ""
