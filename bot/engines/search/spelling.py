"""How alike names are written, and which of them one writes for another. Pure."""

from __future__ import annotations

from functools import lru_cache

OPPOSITES = (
    ("incoming", "outgoing"), ("input", "output"), ("left", "right"), ("first", "last"),
    ("start", "end"), ("start", "stop"), ("begin", "end"), ("min", "max"), ("low", "high"),
    ("lower", "upper"), ("prev", "next"), ("before", "after"), ("source", "target"),
    ("src", "dst"), ("row", "col"), ("width", "height"), ("head", "tail"), ("parent", "child"),
    ("old", "new"), ("top", "bottom"), ("key", "value"), ("successor", "predecessor"),
    ("pre", "suc"), ("prefix", "suffix"), ("open", "close"), ("up", "down"), ("less", "greater"),
    ("inner", "outer"), ("read", "write"), ("get", "set"), ("add", "remove"), ("enter", "exit"),
)  # fmt: skip
"""What one writes for the other."""


def is_opposite(one: str, other: str) -> bool:
    """Whether the names are one another's opposites, such as `left_child` and `right_child`."""
    for word, opposite in OPPOSITES:
        for here, there in ((word, opposite), (opposite, word)):
            if here in one and one.replace(here, there, 1) == other:
                return True
    return False


@lru_cache(maxsize=20_000)
def similarity(one: str, other: str) -> float:
    """How alike two names are written: shared pieces and shared letters, opposites above all."""
    if one == other:
        return 1.0
    a, b = one.lower().strip("_"), other.lower().strip("_")
    if a == b or is_opposite(a, b):
        return 0.95
    words_a, words_b = set(a.split("_")), set(b.split("_"))
    shared = len(words_a & words_b) / max(1, len(words_a | words_b))
    grams_a = {a[i : i + 2] for i in range(len(a) - 1)}
    grams_b = {b[i : i + 2] for i in range(len(b) - 1)}
    letters = len(grams_a & grams_b) / max(1, len(grams_a | grams_b))
    return max(shared, letters) * 0.9
