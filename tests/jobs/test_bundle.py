"""The base travels as one file, from any kind of clone to a machine that has none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import UserError
from bot.git_formats import Identity
from bot.jobs.bundle import open_bundle, write_bundle
from bot.jobs.work import BUNDLE_FILE, Work
from bot.model import Sha
from bot.repository import File, Repository
from tests.jobs.made import WORK
from tests.scratch import FILES, Scratch, git

FIX = File("llm.py", "100644", b"def dummy_function(text):\n    return text\n")


def bundled(clone: Path, folder: Path) -> tuple[Work, Sha]:
    """The clone's newest commit and one on top of it, in a bundle."""
    base = Sha(git(clone, "rev-parse", "HEAD"))
    with Repository(clone) as repository:
        who = Identity("Amendbot", "amendbot@example.invalid")
        head = repository.build(base, [FIX], "Fix", who, "1767603600 +0000")
        written = write_bundle(repository, base, [head], folder / BUNDLE_FILE)
        assert write_bundle(repository, base, [head], folder / "again") == written
    return replace(WORK, base=base, heads=(head,), bundle=written), head


@pytest.mark.parametrize("options", [(), ("--depth=1",)])
def test_the_base_arrives_without_its_history(
    scratch: Scratch, tmp_path: Path, options: tuple[str, ...]
) -> None:
    parent = git(scratch.clone, "rev-parse", "HEAD")
    scratch.commit({"new.py": "x = 1\n"})
    clone = tmp_path / "their-clone"
    git(tmp_path, "clone", "-q", *options, scratch.origin.as_uri(), str(clone))
    work, head = bundled(clone, tmp_path)
    there = tmp_path / "there"
    with open_bundle(work, tmp_path) as repository:
        assert repository.tree(work.base).paths() == tuple(sorted([*FILES, "new.py"]))
        assert repository.commit(head).parents == (work.base,)
        assert [change.path for change in repository.commit(head).changes] == ["llm.py"]
        assert not repository.has(Sha(parent))
        assert not repository.has_remote
        there.mkdir()
        repository.check_out(head, there)
    assert (there / "llm.py").read_bytes() == FIX.content


def test_another_bundle_is_not_opened(scratch: Scratch, tmp_path: Path) -> None:
    work, _ = bundled(scratch.clone, tmp_path)
    file = tmp_path / BUNDLE_FILE
    whole = file.read_bytes()
    for content in (whole + b"\n", whole[:-1], b""):
        file.write_bytes(content)
        with pytest.raises(UserError, match="is not the bundle"), open_bundle(work, tmp_path):
            pass
    file.unlink()
    with pytest.raises(UserError, match="cannot be read"), open_bundle(work, tmp_path):
        pass


def test_a_bundle_that_lacks_a_commit_is_said_to(scratch: Scratch, tmp_path: Path) -> None:
    work, _ = bundled(scratch.clone, tmp_path)
    lacking = replace(work, heads=(Sha("0" * 40),))
    with pytest.raises(UserError, match="lacks the commit 0000"), open_bundle(lacking, tmp_path):
        pass
