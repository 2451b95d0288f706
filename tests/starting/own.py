"""This repository's own use of the workflows that `bot init` writes: `make reference` writes them.

They name the action as it is at the commit that runs: what is merged here is what runs here.
"""

from __future__ import annotations

from pathlib import Path

from bot.home import HOME
from bot.starting.workflows import OWN, Form, workflow_files

ROOT = Path(__file__).parent.parent.parent
FORM = Form(action=OWN, repository=HOME)


def main() -> None:
    for path, text in workflow_files(FORM):
        (ROOT / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
