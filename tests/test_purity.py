"""Side effects live where the design says, so that the rest can be trusted to only think."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import bot

HOUSE = Path(bot.__file__).parent
PURE = """
    after_merging aftermath anchoring audit audit_links auto_merging body built_in_rules
    changed_lines comparing dashboard doctor/__init__ doctor/branch doctor/ci doctor/engines
    doctor/imagining doctor/machine doctor/merging doctor/reach doctor/registry doctor/rights
    doctor/running doctor/seen doctor/sources doctor/workflows evidence explaining facts
    forges/access forges/github_answers forges/github_commits forges/github_people
    forges/github_queries forges/github_rules forges/github_suites forges/local_checks
    forges/local_people forges/local_records gate grounding history job_summary jobs/answers
    jobs/evidence jobs/limits jobs/work ledger merge_method model/__init__ model/answers
    model/commits model/forge model/names model/proposals model/reflections model/wishes
    obstacles/__init__
    obstacles/checks obstacles/merging obstacles/people owners plan policy protected records
    risks risks_to_tests risky_names rules selection snapshot sources/labelled_issues
    sources/marking starting/beginning starting/checks starting/configuring starting/detecting
    status telling time_windows triage untrusted vet vetting/__init__ vetting/elision
    vetting/imports vetting/lookalikes vetting/manifests vetting/names vetting/paths
    vetting/signatures vetting/source vetting/syntax vetting/texts watching workflow_commands
    write_back
"""
OUTSIDE = """
    asyncio ctypes fileinput ftplib git github glob http httpx importlib io multiprocessing openai
    os random requests runpy secrets shutil signal smtplib socket sqlite3 subprocess sys tempfile
    threading time urllib urllib3
    bot.cli bot.engines.openai bot.forges.github bot.forges.local bot.publisher bot.repository
    bot.sandbox bot.sources.reading bot.observing bot.proposing bot.tick
"""
CLOCKS = frozenset({"now", "utcnow", "today"})
CALLS = frozenset({"open", "input", "print", "exec", "eval", "__import__", "breakpoint"})
HOMES = {
    "git": {"repository.py"},
    "github": {
        f"forges/github{part}.py"
        for part in ("", "_access", "_client", "_errors", "_speech", "_writing")
    },
    "openai": {"engines/openai.py"},
}  # fmt: skip


def modules() -> list[Path]:
    return sorted(HOUSE.rglob("*.py"))


def place(path: Path) -> str:
    return path.relative_to(HOUSE).as_posix()


@cache
def syntax(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(module: ast.Module, *, relative: bool = False) -> Iterator[str]:
    """Everything a module imports, as dotted names; `from a import b` is `a` and `a.b`.

    `relative` is for what is copied elsewhere as a package of its own.
    """
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 or relative, "imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
            yield str(node.module)


def _imports_sys(module: ast.Module) -> Iterator[bool]:
    """Whether anything but that constant is taken from `sys`."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name == "sys" for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module == "sys":
            yield from (alias.name != "stdlib_module_names" for alias in node.names)


def ancestors(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]


@pytest.mark.parametrize("name", [name for name in PURE.split() if (HOUSE / f"{name}.py").exists()])
def test_a_pure_module_touches_nothing_outside(name: str) -> None:
    module = syntax(HOUSE / f"{name}.py")
    names = set(imported(module))
    if "sys.stdlib_module_names" in names and not any(_imports_sys(module)):
        names -= {"sys", "sys.stdlib_module_names"}  # a constant, and nothing else of sys
    assert not {part for name in names for part in ancestors(name)} & set(OUTSIDE.split())
    assert {name for name in names if name.startswith("pathlib.")} <= {
        "pathlib.PurePath",
        "pathlib.PurePosixPath",
    }
    called = {node.func for node in ast.walk(module) if isinstance(node, ast.Call)}
    assert not {function.id for function in called if isinstance(function, ast.Name)} & CALLS
    assert (
        not {function.attr for function in called if isinstance(function, ast.Attribute)} & CLOCKS
    )


@pytest.mark.parametrize("library", HOMES)
def test_each_client_library_lives_in_one_place(library: str) -> None:
    users = {
        place(path)
        for path in modules()
        if any(
            name.split(".")[0] == library
            for name in imported(syntax(path), relative=path.parent.name == "inside")
        )
    }
    assert users <= HOMES[library]


def test_only_the_command_line_knows_of_dry_runs() -> None:
    users = {place(path) for path in modules() if "dry_run" in path.read_text(encoding="utf-8")}
    assert users <= {"cli.py"}


def test_planning_is_never_handed_a_writer() -> None:
    planning = ("body", "gate", "history", "plan", "policy", "rules", "selection", "snapshot")
    for name in planning:
        path = HOUSE / f"{name}.py"
        if path.exists():
            assert not set(imported(syntax(path))) & {
                "bot.forges.ForgeWriter",
                "bot.forges.Publisher",
            }


def test_every_module_says_why_it_exists() -> None:
    silent = [place(path) for path in modules() if not ast.get_docstring(syntax(path))]
    assert silent == []
