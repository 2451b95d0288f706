"""The corpus of patches judged once more: what comes out, and how long one patch takes."""

from __future__ import annotations

import statistics
import time
from collections import Counter

from tests.corpus import Case, judge, load, mistake

LABELS = ("right", "false refusal", "false acceptance", "other rule", "other facts")


def main() -> None:
    """Print a table by group, the rules that refused, and every mistake."""
    cases = load()
    outcomes: Counter[tuple[str, str]] = Counter()
    rules: Counter[str] = Counter()
    times: dict[str, list[float]] = {}
    wrong = []
    for case in cases:
        start = time.perf_counter()
        verdict = judge(case)
        times.setdefault(case.group, []).append(time.perf_counter() - start)
        label = mistake(case, verdict)
        outcomes[case.group, label or "right"] += 1
        rules.update(set(verdict.refused) | set(verdict.facts))
        if label:
            wrong.append(f"{label}: {case.group}: {case.name}: {verdict.refused or verdict.facts}")
    report(cases, outcomes, times)
    print("\n" + ", ".join(f"{rule} {count}" for rule, count in rules.most_common()))
    print("\n".join(["", *wrong] if wrong else ["", "no mistakes"]))


def report(
    cases: list[Case], outcomes: Counter[tuple[str, str]], times: dict[str, list[float]]
) -> None:
    print(
        f"{'':14}{'patches':>8}" + "".join(f"{label:>18}" for label in LABELS) + "  ms: median, max"
    )
    for group in dict.fromkeys(case.group for case in cases):
        counts = "".join(f"{outcomes[group, label]:>18}" for label in LABELS)
        spent = [seconds * 1e3 for seconds in times[group]]
        print(
            f"{group:14}{len(spent):>8}{counts}  {statistics.median(spent):10.1f}, {max(spent):.0f}"
        )
    everything = [seconds for group in times.values() for seconds in group]
    print(f"{len(everything)} patches in {sum(everything):.1f} s")


if __name__ == "__main__":
    main()
