"""Requests of GraphQL, held against the official schema: the document, and the variables beside it."""

from collections.abc import Iterator
from typing import Any

import msgspec
from graphql import GraphQLError, GraphQLSchema
from graphql.execution.values import get_variable_values

from tests.github_server.documents import chosen_operation, parsed
from tests.github_server.graphql.execution import validated


def problems(schema: GraphQLSchema, body: bytes) -> Iterator[str]:
    """What is wrong with a request, one sentence each."""
    try:
        payload: Any = msgspec.json.decode(body)
        document = parsed(payload["query"])
    except (msgspec.DecodeError, GraphQLError, KeyError, TypeError) as error:
        yield f"it is no GraphQL request: {error}"
        return
    invalid = validated(payload["query"])
    if invalid:
        yield from (f"the document is wrong: {error.message}" for error in invalid)
        return
    operation = chosen_operation(document, payload.get("operationName"))
    if operation is None:
        yield "it names no operation of the document"
        return
    declared = operation.variable_definitions or ()
    given = payload.get("variables") or {}
    for name in given.keys() - {each.variable.name.value for each in declared}:
        yield f"the variable ${name} is given and not declared"
    coerced = get_variable_values(schema, declared, given)
    if isinstance(coerced, list):
        yield from (f"the variables are wrong: {error.message}" for error in coerced)
