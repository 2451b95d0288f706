"""What came of the bot's work as records in the original's shape, for agents to read back.

Each says that the bot wrote it, as a key and in its text (an agent that copies only the fields it
knows keeps the text), so that triage never takes one for input.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from bot.audit import REVERTED, AuditRecord
from bot.errors import UserError
from bot.history import Fate
from bot.model import Ending, short
from bot.secrets import redact
from bot.untrusted import for_model, one_line

AUTHOR = "amendbot"
SIGNATURE = "Written by Amendbot."
_OUTCOMES = {
    str(Fate.MERGED): "success",
    str(Ending.ABSTAINED): "abstained",
    str(Ending.REJECTED): "failure",
    str(Fate.REFUSED): "failure",
    str(Fate.FAILED): "failure",
    REVERTED: "failure",
}
"""What is still open, waiting or superseded is not told: nobody knows yet what comes of it."""
MAX_TEXT_CHARS = 1_000


def experiences(records: Iterable[AuditRecord]) -> list[dict[str, str]]:
    """Every attempt that has come to an end, in the order of the ledger.

    The same world gives the same records.
    """
    return [_experience(record) for record in records if record.attempt and _told(record)]


def _told(record: AuditRecord) -> bool:
    return record.outcome in _OUTCOMES and record.kind == "fix"


def _experience(record: AuditRecord) -> dict[str, str]:
    return {
        "id": f"{AUTHOR}:{record.incident}:{record.attempt}",
        "timestamp": record.at,
        "task_summary": _task(record),
        "outcome": _OUTCOMES[record.outcome],
        "reflection": _reflection(record),
        "written_by": AUTHOR,
    }


def _task(record: AuditRecord) -> str:
    if record.bug is None:
        return f"Self-modification: look into {record.incident}"
    what = record.bug.symbol or record.bug.path
    return _line(f"Self-modification: fix {what} in {record.bug.path}")


def _reflection(record: AuditRecord) -> str:
    named = _line(", ".join(record.reflections[:5]))
    paragraphs = [SIGNATURE, f"1. What was it about?\n- Reflections {named}."]
    if record.bug:
        paragraphs[-1] += f"\n- {_line(record.bug.summary)}"
    if record.explanation:
        patch = f" (patch {short(record.patch_id)})" if record.patch_id else ""
        paragraphs.append(f"2. What was tried?\n- {_line(record.explanation)}{patch}")
    else:
        engine = _line(record.engine)
        paragraphs.append(f"2. What was tried?\n- The engine {engine} was asked for a patch.")
    came = [f"{record.outcome}: {_line(record.reason)}"]
    if record.evidence:
        came.append(_line(record.evidence.sentence))
    if record.merged_as:
        came.append(f"It was merged as {record.merged_as}.")
    came += [f"It was taken back by {sha}." for sha in record.reverted_by]
    paragraphs.append("3. What came of it?\n" + "\n".join(f"- {line}" for line in came))
    return "\n".join(paragraphs)


def _line(text: str) -> str:
    return one_line(redact(for_model(text)), MAX_TEXT_CHARS)


# ---------------------------------------------------------------------------------- as a file


def write_experiences(file: Path, records: list[dict[str, str]]) -> bool:
    """Write the records to the file as a whole; whether that changed it.

    A file that holds anything but the bot's own records is left as it is: it may be the very file
    that the reflections are read from.
    """
    text = json.dumps(records, indent=2) + "\n"
    try:
        before = file.read_text(encoding="utf-8") if file.exists() else None
        if before == text:
            return False
        if file.is_symlink() or (before is not None and not _only_own(before)):
            raise UserError(
                f"{file} holds more than the bot's own records, so nothing was written to it; "
                f"name another file."
            )
        _replace(file, text)
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} cannot be written to: {error}.") from error
    return True


def _only_own(text: str) -> bool:
    try:
        records = json.loads(text or "[]")
    except (ValueError, RecursionError):
        return False
    return isinstance(records, list) and all(
        isinstance(record, dict) and record.get("written_by") == AUTHOR for record in records
    )


def _replace(file: Path, text: str) -> None:
    """Put the text in the file's place at once, so that nobody reads half of it."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
