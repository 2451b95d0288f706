"""Reflections are read as far as they can be; what cannot be read is named, and stops nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.config import SourceConfig
from bot.errors import UserError
from bot.model import BadRecord, Reflection
from bot.sources import MAX_BYTES, Document, read_document
from bot.sources.reading import read_tree, read_work_tree
from bot.sources.task_records import Fields, append
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
    ({}, "has neither a reflection nor an outcome"),
    ({"reflection": None}, "has neither a reflection nor an outcome"),
    ({"reflection": "  ", "outcome": "\n"}, "has neither a reflection nor an outcome"),
    ({"reflection": 7}, "reflection: "),
    ({"reflection": ["a"]}, "reflection: "),
    ({"outcome": {"failed": True}}, "outcome: "),
    ({"outcome": "x", "timestamp": 1751328000}, "timestamp: "),
    ({"outcome": "x", "id": "two words"}, "plain word"),
    ({"outcome": "x", "id": "a\nBot-Incident: v1-0"}, "plain word"),
    ({"outcome": "x", "id": "-->"}, "plain word"),
    ({"outcome": "x", "id": ""}, "plain word"),
    ({"outcome": "x", "id": "x" * 129}, "plain word"),
    ({"outcome": "x", "id": True}, "id"),
    ({"outcome": "x" * 100_001}, "outcome: "),
    ({"reflection": "\ud800"}, "reflection: "),
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


@pytest.mark.parametrize(
    ("content", "where", "said"),
    [
        (b"", "memory/r.json:1", "is not JSON"),
        (b'[\n{"outcome": "x"},\n]', "memory/r.json:3", "is not JSON"),
        (b'[{"outcome": "x"}', "memory/r.json:1", "is not JSON"),
        (b"[" * 200_000, "memory/r.json", "nested too deeply"),
        (b'{"a":' * 200_000, "memory/r.json", "nested too deeply"),
        (b"[" + b"9" * 10_000 + b"]", "memory/r.json", "is not JSON that can be read"),
        ("[{}]".encode("utf-16"), "memory/r.json", "is not UTF-8"),
        (b'[{"outcome": "caf\xe9"}]', "memory/r.json", "is not UTF-8 (byte 17)"),
        (b"{}", "memory/r.json", "none of the shapes"),
        (b'"text"', "memory/r.json", "none of the shapes"),
        (b"null", "memory/r.json", "none of the shapes"),
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
def test_appending_keeps_every_record(records: list[Any], mark: bytes) -> None:
    before = mark + json.dumps(records).encode()
    after = json.loads(append(before, NEW, "r.json"))
    assert after[:-1] == records
    assert after[-1] == {
        "timestamp": "t",
        "task_summary": "new",
        "outcome": "failed",
        "reflection": "it “broke”",
    }


@pytest.mark.parametrize("empty", [b"", b"  \n"])
def test_appending_to_nothing_begins_an_array(empty: bytes) -> None:
    content = append(empty, NEW, "r.json")
    assert len(json.loads(content)) == 1
    assert content.endswith(b"]\n")
    (one,) = read(content)
    assert isinstance(one, Reflection)


def test_appending_leaves_readable_text_readable() -> None:
    content = append(json.dumps([{"reflection": "größe"}]).encode(), NEW, "r.json")
    assert "größe" in content.decode()
    assert "it “broke”" in content.decode()


@pytest.mark.parametrize(
    "content",
    [b"{}", b'"x"', b"null", b"3", b"[1,", b"\xff", b"[" * 200_000, b"[" + b"9" * 10_000 + b"]"],
)
def test_appending_to_what_is_no_array_is_refused(content: bytes) -> None:
    with pytest.raises(UserError, match=r"^memory/r\.json .*nothing was added to it"):
        append(content, NEW, "memory/r.json")


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


def test_one_bad_file_does_not_hide_another(tmp_path: Path) -> None:
    write(tmp_path, "a/reflections.json", "c/reflections.json")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "reflections.json").write_text("{")
    (tmp_path / "d").mkdir()
    with (tmp_path / "d" / "reflections.json").open("wb") as sparse:
        sparse.truncate(MAX_BYTES + 1)
    found = list(read_work_tree(tmp_path, SourceConfig()))
    assert [type(one) for one in found] == [Reflection, BadRecord, Reflection, BadRecord]
    assert found[3] == BadRecord("d/reflections.json", "is larger than 16 MiB")


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
