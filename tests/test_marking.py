"""A record is marked as resolved by a change of the fewest characters, or not at all."""

from __future__ import annotations

import json

import pytest

from bot.model import Reflection
from bot.sources import Document, read_document
from bot.sources.marking import MAX_CHARS, marked, unmarked
from bot.triage import triage

PRETTY = """\
[
  {
    "id": "a",
    "reflection": "f in x.py fails"
  },
  {
    "id": "b",
    "reflection": "g in x.py fails"
  }
]
"""
OPEN = '{"id": "a", "outcome": "failure", "status": "open", "reflection": "f fails"}'
CASES = [
    (PRETTY, '"f in x.py fails"\n', '"f in x.py fails",\n    "status": "resolved"\n'),
    ('{"id":"a","outcome":"bad"}\n{"id":"b","outcome":"bad"}\n',
     '"a","outcome":"bad"}', '"a","outcome":"bad","status":"resolved"}'),
    (f"{OPEN}\n", '"open"', '"resolved"'),
    (f"[{OPEN}]", '"open"', '"resolved"'),
    (f'{{"version": 1, "reflections": [{OPEN}]}}', '"open"', '"resolved"'),
    (OPEN.replace('"open"', "null"), "null", '"resolved"'),
    (OPEN.replace('"status": "open"', '"resolved": false'), "false", "true"),
    (OPEN.replace('"status": "open"', '"resolved": "no", "status": {"x": [1, "}"]}'),
     '{"x": [1, "}"]}', '"resolved"'),
    ("\ufeff[\r\n\t" + OPEN.replace(", ", ",\r\n\t") + "\r\n]", '"open"', '"resolved"'),
    ('[{"id": "a", "outcome": "bad", "note": "é \\ud83d\\ude00"}, 7, "x"]',
     'ude00"}', 'ude00", "status": "resolved"}'),
    (f"not json\n{OPEN}\n{OPEN}\n{{}}\n", '"open"', '"resolved"'),
]  # fmt: skip


def read(text: str) -> list[Reflection]:
    found = read_document(Document("s", "f", text.encode()))
    return [one for one in found if isinstance(one, Reflection)]


@pytest.mark.parametrize(("text", "old", "new"), CASES)
def test_only_its_status_changes_and_triage_takes_it_for_settled(
    text: str, old: str, new: str
) -> None:
    done = marked(text, ("a",))
    assert (done.problem, done.ids) == ("", ("a",))
    assert done.text == text.replace(old, new)
    before, after = read(text), read(done.text)
    assert [one.id for one in before] == [one.id for one in after]
    assert {triage(one).kind for one in after if one.id == "a"} == {"settled"}
    assert [b for b in before if b.id != "a"] == [a for a in after if a.id != "a"]
    assert marked(done.text, ("a",)).ids == ()
    assert unmarked(done.text, text, ["a"]) == text


def test_a_record_without_an_id_of_its_own_keeps_the_one_it_is_given() -> None:
    text = json.dumps([{"outcome": "bad"}, {"outcome": "worse"}], indent=2)
    id_ = read(text)[1].id
    done = marked(text, (id_,))
    assert [one.id for one in read(done.text)] == [one.id for one in read(text)]
    assert json.loads(done.text) == [{"outcome": "bad"}, {"outcome": "worse", "status": "resolved"}]


@pytest.mark.parametrize(
    "text",
    ["", "plain text", "[", '[{"id": "z", "outcome": "bad"}]', '["a"]', '{"a": {"id": "a"}}',
     OPEN.replace('"open"', '"wontfix"'), '{"id": "a", "outcome": "x", "written_by": "amendbot"}',
     '{"id": "a", "outcome": "x", "status": "open", "status": "shut"}'],
)  # fmt: skip
def test_what_is_settled_or_not_there_or_not_readable_stays_as_it_is(text: str) -> None:
    done = marked(text, ("a",))
    assert (done.text, done.ids) == (text, ())


def test_a_file_too_long_to_be_judged_is_left_alone_and_that_is_said() -> None:
    text = f"{OPEN}\n" + " " * MAX_CHARS
    done = marked(text, ("a",))
    assert (done.text, done.ids) == (text, ())
    assert "is longer than 1,000,000 characters" in done.problem


def test_taking_it_back_leaves_what_came_later() -> None:
    now = marked(PRETTY, ("a", "b")).text
    later = now.replace("\n]", ',\n  {\n    "id": "c", "outcome": "bad"\n  }\n]')
    assert later != now
    back = unmarked(later, PRETTY, ["a", "b"])
    assert back == PRETTY.replace("\n]", ',\n  {\n    "id": "c", "outcome": "bad"\n  }\n]')
    edited = now.replace("f in x.py fails", "f in x.py fails badly")
    assert unmarked(edited, PRETTY, ["a"]) == edited
