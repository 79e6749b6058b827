"""Which fields of GitHub's schema a GraphQL document asks for."""

from collections import defaultdict
from collections.abc import Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    visit,
)

Fields = Mapping[str, frozenset[str]]
"""The names of fields, by the type that has them."""


def fields_of(schema: GraphQLSchema, document: DocumentNode) -> Fields:
    """All fields of a valid document, in fragments as well, whatever they are called in its answer."""
    found: dict[str, set[str]] = defaultdict(set)
    info = TypeInfo(schema)

    class Collector(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            parent = info.get_parent_type()
            if parent is not None:
                found[get_named_type(parent).name].add(node.name.value)

    visit(document, TypeInfoVisitor(info, Collector()))
    return {name: frozenset(fields) for name, fields in found.items()}


def flat(fields: Fields) -> frozenset[str]:
    """The same as `Type.field`."""
    return frozenset(f"{type_}.{name}" for type_, names in fields.items() for name in names)
