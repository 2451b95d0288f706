"""Elements of tuples, lists and sets: missing, extra, in the wrong order."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Sequence

from bot.engines.search.scope import plain_name
from bot.engines.search.templates.site import Edit, Site, Template, Variant
from bot.engines.search.templates.writing import level_of, short, string

MOST_ADDED = 60
_CLASSES = [
    "str",
    "bytes",
    "int",
    "float",
    "list",
    "tuple",
    "dict",
    "set",
    "bool",
    "complex",
    "frozenset",
]


def swapped(node: ast.Tuple | ast.List, site: Site) -> Iterator[Variant]:
    spans = [site.source.outer_span(item) for item in node.elts]
    text = site.source.text
    for at in range(len(spans) - 1):
        one, two = spans[at], spans[at + 1]
        edits = (Edit(*one, text[slice(*two)]), Edit(*two, text[slice(*one)]))
        yield Variant(edits, 1.0 if len(spans) == 2 else 0.5, "exchange two elements")


def dropped(node: ast.Tuple | ast.List | ast.Set, site: Site) -> Iterator[Variant]:
    spans = [site.source.outer_span(item) for item in node.elts]
    for at, item in enumerate(node.elts):
        if len(spans) < 2:
            break
        start, end = (spans[at - 1][1], spans[at][1]) if at else (spans[0][0], spans[1][0])
        if len(spans) == 2 and isinstance(node, ast.Tuple):
            if not at or site.source.text[end : end + 1] == ",":
                continue
            start += 1  # what stays keeps its comma
            if site.source.text[start - 1] != ",":
                continue
        said = f"leave out `{short(site.text(item))}`"
        yield site.change(start, end, "", 0.7 if at else 0.4, said)


def alone(node: ast.Tuple, site: Site) -> Iterator[Variant]:
    """A tuple of one element, which a comma too many may have made."""
    if len(node.elts) == 1 and isinstance(node.ctx, ast.Load):
        item = node.elts[0]
        is_stray = site.text(node).endswith(",")  # else there are parentheses around it
        said = "take the comma away that makes a tuple"
        weight = 1.0 if is_stray else 0.4
        yield site.swap(node, site.text(item), weight, level=level_of(item), said=said)


def added(node: ast.Tuple | ast.List | ast.Set, site: Site) -> Iterator[Variant]:
    """One more element, like those that are there."""
    if not node.elts or not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return
    own = {site.text(item) for item in node.elts}
    end = site.source.outer_span(node.elts[-1])[1]
    first = site.source.outer_span(node.elts[0])[0]
    for rank, (text, weight) in enumerate(alternatives(node.elts, site)):
        if rank < MOST_ADDED and text not in own:
            said = f"add `{short(text)}`"
            yield site.change(end, end, f", {text}", weight, said)
            if len(own) < 4:
                yield site.change(first, first, f"{text}, ", weight * 0.5, said)


def made_tuple(node: ast.expr, site: Site) -> Iterator[Variant]:
    """One class of an `isinstance`, or one constant of a comparison, made several."""
    parent = site.parent(node)
    if isinstance(parent, ast.Call) and plain_name(parent.func) in ("isinstance", "issubclass"):
        classes = alternatives([node], site) if node in parent.args[1:] else ()
        for text, weight in classes:
            if text != site.text(node):
                yield site.swap(node, f"({site.text(node)}, {text})", weight)
                yield site.swap(node, text, weight * 0.8)
    elif isinstance(parent, ast.Compare) and len(parent.ops) == 1 and parent.left is not node:
        yield from _membership(node, parent, site)


def _membership(node: ast.expr, parent: ast.Compare, site: Site) -> Iterator[Variant]:
    """`x == a` as `x in (a, b)`."""
    plain = isinstance(node, ast.Constant | ast.Name | ast.Attribute)
    if not plain or not isinstance(parent.ops[0], ast.Eq | ast.NotEq):
        return
    left = site.text(parent.left)
    word = "in" if isinstance(parent.ops[0], ast.Eq) else "not in"
    for rank, (text, weight) in enumerate(alternatives([node], site)):
        if rank < 20 and text != site.text(node):
            new = f"{left} {word} ({site.text(node)}, {text})"
            yield site.swap(parent, new, weight * 0.8, level=5)


def alternatives(items: list[ast.expr], site: Site) -> Iterator[tuple[str, float]]:
    """Texts of expressions like the given ones: siblings in the file, classes, literals."""
    last = items[-1]
    visible = site.visible(last)
    if isinstance(last, ast.Attribute):
        owner = plain_name(last.value)
        for name, count in site.names.attributes_on.get(owner, Counter()).most_common(40):
            weight = (0.6 + min(count, 4) * 0.1) * site.mention(name)
            yield f"{owner}.{name}", weight * site.likeness(name, last.attr)
    elif isinstance(last, ast.Name):
        wanted = visible.kinds.get(last.id, "")
        if last.id in _CLASSES:
            yield from ((name, 0.8) for name in _CLASSES)
        for name in (*visible.module, *visible.local):
            if visible.kinds.get(name, "") == wanted or name[:1].isupper():
                same = 1.0 if name.isupper() == last.id.isupper() else 0.4
                yield name, 0.8 * same * site.likeness(name, last.id) * site.mention(name)
    elif isinstance(last, ast.Constant):
        yield from _like_constant(last, items, site)


def _like_constant(
    last: ast.Constant, items: list[ast.expr], site: Site
) -> Iterator[tuple[str, float]]:
    value = last.value
    if isinstance(value, str):
        for text in sorted(site.hints.literals)[:15]:
            if len(text) < 40:
                yield string(text, site.source.quote), 1.0
        spelt = [i.value for i in items if isinstance(i, ast.Constant)]
        yield from ((string(w, site.source.quote), 0.9) for w in words_like(spelt, site))
        if len(value) == 1:
            for text in "\t\n\r -_./:;,!?#'\"()[]{}*+=<>|&%$@~^\\":
                yield string(text, site.source.quote), 0.4
        near = last.lineno
        others = [
            (abs(n.lineno - near), n.value)
            for n in site.source.nodes
            if isinstance(n, ast.Constant) and isinstance(n.value, str) and 0 < len(n.value) < 30
        ]
        for distance, text in sorted(others)[:40]:
            yield string(text, site.source.quote), 0.6 / (1 + distance / 40)
        yield site.source.quote * 2, 0.4
        yield "None", 0.3
    elif isinstance(value, int):
        numbers = [i.value for i in items if isinstance(i, ast.Constant)]
        whole = [n for n in numbers if isinstance(n, int)]
        for new in {max(whole) + 1, min(whole) - 1, 0, 1}:
            yield str(new), 0.5


def words_like(given: Sequence[object], site: Site) -> list[str]:
    """The words of the failing tests' strings, in capitals where all of those given are."""
    known = [one for one in given if isinstance(one, str) and one]
    upper, lower = all(map(str.isupper, known)), all(map(str.islower, known))
    found = []
    for word in site.hinted_words() if known else ():
        found.append(word.upper() if upper else word.lower() if lower else word)
    return [word for word in dict.fromkeys(found) if word not in known]


def unpacked(node: ast.Tuple | ast.List, site: Site) -> Iterator[Variant]:
    """`[a, b]` as `[*a, b]`; `[x]` as `list(x)`."""
    if not isinstance(node.ctx, ast.Load):
        return
    for item in node.elts:
        if isinstance(item, ast.Name | ast.Attribute | ast.Call):
            start = site.source.outer_span(item)[0]
            yield site.change(start, start, "*", 0.4, f"unpack `{short(site.text(item))}`")
        elif isinstance(item, ast.Starred):
            start = site.source.start(item)
            yield site.change(start, start + 1, "", 0.7, "do not unpack")
    if isinstance(node, ast.List) and len(node.elts) == 1:
        text = site.text(node.elts[0])
        yield site.swap(node, f"list({text})", 0.5)
        if not isinstance(node.elts[0], ast.Starred):
            yield site.swap(node, text, 0.5)


def listed(node: ast.expr, site: Site) -> Iterator[Variant]:
    """`x` as `[x]`, `(x,)`."""
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return
    parent = site.parent(node)
    places = (ast.Return, ast.Call, ast.BinOp, ast.Assign, ast.AugAssign, ast.IfExp)
    if not isinstance(parent, places) or getattr(parent, "func", None) is node:
        return
    if site.kind(node) in ("function", "class", "module"):
        return
    adds = isinstance(parent, ast.BinOp | ast.AugAssign) and isinstance(parent.op, ast.Add)
    extends = isinstance(parent, ast.Call) and plain_name(parent.func).endswith(".extend")
    likely = 1.0 if adds or extends else 0.5
    in_tuple = 1.0 if _is_filled_in(node, site) else likely * 0.4
    yield site.swap(node, f"[{site.text(node)}]", likely)
    yield site.swap(node, f"({site.text(node)},)", in_tuple)


def _is_filled_in(node: ast.expr, site: Site) -> bool:
    """Whether it is what `"…" % node` fills in: a tuple there is taken apart."""
    parent = site.parent(node)
    if not (isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Mod)):
        return False
    text = parent.left
    return parent.right is node and isinstance(getattr(text, "value", None), str)


_SEVERAL = (ast.Tuple, ast.List, ast.Set)


def shared(node: ast.BinOp, site: Site) -> Iterator[Variant]:
    """`[[0] * w] * h` as `[[0] * w for _ in range(h)]`, so that no two rows are the same list."""
    match node:
        case ast.BinOp(left=ast.List(elts=[element]), op=ast.Mult(), right=times):
            if _is_changeable(element):
                new = f"[{site.text(element)} for _ in range({site.text(times)})]"
                yield site.swap(node, new, 1.0)


def _is_changeable(node: ast.expr) -> bool:
    match node:
        case ast.List() | ast.Dict() | ast.Set() | ast.ListComp() | ast.DictComp() | ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id="list" | "dict" | "set" | "deque" | "bytearray")):
            return True
        case ast.BinOp(left=left, op=ast.Mult()):
            return _is_changeable(left)
    return False


TEMPLATES = (
    Template("element-swapped", (ast.Tuple, ast.List), swapped),
    Template("element-dropped", _SEVERAL, dropped),
    Template("element-alone", (ast.Tuple,), alone),
    Template("element-added", _SEVERAL, added),
    Template("element-choice", (ast.Name, ast.Attribute, ast.Constant, ast.Subscript), made_tuple),
    Template("element-shared", (ast.BinOp,), shared),
    Template("element-unpacked", (ast.Tuple, ast.List), unpacked),
    Template(
        "element-listed", (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant), listed
    ),
)
