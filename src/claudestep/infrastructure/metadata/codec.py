"""Documents as canonical JSON: fixed key order, two spaces of indent, one newline at the end.

Keys that this version does not know are kept at every level, and stand behind the known ones.
"""

import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeAlias

import msgspec

from claudestep.domain import models
from claudestep.domain.ai_tasks import AITask, ModelUsage
from claudestep.domain.errors import DocumentTooLarge, InvalidDocument, NewerDocument
from claudestep.domain.models import Project
from claudestep.domain.naming import document_path

JsonObject: TypeAlias = dict[str, Any]

MAX_BYTES = 16 * 1024 * 1024
MAX_TASKS_BYTES = 1024 * 1024
_KNOWN_MAJOR = models.SCHEMA_VERSION.partition(".")[0]

_VERSION = re.compile(r"[0-9]{1,6}(\.|$)")
_PROJECT_KEYS = ("schema_version", "project", "created_at", "last_updated", "steps")
_NESTED: Mapping[type, Mapping[str, type]] = {
    Project: {"steps": models.Step},
    models.Step: {
        "claim": models.Claim,
        "previous_pull_requests": models.PreviousPullRequest,
        "ai_tasks": AITask,
    },
    models.Claim: {"owner": models.Owner},
    AITask: {"usage_by_model": ModelUsage},
}
MODELS = tuple(dict.fromkeys((*_NESTED, *(kind for inner in _NESTED.values() for kind in inner.values()))))
"""Every model that has a place in a document."""

_ALWAYS_WRITTEN = {
    Project: {"schema_version", "last_updated", "steps"},
    models.Step: {"ai_tasks"},
    AITask: {"workflow_run_id", "tokens_input", "tokens_output", "duration_seconds"},
}


def encode(project: Project) -> bytes:
    """Return the document as it stands on the branch.

    Raises DocumentTooLarge where the store would not accept it.
    """
    data = _format(_to_json(project))
    if len(data) > MAX_BYTES:
        raise DocumentTooLarge(document_path(project.project), len(data), MAX_BYTES)
    return data


def decode(path: str, data: bytes) -> Project:
    """Read a document; `path` is for the errors, and its file name has to be the project's.

    Raises InvalidDocument, with the place in the document; NewerDocument for a newer major version.
    """
    if len(data) > MAX_BYTES:
        raise InvalidDocument(path, f"it has {len(data):,} bytes; the limit is {MAX_BYTES:,}")
    raw = parse_object(path, data)
    _check_version(path, raw)
    _move_run_ids(raw)
    project: Project = _convert(path, raw, Project)
    if document_path(project.project) != path:
        raise InvalidDocument(path, f"it says that it is project {project.project!r}")
    return project


def decode_ai_tasks(path: str, data: bytes) -> tuple[AITask, ...]:
    """Read AI tasks that stand in a file of their own: one, or a list of them. Raises InvalidDocument."""
    if len(data) > MAX_TASKS_BYTES:
        raise InvalidDocument(path, f"it has {len(data):,} bytes; the limit is {MAX_TASKS_BYTES:,}", where="")
    try:
        raw = _parse(path, data)
        listed = raw if isinstance(raw, list) else [raw]
        return tuple(_convert(path, item, AITask) for item in listed)
    except InvalidDocument as error:
        raise InvalidDocument(path, error.problem, where="") from error


def encode_ai_task(task: AITask) -> bytes:
    """One AI task on one line, without its newline."""
    return msgspec.json.encode(_to_json(task))


def encode_step(step: models.Step) -> bytes:
    """One step on one line, for a file of its own."""
    return msgspec.json.encode(_to_json(step))


def decode_step(path: str, data: bytes) -> models.Step:
    """Read a step that stands in a file of its own. Raises InvalidDocument."""
    try:
        step: models.Step = _convert(path, _parse(path, data), models.Step)
    except InvalidDocument as error:
        raise InvalidDocument(path, error.problem, where="") from error
    return step


def parse_object(path: str, data: bytes) -> JsonObject:
    """Read any JSON object. Raises InvalidDocument."""
    raw = _parse(path, data)
    if not isinstance(raw, dict):
        raise InvalidDocument(path, "it is not a JSON object")
    return raw


def _parse(path: str, data: bytes) -> Any:
    try:
        return msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidDocument(path, str(error)) from error
    except RecursionError as error:
        raise InvalidDocument(path, "it is nested too deeply") from error


def _format(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


def _check_version(path: str, raw: JsonObject) -> None:
    version = raw.get("schema_version")
    if not isinstance(version, str) or not _VERSION.match(version):
        raise InvalidDocument(path, '`schema_version` is missing or no version such as "1.0"')
    if int(version.partition(".")[0]) > int(_KNOWN_MAJOR):
        raise NewerDocument(path, version)


def _move_run_ids(raw: JsonObject) -> None:
    """An early form had `workflow_run_id` on the step; it belongs to each of its AI tasks."""
    steps = raw.get("steps")
    for step in steps if isinstance(steps, list) else ():
        if (
            isinstance(step, dict)
            and isinstance(step.get("ai_tasks"), list)
            and step["ai_tasks"]
            and "workflow_run_id" in step
        ):
            run_id = step.pop("workflow_run_id")
            for task in step["ai_tasks"]:
                if isinstance(task, dict):
                    task.setdefault("workflow_run_id", run_id)


def _convert(path: str, raw: object, kind: type) -> Any:
    try:
        return msgspec.convert(_set_apart(raw, kind), kind)
    except msgspec.ValidationError as error:
        raise InvalidDocument(path, str(error)) from error


@cache
def _fields(kind: type) -> Mapping[str, Field[Any]]:
    found = {field.name: field for field in fields(kind) if field.name != "extra"}
    order = _PROJECT_KEYS if kind is Project else found
    return {name: found[name] for name in order}


def _set_apart(raw: object, kind: type) -> object:
    """The same JSON, changed in place: the unknown keys of every level are below `extra`."""
    if not isinstance(raw, dict):
        return raw
    known = _fields(kind)
    for key, inner in _NESTED.get(kind, {}).items():
        if key in raw:
            raw[key] = _set_apart_inside(raw[key], inner, is_map=key == "usage_by_model")
    if not raw.keys() <= known.keys():
        raw["extra"] = {key: raw.pop(key) for key in list(raw) if key not in known}
    return raw


def _set_apart_inside(value: object, kind: type, *, is_map: bool) -> object:
    if isinstance(value, list):
        return [_set_apart(item, kind) for item in value]
    if is_map and isinstance(value, dict):
        return {key: _set_apart(item, kind) for key, item in value.items()}
    return _set_apart(value, kind)


def _to_json(value: Any) -> JsonObject:
    kind: type = type(value)
    nested = _NESTED.get(kind, {})
    result: JsonObject = {}
    for name, default in _left_out(kind).items():
        item = getattr(value, name)
        if default is MISSING or item != default:
            result[name] = _inside_to_json(item) if name in nested else _in_utc(item)
    clash = sorted(_fields(kind).keys() & value.extra.keys())
    if clash:
        raise ValueError(f"`{clash[0]}` is a key that is known, so it cannot stand among the unknown ones")
    return result | dict(value.extra)


def _in_utc(item: Any) -> Any:
    return item.astimezone(UTC) if isinstance(item, datetime) else item


def keys(kind: type) -> tuple[str, ...]:
    """The keys of a model, in the order in which they are written."""
    return tuple(_fields(kind))


def always_written(kind: type) -> tuple[str, ...]:
    """Those of its keys that every document has."""
    left_out = _left_out(kind)
    return tuple(name for name in _fields(kind) if left_out[name] is MISSING)


@cache
def _left_out(kind: type) -> Mapping[str, object]:
    """For each field, the value that is not written; MISSING where every value is."""
    always = _ALWAYS_WRITTEN.get(kind, set())
    return {name: MISSING if name in always else _default(field) for name, field in _fields(kind).items()}


def _default(field: Field[Any]) -> object:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _inside_to_json(value: Any) -> object:
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _to_json(item) for key, item in value.items()}
    return None if value is None else _to_json(value)
