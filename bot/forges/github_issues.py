"""Labelled issues at GitHub: read page by page, and not sent again while nothing has changed.

GitHub answers a request that names the ETag of an earlier answer with 304 and no text where that
answer still holds, and counts it against no rate limit. So the earlier answer is kept, in the
user's cache and not in git, for it is no state: losing it costs one ordinary request, and keeping
it decides nothing, because at every tick GitHub itself says whether it still holds. A digest keyed
with the token stands before it, so that no file is believed which another program has put there.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bot.model import Actor, LabelledIssue

PER_PAGE = 100
MAX_PAGES = 10
"""A label on more issues than these hold is read in part, the oldest first."""
MAX_KEPT_BYTES = 64 * 1024**2

Get = Callable[[str, dict[str, str]], tuple[Mapping[str, Any], Any]]
"""Asks for a path with these headers: the answer's headers, and its data or None after a 304."""
Row = dict[str, Any]


class LabelledIssues:
    """The open issues of one repository by label. `folder` is where answers are kept."""

    def __init__(self, repository: str, get: Get, folder: Path, token: str) -> None:
        self._repository = repository
        self._get = get
        self._folder = folder
        self._key = hashlib.sha256(token.encode()).digest()

    def rows(self, label: str) -> Iterator[Row]:
        """What GitHub says of each issue, and of each pull request, with this label."""
        for page in range(1, MAX_PAGES + 1):
            rows = self._page(
                f"/repos/{self._repository}/issues?state=open&labels={quote(label, safe='')}"
                f"&sort=created&direction=asc&per_page={PER_PAGE}&page={page}"
            )
            yield from rows
            if len(rows) < PER_PAGE:
                return

    def _page(self, path: str) -> list[Row]:
        kept = self._kept(path)
        headers, answer = self._get(path, {"If-None-Match": kept["etag"]} if kept else {})
        if answer is None and kept:
            rows: list[Row] = kept["rows"]
            return rows
        rows = [_essence(row) for row in answer or ()]
        if etag := headers.get("etag"):
            self._keep(path, {"etag": etag, "rows": rows})
        return rows

    def _file(self, path: str) -> Path:
        return self._folder / f"{hashlib.sha256(path.encode()).hexdigest()[:32]}.json"

    def _signed(self, path: str, text: bytes) -> bytes:
        return hmac.digest(self._key, path.encode() + b"\n" + text, "sha256").hex().encode()

    def _kept(self, path: str) -> dict[str, Any] | None:
        """The earlier answer, if it is there and this token's."""
        try:
            with self._file(path).open("rb") as stream:
                told = stream.read(MAX_KEPT_BYTES)
        except OSError:
            return None
        signature, _, text = told.partition(b"\n")
        if not hmac.compare_digest(signature, self._signed(path, text)):
            return None
        found: dict[str, Any] = json.loads(text)
        return found

    def _keep(self, path: str, answer: dict[str, Any]) -> None:
        """For the next tick, readable by nobody else; where that cannot be, it is asked in full."""
        text = json.dumps(answer).encode()
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            number, name = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(number, "wb") as stream:
                stream.write(self._signed(path, text) + b"\n" + text)
            Path(name).replace(self._file(path))
        except OSError:
            return


def labelled_issue(row: Row, may_push: Callable[[str], bool]) -> LabelledIssue | None:
    """The issue that a row tells of; None where that is a pull request."""
    if row["is_pull"]:
        return None
    may = row["is_person"] and may_push(row["login"])
    return LabelledIssue(
        number=row["number"],
        title=row["title"],
        body=row["body"],
        author=Actor(row["login"], row["id"], may),
        created_at=row["created_at"],
        labels=tuple(row["labels"]),
    )


def _essence(row: Row) -> Row:
    """Of what GitHub says that which is used; an author whose account is gone is `ghost`."""
    user = row.get("user") or {"login": "ghost", "id": 0, "type": "Ghost"}
    return {
        "number": row["number"],
        "title": row["title"],
        "body": row.get("body") or "",
        "login": user["login"],
        "id": user["id"],
        "is_person": user["type"] == "User",
        "is_pull": "pull_request" in row,
        "created_at": row["created_at"],
        "labels": [one if isinstance(one, str) else one["name"] for one in row["labels"]],
    }
