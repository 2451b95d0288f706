"""What must never be, judged from the outside: refs, pull requests and records before and after.

The judge keeps an account of its own: which commits are the bot's, which are people's, what was
opened when. It believes nothing that the bot says of itself, except that it reads the ledger to
know which reflections a branch was made for.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.ledger import AttemptRecord, HeadRecord, Record, decode
from bot.model import Kind
from tests.life import program
from tests.life.changes import change_problems
from tests.life.dashboards import dashboard_problems
from tests.life.site import LEDGER, MAIN, Facts, PullFact, Site

HOLD = "bot:hold"
_OF_A_PULL = re.compile(r"refs/pulls?/(\d+)/(?:head|meta)")
_MARKER = re.compile(r"<!-- amendbot:said ([\w.:-]+) -->")


class Violation(AssertionError):
    """Something happened that must never be."""


@dataclass
class Tick:
    """What one tick has done so far, and what it may do; `stale` reads excuse it in part."""

    wanted: program.Wanted
    at: datetime
    alone: bool = True
    """No second bot is at work."""
    stale: bool = False
    merged: int = 0
    published: int = 0

    @property
    def config(self) -> str:
        return self.wanted.name


@dataclass
class Judge:
    site: Site
    bots_commits: set[str] = field(default_factory=set)
    peoples_commits: set[str] = field(default_factory=set)
    opened_at: list[datetime] = field(default_factory=list)
    merges: dict[int, str] = field(default_factory=dict)
    """The bot's merges: the number, and the commit that it merged."""
    by_forge: set[int] = field(default_factory=set)
    """Those that were left to the forge, which may merge onto a base that nobody tested."""
    forced: bool = False
    """The base branch was taken back by force at least once."""
    edited: set[int] = field(default_factory=set)
    """The pull requests whose body a person has changed."""
    _ledgers: dict[str, tuple[Record, ...]] = field(default_factory=dict)

    def by_bot(self, before: Facts, after: Facts, tick: Tick) -> None:
        """One step of the bot's has led from one to the other."""
        problems = list(self._problems(before, after, tick))
        if problems:
            raise Violation("\n".join(problems))

    def by_people(self, before: Facts, after: Facts) -> None:
        """People have; what they made is theirs. The forge may merge what the bot left to it."""
        problems = [
            problem
            for pull in self._new_merges(before, after)
            for problem in self._merged_by_forge(before.pulls[pull.number], pull)
        ]
        if problems:
            raise Violation("\n".join(problems))
        for ref, sha in after.refs.items():
            new = before.refs.get(ref) != sha and ref.startswith("refs/heads/bot/")
            if new and sha not in self.bots_commits:
                self.peoples_commits.add(sha)

    def at_the_end(self, before: Facts, after: Facts, tick: Tick) -> None:
        """A tick has ended that nothing hindered: what is left to the forge may be merged so."""
        if before.paused or tick.config in program.STOPPING:
            return
        problems = [
            f"#{number} is left to auto-merge, although {why}"
            for number, pull in after.pulls.items()
            if pull.state == "open" and pull.armed_by == self.site.bot
            for why in self._unfit(before.pulls.get(number, pull), tick)
        ]
        if problems:
            raise Violation("\n".join(problems))

    def _unfit(self, pull: PullFact, tick: Tick) -> Iterator[str]:
        for wrong, why in (
            (HOLD in pull.labels, "it is on hold"),
            (pull.draft, "it is a draft"),
            (pull.objects, "a reviewer wants it changed"),
            (pull.head not in self.bots_commits, "its head is not the bot's"),
            (tick.wanted.options.via != "auto-merge", "nobody wants that any more"),
            (not tick.wanted.options.trust, "its source is not trusted"),
            (tick.config in ("reviewed", "propose"), f"the configuration is {tick.config}"),
        ):
            if wrong:
                yield why

    def _merged_by_forge(self, old: PullFact, pull: PullFact) -> Iterator[str]:
        said = f"the forge merged #{pull.number} for the bot"
        self.merges[pull.number] = pull.head
        self.by_forge.add(pull.number)
        if old.armed_by != self.site.bot:
            yield f"{said}, which had not asked for it"
        if pull.head not in self.bots_commits or pull.head in self.peoples_commits:
            yield f"{said} at {pull.head[:9]}, which is not its own commit"
        if not self.site.is_green(pull.head):
            yield f"{said} at {pull.head[:9]}, whose required check has not passed"

    def ledger(self, facts: Facts) -> tuple[Record, ...]:
        """All records, newest first."""
        tip = facts.refs.get(LEDGER)
        if tip is None:
            return ()
        if tip not in self._ledgers:
            said = self.site.bare.said((tip,), "log", "--format=%B%x00", tip)
            found = (decode(text.strip() + "\n") for text in said.split("\0") if text.strip())
            self._ledgers[tip] = tuple(record for record in found if record is not None)
        return self._ledgers[tip]

    def _problems(self, before: Facts, after: Facts, tick: Tick) -> Iterator[str]:
        changed = before.refs != after.refs or before.issues != after.issues
        changed = changed or any(
            after.pulls.get(n) is None or after.pulls[n].whole != p.whole
            for n, p in before.pulls.items()
        )
        changed = changed or set(before.pulls) != set(after.pulls)
        if not changed:
            return
        if not tick.stale:
            yield from self._stopped(before)
        yield from self._refs(before, after, tick)
        for number, pull in before.pulls.items():
            yield from self._pull(pull, after.pulls[number], tick)
        yield from self._changes(before, after)
        for number in after.pulls.keys() - before.pulls.keys():
            yield from self._opened(after.pulls[number], before)
        for number, issue in before.issues.items():
            if issue.author != self.site.bot and after.issues.get(number) != issue:
                yield f"the bot changed issue {number} of {issue.author}"
        yield from self._issues(after)
        yield from dashboard_problems(
            before, after, self.site.bot,
            wanted=tick.wanted.options.dashboard or tick.stale, alone=tick.alone,
        )  # fmt: skip
        yield from self._merged(before, after, tick)
        yield from self._attempts(before, after, tick)
        yield from _doubled(after, self.site.bot)

    def _issues(self, after: Facts) -> Iterator[str]:
        issues = after.issues.values()
        titles = Counter(i.title for i in issues if i.is_open and i.author == self.site.bot)
        yield from (f"{n} open issues of the bot's are “{t}”" for t, n in titles.items() if n > 1)

    def _stopped(self, before: Facts) -> Iterator[str]:
        if before.paused:
            yield "the bot wrote although it was paused"
        config = self.site.wanted(before.main).name
        if config in program.STOPPING:
            yield f"the bot wrote although its configuration says {config}"

    # ------------------------------------------------------------------------------------- refs

    def _refs(self, before: Facts, after: Facts, tick: Tick) -> Iterator[str]:
        for ref in sorted(before.refs.keys() | after.refs.keys()):
            old, new = before.refs.get(ref), after.refs.get(ref)
            if old != new:
                yield from self._moved(ref, old, new, before, tick)

    def _moved(
        self, ref: str, old: str | None, new: str | None, before: Facts, tick: Tick
    ) -> Iterator[str]:
        if ref.startswith("refs/heads/bot/"):
            yield from self._branch(ref.removeprefix("refs/heads/"), old, new, before, tick)
        elif ref in (MAIN, LEDGER):
            if new is None or (old and not self.site.bare.is_ancestor(old, new)):
                yield f"{ref} does not have {old} any more"
        elif found := _OF_A_PULL.fullmatch(ref):
            pull = before.pulls.get(int(found[1]))
            if pull is not None and not pull.by_bot:
                yield f"the bot wrote {ref}, which is of a pull request of somebody else"
            if new is None or (old and ref.endswith("meta") and not self._follows(old, new)):
                yield f"{ref} lost records"
        else:
            yield f"the bot moved {ref}, which is none of its own"

    def _changes(self, before: Facts, after: Facts) -> Iterator[str]:
        """Every commit that is newly on a branch of the bot's changes what it says, and no more."""
        for ref, sha in after.refs.items():
            if before.refs.get(ref) == sha or not ref.startswith("refs/heads/bot/"):
                continue
            records = (one for one in self.ledger(after) if isinstance(one, HeadRecord))
            record = next((one for one in records if one.head == sha), None)
            if record is None:
                yield f"{sha[:9]} of {ref} is on no record"
            else:
                yield from change_problems(self.site, sha, record)

    def _follows(self, old: str, new: str) -> bool:
        return self.site.bare.is_ancestor(old, new)

    def _branch(
        self, branch: str, old: str | None, new: str | None, before: Facts, tick: Tick
    ) -> Iterator[str]:
        if old is not None and old not in self.bots_commits:
            yield f"{branch} was at {old[:9]}, a person's commit, and the bot moved it"
        if new is None:
            return
        if new in self.peoples_commits:
            yield f"the bot put {branch} at {new[:9]}, a person's commit"
        self.bots_commits.add(new)
        held = [p for p in before.bots if p.branch == branch and HOLD in p.labels]
        if held and not tick.stale:
            yield f"{branch} was moved, although #{held[0].number} is on hold"
        refused = [pull for pull in before.bots if self._is_no(pull)]
        named = next((p for p in refused if f"bot/{p.incident}-" in branch), None)
        if named and not tick.stale:
            yield f"{branch} was pushed, although #{named.number} was refused"
        if old is None:
            yield from self._published(branch, before, tick)

    def _is_no(self, pull: PullFact) -> bool:
        return pull.state == "closed" and pull.closed_by in self.site.can_write

    def _published(self, branch: str, before: Facts, tick: Tick) -> Iterator[str]:
        """A new branch: the limits, as they were when the tick began."""
        if self._is_revert(branch) or not tick.alone:
            self.opened_at.append(tick.at)
            return
        waiting = {
            ref.removeprefix("refs/heads/")
            for ref in before.refs
            if ref.startswith("refs/heads/bot/v1-")
        } - {pull.branch for pull in before.bots}
        there = len(before.open_bots) + len(waiting & self._own_branches(before))
        if there >= program.most_open(tick.config):
            yield f"{branch} was pushed, although {there} were open"
        tick.published += 1
        if tick.published > program.MOST["incidents_per_tick"]:
            yield f"{branch} was the {tick.published}th of its tick"
        for name, span in (("pulls_per_hour", 1), ("pulls_per_day", 24)):
            recent = sum(at > tick.at - timedelta(hours=span) for at in self.opened_at)
            if recent >= program.MOST[name]:
                yield f"{branch} was pushed, although {recent} were within {span} hours"
        self.opened_at.append(tick.at)

    def _own_branches(self, facts: Facts) -> set[str]:
        return {one.branch for one in self.ledger(facts) if isinstance(one, HeadRecord)}

    def _is_revert(self, branch: str) -> bool:
        facts = self.site.facts()
        heads = [r for r in self.ledger(facts) if isinstance(r, HeadRecord) and r.branch == branch]
        return bool(heads) and heads[0].change is Kind.REVERT

    # ----------------------------------------------------------------------------- pull requests

    def _pull(self, old: PullFact, new: PullFact, tick: Tick) -> Iterator[str]:
        if old.whole == new.whole:
            return
        if not old.by_bot:
            yield f"the bot wrote on #{old.number}, which is not its own"
            return
        only_said = old.core == new.core
        asked_to = any(who in self.site.can_write and "/bot hold" in said for who, said in old.said)
        if tick.stale:
            return
        disarmed = only_said and old.said == new.said and old.armed_by and not new.armed_by
        if HOLD in old.labels and not (only_said and asked_to) and not disarmed:
            yield f"the bot wrote on #{old.number}, which is on hold"
        if self._is_no(old) and not only_said:
            yield f"the bot wrote more than a comment on #{old.number}, which was refused"
        left = old.head not in self.bots_commits and old.state == "open"
        if left and not only_said and not _only_label(old, new):
            yield f"the bot wrote more than a comment on #{old.number}, which is left to people"

    def _opened(self, pull: PullFact, before: Facts) -> Iterator[str]:
        if pull.incident == "":
            yield f"the bot opened #{pull.number} from {pull.branch}"
        for other in before.open_bots:
            shared = self._reflections(other, before) & self._reflections(pull, before)
            if other.incident == pull.incident or shared:
                yield f"#{other.number} and #{pull.number} are open for the same incident"
        for other in before.bots:
            if self._is_no(other) and other.incident == pull.incident:
                yield f"#{pull.number} was opened, although #{other.number} was refused"

    def _reflections(self, pull: PullFact, facts: Facts) -> set[str]:
        heads = [r for r in self.ledger(facts) if isinstance(r, HeadRecord)]
        fixes = [head for head in heads if head.change is not Kind.REVERT]
        return {id_ for head in fixes if head.branch == pull.branch for id_ in head.reflections}

    def _attempts(self, before: Facts, after: Facts, tick: Tick) -> Iterator[str]:
        """What is new in the ledger has not passed the number of attempts."""
        old = len(self.ledger(before))
        records = self.ledger(after)
        for record in records[: len(records) - old]:
            asked = isinstance(record, AttemptRecord) and record.asked
            headed = isinstance(record, HeadRecord) and record.change is not Kind.REVERT
            most = program.most_attempts(tick.config)
            if (asked or headed) and record.attempt > most and tick.alone:  # type: ignore[union-attr] # both have it
                yield f"{record.subject}, although {most} attempts are all"

    # ------------------------------------------------------------------------------------ merges

    def _merged(self, before: Facts, after: Facts, tick: Tick) -> Iterator[str]:
        new = self._new_merges(before, after)
        if before.main != after.main and len(new) != 1:
            yield f"main has moved, and {len(new)} pull requests were merged"
        for pull in new:
            tick.merged += 1
            if tick.merged > 1:
                yield f"#{pull.number} was the second merge of its tick"
            self.merges[pull.number] = pull.head
            yield from self._merge(before.pulls[pull.number], pull, before, tick)

    def _new_merges(self, before: Facts, after: Facts) -> list[PullFact]:
        return [
            pull
            for pull in after.pulls.values()
            if pull.state == "merged"
            and pull.merged_by == self.site.bot
            and before.pulls[pull.number].state != "merged"
        ]

    def _merge(self, old: PullFact, pull: PullFact, before: Facts, tick: Tick) -> Iterator[str]:
        said = f"the bot merged #{pull.number}"
        if tick.config in ("reviewed", "propose"):
            yield f"{said}, although its configuration says {tick.config}"
        if not tick.wanted.options.trust:
            yield f"{said}, although its source is not trusted"
        if pull.head not in self.bots_commits or pull.head in self.peoples_commits:
            yield f"{said} at {pull.head[:9]}, which is not its own commit"
        if not self.site.is_green(pull.head):
            yield f"{said} at {pull.head[:9]}, whose required check has not passed"
        if self.site.parents(pull.head) != [before.main] and not tick.stale:
            yield f"{said}, which was tested on {self.site.parents(pull.head)}"
        if self.site.tree(pull.merged_as) != self.site.tree(pull.head):
            yield f"{said} with other files than the tested ones"
        if tick.stale:
            return
        for wrong, why in (
            (old.state != "open", f"it was {old.state}"),
            (old.draft, "it was a draft"),
            (old.objects, "a reviewer wanted it changed"),
            (HOLD in old.labels, "it was on hold"),
            (old.head != pull.head, f"its head was {old.head[:9]}"),
        ):
            if wrong:
                yield f"{said}, although {why}"


def _only_label(old: PullFact, new: PullFact) -> bool:
    return old.labels != new.labels and (old.state, old.head) == (new.state, new.head)


def _doubled(facts: Facts, bot: str) -> Iterator[str]:
    for pull in facts.bots:
        markers = Counter(
            marker
            for who, text in pull.said
            if who == bot
            for marker in _MARKER.findall(text)
        )  # fmt: skip
        yield from (
            f"the bot said “{marker}” {count} times on #{pull.number}"
            for marker, count in markers.items()
            if count > 1
        )
        asked = Counter(pull.asked)
        yield from (
            f"{name} was asked {count} times to review #{pull.number}"
            for name, count in asked.items()
            if count > 1
        )
