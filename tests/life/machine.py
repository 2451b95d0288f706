"""The state machine: random people, CI, time, models, faults and crashes, and ticks in between."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, ClassVar, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from tests.life import program
from tests.life.people import ON_PULLS, TO_THE_REPOSITORY, Person, configure, theirs
from tests.life.site import Crash, Fault, PullFact
from tests.life.story import Seen, Story, Trouble

_FUNCTIONS = tuple(program.PLACES)
_WHO = (0, 1, 2)
_WHICH = (0, 1, 2, 3)
_AFTER = (0, 1, 1, 2, 2, 3, 4)
_SLOW = (False, False, True)
"""Whether CI has not answered yet."""
_GENTLE = (
    "approves", "asks for changes on", "comments on a line of", "says “/bot retry” on",
    "says “/bot rebase” on", "says “/bot revert” on", "says “/bot explain” on", "reopens",
    "puts bot:retry on", "takes bot:hold off", "marks as ready", "reverts with git",
)  # fmt: skip
"""After these the bot may go on; they are more frequent, so that a world does not end early."""
_ACTS = (*_GENTLE, *_GENTLE, *sorted(ON_PULLS))
_MENDING = ("pushes something else to main", "changes other lines on main",
            "removes refs/bot/paused", "closes the issue that pauses")  # fmt: skip
_CHANGES = (*_MENDING, *_MENDING, *sorted(TO_THE_REPOSITORY))
_DECISIVE = (
    "closes", "puts bot:hold on", "pushes to the branch of", "pushes by force over",
    "asks for changes on", "deletes the branch of", "makes a draft of", "merges",
    "merges with git", "sees CI turn red on",
)  # fmt: skip
"""What the bot must heed even in the middle of a tick."""
_STOPPING = (
    "sets refs/bot/paused", "opens an issue that pauses", "switches the bot off",
    "pushes something else to main", "takes main back by force",
)  # fmt: skip
_OPTIONS = (
    program.Options(), program.Options(), program.Options(),
    program.Options(dashboard=False),
    program.Options(write_back=True),
    program.Options(write_back=True),
    program.Options(trust=False),
    program.Options(via="auto-merge"),
    program.Options(via="auto-merge", write_back=True),
    program.Options(dashboard=False, write_back=True, trust=False),
)  # fmt: skip
"""Not always, so that what shows elsewhere too is shown without them."""
CHOICES: Mapping[str, Mapping[str, Sequence[object]]] = {
    "begin": {
        "config": ("usual", "usual", "usual", *program.CONFIGS),
        "options": _OPTIONS,
        "skew": (0, 90, -90),
        "functions": (
            *itertools.combinations(_FUNCTIONS, 1),
            *itertools.combinations(_FUNCTIONS, 2),
            *itertools.combinations(_FUNCTIONS, 3),
        ),
        "ticks": (1, 2, 0),
        "mood": ("good", "good", "bad", "other", "elsewhere"),
    },
    "tick": {"slow": _SLOW, "rehearsed": (True, False, False)},
    "tick_with_a_fault": {
        "slow": _SLOW,
        "kind": ("error", "time-out", "cut", "limit", "conflict", "refused", "stale", "mergeable"),
        "only": ("write", "write", "", "read"),
        "after_effect": (False, True),
        "skip": (0, 1, 2, 3),
    },
    "tick_while_somebody_acts": {
        "slow": _SLOW, "after": _AFTER, "act": (*_DECISIVE, *_DECISIVE, *_DECISIVE, *_ACTS),
        "which": _WHICH, "who": _WHO,
    },
    "tick_while_the_repository_changes": {
        "slow": _SLOW, "after": _AFTER, "act": (*_STOPPING, *_STOPPING, *_CHANGES), "who": _WHO,
    },
    "tick_that_crashes_between_steps": {"slow": _SLOW, "after": _AFTER},
    "tick_that_crashes_in_a_write": {"slow": _SLOW, "skip": _AFTER},
    "tick_beside_a_second_bot": {"slow": _SLOW, "after": _AFTER},
    "on_a_pull": {"act": _ACTS, "which": _WHICH, "who": _WHO},
    "to_the_repository": {"act": _CHANGES, "who": _WHO},
    "configure": {"config": ("usual", "usual", "usual", *program.CONFIGS)},
    "reflect": {
        "function": _FUNCTIONS, "wording": range(program.WORDINGS), "there": (True, True, False),
    },
    "the_model_thinks_otherwise": {"function": _FUNCTIONS, "mood": program.ANSWERS},
    "ci": {"which": _WHICH, "honest": (True, True, False)},
    "time_passes": {
        "span": (
            timedelta(minutes=3), timedelta(minutes=61), timedelta(hours=5), timedelta(days=2),
            timedelta(days=9),
        ),
    },
}  # fmt: skip
"""What can happen, and which choices there are about it; the first ones are the simplest."""
_Happening = TypeVar("_Happening", bound=Callable[..., None])
OTHERWISE = 4
"""So many acts are tried until one of them can be done."""


def happens(method: _Happening) -> _Happening:
    """Let hypothesis make what is chosen for the rule of this name."""
    decorate: Any = initialize if method.__name__ == "begin" else rule
    options = CHOICES[method.__name__].items()
    made: _Happening = decorate(**{what: st.sampled_from(of) for what, of in options})(method)
    return made


class Life(RuleBasedStateMachine):
    """A world from its first reflection to the quiet at its end."""

    forge: ClassVar[str] = ""
    seen: ClassVar[Seen] = Seen()
    after_each: ClassVar[Callable[[], None]] = staticmethod(lambda: None)
    """Called when a world has ended, for whoever waits for news."""
    story: Story

    def __init__(self) -> None:
        super().__init__()
        self._whole = True
        self._begun = False

    @happens
    def begin(
        self,
        config: str,
        options: program.Options,
        skew: int,
        functions: Sequence[str],
        ticks: int,
        mood: str,
    ) -> None:
        wanted = program.Wanted(config, options)
        self.story = Story(self.forge, wanted, skew if self.forge == "github" else 0, self.seen)
        self._begun = True
        for function in functions:
            self.story.reflect(function, 0, there=True)
        self.story.mood.moods[functions[0]] = mood
        with self._judged():
            for _ in range(ticks):
                self.story.tick()

    # ------------------------------------------------------------------------------------ ticks

    @happens
    def tick(self, slow: bool, rehearsed: bool) -> None:
        with self._ticking(slow):
            self.story.tick(rehearsed=rehearsed)

    @happens
    def tick_with_a_fault(
        self, slow: bool, kind: str, only: str, after_effect: bool, skip: int
    ) -> None:
        with self._ticking(slow):
            self.story.tick(fault=Fault(kind, only, after_effect, skip))

    @happens
    def tick_while_somebody_acts(
        self, slow: bool, after: int, act: str, which: int, who: int
    ) -> None:
        with self._ticking(slow):
            self.story.tick(Trouble(after, partial(self._on_a_pull, act, which, who)))

    @happens
    def tick_while_the_repository_changes(self, slow: bool, after: int, act: str, who: int) -> None:
        with self._ticking(slow):
            self.story.tick(Trouble(after, partial(self._to_the_repository, act, who)))

    @happens
    def tick_that_crashes_between_steps(self, slow: bool, after: int) -> None:
        def crash() -> None:
            raise Crash

        with self._ticking(slow):
            self.story.tick(Trouble(after, crash))
            self.seen.faults["crash between steps"] += 1

    @happens
    def tick_that_crashes_in_a_write(self, slow: bool, skip: int) -> None:
        with self._ticking(slow):
            self.story.site.crash_at_write(skip)
            try:
                self.story.tick()
            finally:
                self.seen.faults["crash in a write"] += self.story.site.disarm()

    @happens
    def tick_beside_a_second_bot(self, slow: bool, after: int) -> None:
        def beside() -> None:
            self.story.tick(bot="two")
            self.seen.faults["second bot"] += 1

        with self._ticking(slow):
            self.story.tick(Trouble(after, beside))

    # ------------------------------------------------------------------------- everything else

    @happens
    def on_a_pull(self, act: str, which: int, who: int) -> None:
        with self._judged():
            self._on_a_pull(act, which, who)

    @happens
    def to_the_repository(self, act: str, who: int) -> None:
        with self._judged():
            self._to_the_repository(act, who)

    @happens
    def configure(self, config: str) -> None:
        me = self._person(0)
        told = f"{me.who} configures “{config}”"
        with self._judged():
            self.story.people(told, lambda: configure(me, config))

    @happens
    def reflect(self, function: str, wording: int, there: bool) -> None:
        with self._judged():
            self.story.reflect(function, wording, there=there)

    @happens
    def the_model_thinks_otherwise(self, function: str, mood: str) -> None:
        with self._judged():
            self.story.mood.moods[function] = mood
            self.story.tell(f"From now on the model makes “{mood}” of {function}.")

    @happens
    def ci(self, which: int, honest: bool) -> None:
        with self._judged():
            self.story.answer_ci(which, honest=honest)

    @happens
    def time_passes(self, span: timedelta) -> None:
        with self._judged():
            self.story.pass_time(span)

    # ------------------------------------------------------------------------------------ inside

    def _person(self, who: int) -> Person:
        site = self.story.site
        return Person(site, self.story.judge, site.people[who % len(site.people)])

    def _on_a_pull(self, act: str, which: int, who: int) -> None:
        pulls = theirs(self.story.site.facts())
        if not pulls:
            return
        pull: PullFact = pulls[which % len(pulls)]
        me = self._person(who)
        for name in _from(ON_PULLS, act):
            told = f"{me.who} {name} #{pull.number}"
            if self.story.people(told, partial(ON_PULLS[name], me, pull)):
                return

    def _to_the_repository(self, act: str, who: int) -> None:
        me = self._person(who)
        for name in _from(TO_THE_REPOSITORY, act):
            if self.story.people(f"{me.who} {name}", partial(TO_THE_REPOSITORY[name], me)):
                return

    @contextmanager
    def _ticking(self, slow: bool) -> Iterator[None]:
        """CI has answered by then, unless it is slow."""
        with self._judged():
            if not slow:
                self.story.answer_all()
            yield

    def _judged(self) -> _Judged:
        self.seen.steps += 1
        return _Judged(self)

    def teardown(self) -> None:
        if not self._begun:
            return
        try:
            if self._whole:
                self.story.settle()
                self.story.check_the_end()
        finally:
            self.seen.merges += len(self.story.judge.merges)
            self.story.stop()
            type(self).after_each()

    def lost(self) -> None:
        self._whole = False


def _from(acts: Iterable[str], first: str) -> list[str]:
    """This act, and what is done instead where it cannot be."""
    names = sorted(acts)
    start = names.index(first)
    return (names[start:] + names[:start])[:OTHERWISE]


class _Judged:
    """Remembers that a world is lost, so that nothing more is asked of it."""

    def __init__(self, life: Life) -> None:
        self._life = life

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is not None:
            self._life.lost()


class GitHubLife(Life):
    forge = "github"


class LocalLife(Life):
    forge = "local"


class SandboxedLife(Life):
    """Where tests really run; slower, so only the benchmark goes there."""

    forge = "sandboxed"


LIVES: tuple[type[Life], ...] = (GitHubLife, LocalLife)
