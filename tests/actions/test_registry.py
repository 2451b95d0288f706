"""The registry: nothing is silently preferred, and a model is never handed a write."""

from __future__ import annotations

import json

import pytest

from bot.actions import Action, ActionError, Effect, Params, ReadContext, read_file
from bot.actions.registry import Registry, load, tool
from bot.errors import UserError
from tests.scratch import MemoryTree


class Nothing(Params):
    pass


def test_a_second_action_of_a_name_is_refused() -> None:
    with pytest.raises(UserError, match="two actions named 'read_file'"):
        Registry().register(read_file.ACTION)


def test_a_model_is_offered_only_what_reads_or_proposes() -> None:
    offered = {definition["function"]["name"] for definition in Registry().tools()}
    writes = {action.name for action in Registry() if action.effect is Effect.WRITE}
    assert writes
    assert offered.isdisjoint(writes)


def test_every_action_describes_itself_and_its_parameters() -> None:
    for action in Registry():
        assert action.description.endswith(".")
        assert json.dumps(tool(action))


@pytest.mark.parametrize(
    ("name", "arguments", "says"),
    [
        ("no_such_thing", "{}", "no action named 'no_such_thing'"),
        ("read_file", "{", "read_file"),
        ("read_file", "[]", "read_file"),
        ("read_file", '{"path": "a.py"}', "first"),
        ("read_file", '{"path": "a.py", "first": 0, "last": 2}', "first"),
        ("read_file", '{"path": "a.py", "first": 1, "last": 2, "more": 3}', "more"),
        ("log_bug_report", '{"filename": "a", "function": "", "summary": "x", "severity": "bad"}',
         "severity"),
    ],
)  # fmt: skip
def test_a_call_that_does_not_fit_is_said_in_words(name: str, arguments: str, says: str) -> None:
    with pytest.raises(ActionError, match=says):
        Registry().parse(name, arguments)


def test_an_extra_action_must_be_installed() -> None:
    with pytest.raises(UserError, match="'nowhere'"):
        load(["nowhere"])


def test_third_parties_add_read_actions() -> None:
    extra: Action[ReadContext, Nothing, str] = Action(
        "list_files",
        "List the files.",
        Effect.READ,
        Nothing,
        lambda context, _: " ".join(context.tree.paths()),
    )
    registry = Registry()
    registry.register(extra)
    action, params = registry.parse("list_files", "{}")
    assert action.execute(ReadContext(MemoryTree({"a.py": "", "b.py": ""})), params) == "a.py b.py"
