"""Whether a file parses, and whether a patch changes anything at all."""

from __future__ import annotations

import json
import tomllib
import warnings
from collections.abc import Sequence

from bot.model import Finding
from bot.vetting.source import After, NewText, is_python, parse, shape


def broken_syntax(file: NewText, before: str) -> Finding | None:
    """Whether the file parsed before (or is new) and does not any more."""
    flaw = _syntax_error(file.path, file.text)
    if not flaw or (before and _syntax_error(file.path, before)):
        return None
    return Finding("syntax", file.path, f"{file.path} does not parse: {flaw}")


def _syntax_error(path: str, text: str) -> str:
    text_without_mark = text.removeprefix("\ufeff")
    try:
        if is_python(path, text):
            _compile(text_without_mark)
        elif path.endswith(".json"):
            json.loads(text_without_mark)
        elif path.endswith(".toml"):
            tomllib.loads(text_without_mark)
    except SyntaxError as error:
        return f"{error.msg} in line {error.lineno}"
    except (ValueError, RecursionError, MemoryError) as error:
        return str(error) or type(error).__name__
    return ""


def _compile(source: str) -> None:
    """Raise what Python says of this source. Nothing is run; parsing alone lets `return` outside a
    function and the like pass."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compile(source, "<patch>", "exec", dont_inherit=True)


def changes_nothing(files: Sequence[NewText], after: After) -> Finding | None:
    """Whether only comments and layout change, in every file of the patch."""
    if all(_same(file, after) for file in files):
        said = "the patch changes only comments or layout, so it mends nothing"
        return Finding("no change", files[0].path if files else "", said)
    return None


def _same(file: NewText, after: After) -> bool:
    if after.tree.blob(file.path) is None:
        return False
    before = after.before(file)
    if is_python(file.path, file.text):
        old, new = parse(before), parse(file.text)
        if old is not None and new is not None:
            return shape(old) == shape(new)
    return _bare(before) == _bare(file.text)


def _bare(text: str) -> list[str]:
    """The lines without blanks at their ends, empty ones left out."""
    return [line.rstrip() for line in text.splitlines() if line.strip()]
