"""The log of requests: what was asked and what became of it, never a token."""

import threading
from collections import deque

import msgspec

_KEPT = 20_000
_BODY = 300_000


class Logged(msgspec.Struct, kw_only=True):
    """One request. `fields` are the top-level fields of GraphQL; `body` is cut at 300,000 characters."""

    method: str
    path: str
    query: str = ""
    kind: str = ""
    operation: str = ""
    fields: list[str] = []
    repositories: list[str] = []
    status: int = 0
    faults: list[str] = []
    authorization: str = ""
    login: str = ""
    user_agent: str = ""
    api_version: str = ""
    body: str = ""


class RequestLog:
    """The requests of all clients, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Logged] = deque(maxlen=_KEPT)

    def add(self, entry: Logged) -> None:
        entry.body = entry.body[:_BODY]
        with self._lock:
            self._entries.append(entry)

    def entries(self, repository: str = "") -> list[Logged]:
        """What was asked, of one repository or at all."""
        with self._lock:
            entries = list(self._entries)
        return [each for each in entries if not repository or repository.lower() in each.repositories]

    def clear(self, repository: str = "") -> None:
        with self._lock:
            kept = [each for each in self._entries if repository and repository.lower() not in each.repositories]
            self._entries = deque(kept, maxlen=_KEPT)
