"""GitHub's OpenAPI description (npm @octokit/openapi), cut down to the operations that this server serves.

It has 13 MB, of which a few hundred kilobytes are needed: they are cut out once for a version and a set of
operations, and kept beside the package. Processes that find nothing there at the same time each make the same.
"""

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from tests.github_server.published import departures, schemas
from tests.github_server.published.schemas import Schema

MODULES = Path(__file__).parents[2] / "npm/node_modules"
SOURCE = MODULES / "@octokit/openapi/generated/api.github.com.json"
CACHE = MODULES / ".cache/github-openapi"
_JSON = ("application/json", "application/vnd.github.object")
REFUSAL = f"basic-error{schemas.OPEN}"
_PARAMETER = re.compile(r"\{[^}]*\}")


class Parameter(msgspec.Struct, frozen=True):
    """A parameter in the path or in the query; `spans`: it may hold slashes."""

    name: str
    place: str
    schema: Schema
    required: bool = False
    spans: bool = False


class Operation(msgspec.Struct, frozen=True):
    """One operation. `replies` has the JSON schema of each documented status, None where there is no JSON."""

    method: str
    path: str
    parameters: tuple[Parameter, ...]
    body: Schema | None
    needs_body: bool
    replies: dict[str, Schema | None]

    @property
    def title(self) -> str:
        return f"{self.method} {self.path}"


class Description(msgspec.Struct, frozen=True):
    """Operations, and the components that their schemas refer to."""

    operations: tuple[Operation, ...]
    components: dict[str, Schema]


def shape(method: str, path: str) -> str:
    """A route without the names of its parameters, which GitHub and we may choose differently."""
    return f"{method} {_PARAMETER.sub('{}', path.replace(':path}', '}'))}"


@cache
def load(shapes: frozenset[str], folder: Path = CACHE) -> Description:
    """The description of the operations of these shapes. SystemExit: the package is not installed."""
    kept = folder / f"{_key(shapes)}.json"
    try:
        return msgspec.json.decode(kept.read_bytes(), type=Description)
    except FileNotFoundError:
        made = _cut(_whole(), shapes)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        file.write(msgspec.json.encode(made))
    Path(file.name).replace(kept)
    return made


def _key(shapes: frozenset[str]) -> str:
    """What the result depends on: the package, the operations, and how it is made."""
    package = SOURCE.parents[1] / "package.json"
    if not package.is_file():
        raise SystemExit(f"GitHub's OpenAPI description is missing: {SOURCE}; run `make setup`")
    version: str = msgspec.json.decode(package.read_bytes())["version"]
    code = b"".join(Path(str(each)).read_bytes() for each in (__file__, schemas.__file__, departures.__file__))
    return f"{version}-{sha256(repr(sorted(shapes)).encode() + code).hexdigest()[:16]}"


def _whole() -> Any:
    return msgspec.json.decode(SOURCE.read_bytes())


def _cut(whole: Any, shapes: frozenset[str]) -> Description:
    operations = tuple(_operations(whole, shapes))
    components = {
        name + end: schemas.convert(schema, is_part=bool(end))
        for name, schema in whole["components"]["schemas"].items()
        for end in ("", schemas.OPEN)
    }
    for change in departures.SCHEMAS:
        for name in (change.component, change.component + schemas.OPEN):
            change.apply(components[name])
    needed = schemas.reachable(_references(operations), components)
    return Description(operations, {name: components[name] for name in sorted({*needed, REFUSAL})})


def _references(operations: Iterable[Operation]) -> Iterator[str]:
    return schemas.references(msgspec.to_builtins(list(operations)))


def _operations(whole: Any, shapes: frozenset[str]) -> Iterator[Operation]:
    for path, item in whole["paths"].items():
        for verb, operation in item.items():
            if shape(verb.upper(), path) in shapes:
                yield _operation(whole, verb.upper(), path, operation)


def _operation(whole: Any, method: str, path: str, operation: Any) -> Operation:
    parameters = (_resolved(whole, each) for each in operation.get("parameters", ()))
    body = operation.get("requestBody", {})
    return Operation(
        method,
        path,
        tuple(_parameter(each) for each in parameters if each["in"] in ("path", "query")),
        _json_schema(body),
        bool(body.get("required")),
        {status: _of_reply(whole, status, reply) for status, reply in operation["responses"].items()},
    )


def _of_reply(whole: Any, status: str, reply: Any) -> Schema | None:
    """Refusals are open (`departures.REFUSALS`), and two kinds of them may look alike."""
    is_refusal = status >= "400"
    schema = _json_schema(_resolved(whole, reply), is_open=is_refusal)
    if schema and is_refusal and "oneOf" in schema:
        return {"anyOf": schema["oneOf"]}
    return schema


def _parameter(given: Any) -> Parameter:
    spans = bool(given.get("x-multi-segment"))
    return Parameter(
        given["name"], given["in"], schemas.convert(given["schema"]), bool(given.get("required")), spans
    )


def _json_schema(holder: Mapping[str, Any], *, is_open: bool = False) -> Schema | None:
    """The schema of a body or a reply in JSON; in one of several, where the media type asked for decides."""
    content = holder.get("content", {})
    found = [content[media]["schema"] for media in _JSON if "schema" in content.get(media, {})]
    made = [schemas.convert(schema, is_part=is_open) for schema in found]
    return {"anyOf": made} if len(made) > 1 else next(iter(made), None)


def _resolved(whole: Any, given: Any) -> Any:
    """What stands at the end of a reference."""
    if "$ref" not in given:
        return given
    found = whole
    for part in str(given["$ref"]).removeprefix("#/").split("/"):
        found = found[part]
    return found
