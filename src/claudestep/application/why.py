"""why: what a run would do now, or why it would begin nothing, and what can be done about that."""

from collections.abc import Mapping
from dataclasses import dataclass

from claudestep.application.backend import Backend
from claudestep.application.missing import no_spec
from claudestep.application.world import World
from claudestep.domain.budget import Account
from claudestep.domain.capacity import Room, rooms
from claudestep.domain.chain import Start, StepState, Wait, step_states
from claudestep.domain.config import Config
from claudestep.domain.errors import MetadataLost
from claudestep.domain.models import Project
from claudestep.domain.naming import METADATA_BRANCH, check_project_name
from claudestep.domain.recorded import RecordedPull, not_found
from claudestep.domain.reviews import OpenReview, open_reviews


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decision on a project, and all that it was made from.

    `obstacle` is why the agent could not even start on this machine, or its work not be published.
    """

    project: str
    decision: Start | Wait
    obstacle: str | None
    open: tuple[OpenReview, ...]
    rooms: tuple[Room, ...]
    account: Account
    states: Mapping[int, StepState]
    not_found: tuple[RecordedPull, ...] = ()
    """What counts as open, and the host does not have."""

    @property
    def steps_left(self) -> int:
        """How many steps can still be begun."""
        return sum(state is StepState.READY for state in self.states.values())


def why(backend: Backend, name: str) -> Explanation:
    """Look once, write nothing. Raises ClaudeStepError for what is wrong with the project's own files."""
    world = backend.see()
    check_project_name(name)
    decision = world.decide(name)
    project = world.projects.get(name) or Project(project=name)
    plan = world.plans.get(name)
    if plan is None and not project.steps and name not in world.documents.broken:
        raise no_spec(backend, world, name)
    config = plan.config if plan else Config()
    return Explanation(
        project=name,
        decision=decision,
        obstacle=_obstacle(backend, world, config) if isinstance(decision, Start) else None,
        open=tuple(open_reviews(project, world.observation.now, config.stale_after)),
        rooms=tuple(rooms(name, config, world.repository, world.load)),
        account=Account.of(project, config.budget),
        states=step_states(project, config),
        not_found=tuple(not_found([project], world.observation.pull_requests)),
    )


def _obstacle(backend: Backend, world: World, config: Config) -> str | None:
    """Why a step could not even be begun, or its work be published."""
    if world.observation.is_lost:
        return MetadataLost(METADATA_BRANCH).explained
    to_publishing = backend.host.write_obstacle()
    publishing = f"{to_publishing.reason}. {to_publishing.remedy}" if to_publishing else None
    return backend.agent_of(config).obstacle() or publishing
