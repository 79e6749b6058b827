"""close: a pull request is over without a merge, on its host and in the documents."""

import logging
from dataclasses import dataclass

from claudestep.application.backend import Backend
from claudestep.application.pull_request import harmless
from claudestep.application.world import World
from claudestep.domain.changes import RecordClosing
from claudestep.domain.errors import HostError, UsageError
from claudestep.domain.naming import parse_step_branch
from claudestep.domain.observation import Observation, PullRequest, Questions
from claudestep.domain.recorded import RecordedPull, not_found, recorded
from claudestep.infrastructure.metadata.documents import Documents, read_documents
from claudestep.infrastructure.metadata.store import Change

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Closed:
    """A pull request that is over: as its host had it, None where that did not find it; and whose it is."""

    pull: PullRequest | None
    owner: RecordedPull | None


def close(backend: Backend, number: int, reason: str | None) -> Closed:
    """Close a pull request, and note why: the next attempt at its step is told.

    One that is recorded open and that the host does not have is recorded as over: its reviewer has room again.
    Such a one comes first, should there be another of this number. Raises UsageError, HostError.
    """
    world = backend.see_to_write()
    lost = _lost(world, number)
    if lost is not None:
        return _release(backend, lost, reason)
    world = _with_number(backend, world, number)
    pull = next((pull for pull in world.observation.pull_requests if pull.number == number), None)
    if pull is None:
        raise _no_pull_request(number, world)
    _check(world, pull)
    backend.host.close(pull)
    if reason:
        _tell(backend, pull, reason)
    return Closed(pull, _record(backend, pull, reason))


def _lost(world: World, number: int) -> RecordedPull | None:
    """The recorded one that was asked after and that the host does not have."""
    missing = not_found(world.projects.values(), world.observation.pull_requests)
    return next((one for one in missing if one.pull.pr_number == number), None)


def _release(backend: Backend, lost: RecordedPull, reason: str | None) -> Closed:
    """Record that it is over. Raises UsageError where a second look finds it."""

    def change(observation: Observation, documents: Documents) -> Change[RecordedPull | None]:
        world = backend.world(observation, documents)
        if _lost(world, lost.pull.pr_number) != lost:
            raise UsageError(f"{lost} of {lost.project} has changed meanwhile", remedy="Run it again.")
        return _closing(world, lost, RecordClosing(lost.pull.key, None, reason))

    backend.store.transact_on(backend.look, change)
    return Closed(None, lost)


def _with_number(backend: Backend, world: World, number: int) -> World:
    """The world and this pull request, where that ended long ago or is not ClaudeStep's."""
    if any(pull.number == number for pull in world.observation.pull_requests):
        return world
    answers = backend.host.look_up(Questions(numbers=frozenset({number})))
    observation = world.observation.with_answers(answers)
    return backend.world(observation, read_documents(observation.snapshot))


def _owner(world: World, pull: PullRequest) -> RecordedPull | None:
    return next((one for one in recorded(world.projects.values()) if one.pull.key in pull.keys), None)


def _check(world: World, pull: PullRequest) -> None:
    """Raise UsageError for what is not to be closed; InvalidDocument where that could not be recorded."""
    owner, branch = _owner(world, pull), parse_step_branch(pull.branch)
    if owner is None and branch is None:
        raise UsageError(
            f"pull request #{pull.number} is not ClaudeStep's: it is from {pull.branch}",
            remedy="Close it where it is." if not pull.url else f"Close it there: {pull.url}",
        )
    if branch is not None and branch.project in world.documents.broken:
        raise world.documents.broken[branch.project]
    # What the documents say was repaired from the host, and they know the boxes as well.
    state = owner.pull.pr_state if owner else pull.state
    if state != "open":
        raise UsageError(f"pull request #{pull.number} is {state} already")


def _tell(backend: Backend, pull: PullRequest, reason: str) -> None:
    """Say below a pull request why it was turned down; the documents say it in any case."""
    try:
        backend.host.comment(pull, f"Turned down: {harmless(reason)}")
    except HostError as error:
        logger.warning("the reason is recorded, and could not be written below the pull request: %s", error)


def _record(backend: Backend, pull: PullRequest, reason: str | None) -> RecordedPull | None:
    """Record it as closed, whether the next read shows that yet or not; return whose it is."""

    def change(observation: Observation, documents: Documents) -> Change[RecordedPull | None]:
        world = backend.world(observation, documents)
        owner = _owner(world, pull)
        if owner is None:
            return Change(world.changed(), f"Close pull request #{pull.number}", None)
        return _closing(world, owner, RecordClosing(owner.pull.key, observation.now, reason))

    return backend.store.transact_on(backend.look, change).result


def _closing(world: World, owner: RecordedPull, closing: RecordClosing) -> Change[RecordedPull | None]:
    changed = {**world.changed(), owner.project: closing.apply(world.projects[owner.project])}
    return Change(changed, f"Close pull request #{closing.pull.number} of {owner.project}", owner)


def _no_pull_request(number: int, world: World) -> UsageError:
    open_ones = [f"#{pull.number}" for pull in world.observation.pull_requests if pull.state == "open"]
    there = f"Open: {', '.join(open_ones)}" if open_ones else "None is open."
    return UsageError(f"there is no pull request #{number} of ClaudeStep's", remedy=there)
