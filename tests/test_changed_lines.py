"""Which changed lines can be expected to run."""

from __future__ import annotations

from bot.changed_lines import change_of
from bot.evidence import Lines
from bot.git_formats import Identity
from bot.repository import File, Repository
from tests.scratch import Scratch

NEW = '''\
def dummy_function(text):
    """First word, or nothing.

    A longer story.
    """
    # a comment
    words = text.split()

    if not words:
        return (
            ""
        )
    return words[0]
'''


def test_statements_count_and_comments_and_docstrings_do_not(scratch: Scratch) -> None:
    with Repository(scratch.clone) as repository:
        base = repository.remote_refs("HEAD").refs[0].sha
        files = [
            File("llm.py", "100644", NEW.encode()),
            File("broken.py", "100644", b"def (:\n"),
            File("notes.txt", "100644", b"one\n"),
        ]
        sha = repository.build(base, files, "Fix\n", Identity("A", "a@b.example"), "0 +0000")
        commit = repository.commit(sha)
        change = change_of(commit, repository.diff(commit), repository.tree(sha))
    assert change.modules == ("broken.py", "llm.py")
    assert change.lines == (Lines("llm.py", (7, 9, 10, 13)),)
