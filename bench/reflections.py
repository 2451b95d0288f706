"""How fast reflections are read, and in how much memory, next to decoding the same JSON bare.

Each case is a process of its own, which reports its wall time (without imports) and the peak of
its resident memory. `ARGS="--records 1000 100000"` chooses other sizes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

SIZES = (1_000, 100_000, 1_000_000)
TIMEOUT_S = 600
BARE = {
    "jsonl": "n = 0\nwith open(path, 'rb') as f:\n    for line in f: json.loads(line); n += 1",
    "array": "n = 0\nwith open(path, 'rb') as f:\n    for _ in json.load(f): n += 1",
}
OURS = """\
n = 0
for one in read_work_tree(path.parent, SourceConfig(files=[path.name])):
    assert isinstance(one, Reflection), one
    n += 1
"""
PROCESS = """\
import json, sys, time
from pathlib import Path
path = Path(sys.argv[1])
%s
start = time.perf_counter()
%s
wall = time.perf_counter() - start
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"records": n, "wall": wall, "peak": int(peak) / 1024}))
"""
IMPORTS = """\
from bot.config import SourceConfig
from bot.model import Reflection
from bot.sources.reading import read_work_tree
"""


@dataclass(frozen=True)
class Figures:
    """Seconds, and the peak of resident memory in MiB."""

    wall: float
    peak: float


def main() -> None:
    """Print a line per size and layout."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--records", type=int, nargs="+", default=SIZES)
    sizes = options.parse_args().records
    print(
        f"{'records':>9}  {'layout':<6}  {'file':>9}   {'records/s':>9}  {'bare':>9}  ratio"
        f"   {'peak':>9}  {'bare':>10}  ratio"
    )
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            for layout, bare in BARE.items():
                path = Path(folder) / f"reflections.{layout}"
                write(path, layout, size)
                ours, base = run(IMPORTS, OURS, path, size), run("", bare, path, size)
                print(
                    f"{size:9,}  {layout:<6}  {path.stat().st_size / 1024**2:5.1f} MiB   "
                    f"{size / ours.wall:9,.0f}  {size / base.wall:9,.0f}  "
                    f"{ours.wall / base.wall:5.2f}   "
                    f"{ours.peak:5.1f} MiB  {base.peak:6.1f} MiB  {ours.peak / base.peak:5.2f}",
                    flush=True,
                )
                path.unlink()
    print("Peak memory includes the interpreter and the imports.")


def write(path: Path, layout: str, size: int) -> None:
    """Records of the original's shape, no two alike, of about 300 bytes each."""
    with path.open("w", encoding="utf-8") as file:
        before, between, after = ("[", ",\n", "]\n") if layout == "array" else ("", "\n", "\n")
        file.write(before)
        for number in range(size):
            record = {
                "timestamp": f"2025-07-01T{number // 3600 % 24:02}:{number // 60 % 60:02}:00Z",
                "task_summary": f"Task {number} of the long run",
                "outcome": "Function failed on edge case.",
                "reflection": f"1. What failed?\n- 'function_{number}' in 'llm.py' does not handle "
                "empty input correctly.\n2. Why?\n- It takes the first word of a text without any.",
            }
            file.write((between if number else "") + json.dumps(record))
        file.write(after)


def run(imports: str, body: str, path: Path, size: int) -> Figures:
    """One process that reads the file."""
    done = subprocess.run(
        [sys.executable, "-c", PROCESS % (imports, body), str(path)],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    answer = json.loads(done.stdout)
    if answer["records"] != size:
        sys.exit(f"{answer['records']} of {size} records were read.")
    return Figures(answer["wall"], answer["peak"])


if __name__ == "__main__":
    main()
