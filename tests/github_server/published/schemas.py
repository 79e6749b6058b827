"""From OpenAPI 3.0's dialect of JSON Schema to JSON Schema 2020-12, closed against what GitHub does not list.

An object whose properties are listed takes no others. Where it is put together of several schemas (`allOf`, or
`anyOf` beside properties) each part stays open and the whole is closed, so that every component has two forms:
`name`, and `name~open` for parts.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

Schema = dict[str, Any]
OPEN = "~open"
_COMPONENTS = "#/components/schemas/"
_LISTS = ("allOf", "anyOf", "oneOf")
_KEPT = (
    "type", "enum", "format", "pattern", "required", "minimum", "maximum", "minLength", "maxLength", "minItems",
    "maxItems", "uniqueItems", "minProperties", "maxProperties",
)  # fmt: skip


def convert(schema: Mapping[str, Any], *, is_part: bool = False) -> Schema:
    """The same in JSON Schema; `is_part`: others beside it add properties."""
    if "$ref" in schema:
        name = str(schema["$ref"]).removeprefix(_COMPONENTS)
        return {"$ref": f"#/$defs/{name}{OPEN if is_part else ''}"}
    kept = {key: deepcopy(schema[key]) for key in _KEPT if key in schema}
    found = kept | _children(schema, is_part=is_part) | _closure(schema, is_part=is_part)
    return _or_null(found) if schema.get("nullable") else found


def _children(schema: Mapping[str, Any], *, is_part: bool) -> Schema:
    found: Schema = {}
    are_parts = is_part or _is_composed(schema)
    for key in _LISTS:
        if key in schema:
            found[key] = [convert(each, is_part=are_parts) for each in schema[key]]
    if "properties" in schema:
        found["properties"] = {name: convert(each) for name, each in schema["properties"].items()}
    for key in ("items", "not"):
        if key in schema:
            found[key] = convert(schema[key], is_part=key == "not")
    more = schema.get("additionalProperties")
    if more is not None:
        found["additionalProperties"] = convert(more) if isinstance(more, dict) else more
    return found


def _is_composed(schema: Mapping[str, Any]) -> bool:
    """Whether several schemas together say which properties there are."""
    return len(schema.get("allOf", ())) > 1 or ("properties" in schema and any(key in schema for key in _LISTS))


def _closure(schema: Mapping[str, Any], *, is_part: bool) -> Schema:
    """The word that keeps out what is not listed."""
    if is_part or "additionalProperties" in schema:
        return {}
    if _is_composed(schema):
        return {"unevaluatedProperties": False}
    return {"additionalProperties": False} if schema.get("properties") else {}


def _or_null(schema: Schema) -> Schema:
    if any(key in schema for key in ("$ref", *_LISTS)):
        return {"anyOf": [schema, {"type": "null"}]}
    if "enum" in schema and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    if "type" in schema:
        schema["type"] = [schema["type"], "null"]
    return schema


def references(schema: object) -> Iterator[str]:
    """The names of the components that a schema refers to."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].removeprefix("#/$defs/")
        for each in schema.values():
            yield from references(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from references(each)


def bundled(schema: Schema, components: Mapping[str, Schema]) -> Schema:
    """The schema with all that it refers to, and nothing else."""
    needed = reachable(references(schema), components)
    return {**schema, "$defs": {name: components[name] for name in needed}}


def reachable(names: Iterator[str], components: Mapping[str, Schema]) -> set[str]:
    """These components, and all that they refer to."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += references(components[name])
    return found
