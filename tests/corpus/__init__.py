"""A corpus of patches, each labelled with what vetting must say of it.

The cases are data: `fixes.toml` must pass, `facts.toml` must pass with these facts, and
`refused_*.toml` must be refused by this rule. `accept_also` marks the few where either answer is
right.
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.config import Config
from bot.model import Commit, Edit, FileChange, Patch, Sha
from bot.protected import protected
from bot.risks import risks
from bot.vet import NewText, vet_commit, vet_edits
from tests.scratch import MemoryTree

FOLDER = Path(__file__).parent
_ZERO = Sha("0" * 40)


@dataclass(frozen=True)
class Case:
    """One patch. `rule` is empty where it must pass, then with exactly these `facts`."""

    name: str
    group: str
    tree: MemoryTree
    edits: tuple[Edit, ...]
    changes: tuple[FileChange, ...] | None
    rule: str
    facts: tuple[str, ...]
    accept_also: bool


@dataclass(frozen=True)
class Verdict:
    """What vetting said: the rules that refuse, or else the facts."""

    refused: tuple[str, ...]
    facts: tuple[str, ...]
    sentences: tuple[str, ...]


def load() -> list[Case]:
    """Every case of the corpus, in the order of the files."""
    base = tomllib.loads((FOLDER / "trees.toml").read_text(encoding="utf-8"))
    cases: list[Case] = []
    for name in ("fixes", "facts", "refused_code", "refused_shape"):
        data = tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
        listed = [*data.get("case", ()), *_each(data.get("paths", ()))]
        cases.extend(_case(raw, name, base) for raw in listed)
    return cases


def judge(case: Case) -> Verdict:
    """What the bot says of a case, git's own comparison included (made up here unless given)."""
    vetted = vet_edits(Patch(case.edits, "why"), case.tree)
    found = list(vetted.refused)
    changes = case.changes
    if not found:
        if changes is None:
            changes = tuple(_changes(vetted.files, case.tree))
        commit = Commit(
            sha=_ZERO, tree=_ZERO, parents=(_ZERO,), message="", date="", changes=changes
        )
        found.extend(vet_commit(commit, vetted.files, Config().patch))
    if found:
        return Verdict(tuple(f.rule for f in found), (), tuple(f.sentence for f in found))
    noticed = (*risks(vetted.files, case.tree), *protected(changes or (), Config()))
    kinds = tuple(sorted({finding.rule for finding in noticed}))
    return Verdict((), kinds, tuple(finding.sentence for finding in noticed))


def mistake(case: Case, verdict: Verdict) -> str:
    """In what way a verdict is wrong: a false refusal, a false acceptance, ...; empty if right."""
    if not verdict.refused and (not case.rule or case.accept_also):
        return "" if case.accept_also or verdict.facts == case.facts else "other facts"
    if not case.rule:
        return "false refusal"
    if not verdict.refused:
        return "false acceptance"
    return "" if case.rule in verdict.refused else "other rule"


def _each(groups: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for group in groups:
        for path in group["each"]:
            name = f"{group['name']}: {path!a}"
            yield {"name": name, "edits": [[path, "", "x = 1\n"]], "rule": group["rule"]}


def _case(raw: dict[str, Any], group: str, base: dict[str, Any]) -> Case:
    files: dict[str, str | bytes] = {
        path: text.removeprefix("\n") for path, text in base["files"].items()
    }
    files |= {path: text.encode("latin-1") for path, text in base["latin1"].items()}
    files |= raw.get("files", {})
    for path in raw.get("drop", ()):
        del files[path]
    tree = MemoryTree(files, base["modes"])
    listed = [(e["path"], e["old"], e["new"]) for e in raw.get("edit", ())] + raw.get("edits", [])
    edits = []
    for path, old, new in listed:
        where = _text(path)
        blob = {"other": Sha("f" * 40), "none": None}.get(raw.get("blob", ""), tree.blob(where))
        edits.append(Edit(where, blob, _text(old), _text(new)))
    changes = raw.get("changes")
    return Case(
        name=raw["name"],
        group=group,
        tree=tree,
        edits=tuple(edits),
        changes=None if changes is None else tuple(map(_change, changes)),
        rule=raw.get("rule", ""),
        facts=tuple(sorted(raw.get("facts", ()))),
        accept_also=raw.get("accept_also", False),
    )


def _text(raw: str | dict[str, Any]) -> str:
    if isinstance(raw, str):
        return raw
    return str(raw.get("before", "") + raw["text"] * raw["times"] + raw.get("after", ""))


def _change(row: str) -> FileChange:
    status, old_mode, new_mode, added, removed, path = row.split(" ", 5)
    return FileChange(
        path=path,
        status=status,
        old_mode=old_mode,
        new_mode=new_mode,
        added=None if added == "-" else int(added),
        removed=None if removed == "-" else int(removed),
    )


def _changes(files: Sequence[NewText], tree: MemoryTree) -> Iterator[FileChange]:
    """Roughly git's account: exact in status and modes, and in the counts of lines nearly so."""
    for file in files:
        base = tree.read(file.path)
        if base == file.text:
            continue
        old, new = (base or "").splitlines(), file.text.splitlines()
        rows = list(difflib.unified_diff(old, new, lineterm="", n=0))[2:] if old else []
        yield FileChange(
            path=file.path,
            status="A" if base is None else "M",
            old_mode=tree.mode(file.path) or "000000",
            new_mode=file.mode,
            added=sum(row.startswith("+") for row in rows) if old else len(new),
            removed=sum(row.startswith("-") for row in rows),
        )
