"""A claimed step, as it is handed from one command to the next, and as it is taken up there."""

from collections.abc import Callable, Iterable
from datetime import timedelta

import msgspec

from claudestep.application.backend import Workshop
from claudestep.application.prepare import GRACE, Prepared
from claudestep.application.summary import Summary
from claudestep.application.work import GivenUp, Work
from claudestep.application.world import config_at, plan_at
from claudestep.domain.chain import Start
from claudestep.domain.config import Config
from claudestep.domain.errors import RepositoryError
from claudestep.domain.redaction import redacted
from claudestep.infrastructure import handover
from claudestep.infrastructure.handover import Handed, Result

Adjust = Callable[[Config], Config]
"""What the user asks for beside the configuration."""

LATE = "the claim ended before the agent could begin; the next run claims the step anew"


def hand_on(prepared: Prepared, before: str | None = None) -> Handed:
    """What the next command has to know; `before` is the tree that an agent of the user's own begins with."""
    plan, start = prepared.plan, prepared.start
    default = plan.default or plan.base
    return Handed(
        project=plan.name,
        line=start.line.line,
        step=start.step,
        claim=prepared.claim,
        attempt=start.attempt,
        base_branch=plan.base.branch,
        base_commit=plan.base.commit,
        default_branch=default.branch,
        default_commit=default.commit,
        limit_usd=start.limit_usd,
        before=before,
    )


def take_up(workshop: Workshop, handed: Handed, adjust: Adjust = lambda config: config) -> Prepared:
    """The claimed step with its files, as they are at the commits that it was claimed on.

    Raises RepositoryError where they are not there, UsageError where they are wrong.
    """
    default = workshop.git.base(handed.default_commit, handed.default_branch)
    same = handed.base_commit == handed.default_commit
    base = default if same else workshop.git.base(handed.base_commit, handed.base_branch)
    plan = plan_at(handed.project, base, adjust(config_at(handed.project, default)))
    if plan.problem is not None:
        raise plan.problem
    line = next((step for step in plan.spec.steps if step.line == handed.line), None) if plan.spec else None
    if line is None:
        raise RepositoryError(f"the spec of {handed.project} at {handed.base_commit[:12]} has no such step")
    start = Start(
        step=handed.step,
        line=line,
        reviewer=handed.claim.reviewer,
        attempt=handed.attempt,
        branch=handed.claim.branch,
        limit_usd=handed.limit_usd,
    )
    return Prepared(plan, start, handed.claim, workshop.agent_of(plan.config))


def time_left(workshop: Workshop, prepared: Prepared) -> timedelta:
    """How long the agent may work: `timeoutMinutes`, and no longer than its claim holds."""
    held = prepared.claim.until - GRACE / 2 - workshop.clock.now()
    return min(prepared.plan.config.timeout, held)


def result_of(work: Work | GivenUp) -> Result:
    """How an agent ended, as it is written down."""
    if isinstance(work, GivenUp):
        return Result(reason=work.reason, output=work.output, counts=work.counts, by_hand=work.by_hand)
    found = work.summary
    summary = handover.Summary(found.what_changed, found.how_to_review, found.risks) if found else None
    return Result(notes=work.notes, summary=summary)


def summary_of(result: Result) -> Summary | None:
    """The AI's summary, as it was handed on."""
    found = result.summary
    return Summary(found.what_changed, found.how_to_review, found.risks) if found else None


def redacted_result(result: Result, secrets: Iterable[str]) -> Result:
    """A result as it may be shown: whoever wrote it, no secret is in its texts."""
    listed = tuple(secrets)

    def say(text: str) -> str:
        return redacted(text, listed)

    found = result.summary
    summary = found and handover.Summary(
        say(found.what_changed), tuple(map(say, found.how_to_review)), tuple(map(say, found.risks))
    )
    return msgspec.structs.replace(
        result,
        reason=say(result.reason),
        output=say(result.output),
        notes=tuple(map(say, result.notes)),
        summary=summary,
    )
