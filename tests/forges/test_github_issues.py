"""Labelled issues are read page by page, and not read again while GitHub says they are the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.forges.github_issues import MAX_PAGES, PER_PAGE, LabelledIssues, labelled_issue

Answer = tuple[dict[str, Any], Any]


def issue(number: int, **more: Any) -> dict[str, Any]:
    user = {"login": "alice", "id": 7, "type": "User"}
    row = {"number": number, "title": f"No. {number}", "body": None, "user": user}
    return row | {"created_at": "2026-01-01T00:00:00Z", "labels": [{"name": "bot:fix"}], **more}


class Site:
    """Pages of issues with an ETag each, as GitHub serves them."""

    def __init__(self, *issues: dict[str, Any]) -> None:
        self.issues = list(issues)
        self.sent: list[int] = []

    def get(self, path: str, headers: dict[str, str]) -> Answer:
        start = (int(path.rpartition("page=")[2]) - 1) * PER_PAGE
        page = self.issues[start : start + PER_PAGE]
        etag = f'W/"{hash(str(page))}"'
        fresh = headers.get("If-None-Match") != etag
        self.sent.append(200 if fresh else 304)
        return {"etag": etag}, page if fresh else None


def numbers(site: Site, folder: Path, token: str = "t") -> list[int]:
    found = LabelledIssues("acme/agent", site.get, folder, token)
    return [row["number"] for row in found.rows("bot:fix")]


def test_what_has_not_changed_is_not_sent_again(tmp_path: Path) -> None:
    site = Site(*map(issue, range(250)))
    for _ in range(2):
        assert numbers(site, tmp_path / "kept") == list(range(250))
    site.issues.append(issue(250))
    assert numbers(site, tmp_path / "kept") == list(range(251))
    assert site.sent == [200, 200, 200, 304, 304, 304, 304, 304, 200]


def test_another_token_another_writer_and_no_folder_cost_a_request_and_no_more(
    tmp_path: Path,
) -> None:
    site = Site(issue(1))
    numbers(site, tmp_path)
    assert numbers(site, tmp_path, "another") == [1]
    (kept,) = tmp_path.iterdir()
    for damaged in (b"", b"{}", kept.read_bytes().replace(b"No. 1", b"No. 2"), b"\xff\n" * 9):
        kept.write_bytes(damaged)
        assert numbers(site, tmp_path, "another") == [1]
    assert set(site.sent) == {200}
    (tmp_path / "a file").touch()
    assert numbers(site, tmp_path / "a file") == [1]


def test_no_more_than_the_oldest_thousand_are_read(tmp_path: Path) -> None:
    site = Site(*map(issue, range(MAX_PAGES * PER_PAGE + 5)))
    assert len(numbers(site, tmp_path)) == MAX_PAGES * PER_PAGE


@pytest.mark.parametrize(
    ("more", "author", "writes"),
    [
        ({}, "alice", True),
        ({"user": None}, "ghost", False),
        ({"user": {"login": "alice", "id": 7, "type": "Bot"}}, "alice", False),
        ({"user": {"login": "bob", "id": 8, "type": "User"}}, "bob", False),
        ({"labels": ["bot:fix"], "body": "x"}, "alice", True),
    ],
)
def test_who_may_push_is_a_person_who_may_push(
    more: dict[str, Any], author: str, writes: bool, tmp_path: Path
) -> None:
    site = Site(issue(1, **more))
    (row,) = LabelledIssues("acme/agent", site.get, tmp_path, "t").rows("bot:fix")
    found = labelled_issue(row, lambda login: login == "alice")
    assert found is not None
    assert (found.author.login, found.author.may_write) == (author, writes)
    assert found.labels == ("bot:fix",)


def test_a_pull_request_is_no_issue(tmp_path: Path) -> None:
    site = Site(issue(1, pull_request={"url": "x"}))
    (row,) = LabelledIssues("acme/agent", site.get, tmp_path, "t").rows("bot:fix")
    assert labelled_issue(row, lambda _: True) is None
