"""Throwaway clones: the files of one commit as it has them, and nothing else of anyone's."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.git_formats import Identity
from bot.model import Sha
from bot.repository import File, Repository
from tests.scratch import FILES, Scratch, contents, git

SECRET = "https://me:hunter2@127.0.0.1:1/private.git"
IDENTITY = Identity("Amendbot", "amendbot@example.invalid")


@pytest.fixture
def repository(scratch: Scratch) -> Iterator[Repository]:
    git(scratch.clone, "remote", "add", "private", SECRET)
    with Repository(scratch.clone, remote="private", token="ghp_hidden") as opened:
        yield opened


def clone_of(repository: Repository, commit: Sha, folder: Path) -> Path:
    folder.mkdir()
    repository.check_out(commit, folder)
    return folder


def test_the_files_are_as_committed_and_the_clone_is_clean(
    repository: Repository, scratch: Scratch, tmp_path: Path
) -> None:
    (scratch.clone / "link").symlink_to("../llm.py")
    (scratch.clone / "größe").mkdir()
    scratch.commit({"run.sh": "#!/bin/sh\n", "crlf.txt": b"a\r\nb\r\n", "größe/ü.py": "x\n"})
    git(scratch.clone, "update-index", "--chmod=+x", "run.sh")
    git(scratch.clone, "commit", "-q", "-m", "Modes")
    commit = Sha(git(scratch.clone, "rev-parse", "HEAD"))
    (scratch.clone / "llm.py").write_text("a local change that does not count\n")
    clone = clone_of(repository, commit, tmp_path / "tree")
    assert (clone / "llm.py").read_text() == FILES["llm.py"]
    assert (clone / "crlf.txt").read_bytes() == b"a\r\nb\r\n"
    assert (clone / "größe" / "ü.py").read_text() == "x\n"
    assert (clone / "link").readlink() == Path("../llm.py")
    assert os.access(clone / "run.sh", os.X_OK)
    assert not os.access(clone / "llm.py", os.X_OK)
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "rev-parse", "--abbrev-ref", "HEAD") == "HEAD"
    assert git(clone, "log", "--format=%H") == commit


def test_it_needs_nothing_outside_of_its_folder(
    repository: Repository, scratch: Scratch, tmp_path: Path
) -> None:
    base = Sha(git(scratch.clone, "rev-parse", "HEAD"))
    built = repository.build(base, (File("new.py", "100644", b"1\n"),), "New", IDENTITY, "0 +0000")
    clone = clone_of(repository, built, tmp_path / "tree")
    repository.__exit__(None, None, None)
    shutil.rmtree(scratch.clone)
    shutil.rmtree(scratch.origin)
    git(clone, "fsck", "--full", "--strict")
    assert git(clone, "show", "HEAD:new.py") == "1"
    assert git(clone, "show", "HEAD:llm.py") == FILES["llm.py"].rstrip("\n")


def test_it_knows_no_remote_no_hook_no_setting_and_no_secret(
    repository: Repository, scratch: Scratch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = tmp_path / "ran"
    settings = tmp_path / "settings"
    settings.write_text(
        f'[filter "lfs"]\n\tsmudge = touch "{ran}"; cat\n\trequired = true\n'
        f"[core]\n\thooksPath = {tmp_path}/hooks\n\tattributesFile = {tmp_path}/attributes\n"
        f"\tautocrlf = true\n[init]\n\ttemplateDir = {tmp_path}/template\n"
    )
    (tmp_path / "attributes").write_text("*.py filter=lfs\n")
    for folder in ("hooks", "template/hooks"):
        hook = tmp_path / folder / "post-checkout"
        hook.parent.mkdir(parents=True)
        hook.write_text(f"#!/bin/sh\ntouch '{ran}'\n")
        hook.chmod(0o755)
    commit = scratch.commit({".gitattributes": "*.bin filter=lfs\n", "data.bin": "pointer\n"})
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "foreign.index"))
    clone = clone_of(repository, commit, tmp_path / "tree")
    monkeypatch.delenv("GIT_INDEX_FILE")
    assert not ran.exists()
    assert not (tmp_path / "foreign.index").exists()
    assert (clone / "data.bin").read_text() == "pointer\n"
    assert b"\r" not in (clone / "llm.py").read_bytes()
    assert git(clone, "remote") == ""
    assert git(clone, "for-each-ref") == ""
    assert {path.name for path in (clone / ".git").iterdir()} == {
        "HEAD", "config", "index", "objects", "refs", "shallow"
    }  # fmt: skip
    known = b"\n".join(text for text in contents(clone).values() if isinstance(text, bytes))
    for secret in (b"hunter2", b"hidden", b"private", str(scratch.clone).encode()):
        assert secret not in known


def test_a_commit_of_a_shallow_clone_is_enough(scratch: Scratch, tmp_path: Path) -> None:
    commit = scratch.commit({"a.py": "1\n"})
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{scratch.origin}", "shallow")
    with Repository(tmp_path / "shallow") as repository:
        clone = clone_of(repository, commit, tmp_path / "tree")
    assert (clone / "a.py").read_text() == "1\n"
    assert git(clone, "status", "--porcelain") == ""
