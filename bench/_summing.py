"""What became of each bug, and what that comes to over a collection."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One bug. Seconds are of the engine alone; `first_s` runs until its first plausible patch.

    `right` is said of what was proposed. `repair_at` is the place of the very repair among the
    plausible candidates that were found, None where it is not among them. `by` says what showed
    the patch right or wrong, `reason` why there is none. Patch and repair are diffs.
    """

    name: str
    kind: str = ""
    unusable: bool = False
    proposed: bool = False
    plausible: bool = False
    right: bool = False
    by: str = ""
    reason: str = ""
    seconds: float = 0.0
    searched_s: float = 0.0
    first_s: float | None = None
    tried: int = 0
    found: int = 0
    repair_at: int | None = None
    template: str = ""
    confidence: float | None = None
    patch: str = ""
    repair: str = ""

    @property
    def said(self) -> str:
        if self.unusable:
            return "UNUSABLE"
        if not self.proposed:
            return "unsolved"
        if not self.plausible:
            return "REFUTED"
        return "right" if self.right else "WRONG"


def line(result: Result) -> str:
    """One bug in one line of text."""
    first = "" if result.first_s is None else f"{result.first_s:.1f} s"
    sure = "" if result.confidence is None else f"{result.confidence:.2f}"
    at = "" if result.repair_at is None else f"{result.repair_at}/{result.found}"
    about = " ".join((result.by or result.reason).split())[:90]
    return (
        f"{result.name:<38.38} {result.said:<8} {first:>7} {result.seconds:>6.1f} s"
        f" {result.tried:>6} {sure:>4} {at:>6}  {result.template:<22.22} {about}"
    )


def figures(results: Sequence[Result]) -> dict[str, object]:
    """The totals of a collection."""
    usable = [one for one in results if not one.unusable]
    plausible = [one for one in usable if one.plausible]
    wrong = [one for one in plausible if not one.right]
    firsts = [one.first_s for one in plausible if one.first_s is not None]
    searched = sum(one.searched_s for one in usable)
    tried = sum(one.tried for one in usable)
    return {
        "of": len(usable),
        "unusable": len(results) - len(usable),
        "proposed": sum(one.proposed for one in usable),
        "plausible": len(plausible),
        "right": sum(one.right for one in plausible),
        "plausible_but_wrong": len(wrong),
        "wrong_share": round(len(wrong) / len(plausible), 3) if plausible else None,
        "repair_found": sum(one.repair_at is not None for one in usable),
        "seconds": round(sum(one.seconds for one in usable), 1),
        "first_s_median": round(statistics.median(firsts), 2) if firsts else None,
        "first_s_worst": round(max(firsts), 2) if firsts else None,
        "candidates": tried,
        "candidates_a_second": round(tried / searched, 1) if searched else None,
    }


def totals(results: Sequence[Result]) -> str:
    """The same for people, with the templates that repaired and what remains unsolved."""
    parts = [f"{name.replace('_', ' ')}: {value}" for name, value in figures(results).items()]
    text = ["", "; ".join(parts)]
    right = Counter(one.template for one in results if one.right and one.template)
    if right:
        text.append("repaired by: " + _counted(right))
    solved, kinds = Counter(r.kind for r in results if r.right), Counter(r.kind for r in results)
    if len(kinds) > 1:
        shares = (f"{kind or '?'} {solved[kind]}/{count}" for kind, count in kinds.most_common())
        text.append("right by kind of bug: " + ", ".join(shares))
    rest = [one for one in results if not one.right]
    text.extend(f"\n{one.name}: {one.said}; {one.by or one.reason}\n{_lack(one)}" for one in rest)
    return "\n".join(text)


def _lack(result: Result) -> str:
    """The repair, and what was proposed in its place."""
    shown = [f"  repair {changed}" for changed in _changed(result.repair)]
    return "\n".join([*shown, *(f"  patch  {changed}" for changed in _changed(result.patch))])


def _changed(diff: str) -> Iterable[str]:
    lines = [text for text in diff.splitlines() if text[:1] in "+-"]
    return [text for text in lines if text[:3] not in ("+++", "---")][:12]


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())
