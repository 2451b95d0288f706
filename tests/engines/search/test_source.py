"""A file's text and tree agree: every node's span is exactly its text, whatever the file holds."""

from __future__ import annotations

import ast

import pytest

from bot.engines.search.source import MAX_CHARACTERS, Source


def only(source: Source, kind: type[ast.AST]) -> ast.AST:
    (found,) = [node for node in source.nodes if type(node) is kind]
    return found


@pytest.mark.parametrize(
    "text",
    [
        "x = call(a)\n",
        "é = 'ü'; x = call(a)\n",
        "# naïve\r\nx = call(a)\r\n",
        "\ufeffx = call(a)\n",
        "\ufeffé = call(a)",
        "x = 1 if '日本' else call(a)  # 日\n",
        "if x:\n\ty = ('é',\n\t     call(a))\n",
        "x = 1\ry = call(a)\r",
        "s = 'a\x0bb\x85c'; y = call(a)\n",
    ],
)
def test_span_is_the_nodes_own_text(text: str) -> None:
    source = Source("a.py", text)
    assert source.segment(only(source, ast.Call)) == "call(a)"


@pytest.mark.parametrize(
    ("text", "outer"),
    [
        ("x = (a + b)", "(a + b)"),
        ("x = ( ( a + b ) )", "( ( a + b ) )"),
        ("f(a + b)", "a + b"),
        ("f((a + b))", "(a + b)"),
        ("f((a + b), c)", "(a + b)"),
        ("f(c, a + b)", "a + b"),
        ("f(key=(a + b))", "(a + b)"),
        ("x = (a + b) * (c)", "(a + b)"),
        ("x = ((a + b) * c)", "(a + b)"),
        ("x = [a + b]", "a + b"),
        ("x = (a + b, c)", "a + b"),
        ("class A((a + b)): pass", "(a + b)"),
    ],
)
def test_an_expressions_own_parentheses_belong_to_it(text: str, outer: str) -> None:
    source = Source("a.py", text)
    (node,) = [n for n in source.nodes if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Add)]
    start, end = source.outer_span(node)
    assert source.text[start:end] == outer


def test_symbols_are_dotted_and_a_definition_belongs_to_itself() -> None:
    source = Source("a.py", "class A:\n    def f(self):\n        return 1\n")
    assert source.symbol_of(only(source, ast.Return)) == "A.f"
    assert source.symbol_of(only(source, ast.FunctionDef)) == "A.f"
    assert source.symbol_of(source.tree) == ""


def test_a_loops_else_is_outside_of_it() -> None:
    source = Source("a.py", "for x in y:\n    a()\nelse:\n    b()\n")
    inside, outside = [n for n in source.nodes if isinstance(n, ast.Expr)]
    assert source.loop_of(inside) is not None
    assert source.loop_of(outside) is None


def test_a_statements_lines_include_its_comment_and_decorators() -> None:
    source = Source("a.py", "@wrap\ndef f():\n    x = 1  # one\n")
    assignment = only(source, ast.Assign)
    assert isinstance(assignment, ast.Assign)
    text = source.text[source.start(assignment) : source.statement_end(assignment)]
    assert text == "x = 1  # one"
    function = only(source, ast.FunctionDef)
    assert isinstance(function, ast.FunctionDef)
    assert source.statement_start(function) == 0


@pytest.mark.parametrize(
    ("text", "alone"),
    [("x = 1\n", True), ("x = 1  # c\n", True), ("x = 1;\n", False), ("if a: x = 1\n", False)],
)
def test_a_statement_that_shares_its_line_is_not_alone(text: str, alone: bool) -> None:
    source = Source("a.py", text)
    assignment = only(source, ast.Assign)
    assert isinstance(assignment, ast.Assign)
    assert source.stands_alone(assignment) is alone


@pytest.mark.parametrize(
    ("text", "step", "newline"),
    [
        ("def f():\n  return 1\n", "  ", "\n"),
        ("def f():\r\n\treturn 1\r\n", "\t", "\r\n"),
        ("x = 1", "    ", "\n"),
    ],
)
def test_the_files_own_style_is_seen(text: str, step: str, newline: str) -> None:
    source = Source("a.py", text)
    assert (source.step, source.newline) == (step, newline)


@pytest.mark.parametrize(
    "text", ["def (", "x = '\x00'", "(" * 5_000, "x = 1\n" * (MAX_CHARACTERS // 6 + 1)]
)
def test_what_cannot_be_searched_is_a_syntax_error(text: str) -> None:
    with pytest.raises(SyntaxError):
        Source("a.py", text)
