"""Tries several candidates with the same tests, in as few children as that takes."""

from __future__ import annotations

from contextlib import suppress

from . import batching, lasting
from .belief import believed
from .editing import NotSwappable, spans_in
from .forking import Telling
from .holding import Holding
from .running import Untold

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import ModuleType
    from typing import Any

    from .batching import Member
    from .lasting import Lasting
    from .rebinding import Rebinding
    from .running import Collected
    from .standing import Stand
    from .swapping import Swap

    Message = dict[str, Any]

LEAST = 3
"""So many candidates show whether each of them needs a child of its own."""
BASE_TIMES = 20.0
"""Times as long as a candidate may take, what is run at the base."""


class Together:
    """`modules` are the project's, by their files in the tree."""

    def __init__(
        self, stand: Stand, tests: Collected, modules: Mapping[str, Sequence[ModuleType]]
    ) -> None:
        self._stand = stand
        self._tests = tests
        self._modules = modules
        self._own = frozenset(each.__name__ for found in modules.values() for each in found)
        self._lasting: dict[tuple[int, ...], Lasting | None] = {}
        """By the numbers of the tests, once that has been looked at."""

    def batch(
        self, message: Message, planned: Callable[[Message], list[Swap | Rebinding]]
    ) -> Message:
        """What becomes of them; `open` are those to be tried alone, `refused` those that have to
        be imported."""
        found, members = self._members(message["candidates"], planned)
        known = tuple(message["stage"]["tests"])
        children = 0
        for group, is_after_base in batching.groups(members, self._lasting.get(known)):
            children += self._try_group(group, is_after_base, message, found)
        if known not in self._lasting and LEAST <= len(members) < 2 * children:
            self._lasting[known] = self._look(message)
        for member in members:
            if member.number in found:
                found[member.number] = believed(found[member.number], member.belief)
        numbers = range(len(message["candidates"]))
        return {"results": [found.get(number, {"end": "open"}) for number in numbers]}

    def _members(
        self, candidates: Sequence[Message], planned: Callable[[Message], list[Swap | Rebinding]]
    ) -> tuple[dict[int, Message], list[Member]]:
        """What is known of some already, and those that can be tried together."""
        found: dict[int, Message] = {}
        members = []
        for number, edits in enumerate(candidates):
            spans = {path: spans_in(each) for path, each in edits.items()}
            with suppress(OSError, KeyError, UnicodeError):
                try:
                    members.append(batching.Member(number, spans, planned(edits)))
                except NotSwappable as reason:
                    found[number] = {"end": "refused", "why": str(reason)}
        return found, members

    def _try_group(
        self,
        members: list[Member],
        is_after_base: bool,
        message: Message,
        found: dict[int, Message],
    ) -> int:
        """Adds to what is found. Returns how many children that took."""
        stage, children, may_go_on = message["stage"], 0, True
        cpu = stage["cpu"] * (BASE_TIMES if is_after_base else 1.0) + batching.FIRST_MORE_S
        while members and may_go_on:
            attempt = self._stand.fork(cpu, stage["wall"])
            if isinstance(attempt, Telling):
                self._run(attempt, members, is_after_base, message)
                break
            ended, may_go_on = batching.follow(attempt, stage, self._stand.spared)
            self._tests.forget_output()
            found.update(ended)
            members = [member for member in members if member.number not in found]
            children += 1
        return children

    def _run(
        self, telling: Telling, members: Sequence[Member], is_after_base: bool, message: Message
    ) -> None:
        """In the child."""
        stage, stand = message["stage"], self._stand
        try:
            if is_after_base:
                self._tests.run(stage["tests"], Untold())
            holding, places = self._holding(message), stand.setting.places
            batching.run(telling, members, stage, self._tests, stand.kept, holding, places)
            telling.done()
        finally:
            telling.give_up()

    def _holding(self, message: Message) -> Holding:
        """What the modules hold that the tests run."""
        ran = [module for path in message["files"] for module in self._modules.get(path, ())]
        return Holding(ran, self._own)

    def _look(self, message: Message) -> Lasting | None:
        """What the tests leave behind at the base, to have that in each child from the start."""
        stage, stand = message["stage"], self._stand
        attempt = stand.fork(BASE_TIMES * stage["cpu"], BASE_TIMES * stage["wall"])
        if not isinstance(attempt, Telling):
            try:
                return lasting.read(attempt, stand.spared)
            finally:
                self._tests.forget_output()
        try:
            lasting.tell(
                attempt,
                lambda: self._tests.run(stage["tests"], Untold()),
                stand.kept,
                lambda: self._holding(message),
                stand.setting.places,
            )
            attempt.done()
        finally:
            attempt.give_up()
        return None
