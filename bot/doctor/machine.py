"""The machine the bot runs on: git, and the clock. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

from bot.doctor import Finding, ok, problem, warning
from bot.doctor.seen import Seen

OLDEST_GIT = (2, 38)
"""The first whose merge-tree can write a tree without a work tree."""
MAX_DRIFT = timedelta(minutes=2)

GIT = ok("git.version")
OLD_GIT = problem("git.old", "It cannot merge without a work tree, and the bot has none.")
CLOCK = ok("clock.right")
WRONG_CLOCK = warning(
    "clock.wrong", "Limits by the hour, waiting times and the watch all go by this clock."
)
SIGNS = (GIT, OLD_GIT, CLOCK, WRONG_CLOCK)


def check(seen: Seen) -> Iterator[Finding]:
    if seen.git is not None:
        yield _git(seen.git)
    head = seen.access.answered if seen.access else seen.answered
    if head is None or head.at is None:
        return
    drift = abs(head.at - seen.now)
    if drift > MAX_DRIFT:
        here, there = (f"{at:%Y-%m-%d %H:%M:%S}" for at in (seen.now, head.at))
        yield WRONG_CLOCK.found(
            f"This machine's clock says {here}, and GitHub's {there} UTC.",
            "'sudo timedatectl set-ntp true' keeps it right.",
        )
    else:
        yield CLOCK.found("The clock agrees with GitHub's.")


def _git(said: str) -> Finding:
    found = re.search(r"(\d+)\.(\d+)", said)
    version = (int(found[1]), int(found[2])) if found else OLDEST_GIT
    shown = said.strip().removeprefix("git version ")
    if version >= OLDEST_GIT:
        return GIT.found(f"git {shown} is new enough.")
    least = ".".join(map(str, OLDEST_GIT))
    return OLD_GIT.found(
        f"git {shown} is too old.",
        f"Install git {least} or newer; on Ubuntu: 'sudo add-apt-repository ppa:git-core/ppa && "
        f"sudo apt-get install git'.",
    )
