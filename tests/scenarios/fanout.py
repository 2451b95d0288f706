"""Many incidents at once: every module of a repository has the same defect and a reflection on it.

The model mends whichever it is asked about.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from tests.loopback_openai import Message, calls
from tests.scenarios.world import REFLECTION, World

MODULE = '''\
def {name}(text):
    """Return the first word of the text, in capitals."""
    words = text.split()
    return words[0].upper()
'''
LIMITS = """\
[limits]
incidents_per_tick = 1000
open_pulls = 1000
pulls_per_hour = 1000
pulls_per_day = 1000
tokens_per_tick = 10000000
tokens_per_day = 100000000
"""


@dataclass(frozen=True)
class Counted:
    """What there is of the bot's doing, and how much of it is there twice."""

    pulls: int
    doubled: int


def fill(world: World, count: int) -> None:
    """Give the world so many modules, a reflection on each, and a model that mends each."""
    names = [f"first_word_{number:03}" for number in range(count)]
    files: dict[str, str | None] = {f"{name}.py": MODULE.format(name=name) for name in names}
    world.repo.push_commit("main", files, by="alice")
    world.configure(f"{LIMITS}\n[sandbox]\nenabled = false\n")
    world.write_reflections(
        [
            REFLECTION | {"reflection": f"`{name}` in {name}.py does not handle empty input."}
            for name in names
        ]
    )
    for name in names:
        world.model.on(f"in {name}.py does not", mended(name))


def mended(name: str) -> Message:
    report = {
        "filename": f"{name}.py",
        "function": name,
        "summary": f"{name} raises IndexError on empty input",
        "severity": "medium",
    }
    old = "    return words[0].upper()\n"
    new = '    return words[0].upper() if words else ""\n'
    edit = {"filename": f"{name}.py", "old": old, "new": new}
    patch = {"edits": [edit], "explanation": "Return an empty string when there is no word."}
    return calls(("log_bug_report", report), ("propose_code_patch", patch))


def counted(world: World) -> Counted:
    """The pull requests, and those that propose what another one proposes too."""
    changes = Counter(
        world.repo.git("diff", "--name-only", f"main...{pull.head_ref}")
        for pull in world.repo.pulls
    )
    return Counted(len(world.repo.pulls), sum(times - 1 for times in changes.values()))
