"""What went wrong in the original's diff validation and patching, and must not happen again.

The rows are those of SEED.md; the original's functions are named beside what they let through.
"""

from __future__ import annotations

import pytest

from bot.model import Edit, Patch
from bot.vet import vet_edits
from tests.scratch import MemoryTree

SOURCE = '''\
"""A model."""


def dummy_function(text):
    """First word."""
    words = text.split()
    return words[0]


def other(text):
    return text
'''
TREE = MemoryTree({"llm.py": SOURCE, "other.py": "X = 1\n"})


def refused(old: str, new: str, path: str = "llm.py") -> set[str]:
    vetted = vet_edits(Patch((Edit(path, TREE.blob(path), old, new),), "why"), TREE)
    return {finding.rule for finding in vetted.refused}


def test_a_one_line_fix_passes() -> None:
    """`is_valid_code_patch` refused every fix of one line."""
    assert refused("return words[0]", "return words[0] if words else ''") == set()


def test_a_syntax_error_is_refused() -> None:
    """`is_valid_code_patch` let syntax errors through."""
    assert refused("return words[0]", "return words[0") == {"syntax"}


@pytest.mark.parametrize("sentence", ["I cannot parse this", "As an AI, I can't", "TODO: explain"])
def test_an_error_message_is_not_a_lazy_answer(sentence: str) -> None:
    """`is_lazy_llm_response` refused code whose strings sounded like an apology."""
    new = f"if not words:\n        raise ValueError({sentence!r})\n    return words[0]"
    assert refused("return words[0]", new) == set()


@pytest.mark.parametrize("stub", ["pass", "...", "raise NotImplementedError", "'''Later.'''"])
def test_a_stub_is_refused(stub: str) -> None:
    """`is_lazy_llm_response` let stubs through."""
    assert "stub" in refused("    words = text.split()\n    return words[0]\n", f"    {stub}\n")


@pytest.mark.parametrize(
    "elision", ["... # rest unchanged", "# rest unchanged", "# ... existing code ...", "..."]
)
def test_an_elision_is_refused(elision: str) -> None:
    """`is_lazy_llm_response` let `... # rest unchanged` through."""
    new = f"    words = text.split() or ['']\n    {elision}\n    return words[0]\n"
    assert "elision" in refused("    words = text.split()\n    return words[0]\n", new)


def test_a_patch_is_made_in_the_file_and_at_the_place_it_names() -> None:
    """The original patched another file or range with only a warning."""
    assert refused("return words[0]", "return words[-1]", "other.py") == {"not found"}
    assert refused("return text", "return words") != {"not found"}
    assert refused("text", "words") == {"not found"}


def test_a_missing_line_end_does_not_glue_two_lines() -> None:
    """The original glued the last new line to the line after it."""
    assert refused("    words = text.split()\n", "    words = text.split(None)") == {"text"}


def test_what_is_out_of_range_is_not_applied() -> None:
    """The original called a patch beyond the end of the file applied."""
    assert refused("def beyond(text):", "def beyond(words):") == {"not found"}


def test_every_patch_is_judged_before_anything_is_built() -> None:
    """`is_valid_code_patch` was never called; here a refused patch leaves nothing to build."""
    vetted = vet_edits(Patch((Edit("llm.py", TREE.blob("llm.py"), "[0]", "[0"),), "why"), TREE)
    assert vetted.files == ()
    assert vetted.refused
