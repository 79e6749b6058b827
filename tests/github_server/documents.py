"""GraphQL documents, parsed once each: middleware and execution both need them, and clients repeat themselves."""

from functools import lru_cache

from graphql import DocumentNode, OperationDefinitionNode, parse


@lru_cache(maxsize=256)
def parsed(text: str) -> DocumentNode:
    """The document. GraphQLSyntaxError: it is none."""
    return parse(text)


def chosen_operation(document: DocumentNode, name: str | None) -> OperationDefinitionNode | None:
    """The operation that is to be executed: the one of this name, or the first."""
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    fitting = (each for each in operations if not name or (each.name and each.name.value == name))
    return next(fitting, None)
