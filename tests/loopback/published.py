"""Hold each REST answer against the models GitHub publishes, so the stand-in cannot drift."""

from __future__ import annotations

from functools import cache
from typing import Any, Union


@cache
def _adapter(answers: str) -> Any:
    """``answers`` is a model's name, ``A|B`` for either, or ``list[...]`` of those."""
    from githubkit_schemas.latest import models
    from pydantic import TypeAdapter

    names = answers.removeprefix("list[").removesuffix("]").split("|")
    model: Any = Union[tuple(getattr(models, name) for name in names)]  # noqa: UP007
    return TypeAdapter(list[model] if answers.startswith("list[") else model)


def disagreement(answers: str, payload: Any) -> str | None:
    """How the payload breaks GitHub's published model, or ``None`` when it does not."""
    from pydantic import ValidationError

    try:
        _adapter(answers).validate_python(payload)
    except ValidationError as error:
        return f"not a {answers}: {error}"
    return None
