"""What the program declares to ask of GitHub: `infrastructure.github.uses`, and its GraphQL documents."""

from collections.abc import Mapping
from functools import cache

from graphql import GraphQLSchema, OperationDefinitionNode

from claudestep.infrastructure.github import blobs, lookup, uses
from claudestep.infrastructure.github.documents import document
from tests.github_server.documents import parsed
from tests.github_server.published.description import shape
from tests.github_server.published.fields import Fields, fields_of, flat

MADE = {"LookUp": (lookup.sample, blobs.sample)}
"""Documents that are put together at run time, by the name of their operation, each with samples of it."""


def texts() -> Mapping[str, tuple[str, ...]]:
    """All documents, by the name of their operation."""
    whole = [document(name) for name in uses.DOCUMENTS]
    return {
        **{name_of(text): (text,) for text in whole},
        **{name: tuple(f() for f in fs) for name, fs in MADE.items()},
    }


def name_of(text: str) -> str:
    """The name of the operation of a document."""
    found = (each for each in parsed(text).definitions if isinstance(each, OperationDefinitionNode))
    name = next(found).name
    return name.value if name else ""


def fields(schema: GraphQLSchema, samples: tuple[str, ...]) -> tuple[Fields, ...]:
    """The fields of some documents."""
    return tuple(fields_of(schema, parsed(text)) for text in samples)


@cache
def fields_by_operation(schema: GraphQLSchema) -> Mapping[str, frozenset[str]]:
    """The fields that each operation is declared to ask for, as `Type.field`."""
    return {name: frozenset().union(*map(flat, fields(schema, samples))) for name, samples in texts().items()}


@cache
def rest() -> Mapping[str, str]:
    """The declared operations of REST, by their shape (`description.shape`)."""
    return {shape(call.method, call.path): f"{call.method} {call.path}" for call in uses.REST}


def everything() -> frozenset[str]:
    """Each thing that is declared and has to be seen some time, as `Uses` notes it."""
    return frozenset(rest().values()) | texts().keys()
