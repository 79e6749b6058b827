"""Requests that wait until a test lets them go: it ends their client meanwhile, or lets another overtake them."""

import asyncio
import threading
from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class _Held:
    label: str
    repositories: frozenset[str]
    served: "asyncio.Future[bool]"


class Holds:
    """All requests that are held."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: list[_Held] = []

    async def wait(self, label: str, repositories: frozenset[str]) -> bool:
        """Wait until it is let go; whether it is to be served, or else lost with its connection."""
        held = _Held(label, repositories, asyncio.get_running_loop().create_future())
        with self._lock:
            self._held.append(held)
        return await held.served

    def waiting(self, repository: str) -> list[str]:
        """What is asked by those about a repository."""
        with self._lock:
            return [each.label for each in self._held if repository.lower() in each.repositories]

    def let_go(self, repository: str, *, lose: bool) -> None:
        """End the waiting of all requests about a repository."""
        with self._lock:
            gone = [each for each in self._held if repository.lower() in each.repositories]
            self._held = [each for each in self._held if each not in gone]
        for each in gone:
            each.served.get_loop().call_soon_threadsafe(each.served.set_result, not lose)
