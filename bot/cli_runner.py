"""What a run tells the runner of GitHub Actions besides its log: summary, outputs, annotations.

Nothing here happens anywhere else than in a job. Commands go to standard error, which a runner
reads like standard output, so that what programs read of a command stays theirs alone.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.job_summary import Run

COPY = "amendbot-summary.md"
"""What the summary's copy in $RUNNER_TEMP is called; the one on the job's page cannot be read."""


def in_a_job(environ: Mapping[str, str] | None = None) -> bool:
    """Whether a runner of GitHub Actions reads what is printed."""
    return (os.environ if environ is None else environ).get("GITHUB_ACTIONS") == "true"


def mask_secrets(environ: Mapping[str, str]) -> None:
    """Have the runner keep what this run holds out of the log, whoever prints it."""
    if not in_a_job(environ):
        return
    from bot.sandbox.credentials import is_credential
    from bot.workflow_commands import masks

    held = [value for name, value in environ.items() if is_credential(name, value)]
    _command(*masks(value for value in held if not value.startswith("/")))


def tell_runner(run: Run) -> None:
    """Leave the run's summary on the job's page, and its outcome for later steps and on files."""
    from bot.job_summary import MAX_BYTES, remarks, summary
    from bot.workflow_commands import outputs, shown

    page, folder = _path("GITHUB_STEP_SUMMARY"), _path("RUNNER_TEMP")
    copy = folder / COPY if folder else None
    try:
        if copy:
            copy.write_text(summary(run), encoding="utf-8")
        if page:
            before = page.stat().st_size if page.exists() else 0
            _append(page, "\n" + summary(run, MAX_BYTES - before - 1))
        if file := _path("GITHUB_OUTPUT"):
            _append(file, outputs(run.outputs(str(copy or ""))))
    except OSError as error:  # what was done is done, whoever can read of it
        tell_error(f"{error.filename} cannot be written: {error.strerror}.")
    _command(*shown(remarks(run)))


def tell_error(sentence: str) -> None:
    """An error that ends the command, as an annotation of the job."""
    if in_a_job():
        from bot.workflow_commands import Annotation, Level

        _command(Annotation(Level.ERROR, "Amendbot", sentence).command())


def _path(variable: str) -> Path | None:
    value = os.environ.get(variable, "")
    return Path(value) if value else None


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.write(text)


def _command(*lines: str) -> None:
    for line in lines:
        print(line, file=sys.stderr, flush=True)
