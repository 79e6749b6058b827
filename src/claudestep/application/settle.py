"""settle: finish what a dead run had begun to publish, without its agent.

What needs no act (claims to release, pull requests to record) is settled inside prepare's own write.
"""

import logging
from dataclasses import replace

from claudestep.application.backend import Backend
from claudestep.application.finalize import (
    Gone,
    Published,
    Spent,
    begin_publishing,
    fail,
    leave_to_others,
    open_and_record,
)
from claudestep.application.prepare import ToSettle
from claudestep.domain.changes import RecordTasks, Takeover
from claudestep.domain.errors import Forbidden, HostError, Limited, Unauthorized, Unprocessable

logger = logging.getLogger(__name__)

_OF_EVERY_STEP = (Unauthorized, Forbidden, Limited)
"""What the host refuses here it refuses for every other step too, which nobody shall pay for then."""


def settle(backend: Backend, one: ToSettle) -> Published | None:
    """Open and record the pull request of a branch that a dead run published.

    The claim is taken over first, so that of several runs one opens it. None where another did, or where it could
    not be opened: one dead branch must not stop the steps of all projects. Raises ClaudeStepError.
    """
    step, claim = one.unfinished.step, one.unfinished.claim
    logger.info("finishing step %d of %s, whose run died", step.step_index, one.unfinished.project)
    takeover = Takeover(seen=claim, by=backend.claims_for)
    spent = Spent(claim.id, one.unfinished.project, RecordTasks(step.step_index, ()), takeover)
    held = begin_publishing(backend, spent)
    if isinstance(held, Gone):
        return None
    commit = one.unfinished.head.commit
    ready = replace(held, base=one.base, commit=commit, labels=one.labels, template=one.template)
    try:
        return open_and_record(backend, ready, claim.id)
    except Unprocessable as error:  # the host never will: other steps must not wait for it
        logger.warning("no pull request can be opened from %s: %s", claim.branch, error.explained)
        fail(backend, spent, error.explained)
    except _OF_EVERY_STEP:  # taken over and left at once, so that no other run takes it for worked on
        leave_to_others(backend, spent)
        raise
    except HostError as error:  # it may be this branch alone; the claim holds, so that a later run tries it again
        logger.warning("no pull request could be opened from %s by now: %s", claim.branch, error.explained)
    return None
