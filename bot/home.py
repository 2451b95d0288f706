"""Where this project lives on the net, said once for everything that the bot writes about itself.

What it writes into other repositories names one commit of this project and never a branch or a tag,
because either may be moved by whoever gets hold of it.
"""

from __future__ import annotations

HOME = "amendbot/amendbot"
"""`owner/name` at GitHub."""
REPOSITORY_URL = f"https://github.com/{HOME}"
COMMIT = ""
"""The commit that a release was built from: its workflow fills this in, no checkout has it."""


def action(commit: str, version: str) -> str:
    """The GitHub Action as a step names it, pinned, with the comment by which updates are found."""
    return f"{HOME}@{commit} # v{version}"


def schema_url(commit: str) -> str:
    """The configuration's JSON Schema as it was at a commit, by which editors complete the file."""
    return f"https://raw.githubusercontent.com/{HOME}/{commit}/bot/config/schema.json"


def page_url(commit: str, path: str) -> str:
    """A page of this project's documentation as it was at a commit."""
    return f"{REPOSITORY_URL}/blob/{commit}/{path}"
