"""How well triage tells what to work on, and what a hundred thousand verdicts cost.

The labelled reflections are those of `tests/labelled`. *Actionable* counts the clear verdicts;
*asked* counts what may go to an engine, the unsure ones included.
"""

from __future__ import annotations

import time
import tracemalloc
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from bot.incidents import incidents
from bot.model import Reflection, Triaged, Verdict
from bot.triage import triage
from tests.labelled import Labelled, Score, read, score
from tests.scratch import MemoryTree

RECORDS = 100_000
TREE = MemoryTree(
    {
        "llm.py": "def dummy_function(text):\n    return text.split()[0]\n",
        "parser.py": "def parse(text):\n    return text\n",
        "config.py": "def load_config(path):\n    return {}\n",
        **{f"pkg/part{n}/mod{n}.py": f"def part{n}():\n    return {n}\n" for n in range(1_000)},
    }
)


def main() -> None:
    """Print precision and recall, overall and per language, then time and memory."""
    for name in ("reflections", "held_out"):
        rows = read(name)
        print(f"{name}: {len(rows)} records")
        print(
            f"  {'':<10}  records  actionable: precision  recall   asked: precision  recall  exact"
        )
        show("all", rows)
        groups: dict[str, list[Labelled]] = defaultdict(list)
        for row in rows:
            groups[row.language].append(row)
        for language, members in sorted(groups.items()):
            show(language, members)
    cost(read("reflections"))


def show(name: str, rows: Sequence[Labelled]) -> None:
    """One line of figures."""
    figures: Score = score(rows)
    clear, asked = figures.actionable, figures.asked
    print(
        f"  {name:<10}  {len(rows):7}  {_share(clear.precision):>21}  {_share(clear.recall):>6}"
        f"  {_share(asked.precision):>16}  {_share(asked.recall):>6}  {figures.exact:5.3f}"
    )


def cost(rows: Sequence[Labelled]) -> None:
    """Time of triage alone and with grouping, and what grouping holds at its peak."""
    mixed = [rows[n % len(rows)].reflection for n in range(RECORDS)]
    start = time.process_time()
    for reflection in mixed:
        triage(reflection)
    alone = time.process_time() - start
    start = time.process_time()
    sifted = incidents(stream(rows, RECORDS), TREE)
    whole = time.process_time() - start
    print(f"{RECORDS:,} verdicts: {alone:.1f} s; made and grouped in a tree of 1,003 files:")
    print(f"  {whole:.1f} s, {len(sifted.incidents)} incidents; {sifted.notice}")
    for count in (1_000, RECORDS):
        tracemalloc.start()
        incidents(stream(rows, count), TREE)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        print(f"  peak of Python's memory for {count:,}: {peak / 1024**2:.1f} MiB")


def stream(rows: Sequence[Labelled], count: int) -> Iterator[Triaged]:
    """Verdicts on `count` records, each with an id of its own; one in twenty is not a success."""
    passed = [r.reflection for r in rows if r.label is Verdict.NOT_ACTIONABLE]
    other = [r.reflection for r in rows if r.label is not Verdict.NOT_ACTIONABLE]
    for number in range(count):
        pick: Reflection = (
            passed[number % len(passed)] if number % 20 else other[number // 20 % len(other)]
        )
        yield triage(replace(pick, id=f"r-{number:012x}"))


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


if __name__ == "__main__":
    main()
