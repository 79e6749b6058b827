"""settle: finish what a dead run had begun to publish, without its agent.

What needs no act (claims to release, pull requests to record) is settled inside prepare's own write.
"""

import logging
from dataclasses import replace

from claudestep.application.backend import Backend
from claudestep.application.finalize import begin_publishing, open_and_record
from claudestep.application.world import World
from claudestep.domain.observation import PullRequest
from claudestep.domain.settling import Unfinished, unfinished

logger = logging.getLogger(__name__)


def settle(backend: Backend) -> list[PullRequest]:
    """Open and record the pull requests of branches that dead runs published; return them.

    Raises ClaudeStepError.
    """
    world = backend.see()
    found = unfinished(
        world.documents.projects.values(),
        world.observation.pull_requests,
        world.observation.heads,
        now=world.observation.now,
        is_gone=backend.is_gone,
    )
    opened = [_finish(backend, world, one) for one in found]
    return [pull for pull in opened if pull is not None]


def _finish(backend: Backend, world: World, one: Unfinished) -> PullRequest | None:
    """Take the claim over first, so that of several runs one opens the pull request."""
    logger.info("finishing step %d of %s, whose run died", one.step.step_index, one.project)
    held = begin_publishing(backend, one.claim.id, one.step.step_index, (), owner=backend.owner)
    if held is None:
        return None
    plan = world.plans.get(one.project)
    base = plan.base.branch if plan else world.observation.default_branch
    return open_and_record(backend, replace(held, base=base), one.claim.id, one.head.commit)
