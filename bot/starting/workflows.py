"""The workflows that `bot init` writes: templates, and the few values that differ by repository.

Every action is pinned by the commit that a release of it was; a comment names the release.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files

FOLDER = ".github/workflows"
OWN = "$/"
"""How a workflow of the action's own repository names it: as it is at the commit that runs."""
PINNED = {
    "CHECKOUT": "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1",
    "UPLOAD": "actions/upload-artifact@bbbca2ddaa5d8feaa63e36b76fdaad77386f024f # v7.0.0",
    "DOWNLOAD": "actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c # v8.0.1",
    "APP_TOKEN": (
        "actions/create-github-app-token@1b10c78c7865c340bc4f6099eb2f838309f1e8c3 # v3.1.1"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Which workflows are written. `action` is what a step uses; `settles_after` are CI's names."""

    action: str
    repository: str
    one_job: bool = False
    settles_after: tuple[str, ...] = ()


def workflow_files(form: Form) -> Iterator[tuple[str, str]]:
    """Path and text of each workflow."""
    values = PINNED | {
        "ACTION": form.action,
        "MINUTE": str(minute(form.repository)),
        "WORKFLOWS": json.dumps(list(form.settles_after)),
    }
    main = "bot-one-job.yml" if form.one_job else "bot.yml"
    yield f"{FOLDER}/bot.yml", _filled(main, values)
    yield f"{FOLDER}/bot-sandbox.yml", _filled("bot-sandbox.yml", values)
    if form.settles_after:
        yield f"{FOLDER}/bot-settle.yml", _filled("bot-settle.yml", values)


def minute(repository: str) -> int:
    """The minute of each hour at which this repository's bot runs.

    Spread by the name, and none of those that everybody takes: at the top of the hour GitHub starts
    late or not at all.
    """
    minutes = [minute for minute in range(4, 59) if minute % 5]
    digest = hashlib.sha256(repository.casefold().encode()).digest()
    return minutes[int.from_bytes(digest[:4], "big") % len(minutes)]


def _filled(name: str, values: Mapping[str, str]) -> str:
    template = files("bot.starting").joinpath("templates", name).read_text(encoding="utf-8")
    return re.sub(r"@([A-Z_]+)@", lambda found: values[found[1]], template)
