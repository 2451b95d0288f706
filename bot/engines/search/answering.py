"""From what a search found to the engine's answer: a patch with its reasons, or why there is none.

What enters the commit does not vary from run to run; counts and seconds stand in notes only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.engines import Task
from bot.engines.search.choosing import MANY_TRIED, Choice, Weighed, confidence
from bot.engines.search.diagnosing import Diagnosed, severity
from bot.engines.search.model import Spectrum, TestRan
from bot.engines.search.patching import edits, turns_round
from bot.engines.search.searching import Searched
from bot.engines.search.telling import in_short, words
from bot.model import Answer, BugReport, NotActionable, Patch, Usage
from bot.untrusted import one_line

MAX_REFUSED = 5
"""So many plausible changes are put to review before the search gives up."""
MAX_LISTED = 3
TOO_DOUBTFUL = 0.12
"""With less confidence than this nothing is proposed: a person would only lose time over it."""


def abstention(reason: str, notes: Sequence[str] = ()) -> Answer:
    """There is nothing to propose, and will not be while the base stays what it is."""
    return Answer(
        diagnosis=NotActionable(reason),
        patch=None,
        usage=Usage(),
        reason=reason,
        notes=tuple(notes),
        until_base_moves=True,
    )


def proposal(task: Task, spectrum: Spectrum, diagnosed: Diagnosed, found: Searched) -> Answer:
    """The best plausible change that review lets pass."""
    notes = list(_how_it_went(diagnosed, found))
    if found.choice.best is None:
        return abstention(_nothing_found(found), notes)
    choice = found.choice
    refused = 0
    while (best := choice.best) is not None and refused < MAX_REFUSED:
        tests, evidence = _evidence(best, spectrum, found.tests, task)
        is_hasty = found.is_complete and found.tried_in_time is not None  # else that weighs enough
        tried = (found.tried_in_time or 0) if is_hasty else MANY_TRIED
        against = tuple(_against(found))
        sure = confidence(choice, best, tests, tried=tried, is_doubted=bool(against))
        if sure < TOO_DOUBTFUL:
            return abstention(_doubtful(best, choice, against, task), notes)
        said = words(best.candidate, task.tree.read, found.tests)
        patch = Patch(edits(best.candidate, task.tree), said.explanation)
        findings = task.review(patch)
        if not findings:
            report = BugReport(
                path=best.candidate.path,
                symbol=best.candidate.symbol,
                summary=said.summary,
                severity=severity(found.tests, spectrum),
            )
            return Answer(
                diagnosis=report,
                patch=patch,
                usage=Usage(),
                notes=(*notes, *_beside(best, choice, sure, evidence, found, task)),
                confidence=sure,
            )
        shown = in_short(best.candidate, task.tree.read)
        notes.append(f"Review refused {shown} ({one_line(findings[0].sentence)}).")
        choice = choice.without(best)
        refused += 1
    return abstention(_all_refused(refused), notes)


def _evidence(
    weighed: Weighed, spectrum: Spectrum, mended: Sequence[TestRan], task: Task
) -> tuple[int, str]:
    """How many tests say something about the change, those mended and those that pass; in words.

    Nothing is said by those that pass with a condition and with its opposite.
    """
    if turns_round(weighed.candidate, task.tree.read):
        return len(mended), _counted(len(mended), "tell", "the condition from its opposite")
    path, line = weighed.candidate.path, weighed.candidate.line
    own = {test.id for test in mended}
    others = (
        test
        for test in spectrum.tests
        if test.id not in own and line in (test.lines or {}).get(path, ())
    )
    count = len(own) + sum(1 for _ in others)
    return count, _counted(count, "execute", "the changed line")


def _counted(tests: int, do: str, what: str) -> str:
    return f"{tests} tests {do} {what}" if tests > 1 else f"one test {do}s {what}"


# ------------------------------------------------------------------------------------- sentences


def _how_it_went(diagnosed: Diagnosed, found: Searched) -> Iterator[str]:
    names = ", ".join(one_line(test.id, 120) for test in found.tests[:3])
    more = f" and {len(found.tests) - 3} more" if len(found.tests) > 3 else ""
    yield f"The search is about {names}{more} ({diagnosed.because})."
    plausible = len(found.plausible)
    every = "what it is about and every test that passed" if found.left else "every test"
    accepted = f"{plausible} of them passed {every}" if plausible else f"none passed {every}"
    seconds = max(1, round(found.seconds))
    yield f"{found.tried:,} changes were tried in {seconds:,} s; {accepted}."
    if not found.is_complete:
        yield "The search was interrupted; this is the best until then."


def _beside(
    chosen: Weighed, choice: Choice, sure: float, evidence: str, found: Searched, task: Task
) -> Iterator[str]:
    """What it mends, how sure that is and why, and what else would pass."""
    mended = ", ".join(one_line(test.id, 120) for test in found.tests[:10])
    more = f" and {len(found.tests) - 10} more" if len(found.tests) > 10 else ""
    yield f"With the change these tests pass that failed: {mended}{more}."
    others = [one for one in choice.ranked if one is not chosen]
    apart = [one for one in others if one.kind != chosen.kind]
    ways = f"{len(apart)} other changes pass" if len(apart) > 1 else "one other change passes"
    also = f", and {ways} the same tests but behave{'s' * (len(apart) == 1)} otherwise"
    is_hasty = found.tried_in_time is not None and found.tried_in_time < MANY_TRIED
    few = f", and there was time to try {found.tried_in_time} only" if is_hasty else ""
    yield f"The confidence is {sure:.2f}: {evidence}{also if apart else ''}{few}."
    if against := [*chosen.against, *_against(found)]:
        yield f"Look at it closely: {'; '.join(against)}."
    if apart:
        listed = "; ".join(in_short(one.candidate, task.tree.read) for one in apart[:MAX_LISTED])
        rest = f"; and {len(apart) - MAX_LISTED} more" if len(apart) > MAX_LISTED else ""
        yield f"What else would pass: {listed}{rest}."
    if alike := len(others) - len(apart):
        yield f"Changes that behave as the proposed one: {alike} more."


def _against(found: Searched) -> Iterator[str]:
    """What speaks against whatever was found, in clauses: it may mend only a part of the defect, or
    nobody has looked closely."""
    if not found.is_complete:
        yield "the search was interrupted before it had looked at it closely"
    if left := found.left:
        first, is_one = one_line(left[0].id, 80), len(left) == 1
        what = first if is_one else f"all of {len(left)} more tests such as {first}"
        seem = "seems" if is_one else "seem"
        yield f"it was not seen to mend {what} too, which {seem} to fail from the same cause"


def _nothing_found(found: Searched) -> str:
    if not found.tried:
        return "The failing tests lead to no code that could be changed."
    names = ", ".join(one_line(test.id, 80) for test in found.tests[:2])
    more = f" and {len(found.tests) - 2} more" if len(found.tests) > 2 else ""
    return f"No small change was found that makes {names}{more} pass and breaks no other test."


def _all_refused(count: int) -> str:
    which = "The one change" if count == 1 else f"Each of the {count} best changes"
    return f"{which} that its tests accept is refused in review."


def _doubtful(weighed: Weighed, choice: Choice, against: Sequence[str], task: Task) -> str:
    best = in_short(weighed.candidate, task.tree.read)
    has_rivals = any(one.kind != weighed.kind for one in choice.ranked)
    others = ["several different changes pass the same tests"] if has_rivals else []
    why = "; ".join([*weighed.against, *against] or others or ["few tests tell what it does"])
    return (
        f"The best change that passes the tests ({best}) is too doubtful to propose: {why}. "
        f"More tests of this code would tell what it should do."
    )
