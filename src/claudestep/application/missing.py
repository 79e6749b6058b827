"""The error for a project that is asked for and has no steps, with what to do about it."""

from claudestep.application.backend import Backend
from claudestep.application.world import World
from claudestep.domain.chain import Wait
from claudestep.domain.errors import InvalidSpec, UsageError
from claudestep.domain.naming import spec_path
from claudestep.domain.reasons import Reason


def no_spec(backend: Backend, world: World, name: str) -> UsageError:
    """There is no spec of this name on the base branch: say where it may be, and which ones there are."""
    base = (backend.override and backend.override.of(name)) or world.observation.default_branch
    known = sorted(world.plans)
    there = f"\nProjects that are there: {', '.join(known)}" if known else ""
    path = spec_path(name)
    return UsageError(f"there is no {path} on {base}", remedy=f"{backend.host.spec_hint(path)}{there}")


def refuse_without_steps(backend: Backend, name: str, found: Wait) -> None:
    """Raise where a project was named that has nothing to work through."""
    if found.reason is Reason.SPEC_MISSING:
        raise no_spec(backend, backend.see(), name)
    if found.reason is Reason.SPEC_WITHOUT_STEPS:
        raise InvalidSpec(spec_path(name), "it has no steps", remedy="Write them as task items: - [ ] What to do")
