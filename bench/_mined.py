"""Real bugs from the history of clones: commits that mend one place and bring a test for it.

Kept is a commit that changes one hunk of one Python file that is no test, and whose tests fail
before that change and pass after it, here, on this Python and without a network. `fixed/` is the
commit's tree; `src/` is the same but for the one file, which is as it was before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchSet

from bench._collections import Bug, same_program, write_bug
from bench._running import Runner
from bench._trees import Files, check_out, far_tests, git, without_coverage, without_failing
from bot.tree_index import is_test

SECONDS = 240.0
"""A suite that takes longer is cut down to the tests around those that the commit changes."""
MAX_LINES = 12
"""So many lines may be added and so many removed; more is no slip but a rewrite."""
MAX_TRIED = 120
MAX_IN_VAIN = 15
"""So many commits of one clone are run at most, in all and in a row without a bug."""

_MENDS = re.compile(
    r"(?i)\b(fix\w*|bug\w*|crash\w*|wrong\w*|incorrect\w*|regress\w*|broken|breaks?|handl\w+|"
    r"errors?|fail\w*|correct\w*|should|avoid\w*|prevent\w*|issues?|closes|resolves)\b"
)
_UNINTERESTING = re.compile(r"(^|/)(setup|conf|__about__|_?version)\.py$|^(docs?|examples?|bench)")


@dataclass(frozen=True, slots=True)
class _Mending:
    """A commit that may be one: the file it mends, the tests it touches, what it says."""

    sha: str
    path: str
    tests: tuple[str, ...]
    subject: str


@dataclass(frozen=True, slots=True)
class _Checked:
    """What to change in the commit's tree so that its tests all pass, and which tell the bug."""

    files: Files
    telling: frozenset[str]


def collect(
    clones: list[Path], folder: Path, *, bugs: int, since: str, until: str = "now"
) -> Iterator[Bug]:
    """Write up to so many bugs of each clone, the newest first, from between two dates."""
    runner = Runner(SECONDS)
    for clone in clones:
        found = in_vain = 0
        for mending in islice(mendings(clone, since, until), MAX_TRIED):
            bug = _written(clone, mending, folder, runner)
            in_vain += 1
            if bug is not None:
                found, in_vain = found + 1, 0
                yield bug
            if found == bugs or in_vain == MAX_IN_VAIN:
                break


# -------------------------------------------------------------------------------- which commits


def mendings(clone: Path, since: str, until: str = "now") -> Iterator[_Mending]:
    """The commits, newest first, that by their look may mend one bug."""
    pretty = "--format=%x00%H%x01%s%x01%b%x02"
    listing = git(
        clone, "log", "--first-parent", "--diff-merges=first-parent", "--no-renames", "--no-color",
        "--no-ext-diff", "-p", "-U1", f"--since={since}", f"--until={until}", pretty, "--", "*.py",
    )  # fmt: skip
    for entry in listing.split("\0")[1:]:
        head, _, diff = entry.partition("\2")
        sha, subject, body = head.split("\1")
        mending = _look(sha, subject, diff) if _MENDS.search(f"{subject}\n{body}") else None
        if mending is not None:
            yield mending


def _look(sha: str, subject: str, diff: str) -> _Mending | None:
    try:
        files = list(PatchSet(diff.lstrip("\n")))
    except UnidiffParseError:
        return None
    tests = tuple(file.path for file in files if is_test(file.path) and not file.is_removed_file)
    code = [file for file in files if not is_test(file.path)]
    if not tests or len(code) != 1 or not code[0].is_modified_file or len(code[0]) != 1:
        return None
    file = code[0]
    if max(file.added, file.removed) > MAX_LINES or _UNINTERESTING.search(file.path):
        return None
    return _Mending(sha, file.path, tests, subject)


# --------------------------------------------------------------------------------- does it hold?


def _written(clone: Path, mending: _Mending, folder: Path, runner: Runner) -> Bug | None:
    before = git(clone, "show", f"{mending.sha}^:{mending.path}", lenient=True)
    after = git(clone, "show", f"{mending.sha}:{mending.path}", lenient=True)
    if not before or not after or same_program(before, after):
        return None
    with TemporaryDirectory() as name:
        tree = Path(name)
        check_out(clone, mending.sha, tree)
        checked = _check(tree, mending, before, runner)
        if checked is None:
            return None
        return write_bug(
            folder / f"{clone.name}-{mending.sha[:8]}",
            tree,
            src={**checked.files, mending.path: before},
            fixed=checked.files,
            origin={
                "kind": "mined",
                "clone": clone.name,
                "commit": mending.sha,
                "subject": mending.subject,
                "tests": sorted(checked.telling),
            },
        )


def _check(tree: Path, mending: _Mending, before: str, runner: Runner) -> _Checked | None:
    files = without_coverage(tree)
    old = {mending.path: before}
    touched = tuple(path for path in mending.tests if (tree / path).name != "conftest.py")
    after = runner.run(tree, files=files, arguments=touched)
    if not after.passed:
        return None
    telling = runner.run(tree, files={**files, **old}, arguments=touched).failed & after.passed
    if not telling:
        return None
    whole = runner.run(tree, files=files)
    if whole.trouble.startswith("the run timed out") or whole.seconds > SECONDS:
        files = {**files, **far_tests(tree, touched)}
        whole = runner.run(tree, files=files)
    files = {**files, **without_failing(tree, whole)}
    if whole.failed:
        whole = runner.run(tree, files=files)
    if whole.failed or whole.trouble or not telling <= whole.passed:
        return None
    broken = runner.run(tree, files={**files, **old})
    if not broken.failed or broken.trouble:
        return None
    again = runner.run(tree, files={**files, **old}, only=tuple(broken.failed))
    return _Checked(files, broken.failed) if again.failed == broken.failed else None
