"""finalize: record what was spent, publish, open the pull request, record it.

(1) one write finds the claim, records the AI tasks and says that publishing begins; (2) the branch is
created; (3) the pull request is opened, within ten minutes of (1); (4) it gets its labels and its reviewer;
(5) one write records it and ends the claim. A crash between any two of them is settled by the next run.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from claudestep.application import pull_request
from claudestep.application.backend import Backend
from claudestep.application.prepare import GRACE
from claudestep.application.summary import Summary
from claudestep.application.template import Template
from claudestep.application.work import Work
from claudestep.application.world import Plan, World
from claudestep.domain.changes import (
    LeaveToOthers,
    RecordPullRequest,
    RecordTasks,
    ReleaseClaim,
    StartPublishing,
    Takeover,
    claimed_step,
)
from claudestep.domain.errors import (
    ClaudeStepError,
    Forbidden,
    HostError,
    RepositoryError,
    RulesetViolation,
    Unauthorized,
    Unprocessable,
)
from claudestep.domain.models import Progress, Project, Step
from claudestep.domain.observation import Observation, PullRequest, StepRecord
from claudestep.infrastructure.hosting.port import Draft, Dress
from claudestep.infrastructure.metadata.documents import Documents
from claudestep.infrastructure.metadata.store import Change, Glance

logger = logging.getLogger(__name__)

PUBLISH_WITHIN = timedelta(minutes=10).total_seconds()


@dataclass(frozen=True, slots=True)
class Spent:
    """A claim and what was spent under it; `takeover` where the claim was a dead run's.

    `branch` is where its work goes to, as far as that is known.
    """

    claim_id: str
    project: str
    record: RecordTasks
    takeover: Takeover | None = None
    branch: str = ""

    def published_in(self, project: Project) -> int | None:
        """The pull request that has come of the claim already; None where there is none."""
        step = project.find(self.record.step_index)
        return step.pr_number if step and self.branch and step.branch_name == self.branch else None

    def has_place(self, project: Project) -> bool:
        """Whether a project has the step that it was spent on."""
        return project.find(self.record.step_index) is not None

    def step_in(self, project: Project) -> Step | None:
        """The step that the claim is on; None where it has ended, or is not as it was seen any more."""
        step = claimed_step(project, self.claim_id)
        if self.takeover and step and step.claim and self.takeover.is_too_late(step.claim):
            return None
        return step


@dataclass(frozen=True, slots=True)
class Gone:
    """The claim has ended; `recorded` is whether what was spent under it is.

    `pull_number` is the pull request that came of it, where one did.
    """

    recorded: bool
    pull_number: int | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A claim that still holds: its project and step as they are now, and what is to be published.

    `known` is the branch with that in it, and the host's time at `since`, in seconds of the monotonic clock.
    `details` stand below the step in the spec, and `template` is the project's own.
    """

    project: Project
    step: Step
    base: str
    known: Glance
    since: float
    details: str = ""
    commit: str = ""
    labels: tuple[str, ...] = ()
    summary: Summary | None = None
    template: Template | None = None

    @property
    def form(self) -> pull_request.Form | None:
        """How the project wants its pull requests to look; None where it says nothing."""
        return pull_request.Form(self.template, self.details) if self.template else None


@dataclass(frozen=True, slots=True)
class Published:
    """A pull request that is open and recorded; `warnings` are what it lacks, in sentences.

    `progress` is how far the project was before it.
    """

    pull: PullRequest
    warnings: tuple[str, ...] = ()
    progress: Progress | None = None


def fail(backend: Backend, spent: Spent, failure: str | None, *, refused: bool = False) -> bool:
    """End a claim whose attempt failed; `failure` is None where the step is not to blame.

    `refused`: the host would take no step's branch, so that none shall begin. Returns whether what was spent is
    recorded, which it is also where the claim is gone meanwhile.
    """
    message = f"Record the failure of step {spent.record.step_index} of"

    def release(now: datetime) -> ReleaseClaim:
        return ReleaseClaim(spent.claim_id, failure, refused_at=now if refused else None)

    return _end_claim(backend, spent, release, message)


def abandon(backend: Backend, spent: Spent, failure: str | None) -> bool:
    """End a claim whose run breaks off, unless its branch may be published: the next run settles that.

    `failure` is None where nobody is to blame. A claim that was never given is fine. Returns whether what was
    spent is recorded.
    """
    release = ReleaseClaim(spent.claim_id, failure, only_while_working=True)
    return _end_claim(backend, spent, lambda _: release, "Release a claim on")


def _end_claim(backend: Backend, spent: Spent, release: Callable[[datetime], ReleaseClaim], message: str) -> bool:
    def change(documents: Documents, now: datetime) -> Change[bool]:
        found = find_claim(documents, spent.claim_id) or documents.get(spent.project)
        if found is None:
            return Change({}, "", False)  # noqa: FBT003  a result
        after = release(now).apply(spent.record.apply(found))
        return Change({found.project: after}, f"{message} {found.project}", spent.has_place(found))

    return backend.store.transact(change).result


@dataclass(frozen=True, slots=True)
class _Begun:
    """A claim that publishes from now on, and what was seen then."""

    project: Project
    step: Step
    seen: Observation
    details: str


class HalfPublished(ClaudeStepError):
    """Publishing broke off where nobody can tell how far it came; the claim holds, and the next run goes on."""

    def __init__(self, error: ClaudeStepError) -> None:
        super().__init__(f"{error}; the next run goes on with publishing this step", remedy=error.remedy)


def finalize(backend: Backend, spent: Spent, plan: Plan, work: Work, branch: str) -> Published | Gone:
    """Publish a finished step and return its pull request.

    Gone where the claim ended meanwhile; nothing is published then. Raises PublishRefused and Unprocessable where
    the host will not have it, HalfPublished where the host or the way there failed, other ClaudeStepErrors where
    nothing is published.
    """
    held = begin_publishing(backend, spent)
    if isinstance(held, Gone):
        return held
    ready = replace(
        held, base=plan.base.branch, commit=work.commit, summary=work.summary, labels=plan.config.labels,
        template=plan.pr_template,
    )  # fmt: skip
    try:
        return _publish(backend, spent, ready, branch)
    except Unprocessable:
        raise
    except (HostError, RepositoryError) as error:
        if isinstance(error, (Unauthorized, Forbidden, RulesetViolation)):
            leave_to_others(backend, spent)
        raise HalfPublished(error) from error


def leave_to_others(backend: Backend, spent: Spent) -> None:
    """Let the next run go on at once, on whatever machine: what was refused may be allowed by then."""

    def change(documents: Documents, now: datetime) -> Change[None]:
        found = find_claim(documents, spent.claim_id)
        after = {found.project: LeaveToOthers(spent.claim_id, now).apply(found)} if found else {}
        return Change(after, f"Leave step {spent.record.step_index} of {spent.project} to the next run", None)

    try:
        backend.store.transact(change)
    except ClaudeStepError as error:
        logger.info("the claim holds until its time is over: %s", error)


def _publish(backend: Backend, spent: Spent, ready: Held, branch: str) -> Published | Gone:
    """(2) to (5)."""
    began = backend.clock.monotonic()
    backend.git.publish(branch, ready.commit)
    if backend.clock.monotonic() - began > PUBLISH_WITHIN:
        held = begin_publishing(backend, spent)
        if isinstance(held, Gone):
            return held
        ready = replace(ready, project=held.project, step=held.step, known=held.known, since=held.since)
    return open_and_record(backend, ready, spent.claim_id)


def begin_publishing(backend: Backend, spent: Spent) -> Held | Gone:
    """(1): record what was spent; from here on the branch may be there.

    Gone where the claim is, where somebody else has taken it over, or where its step is done or skipped by now:
    what was spent is recorded all the same.
    """
    index = spent.record.step_index

    def change(observation: Observation, documents: Documents) -> Change[_Begun | Gone]:
        found = find_claim(documents, spent.claim_id)
        step = spent.step_in(found) if found else None
        if found is None or step is None:
            other = documents.get(spent.project)
            after = {other.project: spent.record.apply(other)} if other else {}
            gone = Gone(
                recorded=other is not None and spent.has_place(other),
                pull_number=spent.published_in(other) if other else None,
            )
            return Change(after, f"Record the cost of step {index} of {spent.project}", gone)
        recorded = spent.record.apply(found)
        name = found.project
        world = backend.world(observation, documents)
        if _is_done(world, name, index):
            released = ReleaseClaim(spent.claim_id).apply(recorded)
            message = f"Release step {index} of {name}: it is done or skipped"
            return Change({name: released}, message, Gone(recorded=True))
        publishing = StartPublishing(spent.claim_id, observation.now + GRACE, spent.takeover).apply(recorded)
        begun = _Begun(publishing, publishing.find(index) or step, observation, _details(world, name, index))
        return Change({name: publishing}, f"Publish step {index} of {name}", begun)

    committed = backend.store.transact_on(backend.look, change)
    begun = committed.result
    if isinstance(begun, Gone):
        return begun
    known = Glance(committed.snapshot, begun.seen.now)
    since = backend.clock.monotonic()
    return Held(begun.project, begun.step, begun.seen.default_branch, known, since, begun.details)


def _is_done(world: World, name: str, index: int) -> bool:
    bound = world.bound.get(name)
    line = bound.lines.get(index) if bound else None
    step = bound.project.find(index) if bound else None
    return (line is not None and line.ticked) or (step is not None and step.is_skipped)


def _details(world: World, name: str, index: int) -> str:
    """What stands below the line of a step; "" where there is no such line any more."""
    bound = world.bound.get(name)
    line = bound.lines.get(index) if bound else None
    return line.details if line else ""


def open_and_record(backend: Backend, held: Held, claim_id: str) -> Published:
    """(3) to (5): open the pull request of a published branch, dress it, and record it."""
    claim = held.step.claim
    branch = claim.branch if claim else ""
    reviewer = claim.reviewer if claim else None
    record = StepRecord(
        project=held.project.project,
        step_index=held.step.step_index,
        step_description=held.step.step_description,
        reviewer=reviewer,
        base_branch=held.base,
        claim_id=claim_id,
        ai_tasks=held.step.ai_tasks,
    )
    body = pull_request.body(held.project, held.step, record, held.summary, held.form)
    title = pull_request.title(held.step.step_description)
    pull = backend.host.open_pull_request(
        Draft(title=title, body=body, branch=branch, head_commit=held.commit, record=record)
    )
    warnings = backend.host.dress(pull, Dress(labels=held.labels, reviewer=reviewer))
    recorded = RecordPullRequest(claim_id, held.step.step_index, replace(pull, reviewer=pull.reviewer or reviewer))
    name = held.project.project

    def change(documents: Documents, _: datetime) -> Change[None]:
        found = find_claim(documents, claim_id) or documents.get(name)
        if found is None:
            return Change({}, "", None)
        message = f"Record pull request #{pull.number} of step {record.step_index} of {found.project}"
        return Change({found.project: recorded.apply(found)}, message, None)

    backend.store.transact(change, known=_by_now(backend, held))
    return Published(pull, warnings, held.project.progress)


def _by_now(backend: Backend, held: Held) -> Glance:
    """What was known when publishing began, at the host's time by now."""
    elapsed = timedelta(seconds=int(backend.clock.monotonic() - held.since))
    return replace(held.known, now=held.known.now + elapsed)


def find_claim(documents: Documents, claim_id: str) -> Project | None:
    """The project that a claim is in, by the claim's id over all documents."""
    return next((p for p in documents.projects.values() if claimed_step(p, claim_id)), None)
