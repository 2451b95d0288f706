"""Verify: run the tests of the base and of each proposal in the sandbox, and attach the evidence.

Nothing is prepared before the first proposal asks for it, so a quiet tick costs nothing here. The
base is run once a tick; a proposal is run once however often it is looked at.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import fields, replace
from functools import cached_property, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from bot.changed_lines import change_of
from bot.comparing import compare, to_rerun
from bot.config import Config
from bot.errors import UserError
from bot.evidence import Change, Checked, Ended, Evidence, Names, TestRun
from bot.model import Commit, Sha, Tree
from bot.repository import Repository
from bot.sandbox.credentials import held_credentials
from bot.sandbox.hooks import HOOKS_PATH, Hooked, offline_part, run_hooks
from bot.sandbox.isolation import Isolation, probe
from bot.sandbox.setup import SetUpFailure, limits_of, prepare
from bot.sandbox.suite import Suite, run_tests, test_command
from bot.sandbox.toolchain import find_toolchain
from bot.sandbox.workspace import Workspace
from bot.secrets import redact
from bot.selection import Selection
from bot.snapshot import Snapshot

if TYPE_CHECKING:
    from bot.building import Proof
    from bot.engines.search.laboratory import Laboratory

MAX_RERUN = 200
"""More tests than this that changed their outcome are no accident, and are not run again."""


class Verifier:
    """Evidence for the proposals of one tick. Leaving it removes all that its runs made.

    `notices` are for whoever reads the report: why nothing is run here, or what is missing.
    """

    def __init__(
        self,
        repository: Repository,
        base: Sha,
        config: Config,
        environ: Mapping[str, str],
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._repository = repository
        self._base = base
        self._config = config
        self._environ = environ
        self._progress = progress
        self._stack = ExitStack()
        self._known: dict[Sha, Evidence] = {}
        self._laboratory: Laboratory | None = None
        self._why_not = ""
        self.notices: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def verify(self, commit: Commit, notes: tuple[str, ...] = ()) -> Evidence | None:
        """What the tests say of this commit against the base; None where nothing can be run."""
        if not self._command or self._suite is None:
            return None
        if commit.tree not in self._known:
            self._known[commit.tree] = scrubbed(self._compare(commit, self._suite))
        return replace(self._known[commit.tree], head=commit.sha, notes=notes)

    def awaits(self, commit: Commit) -> bool:
        """Whether its tests are yet to be run elsewhere: never, for they are run here."""
        del commit
        return False

    @property
    def suite(self) -> Suite | None:
        """What runs the base's tests and where; None where nothing can be run here."""
        return self._suite if self._command else None

    def laboratory(self) -> Laboratory | str:
        """Where changes are tried against the base's tests; or why nothing can be run here."""
        suite = self.suite
        if suite is None:
            return self._why_not
        if self._laboratory is None:
            from bot.engines.search.laboratory import Laboratory

            laboratory = Laboratory(self._repository, self._base, suite, progress=self._progress)
            self._laboratory = self._stack.enter_context(laboratory)
        return self._laboratory

    def hooks(self, commit: Commit) -> Hooked | None:
        """What the base's pre-commit hooks make of this commit's files; None if there are none."""
        text = self._tree.read(HOOKS_PATH)
        if text is None or self._suite is None:
            return None
        offline, suite = offline_part(text), self._suite
        head = self._repository.tree(commit.sha)
        paths = [change.path for change in commit.changes if change.status in "AM"]
        files = [(path, content) for path in paths if (content := head.read(path)) is not None]
        if not offline.text or not files:
            return Hooked((), offline.notes)
        self._progress("running the pre-commit hooks")
        with Workspace(suite.isolation) as workspace:
            self._repository.check_out(commit.sha, workspace.tree)
            return run_hooks(
                offline, files, workspace, suite.isolation, suite.toolchain, suite.limits
            )

    # ------------------------------------------------------------------------------- preparing

    @cached_property
    def _command(self) -> tuple[str, ...]:
        """What runs the tests; empty where there seem to be none, which is said once."""
        command = test_command(self._tree, self._config.test)
        if not command:
            self._say_not_run("no tests were found at base; name their command with test.command")
        return command

    def _say_not_run(self, why: str) -> None:
        self._why_not = why
        self.notices += (f"the proposals' tests are not run: {why}",)

    @cached_property
    def _suite(self) -> Suite | None:
        """What to run and where; None where nothing can be run, which is said once."""
        try:
            found = self._prepare()
        except UserError as error:
            found = str(error).removesuffix(".")
        if isinstance(found, str):
            self._say_not_run(found)
            return None
        if found.isolation.kind != "bubblewrap":
            missing = found.isolation.reason
            self.notices += (f"tests run without isolation: {missing}; install bubblewrap",)
        return found

    def _prepare(self) -> Suite | str:
        config = self._config
        isolation = probe()
        unsafe = self._at_risk(isolation)
        if unsafe:
            return unsafe
        toolchain = find_toolchain(self._repository.root, config.sandbox, self._environ)
        if config.test.setup:
            self._progress("preparing the tests' environment")
        check_out = partial(self._repository.check_out, self._base)
        prepared = self._stack.enter_context(
            prepare(self._tree, config, toolchain, isolation, check_out, self._environ)
        )
        if isinstance(prepared, SetUpFailure):
            return f"the set-up failed: {prepared.sentence}"
        return Suite(
            command=self._command,
            toolchain=prepared,
            isolation=isolation,
            limits=limits_of(config.sandbox, config.test.timeout_s),
            junit=config.test.junit,
        )

    def _at_risk(self, isolation: Isolation) -> str:
        """Why generated code must not run here; empty if it may."""
        if isolation.kind == "bubblewrap" or self._config.sandbox.allow_unisolated:
            return ""
        home = Path(self._environ.get("HOME") or Path.home())
        held = held_credentials(self._environ, home, self._repository.git_dir)
        if not held:
            return ""
        return (
            f"this run holds {held[0]}, and nothing would keep it from them "
            f"({isolation.reason}); install bubblewrap, run without credentials, or set "
            f"sandbox.allow_unisolated = true"
        )

    @cached_property
    def _tree(self) -> Tree:
        return self._repository.tree(self._base)

    # --------------------------------------------------------------------------------- running

    def _compare(self, commit: Commit, suite: Suite) -> Evidence:
        diff, head = self._repository.diff(commit), self._repository.tree(commit.sha)
        change = change_of(commit, diff, head)
        base = self._base_side(suite)
        judge = partial(
            compare,
            change=change,
            command=shlex.join(suite.command),
            isolation=suite.isolation.kind if suite.isolation.kind == "bubblewrap" else "",
        )
        if base.first.ended is not Ended.FINISHED or not base.first.complete:
            # Nothing that the head does could be compared with it.
            return judge([base.first], [replace(base.first, commit=commit.sha)])
        self._progress(f"running the tests of {commit.sha[:9]}")
        with _Side(self._repository, suite, commit.sha, change) as side:
            before, after = [base.first], [side.first]
            again = to_rerun(base.first, side.first)
            if side.first.mishap and side.first.mishap != base.first.mishap:
                after.append(side.run(()))  # an accident of the machine does not happen twice
            elif again is not None and len(again) <= MAX_RERUN:
                for runs, run in zip((before, after), _both(base, side, again), strict=True):
                    runs.append(run)
            return judge(before, after)

    def _base_side(self, suite: Suite) -> _Side:
        if not hasattr(self, "_base_ran"):
            self._progress("running the tests of the base")
            side = _Side(self._repository, suite, self._base, Change())
            self._base_ran = self._stack.enter_context(side)
        return self._base_ran


class _Side:
    """One commit in a workspace of its own: its whole run, and reruns of single tests."""

    def __init__(self, repository: Repository, suite: Suite, commit: Sha, change: Change) -> None:
        self._repository = repository
        self._suite = suite
        self._commit = commit
        self._change = change
        self._workspace = Workspace(suite.isolation)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._workspace)
            self._repository.check_out(self._commit, self._workspace.tree)
            self.first = self.run(())
            self._leave = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._leave.close()

    @property
    def shares_the_machine(self) -> bool:
        """Whether what runs here could get in the way of what runs elsewhere."""
        return self._suite.isolation.kind != "bubblewrap"

    def end(self) -> None:
        """End what runs here."""
        self._workspace.end_processes()

    def run(self, only: tuple[str, ...]) -> TestRun:
        """Run these tests, or all of them where none is named."""
        change = replace(self._change, lines=()) if only else self._change
        return run_tests(self._workspace, self._suite, self._commit, change, only)


def _both(base: _Side, side: _Side, tests: tuple[str, ...]) -> tuple[TestRun, TestRun]:
    """These tests at the base and here: at the same time, where each has a network of its own."""
    if side.shares_the_machine:
        return base.run(tests), side.run(tests)
    with ThreadPoolExecutor(1) as pool:
        other = pool.submit(base.run, tests)
        try:
            here = side.run(tests)
            return other.result(), here
        except BaseException:  # Ctrl-C too: it waits for nothing
            base.end()
            raise


def scrubbed(evidence: Evidence) -> Evidence:
    """Evidence as it may be posted: tests are free in how they name themselves, and may tell."""
    changed: dict[str, str | Names] = {}
    for field in fields(evidence):
        value = getattr(evidence, field.name)
        if isinstance(value, Names) and redact("\n".join(value.first)) != "\n".join(value.first):
            changed[field.name] = replace(value, first=tuple(map(redact, value.first)))
        elif field.name in ("problem", "mishap", "output"):
            changed[field.name] = redact(value)
    return replace(evidence, **changed)  # type: ignore[arg-type] # each is what it was


def check(selection: Selection, snapshot: Snapshot, proof: Proof) -> tuple[Checked, ...]:
    """Evidence for the open pull requests that wait for it, from the ledger or the proof."""
    found = []
    for pull in selection.unchecked:
        commit, record = snapshot.commit(pull.head), snapshot.record_of(pull)
        evidence = record.evidence if record else None
        if evidence is None and commit is not None:
            evidence = proof.verify(commit)
        if evidence:
            found.append(Checked(pull.branch, evidence))
    return tuple(found)
