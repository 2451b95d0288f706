"""One world with its story: what people, CI, time and the bot did there, told line by line."""

from __future__ import annotations

import json
import os
import re
import signal
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, chdir, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import FrameType

from bot.audit import audit
from bot.audit_links import Holds
from bot.auditing import gather
from bot.errors import UserError
from bot.plan import Plan, as_json
from bot.tick import Ended
from bot.wiring import World, open_world
from tests.command import become
from tests.files import Files
from tests.life import program
from tests.life.at_github import GitHubSite
from tests.life.at_local import LocalSite, SandboxedSite
from tests.life.dashboards import dashboard_at_rest
from tests.life.judge import Judge, Tick, Violation
from tests.life.site import Crash, Facts, Fault, NotDone, Site
from tests.loopback import LoopbackGitHub
from tests.loopback_openai import ScriptedOpenAI

GOING_ON = frozenset({"publish_branch", "update_branch", "merge_pull_request", "append_ledger"})
"""Steps that bring something to its end, of which there are only so many."""
QUIET_TICKS = 3
MOST_TICKS = 60


@dataclass
class Seen:
    """What a run of many worlds has come across."""

    worlds: int = 0
    steps: int = 0
    ticks: int = 0
    writes: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    people: Counter[str] = field(default_factory=Counter)
    situations: Counter[str] = field(default_factory=Counter)
    merges: int = 0
    reverts: int = 0

    def situation(self, sentence: str) -> None:
        plain = re.sub(r"“[^”]*”|\b[0-9a-f]{7,40}\b|bot/v1-\S+|v1-\S+", "…", sentence)
        plain = re.sub(r"\b(alpha|beta|gamma|delta|alice|bob|mallory)(-\d)?\b", "…", plain)
        self.situations[re.sub(r"\d+", "#", plain)[:160]] += 1


@dataclass(frozen=True)
class Trouble:
    """What happens while a tick is under way: after so many of its steps, `what` is done."""

    after: int
    what: Callable[[], None]


class Story:
    """A world at one site: how it begins, goes on, and what must hold at its end."""

    def __init__(self, forge: str, wanted: program.Wanted, skew_s: int, seen: Seen) -> None:
        self.told: list[str] = [f"At {forge}; the configuration is “{wanted.name}”."]
        if wanted.options != program.Options():
            self.told.append(f"With {wanted.options}.")
        self.seen = seen
        seen.worlds += 1
        self._open = ExitStack()
        self.folder = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="life-")))
        self._before = dict(os.environ)
        self.tracked = wanted.options.write_back
        """Whether the reflections are in the repository, and not only where the bot runs."""
        self.site = self._begin(forge, wanted)
        self.skew = timedelta(seconds=skew_s)
        self.judge = Judge(self.site)
        self.mood = program.Model(self.site.read_base)
        self.model = self._open.enter_context(ScriptedOpenAI(self.mood))
        self.clones = {name: self.site.clone(self.folder / name) for name in ("one", "two")}
        self.reflections: dict[str, dict[str, str]] = {}
        if not self.tracked:
            self._write_reflections()
        self._laid_out = {name: self._clone_files(name) for name in self.clones}
        self._environment()
        self._last = self.site.facts()
        self._there = self._temporary()
        self._old_handler = signal.signal(signal.SIGUSR1, _crash)

    def _begin(self, forge: str, wanted: program.Wanted) -> Site:
        for name in ("home", "tmp"):
            (self.folder / name).mkdir()
        self._common()
        if forge == "github":
            github = self._open.enter_context(LoopbackGitHub())
            return GitHubSite(github, wanted)
        local = (SandboxedSite if forge == "sandboxed" else LocalSite)(self.folder, wanted)
        self._open.callback(local.stop)
        return local

    def _common(self) -> None:
        home = str(self.folder / "home")
        become(
            {
                "PATH": self._before["PATH"],
                "HOME": home,
                "TMPDIR": str(self.folder / "tmp"),
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_TEST_FSYNC": "0",
                "SSL_CERT_DIR": home,
                "COLUMNS": "100",
            }
        )
        tempfile.tempdir = None

    def _environment(self) -> None:
        talks = {"OPENAI_API_KEY": self.model.key, "OPENAI_BASE_URL": self.model.base_url}
        os.environ.update(self.site.environment() | talks)

    def stop(self) -> None:
        signal.signal(signal.SIGUSR1, self._old_handler)
        self._open.close()
        become(self._before)
        tempfile.tempdir = None

    def tell(self, sentence: str) -> None:
        self.told.append(sentence)

    def broken(self, problem: str) -> Violation:
        """The violation with the whole story before it."""
        story = "\n".join(f"  {line}" for line in self.told)
        return Violation(f"{problem}\n\nThe story:\n{story}")

    # ------------------------------------------------------------------- what is not the bot's

    def people(self, told: str, act: Callable[[], None]) -> bool:
        """Somebody does something, and it is told if it could be done."""
        before = self.site.facts()
        done = True
        try:
            act()
        except NotDone:
            done = False
        try:
            self.judge.by_people(before, self.site.facts())
        except Violation as violation:
            raise self.broken(f"{violation} ({told})") from violation
        if not done:
            return False
        self.seen.people[re.sub(r"#\d+", "#", told.split(" ", 1)[1])] += 1
        self.tell(f"{told}.")
        return True

    def reflect(self, function: str, wording: int, *, there: bool) -> None:
        record = program.reflection(function, wording)
        if self.tracked:
            text = self.site.read_base(program.REFLECTIONS) or "[]"
            self.reflections = {one["id"]: one for one in json.loads(text)}
        if there is (record["id"] in self.reflections):
            return
        if there:
            self.reflections[record["id"]] = record
        else:
            del self.reflections[record["id"]]
        told = f"An agent {'writes' if there else 'drops'} the reflection {record['id']}"
        if self.tracked:
            text = json.dumps(list(self.reflections.values()), indent=2)
            files = {program.REFLECTIONS: text}
            self.people(told, lambda: void(self.site.push("alice", "main", files, "Reflect")))
        else:
            self.tell(f"{told}.")
            self._write_reflections()

    def _check_out(self, bot: str) -> None:
        """What is tracked is in the bot's clone as it is at base when a tick begins."""
        if self.tracked:
            text = self.site.read_base(program.REFLECTIONS)
            (self.clones[bot] / program.REFLECTIONS).write_text(text or "[]")

    def _write_reflections(self) -> None:
        text = json.dumps(list(self.reflections.values()), indent=2)
        for clone in self.clones.values():
            (clone / program.REFLECTIONS).write_text(text)

    def answer_ci(self, which: int, *, honest: bool = True) -> None:
        waiting = self.site.unanswered()
        if not waiting:
            return
        commit = waiting[which % len(waiting)]
        verdict = self.site.honest(commit) is honest
        told = f"CI says of {commit[:9]}: {'green' if verdict else 'red'}"
        self.people(
            told if honest else f"{told}, wrongly", lambda: self.site.answer(commit, verdict)
        )

    def pass_time(self, span: timedelta) -> None:
        self.site.clock.advance(seconds=span.total_seconds())
        self.tell(f"{span} pass.")

    # ------------------------------------------------------------------------------ the bot's own

    def now(self) -> datetime:
        return self.site.clock.now() + self.skew

    @contextmanager
    def _world(self, bot: str, *, rehearsal: bool = False) -> Iterator[World]:
        with (
            chdir(self.clones[bot]),
            open_world("", None, rehearsal=rehearsal, clock=self.now) as world,
        ):
            yield world

    def rehearse(self) -> object:
        """A dry run: the plan it prints, and nothing has changed."""
        before = self.site.describe()
        try:
            with self._world("one", rehearsal=True) as world:
                plan = as_json(world.plan(""))
        except UserError as error:
            plan = {"error": str(error)}
        if self.site.describe() != before:
            raise self.broken("A dry run has changed something.")
        return plan

    def tick(
        self,
        trouble: Trouble | None = None,
        fault: Fault | None = None,
        *,
        rehearsed: bool = False,
        bot: str = "one",
    ) -> list[str]:
        """One run of the bot, judged step by step; the actions that changed something."""
        self.site.clock.advance(seconds=7)
        self._check_out(bot)
        printed = self.rehearse() if rehearsed else None
        facts = self._last = self.site.facts()
        tick = Tick(
            self.site.wanted(facts.main),
            self.now(),
            alone=trouble is None,
            stale=fault is not None and fault.kind == "stale",
        )
        self.seen.ticks += 1
        which = "" if bot == "one" else " of a second bot"
        self.tell(f"A tick{which}{f', with {fault}' if fault else ''}:")
        if fault:
            self.site.arm(fault)
        done: list[str] = []
        finished = False
        try:
            with self._world(bot) as world:
                plan = world.plan("")
                # In the mode “observe” a rehearsal shows more than is done.
                hindered = fault is not None or tick.config == "observe"
                self._as_printed(plan, printed, hindered=hindered)
                lucky = fault is None and trouble is None
                done = self._carry_out(world, plan, tick, trouble, lucky=lucky)
                finished = lucky
        except UserError as error:
            self.tell(f"    ended: {error}")
            self.seen.situation(f"ended: {error}")
            if fault is None and trouble is None:
                raise self.broken(f"Without any fault it ended with: {error}") from error
        except Crash:
            self.tell("    crashed.")
        except Violation:
            raise
        except Exception as error:
            where = "".join(traceback.format_exception(error, limit=-6))
            raise self.broken(f"The bot failed:\n{where}") from error
        finally:
            if fault:
                self.seen.faults[fault.kind] += self.site.disarm()
        self._judge(tick, "at its end")
        if finished:
            self._judge_end(facts, tick)
        return done

    def _as_printed(self, plan: Plan, printed: object, *, hindered: bool) -> None:
        for line in plan.pulls:
            self.seen.situation(line.standing.sentence)
        for case in plan.cases:
            self.seen.situation(f"{case.attempt.ending}: {case.attempt.reason}")
        for skip in plan.skipped:
            self.seen.situation(skip.reason)
        if printed is not None and not hindered and _unpriced(as_json(plan)) != _unpriced(printed):
            raise self.broken(f"The dry run printed another plan: {_differences(plan, printed)}")

    def _carry_out(
        self, world: World, plan: Plan, tick: Tick, trouble: Trouble | None, *, lucky: bool
    ) -> list[str]:
        done: list[str] = []
        steps = world.carry_out(plan) if plan.steps else iter(())
        for number in range(len(plan.steps) + 1):
            if trouble and trouble.after == number:
                trouble.what()
                self._last = self.site.facts()
            ended = next(steps, None)
            self._judge(tick, ended.action if ended else "nothing")
            self.site.clock.tick()
            if ended is None:
                break
            self._tell_step(ended)
            if ended.done.failed and lucky:
                raise self.broken("A step failed without any fault.")
            if ended.done.changed:
                done.append(ended.action)
        if not plan.steps:
            self.tell("    nothing to do." if not plan.halted else f"    halted: {plan.halted}.")
        return done

    def _tell_step(self, ended: Ended) -> None:
        mark = "✗" if ended.done.failed else "✓" if ended.done.changed else "–"
        self.tell(f"    {mark} {ended.action}: {ended.done.sentence}")
        self.seen.situation(f"{ended.action}: {ended.done.sentence}")
        self.seen.writes += ended.done.changed

    def _judge(self, tick: Tick, doing: str) -> None:
        before, self._last = self._last, self.site.facts()
        try:
            self.judge.by_bot(before, self._last, tick)
        except Violation as violation:
            raise self.broken(f"{violation} ({doing})") from violation

    def _judge_end(self, before: Facts, tick: Tick) -> None:
        try:
            self.judge.at_the_end(before, self._last, tick)
        except Violation as violation:
            raise self.broken(str(violation)) from violation

    # --------------------------------------------------------------------------------- the end

    def settle(self) -> None:
        """Nothing happens any more but ticks and CI's answers: it comes to rest, and stays so."""
        self.tell("From here on it is quiet.")
        idle = 0
        for _ in range(MOST_TICKS):
            self.answer_all()
            asked = len(self.model.requests)
            before = self.site.facts()
            done = self.tick()
            if not done and len(self.model.requests) == asked:
                break
            merged = before.main != self.site.main()
            idle = 0 if merged or GOING_ON & set(done) else idle + 1
            if idle > QUIET_TICKS:
                raise self.broken(f"It did not come to rest within {QUIET_TICKS} ticks.")
        else:
            raise self.broken(f"It did not come to rest within {MOST_TICKS} ticks.")
        described, asked = self.site.describe(), len(self.model.requests)
        self.site.clock.advance(seconds=1)
        self.tick()
        if self.site.describe() != described or len(self.model.requests) != asked:
            raise self.broken("A second tick over an unchanged world did something.")

    def answer_all(self) -> None:
        waiting = len(self.site.unanswered())
        for _ in range(waiting):
            self.answer_ci(0)

    def check_the_end(self) -> None:
        """What must hold whatever has happened."""
        self._check_chains()
        self._check_dashboard()
        objections = [*self.site.objections(), *self.model.violations]
        if objections:
            raise self.broken(f"The stand-ins object: {objections}")
        for name, laid_out in self._laid_out.items():
            if self._clone_files(name) != laid_out:
                raise self.broken(f"The bot has changed the clone {name}.")
        if left := self._temporary() - self._there:
            raise self.broken(f"It left behind: {left}")

    def _check_chains(self) -> None:
        """The bot's own audit finds every link of its merges whole, where nobody has broken it."""
        if not self.judge.merges or self.judge.forced:
            return
        with self._world("one") as world:
            snapshot = world.observe(everything=True)
            records = audit(gather(world.repository, snapshot))
        heads = {record.head: record for record in records}
        untested = snapshot.ledger.untested
        for number, head in self.judge.merges.items():
            record = heads.get(head)  # type: ignore[call-overload] # a str is as good here
            if record is None or record.pull != number or record.merged_as is None:
                raise self.broken(f"The audit does not know the merge of #{number}.")
            for link in record.links:
                excused = {
                    "body": number in self.judge.edited,
                    "files": number in self.judge.by_forge and bool(untested(number)),
                }
                if link.holds is Holds.NO and not excused.get(link.name):
                    raise self.broken(f"The chain of #{number} is broken: {link}")

    def _check_dashboard(self) -> None:
        facts = self.site.facts()
        wanted = self.site.wanted(facts.main)
        if self.site.name != "github" or facts.paused or wanted.name in program.STOPPING:
            return
        if wanted.options.dashboard:
            for problem in dashboard_at_rest(facts, self.site.bot):
                raise self.broken(problem)

    def _temporary(self) -> set[str]:
        return {path.name for path in (self.folder / "tmp").iterdir()}

    def _clone_files(self, name: str) -> Files:
        found = Files.below(self.clones[name])
        kept = tuple(file for file in found.files if file[0] != program.REFLECTIONS)
        return Files(found.folders, kept)


_PRICES = frozenset({"usage", "requests", "prompt_tokens", "completion_tokens", "tokens"})


def _unpriced(plan: object) -> object:
    """A plan without what was spent: the stand-in's ids grow longer, and so do its answers."""
    if isinstance(plan, dict):
        return {key: _unpriced(one) for key, one in plan.items() if key not in _PRICES}
    return [_unpriced(one) for one in plan] if isinstance(plan, list) else plan


def _differences(plan: Plan, printed: object) -> str:
    real = as_json(plan)
    if not isinstance(printed, dict):
        return repr(printed)
    keys = [key for key in real if real[key] != printed.get(key)]
    return "; ".join(f"{key}: {printed.get(key)!r} became {real[key]!r}" for key in keys)[:2000]


def void(_: object) -> None:
    """For what somebody does, whatever comes of it."""


def _crash(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise Crash
