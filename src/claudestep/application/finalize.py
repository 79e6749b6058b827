"""finalize: record what was spent, publish, open the pull request, record it.

(1) one write finds the claim, records the AI tasks and says that publishing begins; (2) the branch is
created; (3) the pull request is opened, within ten minutes of (1); (5) one write records it and ends the
claim. A crash between any two of them is settled by the next run.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from claudestep.application import pull_request
from claudestep.application.backend import Backend
from claudestep.application.prepare import GRACE, Prepared
from claudestep.application.world import World
from claudestep.domain.changes import (
    RecordPullRequest,
    RecordTasks,
    ReleaseClaim,
    StartPublishing,
    claimed_step,
)
from claudestep.domain.models import AITask, Owner, Project, Step
from claudestep.domain.observation import Observation, PullRequest
from claudestep.infrastructure.metadata.documents import Documents
from claudestep.infrastructure.metadata.store import Change

PUBLISH_WITHIN = timedelta(minutes=10).total_seconds()


@dataclass(frozen=True, slots=True)
class Begin:
    """What (1) is told: which claim, whose step, what was spent, and who takes the claim over, if anybody."""

    claim_id: str
    project: str
    record: RecordTasks
    owner: Owner | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A claim that still holds: the project and step that it is on, as they are now."""

    project: Project
    step: Step
    base: str


def fail(backend: Backend, prepared: Prepared, failure: str | None, tasks: tuple[AITask, ...]) -> None:
    """End a claim whose attempt failed, and record what was spent, also where the claim is gone meanwhile.

    `failure` is None where the step is not to blame.
    """
    name, index = prepared.plan.name, prepared.start.step.step_index
    release = ReleaseClaim(prepared.claim.id, failure)
    record = RecordTasks(index, tasks)

    def change(documents: Documents, _: datetime) -> Change[None]:
        found = find_claim(documents, prepared.claim.id) or documents.get(name)
        if found is None:
            return Change({}, "", None)
        after = release.apply(record.apply(found))
        return Change({found.project: after}, f"Record the failure of step {index} of {found.project}", None)

    backend.store.transact(change)


def abandon(backend: Backend, claim_id: str, failure: str | None) -> None:
    """End a claim whose run breaks off, unless its branch may be published: the next run settles that.

    `failure` is None for an interrupt, which is nobody's failure. A claim that was never given is fine.
    """
    release = ReleaseClaim(claim_id, failure, only_while_working=True)

    def change(documents: Documents, _: datetime) -> Change[None]:
        found = find_claim(documents, claim_id)
        if found is None:
            return Change({}, "", None)
        return Change({found.project: release.apply(found)}, f"Release a claim on {found.project}", None)

    backend.store.transact(change)


def finalize(backend: Backend, prepared: Prepared, commit: str, tasks: tuple[AITask, ...]) -> PullRequest | None:
    """Publish a finished step and return its pull request.

    None where the claim is gone meanwhile; nothing is published then. Raises ClaudeStepError.
    """
    begin = Begin(prepared.claim.id, prepared.plan.name, RecordTasks(prepared.start.step.step_index, tasks))
    held = begin_publishing(backend, begin)
    if held is None:
        return None
    began = backend.clock.monotonic()
    backend.git.publish(prepared.claim.branch, commit)
    if backend.clock.monotonic() - began > PUBLISH_WITHIN:
        held = begin_publishing(backend, begin)
        if held is None:
            return None
    return open_and_record(backend, replace(held, base=prepared.plan.base.branch), prepared.claim.id, commit)


def begin_publishing(backend: Backend, begin: Begin) -> Held | None:
    """(1): record what was spent; from here on the branch may be there.

    None where the claim is gone or its step is done by now: what was spent is recorded all the same.
    """
    index = begin.record.step_index

    def change(observation: Observation, documents: Documents) -> Change[Held | None]:
        found = find_claim(documents, begin.claim_id)
        if found is None:
            gone = documents.get(begin.project)
            spent = {gone.project: begin.record.apply(gone)} if gone else {}
            return Change(spent, f"Record the cost of step {index} of {begin.project}", None)
        recorded = begin.record.apply(found)
        name = found.project
        if _is_done(backend.world(observation, documents), name, index):
            released = ReleaseClaim(begin.claim_id).apply(recorded)
            return Change({name: released}, f"Release step {index} of {name}: it is done", None)
        publishing = StartPublishing(begin.claim_id, observation.now + GRACE, begin.owner).apply(recorded)
        step = claimed_step(publishing, begin.claim_id)
        held = Held(publishing, step, observation.default_branch) if step else None
        return Change({name: publishing}, f"Publish step {index} of {name}", held)

    return backend.store.transact_on(backend.look, change).result


def _is_done(world: World, name: str, index: int) -> bool:
    bound = world.bound.get(name)
    line = bound.lines.get(index) if bound else None
    return line is not None and line.ticked


def open_and_record(backend: Backend, held: Held, claim_id: str, commit: str) -> PullRequest:
    """(3) to (5): open the pull request of a published branch, and record it."""
    claim = held.step.claim
    branch = claim.branch if claim else ""
    reviewer = claim.reviewer if claim else None
    draft = pull_request.draft(held.project, held.step, branch, commit, reviewer=reviewer, base=held.base)
    pull = backend.host.open_pull_request(draft)
    record = RecordPullRequest(claim_id, held.step.step_index, replace(pull, reviewer=pull.reviewer or reviewer))
    name = held.project.project

    def change(documents: Documents, _: datetime) -> Change[None]:
        found = find_claim(documents, claim_id) or documents.get(name)
        if found is None:
            return Change({}, "", None)
        message = f"Record pull request #{pull.number} of step {record.step_index} of {found.project}"
        return Change({found.project: record.apply(found)}, message, None)

    backend.store.transact(change)
    return pull


def find_claim(documents: Documents, claim_id: str) -> Project | None:
    """The project that a claim is in, by the claim's id over all documents."""
    return next((p for p in documents.projects.values() if claimed_step(p, claim_id)), None)
