"""Requests over HTTP."""

from typing import Protocol

from claudestep.infrastructure.github.protocol import Reply, Request


class Transport(Protocol):
    """Carries one request, and brings its reply; follows and repeats nothing."""

    def send(self, request: Request, *, timeout: float) -> Reply:
        """The reply, whole, within `timeout` seconds. Raises HostError, mostly Transient."""
        ...
