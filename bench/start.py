"""How long `bot` takes to start, next to Python itself and to the library its options come from."""

from __future__ import annotations

import sys

from bench._measure import Command, measure, table

RUNS = 11
COMMANDS = (
    Command("python -c pass", [sys.executable, "-c", "pass"]),
    Command("python -c 'import typer'", [sys.executable, "-c", "import typer"]),
    Command("bot --help", [sys.executable, "-m", "bot.cli", "--help"]),
    Command("bot run --help", [sys.executable, "-m", "bot.cli", "run", "--help"]),
    Command("bot actions", [sys.executable, "-m", "bot.cli", "actions"]),
    Command("bot config schema", [sys.executable, "-m", "bot.cli", "config", "schema"]),
)


def main() -> None:
    """Print medians and their ratios to a bare interpreter."""
    print(f"Start-up, medians of {RUNS} interleaved runs, each in a process of its own.")
    print(table(measure(COMMANDS, RUNS), baseline="python -c pass"))


if __name__ == "__main__":
    main()
