"""The value that the same thing gets elsewhere in the file: an attribute, a key, a keyword, a name.

Where every other `.used` is set to `(self.scope, node)`, a lone `scope[name].used = True` is a
suspect.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from bot.engines.search.scope import free_names
from bot.engines.search.templates.site import Site, Template, Variant, remembered
from bot.engines.search.templates.writing import level_of

MOST = 12
"""So many other values are offered, the most frequent first."""
LONGEST = 120
NAMES = 0.5
"""What a plain name weighs: functions use the same ones for different things."""


def value(node: ast.Assign | ast.keyword, site: Site) -> Iterator[Variant]:
    own, kind = site.text(node.value), site.kind(node.value)
    visible = site.visible(node.value)
    offered: dict[str, list[ast.expr]] = defaultdict(list)
    for each in _values(site).get(_key(node), ()):
        text = site.text(each)
        is_short = "\n" not in text and len(text) <= LONGEST
        if text != own and is_short and site.usable(free_names(each), visible):
            offered[text].append(each)
    is_name = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    for text, found in sorted(offered.items(), key=lambda item: -len(item[1]))[:MOST]:
        often = (NAMES if is_name else 1.0) * (1.0 - 0.5 ** len(found))
        alike = 1.0 if not kind or site.kind(found[0]) in ("", kind) else 0.8
        yield site.swap(node.value, text, often * alike, level=level_of(found[0]))


@remembered
def _values(site: Site) -> Mapping[str, Sequence[ast.expr]]:
    """What is assigned, or passed, under each key."""
    found: dict[str, list[ast.expr]] = defaultdict(list)
    for node in site.source.nodes:
        if isinstance(node, ast.Assign | ast.keyword) and (key := _key(node)):
            found[key].append(node.value)
    return found


def _key(node: ast.Assign | ast.keyword) -> str:
    """What the value is for; empty where it has no name."""
    if isinstance(node, ast.keyword):
        return f"{node.arg}=" if node.arg else ""
    target = node.targets[0]
    if isinstance(target, ast.Attribute):
        return f".{target.attr}"
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        return f"[{target.slice.value!r}]"
    return target.id if isinstance(target, ast.Name) else ""


TEMPLATES = (Template("value-elsewhere", (ast.Assign, ast.keyword), value),)
