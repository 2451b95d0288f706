"""Regular expressions in string literals: a little editor for what people get wrong in them."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from typing import NamedTuple

from bot.engines.search.templates.literals import Literal, edits, literals_of
from bot.engines.search.templates.regex_parts import (
    Kind,
    Part,
    class_items,
    is_valid,
    looks_like_regex,
    parts_of,
)
from bot.engines.search.templates.site import Site, Template, Variant
from bot.engines.search.templates.writing import short

MOST_CHANGES = 150
"""Of one kind in one literal, the likeliest ones."""
LONGEST_CHECKED = 200
"""Characters of a pattern that is compiled to see whether a change of it is valid."""


class Change(NamedTuple):
    """Characters of the pattern replaced."""

    start: int
    end: int
    new: str
    weight: float


Editor = Callable[[str, list[Part]], Iterator[Change]]
_CALLS = frozenset(
    ["compile", "match", "search", "fullmatch", "findall", "finditer", "sub", "subn", "split"]
)
_WIDER = {
    "a-z": "a-zA-Z A-Z",
    "A-Z": "a-zA-Z",
    "0-9": "0-9a-f",
    r"\w": r"\w- a-zA-Z0-9_ a-zA-Z",
    r"\d": r"\d. 0-9",
}
_ADDED = (
    r"\w", r"\d", r"\s", "a-z", "A-Z", "0-9", "_", r"\-", ".", ":", "/", " ", r"\n", "'", '"', ",",
    "@", "+", "$", "#", "&", "|", "=", "%", "?", "!", "*", "~", ";", "<", ">", "(", ")", r"\]",
    r"\[", r"\\", "{", "}", "^", r"\t", r"\r",
)  # fmt: skip
_ESCAPES = {
    r"\d": (r"\w", r"[\d.]", r"[0-9a-fA-F]", r"\D", r"[\d,]", r"[\d-]", "[0-9]"),
    r"\w": (r"\S", r"[\w-]", r"[\w.]", r"[\w.-]", "[a-zA-Z]", r"\W", r"\d", "[a-z]", r"[^\s]", "."),
    r"\s": (" ", r"[ \t]", r"\S", r"\W", r"\n", r"\b"),
    r"\S": (r"\w", r"\s", "."),
    r"\W": (r"\w", r"\s"),
    r"\D": (r"\d", r"\W"),
    r"\n": (r"\s", r"\r?\n", r"[\r\n]", r"(?:\n|$)"),
}


def quantifiers(pattern: str, parts: list[Part]) -> Iterator[Change]:
    for at, part in enumerate(parts):
        if part.kind is Kind.QUANTIFIER:
            yield from _other_quantifiers(part)
        elif part.is_atom or (part.kind is Kind.CLOSE and part.other >= 0):
            following = parts[at + 1] if at + 1 < len(parts) else None
            if following is None or following.kind is not Kind.QUANTIFIER:
                likely = 0.8 if part.kind in (Kind.CLASS, Kind.ESCAPE, Kind.CLOSE) else 0.35
                if part.text == " ":
                    likely = 0.6
                for new, weight in (
                    ("+", 1.0),
                    ("?", 1.0),
                    ("*", 0.9),
                    ("{2}", 0.1),
                    ("{1,2}", 0.2),
                ):
                    yield Change(part.end, part.end, new, weight * likely)


def _other_quantifiers(part: Part) -> Iterator[Change]:
    base, lazy = part.text.rstrip("?") or "?", part.text.endswith("?") and len(part.text) > 1
    if lazy:
        yield Change(part.end - 1, part.end, "", 1.0)
    else:
        yield Change(part.end, part.end, "?", 1.0)
    tail = "?" if lazy else ""
    for new in ("+", "*", "?", "{1,2}", "{2,}"):
        if new != base:
            yield Change(part.start, part.end, new + tail, 1.0 if len(new) == 1 else 0.2)
    yield Change(part.start, part.end, "", 0.8)
    numbers = [int(n) for n in re.findall(r"\d+", base)]
    if base.startswith("{"):
        low, high = numbers[0], numbers[-1]
        for one, two in ((low, high + 1), (max(0, low - 1), high), (1, high), (0, high), (low, 99)):
            new = f"{{{one},{two if two != 99 else ''}}}"
            yield Change(part.start, part.end, new, 0.7)
        for new_high in (high - 1, high + 1):
            yield Change(part.start, part.end, f"{{{new_high}}}", 0.5)


def classes(pattern: str, parts: list[Part]) -> Iterator[Change]:
    for at, part in enumerate(parts):
        if part.kind is not Kind.CLASS:
            continue
        items = class_items(part.text)
        around = around_of(parts, at)
        yield from other_items(part, items)
        yield from more_items(part, items, around)
        following = parts[at + 1] if at + 1 < len(parts) else None
        if following is not None and following.kind is Kind.QUANTIFIER and 2 <= len(items) <= 4:
            each = [part.text[low:high] for low, high in items]
            runs = [item if len(item) < 3 else f"[{item}]" for item in each]
            new = "|".join(f"{run}{following.text}" for run in runs)
            yield Change(part.start, following.end, f"(?:{new})", 0.6)
        for new in (r"\w", r"\S", ".", r"\d", r"[^\s]"):
            yield Change(part.start, part.end, new, 0.3)
        for text in dict.fromkeys(around):
            escaped = "\\" + text if text in "\\]^-" else text
            yield Change(part.start, part.end, f"[^{escaped}]", 0.6)


def around_of(parts: list[Part], at: int) -> list[str]:
    """The characters that stand near a part."""
    return [part.text for part in parts[max(0, at - 3) : at + 4] if part.kind is Kind.CHARACTER]


def other_items(part: Part, items: list[tuple[int, int]]) -> Iterator[Change]:
    """The class negated; its items dropped, widened, escaped."""
    negative = part.text.startswith("[^")
    first = part.start + (2 if negative else 1)
    yield Change(part.start + 1, first, "" if negative else "^", 0.5)
    for low, high in items:
        item = part.text[low:high]
        if len(items) > 1:
            yield Change(part.start + low, part.start + high, "", 0.8)
        for new in _WIDER.get(item, "").split():
            yield Change(part.start + low, part.start + high, new, 1.0)
        if item in ("\\", ".", "-"):
            yield Change(part.start + low, part.start + high, "\\" + item, 0.2)


def more_items(part: Part, items: list[tuple[int, int]], around: list[str]) -> Iterator[Change]:
    inside = {part.text[low:high] for low, high in items}
    first = part.start + (2 if part.text.startswith("[^") else 1)
    for rank, new in enumerate(_ADDED):
        if new not in inside and new[-1:] not in inside:
            likely = 0.8 if new[-1:] in around else 0.7 * 0.97**rank
            yield Change(part.end - 1, part.end - 1, new, likely)
            if new != "^":
                yield Change(first, first, new, likely * 0.3)


def escapes(pattern: str, parts: list[Part]) -> Iterator[Change]:
    for at, part in enumerate(parts):
        if part.kind is Kind.DOT:
            following = [p.text for p in parts[at + 1 : at + 5] if p.kind is Kind.CHARACTER]
            yield from _not_any(part, following)
        elif part.kind is Kind.ESCAPE:
            for rank, new in enumerate(_ESCAPES.get(part.text, ())):
                yield Change(part.start, part.end, new, 0.8 * 0.9**rank)
            if part.text[1:] in ".+*?()[]{}|^$-/":
                yield Change(part.start, part.start + 1, "", 0.5)
        elif part.kind is Kind.CHARACTER and part.text == " ":
            for new in (r"\s+", r"\s*", r"\s", r"[ \t]+", " ?", r"[ \t]*", "[ _-]"):
                yield Change(part.start, part.end, new, 0.9)
        elif part.text in ("(", ")", "[", "+", "*", "?", "$", "^", "|"):
            yield Change(part.start, part.start, "\\", 0.4)


def _not_any(part: Part, following: list[str]) -> Iterator[Change]:
    """A dot that should match less."""
    yield Change(part.start, part.end, r"\.", 1.0)
    for new in (r"[^\n]", r"\w", r"\S", r"[\s\S]", r"\d", r"[\w.]"):
        yield Change(part.start, part.end, new, 0.4)
    for text in dict.fromkeys(["/", '"', "'", *following]):
        yield Change(part.start, part.end, f"[^{text}]", 0.5)


def anchors(pattern: str, parts: list[Part]) -> Iterator[Change]:
    ends = [0]
    for at, part in enumerate(parts):
        if part.kind is Kind.ANCHOR:
            yield Change(part.start, part.end, "", 1.0)
            others = {"^": (r"\b", r"\A", r"^\s*"), "$": (r"\b", r"\Z", r"\s*$"), r"\b": ("$", "^")}
            for new in others.get(part.text, ()):
                yield Change(part.start, part.end, new, 0.8)
        before = parts[at - 1] if at else None
        if part.kind in (Kind.BAR, Kind.CLOSE, Kind.OPEN):
            ends += [part.start, part.end]
        elif (
            before
            and before.is_atom
            and part.is_atom
            and before.text.isalnum() != part.text.isalnum()
        ):
            ends.append(part.start)
    ends.append(len(pattern))
    for place in dict.fromkeys(ends):
        edge = place in (0, len(pattern))
        for new, weight in (
            (r"\b", 1.0),
            ("^", 0.9 if place == 0 else 0.3),
            ("$", 0.9 if place else 0.1),
        ):
            yield Change(place, place, new, weight if edge else weight * 0.4)
        for new in (r"(?<!\w)", r"(?!\w)", r"(?<!\S)", r"(?!\S)", r"\Z", r"(?!\d)", r"(?<!\d)"):
            yield Change(place, place, new, 0.4 if edge else 0.15)


def groups(pattern: str, parts: list[Part]) -> Iterator[Change]:
    for part in parts:
        if part.kind is not Kind.OPEN or part.other < 0:
            continue
        close = parts[part.other]
        inside = pattern[part.end : close.start]
        yield Change(part.start, close.end, f"{part.text}{inside})?", 0.9)
        yield Change(part.start, close.end, inside, 0.5)
        if part.text == "(":
            yield Change(part.end, part.end, "?:", 0.9)
        elif part.text == "(?:":
            yield Change(part.start, part.end, "(", 0.8)
        elif part.text in ("(?=", "(?!", "(?<=", "(?<!"):
            turned = part.text.translate(str.maketrans("=!", "!="))
            yield Change(part.start, part.end, turned, 1.0)
            yield Change(part.start, close.end, "", 0.6)
        if "|" not in inside:
            yield Change(close.start, close.start, "|", 0.6)
    if any(part.kind is Kind.BAR for part in parts):
        yield Change(0, len(pattern), f"(?:{pattern})", 0.8)


def alternatives(pattern: str, parts: list[Part]) -> Iterator[Change]:
    """Alternatives left out, exchanged, added; the `|` itself removed."""
    for start, end, bars in alternations(pattern, parts):
        edges = [start, *(place for bar in bars for place in (bar, bar + 1)), end]
        spans = list(zip(edges[::2], edges[1::2], strict=True))
        texts = [pattern[low:high] for low, high in spans]
        for at in range(len(spans)):
            rest = [text for index, text in enumerate(texts) if index != at]
            yield Change(start, end, "|".join(rest), 0.6)
        for at in range(len(spans) - 1):
            order = [*texts]
            order[at], order[at + 1] = order[at + 1], order[at]
            yield Change(start, end, "|".join(order), 0.8)
        longest = sorted(texts, key=len, reverse=True)
        yield Change(start, end, "|".join(longest), 0.8)
        yield Change(end, end, "|", 0.7)
        yield Change(end, end, "|$", 0.7)
        if all(text.isalpha() for text in texts):
            yield Change(end, end, r"|\w+", 0.3)


def alternations(pattern: str, parts: list[Part]) -> Iterator[tuple[int, int, list[int]]]:
    """Each run of alternatives: where it starts and ends, and where its bars are."""
    stack: list[tuple[int, list[int]]] = [(0, [])]
    for part in parts:
        if part.kind is Kind.OPEN and part.other >= 0:
            stack.append((part.end, []))
        elif part.kind is Kind.BAR:
            stack[-1][1].append(part.start)
        elif part.kind is Kind.CLOSE and len(stack) > 1:
            start, bars = stack.pop()
            if bars:
                yield start, part.start, bars
    if stack[0][1]:
        yield 0, len(pattern), stack[0][1]


def insertions(pattern: str, parts: list[Part]) -> Iterator[Change]:
    """Something optional between two pieces; one piece left out; one captured."""
    for at, part in enumerate(parts):
        following = parts[at + 1] if at + 1 < len(parts) else None
        quantified = following is not None and following.kind is Kind.QUANTIFIER
        if part.is_atom:
            end = following.end if quantified and following is not None else part.end
            yield Change(part.start, end, "", 0.5 if part.kind is not Kind.CHARACTER else 0.3)
            if quantified or part.kind is not Kind.CHARACTER:
                text = pattern[part.start : end]
                yield Change(part.start, end, f"({text})", 0.4)
                yield Change(part.start, end, f"(?:{text})?", 0.3)
        if part.kind is not Kind.OPEN and not quantified:
            place = part.end
            word = part.kind is Kind.CHARACTER and part.text.isalnum()
            inside_word = word and following is not None and following.text.isalnum()
            likely = 0.15 if inside_word else 0.7
            for new in (
                r"\s*",
                r"\s+",
                ".*",
                ".*?",
                r"\s?",
                "-?",
                r"\.?",
                "s?",
                r"(?:\.\d+)?",
                "/?",
            ):
                yield Change(place, place, new, likely)
    for new, weight in ((r"\s*", 0.7), ("[+-]?", 0.4), ("-?", 0.5), (".*", 0.4), ("(?i)", 0.8)):
        yield Change(0, 0, new, weight)
    for new in ("(?s)", "(?m)", "(?x)"):
        yield Change(0, 0, new, 0.3)


Text = ast.Constant | ast.JoinedStr
TEXT = (ast.Constant, ast.JoinedStr)


def regex_literals(node: Text, site: Site) -> list[Literal]:
    """The tokens of a regular expression; none of what is no string, or part of one."""
    is_text = isinstance(node, ast.JoinedStr) or isinstance(node.value, str | bytes)
    if not is_text or isinstance(site.parent(node), ast.JoinedStr | ast.FormattedValue):
        return []
    tokens = literals_of(node, site.source)
    return tokens if _is_regex(node, "".join(one.value for one in tokens), site) else []


def _is_regex(node: Text, text: str, site: Site) -> bool:
    up = site.parent(node)
    if isinstance(up, ast.Call) and isinstance(up.func, ast.Attribute) and node in up.args[:1]:
        owner = up.func.value
        if isinstance(owner, ast.Name) and owner.id in ("re", "regex"):
            return True
        if up.func.attr in ("split", "sub", "compile") and looks_like_regex(text):
            return up.func.attr != "split" or "\\" in text
    start = site.source.start(node)
    is_raw = "r" in site.source.text[start : start + 2].lower()
    return (is_raw and (looks_like_regex(text) or len(text) > 2)) or (
        looks_like_regex(text) and ("\\" in text or "(?" in text or _named_pattern(up, site))
    )


def _named_pattern(up: ast.AST | None, site: Site) -> bool:
    target = up.targets[0] if isinstance(up, ast.Assign) else None
    name = site.text(target).lower() if target is not None else ""
    return any(word in name for word in ("re_", "_re", "regex", "pattern"))


def _with(editor: Editor) -> Callable[[Text, Site], Iterator[Variant]]:
    def propose(node: Text, site: Site) -> Iterator[Variant]:
        tokens = regex_literals(node, site)
        for token in tokens:
            checked = len(tokens) == 1 and len(token.value) <= LONGEST_CHECKED
            checked = checked and quietly_valid(token.value)
            changes = sorted(editor(token.value, parts_of(token.value)), key=lambda c: -c.weight)
            made = (variant_of(token, change, checked=checked) for change in changes)
            yield from islice((one for one in made if one is not None), MOST_CHANGES)

    return propose


def variant_of(token: Literal, change: Change, *, checked: bool) -> Variant | None:
    old = token.value
    new = old[: change.start] + change.new + old[change.end :]
    if new == old or (checked and not quietly_valid(new)):
        return None
    made = edits([token.edit(change.start, change.end, change.new)])
    if made is None:
        return None
    return Variant(made, change.weight, f"match `{short(new)}` instead of `{short(old)}`")


def quietly_valid(pattern: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return is_valid(pattern)


TEMPLATES = (
    Template("regex-quantifier", TEXT, _with(quantifiers)),
    Template("regex-class", TEXT, _with(classes)),
    Template("regex-escape", TEXT, _with(escapes)),
    Template("regex-anchor", TEXT, _with(anchors)),
    Template("regex-group", TEXT, _with(groups)),
    Template("regex-alternative", TEXT, _with(alternatives)),
    Template("regex-insertion", TEXT, _with(insertions)),
)
