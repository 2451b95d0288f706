"""Let random people, faults and ticks play on, and say what was met and what must never have been.

`python -m bench.life STEPS [SEED] [--forge NAME] [--whole]`: so many steps on each forge. Every
violation is printed with the story that led to it, as short as can be; with `--whole` as it
happened, which takes much less time. The forge `sandboxed` is `local` with tests that really run;
it is only played where it is named. Ends with 1 if there was any violation.
"""

from __future__ import annotations

import argparse
import random
import sys
import time

from tests.life.machine import LIVES, Life, SandboxedLife
from tests.life.story import Seen
from tests.life.walk import Walk, play, shortened

STEPS = 25
"""So many steps has a world before it comes to rest."""
NEWS_S = 60
"""So often it is said how far it is."""

PLAYED: tuple[type[Life], ...] = (*LIVES, SandboxedLife)
FORGES = {life.forge: life for life in PLAYED}


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("steps", type=int, nargs="?", default=1000)
    arguments.add_argument("seed", type=int, nargs="?", default=time.time_ns() % 10**9)
    arguments.add_argument("--forge", choices=FORGES, action="append")
    arguments.add_argument("--whole", action="store_true")
    given = arguments.parse_args()
    print(f"seed {given.seed}", flush=True)
    found = 0
    for forge in given.forge or [life.forge for life in LIVES]:
        found += explore(FORGES[forge], given.steps, given.seed, whole=given.whole)
    return 1 if found else 0


def explore(life: type[Life], steps: int, seed: int, *, whole: bool) -> int:
    """Worlds until there were so many steps; how many violations there were among them."""
    chance = random.Random(f"{life.forge} {seed}")
    started = told = time.monotonic()
    seen = life.seen = Seen()
    found = 0
    while seen.steps < steps:
        walk = Walk.random(chance, STEPS)
        violation = play(life, walk)
        if violation is not None:
            found += 1
            if not whole:
                life.seen = Seen()  # what is played again does not count
                walk, violation = shortened(life, walk, violation)
                life.seen = seen
            print(f"\nVIOLATION {violation}\n", flush=True)
            print("\n".join(f"  {one}" for one in (walk.begin, *walk.happenings)), flush=True)
        if time.monotonic() - told > NEWS_S:
            told = time.monotonic()
            print(summary(life.forge, seen, found, told - started), flush=True)
    print(summary(life.forge, seen, found, time.monotonic() - started), flush=True)
    for situation, times in seen.situations.most_common():
        print(f"{times:>7}  {situation}")
    return found


def summary(forge: str, seen: Seen, found: int, took_s: float) -> str:
    faults = ", ".join(f"{name} {count}" for name, count in sorted(seen.faults.items()) if count)
    return (
        f"{forge}: {seen.steps:,} steps in {seen.worlds:,} worlds; {seen.ticks:,} ticks with "
        f"{seen.writes:,} writes and {seen.merges:,} merges; {sum(seen.people.values()):,} acts of "
        f"people; {sum(seen.faults.values()):,} faults ({faults}); {len(seen.situations)} distinct "
        f"situations; {found} violations; {took_s:.0f} s"
    )


if __name__ == "__main__":
    sys.exit(main())
