"""The world in plain git: a bare repository that everyone pushes to."""

from __future__ import annotations

import os
from pathlib import Path

from bot.forges import CheckResult, Refused
from bot.forges.local import LocalWriter
from bot.forges.local_records import LocalPull
from bot.forges.local_state import Found, StateReading
from bot.git_formats import Identity
from bot.model import CheckState, Sha
from bot.repository import Repository
from tests.life import program
from tests.life.site import MAIN, PAUSED, Facts, Fault, NotDone, PullFact, Site, make_clone
from tests.loopback.bare import BareRepository
from tests.loopback.state import Clock

CRASH = """\
#!/bin/sh
left=$(cat crash-after)
if [ "$left" -gt 0 ]; then echo $((left - 1)) > crash-after; exit 0; fi
rm "$0"
kill -USR1 {process}
"""
CUT = """\
#!/bin/sh
left=$(cat cut-after)
if [ "$left" -gt 0 ]; then echo $((left - 1)) > cut-after; exit 0; fi
rm "$0"
kill -9 "$PPID"
"""
HOOKS = ("pre-receive", "post-receive")
BOT = "Amendbot"


class LocalSite(Site):
    """Whoever can push is a maintainer here, so alice and bob are all there are."""

    name = "local"
    bot = BOT
    check = "tests"
    can_write = frozenset({"alice", "bob"})
    people = ("alice", "bob")

    def __init__(self, folder: Path, wanted: program.Wanted) -> None:
        self.clock = Clock()
        self.bare = BareRepository(folder / "origin.git", folder / "git-home", "main")
        (self.bare.path / "hooks" / "update").unlink()
        first = self.bare.commit_files(
            None,
            dict(program.files(wanted.text(self.proof), tracked=wanted.options.write_back)),
            "Begin\n",
            "alice <alice@x.invalid>",
            self.clock.now(),
        )
        self.bare.git("update-ref", MAIN, first)
        self.url = str(self.bare.path)
        self._theirs = Repository(make_clone(self.bare, self.url, folder / "theirs"))
        self._reading = StateReading(self._theirs, "main")
        self._seen: dict[str, str] = {}
        self._found: dict[int, Found] = {}
        self._armed = 0

    def stop(self) -> None:
        self._theirs.__exit__(None, None, None)

    # --------------------------------------------------------------------------- looking around

    def facts(self) -> Facts:
        refs = self.bare.refs()
        pulls = {number: self._fact(found) for number, found in self._pulls(refs).items()}
        return Facts(refs, pulls, {}, PAUSED in refs)

    def _pulls(self, refs: dict[str, str]) -> dict[int, Found]:
        if refs != self._seen:
            self._found = dict(self._reading.read().pulls)
            self._seen = refs
        return self._found

    def _fact(self, found: Found) -> PullFact:
        pull = found.pull
        closed = pull.closed if found.state.value == "closed" else None
        verdicts = {one.by.name: one for one in pull.reviews}.values()
        merger = pull.merged.by.name if pull.merged else ""
        return PullFact(
            number=pull.number,
            branch=pull.branch,
            head=str(found.head),
            state=found.state.value,
            by_bot=pull.opened.by.name == BOT,
            merged_as=str(found.merged_as or ""),
            merged_by=merger,
            closed_by=closed.by.name if closed else "",
            armed_by="",
            labels=frozenset(pull.labels),
            said=tuple((one.by.name, one.body) for one in pull.comments),
            asked=pull.asked,
            draft=pull.draft,
            objects=any(
                one.verdict == "changes requested" and one.head == found.head for one in verdicts
            ),
            body=pull.body,
            whole=repr(pull),
        )

    def describe(self) -> str:
        objects = self.bare.git("cat-file", "--batch-all-objects", "--batch-check")
        return f"{self.bare.refs()}\n{objects}"

    def is_green(self, commit: str) -> bool:
        states = [check.state for pull in self._records() for check in pull.checks(Sha(commit))]
        return bool(states) and set(states) == {CheckState.PASSED}

    def _records(self) -> list[LocalPull]:
        return [found.pull for found in self._pulls(self.bare.refs()).values()]

    def unanswered(self) -> list[str]:
        found = self._pulls(self.bare.refs()).values()
        heads = [one.head for one in found if one.is_open and one.pull.opened.by.name == BOT]
        known = {record.head for pull in self._records() for record in pull.checked}
        return [str(head) for head in heads if head not in known]

    def environment(self) -> dict[str, str]:
        return {}

    def objections(self) -> list[str]:
        return []

    def answer(self, commit: str, passed: bool) -> None:
        """An own runner, which records what it found of a head and of the base below it."""
        branches = [
            one.pull.branch
            for one in self._pulls(self.bare.refs()).values()
            if one.is_open and one.head == commit
        ]
        if not branches:
            raise NotDone("nobody wants to know")
        base = self.parents(commit)[:1]
        below = self.honest(base[0]) if base else None
        result = CheckResult(
            head=Sha(commit),
            name=self.check,
            state=_state(passed),
            summary="Ran.",
            base=Sha(base[0]) if base else None,
            base_state=None if below is None else _state(below),
        )
        self._said(self._as("runner").check(branches[0], result))

    # ------------------------------------------------------------------------- people at the page

    def _as(self, who: str) -> LocalWriter:
        identity = Identity(who, f"{who}@example.invalid")
        return LocalWriter(self._theirs, identity, "main", self.clock.tick)

    @staticmethod
    def _said(refused: object) -> None:
        if isinstance(refused, Refused):
            raise NotDone(refused.reason)

    def close(self, number: int, who: str) -> None:
        self._said(self._as(who).close(number))

    def reopen(self, number: int, who: str) -> None:
        self._said(self._as(who).reopen(number))

    def review(self, number: int, who: str, *, approves: bool) -> None:
        head = self._pulls(self.bare.refs())[number].head
        text = "Fine." if approves else "Please do it another way."
        self._said(self._as(who).review(number, head, approve=approves, body=text))

    def comment(self, number: int, who: str, text: str) -> None:
        self._said(self._as(who).comment(number, text))

    def comment_on_line(self, number: int, who: str, path: str, text: str) -> None:
        self._said(self._as(who).comment(number, text, path=path, line=1))

    def label(self, number: int, who: str, label: str, *, on: bool) -> None:
        writer = self._as(who)
        self._said((writer.add_label if on else writer.remove_label)(number, label))

    def edit_body(self, number: int, who: str, text: str) -> None:
        self._as(who).set_body(number, text)

    def set_draft(self, number: int, who: str, *, draft: bool) -> None:
        self._said(self._as(who).set_draft(number, draft))

    def merge(self, number: int, who: str) -> None:
        head = self._pulls(self.bare.refs())[number].head
        self._said(self._as(who).merge(number, head=head, method="merge", untested=True))

    def open_pull(self, branch: str, who: str) -> None:
        self._theirs.fetch([f"refs/heads/{branch}"])
        opened = self._as(who).open(
            branch=branch, base_branch="main", title="My own", body="Words.", draft=False
        )
        self._said(opened)

    def pause_by_issue(self, who: str, *, on: bool) -> None:
        raise NotDone("there are no issues here")

    def edit_issue(
        self, number: int, who: str, *, body: str | None = None, is_open: bool | None = None
    ) -> None:
        raise NotDone("there are no issues here")

    def moved(self, who: str, ref: str, before: str | None, after: str | None) -> None:
        """Nothing follows: git's refs are all there is."""

    # ----------------------------------------------------------------------------------- bad luck

    def arm(self, fault: Fault) -> None:
        if fault.kind == "mergeable" or fault.only == "read":
            return  # there is no server here that could fail so
        (self.bare.path / "cut-after").write_text(f"{fault.skip}\n")
        self._hook("post-receive" if fault.after_effect else "pre-receive", CUT)

    def disarm(self) -> int:
        gone = [name for name in HOOKS if not (self.bare.path / "hooks" / name).exists()]
        happened = self._armed if len(gone) == len(HOOKS) else 0
        for name in HOOKS:
            (self.bare.path / "hooks" / name).unlink(missing_ok=True)
        self._armed = 0
        return happened

    def crash_at_write(self, skip: int) -> None:
        (self.bare.path / "crash-after").write_text(f"{skip}\n")
        self._hook("post-receive", CRASH.format(process=os.getpid()))

    def _hook(self, name: str, script: str) -> None:
        self._armed += 1
        hook = self.bare.path / "hooks" / name
        hook.write_text(script)
        hook.chmod(0o755)


class SandboxedSite(LocalSite):
    """As its base, but it is the bot's own sandbox that runs the tests of what it proposes."""

    name = "sandboxed"
    proof = program.BY_SANDBOX

    def is_green(self, commit: str) -> bool:
        return super().is_green(commit) and self.honest(commit)

    def unanswered(self) -> list[str]:
        return []


def _state(passed: bool) -> CheckState:
    return CheckState.PASSED if passed else CheckState.FAILED
