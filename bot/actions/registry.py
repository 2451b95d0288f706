"""The registry: which actions exist, checked calls to them, and their definitions for a model.

The built-in actions are literal lists, so a search for a name finds it. Third parties add `read`
actions only, through the entry-point group `bot.actions`, and only those the config names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points
from typing import Any

from pydantic import ValidationError

from bot.actions import (
    Action,
    ActionError,
    Done,
    Effect,
    Params,
    ProposeContext,
    ReadContext,
    WriteContext,
    add_reflections,
    append_ledger,
    call_person,
    close_pull_request,
    comment,
    delete_branch,
    disable_auto_merge,
    enable_auto_merge,
    log_bug_report,
    merge_pull_request,
    open_issue,
    open_pull_request,
    propose_code_patch,
    publish_branch,
    read_file,
    record_check,
    report_no_bug,
    request_review,
    rerun_checks,
    search_code,
    set_label,
    tell_issue,
    update_branch,
    update_issue,
    update_status,
)
from bot.errors import UserError

READ: tuple[Action[ReadContext, Any, str], ...] = (read_file.ACTION, search_code.ACTION)
PROPOSE: tuple[Action[ProposeContext, Any, str], ...] = (
    log_bug_report.ACTION,
    propose_code_patch.ACTION,
    report_no_bug.ACTION,
)
WRITE: tuple[Action[WriteContext, Any, Done], ...] = (
    publish_branch.ACTION,
    open_pull_request.ACTION,
    record_check.ACTION,
    update_branch.ACTION,
    update_status.ACTION,
    add_reflections.ACTION,
    request_review.ACTION,
    comment.ACTION,
    set_label.ACTION,
    close_pull_request.ACTION,
    disable_auto_merge.ACTION,
    enable_auto_merge.ACTION,
    merge_pull_request.ACTION,
    delete_branch.ACTION,
    append_ledger.ACTION,
    rerun_checks.ACTION,
    call_person.ACTION,
    open_issue.ACTION,
    update_issue.ACTION,
    tell_issue.ACTION,
)

_NOT_IN_STRICT = ("title", "default", "minLength", "maxLength")
"""Keywords that strict tools refuse; pydantic still checks what they say."""

AnyAction = Action[Any, Any, Any]


class Registry:
    """Actions by name. A second action of the same name is refused, never silently preferred."""

    def __init__(self, actions: Iterable[AnyAction] = (*READ, *PROPOSE, *WRITE)) -> None:
        self._actions: dict[str, AnyAction] = {}
        for action in actions:
            self.register(action)

    def register(self, action: AnyAction) -> None:
        if action.name in self._actions:
            raise UserError(f"There are two actions named {action.name!r}; rename one of them.")
        self._actions[action.name] = action

    def __iter__(self) -> Iterator[AnyAction]:
        return iter(self._actions.values())

    def get(self, name: str) -> AnyAction:
        try:
            return self._actions[name]
        except KeyError:
            raise ActionError(f"There is no action named {name!r}.") from None

    def parse(self, name: str, arguments: str) -> tuple[AnyAction, Params]:
        """The action and its checked parameters from JSON text; an ActionError says what is off."""
        action = self.get(name)
        try:
            return action, action.parameters.model_validate_json(arguments)
        except ValidationError as error:
            raise ActionError(f"{name}: {_first_mistake(error)}") from error

    def tools(self) -> list[dict[str, Any]]:
        """Tool definitions of what a model may call, in the form of OpenAI's chat completions.

        Only `read` and `propose` actions; every schema is strict.
        """
        return [tool(action) for action in self if action.effect is not Effect.WRITE]


def load(extra: Iterable[str] = ()) -> Registry:
    """The built-in actions and the installed `read` actions that the config names."""
    registry = Registry()
    for name in extra:
        found = [point for point in entry_points(group="bot.actions") if point.name == name]
        if not found:
            raise UserError(
                f"actions.extra names {name!r}, but no installed package offers it in the "
                f"entry-point group 'bot.actions'; install one, or take the name out."
            )
        action = found[0].load()
        if not isinstance(action, Action) or action.effect is not Effect.READ:
            raise UserError(
                f"actions.extra names {name!r}, which is not a 'read' action; take it out."
            )
        registry.register(action)
    return registry


def tool(action: AnyAction) -> dict[str, Any]:
    """One action as a strict function tool."""
    return {
        "type": "function",
        "function": {
            "name": action.name,
            "description": action.description,
            "strict": True,
            "parameters": strict_schema(action.parameters),
        },
    }


def strict_schema(parameters: type[Params]) -> dict[str, Any]:
    """JSON Schema as strict tools want it: every property required, nothing else allowed.

    Titles and the descriptions of classes are left out: a model pays for every token of them.
    """
    schema: dict[str, Any] = _strict(parameters.model_json_schema())
    return schema


def _strict(node: Any) -> Any:
    if isinstance(node, list):
        return [_strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "properties" in node:
        properties = {name: _strict(value) for name, value in node["properties"].items()}
        kept = {k: _strict(v) for k, v in node.items() if k == "$defs"}
        return kept | {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
    if "$ref" in node:
        return {"$ref": node["$ref"]}
    kept = {key: _strict(value) for key, value in node.items() if key not in _NOT_IN_STRICT}
    if "enum" in kept:  # its description is the class's docstring, which is for programmers
        kept.pop("description", None)
    return kept


def _first_mistake(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])
