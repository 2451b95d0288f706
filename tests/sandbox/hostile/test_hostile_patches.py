"""Patches whose tests only seem to pass prove nothing, and what their tests say leaks nothing."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from bot.comparing import compare
from bot.evidence import Change, Evidence, TestRun
from bot.model import Sha
from bot.protected import is_test
from bot.sandbox import processes
from bot.sandbox.isolation import Isolation
from bot.sandbox.suite import Suite, run_tests
from bot.sandbox.toolchain import Toolchain
from bot.sandbox.workspace import Workspace
from bot.verifying import scrubbed
from tests.sandbox.hostile.arena import FOR_PYTEST, Outside, Sandbox
from tests.sandbox.hostile.patches import BASE, MODULE, PATCHES, UNCAUGHT, UNITTEST, Patch
from tests.sandbox.recording import write

COMMIT, HEAD = Sha("1" * 40), Sha("2" * 40)
TOKEN = "ghp_" + "Aa1Bb2Cc3Dd4Ee5Ff6Gg7Hh8Ii9Jj0Kk1Ll2"


# ---------------------------------------------------------------------------------- what it says


SAYS_TOKENS = f"""\
import atexit, sys, unittest
TOKEN = {TOKEN[:10]!r} + {TOKEN[10:]!r}
atexit.register(print, "at exit:", TOKEN)
class A(unittest.TestCase):
    def test_a(self):
        print("half " + TOKEN[:20] + chr(0x200b) + TOKEN[20:], file=sys.stderr)
        self.fail(TOKEN)
setattr(A, "test_" + TOKEN, lambda self: self.fail())
"""


def test_what_looks_like_a_token_is_scrubbed(sandbox: Sandbox) -> None:
    """Printed in a test or after the last, split by what cannot be seen, or as a test's name."""
    run = run_of(sandbox, {"test_a.py": SAYS_TOKENS}, UNITTEST)
    assert run.exit_code == 1
    assert "at exit: [secret" in run.output
    assert TOKEN not in run.output.replace("\u200b", "")
    evidence = compare([run], [run], Change(), command="", isolation="")
    assert evidence.still_failing.total == 2
    assert TOKEN not in repr(scrubbed(evidence))


# ------------------------------------------------------------------------------ seeming to pass


def run_of(sandbox: Sandbox, files: Mapping[str, str], command: tuple[str, ...]) -> TestRun:
    suite = Suite(
        command=command,
        toolchain=sandbox.toolchain,
        isolation=sandbox.isolation,
        limits=FOR_PYTEST,
        junit="*.xml" if any("junit" in word for word in command) else "",
    )
    with Workspace(sandbox.isolation) as workspace:
        write(workspace.tree, files)
        change = Change(modules=_changed(files))
        run = run_tests(workspace, suite, COMMIT if files == BASE else HEAD, change)
        assert workspace.uid is None or processes.of_user(workspace.uid) == []
    assert not workspace.root.exists()
    return run


def _changed(files: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(path for path in files if path.endswith(".py") and BASE.get(path) != files[path])


@pytest.fixture(scope="module")
def before(
    isolation: Isolation, toolchain: Toolchain, outside: Outside
) -> dict[tuple[str, ...], TestRun]:
    """What the base's tests give, by each command."""
    sandbox = Sandbox(isolation, toolchain, outside)
    commands = {patch.command[:3] for patch in PATCHES.values()}
    return {command: run_of(sandbox, BASE, command) for command in commands}


Before = dict[tuple[str, ...], TestRun]


def judged(sandbox: Sandbox, before: Before, patch: Patch) -> tuple[Evidence, TestRun]:
    after = run_of(sandbox, {**BASE, **patch.files}, patch.command)
    evidence = compare(
        [before[patch.command[:3]]],
        [after],
        Change(modules=_changed(patch.files)),
        command=" ".join(patch.command),
        isolation=sandbox.isolation.kind,
    )
    return evidence, after


def test_an_honest_patch_is_proof(sandbox: Sandbox, before: Before) -> None:
    mended = MODULE.replace("words[0]", 'words[0] if words else ""')
    evidence, _ = judged(sandbox, before, Patch("", {"words.py": mended}, UNITTEST))
    assert evidence.fail_to_pass
    assert evidence.keeps_all
    assert evidence.fixed.first == ("test_words.Words.test_none",)


@pytest.mark.parametrize("name", PATCHES)
def test_a_patch_that_only_seems_to_pass_is_no_proof(
    sandbox: Sandbox, before: Before, name: str
) -> None:
    evidence, run = judged(sandbox, before, PATCHES[name])
    assert (name, evidence.sentence) == (name, PATCHES[name].says), run.output
    assert not evidence.fail_to_pass
    assert not evidence.keeps_all


@pytest.mark.parametrize("name", UNCAUGHT)
def test_what_speaks_for_the_tests_from_inside_is_a_change_to_the_tests(
    sandbox: Sandbox, before: Before, name: str
) -> None:
    """Of which the bot merges none by itself."""
    assert all(is_test(path) for path in UNCAUGHT[name].files)
    evidence, _ = judged(sandbox, before, UNCAUGHT[name])
    if evidence.fail_to_pass:
        pytest.skip("what runs in the tests' own process can say anything in their name")
