"""Variables that begin empty and never get anything."""

from __future__ import annotations

import pytest

from tests.engines.search.trying import check, search

CASES = [
    (
        """\
def f(nodes):
    seen = set()
    for node in nodes:
        if node not in seen:
            yield node
""",
        """\
def f(nodes):
    seen = set()
    for node in nodes:
        if node not in seen:
            yield node
            seen.add(node)
""",
    ),
    (
        """\
def f(goal):
    seen = set()
    def visit(node):
        if node in seen:
            return False
        return node is goal or any(visit(one) for one in node.links)
    return visit
""",
        """\
def f(goal):
    seen = set()
    def visit(node):
        if node in seen:
            return False
        seen.add(node)
        return node is goal or any(visit(one) for one in node.links)
    return visit
""",
    ),
    (
        """\
def f(tokens):
    stack = []
    for token in tokens:
        while stack and stack[-1] > token:
            yield stack.pop()
""",
        """\
def f(tokens):
    stack = []
    for token in tokens:
        while stack and stack[-1] > token:
            yield stack.pop()
        stack.append(token)
""",
    ),
    (
        """\
def f(node):
    before = None
    while node:
        after = node.next
        node.next = before
        node = after
    return before
""",
        """\
def f(node):
    before = None
    while node:
        after = node.next
        node.next = before
        before = node
        node = after
    return before
""",
    ),
    (
        """\
def f(items):
    found = False
    for item in items:
        if item.fits and not found:
            item.use()
    return found
""",
        """\
def f(items):
    found = False
    for item in items:
        if item.fits and not found:
            item.use()
            found = True
    return found
""",
    ),
    (
        """\
def f(items):
    at = 0
    for item in items:
        item.place = at
    return items
""",
        """\
def f(items):
    at = 0
    for item in items:
        item.place = at
        at += 1
    return items
""",
    ),
]


@pytest.mark.parametrize(("before", "after"), CASES)
def test_the_update_that_was_forgotten_is_tried_early(before: str, after: str) -> None:
    check("update-forgotten", before, after, 40)


@pytest.mark.parametrize(
    "body",
    [
        "    seen = set()\n    seen.add(x)\n    return x in seen\n",
        "    seen = []\n    fill(seen, x)\n    return x in seen\n",
        "    seen = {}\n    seen[x] = x\n    return x in seen\n",
        "    seen = []\n    seen += x\n    return x in seen\n",
        "    size = 1\n    return x * size\n",
        "    best = 0\n    for y in x:\n        best = y\n    return best\n",
    ],
)
def test_what_gets_something_is_left_alone(body: str) -> None:
    before = f"def f(x):\n{body}"
    name = body.split()[0]
    for update in (f"{name}.add(x)", f"{name}.append(x)", f"{name} = x", f"{name}[x] = x"):
        last = before.rstrip("\n").rpartition("\n")
        after = f"{last[0]}\n    {update}\n{last[2]}\n"
        assert search(before, after, template="update-forgotten") is None


def test_what_is_done_before_a_function_calls_itself_is_undone_after() -> None:
    before = """\
def visit(name, path, needs, order):
    if name in path:
        raise ValueError(name)
    path.append(name)
    for other in needs[name]:
        visit(other, path, needs, order)
    order.append(name)
"""
    check("update-undone", before, f"{before}    path.pop()\n", 60)
