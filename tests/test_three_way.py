"""Changes move along in a clone without the history in between, as CI makes them."""

from __future__ import annotations

from bot.git_formats import Identity
from bot.repository import File, Repository
from bot.three_way import three_way
from tests.scratch import Scratch, git

LINES = "".join(f"line {number}\n" for number in range(20))


def test_a_shallow_clone_merges_what_a_whole_one_would(scratch: Scratch) -> None:
    old = scratch.commit({"a.txt": LINES})
    for number in range(3):
        scratch.commit({"a.txt": LINES.replace("line 1\n", f"first {number}\n")})
    shallow = scratch.clone.parent / "shallow"
    git(scratch.clone.parent, "clone", "-q", "--depth=1", f"file://{scratch.origin}", str(shallow))
    with Repository(shallow) as repository:
        ours = repository.plain_commit(repository.remote_refs("HEAD").refs[0].sha)
        who = Identity("A", "a@example.invalid")

        def commit(text: str) -> str:
            file = File("a.txt", "100644", text.encode())
            return repository.plain_commit(
                repository.build(None, [file], "x\n", who, "0 +0000")
            ).tree

        before, after = commit(LINES), commit(LINES.replace("line 18\n", "last\n"))
        merged = three_way(repository, before, ours.tree, after)  # type: ignore[arg-type] # trees
        assert old != ours.sha
        assert merged is not None
        text = repository.tree(merged).read("a.txt") or ""
        clash = commit(LINES.replace("line 1\n", "other\n"))
        assert three_way(repository, before, ours.tree, clash) is None  # type: ignore[arg-type]
    assert "first 2\n" in text
    assert "last\n" in text
