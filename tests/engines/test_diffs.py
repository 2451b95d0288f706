"""A model's unified diff as exact edits: git applies it, and only what git says counts."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import git_formats
from bot.diff_reading import edits_of
from bot.model import Edit, Finding, Patch
from bot.repository import Repository
from bot.vet import vet_edits
from tests.scratch import Scratch, contents

MODULE = """\
import os


def first(items):
    return items[0]


def other(items):
    return items[0]


def last(items):
    return items[-1]
"""
HUNK = """\
@@ -8,2 +8,2 @@
 def other(items):
-    return items[0]
+    return items[0] if items else None
"""


@pytest.fixture
def files(scratch: Scratch) -> Scratch:
    scratch.commit({"pkg/module.py": MODULE, "data.bin": b"\x00\x01", "crlf.txt": "a\r\nb\r\n"})
    return scratch


def edits(scratch: Scratch, diff: str) -> tuple[Edit, ...] | Finding:
    with Repository(scratch.clone) as repository:
        repository.fetch(["refs/heads/main"])
        before = contents(scratch.clone), contents(scratch.origin)
        base = repository.remote_refs("refs/heads/main").refs[0].sha
        found = edits_of(repository, base, diff)
        assert (contents(scratch.clone), contents(scratch.origin)) == before
        if not isinstance(found, Finding):
            vetted = vet_edits(Patch(found, "x"), repository.tree(base))
            assert not vetted.refused
    return found


def made(scratch: Scratch, diff: str) -> dict[str, str]:
    """The files that the edits of a diff make, as vetting makes them."""
    with Repository(scratch.clone) as repository:
        repository.fetch(["refs/heads/main"])
        base = repository.remote_refs("refs/heads/main").refs[0].sha
        found = edits_of(repository, base, diff)
        assert not isinstance(found, Finding), found.sentence
        vetted = vet_edits(Patch(found, "x"), repository.tree(base))
    return {file.path: file.text for file in vetted.files}


@pytest.mark.parametrize(
    "diff",
    [
        f"--- a/pkg/module.py\n+++ b/pkg/module.py\n{HUNK}",
        f"--- pkg/module.py\n+++ pkg/module.py\n{HUNK}",
        f"diff --git a/pkg/module.py b/pkg/module.py\nindex 1..2 100644\n"
        f"--- a/pkg/module.py\n+++ b/pkg/module.py\n{HUNK}\n\n",
        f"--- a/pkg/module.py\n+++ b/pkg/module.py\n{HUNK}".replace("-8,2 +8,2", "-8,17 +9,40"),
        f"--- a/pkg/module.py\n+++ b/pkg/module.py\n{HUNK}".replace("\n", "\r\n"),
    ],
)
def test_a_diff_becomes_one_exact_edit(files: Scratch, diff: str) -> None:
    found = edits(files, diff)
    assert not isinstance(found, Finding), found.sentence
    (edit,) = found
    assert edit.path == "pkg/module.py"
    assert MODULE.count(edit.old) == 1
    assert made(files, diff) == {
        "pkg/module.py": MODULE.replace(
            "other(items):\n    return items[0]",
            "other(items):\n    return items[0] if items else None",
        )
    }


def test_a_new_file_is_an_edit_too(files: Scratch) -> None:
    diff = "--- /dev/null\n+++ b/new.py\n@@ -0,0 +1,2 @@\n+x = 1\n+y = 2\n"
    assert edits(files, diff) == (Edit("new.py", None, "", "x = 1\ny = 2\n"),)


REFUSED = {
    "no diff": ("hello", "the diff does not apply"),
    "empty": ("", "the diff does not apply"),
    "no numbers": ("--- a/llm.py\n+++ b/llm.py\n@@ ... @@\n-a\n+b\n", "does not apply"),
    "another text": ("--- a/llm.py\n+++ b/llm.py\n@@ -1 +1 @@\n-a\n+b\n", "does not apply"),
    "no place": (
        "--- a/llm.py\n+++ b/llm.py\n@@ -2 +2,2 @@\n+a\n@@ -1 +1 @@\n-x\n+b\n",
        "does not apply",
    ),
    "no such file": ("--- a/no.py\n+++ b/no.py\n@@ -1 +1 @@\n-a\n+b\n", "does not apply"),
    "outside": ("--- /dev/null\n+++ b/../x.py\n@@ -0,0 +1 @@\n+x\n", "invalid path '../x.py'"),
    "absolute": ("--- /dev/null\n+++ /etc/x\n@@ -0,0 +1 @@\n+x\n", "does not apply"),
    "in .git": ("--- /dev/null\n+++ b/.git/hooks/x\n@@ -0,0 +1 @@\n+x\n", "invalid path"),
    "rename": (
        "diff --git a/llm.py b/lm.py\nsimilarity index 100%\nrename from llm.py\nrename to lm.py\n",
        "removes llm.py",
    ),
    "removal": (
        "diff --git a/README.md b/README.md\ndeleted file mode 100644\n--- a/README.md\n"
        "+++ /dev/null\n@@ -1 +0,0 @@\n-# Agent\n",
        "removes README.md",
    ),
    "mode": ("diff --git a/llm.py b/llm.py\nold mode 100644\nnew mode 100755\n", "the mode of llm"),
    "new mode": (
        "diff --git a/x.sh b/x.sh\nnew file mode 100755\n--- /dev/null\n+++ b/x.sh\n"
        "@@ -0,0 +1 @@\n+x\n",
        "changes the mode of x.sh",
    ),
    "link": (
        "diff --git a/x b/x\nnew file mode 120000\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+/etc\n"
        "\\ No newline at end of file\n",
        "changes what it is",
    ),
    "binary": (
        "diff --git a/x b/x\nnew file mode 100644\nindex 0000000..5a2a6f8\nGIT binary patch\n"
        "literal 2\nJcmZQzWMT#Y01f~L\n\nliteral 0\nHcmV?d00001\n\n",
        "",
    ),
    "nothing": ("--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-# Agent\n+# Agent\n", "nothing"),
    "huge": ("x" * 200_001, "longer than 200,000 characters"),
    "surrogate": ("\ud800", "not valid Unicode"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_plain_change_is_refused(files: Scratch, name: str) -> None:
    diff, says_why = REFUSED[name]
    found = edits(files, diff)
    assert isinstance(found, Finding)
    assert says_why in found.sentence
    assert "\n" not in found.sentence


def test_a_line_without_an_end_keeps_none(files: Scratch) -> None:
    files.commit({"tail.txt": "a\nb"})
    hunk = "@@ -1,2 +1,2 @@\n-a\n+A\n b\n\\ No newline at end of file\n"
    diff = f"--- a/tail.txt\n+++ b/tail.txt\n{hunk}"
    assert made(files, diff) == {"tail.txt": "A\nb"}


_LINES = st.lists(st.sampled_from(["a\n", "b\n", "\n", "c\x0cd\n", "e\u2028f\n"]), max_size=14)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=_LINES.filter(bool), after=_LINES, end=st.sampled_from(["", "z"]))
def test_replacements_make_the_one_text_of_the_other(
    tmp_path: Path, before: list[str], after: list[str], end: str
) -> None:
    old, new = "".join(before) + end, "".join(after) + end
    for name, text in (("old", old), ("new", new)):
        (tmp_path / name).write_bytes(text.encode())
    diff = git_diff(tmp_path)
    text = old
    spans = []
    for part, put in git_formats.replacements(diff, old, new):
        assert old.count(part) >= 1
        assert old.find(part) == old.rfind(part)
        spans.append((old.find(part), part, put))
    for start, part, put in reversed(spans):
        text = text[:start] + put + text[start + len(part) :]
    assert text == new


def git_diff(folder: Path) -> str:
    """Git's diff of the two files, whose exit code only says that there is one."""
    command = ["git", "diff", "--no-index", "--text", "-U1", "--", "old", "new"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    return ran.stdout.decode()
