"""Snapshots for the pure modules: one incident, one proposal, one pull request, all adjustable."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from bot.config import Config, parse_config
from bot.evidence import Evidence, Names
from bot.ledger import AttemptRecord, HeadRecord, Ledger, Record
from bot.model import (
    Branch,
    Check,
    CheckState,
    Commit,
    Ending,
    FileChange,
    Fingerprint,
    ForgeView,
    Incident,
    Mergeable,
    Place,
    Pull,
    PullState,
    Reflection,
    RequiredCheck,
    Sha,
)
from bot.snapshot import Snapshot
from tests.scratch import MemoryTree

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
BASE = Sha("b" * 40)
HEAD = Sha("d" * 40)
TREE = Sha("e" * 40)
PRINT = Fingerprint("v1-0123456789ab")
BRANCH = f"bot/{PRINT}-1"
ME = 4242

CONFIG = """
[[source]]
name = "reflections"
trust = true

[[policy.rule]]
name = "small"
max_lines = 10
proof = "checks"
outcome = "merge"
"""

EVIDENCE = Evidence(
    base=BASE,
    head=HEAD,
    command="python -m pytest",
    isolation="bubblewrap",
    by_test=True,
    base_passed=False,
    head_passed=True,
    collected=3,
    fixed=Names.of(["test_llm.py::test_empty"]),
)

INCIDENT = Incident(
    fingerprint=PRINT,
    reflections=(
        Reflection(
            id="r-1",
            source="reflections",
            where="reflections.json[0]",
            timestamp="2026-01-01T00:00:00Z",
            task="",
            outcome="failure",
            text="llm.py fails",
        ),
    ),
    places=(Place("llm.py"),),
)
HEAD_RECORD = HeadRecord(
    at=NOW,
    incident=PRINT,
    reflections=("r-1",),
    sources=("reflections",),
    attempt=1,
    branch=BRANCH,
    head=HEAD,
    base=BASE,
    patch_id="f" * 40,
    engine="openai",
    path="llm.py",
    symbol="",
    summary="it fails",
    severity="low",
    explanation="Do not fail.",
    observed="llm.py fails",
    risks=(),
    evidence=EVIDENCE,
)
CHANGE = FileChange(
    path="llm.py", status="M", old_mode="100644", new_mode="100644", added=1, removed=1
)
COMMIT = Commit(
    sha=HEAD, tree=TREE, parents=(BASE,), message="Fix\n", date="0 +0000", changes=(CHANGE,)
)
PULL = Pull(
    number=1,
    url="",
    title="Fix llm.py",
    body="",
    state=PullState.OPEN,
    draft=False,
    author_id=ME,
    foreign=False,
    branch=BRANCH,
    head=HEAD,
    base_branch="main",
    checks=(Check("test", CheckState.PASSED),),
    mergeable=Mergeable.YES,
)
FORGE = ForgeView(
    repository="acme/agent",
    me=ME,
    merge_method="merge",
    required=(RequiredCheck("test"),),
    base_checks=(Check("test", CheckState.FAILED),),
    pulls=(),
)


def attempt(ending: Ending, number: int = 1, at: datetime = NOW) -> AttemptRecord:
    return AttemptRecord(
        at=at,
        incident=PRINT,
        reflections=("r-1",),
        attempt=number,
        engine="openai",
        ending=ending,
        reason="because",
        base=BASE,
    )


def snapshot(
    *pulls: Pull,
    records: tuple[Record, ...] = (HEAD_RECORD,),
    branches: tuple[Branch, ...] = (Branch(BRANCH, HEAD),),
    incidents: tuple[Incident, ...] = (INCIDENT,),
    config: Config | str = CONFIG,
    forge: ForgeView = FORGE,
    commits: tuple[Commit, ...] = (COMMIT,),
    now: datetime = NOW,
    halted: str = "",
    owners: str = "",
    dashboard: bool = False,
) -> Snapshot:
    """What a tick might have observed; everything can be said otherwise."""
    config = parse_config(config) if isinstance(config, str) else config
    return Snapshot(
        now=now,
        base_branch="main",
        base=replace(COMMIT, sha=BASE, parents=(), changes=()),
        tree=MemoryTree({"llm.py": "x = 1\n"}),
        config=config.model_copy(update={"dashboard": dashboard}),
        owners=owners,
        incidents=incidents,
        left_out=(),
        branches=branches,
        commits=commits,
        ledger=Ledger(None, records),
        forge=replace(forge, pulls=pulls),
        halted=halted,
    )
