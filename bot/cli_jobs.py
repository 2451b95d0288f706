"""`bot plan --list`, `bot propose` and `bot verify`: one tick as jobs with separate rights.

The first observes and lists; the others need no forge, no token, no remote and no checkout, only
the folder that it wrote. `bot apply` takes up what they answer.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.console import progress, say
from bot.errors import UserError
from bot.wiring import open_world

if TYPE_CHECKING:
    from bot.engines import Engine
    from bot.jobs.answers import Brought
    from bot.jobs.work import Work
    from bot.jobs.working import Desk
    from bot.verifying import Verifier

Work_ = Annotated[Path, typer.Option("--work", help="The folder that 'bot plan --list' wrote.")]
Sha256 = Annotated[
    str, typer.Option(help="The SHA-256 that its work.json must have, as it was listed.")
]
OnlyOne = Annotated[
    str, typer.Option("--only", help="One entry of the matrix; without it, all of the work.")
]
Answers = Annotated[
    list[Path] | None,
    typer.Option("--answers", help="What other jobs have answered: a file, or a folder of them."),
]
Out = Annotated[Path, typer.Option(help="Where to write the answers or the evidence.")]


def list_work(folder: Path, outputs: Path | None, only: str, base: str) -> None:
    """Write the work for other jobs, print the matrix, and add the outputs to their file."""
    from bot.jobs.files import sha256_of
    from bot.jobs.gathering import keep_out
    from bot.jobs.limits import MAX_WORK_BYTES
    from bot.jobs.work import WORK_FILE

    with open_world(base, None) as world:
        keep_out(folder, world.repository.root)
        work, said = world.list_work(only, folder)
    for sentence in said:
        say(f"! {sentence}", error=True)
    found = _outputs(work, sha256_of(folder / WORK_FILE, MAX_WORK_BYTES))
    if outputs:
        with outputs.open("a", encoding="utf-8") as file:
            file.writelines(f"{name}={value}\n" for name, value in found.items())
    typer.echo(found["matrix"])


def _outputs(work: Work, sha256: str) -> dict[str, str]:
    """A step's outputs; every value is on one line, and none holds what a stranger wrote."""
    from bot.engines.registry import ENGINES

    names = [one.name for one in work.assignments]
    return {
        "matrix": json.dumps({"incident": names}),
        "count": str(len(names)),
        "verify": json.dumps({"incident": work.to_verify}),
        "verify-count": str(len(work.to_verify)),
        **{engine: str(work.asks(engine)) for engine in ENGINES},
        "sha256": sha256,
    }


def propose(
    work: Work_,
    engine: Annotated[str, typer.Option(help="The engine to ask: search or openai.")],
    out: Out,
    sha256: Sha256 = "",
    only: OnlyOne = "",
    answers: Answers = None,
) -> None:
    """Ask one engine about listed incidents, and write its answers to a file.

    For jobs without rights: no forge is asked. An incident that the given answers mend already is
    passed over.
    """
    from bot.engines.registry import ENGINES
    from bot.jobs.answers import write_answers
    from bot.jobs.files import write_text
    from bot.jobs.working import ask

    if engine not in ENGINES:
        raise typer.BadParameter(f"there is no engine {engine!r}, only {', '.join(ENGINES)}.")
    brought, answered = _gathered(answers), []
    problem = ""
    with _desk(work, sha256, only) as desk, _proof(desk, runs=engine == "search") as (at, show):
        bench = desk.bench(at)
        asked = _engine(engine, desk, at)
        try:
            for one in ask(desk, desk.assignments(only), asked, bench, brought, show):
                answered.append(one)
                write_text(out, write_answers(answered, desk.work.tick))
        except UserError as error:
            problem = str(error)
        write_text(out, write_answers(answered, desk.work.tick))
        _say_notices(at)
    patches = sum(attempt.answer.patch is not None for attempt, _ in answered)
    incidents = f"{len(answered)} incident{'' if len(answered) == 1 else 's'}"
    say(f"{engine} has answered about {incidents}; patches: {patches}")
    if problem:
        raise UserError(problem)


def verify(
    work: Work_,
    out: Out,
    sha256: Sha256 = "",
    only: OnlyOne = "",
    answers: Answers = None,
) -> None:
    """Run the tests of what was answered, and write the evidence to a file.

    For jobs without rights: no forge is asked. What the given answers have evidence on already is
    not run again.
    """
    from bot.jobs.answers import write_evidence
    from bot.jobs.files import write_text
    from bot.jobs.working import verify

    brought = _gathered(answers)
    with _desk(work, sha256, only) as desk, _proof(desk, runs=True) as (at, show):
        found = list(verify(desk, only, brought, at, show)) if at else []
        write_text(out, write_evidence(found))
        _say_notices(at)
    told = [one.evidence for one in found if one.evidence]
    for evidence in told:
        say(f"{evidence.head[:9]}: {evidence.sentence}")
    if not told:
        say("There was nothing to run.")


def _gathered(paths: list[Path] | None) -> Brought:
    from bot.jobs.gathering import gather

    brought = gather(paths or [])
    for sentence in brought.notices:
        say(f"! {sentence}", error=True)
    return brought


@contextmanager
def _desk(folder: Path, sha256: str, only: str) -> Iterator[Desk]:
    from bot.jobs.working import open_work

    with open_work(folder, sha256, os.environ) as desk:
        if only and only not in desk.work.to_verify:
            raise UserError(f"{folder} lists no {only}; name an entry of the matrix.")
        yield desk


@contextmanager
def _proof(desk: Desk, *, runs: bool) -> Iterator[tuple[Verifier | None, Callable[[str], None]]]:
    """What runs tests here, if this job may and the configuration wants it; and the progress."""
    from bot.verifying import Verifier

    with progress() as show:
        if not runs or not desk.config.sandbox.enabled:
            yield None, show
            return
        base, config = desk.work.base, desk.config
        with Verifier(desk.repository, base, config, os.environ, show) as verifier:
            yield verifier, show


def _engine(name: str, desk: Desk, verifier: Verifier | None) -> Engine:
    from bot.actions.registry import load
    from bot.engines.recording import Tape
    from bot.engines.registry import ENGINES, Means

    registry = load(desk.config.actions.extra)
    return ENGINES[name](Means(desk.config.engine, registry, verifier, Tape(), lambda _: None))


def _say_notices(verifier: Verifier | None) -> None:
    for sentence in verifier.notices if verifier else ():
        say(f"! {sentence}", error=True)
