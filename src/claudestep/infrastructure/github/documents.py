"""The GraphQL documents: whole files, checked against GitHub's schema by a test; values go in variables only."""

import re
from functools import cache
from importlib.resources import files

_SPREAD = re.compile(r"\.\.\.\s*([A-Z]\w*)")


@cache
def document(name: str) -> str:
    """The document of this name, with the fragments that it spreads."""
    return with_fragments(_read(f"{name}.graphql"))


def with_fragments(text: str) -> str:
    """A document, with the fragments that it spreads, and those that they spread, behind it."""
    found: dict[str, str] = {}
    missing = _spread(text)
    while missing:
        found |= {name: _read(f"fragments/{name}.graphql") for name in sorted(missing)}
        missing = set().union(*map(_spread, found.values())) - found.keys()
    return "\n".join((text, *found.values()))


def _spread(text: str) -> set[str]:
    return set(_SPREAD.findall(text))


def _read(path: str) -> str:
    return (files(__package__) / "queries" / path).read_text(encoding="utf-8")
