"""What a request asks for, read from its method, path and body: for the log, and for faults to aim at.

Labels that a fault can aim at:
    GraphQL  "graphql query", "graphql query <operation or top-level field>", "graphql mutation <field>" ...
    REST     "<METHOD> <path>", without query string and without /api/v3
    archives "GET /<owner>/<name>/legacy.tar.gz/<commit>"
    git      "git info-refs upload-pack", "git upload-pack", "git info-refs receive-pack", "git receive-pack"
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import parse_qs

import msgspec
from graphql import FieldNode, GraphQLError, value_from_ast_untyped

from tests.github_server.documents import chosen_operation, parsed

Kind = Literal["graphql", "rest", "git", "archive", "control"]
_GIT = re.compile(r"^/([^/]+)/([^/]+?)(?:\.git)?/(?:info/refs|git-(upload|receive)-pack|objects/.*|HEAD)$")
_ARCHIVE = re.compile(r"^/([^/]+)/([^/]+)/legacy\.tar\.gz/")  # on codeload.github.com; no limit counts it
_REPOS = re.compile(r"^/repos/([^/]+)/([^/]+)")


@dataclass(frozen=True)
class Operation:
    """What is asked. `names` are full names of repositories in lower case, `strings` may be node ids."""

    kind: Kind
    labels: tuple[str, ...]
    name: str = ""
    fields: tuple[str, ...] = ()
    names: frozenset[str] = frozenset()
    strings: frozenset[str] = frozenset()


def read_operation(method: str, path: str, query: str, body: bytes) -> Operation:
    """The operation of a request; `path` is without the prefix of an Enterprise server."""
    if path.startswith("/_control"):
        return Operation("control", ())
    if path == "/graphql":
        return _graphql(body)
    git = _GIT.match(path)
    if git and not path.startswith("/repos/"):
        names = frozenset({f"{git[1]}/{git[2]}".lower()})
        return Operation("git", (_git_label(path, query),), names=names)
    archive = _ARCHIVE.match(path)
    if archive:
        return Operation("archive", (f"{method} {path}",), names=frozenset({f"{archive[1]}/{archive[2]}".lower()}))
    repos = _REPOS.match(path)
    names = frozenset({f"{repos[1]}/{repos[2]}".lower()}) if repos else frozenset()
    return Operation("rest", (f"{method} {path}",), names=names)


def _git_label(path: str, query: str) -> str:
    if path.endswith("/info/refs"):
        service = parse_qs(query).get("service", ["git-dumb"])[0]
        return f"git info-refs {service.removeprefix('git-')}"
    return f"git {path.rpartition('/')[2].removeprefix('git-')}"


def _graphql(body: bytes) -> Operation:
    try:
        payload = msgspec.json.decode(body)
        document = parsed(payload["query"])
    except (msgspec.DecodeError, GraphQLError, KeyError, TypeError):
        return Operation("graphql", ("graphql",))
    operation = chosen_operation(document, payload.get("operationName"))
    if operation is None:
        return Operation("graphql", ("graphql",))
    kind = operation.operation.value
    name = operation.name.value if operation.name else ""
    fields = [each for each in operation.selection_set.selections if isinstance(each, FieldNode)]
    titles = tuple(field.name.value for field in fields)
    labels = (f"graphql {kind}", *(f"graphql {kind} {each}" for each in (name, *titles) if each))
    variables = payload.get("variables") or {}
    found = [*_values(variables), *(each for field in fields for each in _arguments(field, variables))]
    names = frozenset(str(each).lower() for each in found if "/" in each)
    return Operation("graphql", labels, name, titles, names, frozenset(found))


def _arguments(field: FieldNode, variables: dict[str, Any]) -> Iterator[str]:
    """All strings in the arguments of a field; `owner` and `name` come as "owner/name"."""
    values = {each.name.value: value_from_ast_untyped(each.value, variables) for each in field.arguments or ()}
    if "owner" in values and "name" in values:
        yield f"{values['owner']}/{values['name']}"
    yield from _values(values)


def _values(value: object) -> Iterator[str]:
    """The short strings inside a value: names and ids, not texts."""
    if isinstance(value, str) and len(value) < 300:
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _values(each)
    elif isinstance(value, list):
        for each in value:
            yield from _values(each)
