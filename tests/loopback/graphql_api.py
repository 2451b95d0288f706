"""GraphQL: GitHub's published schema, its limits on paging, and execution over the state.

A field of the schema that has no resolver here is a violation, never a silent null.
"""

from __future__ import annotations

import gc
import gzip
import json
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    build_schema,
    execute_sync,
    get_named_type,
    parse,
    validate,
)
from graphql.language import FragmentDefinitionNode, IntValueNode, VariableNode

from .call import Answer
from .errors import Refused, Violation
from .graphql_fields import resolver_of
from .graphql_nodes import Context, GitHubError, Node, snake
from .state import Actor

if TYPE_CHECKING:
    from .server import LoopbackGitHub

SCHEMA = Path(__file__).with_name("schema.graphql.gz")
NODE_LIMIT = 500_000
PAGE_LIMIT = 100


@cache
def github_schema() -> GraphQLSchema:
    text = gzip.decompress(SCHEMA.read_bytes()).decode()
    schema = build_schema(text, assume_valid=True, no_location=True)
    gc.freeze()  # else every collection would visit its million objects
    return schema


@lru_cache(maxsize=1_000)
def read_query(text: str) -> DocumentNode:
    """Remembered, as are its problems, because a client sends the same few queries all the time."""
    return parse(text)


@lru_cache(maxsize=1_000)
def schema_problems(text: str) -> tuple[str, ...]:
    return tuple(map(str, validate(github_schema(), read_query(text))))


class NotImplementedHere(Exception):
    """A field of GitHub's schema that this stand-in cannot answer yet."""


def resolve_field(source: Node | None, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    resolver = resolver_of(info.parent_type.name, info.field_name)
    if resolver is None:
        raise NotImplementedHere(f"{info.parent_type.name}.{info.field_name} has no resolver")
    renamed = {snake(name): value for name, value in arguments.items()}
    return resolver(source, info.context, **renamed)


def resolve_type(value: Node, info: GraphQLResolveInfo[Any], abstract: GraphQLAbstractType) -> str:
    return value.type


def is_write(body: bytes) -> bool:
    """Whether the request is a mutation; what cannot be read is taken for a write."""
    try:
        document = read_query(json.loads(body)["query"])
    except (ValueError, KeyError, TypeError, GraphQLError):
        return True
    return any(operation.operation.value != "query" for operation in _operations(document))


def answer_graphql(github: LoopbackGitHub, actor: Actor, body: bytes) -> Answer:
    request = json.loads(body)
    if unknown := sorted(set(request) - {"query", "variables", "operationName"}):
        raise Violation(f"graphql: unknown body field {', '.join(unknown)}", status=400)
    variables = request.get("variables") or {}
    schema = github_schema()
    try:
        document = read_query(request["query"])
    except GraphQLError as error:
        raise Violation(f"graphql: {error}", status=400) from error
    problems: Sequence[str] = schema_problems(request["query"])
    problems = problems or paging_problems(schema, document, variables)
    if problems:
        raise Violation("graphql: " + "; ".join(problems), status=400)
    if is_write(body) and not actor.can_write:
        raise Refused(403, "Resource not accessible by integration")
    result = execute_sync(
        schema,
        document,
        context_value=Context(github, actor),
        variable_values=variables,
        operation_name=request.get("operationName"),
        field_resolver=resolve_field,
        type_resolver=resolve_type,
    )
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [_error(error) for error in result.errors]
    return Answer(200, answer)


def _error(error: GraphQLError) -> dict[str, Any]:
    """GitHub's own kind of error passes; anything else is a gap or a bug of the stand-in."""
    cause = error.original_error
    if not isinstance(cause, GitHubError):
        raise Violation(f"graphql: {error.message} at {error.path}: {cause!r}")
    return {"type": cause.kind, "message": error.message, "path": error.path}


def paging_problems(
    schema: GraphQLSchema, document: DocumentNode, variables: dict[str, Any]
) -> list[str]:
    """GitHub's paging rules: 1 to 100 items per connection, 500,000 nodes per query."""
    problems: list[str] = []
    nodes = 0
    for operation in _operations(document):
        root = schema.get_root_type(operation.operation)
        if root is None:
            continue
        walker = _Walker(schema, document, _with_defaults(operation, variables))
        for where, size, product in walker.connections(operation.selection_set, root, 1):
            if size is None:
                problems.append(f"{where} needs `first` or `last`")
            elif not 1 <= size <= PAGE_LIMIT:
                problems.append(f"{where} asks for {size} records, the limit is {PAGE_LIMIT}")
            nodes += product
    if nodes > NODE_LIMIT:
        problems.append(f"asks for up to {nodes:,} nodes, the limit is {NODE_LIMIT:,}")
    return problems


def _operations(document: DocumentNode) -> list[OperationDefinitionNode]:
    return [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]


def _with_defaults(operation: OperationDefinitionNode, variables: dict[str, Any]) -> dict[str, Any]:
    defaults = {
        definition.variable.name.value: int(definition.default_value.value)
        for definition in operation.variable_definitions or ()
        if isinstance(definition.default_value, IntValueNode)
    }
    return {**defaults, **variables}


class _Walker:
    """Finds every connection a query asks for, with the product of the page sizes above it."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, variables: dict[str, Any]
    ) -> None:
        self.schema = schema
        self.variables = variables
        self.fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }

    def connections(
        self, selections: SelectionSetNode | None, parent: Any, product: int
    ) -> Iterator[tuple[str, int | None, int]]:
        for selection in selections.selections if selections else ():
            if isinstance(selection, FragmentSpreadNode):
                fragment = self.fragments[selection.name.value]
                narrowed = self.schema.type_map[fragment.type_condition.name.value]
                yield from self.connections(fragment.selection_set, narrowed, product)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                narrowed = self.schema.type_map[condition.name.value] if condition else parent
                yield from self.connections(selection.selection_set, narrowed, product)
            elif isinstance(selection, FieldNode) and not selection.name.value.startswith("__"):
                yield from self._field(selection, parent, product)

    def _field(
        self, selection: FieldNode, parent: Any, product: int
    ) -> Iterator[tuple[str, int | None, int]]:
        inner = get_named_type(parent.fields[selection.name.value].type)
        if isinstance(inner, GraphQLObjectType) and inner.name.endswith("Connection"):
            size = self._size(selection)
            product *= size or 1
            yield f"{parent.name}.{selection.name.value}", size, product
        yield from self.connections(selection.selection_set, inner, product)

    def _size(self, selection: FieldNode) -> int | None:
        for argument in selection.arguments or ():
            if argument.name.value in ("first", "last"):
                if isinstance(argument.value, VariableNode):
                    size: int | None = self.variables.get(argument.value.name.value)
                    if size is not None:
                        return size
                elif isinstance(argument.value, IntValueNode):
                    return int(argument.value.value)
        return None
