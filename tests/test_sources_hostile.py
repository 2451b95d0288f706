"""Whatever a file holds: bounded memory, a place and a reason for what is bad, the rest read."""

from __future__ import annotations

import io
import json
import random
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import SourceConfig
from bot.model import BadRecord, Reflection
from bot.sources import MAX_REPORTED, Document, read_document, read_stream
from bot.sources.json_text import CHUNK, MAX_RECORD
from bot.sources.reading import read_work_tree

MIB = 1024**2
GOOD = '{"outcome": "good"}'


def read(content: str | bytes) -> list[Reflection | BadRecord]:
    content = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    return list(read_document(Document("agent", "f", content)))


def shown(content: str | bytes) -> list[str]:
    """Outcomes of the good ones; where and why of the bad ones."""
    return [
        one.outcome if isinstance(one, Reflection) else f"{one.where} {one.reason}"
        for one in read(content)
    ]


BAD: list[tuple[str | bytes, str]] = [
    ('{"outcome": NaN}', "NaN is no number"),
    ('{"outcome": "x", "n": [-Infinity]}', "-Infinity is no number"),
    ('{"outcome": "x", "outcome": "y"}', "the key 'outcome' stands in it twice"),
    (f'{{"outcome": "x", "n": {"9" * 5000}}}', "more than 1000 digits"),
    ('{"outcome": "\\ud800"}', "half a surrogate pair"),
    ('{"outcome": "a\0b"}', "Invalid control character"),
    ('{"outcome": "he said "no" twice"}', "Expecting ',' delimiter"),
    ("{'outcome': 'x'}", "Expecting property name"),
    ('{"outcome": "x",}', "is not JSON"),
    (f'{{"outcome": "x", "a": {"[" * 70}1{"]" * 70}}}', "nested too deeply"),
    (f'{{"outcome": "x", "a": {"[" * 9000}1{"]" * 9000}}}', "nested too deeply"),
    (f'{{"outcome": "x", "a": "{"x" * MAX_RECORD}"}}', "is larger than 1 MiB"),
    (f'{{"outcome": "x", "a": [{"1," * MAX_RECORD}1]}}', "is larger than 1 MiB"),
    (b'{"outcome": "caf\xe9"}', "is not UTF-8 (byte 36)"),
    (b'{"outcome": "\xed\xa0\x80"}', "is not UTF-8 (byte 34)"),
]


@pytest.mark.parametrize(("bad", "said"), BAD, ids=[said for _, said in BAD])
@pytest.mark.parametrize("layout", ["array", "lines", "reflections"])
def test_a_bad_record_stops_nothing(layout: str, bad: str | bytes, said: str) -> None:
    record = bad if isinstance(bad, bytes) else bad.encode()
    good = GOOD.encode()
    content, where = {
        "array": (b"[" + good + b",\n" + record + b",\n" + good + b"]", "f[1]"),
        "lines": (good + b"\n\n" + record + b"\n" + good, "f:3"),
        "reflections": (
            b'{"reflections": [' + good + b",\n" + record + b"," + good + b"]}",
            "f:reflections[1]",
        ),
    }[layout]
    first, found, last = shown(content)
    assert (first, last) == ("good", "good")
    assert found.startswith(f"{where} ")
    assert said.partition(" (byte")[0] in found
    if "(byte" in said:
        place = int(found.rpartition("(byte ")[2].rstrip(")"))
        with pytest.raises(UnicodeDecodeError) as raised:
            content.decode()
        assert place == raised.value.start


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (f"[{GOOD},\n{GOOD}", ["good", "good", "f:2 is not JSON: it is cut off"]),
        (f"[{GOOD},", ["good", "f:1 is not JSON: it is cut off"]),
        (f"[{GOOD},{GOOD[:-4]}", ["good", "f[1] is cut off: the file ends inside it"]),
        (f"[{GOOD},{GOOD[:-1]}", ["good", "f[1] is cut off: the file ends inside it"]),
        (f'{{"reflections": [{GOOD}', ["good", "f:1 is not JSON: it is cut off"]),
        (f'{{"reflections": [{GOOD}],\n"pat', ["good", "f:2 is not JSON"]),
        (f'{{"patterns": [1], "reflections": [{GOOD}, {{', ["good", "f:reflections[1] is cut off"]),
        (f"{GOOD}\n{GOOD[:-4]}", ["good", "f:2 is not JSON: Unterminated string"]),
        (f"[{GOOD},\n]", ["good", "f:2 is not JSON: a comma stands before"]),
        (f"[{GOOD}\n{GOOD}]", ["good", "f:2 is not JSON: a comma is missing", "good"]),
        (f"[{GOOD}; {GOOD}]", ["good", "f:1 is not JSON: neither a comma"]),
        (f"[{GOOD}]\n{GOOD}", ["good", "f:2 is not JSON: it goes on after its end"]),
        (f"[{GOOD}, {GOOD[:-1]}]", ["good", "f[1] has brackets that do not match"]),
        (f"oops\n{GOOD}\n", ["f:1 is not JSON", "good"]),
        (f"{GOOD[:-5]}\n{GOOD}\n", ["f:1 is not JSON", "good"]),
        (f"{GOOD} {GOOD}\n", ["good", "good"]),
        ('{\n"outcome": "good"\n}\n{\n"outcome": "good"\n}', ["good", "good"]),
        ('{\n"outcome": "good"\n"task": 1}', ["f:3 is not JSON: a comma is missing"]),
        ('{\n"outcome": "good", "a": 1, "a": 2}', ["f is not JSON that can be read: the key 'a'"]),
        (f'{{"a": NaN, "reflections": [{GOOD}]}}', ["good"]),
        (f"\n\n [\n{GOOD}\n]\n\n", ["good"]),
    ],
)
def test_files_that_are_cut_or_broken_are_read_as_far_as_possible(
    content: str, found: list[str]
) -> None:
    for said, expected in zip(shown(content), found, strict=True):
        assert said.startswith(expected)


def test_many_bad_records_are_counted() -> None:
    found = shown(f"[{GOOD}{', {}' * 5000}, {GOOD}]")
    assert len(found) == MAX_REPORTED + 3
    assert found[-2] == "good"
    assert found[-1] == f"f has {5000 - MAX_REPORTED} more records that cannot be read"


def test_where_the_pieces_of_a_file_are_cut_makes_no_difference() -> None:
    chance = random.Random(1)
    records = [
        {
            "outcome": f"good {number}",
            "n": -1.5e-7,
            "text": chance.choice(["", "é" * 7, '\\"{[', "🙂\n"]) * chance.randrange(9000),
        }
        for number in range(60)
    ]
    assert len(json.dumps(records)) > 5 * CHUNK
    for ascii_ in (True, False):
        for text in (
            json.dumps(records, ensure_ascii=ascii_),
            json.dumps({"a": "x" * chance.randrange(CHUNK), "reflections": records}, indent=1),
            "\n".join(json.dumps(record, ensure_ascii=ascii_) for record in records),
        ):
            assert shown(text) == [record["outcome"] for record in records]


@pytest.mark.parametrize("before", range(CHUNK - 40, CHUNK + 3))
def test_a_key_at_the_edge_of_a_piece_is_whole(before: int) -> None:
    text = '{"a": "' + "x" * (before - 9) + '", "reflections": [' + GOOD + "]}"
    assert shown(text) == ["good"]


KEYS = """
    id timestamp task_summary outcome reflection task error error_type context analysis failures
    improvement trigger failure_reason iteration node success issues content thought_type lesson
    status reflections records
"""
_json: Any = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(KEYS.split()),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=100)  # three readings each, and as many again in tests/fuzz
@given(st.lists(_json, max_size=4), st.integers(0, 400), st.binary(max_size=3), st.booleans())
def test_nothing_but_reflections_and_bad_records_comes_of_anything(
    data: list[Any], cut: int, noise: bytes, lines: bool
) -> None:
    text = "\n".join(map(json.dumps, data)) if lines else json.dumps(data)
    content = text.encode()
    for broken in (content, content[:cut], content[:cut] + noise + content[cut:]):
        for one in read(broken):
            assert "\n" not in one.where
            if isinstance(one, Reflection):
                assert one.id
                (one.timestamp + one.task + one.outcome + one.text).encode()
            else:
                assert "\n" not in one.reason


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    read(content)


# -------------------------------------------------------------------------------------- memory


class Endless(io.RawIOBase):
    """A file that is never held: `before`, then `piece` over and over, then `after`."""

    def __init__(self, size: int, piece: bytes, before: bytes = b"", after: bytes = b"") -> None:
        self._parts = (before, piece, after)
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        assert whence == 0
        self._at = offset
        return offset

    def tell(self) -> int:
        return self._at

    def readinto(self, target: Any) -> int:
        before, piece, after = self._parts
        middle = self._size - len(before) - len(after)
        if self._at < len(before):
            data = before[self._at :]
        elif self._at < len(before) + middle:
            start = (self._at - len(before)) % len(piece)
            left = len(before) + middle - self._at
            data = (piece * (len(target) // len(piece) + 2))[start : start + min(left, len(target))]
        else:
            data = after[self._at - len(before) - middle :]
        count = min(len(data), len(target))
        target[:count] = data[:count]
        self._at += count
        return count


def counts(records: Iterator[Reflection | BadRecord]) -> tuple[int, int]:
    good = bad = 0
    for one in records:
        good, bad = good + isinstance(one, Reflection), bad + isinstance(one, BadRecord)
    return good, bad


@contextmanager
def peak_below(limit: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


RECORD = json.dumps({"task_summary": "t" * 100, "outcome": "failed", "reflection": "r" * 16_000})


thorough = partial(pytest.param, marks=pytest.mark.thorough)


@pytest.mark.parametrize(
    ("before", "between", "after"),
    [
        ("", "\n", "\n"),
        thorough("[", ",\n", "]"),
        thorough('{"patterns": [], "reflections": [', ",", "]}"),
    ],
    ids=["lines", "array", "reflections"],
)
def test_fifty_megabytes_are_read_in_a_few(
    tmp_path: Path, before: str, between: str, after: str
) -> None:
    count = 50 * MIB // len(RECORD)
    with (tmp_path / "reflections.json").open("w") as file:
        file.write(before)
        for number in range(count):
            file.write((between if number else "") + RECORD)
        file.write(after)
    with peak_below(3 * MIB):
        assert counts(read_work_tree(tmp_path, SourceConfig())) == (count, 0)


@pytest.mark.parametrize(
    ("piece", "before", "after", "good", "bad"),
    [
        (b"x", b'[{"outcome": "', b'"},' + GOOD.encode() + b"]", 1, 1),
        (b"x", b'{"outcome": "', b'"}\n' + GOOD.encode(), 1, 1),
        (b"x", b'{"a": "', b'", "reflections": [' + GOOD.encode() + b"]}", 1, 0),
        (b"[", b"", b"", 0, 1),
        thorough(b'{"a":', b"", b"", 0, 1),
        (b'"a",', b"[", b"1]", 0, 1),
        (b"\n", b"", b"", 0, 1),
        (b"\0", b"", b"", 0, 1),
        (b"9", b"[", b"]", 0, 1),
        (b"\\", b'["', b"", 0, 1),
        (b"\xff", b'[{"outcome": "', b'"}]', 0, 1),
        (b"{}\n", b"", b"", 0, 1),
        (b'"', b"", b"", 0, 1),
        thorough(b"a\n", GOOD.encode() + b"\n", b"", 1, MAX_REPORTED + 1),
    ],
    ids=lambda value: repr(value)[:24],
)
def test_huge_things_are_refused_in_little_memory(
    piece: bytes, before: bytes, after: bytes, good: int, bad: int
) -> None:
    stream = io.BufferedReader(Endless(5 * MIB // len(piece) * len(piece), piece, before, after))
    with peak_below(8 * MIB):
        assert counts(read_stream(stream, "agent", "f")) == (good, bad)
