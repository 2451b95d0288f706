"""Which of two names is likelier written for a third."""

from __future__ import annotations

import pytest

from bot.engines.search.spelling import similarity


@pytest.mark.parametrize(
    ("name", "close", "far"),
    [
        ("first_items", "first_item", "last_item"),
        ("first_items", "last_item", "zebra"),
        ("name", "_name", "nome"),
        ("name", "nome", "x"),
        ("left_side", "right_side", "left_size"),
        ("outgoing_nodes", "incoming_nodes", "outgoing_node"),
    ],
)
def test_names_are_alike_by_their_words_letters_and_opposites(
    name: str, close: str, far: str
) -> None:
    assert similarity(name, close) > similarity(name, far)
