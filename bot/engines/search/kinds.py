"""What kind of value an expression has, as far as its own text tells: a guess, never a proof.

A kind is the name of a built-in type, `function`, `class`, `module`, or empty where nothing is
known. Guesses only order what is tried, and keep plain nonsense out.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

Kinds = Mapping[str, str]

_DISPLAYS: Mapping[type[ast.AST], str] = {
    ast.List: "list",
    ast.ListComp: "list",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.Set: "set",
    ast.SetComp: "set",
    ast.Tuple: "tuple",
    ast.JoinedStr: "str",
    ast.GeneratorExp: "iterator",
    ast.Lambda: "function",
    ast.Compare: "bool",
}


def _table(text: str) -> dict[str, str]:
    """`kind: names …` a line, as name -> kind."""
    lines = (line.partition(":") for line in text.strip().splitlines())
    return {name: kind.strip() for kind, _, names in lines for name in names.split()}


CALLS = _table("""
    int: int len ord hash round id sum
    float: float
    str: str repr chr hex bin oct format input ascii
    bool: bool isinstance issubclass any all callable hasattr
    list: list sorted dir
    dict: dict vars globals locals defaultdict OrderedDict Counter
    set: set frozenset
    tuple: tuple divmod
    bytes: bytes bytearray
    iterator: iter enumerate zip map filter reversed range
""")
METHODS = _table("""
    str: strip lstrip rstrip lower upper title capitalize casefold replace join decode format zfill
    str: ljust rjust center expandtabs swapcase removeprefix removesuffix isoformat strftime
    list: split rsplit splitlines findall readlines tolist
    tuple: partition rpartition groups
    int: find rfind index rindex count bit_length
    bool: startswith endswith isdigit isalpha isalnum isspace isupper islower issubset issuperset
    bytes: encode
    iterator: items keys values finditer
    dict: groupdict _asdict
    float: total_seconds
""")
USES = _table("""
    list: append extend insert sort reverse
    dict: items keys values setdefault popitem
    set: add discard issubset issuperset union intersection
    str: strip lstrip rstrip lower upper startswith endswith splitlines format isdigit title encode
    bytes: decode
""")
"""Which kind a value must have that one calls the method on."""
ANNOTATIONS = _table("""
    int: int
    float: float
    str: str Text AnyStr
    bool: bool
    bytes: bytes
    list: list List Sequence MutableSequence
    dict: dict Dict Mapping MutableMapping DefaultDict OrderedDict
    set: set Set FrozenSet AbstractSet frozenset
    tuple: tuple Tuple
    function: Callable
    iterator: Iterator Iterable Generator
""")
_SIZED = frozenset({"str", "bytes", "list", "dict", "set", "tuple"})
_NUMERIC = frozenset({"int", "float", "bool"})
_ITERABLE = _SIZED | {"iterator"}


def of_annotation(node: ast.expr | None) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return ANNOTATIONS.get(node.value.split("[")[0].strip(), "")
    if isinstance(node, ast.BinOp):  # X | None
        return of_annotation(node.left) or of_annotation(node.right)
    if isinstance(node, ast.Subscript):
        head = _last_name(node.value)
        return of_annotation(node.slice) if head == "Optional" else ANNOTATIONS.get(head, "")
    return ANNOTATIONS.get(_last_name(node), "")


def _last_name(node: ast.AST | None) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def of(node: ast.AST | None, known: Kinds, depth: int = 4) -> str:
    """The kind of an expression, given the kinds of names."""
    if node is None or not depth:
        return ""
    shown = _DISPLAYS.get(type(node))
    if shown:
        return shown
    if isinstance(node, ast.Constant):
        return "" if node.value is None or node.value is ... else type(node.value).__name__
    if isinstance(node, ast.Name):
        return known.get(node.id, "")
    if isinstance(node, ast.Attribute):
        return known.get(f".{node.attr}", "")
    if isinstance(node, ast.Call):
        return _of_call(node, known, depth - 1)
    return _of_operation(node, known, depth - 1)


def _of_call(node: ast.Call, known: Kinds, depth: int) -> str:
    if isinstance(node.func, ast.Attribute):
        kind = METHODS.get(node.func.attr, "")
        is_alike = kind == "str" and node.func.attr not in ("decode", "format")
        given = (node.func.value, *node.args) if is_alike else ()
        return "bytes" if any(of(each, known, depth) == "bytes" for each in given) else kind
    return CALLS.get(node.func.id, "") if isinstance(node.func, ast.Name) else ""


def _of_operation(node: ast.AST, known: Kinds, depth: int) -> str:
    if isinstance(node, ast.BinOp):
        left, right = of(node.left, known, depth), of(node.right, known, depth)
        if isinstance(node.op, ast.Div) and left != "path":
            return "float"
        if isinstance(node.op, ast.Mod) and left in ("str", "bytes"):
            return left
        return left if left not in _NUMERIC or right not in _NUMERIC else max(left, right, key=len)
    if isinstance(node, ast.UnaryOp):
        return "bool" if isinstance(node.op, ast.Not) else of(node.operand, known, depth)
    if isinstance(node, ast.BoolOp):
        return of(node.values[-1], known, depth)
    if isinstance(node, ast.IfExp):
        return of(node.body, known, depth) or of(node.orelse, known, depth)
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        return of(node.value, known, depth)
    return "str" if isinstance(node, ast.Subscript) and of(node.value, known, 1) == "str" else ""


def alike(one: str, other: str) -> bool:
    """Whether a value of one kind may stand where one of the other stands; unknown ones may."""
    return not one or not other or one == other or {one, other} <= _NUMERIC


def is_number(kind: str) -> bool:
    return kind in _NUMERIC


def is_sized(kind: str) -> bool:
    return kind in _SIZED


def is_iterable(kind: str) -> bool:
    return kind in _ITERABLE
