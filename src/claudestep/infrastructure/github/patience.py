"""How long and how often GitHub is asked again: data, and the one place that does it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """The bounds, in seconds where they are no counts."""

    reply: float = 30.0
    """For one request until the end of its reply. GitHub itself gives up a query after 10 s."""
    download: float = 120.0
    tries: int = 4
    """Of a read that meets transient faults."""
    backoff: float = 0.5
    """The longest first wait after a fault; it doubles."""
    longest_backoff: float = 8.0
    faults: float = 90.0
    """No try begins later than this after the first, waits for limits left out."""
    limits: float = 300.0
    """For all waits of one call that a rate limit asks for."""
