"""What was sent or answered that GitHub's own descriptions do not know: written to a file at once, read by tests.

A file, for it outlives the server and costs a test that sent nothing no more than a look at its size.
"""

import threading
from pathlib import Path
from typing import Literal

import msgspec

By = Literal["program", "client", "server"]
FILE = "violations.jsonl"


class Violation(msgspec.Struct, frozen=True):
    """One sentence, and whose fault it is: of the program, of another client, or of this server."""

    by: By
    sentence: str


class Violations:
    """The violations of all requests, in the order in which they were answered."""

    def __init__(self, root: Path) -> None:
        self._path = root / FILE
        self._lock = threading.Lock()

    def add(self, violation: Violation) -> None:
        with self._lock, self._path.open("ab") as file:
            file.write(msgspec.json.encode(violation) + b"\n")


class Reader:
    """Reads them once each, in the process of the tests."""

    def __init__(self, root: Path) -> None:
        self._path = root / FILE
        self._read = 0

    def new(self) -> list[Violation]:
        """Those since the last time."""
        if not self._path.exists() or self._path.stat().st_size == self._read:
            return []
        with self._path.open("rb") as file:
            file.seek(self._read)
            text = file.read()
        self._read += len(text)
        return [msgspec.json.decode(line, type=Violation) for line in text.splitlines()]
