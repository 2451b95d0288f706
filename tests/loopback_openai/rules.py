"""What OpenAI's chat completions endpoint accepts, so that a request it refuses fails here too.

Sources: OpenAI's API reference and the request types of its Python client. A parameter that
exists but that this stand-in does not act on is refused as well: it cannot lie by silence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from .strict import strict_problems, valid_problems

NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_AUTHOR = re.compile(r"[^\s<|\\/>]{1,64}")
_REASONING_MODEL = re.compile(r"o\d|gpt-[5-9]")
_EXPLICIT_EFFORT_EXCLUDES_TOOLS = re.compile(r"gpt-(5\.[4-9]|[6-9])")
_DEFAULT_EFFORT_EXCLUDES_TOOLS = re.compile(r"gpt-(5\.[6-9]|[6-9])")
_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_UNMODELLED = {
    *("audio", "function_call", "functions", "logit_bias", "logprobs", "modalities"),
    *("moderation", "prediction", "prompt_cache_options", "stream_options", "top_logprobs"),
    "web_search_options",
}

Body = dict[str, Any]


class Rejected(Exception):
    """The request breaks a rule of the API; carries what OpenAI's error object would say."""

    def __init__(self, message: str, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.param = param
        self.code = code


def _must(holds: bool, message: str, param: str, code: str = "invalid_value") -> None:
    if not holds:
        raise Rejected(message, param, code)


def _only(value: object, known: set[str], required: set[str], at: str) -> Body:
    """The object at this place, which has no unknown key and every required one."""
    if not isinstance(value, dict):
        raise Rejected(f"Invalid type for '{at}': expected an object.", at, "invalid_type")
    for key in sorted(value.keys() - known):
        raise Rejected(f"Unknown parameter: '{at}.{key}'.", f"{at}.{key}", "unknown_parameter")
    for key in sorted(required - value.keys()):
        where = f"{at}.{key}"
        raise Rejected(
            f"Missing required parameter: '{where}'.", where, "missing_required_parameter"
        )
    return value


def _is_int(value: object, low: int | None = None) -> bool:
    is_int = isinstance(value, int) and not isinstance(value, bool)
    return is_int and (low is None or (isinstance(value, int) and value >= low))


def _number(low: float, high: float) -> Callable[[Any], bool]:
    def check(value: Any) -> bool:
        return isinstance(value, int | float) and value is not True and low <= value <= high

    return check


def _text(limit: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and len(value) <= limit


def _is_stop(value: Any) -> bool:
    texts = [value] if isinstance(value, str) else value
    return isinstance(texts, list) and 1 <= len(texts) <= 4 and all(map(_text(10_000), texts))


def _is_metadata(value: Any) -> bool:
    if not isinstance(value, dict) or len(value) > 16:
        return False
    return all(len(key) <= 64 and _text(512)(item) for key, item in value.items())


_SCALARS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "frequency_penalty": ("a number from -2 to 2", _number(-2, 2)),
    "max_completion_tokens": ("a positive integer", lambda value: _is_int(value, 1)),
    "max_tokens": ("a positive integer", lambda value: _is_int(value, 1)),
    "metadata": ("at most 16 short strings", _is_metadata),
    "n": ("1: this stand-in gives one choice", lambda value: _is_int(value) and value == 1),
    "presence_penalty": ("a number from -2 to 2", _number(-2, 2)),
    "prompt_cache_key": ("a string", _text(1_024)),
    "prompt_cache_retention": ("'in_memory' or '24h'", lambda v: v in ("in_memory", "24h")),
    "reasoning_effort": (f"one of {_EFFORTS}", lambda value: value in _EFFORTS),
    "safety_identifier": ("a string of at most 64 characters", _text(64)),
    "seed": ("an integer", _is_int),
    "service_tier": (
        "a service tier",
        lambda value: value in ("auto", "default", "flex", "scale", "priority", "fast"),
    ),
    "stop": ("a string or one to four of them", _is_stop),
    "store": ("a boolean", lambda value: isinstance(value, bool)),
    "stream": ("false: this stand-in does not stream", lambda value: value is False),
    "temperature": ("a number from 0 to 2", _number(0, 2)),
    "top_p": ("a number from 0 to 1", _number(0, 1)),
    "user": ("a string", _text(1_024)),
    "verbosity": ("'low', 'medium' or 'high'", lambda v: v in ("low", "medium", "high")),
}
_STRUCTURED = {
    *("model", "messages", "tools", "tool_choice", "parallel_tool_calls", "response_format"),
}


def check_request(body: Body) -> None:
    """Raises `Rejected` for the first rule of the API that this request breaks."""
    for name in sorted(body.keys() - _SCALARS.keys() - _STRUCTURED):
        if name in _UNMODELLED:
            raise Rejected(f"Parameter '{name}' is not modelled by this stand-in.", name)
        raise Rejected(f"Unknown parameter: '{name}'.", name, "unknown_parameter")
    for name in ("model", "messages"):
        _must(name in body, f"Missing required parameter: '{name}'.", name, "missing_required")
    model = body["model"]
    _must(isinstance(model, str) and model != "", "you must provide a model parameter", "model")
    for name, (meaning, fits) in _SCALARS.items():
        value = body.get(name)
        _must(value is None or fits(value), f"Invalid '{name}': expected {meaning}.", name)
    _check_messages(body["messages"])
    names = _check_tools(body["tools"]) if "tools" in body else []
    _check_tool_options(body, names)
    if "response_format" in body:
        _check_response_format(body["response_format"], body["messages"])
    _check_model_rules(body)


def _check_messages(messages: Any) -> None:
    _must(isinstance(messages, list), "Invalid type for 'messages'.", "messages", "invalid_type")
    _must(messages != [], "Invalid 'messages': empty array.", "messages", "empty_array")
    pending: list[str] = []
    for index, message in enumerate(messages):
        at = f"messages[{index}]"
        role = message.get("role") if isinstance(message, dict) else None
        if role == "tool":
            _only(message, {"role", "content", "tool_call_id"}, {"content", "tool_call_id"}, at)
            _check_content(message["content"], {"text"}, f"{at}.content")
            _must(
                message["tool_call_id"] in pending,
                "messages with role 'tool' must be a response to a preceding message with"
                f" 'tool_calls' (tool_call_id {message['tool_call_id']!r}).",
                f"{at}.tool_call_id",
            )
            pending.remove(message["tool_call_id"])
            continue
        _check_answered(pending, f"{at}.role")
        pending = _check_speaker(message, role, at)
    _check_answered(pending, "messages")


def _check_answered(pending: list[str], param: str) -> None:
    _must(
        not pending,
        "An assistant message with 'tool_calls' must be followed by tool messages responding to"
        " each 'tool_call_id'. The following tool_call_ids did not have response messages:"
        f" {', '.join(pending)}",
        param,
    )


def _check_speaker(message: Any, role: Any, at: str) -> list[str]:
    """Checks a message that is not a tool's; gives the ids of the tool calls it makes."""
    if role == "assistant":
        return _check_assistant(message, at)
    known = role in ("system", "developer", "user")
    _must(not isinstance(message, dict) or known, f"Invalid role {role!r}.", f"{at}.role")
    _only(message, {"role", "content", "name"}, {"role", "content"}, at)
    _check_author(message, at)
    _check_content(message["content"], {"text"}, f"{at}.content")
    return []


def _check_author(message: Body, at: str) -> None:
    name = message.get("name", "x")
    fits = isinstance(name, str) and _AUTHOR.fullmatch(name) is not None
    _must(fits, f"Invalid '{at}.name'.", f"{at}.name")


def _check_content(content: Any, parts: set[str], at: str) -> None:
    if isinstance(content, str):
        return
    _must(isinstance(content, list), f"Invalid type for '{at}'.", at, "invalid_type")
    _must(content != [], f"Invalid '{at}': empty array.", at, "empty_array")
    for index, part in enumerate(content):
        kind = part.get("type") if isinstance(part, dict) else None
        here = f"{at}[{index}]"
        _must(kind in parts, f"Invalid '{here}': parts here are {sorted(parts)}.", f"{here}.type")
        _only(part, {"type", str(kind)}, {"type", str(kind)}, here)
        _must(isinstance(part[kind], str), f"Invalid '{here}.{kind}'.", here, "invalid_type")


def _check_assistant(message: Any, at: str) -> list[str]:
    # What a client echoes from an answer comes back whole, with these two at their empty values.
    echoed: Body = {"annotations": [], "audio": None}
    known = {"role", "content", "name", "refusal", "tool_calls", *echoed}
    _only(message, known, {"role"}, at)
    _check_author(message, at)
    for key, empty in echoed.items():
        _must(message.get(key, empty) == empty, f"'{at}.{key}' is not modelled.", f"{at}.{key}")
    content, refusal = message.get("content"), message.get("refusal")
    _must(refusal is None or isinstance(refusal, str), f"Invalid '{at}.refusal'.", at)
    if content is not None:
        _check_content(content, {"text", "refusal"}, f"{at}.content")
    if "tool_calls" not in message:
        _must(
            content is not None or refusal is not None,
            f"Invalid value for '{at}.content': expected a string, got null.",
            f"{at}.content",
        )
        return []
    return list(_check_calls(message["tool_calls"], f"{at}.tool_calls"))


def _check_calls(made: Any, at: str) -> Iterator[str]:
    _must(isinstance(made, list) and made != [], f"Invalid '{at}': empty or no array.", at)
    ids: set[str] = set()
    for index, call in enumerate(made):
        here = f"{at}[{index}]"
        _only(call, {"id", "type", "function"}, {"id", "type", "function"}, here)
        _must(call["type"] == "function", f"Invalid '{here}.type'.", f"{here}.type")
        _must(isinstance(call["id"], str) and call["id"] != "", f"Invalid '{here}.id'.", here)
        _must(call["id"] not in ids, f"Duplicate '{here}.id'.", f"{here}.id")
        ids.add(call["id"])
        keys = {"name", "arguments"}
        function = _only(call["function"], keys, keys, f"{here}.function")
        _check_name(function["name"], f"{here}.function.name")
        arguments = function["arguments"]
        _must(isinstance(arguments, str), f"Invalid type for '{here}.function.arguments'.", here)
        yield call["id"]


def _check_name(name: Any, at: str) -> None:
    fits = isinstance(name, str) and NAME.fullmatch(name) is not None
    _must(fits, f"Invalid '{at}': expected a string matching '^{NAME.pattern}$'.", at)


def _check_tools(tools: Any) -> list[str]:
    _must(isinstance(tools, list), "Invalid type for 'tools'.", "tools", "invalid_type")
    _must(1 <= len(tools) <= 128, "Invalid 'tools': expected 1 to 128 of them.", "tools")
    names: list[str] = []
    for index, tool in enumerate(tools):
        at = f"tools[{index}]"
        _only(tool, {"type", "function"}, {"type", "function"}, at)
        _must(tool["type"] == "function", f"Invalid '{at}.type': expected 'function'.", at)
        keys = {"name", "description", "parameters", "strict"}
        function = _only(tool["function"], keys, {"name"}, f"{at}.function")
        _check_name(function["name"], f"{at}.function.name")
        _must(function["name"] not in names, f"Duplicate '{at}.function.name'.", at)
        names.append(function["name"])
        described = isinstance(function.get("description", ""), str)
        _must(described, f"Invalid type for '{at}.function.description'.", at)
        _check_schema(function, "parameters", f"{at}.function")
    return names


def _check_schema(holder: Body, key: str, at: str) -> None:
    """Checks the schema of a function or of a response format, strictly where that is asked."""
    strict = holder.get("strict")
    _must(strict is None or isinstance(strict, bool), f"Invalid '{at}.strict'.", f"{at}.strict")
    if key not in holder and not strict:
        return
    problem = _first_problem(json.dumps(holder.get(key)), bool(strict))
    if problem is not None:
        message = f"Invalid schema for '{holder['name']}': {problem}."
        raise Rejected(message, f"{at}.{key}", "invalid_function_parameters")


@lru_cache(maxsize=1_000)
def _first_problem(schema_json: str, strict: bool) -> str | None:
    """Remembered, because a client sends the same few schemas with every request."""
    schema = json.loads(schema_json)
    return next(strict_problems(schema) if strict else _loose_problems(schema), None)


def _loose_problems(schema: object) -> Iterator[str]:
    yield from valid_problems(schema)
    if isinstance(schema, dict) and schema.get("type") != "object":
        yield f"schema must be of type 'object', got {schema.get('type')!r}"


def _check_tool_options(body: Body, names: list[str]) -> None:
    for option in ("tool_choice", "parallel_tool_calls"):
        message = f"'{option}' is only allowed when 'tools' are specified."
        _must(option not in body or bool(names), message, option)
    parallel = body.get("parallel_tool_calls", True)
    _must(isinstance(parallel, bool), "Invalid 'parallel_tool_calls'.", "parallel_tool_calls")
    choice = body.get("tool_choice", "auto")
    if isinstance(choice, str):
        known = choice in ("none", "auto", "required")
        _must(known, f"Invalid value for 'tool_choice': {choice!r}.", "tool_choice")
        return
    _only(choice, {"type", "function"}, {"type", "function"}, "tool_choice")
    _must(choice["type"] == "function", "Invalid 'tool_choice.type'.", "tool_choice.type")
    function = _only(choice["function"], {"name"}, {"name"}, "tool_choice.function")
    message = f"Tool choice {function['name']!r} not found in 'tools' parameter."
    _must(function["name"] in names, message, "tool_choice")


def _check_response_format(wanted: Any, messages: Any) -> None:
    at = "response_format"
    _only(wanted, {"type", "json_schema"}, {"type"}, at)
    kind = wanted["type"]
    _must(kind in ("text", "json_object", "json_schema"), f"Invalid '{at}.type'.", f"{at}.type")
    has_schema = "json_schema" in wanted
    _must(has_schema == (kind == "json_schema"), f"Missing or idle '{at}.json_schema'.", at)
    if kind == "json_object":
        said = "json" in str(messages).lower()
        _must(said, "'messages' must contain the word 'json' to use JSON mode.", "messages")
    if has_schema:
        keys = {"name", "description", "schema", "strict"}
        _only(wanted["json_schema"], keys, {"name"}, f"{at}.json_schema")
        _check_name(wanted["json_schema"]["name"], f"{at}.json_schema.name")
        _check_schema(wanted["json_schema"], "schema", f"{at}.json_schema")


def _check_model_rules(body: Body) -> None:
    """What depends on the family of the model; unknown names follow the general rules only."""
    model, effort = body["model"], body.get("reasoning_effort")
    limits = [name for name in ("max_tokens", "max_completion_tokens") if body.get(name)]
    _must(len(limits) < 2, "Set either 'max_tokens' or 'max_completion_tokens'.", "max_tokens")
    if not _REASONING_MODEL.match(model):
        if model.startswith(("gpt-3", "gpt-4")) and effort is not None:
            raise Rejected("Unrecognized request argument supplied: reasoning_effort")
        return
    if "max_tokens" in limits:
        raise Rejected(
            "Unsupported parameter: 'max_tokens' is not supported with this model. Use"
            " 'max_completion_tokens' instead.",
            "max_tokens",
            "unsupported_parameter",
        )
    explicit = _EXPLICIT_EFFORT_EXCLUDES_TOOLS.match(model) and effort not in (None, "none")
    implied = _DEFAULT_EFFORT_EXCLUDES_TOOLS.match(model) and effort is None
    if "tools" in body and (explicit or implied):
        raise Rejected(
            f"Function tools with reasoning_effort are not supported for {model} in"
            " /v1/chat/completions. To use function tools, use /v1/responses or set"
            " reasoning_effort to 'none'.",
            "reasoning_effort",
        )
