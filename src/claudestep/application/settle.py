"""settle: finish what a dead run had begun to publish, without its agent.

What needs no act (claims to release, pull requests to record) is settled inside prepare's own write.
"""

import logging
from dataclasses import replace

from claudestep.application.backend import Backend
from claudestep.application.finalize import Gone, Spent, begin_publishing, open_and_record
from claudestep.application.prepare import ToSettle
from claudestep.domain.changes import RecordTasks
from claudestep.domain.observation import PullRequest

logger = logging.getLogger(__name__)


def settle(backend: Backend, one: ToSettle) -> PullRequest | None:
    """Open and record the pull request of a branch that a dead run published.

    The claim is taken over first, so that of several runs one opens it; None where another did.
    Raises ClaudeStepError.
    """
    step, claim = one.unfinished.step, one.unfinished.claim
    logger.info("finishing step %d of %s, whose run died", step.step_index, one.unfinished.project)
    nothing_spent = RecordTasks(step.step_index, ())
    held = begin_publishing(backend, Spent(claim.id, one.unfinished.project, nothing_spent, backend.owner))
    if isinstance(held, Gone):
        return None
    return open_and_record(backend, replace(held, base=one.base, commit=one.unfinished.head.commit), claim.id)
