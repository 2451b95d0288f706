"""Which reflections point at a defect in the code. Pure: reflections in, verdicts out.

Every verdict has its reason, because "why was this skipped?" is the question people ask. Where a
reflection ended badly without saying what is wrong, or says it in a language that is known only by
a few words, the verdict is *unsure*: an engine may look at it after all the clear ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from bot.model import Reflection, Triaged, Verdict
from bot.phrases import (
    BAD_OUTCOME,
    BARE_OUTCOME,
    DEFECT,
    EVIDENCE,
    FOREIGN_DEFECT,
    GOOD_OUTCOME,
    NAMED_CODE,
    clauses,
    defect_in,
    evidence_in,
    foreign_defect_in,
    is_english,
)

SETTLED = "settled"
"""The kind of verdict on what says itself that nothing is left to do."""
OWN_STATUS = "by the bot"
"""The status of the bot's own records; it would feed on itself otherwise."""
_CLOSED = re.compile(
    r"\W*(?:resolved|fixed|closed|done|completed|merged|verified|wont[ _-]?fix|won['’]t[ _-]?fix"
    r"|promoted\w*|duplicate|ignored|suppressed|dismissed|invalid|obsolete|archived"
    r"|not[ _-]a[ _-]bug)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Words:
    """The configured words: `keywords` make a reflection actionable, `ignore` say nothing."""

    keywords: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    @cached_property
    def keyword(self) -> re.Pattern[str] | None:
        return _any_of(self.keywords)

    @cached_property
    def ignored(self) -> re.Pattern[str] | None:
        return _any_of(self.ignore)


NO_WORDS = Words()


def triage(reflection: Reflection, words: Words = NO_WORDS) -> Triaged:
    """Judge one reflection: by its status, then by its outcome, then by its text."""
    status = " ".join(reflection.status.split())
    if status.casefold() == OWN_STATUS:
        return _no(reflection, "the bot's own", "the bot wrote it about itself")
    if is_settled(status):
        return _no(reflection, SETTLED, f"its status is {_quoted(status)}")
    outcome, text = _heeded(reflection.outcome, words), _heeded(reflection.text, words)
    said = _defect("outcome", outcome, words)
    if said is None and _ended_well(reflection, outcome):
        return _after_success(reflection, text)
    said = said or _defect("text", text, words)
    if said:
        return Triaged(reflection, Verdict.ACTIONABLE, said, "speaks of a defect")
    if reflection.failed and (reflection.error_type or reflection.places):
        where = reflection.error_type or reflection.places[0]
        reason = f"its source reports a failure: {_quoted(where)}"
        return Triaged(reflection, Verdict.ACTIONABLE, reason, "reported as failed")
    return _without_a_defect(reflection, outcome, text)


def is_settled(status: str) -> bool:
    """Whether a record's own status says that nothing is left to do about it."""
    return bool(_CLOSED.match(" ".join(status.split())))


def _ended_well(reflection: Reflection, outcome: str) -> bool:
    if reflection.failed is False:
        return True
    return reflection.failed is None and bool(GOOD_OUTCOME.match(outcome))


def _after_success(reflection: Reflection, text: str) -> Triaged:
    """A success is no report of a defect, unless a machine's own words stand in it unmended."""
    outcome = reflection.outcome.strip()
    told = [evidence_in(clause) for clause in clauses(text)] if EVIDENCE.search(text) else []
    if any(told):
        reason = f"it succeeded, yet tells of {_quoted(next(filter(None, told)))}"
        return Triaged(reflection, Verdict.UNSURE, reason, "a success with an error in it")
    reason = f"its outcome is a success: {_quoted(outcome)}" if outcome else "it did not fail"
    return _no(reflection, "a success", reason)


def _defect(label: str, text: str, words: Words) -> str | None:
    """Why this text is a report of a defect, None where it is none for certain."""
    if words.keyword and (named := words.keyword.search(text)):
        return f"its {label} says {_quoted(named[0])}, a configured keyword"
    if label == "outcome" and BARE_OUTCOME.match(text):
        return None
    if not DEFECT.search(text) and not EVIDENCE.search(text):
        return None
    tells = defect_in if is_english(text) else evidence_in
    found = next(filter(None, map(tells, clauses(text))), "")
    return f"its {label} says {_quoted(found)}" if found else None


def _without_a_defect(reflection: Reflection, outcome: str, text: str) -> Triaged:
    """No clear word on a defect: unsure after a bad end or with a hint, else not actionable."""
    bad = BAD_OUTCOME.search(outcome)
    code = NAMED_CODE.search(text)
    if (reflection.failed or bad) and code and is_english(text):
        reason = f"it ended badly and names {_quoted(code[0])}"
        return Triaged(reflection, Verdict.ACTIONABLE, reason, "ended badly, names code")
    if reflection.failed or bad:
        what = f"it ended badly ({_quoted(outcome)})" if bad else "its source says that it failed"
        reason = f"{what} without a clear word on a defect"
        return Triaged(reflection, Verdict.UNSURE, reason, "ended badly")
    for label, part in (("outcome", outcome), ("text", text)):
        if not is_english(part) and FOREIGN_DEFECT.search(part):
            for clause in clauses(part):
                if hint := foreign_defect_in(clause):
                    reason = f"its {label} says {_quoted(hint)}, in a language known by a few words"
                    return Triaged(reflection, Verdict.UNSURE, reason, "another language")
    if outcome.strip() and text.strip() and not is_english(text):
        reason = f"it is in another language, and its outcome is no success: {_quoted(outcome)}"
        return Triaged(reflection, Verdict.UNSURE, reason, "another language")
    reason = "neither its outcome nor its text speaks of a defect"
    return _no(reflection, "no defect", reason)


def _heeded(text: str, words: Words) -> str:
    return words.ignored.sub(" ", text) if words.ignored else text


def _any_of(phrases: Iterable[str]) -> re.Pattern[str] | None:
    """Any of these as whole words; where a script has no spaces, anywhere."""
    parts = []
    for phrase in phrases:
        edge = r"\b" if phrase.isascii() else ""
        parts.append(
            (edge if phrase[0].isalnum() else "")
            + re.escape(phrase)
            + (edge if phrase[-1].isalnum() else "")
        )
    return re.compile("|".join(parts), re.IGNORECASE) if parts else None


def _no(reflection: Reflection, kind: str, reason: str) -> Triaged:
    return Triaged(reflection, Verdict.NOT_ACTIONABLE, reason, kind)


def _quoted(text: str) -> str:
    words = " ".join(text.split())
    return f"“{words if len(words) <= 60 else words[:59] + '…'}”"
