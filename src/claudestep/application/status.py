"""status: where every project stands, repaired in memory and never written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from claudestep.application.backend import Backend
from claudestep.application.missing import no_spec
from claudestep.application.world import World
from claudestep.domain.chain import Decision, StepState, step_states
from claudestep.domain.config import Config
from claudestep.domain.errors import ClaudeStepError, InvalidDocument
from claudestep.domain.models import Project
from claudestep.domain.naming import check_project_name, spec_path
from claudestep.domain.reviews import OpenReview, open_reviews


@dataclass(frozen=True, slots=True)
class ProjectStatus:
    """One project: its repaired document, the state of each step, and what comes next.

    `project` is None where the document cannot be read; `decision` is then, or where the project's files
    are wrong, the error.
    """

    name: str
    project: Project | None
    open: tuple[OpenReview, ...]
    states: Mapping[int, StepState]
    decision: Decision | ClaudeStepError


@dataclass(frozen=True, slots=True)
class StatusReport:
    """All projects at one moment."""

    at: datetime
    base_branch: str
    metadata_version: str | None
    projects: tuple[ProjectStatus, ...]
    hint: str = ""
    """What to do where there is no project at all."""


def status(backend: Backend, only: str | None = None) -> StatusReport:
    """Look once and say where things stand. Raises UsageError for a project that is not there."""
    world = backend.see()
    names = sorted({*world.plans, *world.documents.projects, *world.documents.broken})
    if only is not None:
        if check_project_name(only) not in names:
            raise no_spec(backend, world, only)
        names = [only]
    return StatusReport(
        at=world.observation.now,
        base_branch=world.observation.default_branch,
        metadata_version=world.observation.snapshot.version,
        projects=tuple(_project(world, name) for name in names),
        hint="" if names else backend.host.spec_hint(spec_path("*")),
    )


def _project(world: World, name: str) -> ProjectStatus:
    broken: InvalidDocument | None = world.documents.broken.get(name)
    if broken is not None:
        return ProjectStatus(name, None, (), {}, broken)
    project = world.projects[name]
    plan = world.plans.get(name)
    config = plan.config if plan else Config()
    reviews = tuple(open_reviews(project, world.observation.now, config.stale_after))
    return ProjectStatus(name, project, reviews, step_states(project, config), _decision(world, name))


def _decision(world: World, name: str) -> Decision | ClaudeStepError:
    try:
        return world.decide(name)
    except ClaudeStepError as error:
        return error
