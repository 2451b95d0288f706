"""Which reflections point at a defect in the code, and which of them speak of the same one.

Pure: reflections and a tree to look names up in go in; verdicts and incidents come out. Every
verdict has its reason, because "why was this skipped?" is the question people ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.grounding import ground
from bot.model import Fingerprint, Incident, Place, Reflection, Tree, Triaged, digest

FINGERPRINT_VERSION = "v1"

_DEFECT = re.compile(
    r"\b(fail(s|ed|ing|ure|ures)?|errors?|bugs?|bugg?y|issues?|defects?|crash(es|ed|ing)?"
    r"|br(eak|eaks|eaking|oke|oken)|problems?|exceptions?|tracebacks?"
    r"|(does|did|do|is|was|were|are)(n['’]t| not)|cannot|can['’]t|wrong(ly)?|incorrect(ly)?)\b",
    re.IGNORECASE,
)
_SUCCESS = re.compile(
    r"^\W*(?:all (?:\w+ ){0,2}(?:tests|checks) )?"
    r"(success(ful|fully)?|succeeded|pass(ed)?|ok|done|resolved|fixed|completed?)\b",
    re.IGNORECASE,
)
_MENDED = re.compile(
    r"(?<!not )(?<!n[’']t )\b"
    r"(?:fixed|resolved|repaired|corrected|solved|mended|patched|no|0|zero|without)"
    r"(?: [^\s.,;:]+){0,4}? (?:failures?|errors?|bugs?|issues?|defects?|crash(?:es)?|problems?"
    r"|exceptions?)\b",
    re.IGNORECASE,
)
"""What a success may say of a defect without reporting one: that it is mended, or that there is
none."""
_QUESTION = re.compile(r"^\s*(?:\d+[.)]\s*)?[^\n?]{0,80}\?\s*$")
_NOTHING = (
    r"(?:nothing|none|n/?a|no(?: (?:failures?|errors?|issues?|problems?|bugs?|defects?))?)"
    r"(?:\W*$| (?:failed|broke|crashed|went wrong|to report|at all|really|this time|in this|so far"
    r"|(?:was |were )?(?:found|seen|noted|occurred|encountered|observed))\b[^,;:\n]{0,40}$)"
)
"""An answer that there was nothing; "No error handling" and "Nothing stops the crash" are none."""
_EMPTY_LINE = re.compile(rf"^[\s\-*•]*{_NOTHING}", re.IGNORECASE)
_EMPTY_ANSWER = re.compile(rf"^[^?\n]{{0,80}}\?\s*[-–:]?\s*{_NOTHING}", re.IGNORECASE)
_ERROR_TYPE = re.compile(r"\b([A-Z]\w*(?:Error|Exception|Warning))\b")


def triage(reflection: Reflection) -> Triaged:
    """Whether one reflection points at a defect, judged by its outcome, then by its text."""
    mended = _MENDED.sub("", reflection.outcome)
    if _SUCCESS.match(reflection.outcome) and not _DEFECT.search(mended):
        return Triaged(
            reflection, False, f"its outcome is a success: {_quoted(reflection.outcome)}"
        )
    for label, text in (("outcome", reflection.outcome), ("text", _answers(reflection.text))):
        found = _DEFECT.search(text)
        if found:
            return Triaged(reflection, True, f"its {label} says {_quoted(found[0])}")
    return Triaged(reflection, False, "neither its outcome nor its text speaks of a defect")


def incidents(
    triaged: Iterable[Triaged], tree: Tree
) -> tuple[tuple[Incident, ...], tuple[Triaged, ...]]:
    """Group actionable reflections into incidents, in the order they were written.

    Returns the incidents, and the verdicts of what belongs to none: the reflections that triage
    passed over, and those that name nothing in the base tree.
    """
    grouped: dict[Fingerprint, tuple[tuple[Place, ...], list[Reflection]]] = {}
    left_out = []
    seen: set[str] = set()
    for verdict in triaged:
        reflection = verdict.reflection
        if reflection.id in seen:
            left_out.append(
                Triaged(reflection, False, f"the same record as another ({reflection.id})")
            )
            continue
        seen.add(reflection.id)
        if not verdict.actionable:
            left_out.append(verdict)
            continue
        places = ground((reflection.outcome, reflection.text, reflection.task), tree)
        if not places:
            reason = "it names no file of the base branch"
            left_out.append(Triaged(reflection, False, reason))
            continue
        grouped.setdefault(fingerprint(reflection, places), (places, []))[1].append(reflection)
    found = tuple(
        Incident(fingerprint=print_, reflections=tuple(members), places=places)
        for print_, (places, members) in grouped.items()
    )
    return found, tuple(left_out)


def fingerprint(reflection: Reflection, places: Sequence[Place]) -> Fingerprint:
    """An incident's identity: the grounded place and error type verbatim, the rest normalised.

    Numbers, hexadecimal, times and temporary paths change from one record of a problem to the next,
    so they do not count.
    """
    text = f"{reflection.outcome}\n{reflection.text}"
    error = _ERROR_TYPE.search(text)
    place = places[0]
    residual = normalise(text)
    name = digest(place.path, place.symbol, error[1] if error else "", residual)
    return Fingerprint(f"{FINGERPRINT_VERSION}-{name}")


def normalise(text: str) -> str:
    """Text without what varies between two records of the same problem."""
    text = re.sub(r"(/tmp|/var/folders|/private/tmp)/[^\s'\"]*", "<tmp>", text)
    text = re.sub(
        r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?", "<time>", text
    )
    text = re.sub(r"(?i)\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "<hex>", text)
    text = re.sub(r"\b0x[0-9a-fA-F]+\b|\b(?=[0-9a-f]*\d)[0-9a-f]{7,64}\b", "<hex>", text)
    text = re.sub(r"\d+(\.\d+)?", "<n>", text)
    return " ".join(text.casefold().split())


def _answers(text: str) -> str:
    """The text without template questions, and without questions that were answered "nothing"."""
    empty = (_QUESTION, _EMPTY_LINE, _EMPTY_ANSWER)
    return "\n".join(
        line for line in text.splitlines() if not any(pattern.match(line) for pattern in empty)
    )


def _quoted(text: str) -> str:
    words = " ".join(text.split())
    return f"“{words if len(words) <= 60 else words[:59] + '…'}”"
