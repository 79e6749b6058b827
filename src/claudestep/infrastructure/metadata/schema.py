"""The JSON Schema of a project's document, made from the models and from what the codec writes."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

import msgspec

from claudestep.domain.models import Project
from claudestep.infrastructure.metadata.codec import MODELS, always_written, keys

_TIMES = {field.name for kind in MODELS for field in fields(kind) if "datetime" in str(field.type)}
_TITLE = "projects/<project>.json on the branch claudestep-metadata"


def document_schema() -> dict[str, Any]:
    """The schema: unknown keys are allowed at every level, for a newer version may have written them."""
    found = msgspec.json.schema(Project, schema_hook=lambda _: {"description": "anything"})
    parts = found["$defs"]
    for kind in MODELS:
        _mend(parts[kind.__name__], keys(kind), always_written(kind))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": _TITLE, **found}


def _mend(part: dict[str, Any], keys: Iterable[str], required: tuple[str, ...]) -> None:
    properties: Mapping[str, Any] = part["properties"]
    part["properties"] = {name: _property(name, properties[name], required=name in required) for name in keys}
    part["required"] = [name for name in part["properties"] if name in required]
    part["description"] = part["description"].partition("\n")[0]


def _property(name: str, value: dict[str, Any], *, required: bool) -> dict[str, Any]:
    """A key as it is written: one that has nothing to say is left out, not null."""
    found = {key: item for key, item in value.items() if key != "default"}
    kinds = found.get("anyOf", [])
    if kinds and not required:
        (found,) = (kind for kind in kinds if kind != {"type": "null"})
    return {**found, "format": "date-time"} if name in _TIMES else found
