"""The story that the demo tells, scene by scene, each with what must be true at its end."""

from __future__ import annotations

from collections.abc import Iterator

from tests.demo.stage import Stage, heading, say

MAX_TICKS = 4
ENDS = {"to_reorder": "merged", "refund": "open", "parse_price": "closed", "Revert": "merged"}


def play(stage: Stage) -> Iterator[str]:
    """Yields what did not come about as it is told."""
    yield from monday(stage)
    yield from tuesday(stage)
    yield from wednesday(stage)
    yield from thursday(stage)
    yield from friday(stage)


def monday(stage: Stage) -> Iterator[str]:
    heading("Monday: an agent has written down what went wrong")
    say(
        "The shop's till has bugs, and tests that know of some of them. The agent that runs the "
        "shop has left reflections, in two shapes. A stranger has written one of them."
    )
    yield from stage.types("bot", "reflections")
    say("The bot looks for the fixes by itself: it tries small changes until the tests pass.")
    yield from stage.types("bot", "run")
    yield from stage.ci_on_pulls()
    yield from stage.types("bot", "pulls")
    opened = stage.pulls()
    if len(opened) != 4:
        yield f"there are {len(opened)} pull requests where there should be four"
    say("One of them in full, as its reviewer sees it:")
    yield from stage.types("bot", "pulls", "show", str(_about(stage, "refund")))


def tuesday(stage: Stage) -> Iterator[str]:
    heading("Tuesday: a maintainer says no, and the first fix is merged")
    refused = _about(stage, "parse_price")
    say("Maya wants such prices to be read as they are. Closing is all she has to do.")
    yield from stage.types("bot", "pulls", "close", str(refused))
    yield from stage.types("bot", "run")
    main = stage.head("refs/heads/main")
    stage.quietly("git", "fetch", "-q")
    before = stage.quietly("git", "rev-parse", f"{main}^").strip()
    yield from stage.runs_printer(before, "main, before", "--everything")
    yield from stage.runs_printer(main, "main, with that merge", "--everything")
    if stage.pulls()[_about(stage, "format_price")]["state"] != "merged":
        yield "the fix of format_price was not merged"


def wednesday(stage: Stage) -> Iterator[str]:
    heading("Wednesday: the merge has broken main, so the bot proposes to take it back")
    say("The price column is one character wider now, and the paper is not. No test knew that.")
    yield from stage.types("bot", "run")
    yield from stage.ci_on_pulls()
    yield from stage.types("bot", "pulls")


def thursday(stage: Stage) -> Iterator[str]:
    heading("Thursday: a person takes it back, and the next fix is merged on the newest main")
    revert = _about(stage, "Revert")
    say("That brings the old bug back, and a test fails with it: a person decides. Maya does.")
    yield from stage.types("bot", "pulls", "merge", str(revert), "--untested")
    for _ in range(MAX_TICKS):
        yield from stage.types("bot", "run")
        yield from stage.ci_on_pulls()
        if stage.pulls()[_about(stage, "to_reorder")]["state"] == "merged":
            break


def friday(stage: Stage) -> Iterator[str]:
    heading("Friday: nothing is left to do, so nothing is done")
    stage.quietly("bot", "run")
    before = stage.quietly("git", "ls-remote", "origin")
    yield from stage.types("bot", "run")
    if stage.quietly("git", "ls-remote", "origin") != before:
        yield "a tick over an unchanged world changed something"
    yield from stage.types("bot", "reflections")
    yield from _ends(stage)
    heading("What remains is in git, and can be checked")
    yield from stage.types("bot", "audit")
    stage.quietly("git", "pull", "-q")
    yield from stage.types("git", "log", "--graph", "--oneline", "main")


def _ends(stage: Stage) -> Iterator[str]:
    """What became of each bug, as against what the story says."""
    states = {title: stage.pulls()[_about(stage, title)]["state"] for title in ENDS}
    for title, wanted in ENDS.items():
        if states[title] != wanted:
            yield f"the pull request about {title} is {states[title]} and not {wanted}"


def _about(stage: Stage, symbol: str) -> int:
    """The newest pull request that is about this function."""
    return max(n for n, pull in stage.pulls().items() if symbol in pull["title"])
