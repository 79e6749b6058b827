"""How long to wait before the next try, and when to give up: policy as data."""

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """Bounded by time, not by a count: with a count of three, eight writers lose data.

    `total`, `first`, `cap` and `limits` are seconds; `limits` is the bound of what a transaction may be made to
    wait by a backend's own limits, which is no part of `total`. The wait before try n is drawn evenly from 0 up to
    min(cap, first * 2^n) (full jitter), so that writers who collided once spread out.
    """

    total: float = 120.0
    first: float = 0.02
    cap: float = 1.0
    limits: float = 300.0
    draw: Callable[[float, float], float] = random.uniform

    def wait(self, tries: int) -> float:
        """Seconds to wait after so many tries."""
        return self.draw(0.0, min(self.cap, self.first * 2 ** min(tries, 16)))
