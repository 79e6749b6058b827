"""GitHub's own scalars, checked on their way out and in: the schema has no more of them than their names."""

import binascii
import re
from base64 import b64decode
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

from graphql import GraphQLError, GraphQLScalarType, GraphQLSchema, StringValueNode, ValueNode

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def _is_base64(text: str) -> bool:
    try:
        b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True


def _is_time(text: str) -> bool:
    return bool(_TIME.fullmatch(text)) and datetime.fromisoformat(text).year > 0


_FORMS: dict[str, Callable[[str], bool]] = {
    "Base64String": _is_base64,
    "DateTime": _is_time,
    "GitObjectID": lambda text: re.fullmatch("[0-9a-f]{40}", text) is not None,
    "GitRefname": lambda text: text.startswith("refs/"),
    "GitTimestamp": _is_time,
    "URI": lambda text: bool(urlsplit(text).scheme and urlsplit(text).netloc),
}


def guard(schema: GraphQLSchema) -> None:
    """Give the scalars their forms."""
    for name, fits in _FORMS.items():
        scalar = schema.type_map[name]
        assert isinstance(scalar, GraphQLScalarType)
        check = _checked(name, fits)
        setattr(scalar, "coerce_output_value", check)  # noqa: B010 - mypy takes it for a method
        setattr(scalar, "coerce_input_value", check)  # noqa: B010
        setattr(scalar, "coerce_input_literal", lambda node, check=check: check(_text(node)))  # noqa: B010


def _checked(name: str, fits: Callable[[str], bool]) -> Callable[[object], str]:
    def check(value: object) -> str:
        if isinstance(value, str) and fits(value):
            return value
        raise GraphQLError(f"{name} cannot represent value: {str(value)[:100]!r}")

    return check


def _text(node: ValueNode) -> object:
    return node.value if isinstance(node, StringValueNode) else None
