"""Build a collection of bugs for `bench/repair.py` from clones that you already have.

    python bench/collect.py quixbugs CLONE FOLDER [--thin]
    python bench/collect.py seeded CLONE... FOLDER [--bugs 15] [--seed 1] [--thin]
    python bench/collect.py mined CLONE... FOLDER [--bugs 5] [--since 2015-01-01]
                                                   [--until now]
    python bench/collect.py thin COLLECTION FOLDER

None of a collection is part of this repository, and nothing is downloaded. Programs from the clones
run in the bot's sandbox.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

if not __package__:  # started as a file: then this folder, which has a `requests`, leads the path
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from bench import _mined, _quixbugs, _seeded, _thinned
from bench._collections import Bug
from bot.errors import UserError


def main(arguments: list[str] | None = None) -> int:
    """Write the bugs that are asked for, one line each. Returns the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        for clone in asked.clones:
            if not clone.is_dir():
                raise UserError(f"There is nothing at {clone}.")
        asked.folder.mkdir(parents=True, exist_ok=True)
        count = 0
        for count, bug in enumerate(asked.make(asked), 1):
            print(f"{count:4} {bug.name} ({bug.kind})", flush=True)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{count} bugs in {asked.folder}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    kinds = parser.add_subparsers(required=True, metavar="KIND")
    quixbugs = kinds.add_parser("quixbugs", help="forty small programs with one bug each")
    quixbugs.add_argument("clones", type=Path, nargs=1, metavar="CLONE")
    quixbugs.set_defaults(make=_make_quixbugs)
    mined = kinds.add_parser("mined", help="commits that mended one place and brought a test")
    mined.add_argument("clones", type=Path, nargs="+", metavar="CLONE")
    mined.add_argument("--bugs", type=int, default=5, help="so many of each clone at most")
    mined.add_argument("--since", default="2015-01-01", help="no commits from before this date")
    mined.add_argument("--until", default="now", help="none from after this one")
    mined.set_defaults(make=_make_mined)
    seeded = kinds.add_parser("seeded", help="mistakes of many kinds put into packages")
    seeded.add_argument("clones", type=Path, nargs="+", metavar="CLONE")
    seeded.add_argument("--bugs", type=int, default=15, help="so many in each clone")
    seeded.add_argument("--seed", type=int, default=1, help="another one makes other mistakes")
    seeded.set_defaults(make=_make_seeded)
    thin = kinds.add_parser("thin", help="another collection with most of its tests hidden")
    thin.add_argument("clones", type=Path, nargs=1, metavar="COLLECTION")
    thin.set_defaults(make=_make_thin)
    for one in (quixbugs, mined, seeded, thin):
        one.add_argument("folder", type=Path, metavar="FOLDER")
    for one in (quixbugs, seeded):
        one.add_argument("--thin", action="store_true", help="hide all but a few of the tests")
    return parser


def _make_quixbugs(asked: argparse.Namespace) -> Iterator[Bug]:
    return _quixbugs.collect(asked.clones[0], asked.folder, thin=asked.thin)


def _make_seeded(asked: argparse.Namespace) -> Iterator[Bug]:
    return _seeded.collect(
        asked.clones, asked.folder, bugs=asked.bugs, seed=asked.seed, thin=asked.thin
    )


def _make_thin(asked: argparse.Namespace) -> Iterator[Bug]:
    return _thinned.collect(asked.clones[0], asked.folder)


def _make_mined(asked: argparse.Namespace) -> Iterator[Bug]:
    return _mined.collect(
        asked.clones, asked.folder, bugs=asked.bugs, since=asked.since, until=asked.until
    )


if __name__ == "__main__":
    sys.exit(main())
