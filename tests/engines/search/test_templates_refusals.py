"""An argument that a function should refuse, where a test has waited for an error in vain."""

from __future__ import annotations

import pytest

from bot.engines.search.generating import Hints
from tests.engines.search.trying import search

BEFORE = '''\
class Refused(Exception):
    pass


def sliced(items, n):
    """Parts of n items each."""
    return [items[at : at + n] for at in range(0, len(items), n)]
'''


def after(test: str, error: str, said: str) -> str:
    refusal = f'    if {test}:\n        raise {error}("{said}")\n'
    return BEFORE.replace("    return", f"{refusal}    return")


@pytest.mark.parametrize(
    ("said_by_test", "test", "error", "said"),
    [
        ("DID NOT RAISE <class 'ValueError'>", "n < 0", "ValueError", "n must not be negative"),
        ("ValueError not raised", "n <= 0", "ValueError", "n must be positive"),
        ("DID NOT RAISE <class 'shop.Refused'>", "not items", "Refused", "items must not be empty"),
        (
            "AssertionError: TypeError not raised by sliced",
            "not isinstance(n, int)",
            "TypeError",
            "n must be an integer",
        ),
    ],
)
def test_it_refuses_what_the_test_waits_for(
    said_by_test: str, test: str, error: str, said: str
) -> None:
    found = search(BEFORE, after(test, error, said), "refusal", Hints(errors=(said_by_test,)))
    assert found is not None
    assert found.rank <= 60


def test_an_error_that_is_not_known_there_is_not_raised() -> None:
    hints = Hints(errors=("Failed: DID NOT RAISE <class 'shop.Unknown'>",))
    wanted = after("n < 0", "Unknown", "n must not be negative")
    assert search(BEFORE, wanted, "refusal", hints) is None


def test_without_a_test_that_waits_for_an_error_nothing_is_refused() -> None:
    wanted = after("n < 0", "ValueError", "n must not be negative")
    assert search(BEFORE, wanted, "refusal") is None
