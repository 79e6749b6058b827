"""What the program sends, held against what it declares, and noted: what is declared has to be sent some time."""

import threading
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import msgspec
from graphql import GraphQLSchema

from tests.github_server.documents import chosen_operation, parsed
from tests.github_server.published import declared
from tests.github_server.published.description import Operation, shape
from tests.github_server.published.fields import fields_of, flat

FILE = "uses.txt"


class Uses:
    """What was sent of what is declared, each noted once in a file that outlives the server."""

    def __init__(self, root: Path) -> None:
        self._path = root / FILE
        self._noted: set[str] = set()
        self._lock = threading.Lock()

    def rest(self, operation: Operation) -> Iterator[str]:
        """What is wrong with it: nothing, or that it is not declared."""
        name = declared.rest().get(shape(operation.method, operation.path))
        if name is None:
            yield "it is not declared in claudestep.infrastructure.github.uses.REST"
        else:
            self._note(name)

    def graphql(self, schema: GraphQLSchema, body: bytes) -> Iterator[str]:
        """The same of a valid GraphQL request."""
        text: str = msgspec.json.decode(body)["query"]
        operation = chosen_operation(parsed(text), None)
        name = operation.name.value if operation and operation.name else ""
        listed = declared.fields_by_operation(schema).get(name)
        if listed is None:
            yield f"its operation {name!r} is not declared in claudestep.infrastructure.github.uses.DOCUMENTS"
            return
        self._note(name)
        for field in sorted(_fields(schema, text) - listed):
            yield f"its field {field} is in no sample of its document (tests.github_server.published.declared)"

    def _note(self, name: str) -> None:
        with self._lock:
            if name not in self._noted:
                self._noted.add(name)
                with self._path.open("a", encoding="utf-8") as file:
                    file.write(f"{name}\n")


@lru_cache(maxsize=256)
def _fields(schema: GraphQLSchema, text: str) -> frozenset[str]:
    return flat(fields_of(schema, parsed(text)))


def seen_in(root: Path) -> frozenset[str]:
    """What a server has noted there."""
    path = root / FILE
    return frozenset(path.read_text(encoding="utf-8").splitlines()) if path.exists() else frozenset()
