"""What the bot's commits may change: a line of the fix, and what its reflections say of themselves.

The files of reflections are written by `json.dumps` here, so that what a mark makes of one can be
written down without asking the bot.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from bot.ledger import HeadRecord
from bot.model import Kind
from tests.life import program
from tests.life.program import REFLECTIONS
from tests.life.site import Site

RESOLVED = {"status": "resolved"}
_TAKES_BACK = re.compile(r"^This reverts commit ([0-9a-f]{40})\.", re.MULTILINE)
_Record = Mapping[str, Any]


def change_problems(site: Site, commit: str, record: HeadRecord) -> Iterator[str]:
    """What is wrong with one commit of the bot's, which is on record so."""
    parents = site.parents(commit)
    if len(parents) != 1:
        yield f"{commit[:9]} of the bot has {len(parents)} parents"
        return
    parent, text = parents[0], site.read(commit, REFLECTIONS)
    if record.change is Kind.REVERT:
        merge = _taken_back(site, commit)
        allowed = _paths(site, site.parents(merge)[0], merge)
        expected = _reopened(site, merge, site.read(parent, REFLECTIONS))
    else:
        allowed = {*program.PLACES.values(), "CODEOWNERS"}
        expected = _marked(site, parent, record.reflections)
    if text != expected:
        yield f"{commit[:9]} leaves {REFLECTIONS} as {text}"
    code = _paths(site, parent, commit) - {REFLECTIONS}
    if code - allowed or len(code) > 1:
        yield f"{commit[:9]} changes {sorted(code)}"
    for path in code:
        old, new = (Counter(site.read(one, path).splitlines()) for one in (parent, commit))
        if max((old - new).total(), (new - old).total()) > 1:
            yield f"{commit[:9]} changes more than one line of {path}"


def _paths(site: Site, before: str, after: str) -> set[str]:
    said = site.bare.said((before, after), "diff-tree", "-r", "--name-only", before, after)
    return set(said.splitlines())


def _taken_back(site: Site, revert: str) -> str:
    """The merge that a revert says it takes back."""
    said = site.bare.said((revert,), "log", "-1", "--format=%B", revert)
    found = _TAKES_BACK.search(said)
    assert found is not None, said
    return found[1]


def _marked(site: Site, parent: str, ids: tuple[str, ...]) -> str:
    """The file with the records of these ids resolved, if it is there and that is wanted."""
    text = site.read(parent, REFLECTIONS)
    if not text or not site.wanted(parent).options.write_back:
        return text
    return _written([one | RESOLVED if one["id"] in ids else one for one in json.loads(text)])


def _reopened(site: Site, merge: str, text: str) -> str:
    """The file without what the merge had marked, where it still says so."""
    if not text:
        return text
    first = site.read(site.parents(merge)[0], REFLECTIONS)
    before = {one["id"]: one for one in json.loads(first or "[]")}
    merged = json.loads(site.read(merge, REFLECTIONS) or "[]")
    marks = [one for one in merged if one != before.get(one["id"], one)]
    return _written([before[one["id"]] if one in marks else one for one in json.loads(text)])


def _written(records: list[_Record]) -> str:
    return json.dumps(records, indent=2)
