"""String literals: other ones, single characters, format specifications, prefixes."""

from __future__ import annotations

import pytest

from bot.engines.search.generating import Hints
from tests.engines.search.trying import check, made, search

CASES = [
    (
        "string-field",
        """\
TEXT = "raise {args[0]} from {rest}"
def f(args, rest):
    return TEXT.format(args=args, rest=rest)
""",
        """\
TEXT = "raise {args[0]} from {args[1]}"
def f(args, rest):
    return TEXT.format(args=args, rest=rest)
""",
        90,
    ),
    (
        "string",
        """\
def f(a):
    b = g('left')
    return g('right')
""",
        """\
def f(a):
    b = g('left')
    return g('left')
""",
        20,
    ),
    (
        "string",
        """\
def f(xs):
    return ','.join(xs)
""",
        """\
def f(xs):
    return ', '.join(xs)
""",
        40,
    ),
    (
        "string",
        """\
def f(p):
    return open(p, 'w')
""",
        """\
def f(p):
    return open(p, 'a')
""",
        20,
    ),
    (
        "string",
        """\
def f(d):
    return d['Name']
""",
        """\
def f(d):
    return d['name']
""",
        40,
    ),
    (
        "string-character",
        """\
def f(a):
    print('done')
""",
        r"""def f(a):
    print('done\n')
""",
        40,
    ),
    (
        "string-character",
        """\
def f(a):
    return "it's "
""",
        """\
def f(a):
    return "it's"
""",
        20,
    ),
    (
        "string-character",
        """\
def f(a):
    return f'{a} :'
""",
        """\
def f(a):
    return f'{a}:'
""",
        60,
    ),
    (
        "string-format",
        """\
def f(a):
    return '%d items' % a
""",
        """\
def f(a):
    return '%s items' % a
""",
        40,
    ),
    (
        "string-format",
        """\
def f(a):
    return f'{a:.2f}'
""",
        """\
def f(a):
    return f'{a:.3f}'
""",
        20,
    ),
    (
        "string-format",
        """\
def f(a):
    return a.strftime('%Y-%M-%d')
""",
        """\
def f(a):
    return a.strftime('%Y-%m-%d')
""",
        20,
    ),
    (
        "string-prefix",
        """\
def f(name, kind):
    return (
        "no {name} "
        "of kind {kind.title}"
    )
""",
        """\
def f(name, kind):
    return (
        f"no {name} "
        f"of kind {kind.title}"
    )
""",
        20,
    ),
    (
        "string-prefix",
        """\
def f(name, kind):
    return f"no {name} " "of kind {kind}"
""",
        """\
def f(name, kind):
    return f"no {name} " f"of kind {kind}"
""",
        20,
    ),
    (
        "string-prefix",
        """\
def f(a):
    return '{a} items'
""",
        """\
def f(a):
    return f'{a} items'
""",
        60,
    ),
    (
        "string-unformatted",
        """\
def f(a):
    return f'{{a}}'
""",
        """\
def f(a):
    return '{{a}}'
""",
        160,
    ),
]


@pytest.mark.parametrize(("template", "before", "after", "within"), CASES)
def test_fix_is_offered_early(template: str, before: str, after: str, within: int) -> None:
    check(template, before, after, within)


def test_quotes_around_a_field_are_left_to_repr() -> None:
    before = """def f(name):\n    return "no file '{name}'".format(name=name)\n"""
    after = """def f(name):\n    return "no file {name!r}".format(name=name)\n"""
    check("string-format", before, after, 400)


@pytest.mark.parametrize(
    "text",
    [r'r"^\d{3}-\d{4}$"', r'"\N{BULLET} {name}"', '"{0} {"'],
    ids=["regex", "name", "broken"],
)
def test_what_only_looks_like_a_field_is_none(text: str) -> None:
    assert not made(f"def f():\n    return {text}\n", "string-field")


def test_a_text_with_hundreds_of_fields_is_given_few_others() -> None:
    text = "".join(f"{{{number}}}" for number in range(400))
    found = made(f"X = {text!r}\n", "string-field")
    assert found
    assert all(one.endswith("{398}{399}'\n") for one in found)


def test_a_word_of_the_tests_that_is_spelt_nearly_so_takes_its_place() -> None:
    before = "ORDER = ('metadata', 'options.sections.find', 'options.extras')\n"
    after = before.replace("sections", "packages")
    hints = Hints(
        literals=frozenset({"[metadata]\nname = a\n[options.packages.find]\nwhere = src\n"})
    )
    found = search(before, after, "string", hints)
    assert found is not None
    assert found.rank < 60
