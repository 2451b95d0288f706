"""The part of GitHub's expression language that the shipped workflows use; anything else raises."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<name>[A-Za-z_][\w-]*)"
    r"|(?P<sign>==|!=|&&|\|\||[!().,]))"
)
WORDS = {"true": True, "false": False, "null": None}
IN_TEXT = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


class NotUnderstood(Exception):
    """Something that this interpreter will not guess the meaning of."""


@dataclass(frozen=True)
class Scope:
    """What an expression may see. A name that is not in `contexts` is a mistake, not nothing."""

    contexts: Mapping[str, Any]
    succeeded: bool = True


def fill(text: str, scope: Scope) -> str:
    """A text with its expressions worked out."""
    return IN_TEXT.sub(lambda found: shown(evaluate(found[1], scope)), text)


def value(text: object, scope: Scope) -> Any:
    """What a field of a workflow holds: an expression's own value where it is nothing else."""
    if not isinstance(text, str):
        return text
    whole = IN_TEXT.fullmatch(text.strip())
    return evaluate(whole[1], scope) if whole else fill(text, scope)


def holds(condition: str, scope: Scope) -> bool:
    """An `if`: without a word about the status it also asks that nothing before has failed."""
    whole = IN_TEXT.fullmatch(condition.strip())
    expression = whole[1] if whole else condition
    speaks = re.search(r"\b(success|failure|cancelled|always)\(", expression)
    return (scope.succeeded or bool(speaks)) and truthy(evaluate(expression, scope))


def truthy(found: Any) -> bool:
    return found not in (None, False, 0, "")


def shown(found: Any) -> str:
    if isinstance(found, bool) or found is None:
        return "" if found is None else str(found).lower()
    if isinstance(found, str | int):
        return str(found)
    raise NotUnderstood(f"{found!r} in a text")


def evaluate(text: str, scope: Scope) -> Any:
    reader = _Reader(_tokens(text), scope)
    found = reader.either()
    if reader.rest:
        raise NotUnderstood(f"{text!r} goes on after its end")
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    text = text.strip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None or match.lastgroup is None:
            raise NotUnderstood(f"{text[at:]!r} in an expression")
        found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


class _Reader:
    """Reads and works out at once; both sides of `&&` and `||` are, for nothing has effects."""

    def __init__(self, tokens: Sequence[tuple[str, str]], scope: Scope) -> None:
        self.rest = list(tokens)
        self._scope = scope

    def _take(self, *signs: str) -> str:
        if self.rest and self.rest[0][0] == "sign" and self.rest[0][1] in signs:
            return self.rest.pop(0)[1]
        return ""

    def _expect(self, sign: str) -> None:
        if not self._take(sign):
            raise NotUnderstood(f"{sign} is missing before {self.rest[:1]}")

    def either(self) -> Any:
        left = self._both()
        while self._take("||"):
            right = self._both()
            left = left if truthy(left) else right
        return left

    def _both(self) -> Any:
        left = self._compared()
        while self._take("&&"):
            right = self._compared()
            left = right if truthy(left) else left
        return left

    def _compared(self) -> Any:
        left = self._negated()
        sign = self._take("==", "!=")
        return left if not sign else _same(left, self._negated()) is (sign == "==")

    def _negated(self) -> Any:
        return not truthy(self._negated()) if self._take("!") else self._plain()

    def _plain(self) -> Any:
        if self._take("("):
            found = self.either()
            self._expect(")")
            return found
        kind, text = self.rest.pop(0) if self.rest else ("", "nothing")
        if kind == "text":
            return text[1:-1].replace("''", "'")
        if kind == "number":
            return int(text)
        if kind == "name":
            if self._take("("):
                return self._called(text)
            return WORDS[text] if text in WORDS else self._looked_up(text)
        raise NotUnderstood(f"{text} in an expression")

    def _called(self, name: str) -> Any:
        given: list[Any] = []
        while not self._take(")"):
            if given:
                self._expect(",")
            given.append(self.either())
        return _call(name, given, self._scope)

    def _looked_up(self, name: str) -> Any:
        contexts = self._scope.contexts
        if name not in contexts:
            raise NotUnderstood(f"the context {name}")
        found = contexts[name]
        while self._take("."):
            kind, key = self.rest.pop(0) if self.rest else ("", "nothing")
            if kind != "name":
                raise NotUnderstood(f"{key} after a dot")
            if isinstance(found, Known) and key not in found:
                raise NotUnderstood(f"{key} in {name}: there is only {', '.join(found)}")
            found = found.get(key) if isinstance(found, Mapping) else None
        return found


class Known(dict[str, Any]):
    """A context in which every name that may be asked for is there, like the steps of a job."""


def _call(name: str, given: list[Any], scope: Scope) -> Any:
    match (name, given):
        case ("fromJSON", [str(text)]):
            return json.loads(text)
        case ("startsWith", [start, end]):
            return shown(start).casefold().startswith(shown(end).casefold())
        case ("contains", [list(items), one]):
            return any(_same(item, one) for item in items)
        case ("contains", [str(text), one]):
            return shown(one).casefold() in text.casefold()
        case ("cancelled", []):
            return False
        case ("success", []):
            return scope.succeeded
    raise NotUnderstood(f"the function {name} with {len(given)} arguments")


def _same(left: Any, right: Any) -> bool:
    """GitHub's loose comparison: texts without their case, of two kinds their numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    if type(left) is type(right):
        return bool(left == right)
    return _number(left) == _number(right)


def _number(found: Any) -> float:
    if found is None or found == "":
        return 0.0
    try:
        return float(found)
    except (TypeError, ValueError):
        return math.nan
