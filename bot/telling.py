"""Telling: what the issues that handed the bot work hear of what became of it, each once. Pure.

It is derived from history, so that it is told in the tick after it happened, whichever run that is.
What is yet to come, such as a limit that passes, is not told: an issue hears why nothing was tried,
of an end without a pull request, or of a pull request; after that one all is said there.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from bot.actions.tell_issue import ACTION as TELL_ISSUE
from bot.actions.tell_issue import TellIssue
from bot.history import Fate, History, history
from bot.model import Reflection
from bot.plan import Step
from bot.snapshot import Snapshot
from bot.sources.labelled_issues import number_of
from bot.untrusted import for_code, for_markdown

MAX_PER_TICK = 20
"""Forges take a flood of comments for abuse; what is left is told by the next ticks."""
PROPOSED, ENDED, UNTRIED = "proposed", "ended", "untried"
WEIGHT = (UNTRIED, ENDED, PROPOSED)
"""After one of these an issue hears none that stands before it."""

_PROPOSED = (Fate.PROPOSED, Fate.MERGED)
_ENDED = (Fate.REFUSED, Fate.LEFT_TO_PEOPLE, Fate.ABSTAINED, Fate.FAILED)


def told(snapshot: Snapshot) -> Iterator[Step]:
    """The steps by which issues hear what they have not heard yet, as many as one tick may say."""
    if any(source.kind == "issues" for source in snapshot.config.source):
        yield from islice(_untold(snapshot), MAX_PER_TICK)


def _untold(snapshot: Snapshot) -> Iterator[Step]:
    for incident in snapshot.incidents:
        handed = [one for one in incident.reflections if _issue(one, snapshot)[0]]
        past = history(incident, snapshot) if handed else None
        for reflection in handed:
            if past and past.fate in _PROPOSED:
                yield from _once(reflection, PROPOSED, _proposal(past), snapshot)
            elif past and past.fate in _ENDED:
                yield from _once(reflection, ENDED, _end(past), snapshot)
    for verdict in snapshot.left_out:
        if _issue(verdict.reflection, snapshot)[0]:
            yield from _once(verdict.reflection, UNTRIED, _reason(verdict.reason), snapshot)


def _proposal(past: History) -> str:
    assert past.pull is not None
    number = past.pull.number
    if past.fate is Fate.MERGED:
        return f"Pull request #{number} was about this, and is merged."
    return f"Pull request #{number} proposes a fix. What becomes of it is said there."


def _end(past: History) -> str:
    return (
        f"Nothing has come of this: {for_markdown(past.sentence, 500).removesuffix('.')}. An edit "
        f"is no new work; another issue that says more is."
    )


def _reason(reason: str) -> str:
    return (
        f"Nothing was tried: {for_markdown(reason, 500).removesuffix('.')}. Name the file and the "
        f"function here, and what goes wrong in them, and the bot takes it up."
    )


def _once(reflection: Reflection, about: str, said: str, snapshot: Snapshot) -> Iterator[Step]:
    number, label = _issue(reflection, snapshot)
    if any(snapshot.ledger.told(number, one) for one in WEIGHT[WEIGHT.index(about) :]):
        return
    text = f"{said}\n\nTake the label {for_code(label)} off to withdraw it."
    params = TellIssue(number=number, label=label, about=about, text=text)
    yield Step(TELL_ISSUE.name, params, f"issue #{number} hears what became of it: {about}")


def _issue(reflection: Reflection, snapshot: Snapshot) -> tuple[int, str]:
    return number_of(reflection, snapshot.config.source)
