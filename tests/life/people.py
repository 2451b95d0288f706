"""What random people do: on a pull request, on the base branch, and to the repository."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.life import program
from tests.life.dashboards import dashboards
from tests.life.judge import Judge
from tests.life.site import CONFIG, MAIN, PAUSED, Facts, NotDone, PullFact, Site

THEIR_FILE = "notes.md"


@dataclass(frozen=True)
class Person:
    """Somebody at one site, about to do something."""

    site: Site
    judge: Judge
    who: str

    def needs_git(self) -> None:
        if self.who not in self.site.can_write:
            raise NotDone(f"{self.who} may not push")


Act = Callable[[Person, PullFact], None]


def _command(text: str) -> Act:
    return lambda me, pull: me.site.comment(pull.number, me.who, text)


def _label(name: str, *, on: bool = True) -> Act:
    return lambda me, pull: me.site.label(pull.number, me.who, name, on=on)


def _push(me: Person, pull: PullFact) -> None:
    me.needs_git()
    if f"refs/heads/{pull.branch}" not in me.site.bare.refs():
        raise NotDone("its branch is gone")
    me.site.push(me.who, pull.branch, {THEIR_FILE: f"{me.site.clock.now()}\n"}, "My own commit")


def _force(me: Person, pull: PullFact) -> None:
    """Another commit in the place of the branch's head."""
    me.needs_git()
    ref = f"refs/heads/{pull.branch}"
    parents = me.site.parents(pull.head)
    if ref not in me.site.bare.refs() or not parents:
        raise NotDone("its branch is gone")
    files = {THEIR_FILE: f"instead of {pull.head}\n"}
    me.site.move(me.who, ref, me.site.commit(me.who, parents[0], files, "Mine instead"))


def _delete(me: Person, pull: PullFact) -> None:
    me.needs_git()
    me.site.move(me.who, f"refs/heads/{pull.branch}", None)


def _restore(me: Person, pull: PullFact) -> None:
    me.needs_git()
    if f"refs/heads/{pull.branch}" in me.site.bare.refs():
        raise NotDone("it is there")
    me.site.move(me.who, f"refs/heads/{pull.branch}", pull.head)


def _edit_body(me: Person, pull: PullFact) -> None:
    me.site.edit_body(pull.number, me.who, "What a fine robot.")
    me.judge.edited.add(pull.number)


def _merge_by_git(me: Person, pull: PullFact) -> None:
    me.needs_git()
    me.site.merge_by_git(me.who, pull.head)


def _revert_by_git(me: Person, pull: PullFact) -> None:
    me.needs_git()
    if not pull.merged_as:
        raise NotDone("it is not merged")
    me.site.revert_by_git(me.who, pull.merged_as)


def _red(me: Person, pull: PullFact) -> None:
    """Somebody has CI run again, and now it fails."""
    me.needs_git()
    me.site.answer(pull.head, passed=False)


ON_PULLS: Mapping[str, Act] = {
    "closes": lambda me, pull: me.site.close(pull.number, me.who),
    "reopens": lambda me, pull: me.site.reopen(pull.number, me.who),
    "approves": lambda me, pull: me.site.review(pull.number, me.who, approves=True),
    "asks for changes on": lambda me, pull: me.site.review(pull.number, me.who, approves=False),
    "comments on a line of": lambda me, pull: me.site.comment_on_line(
        pull.number, me.who, "parts.py", "Why like this?"
    ),
    "says “/bot retry” on": _command("/bot retry another way"),
    "says “/bot rebase” on": _command("/bot rebase"),
    "says “/bot hold” on": _command("/bot hold"),
    "says “/bot revert” on": _command("/bot revert it broke"),
    "says “/bot explain” on": _command("/bot explain"),
    "says “/bot dance” on": _command("/bot dance"),
    "chats on": _command("Nice weather."),
    "puts bot:hold on": _label("bot:hold"),
    "takes bot:hold off": _label("bot:hold", on=False),
    "puts bot:retry on": _label("bot:retry"),
    "puts bot:rebase on": _label("bot:rebase"),
    "makes a draft of": lambda me, pull: me.site.set_draft(pull.number, me.who, draft=True),
    "marks as ready": lambda me, pull: me.site.set_draft(pull.number, me.who, draft=False),
    "rewrites the body of": _edit_body,
    "pushes to the branch of": _push,
    "pushes by force over": _force,
    "deletes the branch of": _delete,
    "restores the branch of": _restore,
    "merges": lambda me, pull: me.site.merge(pull.number, me.who),
    "merges with git": _merge_by_git,
    "reverts with git": _revert_by_git,
    "sees CI turn red on": _red,
}


# --------------------------------------------------------------------------- to the repository


def _rework(function: str) -> Callable[[Person], None]:
    def act(me: Person) -> None:
        me.needs_git()
        path = program.PLACES[function]
        text = me.site.read_base(path)
        changed = program.replaced(function, text, program.REWORKED)
        if text == changed:
            raise NotDone("it is so already")
        me.site.push(me.who, "main", {path: changed}, f"Rework {function}")

    return act


def _unrelated(me: Person) -> None:
    me.needs_git()
    me.site.push(me.who, "main", {THEIR_FILE: f"{me.site.clock.now()}\n"}, "Take notes")


def _above(me: Person) -> None:
    """Other lines of a file that has the bot's functions."""
    me.needs_git()
    text = me.site.read_base("parts.py")
    added = f"# {me.site.clock.now()}\n{text}"
    me.site.push(me.who, "main", {"parts.py": added}, "Remark on the parts")


def _force_back(me: Person) -> None:
    me.needs_git()
    parents = me.site.parents(me.site.main())
    if not parents:
        raise NotDone("there is nothing before it")
    me.site.move(me.who, MAIN, parents[0])
    me.judge.forced = True


def _pause(me: Person) -> None:
    me.needs_git()
    made = me.site.commit(me.who, me.site.main(), {}, "Pause")
    if PAUSED in me.site.bare.refs():
        raise NotDone("it is paused")
    me.site.move(me.who, PAUSED, made)


def _resume(me: Person) -> None:
    me.needs_git()
    if PAUSED not in me.site.bare.refs():
        raise NotDone("it is not paused")
    me.site.move(me.who, PAUSED, None)


def _own_pull(branch: str) -> Callable[[Person], None]:
    def act(me: Person) -> None:
        me.needs_git()
        if f"refs/heads/{branch}" in me.site.bare.refs():
            raise NotDone("it is there")
        me.site.push(me.who, branch, {THEIR_FILE: f"on {branch}\n"}, "My own work")
        me.site.open_pull(branch, me.who)

    return act


def _switch_off(me: Person) -> None:
    configure(me, "off")


def _otherwise(option: str, *values: object) -> Callable[[Person], None]:
    """The option gets the other of its two values."""

    def act(me: Person) -> None:
        options = me.site.wanted(me.site.main()).options
        first, second = values
        other = second if getattr(options, option) == first else first
        changed: dict[str, Any] = {option: other}
        _want(me, options=replace(options, **changed))

    return act


def _dashboard(*, body: str | None = None, is_open: bool | None = None) -> Callable[[Person], None]:
    def act(me: Person) -> None:
        there = dashboards(me.site.facts(), me.site.bot)
        if not there:
            raise NotDone("there is none")
        me.site.edit_issue(max(there), me.who, body=body, is_open=is_open)

    return act


TO_THE_REPOSITORY: Mapping[str, Callable[[Person], None]] = {
    "pushes something else to main": _unrelated,
    "changes other lines on main": _above,
    **{f"reworks {name} on main": _rework(name) for name in program.PLACES},
    "takes main back by force": _force_back,
    "sets refs/bot/paused": _pause,
    "removes refs/bot/paused": _resume,
    "switches the bot off": _switch_off,
    "wants the dashboard, or does not any more": _otherwise("dashboard", True, False),
    "wants reflections marked, or does not any more": _otherwise("write_back", True, False),
    "trusts the source, or does not any more": _otherwise("trust", True, False),
    "wants merges left to the forge, or not": _otherwise("via", "bot", "auto-merge"),
    "closes the dashboard": _dashboard(is_open=False),
    "reopens the dashboard": _dashboard(is_open=True),
    "scribbles on the dashboard": _dashboard(body="Who reads this?"),
    "opens an issue that pauses": lambda me: me.site.pause_by_issue(me.who, on=True),
    "closes the issue that pauses": lambda me: me.site.pause_by_issue(me.who, on=False),
    "opens a pull request of their own": _own_pull("feature"),
    "opens one from a branch like the bot's": _own_pull("bot/mine-1"),
}


def configure(me: Person, name: str) -> None:
    """The configuration of this name, with the options that there are."""
    _want(me, name=name)


def _want(me: Person, **wish: Any) -> None:
    me.needs_git()
    before = me.site.wanted(me.site.main())
    wanted = replace(before, **wish)
    if wanted == before:
        raise NotDone("it says so already")
    said = f"Configure: {wanted.name}"
    me.site.push(me.who, "main", {CONFIG: wanted.text(me.site.proof)}, said)


def theirs(facts: Facts) -> list[PullFact]:
    """Pull requests to do something on: the bot's first, then those of people."""
    return sorted(facts.pulls.values(), key=lambda pull: (not pull.by_bot, pull.number))
