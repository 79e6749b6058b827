"""The table of resolvers: which function answers for which field of the schema."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec
from graphql import GraphQLResolveInfo

from tests.github_server.call import Call

Info = GraphQLResolveInfo[Call]
Resolver = Callable[..., object]
InputT = TypeVar("InputT", bound=msgspec.Struct)
FIELDS: dict[str, Resolver] = {}


def resolves(*fields: str) -> Callable[[Resolver], Resolver]:
    """Register a function for fields, each named "Type.field". Arguments come in by their names in snake_case."""

    def register(resolver: Resolver) -> Resolver:
        for field in fields:
            FIELDS[field] = resolver
        return resolver

    return register


def attributes(type_name: str, values: Mapping[str, Callable[[Any], object]]) -> None:
    """Register fields without arguments, each a function of the object alone."""
    for name, value in values.items():
        FIELDS[f"{type_name}.{name}"] = _without_info(value)


def _without_info(value: Callable[[Any], object]) -> Resolver:
    return lambda source, _info: value(source)


def constants(type_name: str, values: Mapping[str, object]) -> None:
    """Register fields that this server always answers in the same way."""
    for name, value in values.items():
        FIELDS[f"{type_name}.{name}"] = lambda _source, _info, _value=value, **_: _value


def mutates(
    name: str, input_type: type[InputT]
) -> Callable[[Callable[[Info, InputT], dict[str, object]]], Callable[[Info, InputT], dict[str, object]]]:
    """Register a mutation: its input comes as a typed record, its payload goes as a dict by field."""

    def register(
        mutation: Callable[[Info, InputT], dict[str, object]],
    ) -> Callable[[Info, InputT], dict[str, object]]:
        def resolve(_root: object, info: Info, **arguments: Any) -> dict[str, object]:
            given = arguments["input"]
            payload = mutation(info, msgspec.convert(given, input_type))
            return {"clientMutationId": given.get("client_mutation_id"), **payload}

        FIELDS[f"Mutation.{name}"] = resolve
        return mutation

    return register
