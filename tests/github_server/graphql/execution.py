"""One GraphQL request: parsed, validated and executed against the official schema, answered in GitHub's shape.

Whatever goes wrong inside of GraphQL is HTTP 200 with `errors`, each with a `type` beside its message
(github-facts, section 3); only a body that is no GraphQL request at all is 400.
"""

import re
import sys
import traceback
from functools import lru_cache

import msgspec
from graphql import DocumentNode, ExecutionResult, GraphQLError, execute_sync, validate

from tests.github_server.call import Call
from tests.github_server.documents import parsed
from tests.github_server.graphql.nodes import type_name
from tests.github_server.graphql.schema import load_schema
from tests.github_server.problems import Problem, Unauthorized
from tests.github_server.published.violations import Violation
from tests.github_server.replies import WENT_WRONG, Reply, json_reply

_UNKNOWN_FIELD = re.compile(r"Cannot query field '(\w+)' on type '(\w+)'")
# GitHub does not mind that two fields differ in this, and gh relies on it; graphql-core follows the specification.
_NULLABILITY = re.compile(r"they return conflicting types '([^'!]+)!?' and '\1!?'")
Errors = list[dict[str, object]]


class Payload(msgspec.Struct):
    """What a client posts."""

    query: str
    variables: dict[str, object] | None = None
    operation_name: str | None = msgspec.field(default=None, name="operationName")


def answer(call: Call) -> Reply:
    """The reply to a request. Unauthorized: GraphQL is for known users only."""
    if call.token is None:
        raise Unauthorized("This endpoint requires you to be authenticated.")
    try:
        payload = msgspec.json.decode(call.body, type=Payload)
    except msgspec.ValidationError:
        return json_reply(400, {"message": "A query attribute must be specified and must be a string."})
    except msgspec.DecodeError:
        return json_reply(400, {"message": "Problems parsing JSON"})
    try:
        document = parsed(payload.query)
    except GraphQLError as error:
        return json_reply(200, {"errors": [_shown(error)]})
    errors = validated(payload.query)
    if errors:
        return json_reply(200, {"errors": [_shown(error) for error in errors]})
    return _executed(call, document, payload)


@lru_cache(maxsize=256)
def validated(query: str) -> list[GraphQLError]:
    """What is wrong with a document under the official schema."""
    found = validate(load_schema(), parsed(query))
    return [error for error in found if not _NULLABILITY.search(error.message)]


def _executed(call: Call, document: DocumentNode, payload: Payload) -> Reply:
    result = execute_sync(
        load_schema(),
        document,
        context_value=call,
        variable_values=payload.variables,
        operation_name=payload.operation_name,
        type_resolver=lambda value, _info, _type: type_name(value),
    )
    defects = [error.original_error for error in result.errors or [] if _is_defect(error)]
    for defect in defects:
        traceback.print_exception(defect, file=sys.stderr)
        title = call.operation.labels[-1]
        call.host.violations.add(Violation("server", f"{title}: the test server failed: {defect!r}"))
    if defects:
        return json_reply(500, {"message": f"The test server failed: {defects[0]!r}"})
    return json_reply(200, _content(call, result))


def _is_defect(error: GraphQLError) -> bool:
    """Whether it is our own mistake, data of a wrong type for instance, and nothing that was asked amiss."""
    cause = error.original_error
    of_request = isinstance(cause, GraphQLError) and (not error.path or error.message.startswith("Argument "))
    return cause is not None and not isinstance(cause, Problem) and not of_request


def _content(call: Call, result: ExecutionResult) -> dict[str, object]:
    errors = [_shown(error) for error in result.errors or []]
    data = result.data
    if data is not None and any(fault.kind == "partial" for fault in call.faults):
        errors.append(_lose_a_part(data))
    content: dict[str, object] = {}
    if data is not None or not errors:
        content["data"] = data
    return content | ({"errors": errors} if errors else {})


def _shown(error: GraphQLError) -> dict[str, object]:
    """An error as GitHub shows it."""
    problem = error.original_error
    shown: dict[str, object] = {"message": error.message}
    if isinstance(problem, Problem):
        shown = {"type": problem.type, "message": problem.in_graphql}
    unknown = _UNKNOWN_FIELD.match(error.message)
    if unknown:
        field, owner = unknown.groups()
        extensions = {"code": "undefinedField", "typeName": owner, "fieldName": field}
        shown = {"message": f"Field '{field}' doesn't exist on type '{owner}'", "extensions": extensions}
    if error.path:
        shown["path"] = error.path
    shown["locations"] = [{"line": each.line, "column": each.column} for each in error.locations or []]
    return shown


def _lose_a_part(data: dict[str, object]) -> dict[str, object]:
    """Take away the last part of the data, as a time-out inside of GitHub does; the error that tells it."""
    path: list[str | int] = []
    inner: object = data
    while isinstance(inner, dict) and inner:
        holder, name = inner, next(reversed(inner))
        path.append(name)
        inner = holder[name]
        if len(path) == 2 or not isinstance(inner, dict):
            holder[name] = None
            break
    return {"message": WENT_WRONG, "path": path}
