"""One more of what stands there already: a neighbour copied, with one of its names changed.

`a.x == b.x and a.y == b.y` gets `a.z == b.z`; `[str(self.a), str(self.b)]` gets `str(self.c)`.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

from bot.engines.search.scope import plain_name
from bot.engines.search.templates.elements import words_like
from bot.engines.search.templates.site import Site, Template, Variant
from bot.engines.search.templates.writing import short

MOST_NAMES = 8
LONGEST = 120
_PLAIN = ast.Name | ast.Attribute | ast.Constant


def element(node: ast.Tuple | ast.List | ast.Set, site: Site) -> Iterator[Variant]:
    """A further element like one that is there; plain ones are `element-added`."""
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return
    for rank, item in enumerate(reversed(node.elts[-3:])):
        if not isinstance(item, _PLAIN):
            end = site.source.outer_span(item)[1]
            for weight, text in _copies(item, site):
                said = f"add `{short(text)}`"
                yield site.change(end, end, f", {text}", weight * 0.8**rank, said)


def condition(node: ast.BoolOp, site: Site) -> Iterator[Variant]:
    """A further condition like one that is there."""
    word = "and" if isinstance(node.op, ast.And) else "or"
    for rank, item in enumerate(reversed(node.values[-3:])):
        end = site.source.outer_span(item)[1]
        for weight, text in _copies(item, site):
            new = f" {word} {text}"
            yield site.change(end, end, new, weight * 0.8**rank, f"test `{short(text)}` too")


def statement(node: ast.Assign | ast.Expr, site: Site) -> Iterator[Variant]:
    """A further statement like this one."""
    plain = isinstance(node, ast.Expr) or isinstance(node.targets[0], ast.Name)
    if isinstance(node.value, ast.Yield | ast.YieldFrom | ast.Await):
        return
    if plain and isinstance(node.value, ast.Constant):
        return
    for weight, text in _copies(node, site):
        made = site.insert_after(node, [text], weight)
        if made is not None:
            yield made


def _copies(node: ast.AST, site: Site) -> Iterator[tuple[float, str]]:
    """The node's text with one attribute, name or word replaced wherever it stands in it."""
    text = site.text(node)
    if "\n" in text or len(text) > LONGEST:
        return
    seen: set[str] = set()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and inner.attr not in seen:
            seen.add(inner.attr)
            for weight, name in _attributes(inner, site):
                if f".{name}" not in text:
                    yield weight, re.sub(rf"\.{re.escape(inner.attr)}\b", f".{name}", text)
        elif isinstance(inner, ast.Name) and inner.id not in seen:
            seen.add(inner.id)
            yield from _renamed(inner, text, site)
        elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            for word in words_like([inner.value], site)[:MOST_NAMES]:
                if inner.value and inner.value.isidentifier():
                    yield 0.8, text.replace(inner.value, word)


def _attributes(node: ast.Attribute, site: Site) -> Iterator[tuple[float, str]]:
    visible = site.visible(node)
    owner = plain_name(node.value)
    offered: dict[str, float] = {}
    for name, count in site.names.attributes_on.get(owner, Counter()).most_common(30):
        offered[name] = 0.6 + 0.05 * min(count, 5)
    if owner == visible.owner:
        for name in visible.members:
            if visible.kinds.get(f".{name}") != "function":
                offered.setdefault(name, 0.6)
    offered.pop(node.attr, None)
    ranked = [(w * site.likeness(n, node.attr) * site.mention(n), n) for n, w in offered.items()]
    yield from sorted(ranked, key=lambda pair: (-pair[0], pair[1]))[:MOST_NAMES]


def _renamed(node: ast.Name, text: str, site: Site) -> Iterator[tuple[float, str]]:
    visible = site.visible(node)
    if node.id == visible.owner or node.id not in visible.local:
        return
    for weight, name in site.names_near(node, visible.kinds.get(node.id, ""))[:MOST_NAMES]:
        if name not in (node.id, visible.owner) and name in visible.local:
            new = re.sub(rf"(?<![.\w]){re.escape(node.id)}\b", name, text)
            yield 0.6 * weight * site.likeness(name, node.id), new


TEMPLATES = (
    Template("sibling-element", (ast.Tuple, ast.List, ast.Set), element),
    Template("sibling-condition", (ast.BoolOp,), condition),
    Template("sibling-statement", (ast.Assign, ast.Expr), statement),
)
