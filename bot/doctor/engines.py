"""Whether there is an engine to ask, and whether the model answers and calls tools. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from bot.config import CONFIG_PATH, Config
from bot.doctor import ABOUT_TOKENS, Finding, note, ok, problem, warning
from bot.doctor.merging import runs_tests
from bot.doctor.seen import Engines, Seen
from bot.untrusted import one_line

if TYPE_CHECKING:
    from bot.engines.asking import Asked

NONE = problem("engine.none", "Nobody writes a patch, so no run proposes anything.")
NO_KEY = warning("engine.no-key", "What the other engine cannot repair is not repaired.")
RETIRED = problem("engine.retired", "Every request to it is answered with HTTP 410.")
NOT_ASKED = note("model.not-asked", "Whether it answers shows at the first run, or when asked.")
UNREACHABLE = problem("model.unreachable", "Every run that asks it ends with the same answer.")
NO_TOOLS = problem("model.no-tools", "A patch is a tool call; in words it can rarely be read.")
LACKS = note("model.lacks", "The bot does without, and learns it anew in each run.")
ANSWERS = ok("model.answers")
SIGNS = (NONE, NO_KEY, RETIRED, NOT_ASKED, UNREACHABLE, NO_TOOLS, LACKS, ANSWERS)

_RETIRED_HOSTS = ("models.github.ai", "models.inference.ai.azure.com")
SET_KEY = "'export OPENAI_API_KEY=…' (in Actions: a secret, passed under 'env:')"


def check(seen: Seen) -> Iterator[Finding]:
    config, engines = seen.config, seen.engines
    if config is None or engines is None:
        return
    order, model = config.engine.order, config.engine.openai.model
    if "openai" in order and any(host in engines.server for host in _RETIRED_HOSTS):
        yield RETIRED.found(
            "OPENAI_BASE_URL names GitHub Models, which ended on 2026-07-30.",
            "Set OPENAI_BASE_URL to another server, or unset it, and OPENAI_API_KEY to its key.",
        )
    yield from _keyless(seen, config, engines)
    if "openai" not in order or not engines.has_key:
        return
    if seen.asked:
        yield from _asked(seen.asked, engines)
    elif seen.asking:
        yield NOT_ASKED.found(
            f"The model {model} was not asked whether it answers.",
            f"'bot doctor --ask-model' sends one question, of about {ABOUT_TOKENS} tokens.",
        )


def _keyless(seen: Seen, config: Config, engines: Engines) -> Iterator[Finding]:
    order = config.engine.order
    if engines.has_key or "openai" not in order:
        if order == ("search",) and seen.holding and not runs_tests(seen):
            yield NONE.found(
                "The only engine is search, and no tests can run here.",
                f"Mend what is said of the sandbox and of the tests, or say "
                f'engine.order = ["openai"] in {CONFIG_PATH} and {SET_KEY}.',
            )
        return
    others = [name for name in order if name != "openai"]
    if others:
        said = f"OPENAI_API_KEY is not set, so {', '.join(others)} alone is asked."
        fix = f"{SET_KEY}, or take openai out of engine.order in {CONFIG_PATH}."
        yield NO_KEY.found(said, fix)
    else:
        fix = f'{SET_KEY}; or say engine.order = ["search"] in {CONFIG_PATH}, which needs no key.'
        yield NONE.found("OPENAI_API_KEY is not set, and no other engine is configured.", fix)


def _asked(asked: Asked, engines: Engines) -> Iterator[Finding]:
    server = engines.server or "OpenAI's server"
    if asked.problem:
        yield UNREACHABLE.found(
            f"{asked.model} at {server} did not answer: {one_line(asked.problem, 300)}.",
            "Check OPENAI_API_KEY, OPENAI_BASE_URL and engine.openai.model in "
            f"{CONFIG_PATH}, in this order.",
        )
    elif not asked.called:
        yield NO_TOOLS.found(
            f"{asked.model} at {server} answered without calling the tool it was offered.",
            f"Name a model that can call tools in engine.openai.model in {CONFIG_PATH}.",
        )
    else:
        cost = f", for {asked.tokens} tokens" if asked.tokens else ""
        yield ANSWERS.found(f"{asked.model} at {server} answers and calls tools{cost}.")
    for lack in asked.lacks:
        said = f"{lack[:1].upper()}{lack[1:]}."
        yield LACKS.found(said, "Leave it, or set OPENAI_BASE_URL to a server that knows more.")
