"""What a killed bot leaves in the temporary folder is gone after the next one's start."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bot.temporary import TemporaryFolder, sweep


def test_only_what_nobody_holds_any_more_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ours = TemporaryFolder()
    script = "import os, signal; from bot.temporary import TemporaryFolder as T; T()\n"
    script += "os.kill(os.getpid(), signal.SIGKILL)\n"
    subprocess.run(
        [sys.executable, "-c", script], env={"TMPDIR": str(tmp_path)}, cwd=Path.cwd(), check=False
    )
    assert len(list(tmp_path.iterdir())) == 2
    assert sweep() == 1
    assert list(tmp_path.iterdir()) == [ours.path]
    ours.close()
    assert list(tmp_path.iterdir()) == []
