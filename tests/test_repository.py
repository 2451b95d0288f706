"""Git, for real: what the bot reads, builds and pushes, and that it leaves all else alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import UserError
from bot.git_formats import Identity
from bot.model import Pushed, Sha
from bot.repository import File, RefUpdate, Repository
from tests.scratch import FILES, Scratch, contents, git

IDENTITY = Identity("Amendbot", "amendbot@example.invalid")
DATE = "1767603600 +0000"
FIX = File("llm.py", "100644", b"def dummy_function(text):\n    return text\n")


@pytest.fixture
def repository(scratch: Scratch) -> Iterator[Repository]:
    with Repository(scratch.clone) as opened:
        yield opened


def main(scratch: Scratch) -> Sha:
    return Sha(scratch.refs()["refs/heads/main"])


def fix(repository: Repository, base: Sha, *files: File, message: str = "Fix") -> Sha:
    return repository.build(base, files or (FIX,), message, IDENTITY, DATE)


# ------------------------------------------------------------------------------------- reading


def test_the_remote_says_its_default_branch_and_refs(
    repository: Repository, scratch: Scratch
) -> None:
    git(scratch.clone, "push", "-q", "origin", "HEAD:refs/heads/bot/v1-aa-1")
    refs = repository.remote_refs("HEAD", "refs/heads/*")
    assert refs.default_branch == "main"
    assert refs.get("refs/heads/main") == main(scratch)
    assert refs.get("refs/heads/absent") is None
    assert [branch.name for branch in refs.branches("bot/")] == ["bot/v1-aa-1"]


def test_an_empty_remote_has_nothing(scratch: Scratch, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "empty.git")
    git(scratch.clone, "remote", "add", "empty", str(tmp_path / "empty.git"))
    with Repository(scratch.clone, remote="empty") as repository:
        assert repository.remote_refs().refs == ()


def test_a_tree_reads_as_the_commit_has_it(repository: Repository, scratch: Scratch) -> None:
    (scratch.clone / "link").symlink_to("llm.py")
    head = scratch.commit(
        {
            "crlf.txt": b"a\r\nb\r\n",
            "latin.txt": b"caf\xe9",
            "nul.bin": b"a\x00b",
            "größe/ü.py": "x = 1\n",
            "run.sh": "#!/bin/sh\n",
        }
    )
    git(scratch.clone, "update-index", "--chmod=+x", "run.sh")
    git(scratch.clone, "update-index", "--add", "--cacheinfo", f"160000,{head},vendor")
    git(scratch.clone, "commit", "-q", "-m", "Modes")
    (scratch.clone / "llm.py").write_text("a local change that does not count\n")
    tree = repository.tree(Sha(git(scratch.clone, "rev-parse", "HEAD")))
    assert tree.paths() == tuple(sorted(tree.paths()))
    assert {path: tree.mode(path) for path in ("llm.py", "run.sh", "link", "vendor", "no")} == {
        "llm.py": "100644",
        "run.sh": "100755",
        "link": "120000",
        "vendor": "160000",
        "no": "",
    }
    assert tree.read("llm.py") == FILES["llm.py"]
    assert tree.read("crlf.txt") == "a\r\nb\r\n"
    assert tree.read("größe/ü.py") == "x = 1\n"
    for unreadable in ("latin.txt", "nul.bin", "link", "vendor", "no", "pkg"):
        assert tree.read(unreadable) is None
    assert tree.blob("link") is tree.blob("vendor") is tree.blob("pkg") is None
    assert tree.blob("llm.py") == git(scratch.clone, "rev-parse", "HEAD:llm.py")


def test_a_commit_is_compared_with_its_parent_by_git(
    repository: Repository, scratch: Scratch
) -> None:
    base = main(scratch)
    (scratch.clone / "link").symlink_to("llm.py")
    head = scratch.commit(
        {
            "llm.py": FILES["llm.py"] + "\n\nX = 1\n",
            "README.md": None,
            "a\tb\n.txt": "odd\n",
            "data.bin": b"\x00\x01",
        },
        message="Subject\n\nBody: “quoted”",
    )
    commit = repository.commit(head)
    assert commit.parents == (base,)
    assert commit.message.strip() == "Subject\n\nBody: “quoted”"
    assert commit.date == DATE
    assert commit.tree == git(scratch.clone, "rev-parse", "HEAD^{tree}")
    rows = {c.path: (c.status, c.old_mode, c.new_mode, c.added, c.removed) for c in commit.changes}
    assert rows == {
        "README.md": ("D", "100644", "000000", 0, 1),
        "a\tb\n.txt": ("A", "000000", "100644", 1, 0),
        "data.bin": ("A", "000000", "100644", None, None),
        "link": ("A", "000000", "120000", 1, 0),
        "llm.py": ("M", "100644", "100644", 3, 0),
    }


def test_a_rename_is_a_removal_and_an_addition(repository: Repository, scratch: Scratch) -> None:
    head = scratch.commit({"llm.py": None, "moved.py": FILES["llm.py"]})
    assert [(c.path, c.status) for c in repository.commit(head).changes] == [
        ("llm.py", "D"),
        ("moved.py", "A"),
    ]


def test_many_commits_are_read_at_once_whatever_their_messages_and_paths(
    repository: Repository, scratch: Scratch
) -> None:
    first = main(scratch)
    fake = f"\x01{'f' * 40}"
    shas = [
        first,
        scratch.commit({}, message="no change"),
        scratch.commit({"a.py": "1\n"}, message="controls \x01 and \x02 in\n\na \x02message\x02"),
        scratch.commit({fake: "1\n", "\x02": "2\n", ":x": "3\n"}, message="odd names"),
    ]
    found = {commit.sha: commit for commit in repository.commits(shas)}
    assert set(found) == set(shas)
    assert [c.path for c in found[first].changes] == sorted(FILES)
    assert found[shas[1]].changes == ()
    assert [c.path for c in found[shas[2]].changes] == ["a.py"]
    assert "message" in found[shas[2]].message
    assert {c.path: c.added for c in found[shas[3]].changes} == {fake: 1, "\x02": 1, ":x": 1}
    assert repository.commits(()) == ()


def test_a_merge_is_compared_with_its_first_parent(
    repository: Repository, scratch: Scratch
) -> None:
    git(scratch.clone, "switch", "-q", "-c", "side")
    scratch.commit({"side.py": "1\n"})
    git(scratch.clone, "switch", "-q", "main")
    git(scratch.clone, "commit", "-q", "--allow-empty", "-m", "main moves")
    git(scratch.clone, "merge", "-q", "--no-ff", "-m", "Merge", "side")
    merge = repository.commit(Sha(git(scratch.clone, "rev-parse", "HEAD")))
    assert len(merge.parents) == 2
    assert [c.path for c in merge.changes] == ["side.py"]


def test_fetching_brings_commits_that_the_clone_has_not(
    repository: Repository, scratch: Scratch, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "-q", str(scratch.origin), "other")
    other = Scratch(scratch.origin, tmp_path / "other")
    head = other.commit({"new.py": "1\n"})
    before = contents(scratch.clone)
    assert not repository.has(head)
    repository.fetch(["refs/heads/main"])
    assert repository.has(head)
    assert repository.tree(head).read("new.py") == "1\n"
    repository.fetch([])
    assert contents(scratch.clone) == before


# ------------------------------------------------------------------------------------ building


def test_a_built_commit_is_what_was_asked_for(repository: Repository, scratch: Scratch) -> None:
    base = main(scratch)
    odd = 'dir "x"/t\\ä\n.py'
    commit = repository.commit(
        fix(
            repository,
            base,
            FIX,
            File(odd, "100644", b"no newline"),
            File("bin/run", "100755", b""),
            message="Subject\n\nBody ü\n",
        )
    )
    tree = repository.tree(commit.sha)
    assert commit.parents == (base,)
    assert commit.message.strip() == "Subject\n\nBody ü"
    assert commit.date == DATE
    assert [(c.path, c.status, c.new_mode) for c in commit.changes] == [
        ("bin/run", "A", "100755"),
        (odd, "A", "100644"),
        ("llm.py", "M", "100644"),
    ]
    assert tree.read("llm.py") == FIX.content.decode()
    assert tree.read(odd) == "no newline"
    assert tree.read("README.md") == FILES["README.md"]


def test_the_same_arguments_give_the_same_commit_anywhere(scratch: Scratch) -> None:
    base = main(scratch)
    with Repository(scratch.clone) as one, Repository(scratch.clone / "pkg") as other:
        assert one.root == other.root == scratch.clone
        built = {fix(one, base), fix(one, base), fix(other, base)}
        assert len(built) == 1
        assert fix(one, base, message="Another") not in built


def test_what_is_built_is_read_at_once(repository: Repository, scratch: Scratch) -> None:
    base = main(scratch)
    assert repository.tree(base).read("README.md") == FILES["README.md"]
    head = base
    for number in range(3):
        head = fix(repository, head, File("n.txt", "100644", f"{number}\n".encode()))
        assert repository.tree(head).read("n.txt") == f"{number}\n"


def test_a_root_commit_can_be_built(repository: Repository) -> None:
    commit = repository.commit(repository.build(None, (FIX,), "First", IDENTITY, DATE))
    assert commit.parents == ()
    assert [c.path for c in commit.changes] == ["llm.py"]


def test_building_writes_nothing_outside_the_quarantine(scratch: Scratch) -> None:
    before = contents(scratch.clone), contents(scratch.origin)
    with Repository(scratch.clone) as repository:
        head = fix(repository, main(scratch))
        repository.diff(repository.commit(head))
        repository.build_log(None, [("x", DATE)], IDENTITY)
        assert repository.has(head)
    assert (contents(scratch.clone), contents(scratch.origin)) == before


def test_a_name_cannot_forge_a_header(repository: Repository, scratch: Scratch) -> None:
    forged = Identity("A\ncommitter B <b@x> 1 +0000\n", "a>@<x\x00")
    head = repository.build(main(scratch), (FIX,), "Fix", forged, DATE)
    repository.push([RefUpdate("refs/heads/bot/v1-aa-1", None, head)])
    raw = git(scratch.origin, "cat-file", "commit", head)
    assert raw.split("\n\n")[0].count("\n") == 3
    assert raw.count("<a@x>") == 2


def test_the_diff_is_gits_own_and_its_patch_id_outlives_the_base(
    repository: Repository, scratch: Scratch
) -> None:
    first = repository.commit(fix(repository, main(scratch)))
    moved = scratch.commit({"README.md": "# Moved\n"})
    second = repository.commit(fix(repository, moved))
    assert "-    return text.split()[0]\n+    return text\n" in repository.diff(first)
    ids = {repository.patch_id(repository.diff(commit)) for commit in (first, second)}
    assert len(ids) == 1
    assert len(ids.pop()) == 40
    assert repository.patch_id("") == ""


def test_a_log_of_records_grows_at_its_end(repository: Repository) -> None:
    tip = repository.build_log(None, [("one\n\n{}", DATE), ("two", DATE)], IDENTITY)
    tip = repository.build_log(tip, [("three\n", DATE)], IDENTITY)
    assert [message.strip() for _, message in repository.log(tip)] == ["one\n\n{}", "two", "three"]
    assert repository.log(tip)[-1][0] == tip
    assert repository.commit(tip).changes == ()


# ------------------------------------------------------------------------------------- writing


def test_push_creates_moves_and_deletes(repository: Repository, scratch: Scratch) -> None:
    base = main(scratch)
    head = fix(repository, base)
    later = fix(repository, head, File("more.py", "100644", b""))
    branch, ledger = "refs/heads/bot/v1-aa-1", "refs/bot/ledger"
    record = repository.build_log(None, [("record", DATE)], IDENTITY)
    created = [RefUpdate(branch, None, head), RefUpdate(ledger, None, record)]
    assert repository.push(created) == Pushed()
    assert scratch.refs() == {"refs/heads/main": base, branch: head, ledger: record}
    assert repository.push([RefUpdate(branch, head, later)]) == Pushed()
    assert scratch.refs()[branch] == later
    assert repository.push([RefUpdate(branch, later, None)]) == Pushed()
    assert branch not in scratch.refs()


@pytest.mark.parametrize(
    "case", ["exists already", "has moved", "is gone", "to delete, has moved", "to delete, is gone"]
)
def test_a_ref_that_is_not_as_expected_stops_the_whole_push(
    repository: Repository, scratch: Scratch, case: str
) -> None:
    base = main(scratch)
    head = fix(repository, base)
    other = fix(repository, base, message="Someone else's")
    branch, ledger = "refs/heads/bot/v1-aa-1", "refs/bot/ledger"
    if "gone" not in case:
        repository.push([RefUpdate(branch, None, other)])
    expected = None if case == "exists already" else base
    update = RefUpdate(branch, expected, None if "delete" in case else head)
    before = scratch.refs()
    assert repository.push([update, RefUpdate(ledger, None, head)]) == Pushed(stale=(branch,))
    assert scratch.refs() == before


def test_a_ref_that_moves_during_the_push_counts_as_not_as_expected(
    repository: Repository, scratch: Scratch
) -> None:
    base = main(scratch)
    branch, ledger = "refs/heads/bot/v1-aa-1", "refs/bot/ledger"
    hook = scratch.origin / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\nunset GIT_QUARANTINE_PATH\ngit update-ref {ledger} {base}\n")
    hook.chmod(0o755)
    head = fix(repository, base)
    updates = [RefUpdate(branch, None, head), RefUpdate(ledger, None, head)]
    assert ledger in repository.push(updates).stale
    assert scratch.refs() == {"refs/heads/main": base, ledger: base}


def test_a_push_that_the_remote_declines_is_one_sentence(
    repository: Repository, scratch: Scratch
) -> None:
    hook = scratch.origin / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'not today' >&2\nexit 1\n")
    hook.chmod(0o755)
    head = fix(repository, main(scratch))
    ended = repository.push([RefUpdate("refs/heads/bot/v1-aa-1", None, head)])
    assert ended.stale == ()
    assert ended.rejected == "pre-receive hook declined: not today"


def test_the_users_hooks_and_settings_do_not_run(scratch: Scratch, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    for name in ("pre-push", "reference-transaction", "post-checkout"):
        hook = scratch.clone / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch '{ran}'\n")
        hook.chmod(0o755)
    git(scratch.clone, "config", "diff.external", f"touch '{ran}'")
    ran.unlink(missing_ok=True)
    with Repository(scratch.clone) as repository:
        head = fix(repository, main(scratch))
        repository.diff(repository.commit(head))
        repository.push([RefUpdate("refs/heads/bot/v1-aa-1", None, head)])
    assert not ran.exists()


# ------------------------------------------------------------------------- odd places to run in


def test_a_shallow_clone_is_enough(scratch: Scratch, tmp_path: Path) -> None:
    scratch.commit({"a.py": "1\n"})
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{scratch.origin}", "shallow")
    with Repository(tmp_path / "shallow") as repository:
        head = fix(repository, main(scratch))
        assert [c.path for c in repository.commit(head).changes] == ["llm.py"]
        assert repository.push([RefUpdate("refs/heads/bot/v1-aa-1", None, head)]) == Pushed()


def test_a_partial_clone_is_enough(scratch: Scratch, tmp_path: Path) -> None:
    git(scratch.origin, "config", "uploadpack.allowFilter", "true")
    url = f"file://{scratch.origin}"
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--no-checkout", url, "partial")
    with Repository(tmp_path / "partial") as repository:
        repository.fetch(["refs/heads/main"])
        assert repository.tree(main(scratch)).read("llm.py") == FILES["llm.py"]
        head = fix(repository, main(scratch))
        assert repository.push([RefUpdate("refs/heads/bot/v1-aa-1", None, head)]) == Pushed()


def test_a_linked_work_tree_and_a_bare_repository_are_enough(
    scratch: Scratch, tmp_path: Path
) -> None:
    git(scratch.clone, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    git(tmp_path, "clone", "-q", "--bare", str(scratch.origin), "bare.git")
    for place in (tmp_path / "linked", tmp_path / "bare.git"):
        with Repository(place) as repository:
            assert repository.root == place
            assert repository.tree(main(scratch)).read("llm.py") == FILES["llm.py"]


def test_a_repository_without_remotes_is_its_own(scratch: Scratch) -> None:
    head = main(scratch)
    git(scratch.clone, "remote", "remove", "origin")
    with Repository(scratch.clone) as repository:
        assert (repository.has_remote, repository.address) == (False, "clone")
        assert repository.remote_refs("HEAD").get("refs/heads/main") == head
        built = fix(repository, head)
        branch = "refs/heads/bot/v1-aa-1"
        assert repository.push([RefUpdate(branch, None, built)]) == Pushed()
        assert git(scratch.clone, "rev-parse", branch) == built
        git(scratch.clone, "switch", "-q", "bot/v1-aa-1")
        refused = repository.push([RefUpdate(branch, built, None)])
        assert "switch to another branch there first" in refused.rejected
        git(scratch.clone, "switch", "-q", "main")
        assert repository.push([RefUpdate(branch, built, None)]) == Pushed()


def test_two_commits_are_merged_without_touching_anything(
    repository: Repository, scratch: Scratch
) -> None:
    base = main(scratch)
    ours = fix(repository, base)
    theirs = fix(repository, base, File("more.py", "100644", b"1\n"))
    clash = fix(repository, base, File("llm.py", "100644", b"another\n"))
    before = contents(scratch.clone), contents(scratch.origin)
    both = fix(repository, ours, File("more.py", "100644", b"1\n"))
    assert repository.merge_tree(ours, theirs) == repository.commit(both).tree
    assert repository.merge_tree(ours, base) == repository.commit(ours).tree
    assert repository.merge_tree(ours, clash) is None
    assert (contents(scratch.clone), contents(scratch.origin)) == before


def test_the_person_is_whom_git_would_name(
    repository: Repository, scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NAME", "EMAIL"):
        monkeypatch.delenv(f"GIT_AUTHOR_{name}")
        monkeypatch.delenv(f"GIT_COMMITTER_{name}")
    git(scratch.clone, "config", "user.useConfigOnly", "true")
    with pytest.raises(UserError, match=r"git config user\.name"):
        repository.person()
    git(scratch.clone, "config", "user.name", "Grace Hopper")
    git(scratch.clone, "config", "user.email", "grace@example.invalid")
    assert repository.person() == Identity("Grace Hopper", "grace@example.invalid")


def test_a_mistake_of_the_user_is_a_sentence(scratch: Scratch, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not inside a git repository"):
        Repository(tmp_path)
    with pytest.raises(UserError, match="is not a folder"):
        Repository(tmp_path / "nowhere")
    with pytest.raises(UserError, match="no remote named 'upstream', only origin"):
        Repository(scratch.clone, remote="upstream")
    git(scratch.clone, "remote", "add", "lost", "https://me:secret@127.0.0.1:1/lost.git")
    with Repository(scratch.clone, remote="lost", token="ghp_hidden") as repository:
        for ask in (repository.remote_refs, lambda: repository.fetch(["refs/heads/x"])):
            with pytest.raises(UserError) as refused:
                ask()
            assert "'lost' (https://127.0.0.1:1/lost.git)" in str(refused.value)
            assert "secret" not in str(refused.value)
            assert "hidden" not in str(refused.value)


def test_the_quarantine_is_gone_afterwards(
    scratch: Scratch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    with Repository(scratch.clone) as repository:
        fix(repository, main(scratch))
        assert list((tmp_path / "temporary").iterdir())
    assert not list((tmp_path / "temporary").iterdir())
