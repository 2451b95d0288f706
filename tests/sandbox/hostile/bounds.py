"""What keeps the hostile programs harmless where the sandbox fails: they end by themselves.

They are started as `python -m tests.sandbox.hostile.<module> <program> <what they are told>`.
"""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any, NoReturn

Told = dict[str, Any]
LIFETIME = 15


def end_soon(seconds: int = LIFETIME) -> None:
    """This process ends after so many seconds, whatever it ignores. Its children are their own."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGALRM})
    signal.alarm(seconds)


def wait_for_the_end() -> NoReturn:
    while True:
        signal.pause()


def attempt(name: str, action: Callable[..., object], *arguments: object) -> None:
    """Say whether an action came through. One that did not raises, or answers with nothing."""
    try:
        found = action(*arguments)
    except (OSError, ValueError, EOFError) as error:
        print(f"refused: {name}: {error}")
    else:
        print(f"{'reached' if found else 'refused'}: {name}", flush=True)


def main(programs: Mapping[str, Callable[[Told], None]]) -> None:
    end_soon()
    programs[sys.argv[1]](json.loads(sys.argv[2]))
    sys.stdout.flush()
