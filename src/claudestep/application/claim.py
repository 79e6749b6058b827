"""claim: the next step of a project, once everything that dead runs left half published is finished."""

from collections.abc import Callable
from datetime import timedelta

from claudestep.application import settle
from claudestep.application.backend import Backend
from claudestep.application.finalize import Published
from claudestep.application.prepare import Outcome, ToSettle, prepare
from claudestep.application.update import Hear, looking


def claim_next(
    backend: Backend,
    name: str,
    claim_id: str,
    *,
    settled: Callable[[Published], None],
    updated: Hear,
    ahead: timedelta | None = None,
) -> Outcome:
    """Claim the next step of a project, or say why there is none.

    Branches that conflict are brought up to date before. `ahead`: the agent runs elsewhere and later, after as much
    work as that on other steps; whether it can is not known here. Raises ClaudeStepError.
    """
    look = looking(backend, updated)
    while isinstance(found := prepare(backend, name, claim_id, look, ahead=ahead), ToSettle):
        done = settle.settle(backend, found)
        if done is not None:
            settled(done)
    return found
