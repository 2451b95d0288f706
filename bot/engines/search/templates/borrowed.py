"""Missing statements, borrowed from nearby, with their names changed to those in scope."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from bot.engines.search import kinds
from bot.engines.search.scope import BUILTINS, Visible, free_names
from bot.engines.search.source import Function
from bot.engines.search.templates.site import Site, Template, Variant, remembered

LONGEST = 160
MOST = 60
MOST_OTHERS = 120
_SIMPLE = (ast.Assign, ast.AugAssign, ast.Expr, ast.Return, ast.Raise, ast.Delete)
_PLACES = (*_SIMPLE, ast.If, ast.For, ast.While, ast.With, ast.Try)


def before(node: ast.stmt, site: Site) -> Iterator[Variant]:
    for weight, text in _statements(node, site):
        made = site.insert_before(node, text.split("\n"), weight)
        if made is not None:
            yield made


def after(node: ast.stmt, site: Site) -> Iterator[Variant]:
    """Only at the end of a block: everywhere else the next statement's `before` does it."""
    if node is not site.block(node)[-1] or isinstance(node, ast.Return | ast.Raise):
        return
    for weight, text in _statements(node, site):
        made = site.insert_after(node, text.split("\n"), weight)
        if made is not None:
            yield made


def instead(node: ast.stmt, site: Site) -> Iterator[Variant]:
    for weight, text in _statements(node, site):
        if "\n" not in text:
            yield site.rewrite(node, text, weight * 0.7)


def _statements(node: ast.stmt, site: Site) -> Iterator[tuple[float, str]]:
    visible = site.visible(node)
    home = site.names.home_of(node)
    owner = site.source.class_of(home) if isinstance(home, Function) else None
    texts: set[str] = {""}
    count = 0
    own, others = _donors(site, home)
    for donor in (*sorted(own, key=lambda one: abs(one.lineno - node.lineno)), *others):
        weight = _nearness(site, donor, home, owner, node)
        for likely, text in _fitted(donor, site, visible, home):
            if text not in texts:
                texts.add(text)
                count += 1
                yield weight * likely, text
        if count >= MOST:
            return


@remembered
def _donors(site: Site, home: ast.AST) -> tuple[list[ast.stmt], list[ast.stmt]]:
    """The file's short statements: those of the same function, and some others, the nearest first.

    Those of methods of the same class come before other functions'.
    """
    near = getattr(home, "lineno", 0)
    owner = site.source.class_of(home) if isinstance(home, Function) else None

    def order(statement: ast.stmt) -> tuple[bool, int]:
        other = site.names.home_of(statement)
        is_beside = owner is not None and site.source.class_of(other) is owner
        return not is_beside, abs(statement.lineno - near)

    nodes = [n for n in site.source.nodes if isinstance(n, ast.stmt) and _is_donor(n, site)]
    own = [node for node in nodes if site.names.home_of(node) is home]
    others = [node for node in nodes if site.names.home_of(node) is not home]
    return own, sorted(others, key=order)[:MOST_OTHERS]


def _is_donor(node: ast.stmt, site: Site) -> bool:
    if isinstance(node, ast.If):
        small = len(node.body) == 1 and not node.orelse and isinstance(node.body[0], _SIMPLE)
        return small and node.end_lineno == node.lineno + 1
    if not isinstance(node, _SIMPLE) or isinstance(node, ast.Return):
        return False
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return False
    length = site.source.end(node) - site.source.start(node)
    return length <= LONGEST and node.lineno == node.end_lineno


def _nearness(
    site: Site, donor: ast.stmt, home: ast.AST, owner: ast.ClassDef | None, node: ast.stmt
) -> float:
    other = site.names.home_of(donor)
    if other is home:
        return 1.0 / (1.0 + abs(donor.lineno - node.lineno) / 10)
    same = owner is not None and site.source.class_of(other) is owner
    return 0.5 if same else 0.25


def _fitted(
    donor: ast.stmt, site: Site, visible: Visible, home: ast.AST
) -> Iterator[tuple[float, str]]:
    """The donor's text; where names are missing here, with near ones of the same kind instead."""
    text = _text(donor, site)
    if text is None:
        return
    missing = [n for n in free_names(donor) if n not in visible.all and n not in BUILTINS]
    if not missing:
        yield 1.0, text
        yield from _adapted(donor, text, visible, site)
    elif len(missing) == 1:
        theirs = site.visible(donor).kinds.get(missing[0], "")
        for rank, name in enumerate(_substitutes(missing[0], theirs, visible, site)):
            yield 0.6 * 0.7**rank, re.sub(rf"\b{re.escape(missing[0])}\b", name, text)


def _text(donor: ast.stmt, site: Site) -> str | None:
    if not isinstance(donor, ast.If):
        return site.text(donor)
    head = site.source.text[site.source.start(donor) : site.source.start(donor.body[0])]
    if "#" in head or site.source.indent_of(donor) is None:
        return None
    head = head.strip()
    head = head[2:] if head.startswith("elif") else head
    return f"{head}\n{site.source.step}{site.text(donor.body[0])}"


def _adapted(
    donor: ast.stmt, text: str, visible: Visible, site: Site
) -> Iterator[tuple[float, str]]:
    """The same statement about one other variable; an update turned around."""
    if isinstance(donor, ast.If) or len(text) > 60:
        return
    used = [n for n in sorted(free_names(donor)) if n in visible.local and n != visible.owner]
    targets = [n.id for n in ast.walk(donor) if isinstance(n, ast.Name) and n.id in visible.local]
    for name in dict.fromkeys([*used, *targets]):
        kind = visible.kinds.get(name, "")
        for rank, other in enumerate(_substitutes(name, kind, visible, site)[:3]):
            yield 0.5 * 0.7**rank, re.sub(rf"\b{re.escape(name)}\b", other, text)
    if isinstance(donor, ast.AugAssign) and isinstance(donor.op, ast.Add | ast.Sub):
        old, new = ("+=", "-=") if isinstance(donor.op, ast.Add) else ("-=", "+=")
        yield 0.5, text.replace(old, new, 1)


def _substitutes(name: str, kind: str, visible: Visible, site: Site) -> list[str]:
    fits = [
        other
        for other in (*visible.local, *visible.outer)
        if other not in (name, visible.owner) and kinds.alike(kind, visible.kinds.get(other, ""))
    ]
    return sorted(fits, key=lambda other: -site.likeness(other, name))[:4]


def made(node: ast.stmt, site: Site) -> Iterator[Variant]:
    """Small statements that are often forgotten, made of the names at hand."""
    visible = site.visible(node)
    offered = [*_of_names(node, site, visible), *_of_pairs(node, site, visible)]
    if visible.owner == "self":
        offered += _of_object(node, site, visible)
    for weight, text in offered:
        for inserted in (site.insert_before(node, [text], weight), _last(node, site, text, weight)):
            if inserted is not None:
                yield inserted


def _of_names(node: ast.stmt, site: Site, visible: Visible) -> list[tuple[float, str]]:
    offered: list[tuple[float, str]] = []
    near = site.names_near(node)[:5]
    for weight, name in near:
        kind = visible.kinds.get(name, "")
        if kind in ("int", "float", ""):
            offered += [(0.5 * weight, f"{name} += 1"), (0.35 * weight, f"{name} -= 1")]
        if kind == "list":
            offered += [(0.3 * weight, f"{name}.sort()"), (0.2 * weight, f"{name}.reverse()")]
            offered += [(0.5 * w, f"{name}.append({other})") for w, other in near if other != name]
        if kind == "set":
            offered += [(0.6 * w, f"{name}.add({other})") for w, other in near if other != name]
        if kind in ("str", ""):
            offered += [(0.2 * weight, f"{name} = {name}.strip()")]
            offered += [(0.15 * weight, f"{name} = {name}.lower()")]
        if kind in ("list", "dict", "set", "") and name in visible.parameters:
            offered += [(0.2 * weight, f"{name} = {name}.copy()"), (0.2, f"{name} = list({name})")]
    return offered


def _of_pairs(node: ast.stmt, site: Site, visible: Visible) -> Iterator[tuple[float, str]]:
    bound = [name for _, name in site.names_near(node)[:5] if name in visible.local]
    for one in bound:
        for other in bound:
            if one != other:
                alike = visible.kinds.get(one, "") == visible.kinds.get(other, "")
                yield 0.5 if alike else 0.2, f"{one} = {other}"


def _of_object(node: ast.stmt, site: Site, visible: Visible) -> list[tuple[float, str]]:
    found = [*_of_method(node, site, visible), *_of_containers(node, site, visible)]
    for name in visible.members:
        for called in site.names.functions.get(name, ()):
            if not called.required and not name.startswith("__"):
                found.append((0.35, f"self.{name}()"))
                break
    return found


def _of_method(node: ast.stmt, site: Site, visible: Visible) -> list[tuple[float, str]]:
    function = site.source.function_of(node)
    found: list[tuple[float, str]] = []
    if function is not None:
        names = [name for name in visible.parameters if name not in ("self", "args", "kwargs")]
        if function.name == "__init__":
            found += [(1.0, f"self.{name} = {name}") for name in names]
            found.append((0.6, "super().__init__()"))
            unset = [m for m in visible.members if visible.kinds.get(f".{m}") == ""]
            for name in unset[:12]:
                found += [(0.3, f"self.{name} = None"), (0.15, f"self.{name} = []")]
        else:
            given = ", ".join(names)
            found.append((0.4, f"super().{function.name}({given})"))
            found += [(0.5, f"self.{n} = {n}") for n in names if n in visible.members]
    return found


def _of_containers(node: ast.stmt, site: Site, visible: Visible) -> list[tuple[float, str]]:
    found: list[tuple[float, str]] = []
    near = [name for _, name in site.names_near(node)[:5] if name != "self"]
    for member in visible.members:
        kind = visible.kinds.get(f".{member}", "")
        form = {"list": "self.{}.append({})", "set": "self.{}.add({})"}.get(kind)
        for rank, name in enumerate(near if form else ()):
            found.append((0.6 * 0.8**rank, (form or "").format(member, name)))
        if kind == "dict":
            pairs = [(key, value) for key in near[:3] for value in near[:3] if key != value]
            found += [(0.4, f"self.{member}[{key}] = {value}") for key, value in pairs]
    return found


def _last(node: ast.stmt, site: Site, text: str, weight: float) -> Variant | None:
    if node is not site.block(node)[-1] or isinstance(node, ast.Return | ast.Raise):
        return None
    return site.insert_after(node, [text], weight)


TEMPLATES = (
    Template("statement-before", _PLACES, before),
    Template("statement-after", _PLACES, after),
    Template("statement-instead", _SIMPLE, instead),
    Template("statement-made", _PLACES, made),
)
