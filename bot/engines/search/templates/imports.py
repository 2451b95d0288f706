"""What a fix needs imported: a module or name that the new text uses and the file does not have."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bot.engines.search.source import Source
from bot.engines.search.templates.site import Edit, Site, Template, Variant

MODULES = frozenset(
    [
        "abc",
        "argparse",
        "ast",
        "asyncio",
        "base64",
        "bisect",
        "builtins",
        "calendar",
        "collections",
        "contextlib",
        "copy",
        "csv",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "errno",
        "fnmatch",
        "fractions",
        "functools",
        "glob",
        "hashlib",
        "heapq",
        "html",
        "inspect",
        "io",
        "itertools",
        "json",
        "locale",
        "logging",
        "math",
        "numbers",
        "operator",
        "os",
        "pathlib",
        "pickle",
        "platform",
        "posixpath",
        "pprint",
        "random",
        "re",
        "shlex",
        "shutil",
        "signal",
        "socket",
        "stat",
        "statistics",
        "string",
        "struct",
        "subprocess",
        "sys",
        "tempfile",
        "textwrap",
        "threading",
        "time",
        "traceback",
        "types",
        "typing",
        "unicodedata",
        "urllib",
        "uuid",
        "warnings",
        "weakref",
        "zipfile",
    ]
)
NAMES = {
    "deepcopy": "copy",
    "defaultdict": "collections",
    "Counter": "collections",
    "OrderedDict": "collections",
    "deque": "collections",
    "namedtuple": "collections",
    "wraps": "functools",
    "partial": "functools",
    "lru_cache": "functools",
    "reduce": "functools",
    "chain": "itertools",
    "islice": "itertools",
    "product": "itertools",
    "Path": "pathlib",
    "Decimal": "decimal",
    "datetime": "datetime",
    "timedelta": "datetime",
    "timezone": "datetime",
    "sqrt": "math",
    "floor": "math",
    "ceil": "math",
    "heappush": "heapq",
    "heappop": "heapq",
    "dataclass": "dataclasses",
    "field": "dataclasses",
    "Optional": "typing",
    "contextmanager": "contextlib",
    "suppress": "contextlib",
}


def import_of(name: str, source: Source) -> Edit | None:
    """The edit that imports the name, after the file's imports; None if nobody knows it."""
    if name in MODULES:
        line = f"import {name}"
    elif name in NAMES:
        line = f"from {NAMES[name]} import {name}"
    else:
        return None
    body = source.tree.body
    last: ast.stmt | None = None
    for at, statement in enumerate(body):
        is_docstring = at == 0 and isinstance(statement, ast.Expr)
        if isinstance(statement, ast.Import | ast.ImportFrom) or is_docstring:
            last = statement
        else:
            break
    if last is None:
        return Edit(0, 0, f"{line}{source.newline}")
    end = source.statement_end(last)
    return Edit(end, end, f"{source.newline}{line}")


def missing(node: ast.Name, site: Site) -> Iterator[Variant]:
    """A name that is used and neither bound nor imported anywhere in the file."""
    if not isinstance(node.ctx, ast.Load) or site.usable([node.id], site.visible(node)):
        return
    made = import_of(node.id, site.source)
    if made is not None:
        yield Variant((made,), 1.0, f"import `{node.id}`")


def copied(node: ast.expr, site: Site) -> Iterator[Variant]:
    """`x` as `copy.deepcopy(x)` or `math.floor(x)`, with the import where it is missing."""
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return
    parent = site.parent(node)
    if isinstance(parent, ast.Attribute) or getattr(parent, "func", None) is node:
        return
    kind = site.kind(node)
    visible = site.visible(node)
    offered: list[tuple[float, str, str]] = []
    places = ast.Assign | ast.Return | ast.Call | ast.keyword
    if kind in ("list", "dict", "set", "") and isinstance(parent, places):
        known = 1.0 if kind else 0.4
        offered += [(known, "copy", "copy.deepcopy"), (known * 0.8, "copy", "copy.copy")]
    if (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)) or kind == "float":
        offered += [(0.8, "math", f"math.{name}") for name in ("floor", "ceil")]
    for weight, module, function in offered:
        if module in visible.all and visible.kinds.get(module) != "module":
            continue
        change = site.swap(node, f"{function}({site.text(node)})", weight)
        brought = None if module in visible.all else import_of(module, site.source)
        edits = change.edits if brought is None else (*change.edits, brought)
        yield Variant(edits, weight if brought is None else weight * 0.5, change.said)


TEMPLATES = (
    Template("import-missing", (ast.Name,), missing),
    Template("import-copied", (ast.Name, ast.Attribute, ast.Subscript, ast.BinOp), copied),
)
