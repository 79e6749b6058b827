"""GitHub's official schema with our resolvers on it."""

import re
from functools import cache
from pathlib import Path

from graphql import (
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    default_field_resolver,
)

from tests.github_server.graphql.bounds import bounded
from tests.github_server.graphql.registry import FIELDS, Info
from tests.github_server.graphql.scalars import guard

SCHEMA = Path(__file__).parents[2] / "npm/node_modules/@octokit/graphql-schema/schema.graphql"
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class NotServed(Exception):
    """The schema has the field, but this server does not serve it: a test has asked for more than there is."""


@cache
def plain_schema() -> GraphQLSchema:
    """The schema without anything behind it; it takes about a second."""
    if not SCHEMA.is_file():
        raise SystemExit(f"GitHub's GraphQL schema is missing: {SCHEMA}; run `make setup`")
    return build_schema(SCHEMA.read_text(encoding="utf-8"), assume_valid=True, no_location=True)


@cache
def load_schema() -> GraphQLSchema:
    """The schema with the resolvers, once a process."""
    schema = plain_schema()
    guard(schema)
    unused = set(FIELDS)
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            unused -= _attach(type_)
        elif isinstance(type_, GraphQLInputObjectType):
            for name, field in type_.fields.items():
                field.out_name = _snake(name)
    if unused:
        raise SystemExit(f"resolvers for what the schema does not have: {sorted(unused)}")
    return schema


def _attach(type_: GraphQLObjectType) -> set[str]:
    """Put the resolvers of one type on it; the names of those that fitted."""
    fitted: set[str] = set()
    generic = next((end for end in ("Connection", "Edge") if type_.name.endswith(end)), "")
    for name, field in type_.fields.items():
        for key in (f"{type_.name}.{name}", f"*{generic}.{name}"):
            if key in FIELDS:
                field.resolve = FIELDS[key]
                fitted.add(key)
                break
        else:
            field.resolve = _unserved
        if field.args.keys() >= {"first", "last"}:
            field.resolve = bounded(field.resolve)
        for argument_name, argument in field.args.items():
            argument.out_name = _snake(argument_name)
    return fitted


def _unserved(source: object, info: Info, **arguments: object) -> object:
    """Payloads of mutations are dicts; nothing else has fields of its own accord."""
    if isinstance(source, dict) and info.field_name in source:
        return default_field_resolver(source, info, **arguments)
    raise NotServed(f"{info.parent_type.name}.{info.field_name}")


def _snake(name: str) -> str:
    return _HUMP.sub("_", name).lower()
