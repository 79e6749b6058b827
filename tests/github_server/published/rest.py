"""Requests and replies of REST, held against GitHub's OpenAPI description."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import parse_qsl, unquote

import jsonschema_rs
import msgspec

from tests.github_server.published import departures
from tests.github_server.published.description import REFUSAL, Description, Operation, Parameter
from tests.github_server.published.schemas import Schema, bundled

_MOST, _SENTENCES = 200, 5
_BASIC_ERROR: Schema = {"$ref": f"#/$defs/{REFUSAL}"}
_BY_NUMBER = re.compile(r"^/repositories/\d+")
_INTEGER = re.compile(r"-?\d+")


@dataclass(frozen=True)
class Sent:
    """A request as it came; `path` is still quoted."""

    method: str
    path: str
    query: str
    body: bytes


class Validator:
    """What jsonschema-rs says against a value, in one sentence."""

    def __init__(self, schema: Schema, components: Mapping[str, Schema]) -> None:
        self._compiled = jsonschema_rs.Draft202012Validator(bundled(schema, components), validate_formats=True)

    def problem(self, value: object) -> str:
        """ "" where there is nothing to say."""
        if self._compiled.is_valid(value):
            return ""
        found = dict.fromkeys(said for error in self._compiled.iter_errors(value) for said in _sentences(error))
        return "; ".join(list(found)[:_SENTENCES])


def _sentences(error: jsonschema_rs.ValidationError) -> Iterator[str]:
    """What is wrong, and where; of several alternatives the one that fits best."""
    branches = [branch for branch in getattr(error.kind, "context", ()) if branch]
    if branches:
        for inner in min(branches, key=len):
            yield from _sentences(inner)
    else:
        yield f"at /{'/'.join(map(str, error.instance_path))}: {error.message[-_MOST:]}"


@dataclass
class Judged:
    """An operation with its validators, each made when it is first needed."""

    operation: Operation
    components: Mapping[str, Schema]
    _validators: dict[object, Validator] = field(default_factory=dict)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        spanning = {parameter.name for parameter in self.operation.parameters if parameter.spans}
        parts = re.split(r"\{([^}]*)\}", self.operation.path)
        made = [re.escape(part) for part in parts[::2]]
        groups = [".+" if name in spanning else "[^/]+" for name in parts[1::2]]
        return re.compile(made[0] + "".join(f"({g}){text}" for g, text in zip(groups, made[1:], strict=True)))

    def of_request(self, sent: Sent, parts: tuple[str, ...]) -> Iterator[str]:
        """What is wrong with a request; `parts` are the parameters of its path."""
        names = re.findall(r"\{([^}]*)\}", self.operation.path)
        given = dict(zip(names, map(unquote, parts), strict=True))
        yield from self._parameters("path", given)
        pairs = parse_qsl(sent.query, keep_blank_values=True)
        if len(dict(pairs)) < len(pairs):
            yield f"the query names a parameter twice: {sent.query}"
        yield from self._parameters("query", dict(pairs))
        yield from self._body(sent.body)

    def _parameters(self, place: str, given: Mapping[str, str]) -> Iterator[str]:
        known = {parameter.name: parameter for parameter in self.operation.parameters if parameter.place == place}
        for name in given.keys() - known.keys() - _let_through(self.operation):
            yield f"GitHub knows no parameter {name} in the {place}"
        for name, parameter in known.items():
            if name in given:
                yield from self._value(parameter, given[name])
            elif parameter.required:
                yield f"the parameter {name} lacks in the {place}"

    def _value(self, parameter: Parameter, text: str) -> Iterator[str]:
        problem = self._validator(parameter.name, parameter.schema).problem(_typed(parameter.schema, text))
        if problem:
            yield f"the parameter {parameter.name} of the {parameter.place} is wrong {problem}"

    def _body(self, body: bytes) -> Iterator[str]:
        schema = self.operation.body
        if not body:
            if self.operation.needs_body:
                yield "the body lacks"
        elif schema is None:
            yield "it takes no body"
        else:
            problem = _decoded_problem(body, self._validator("body", schema))
            if problem:
                yield f"the body is wrong {problem}"

    def of_reply(self, status: int, headers: Mapping[str, str], body: bytes) -> Iterator[str]:
        """What is wrong with a reply."""
        documented = str(status) in self.operation.replies
        let_through = status in departures.ANYWHERE or (self.operation.title, status) in departures.STATUSES
        if not documented and not let_through:
            yield f"GitHub documents no status {status} for it"
            return
        schema = self.operation.replies[str(status)] if documented else _BASIC_ERROR
        if schema is None or not body or "json" not in headers.get("content-type", ""):
            return
        problem = _decoded_problem(body, self._validator(status, schema))
        if problem:
            yield f"the reply {status} is wrong {problem}"

    def _validator(self, key: object, schema: Schema) -> Validator:
        if key not in self._validators:
            self._validators[key] = Validator(schema, self.components)
        return self._validators[key]


def _let_through(operation: Operation) -> set[str]:
    return {name for title, name in departures.PARAMETERS if title == operation.title}


class RestJudge:
    """All operations of a description."""

    def __init__(self, description: Description) -> None:
        judged = [Judged(each, description.components) for each in description.operations]
        # the narrower ones first: /branches/{branch}/protection before /branches/{branch}
        self._judged = sorted(judged, key=lambda each: -each.operation.path.count("/"))
        self._undescribed = [_pattern_of(route.route) for route in departures.ROUTES]

    def find(self, sent: Sent) -> tuple[Judged, tuple[str, ...]] | None:
        """The operation that a request means, and the parameters of its path."""
        path = _BY_NUMBER.sub("/repos/by/number", sent.path)
        for each in self._judged:
            if each.operation.method == sent.method and (match := each.pattern.fullmatch(path)):
                return each, match.groups()
        return None

    def is_let_through(self, sent: Sent) -> bool:
        """Whether it is known, although GitHub does not describe it."""
        return any(pattern.fullmatch(f"{sent.method} {sent.path}") for pattern in self._undescribed)


def _pattern_of(route: str) -> re.Pattern[str]:
    return re.compile(re.escape(route).replace(re.escape("{}"), "[^/]+"))


def _typed(schema: Schema, text: str) -> object:
    """A parameter as its type has it; the text itself where it is none of these."""
    if schema.get("type") == "integer" and _INTEGER.fullmatch(text):
        return int(text)
    if schema.get("type") == "boolean" and text in ("true", "false"):
        return text == "true"
    return text


def _decoded_problem(body: bytes, validator: Validator) -> str:
    try:
        return validator.problem(msgspec.json.decode(body))
    except msgspec.DecodeError as error:
        return f"as it is no JSON: {error}"
