"""The policy cookbook is executed: each policy decides as the table below it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.config import Config, Proof, parse_config
from bot.evidence import NO_NAMES, Names
from bot.facts import Facts
from bot.model import FileChange, Kind, Severity
from bot.protected import protected
from bot.rules import NO_RULE, Decision, judge, kind_of
from bot.time_windows import duration
from tests.observed import EVIDENCE
from tests.scratch import MemoryTree

PAGE = Path(__file__).parent.parent / "docs/policies.md"
NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
PROOFS = {
    "proven": (Proof.FAIL_TO_PASS, EVIDENCE),
    "checks only": (Proof.CHECKS, replace(EVIDENCE, fixed=NO_NAMES)),
    "nothing": (Proof.NONE, None),
    "breaks a test": (
        Proof.FAIL_TO_PASS,
        replace(EVIDENCE, broken=Names.of(["test_llm.py::test_old"])),
    ),
}


def policies() -> Iterator[tuple[str, str, list[dict[str, str]]]]:
    """Each policy of the page: its heading, its TOML, and the rows of its table."""
    text = PAGE.read_text(encoding="utf-8")
    for part in re.split(r"(?m)^## ", text)[1:]:
        toml = re.search(r"(?ms)^```toml\n(.*?)^```", part)
        assert toml, part[:50]
        cells = [
            [cell.strip().strip("`") for cell in line.strip("|").split("|")]
            for line in part.splitlines()
            if line.startswith("|") and not line.startswith("|---")
        ]
        head, *rows = cells
        yield part.splitlines()[0], toml[1], [dict(zip(head, row, strict=True)) for row in rows]


CASES = [
    pytest.param(toml, row, id=f"{heading.split('.')[0]}, row {number}")
    for heading, toml, rows in policies()
    for number, row in enumerate(rows, start=1)
]


@pytest.mark.parametrize(("toml", "row"), CASES)
def test_a_policy_decides_as_its_table_says(toml: str, row: dict[str, str]) -> None:
    config = parse_config(toml, "docs/policies.md")
    assert said(judge(facts_of(row, config), config)) == row["decision"]


def test_there_are_ten_policies_each_with_more_than_one_outcome() -> None:
    found = list(policies())
    numbers = [int(heading.split(".")[0]) for heading, _, _ in found]
    assert numbers == list(range(1, 11))
    assert all(len(rows) >= 2 for _, _, rows in found)


def said(decision: Decision) -> str:
    outcome = "waits" if decision.pending else decision.outcome.value
    by = "no rule" if decision.rule == NO_RULE else f"“{decision.rule}”"
    return f"{outcome}, by {by}"


def facts_of(row: dict[str, str], config: Config) -> Facts:
    """What a row of a table tells of a change."""
    now = datetime.fromisoformat(row["now"]).replace(tzinfo=UTC) if "now" in row else NOW
    change = FileChange(
        path=row["file"],
        status="M",
        old_mode="100644",
        new_mode="100644",
        added=int(row["lines"]),
        removed=0,
    )
    confidence = row.get("confidence", "–")
    source = (row.get("source") or config.source[0].name,)
    proof, evidence = PROOFS[row["proof"]]
    return Facts(
        now=now,
        changes=(change,),
        protected=protected((change,), config, MemoryTree({})),
        risks=(),
        severity=Severity(row["severity"]),
        engine=row.get("engine", "search"),
        confidence=None if confidence == "–" else float(confidence),
        kind=kind_of((change,), Kind(row.get("kind", "fix"))),
        sources=source,
        trusted=config.trusts(source),
        proposed=now - (duration(row["age"]) if "age" in row else timedelta(minutes=5)),
        attempt=int(row.get("attempt", "1")),
        proof=proof,
        proof_pending=False,
        evidence=evidence,
    )
