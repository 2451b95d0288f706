"""Regular expressions: each kind of slip is among the first few hundred changes."""

from __future__ import annotations

import pytest

from tests.engines.search.trying import check

CASES = [
    (
        "regex-quantifier",
        """\
import re

WORD = re.compile(r'a*b')
""",
        """\
import re

WORD = re.compile(r'a+b')
""",
        20,
    ),
    (
        "regex-quantifier",
        """\
import re

WORD = re.compile(r'<.*>')
""",
        """\
import re

WORD = re.compile(r'<.*?>')
""",
        60,
    ),
    (
        "regex-quantifier",
        r"""import re

WORD = re.compile(r'(NOT\s)?LIKE')
""",
        r"""import re

WORD = re.compile(r'(NOT\s+)?LIKE')
""",
        40,
    ),
    (
        "regex-quantifier",
        r"""import re

WORD = re.compile(r'\d{3}')
""",
        r"""import re

WORD = re.compile(r'\d{3,4}')
""",
        120,
    ),
    (
        "regex-class",
        """\
import re

WORD = re.compile(r'[a-z]+')
""",
        """\
import re

WORD = re.compile(r'[a-zA-Z]+')
""",
        20,
    ),
    (
        "regex-class",
        r"""import re

WORD = re.compile(r'[\w\-]*')
""",
        r"""import re

WORD = re.compile(r'[\w\-.]*')
""",
        150,
    ),
    (
        "regex-class",
        """\
import re

WORD = re.compile(r'id=([a-z]+);')
""",
        """\
import re

WORD = re.compile(r'id=([^;]+);')
""",
        200,
    ),
    (
        "regex-class",
        """\
import re

WORD = re.compile(r'[+/@?-]')
""",
        """\
import re

WORD = re.compile(r'[+/@-]')
""",
        40,
    ),
    (
        "regex-class",
        """\
import re

WORD = re.compile(r'[abc]')
""",
        """\
import re

WORD = re.compile(r'[^abc]')
""",
        150,
    ),
    (
        "regex-escape",
        """\
import re

WORD = re.compile(r'v1.2')
""",
        r"""import re

WORD = re.compile(r'v1\.2')
""",
        20,
    ),
    (
        "regex-escape",
        r"""import re

WORD = re.compile(r'\d+-x')
""",
        r"""import re

WORD = re.compile(r'\w+-x')
""",
        40,
    ),
    (
        "regex-anchor",
        """\
import re

WORD = re.compile(r'mkdir (.*)')
""",
        r"""import re

WORD = re.compile(r'\bmkdir (.*)')
""",
        20,
    ),
    (
        "regex-anchor",
        """\
import re

WORD = re.compile(r'^mkdir (.*)')
""",
        r"""import re

WORD = re.compile(r'\bmkdir (.*)')
""",
        60,
    ),
    (
        "regex-anchor",
        r"""import re

WORD = re.compile(r'\d+')
""",
        r"""import re

WORD = re.compile(r'\d+$')
""",
        20,
    ),
    (
        "regex-anchor",
        r"""import re

WORD = re.compile(r'--(\S+)')
""",
        r"""import re

WORD = re.compile(r'(?<!\S)--(\S+)')
""",
        300,
    ),
    (
        "regex-group",
        r"""import re

WORD = re.compile(r'(\d+)(:\d+)')
""",
        r"""import re

WORD = re.compile(r'(\d+)(:\d+)?')
""",
        60,
    ),
    (
        "regex-group",
        """\
import re

WORD = re.compile(r'(a|b)+')
""",
        """\
import re

WORD = re.compile(r'(?:a|b)+')
""",
        40,
    ),
    (
        "regex-group",
        """\
import re

WORD = re.compile(r'a(?=b)')
""",
        """\
import re

WORD = re.compile(r'a(?!b)')
""",
        20,
    ),
    (
        "regex-alternative",
        """\
import re

WORD = re.compile(r'in|int')
""",
        """\
import re

WORD = re.compile(r'int|in')
""",
        40,
    ),
    (
        "regex-alternative",
        r"""import re

WORD = re.compile(r'(?:a=\d|b)')
""",
        r"""import re

WORD = re.compile(r'(?:a=\d|b|)')
""",
        60,
    ),
    (
        "regex-insertion",
        """\
import re

WORD = re.compile(r'a,b')
""",
        r"""import re

WORD = re.compile(r'a,\s*b')
""",
        80,
    ),
    (
        "regex-insertion",
        r"""import re

WORD = re.compile(r'\d+')
""",
        r"""import re

WORD = re.compile(r'-?\d+')
""",
        150,
    ),
    (
        "regex-everywhere",
        r"""import re

WORD = re.compile(r'\s-\s')
""",
        r"""import re

WORD = re.compile(r'\s+-\s+')
""",
        20,
    ),
    (
        "regex-class",
        r"""import re


def f(name):
    return re.compile(rf'<{name}[^>]*>{{2}}')
""",
        r"""import re


def f(name):
    return re.compile(rf'<{name}[^><]*>{{2}}')
""",
        300,
    ),
    (
        "regex-everywhere",
        r"""import re

TAG = re.compile(r'<a[^>]*>|<b[^>]*/>')
""",
        r"""import re

TAG = re.compile(r'<a[^><]*>|<b[^><]*/>')
""",
        200,
    ),
    (
        "regex-quantifier",
        r"""import re

WORD = re.compile(
    r'''
    a\d*  # one
    b
    ''', re.X)
""",
        r"""import re

WORD = re.compile(
    r'''
    a\d+  # one
    b
    ''', re.X)
""",
        20,
    ),
    (
        "regex-quantifier",
        r"""import re

WORD = re.compile(r'a\d*' r'b')
""",
        r"""import re

WORD = re.compile(r'a\d+' r'b')
""",
        20,
    ),
    (
        "regex-anchor",
        """\
import re

WORD = re.compile('^a b')
""",
        r"""import re

WORD = re.compile('\\ba b')
""",
        40,
    ),
    (
        "regex-class",
        r"""import re

DIGITS = re.compile(r'(?P<n>[\d]{0,2})\Z')
""",
        r"""import re

DIGITS = re.compile(r'(?P<n>[0-9]{0,2})\Z')
""",
        60,
    ),
    (
        "regex-escape",
        r"""import re

DIGITS = re.compile(r'(?P<n>\d{0,2})\Z')
""",
        r"""import re

DIGITS = re.compile(r'(?P<n>[0-9]{0,2})\Z')
""",
        120,
    ),
]


@pytest.mark.parametrize(("template", "before", "after", "within"), CASES)
def test_fix_is_offered_early(template: str, before: str, after: str, within: int) -> None:
    check(template, before, after, within)
