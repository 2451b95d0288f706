"""What a patch may not do, whoever wrote it; and that an honest small fix passes."""

from __future__ import annotations

import pytest

from bot.config import PatchConfig
from bot.model import Commit, Edit, FileChange, Patch, Sha
from bot.vet import NewText, vet_commit, vet_edits
from tests.scratch import MemoryTree

LLM = 'def dummy_function(text):\n    """First word."""\n    return text.split()[0]\n'
TREE = MemoryTree(
    {
        "llm.py": LLM,
        "run.sh": "#!/bin/sh\necho a\n",
        "crlf.py": "def f():\r\n    return 1\r\n\r\n\r\ndef g():\r\n    return 1\r\n",
        "mixed.txt": "one\r\ntwo\nthree\r\n",
        "latin.txt": b"caf\xe9",
        "broken.py": "def f(:\n    pass\n",
        "bom.py": "\ufeffX = 1\n",
        "data.json": '{"a": 1}\n',
        "settings.toml": "a = 1\n",
        "twice.txt": "aXa\naaa\n",
        "notes.txt": "one\ntwo\nthree\n",
        "pkg/mod.py": "X = 1\n",
        "Docs/Guide.md": "# Guide\n",
        "caf\u00e9.txt": "x\n",
        "cafe\u0301s.txt": "x\n",
        "raw.py": "P = '\\d'\n",
        "link": "llm.py",
        "linkdir": "pkg",
        "vendor": "",
    },
    {"run.sh": "100755", "link": "120000", "linkdir": "120000", "vendor": "160000"},
)


def edit(path: str, old: str, new: str) -> Edit:
    return Edit(path, TREE.blob(path), old, new)


def rules(*edits: Edit) -> list[str]:
    """The names of the rules that refuse these edits; nothing is made of a refused patch."""
    vetted = vet_edits(Patch(edits, "why"), TREE)
    assert bool(vetted.files) != bool(vetted.refused)
    assert all(finding.sentence and finding.rule for finding in vetted.refused)
    return [finding.rule for finding in vetted.refused]


def made(*edits: Edit) -> dict[str, str]:
    vetted = vet_edits(Patch(edits, "why"), TREE)
    assert vetted.refused == ()
    return {file.path: file.text for file in vetted.files}


# --------------------------------------------------------------------------------------- paths

OUTSIDE = ["../x", "a/../../x", "a/..", "..", ".", "./a", "a/./b", "a//b", "a/", "", "a/.. /b"]
ABSOLUTE = ["/etc/passwd", "//host/share", "~/x", "~root/x", "C:/x", "c:x", "\\\\host\\x", "a\\b"]
GITS_OWN = [
    ".git/config",
    ".GIT/config",
    ".Git/hooks/pre-commit",
    "a/.git/config",
    "vendor/x/.gIt",
    ".git",
    ".git./config",
    ".git /config",
    ".git . ./config",
    "git~1/config",
    "GIT~1/config",
    "a/Git~2",
    ".git::$INDEX_ALLOCATION/config",
    ".git:stream",
    ".git\\config",
    "\uff0egit/config",
    ".\uff47\uff49\uff54/config",
    ".g\u0131t/config",
    ".g\u200cit/config",
    ".git\u200b/config",
    "\ufeff.git/config",
    ".gi\u00adt/config",
    ".g\ufe0fit/config",
]
UNSEEN = ["a\x00.py", "a\n.py", "a\t.py", "a\x7f.py", "a\x1b[31m.py", "a\u202egpj.py", "a\u200b.py"]
ELSEWHERE_ANOTHER = [
    "a.py.",
    "a.py ",
    "dir./a.py",
    "dir /a.py",
    "...",
    "con",
    "NUL.txt",
    "a/Aux.py",
    "com1",
    "lpt9.md",
    "e\u0301.py",
    "\udcff.py",
]


@pytest.mark.parametrize("path", [*OUTSIDE, *ABSOLUTE, *GITS_OWN, *UNSEEN, *ELSEWHERE_ANOTHER])
def test_a_path_that_is_not_plainly_inside_the_tree_is_refused(path: str) -> None:
    assert rules(Edit(path, None, "", "x\n")) == ["path"]
    change = FileChange(
        path=path, status="A", old_mode="000000", new_mode="100644", added=1, removed=0
    )
    text = NewText(path, "100644", "x\n")
    assert "path" in [f.rule for f in vet_commit(commit(change), [text], PatchConfig())]


@pytest.mark.parametrize("path", ["LLM.py", "docs/guide.md", "Caf\u00e9.txt", "caf\u00e9s.txt"])
def test_a_new_file_that_some_systems_take_for_another_is_refused(path: str) -> None:
    assert rules(Edit(path, None, "", "x\n")) == ["path"]


@pytest.mark.parametrize(
    "path", ["llm.py/x", "LLM.PY/x", "link/x", "linkdir/x.py", "vendor/x", "pkg", "PKG", "Docs"]
)
def test_a_file_is_not_below_a_file_nor_in_place_of_a_folder(path: str) -> None:
    assert rules(Edit(path, None, "", "x\n")) == ["path"]


@pytest.mark.parametrize(
    ("one", "other"), [("new", "new/x"), ("new/x", "new"), ("A.py", "a.py"), ("a/b/c", "A/B")]
)
def test_the_files_of_one_patch_may_not_collide_either(one: str, other: str) -> None:
    assert "path" in rules(Edit(one, None, "", "1\n"), Edit(other, None, "", "2\n"))


@pytest.mark.parametrize("path", ["link", "linkdir", "vendor"])
def test_links_and_submodules_are_not_edited(path: str) -> None:
    assert rules(Edit(path, None, "llm.py", "/etc/passwd")) == ["file type"]


@pytest.mark.parametrize(
    "path",
    ["new.py", "pkg/new.py", "a/b/c/d.txt", ".hidden", "a b.txt", "größe.py", "gitignore", "x~1"],
)
def test_a_plain_new_file_is_made(path: str) -> None:
    assert made(Edit(path, None, "", "X = 1\n")) == {path: "X = 1\n"}


# --------------------------------------------------------------------------------------- edits


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("return text.split()[0]", "return text.split()[0] if text.split() else ''"),
        ("return text.split()[0]", 'raise ValueError("I cannot parse this")'),
        ("return text", "# As an AI agent would say: empty\n    return text or ''"),
        ("[0]", "[:1]"),
        ('    """First word."""\n', ""),
        (LLM, "def dummy_function(text):\n    return None\n"),
    ],
)
def test_an_honest_small_fix_passes(old: str, new: str) -> None:
    assert made(edit("llm.py", old, new)) == {"llm.py": LLM.replace(old, new)}


def test_edits_of_one_file_are_made_together_wherever_they_stand() -> None:
    edits = [edit("llm.py", "split()[0]", "split()[:1]"), edit("llm.py", "First word.", "Words.")]
    expected = LLM.replace("[0]", "[:1]").replace("First word.", "Words.")
    assert made(*edits) == made(*reversed(edits)) == {"llm.py": expected}


def test_neighbouring_edits_do_not_overlap() -> None:
    edits = [edit("notes.txt", "one\n", "1\n"), edit("notes.txt", "two\n", "2\n")]
    assert made(*edits) == {"notes.txt": "1\n2\nthree\n"}


def test_an_edit_keeps_the_files_mode() -> None:
    vetted = vet_edits(Patch((edit("run.sh", "echo a", "echo b"),), ""), TREE)
    assert [(file.path, file.mode) for file in vetted.files] == [("run.sh", "100755")]


@pytest.mark.parametrize(
    ("edits", "rule"),
    [
        ([], "empty"),
        ([edit("llm.py", "not there", "x")], "not found"),
        ([edit("llm.py", "return  text", "x")], "not found"),
        ([edit("llm.py", "", "x")], "not found"),
        ([edit("llm.py", "return text", "return text")], "not found"),
        ([edit("twice.txt", "a", "b")], "not found"),
        ([edit("twice.txt", "aa", "b")], "not found"),
        ([edit("notes.txt", "one\ntwo", "1"), edit("notes.txt", "two\nthree", "2")], "overlap"),
        ([edit("notes.txt", "two", "2"), edit("notes.txt", "two", "3")], "overlap"),
        ([edit("notes.txt", "one\ntwo", "1"), edit("notes.txt", "one", "2")], "overlap"),
        ([Edit("llm.py", None, "return text", "x")], "stale"),
        ([Edit("llm.py", Sha("f" * 40), "return text", "x")], "stale"),
        ([Edit("new.py", Sha("f" * 40), "", "x")], "stale"),
        ([Edit("new.py", None, "old", "x")], "not found"),
        ([Edit("new.py", None, "", "x"), Edit("new.py", None, "", "y")], "not found"),
        ([edit("latin.txt", "caf", "x")], "binary"),
        ([edit("llm.py", "[0]", "\x00")], "text"),
        ([edit("llm.py", "[0]", "[0]  # \u202eesrever")], "text"),
        ([Edit("new.bin", None, "", "a\x00b")], "text"),
        ([edit("llm.py", "[0]", "\ud800")], "text"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused(edits: list[Edit], rule: str) -> None:
    assert rules(*edits) == [rule]


def test_one_bad_edit_refuses_the_whole_patch() -> None:
    assert rules(edit("llm.py", "[0]", "[1]"), Edit("../x", None, "", "x")) == ["path"]


# ----------------------------------------------------------------------------------- line ends


@pytest.mark.parametrize(
    ("path", "old", "new", "expected"),
    [
        ("crlf.py", "def g():\n    return 1", "def g():\n    return 2", "def g():\r\n    return 2"),
        ("crlf.py", "def g():\r\n", "def g(x):\r\n", "def g(x):\r\n"),
        ("crlf.py", "def g():", "X = 1\n\n\ndef g():", "X = 1\r\n\r\n\r\ndef g():"),
        ("llm.py", "text):\r\n", "text, n):\r\n", "text, n):\n"),
        ("llm.py", "text):", "text):\r\n    pass", "text):\n    pass"),
    ],
)
def test_line_ends_follow_the_file(path: str, old: str, new: str, expected: str) -> None:
    base = TREE.read(path)
    assert base is not None
    (text,) = made(edit(path, old, new)).values()
    assert expected in text
    assert ("\r\n" in text) == ("\r\n" in base)
    assert text.count("\n") == text.count("\r\n") or "\r\n" not in base


def test_an_edit_that_would_glue_two_lines_is_refused() -> None:
    assert rules(edit("notes.txt", "two\n", "2")) == ["text"]
    assert rules(edit("notes.txt", "three\n", "3")) == ["text"]
    assert made(edit("notes.txt", "two\n", "")) == {"notes.txt": "one\nthree\n"}
    assert made(edit("notes.txt", "two", "2")) == {"notes.txt": "one\n2\nthree\n"}


# -------------------------------------------------------------------------------------- syntax


@pytest.mark.parametrize(
    "broken",
    [
        edit("llm.py", "return text", "return text)"),
        edit("llm.py", "    return", "return"),
        edit("llm.py", "    return", "  return"),
        edit("bom.py", "X = 1", "X = ("),
        edit("data.json", "1", "1,"),
        edit("settings.toml", "1", ""),
        Edit("new.py", None, "", "Sorry, I cannot do that.\n"),
        Edit("new.py", None, "", "```python\nX = 1\n```\n"),
        Edit("new.pyi", None, "", "def f(:\n"),
        Edit("new.json", None, "", "[\n" * 100_000),
        Edit("deep.py", None, "", "(\n" * 100_000),
    ],
)
def test_a_file_that_would_not_parse_is_refused(broken: Edit) -> None:
    assert rules(broken) == ["syntax"]


def test_the_sentence_says_where_the_syntax_breaks() -> None:
    (finding,) = vet_edits(Patch((edit("llm.py", "[0]", "[0"),), ""), TREE).refused
    assert finding.path == "llm.py"
    assert "line 3" in finding.sentence


@pytest.mark.parametrize(
    "fine",
    [
        edit("broken.py", "(:", "():"),
        edit("broken.py", "pass", "return"),
        edit("bom.py", "1", "2"),
        edit("raw.py", "d", "w"),
        Edit("notes/new.md", None, "", "Sorry, (this is [not code.\n"),
        Edit("empty.py", None, "", ""),
    ],
)
def test_what_was_broken_before_or_is_no_code_may_be_edited(fine: Edit) -> None:
    assert list(made(fine)) == [fine.path]


# -------------------------------------------------------------------- git's account of the commit


def commit(*changes: FileChange) -> Commit:
    zero = Sha("0" * 40)
    return Commit(sha=zero, tree=zero, parents=(zero,), message="", date="", changes=changes)


def change(
    path: str = "llm.py",
    status: str = "M",
    modes: tuple[str, str] = ("100644", "100644"),
    lines: tuple[int | None, int | None] = (1, 1),
) -> FileChange:
    return FileChange(
        path=path,
        status=status,
        old_mode=modes[0],
        new_mode=modes[1],
        added=lines[0],
        removed=lines[1],
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([change()], set()),
        ([change(modes=("100755", "100755"))], set()),
        ([change(status="A", modes=("000000", "100644"), lines=(1, 0))], set()),
        ([], {"no change"}),
        ([change(), change("other.py")], {"unasked"}),
        ([change(status="D", modes=("100644", "000000"))], {"unasked", "file type"}),
        ([change(status="T", modes=("100644", "120000"))], {"unasked", "file type"}),
        ([change(status="A", modes=("000000", "120000"))], {"file type"}),
        ([change(status="A", modes=("000000", "160000"))], {"file type"}),
        ([change(modes=("100644", "100755"))], {"mode change"}),
        ([change(modes=("100755", "100644"))], {"mode change"}),
        ([change(lines=(None, None))], {"binary"}),
        ([change(lines=(150, 51))], {"too large"}),
        ([change(lines=(150, 50))], set()),
    ],
)
def test_a_commit_is_only_what_its_patch_said(
    changes: list[FileChange], expected: set[str]
) -> None:
    files = [NewText("llm.py", "100644", LLM)]
    found = vet_commit(commit(*changes), files, PatchConfig(max_lines=200))
    assert {finding.rule for finding in found} == expected


def test_a_commit_with_too_many_files_is_refused() -> None:
    paths = [f"f{number}.py" for number in range(3)]
    files = [NewText(path, "100644", "") for path in paths]
    changes = [change(path) for path in paths]
    assert vet_commit(commit(*changes), files, PatchConfig(max_files=3)) == ()
    (finding,) = vet_commit(commit(*changes), files, PatchConfig(max_files=2))
    assert "patch.max_files is 2" in finding.sentence
