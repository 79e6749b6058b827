"""A connection must be cut to a page, unless nothing but its size is asked for."""

from collections.abc import Iterator

from graphql import FieldNode, FragmentSpreadNode, InlineFragmentNode, SelectionSetNode

from tests.github_server.graphql.registry import Info, Resolver
from tests.github_server.problems import Problem

_ITEMS = {"nodes", "edges", "pageInfo"}


def bounded(resolve: Resolver) -> Resolver:
    """The resolver of a connection. Problem: items are asked for, and neither `first` nor `last` is given."""

    def checked(source: object, info: Info, **arguments: object) -> object:
        unbounded = arguments.get("first") is None and arguments.get("last") is None
        if unbounded and any(not _ITEMS.isdisjoint(_names(info, node.selection_set)) for node in info.field_nodes):
            text = "You must provide a `first` or `last` value to properly paginate the"
            raise Problem(f"{text} `{info.field_name}` connection.", 200, "MISSING_PAGINATION_BOUNDARIES")
        return resolve(source, info, **arguments)

    return checked


def _names(info: Info, chosen: SelectionSetNode | None) -> Iterator[str]:
    """The fields that are asked for, in fragments as well."""
    for node in chosen.selections if chosen else ():
        if isinstance(node, FieldNode):
            yield node.name.value
        elif isinstance(node, FragmentSpreadNode):
            yield from _names(info, info.fragments[node.name.value].selection_set)
        elif isinstance(node, InlineFragmentNode):
            yield from _names(info, node.selection_set)
