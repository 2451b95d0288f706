"""The values GraphQL resolvers pass along, and the rules for cutting lists into pages."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError

from .state import Actor

if TYPE_CHECKING:
    from .hosted import HostedRepository
    from .server import LoopbackGitHub


@dataclass(frozen=True)
class Context:
    github: LoopbackGitHub
    viewer: Actor


@dataclass(frozen=True)
class Node:
    """One object of GitHub's schema: the name of its type, and the record behind it."""

    type: str
    value: Any
    repo: HostedRepository | None = None

    @property
    def home(self) -> HostedRepository:
        if self.repo is None:
            raise TypeError(f"a {self.type} belongs to no repository")
        return self.repo


Resolver = Callable[..., Any]


class GitHubError(GraphQLError):
    """An error the real GitHub would answer too; ``type`` stands beside the message."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def not_found(what: str) -> GitHubError:
    return GitHubError("NOT_FOUND", f"Could not resolve to {what}.")


def snake(name: str) -> str:
    """``headRefName`` as Python spells it."""
    return re.sub(r"([A-Z])", lambda match: f"_{match[1].lower()}", name)


@dataclass(frozen=True)
class Page:
    nodes: list[Node]
    total: int
    start: int

    @property
    def end(self) -> int:
        return self.start + len(self.nodes)


def cursor(position: int) -> str:
    return base64.b64encode(f"cursor:{position}".encode()).decode()


def _position(text: str) -> int:
    return int(base64.b64decode(text).decode().removeprefix("cursor:"))


def connection(
    type_name: str,
    nodes: Sequence[Node],
    first: int | None = None,
    last: int | None = None,
    after: str | None = None,
    before: str | None = None,
) -> Node:
    """A page of the nodes; a cursor is the position of the item after which it stands."""
    start = _position(after) if after else 0
    end = _position(before) - 1 if before else len(nodes)
    if first is not None:
        end = min(end, start + first)
    if last is not None:
        start = max(start, end - last)
    return Node(type_name, Page(list(nodes[start:end]), len(nodes), start))


def page_info(page: Page) -> Node:
    return Node("PageInfo", page)


CONNECTION_FIELDS: dict[str, Resolver] = {
    "nodes": lambda node, context: node.value.nodes,
    "totalCount": lambda node, context: node.value.total,
    "pageInfo": lambda node, context: page_info(node.value),
}
PAGE_INFO_FIELDS: dict[str, Resolver] = {
    "hasNextPage": lambda node, context: node.value.end < node.value.total,
    "hasPreviousPage": lambda node, context: node.value.start > 0,
    "startCursor": lambda node, context: cursor(node.value.start + 1) if node.value.nodes else None,
    "endCursor": lambda node, context: cursor(node.value.end) if node.value.nodes else None,
}


def actor_node(context: Context, login: str | None) -> Node | None:
    if login is None:
        return None
    actor = context.github.actor(login)
    return Node(actor.kind, actor)


def actor_login(node: Node, context: Context) -> str:
    """As an author an app has no ``[bot]`` suffix in GraphQL; as the viewer it has one."""
    actor: Actor = node.value
    return actor.login.removesuffix("[bot]") if node.type == "Bot" else actor.login
