"""Fuzz every target of `tests/fuzz/targets.py` for so many seconds; print what was executed.

`python -m bench.fuzz --seconds 600 [--target NAME]`. Ends with 1 if anything was found; each
finding is printed with the smallest input that shows it.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import traceback
import warnings

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

from tests.fuzz.targets import TARGETS, Target

ROUND = 200
"""Examples per round; each round starts from a seed of its own."""


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=60.0)
    arguments.add_argument("--target", choices=TARGETS, action="append")
    arguments.add_argument("--seed", type=int, default=time.time_ns() % 10**9)
    given_ = arguments.parse_args()
    warnings.simplefilter("ignore")
    names = given_.target or list(TARGETS)
    print(f"seed {given_.seed}", flush=True)
    found = 0
    total = 0
    for name in names:
        executed, failure, took_s = fuzz(TARGETS[name], given_.seconds / len(names), given_.seed)
        total += executed
        found += bool(failure)
        ended = "FOUND" if failure else "clean"
        print(f"{name:<22} {executed:>9,} executions {took_s:>7.1f} s  {ended}", flush=True)
        if failure:
            print(failure, flush=True)
    print(f"{'all':<22} {total:>9,} executions, {found} targets with findings")
    return 1 if found else 0


def fuzz(target: Target, seconds: float, seed: int) -> tuple[int, str, float]:
    """Executions, the first finding ("" if there is none), and the seconds that took."""
    executed = 0
    start = time.monotonic()
    rounds = random.Random(seed)

    def check(made: object) -> None:
        nonlocal executed
        executed += 1
        target.check(made)

    while time.monotonic() - start < seconds:
        run = settings(
            max_examples=ROUND,
            database=None,
            derandomize=False,
            deadline=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        )(seeded(rounds.getrandbits(64))(given(target.strategy)(check)))
        try:
            run()
        except Exception:  # noqa: BLE001 # whatever is raised is what was looked for
            return executed, traceback.format_exc(limit=-8), time.monotonic() - start
    return executed, "", time.monotonic() - start


if __name__ == "__main__":
    sys.exit(main())
