"""Reflections are read as far as they can be; what cannot be read is named, and stops nothing."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bot.config import SourceConfig
from bot.errors import UserError
from bot.model import BadRecord, Reflection
from bot.sources import Document, read_document
from bot.sources.appending import append, append_to_file
from bot.sources.reading import MAX_FILE, read_tree, read_work_tree
from bot.sources.records import Fields
from tests.scenarios.world import REFLECTION
from tests.scratch import MemoryTree

ORIGINAL = {
    "timestamp": "2025-07-01T00:00:00Z",
    "task_summary": "Test bug in dummy_function",
    "outcome": "Function failed on edge case.",
    "reflection": "1. What failed?\n- The function 'dummy_function' in 'llm.py' does not …",
}
NEW = Fields(id="", timestamp="t", task="new", outcome="failed", text="it “broke”")


def read(content: bytes | str | list[Any] | dict[str, Any]) -> list[Reflection | BadRecord]:
    if not isinstance(content, bytes):
        content = (content if isinstance(content, str) else json.dumps(content)).encode()
    return list(read_document(Document("agent", "memory/r.json", content)))


def reflections(*records: Any) -> list[Reflection]:
    return [one for one in read(list(records)) if isinstance(one, Reflection)]


def test_the_original_record_is_read() -> None:
    (one,) = reflections(ORIGINAL)
    assert (one.source, one.where) == ("agent", "memory/r.json[0]")
    assert (one.timestamp, one.task) == (ORIGINAL["timestamp"], ORIGINAL["task_summary"])
    assert (one.outcome, one.text) == (ORIGINAL["outcome"], ORIGINAL["reflection"])


def test_a_record_without_an_id_gets_one_that_stays() -> None:
    (one,) = reflections(ORIGINAL)
    assert one.id == "r-4c68e3030f4e"
    reordered = dict(reversed(ORIGINAL.items())) | {"id": None, "mood": "calm"}
    _, again = reflections({"outcome": "x"}, reordered)
    assert again.id == one.id
    (example,) = reflections(REFLECTION)
    assert example.id == "r-794e2b206b48", "ids of one release are those of the next"
    for key in ORIGINAL:
        (other,) = reflections(ORIGINAL | {key: "another"})
        assert other.id != one.id


@pytest.mark.parametrize(
    ("given", "kept"), [("abc-1", "abc-1"), (17, "17"), ("A/b:c.d_e", "A/b:c.d_e")]
)
def test_a_records_own_id_is_kept(given: object, kept: str) -> None:
    assert [one.id for one in reflections(ORIGINAL | {"id": given})] == [kept]


@pytest.mark.parametrize(
    ("record", "text", "outcome"),
    [
        ({"outcome": "failed"}, "", "failed"),
        ({"reflection": "a bug"}, "a bug", ""),
        ({"reflection": None, "outcome": "failed", "task_summary": None}, "", "failed"),
        ({"reflection": "a bug", "extra": {"deep": [1, 2]}}, "a bug", ""),
    ],
)
def test_what_is_missing_or_null_is_empty(record: object, text: str, outcome: str) -> None:
    assert [(one.text, one.outcome) for one in reflections(record)] == [(text, outcome)]


BAD: list[tuple[Any, str]] = [
    (None, "is null, not a record"),
    (True, "is a boolean, not a record"),
    (3, "is a number, not a record"),
    ("text", "is a string, not a record"),
    ([], "is an array, not a record"),
    ({}, "has none of the shapes"),
    ({"reflection": None}, "has neither a reflection nor an outcome"),
    ({"reflection": "  ", "outcome": "\n"}, "has neither a reflection nor an outcome"),
    ({"reflection": 7}, "reflection: "),
    ({"reflection": ["a"]}, "reflection: "),
    ({"outcome": {"failed": True}}, "outcome: "),
    ({"outcome": "x", "timestamp": [1751328000]}, "timestamp: "),
    ({"outcome": "x", "timestamp": True}, "timestamp: "),
    ({"outcome": "x", "timestamp": 1e300}, "timestamp: is no moment"),
    ({"outcome": "x", "id": "two words"}, "plain word"),
    ({"outcome": "x", "id": "a\nBot-Incident: v1-0"}, "plain word"),
    ({"outcome": "x", "id": "-->"}, "plain word"),
    ({"outcome": "x", "id": ""}, "plain word"),
    ({"outcome": "x", "id": "x" * 129}, "plain word"),
    ({"outcome": "x", "id": True}, "id"),
    ({"outcome": "x", "id": 10**999}, "plain word"),
    ({"outcome": "x" * 100_001}, "outcome: "),
    ({"reflection": "\ud800"}, "half a surrogate pair"),
]


@pytest.mark.parametrize(("bad", "said"), BAD)
def test_a_bad_record_is_named_and_the_others_are_read(bad: Any, said: str) -> None:
    before, found, after = read([ORIGINAL, bad, {"outcome": "failed"}])
    assert isinstance(before, Reflection)
    assert isinstance(after, Reflection)
    assert isinstance(found, BadRecord)
    assert found.where == "memory/r.json[1]"
    assert said in found.reason
    assert "\n" not in found.reason


STRANGE = "holds none of the shapes"


@pytest.mark.parametrize(
    ("content", "where", "said"),
    [
        (b"", "memory/r.json", "is empty"),
        (b" \n\n", "memory/r.json", "is empty"),
        (b"\xef\xbb\xbf", "memory/r.json", "is empty"),
        (b"oops", "memory/r.json:1", "is not JSON"),
        (b"\0" * 5000, "memory/r.json:1", "is not JSON"),
        (b"[" * 200_000, "memory/r.json[0]", "nested too deeply"),
        (b'{"a":' * 200_000, "memory/r.json", "nested too deeply"),
        (b"[" + b"9" * 10_000 + b"]", "memory/r.json[0]", "more than 1000 digits"),
        ("[{}]".encode("utf-16"), "memory/r.json", "is not UTF-8 (byte 0): it looks like UTF-16"),
        ("[{}]".encode("utf-16-be"), "memory/r.json", "it looks like UTF-16"),
        ("[{}]".encode("utf-32"), "memory/r.json", "it looks like UTF-32"),
        (b'[{"outcome": "caf\xe9"}]', "memory/r.json[0]", "is not UTF-8 (byte 17)"),
        (b"{}", "memory/r.json", STRANGE),
        (b"[{}]", "memory/r.json", STRANGE),
        (b'"text"', "memory/r.json", STRANGE),
        (b"null", "memory/r.json", STRANGE),
        (b'{"reflections": ["a", "b"]}', "memory/r.json", STRANGE),
    ],
)
def test_a_file_that_cannot_be_read_is_one_bad_record(
    content: bytes, where: str, said: str
) -> None:
    (bad,) = read(content)
    assert isinstance(bad, BadRecord)
    assert bad.where == where
    assert said in bad.reason


def test_a_byte_order_mark_is_no_obstacle() -> None:
    (one,) = read(b"\xef\xbb\xbf" + json.dumps([ORIGINAL]).encode())
    assert isinstance(one, Reflection)
    assert [one.id] == [other.id for other in reflections(ORIGINAL)]


def test_an_empty_array_has_nothing_to_say() -> None:
    assert read("[]") == []


# -------------------------------------------------------------------------------------- append

ADDED = {"timestamp": "t", "task_summary": "new", "outcome": "failed", "reflection": "it “broke”"}


@pytest.mark.parametrize("indent", [None, 0, 4])
@pytest.mark.parametrize("end", ["", "\n", " \n" * 200_000])
@pytest.mark.parametrize(
    "records",
    [
        [],
        [ORIGINAL],
        [ORIGINAL, None, 3, {"bad": "record", "nested": {"a": [1.5, True]}}],
        [{"text": "größe “…” 日本 🙂", "half": "\ud800"}],
    ],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_appending_leaves_what_is_there_as_it_is(
    records: list[Any], mark: bytes, end: str, indent: int | None
) -> None:
    before = mark + (json.dumps(records, indent=indent) + end).encode()
    after = append(before, NEW, "r.json")
    assert json.loads(after) == [*records, ADDED]
    assert after.startswith(before.rstrip()[:-1].rstrip())
    assert after.endswith(b"\n]\n")


def test_an_appended_record_reads_like_the_others() -> None:
    two = append(append(b"", NEW, "r.json"), NEW, "r.json")
    assert two.decode() == json.dumps([ADDED, ADDED], indent=2, ensure_ascii=False) + "\n"


@pytest.mark.parametrize("empty", [b"", b"  \n"])
def test_appending_to_nothing_begins_an_array(empty: bytes) -> None:
    content = append(empty, NEW, "r.json")
    assert len(json.loads(content)) == 1
    (one,) = read(content)
    assert isinstance(one, Reflection)


@pytest.mark.parametrize(
    ("before", "where"),
    [
        (b"", "r.jsonl"),
        (b'{"outcome": "x"}', "r.json"),
        (b'{"outcome": "x"}\n', "r.json"),
        (b'{"outcome": "x"}\n{"outcome": "y"}', "r.json"),
        (b'{"outcome": "x"}\noops\n{"outcome": "y"}\n', "r.json"),
    ],
)
def test_one_object_per_line_gets_one_more_line(before: bytes, where: str) -> None:
    after = append(before, NEW, where)
    assert after.startswith(before)
    assert json.loads(after.splitlines()[-1]) == ADDED
    assert len(after.splitlines()) == len(before.splitlines()) + 1


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b'"x"',
        b"null",
        b"3",
        b"[1,",
        b"[1] 2",
        b"\xff",
        b"[" * 200_000,
        b'{"reflections": []}',
        '[{"outcome": "x"}]'.encode("utf-16"),
    ],
)
def test_appending_to_what_is_no_array_is_refused(content: bytes) -> None:
    with pytest.raises(UserError, match=r"^memory/r\.json.* nothing was added to it"):
        append(content, NEW, "memory/r.json")


def test_a_file_is_added_to_in_place(tmp_path: Path) -> None:
    file = tmp_path / "memory" / "r.json"
    append_to_file(file, NEW, "r.json")
    inode = file.stat().st_ino
    append_to_file(file, NEW, "r.json")
    assert json.loads(file.read_text(encoding="utf-8")) == [ADDED, ADDED]
    assert file.stat().st_ino == inode
    file.with_suffix(".jsonl").symlink_to(file)
    with pytest.raises(UserError, match=r"is a link"):
        append_to_file(file.with_suffix(".jsonl"), NEW, "r.jsonl")


# ------------------------------------------------------------------------------------- reading


def write(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(json.dumps([{"outcome": f"failed in {path}"}]))


def places(root: Path, *patterns: str) -> list[str]:
    source = SourceConfig(files=patterns) if patterns else SourceConfig()
    return [one.where for one in read_work_tree(root, source)]


def test_the_default_source_finds_reflections_anywhere_in_the_work_tree(tmp_path: Path) -> None:
    write(
        tmp_path,
        "reflections.json",
        "a/b/reflections.json",
        "a/other.json",
        ".git/reflections.json",
        ".venv/x/reflections.json",
        "node_modules/reflections.json",
    )
    assert places(tmp_path) == ["a/b/reflections.json[0]", "reflections.json[0]"]


@pytest.mark.parametrize(
    ("patterns", "found"),
    [
        (("memory/*.json",), ["memory/a.json", "memory/b.json"]),
        (("memory/*.json", "!memory/b.json"), ["memory/a.json"]),
        (("b.json",), ["b.json", "memory/b.json"]),
        (("/b.json",), ["b.json"]),
        (("memory/",), ["memory/a.json", "memory/b.json", "memory/deep/c.json"]),
        (("gone/*.json",), []),
    ],
)
def test_patterns_mean_what_git_means(
    tmp_path: Path, patterns: tuple[str, ...], found: list[str]
) -> None:
    write(tmp_path, "b.json", "memory/a.json", "memory/b.json", "memory/deep/c.json")
    assert places(tmp_path, *patterns) == [f"{path}[0]" for path in found]


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    root = tmp_path / "root"
    root.mkdir()
    write(outside, "reflections.json", "deep/reflections.json")
    (root / "reflections.json").symlink_to(outside / "reflections.json")
    (root / "folder").symlink_to(outside)
    (root / "loop").symlink_to(root)
    (root / "dangling").mkdir()
    (root / "dangling" / "reflections.json").symlink_to(root / "nowhere")
    assert places(root) == []


def test_a_folder_whose_name_is_no_text_is_told_as_far_as_it_is(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/b\xffad"
    Path(os.fsdecode(folder)).mkdir()
    write(Path(os.fsdecode(folder)), "reflections.json")
    (where,) = places(tmp_path, "**/reflections.json")
    assert where == "bad/reflections.json[0]"


def test_one_bad_file_does_not_hide_another(tmp_path: Path) -> None:
    write(tmp_path, "a/reflections.json", "c/reflections.json")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "reflections.json").write_text("{")
    (tmp_path / "d").mkdir()
    with (tmp_path / "d" / "reflections.json").open("wb") as sparse:
        sparse.truncate(MAX_FILE + 1)
    found = list(read_work_tree(tmp_path, SourceConfig()))
    assert [type(one) for one in found] == [Reflection, BadRecord, Reflection, BadRecord]
    assert found[3] == BadRecord("d/reflections.json", "is larger than 1024 MiB")


def test_a_commits_tree_is_read_like_a_work_tree() -> None:
    record = json.dumps([{"outcome": "failed"}])
    tree = MemoryTree(
        {
            "reflections.json": record,
            "a/reflections.json": b"\xff",
            "b/other.json": record,
            "c/reflections.json": "",
        },
        {"c/reflections.json": "120000"},
    )
    bad, one = read_tree(tree, SourceConfig(name="nightly", ref="agent-data"))
    assert bad == BadRecord("agent-data:a/reflections.json", "is not UTF-8 text")
    assert isinstance(one, Reflection)
    assert (one.source, one.where) == ("nightly", "agent-data:reflections.json[0]")


def test_nothing_is_added_below_what_would_hide_the_record_before_it() -> None:
    with pytest.raises(UserError, match="nothing was added"):
        append(b'{"outcome": "it broke"}\x00', NEW, "notes.json")
