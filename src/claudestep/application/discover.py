"""discover: which projects an event is about.

The project of a pull request is found in the records, not by the name of a branch: names may be alike.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from claudestep.application.backend import Backend
from claudestep.application.world import World
from claudestep.domain.errors import ClaudeStepError
from claudestep.domain.events import Event
from claudestep.domain.naming import REPOSITORY_CONFIGURATION, ROOT, spec_path
from claudestep.domain.observation import BaseTree
from claudestep.domain.recorded import recorded
from claudestep.domain.spec import Spec
from claudestep.infrastructure.spec_file import read_spec

_HEADS = "refs/heads/"


@dataclass(frozen=True, slots=True)
class Discovered:
    """The projects that are meant; where there are none, why: a word for programs, and a sentence."""

    names: tuple[str, ...] = ()
    reason: str = ""
    message: str = ""


def nothing_to_do(event: Event) -> Discovered | None:
    """Why an event is about no project, where that is so whatever the repository holds; nothing is asked for it."""
    if not event.is_about_a_pull_request:
        return None
    if event.is_from_a_fork:
        return Discovered((), "from_a_fork", "A pull request from a fork is never one of ClaudeStep's.")
    if event.action != "closed":
        return Discovered((), "not_closed", "Only a pull request that was merged or closed makes room for another.")
    return None


def discover(backend: Backend, event: Event) -> Discovered:
    """The projects that an event is about: every one where it names none. Raises ClaudeStepError."""
    found = nothing_to_do(event)
    if found is not None:
        return found
    world = backend.see_to_write()
    if event.is_about_a_pull_request:
        return _of_pull_request(world, event)
    if event.name == "push":
        return _of_push(backend, world, event)
    return _all(world)


def _all(world: World) -> Discovered:
    if world.plans:
        return Discovered(tuple(world.plans))
    branch = world.observation.default_branch
    return Discovered((), "no_projects", f"There is no {spec_path('*')} on {branch}.")


def _of_pull_request(world: World, event: Event) -> Discovered:
    """The project whose pull request it is, and those that waited for its reviewer, too."""
    projects = world.projects.values()
    names = {p.project for p in projects for s in p.steps if s.claim and s.claim.branch == event.branch}
    names |= {
        one.project
        for one in recorded(projects)
        if (one.pull.pr_number, one.pull.branch_name) == (event.number, event.branch)
    }
    if not names:
        return Discovered((), "not_ours", f"Pull request #{event.number} is none of ClaudeStep's.")
    if world.repository.max_open_prs_per_reviewer is not None:
        names |= world.plans.keys()
    return Discovered(tuple(sorted(names)))


def _of_push(backend: Backend, world: World, event: Event) -> Discovered:
    """The projects whose files a push changed, other than by ticks."""
    branch = event.ref.removeprefix(_HEADS)
    default = world.observation.bases[world.observation.default_branch]
    trees = {name: (default, plan.base) for name, plan in world.plans.items()}
    mine = {name: [tree for tree in pair if tree.branch == branch] for name, pair in trees.items()}
    before = _before(backend, event, branch)
    names = [name for name, now in mine.items() if now and _changed(name, before, now)]
    if names:
        return Discovered(tuple(names))
    return Discovered((), "nothing_changed", "The push changed no spec and no configuration, other than by ticks.")


def _before(backend: Backend, event: Event, branch: str) -> BaseTree | None:
    """What stood there before a push; None where that is not known any more."""
    if not event.before.strip("0"):
        return None
    try:
        return backend.git.base(event.before, branch)
    except ClaudeStepError:
        return None


def _changed(name: str, before: BaseTree | None, now: Iterable[BaseTree]) -> bool:
    """Whether a project's files differ, boxes aside."""
    if before is None:
        return True
    was = _of_project(name, before.files)
    return any(_of_project(name, tree.files) != was for tree in now)


def _of_project(name: str, files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    mine = {
        path: data
        for path, data in files.items()
        if path == REPOSITORY_CONFIGURATION or path.startswith(f"{ROOT}/{name}/")
    }
    path = spec_path(name)
    return {**mine, path: _without_ticks(path, mine[path])} if path in mine else mine


def _without_ticks(path: str, content: bytes) -> bytes:
    try:
        spec: Spec = read_spec(path, content)
    except ClaudeStepError:
        return content
    boxes = bytearray(content)
    for step in spec.steps:
        boxes[step.mark] = ord(" ")
    return bytes(boxes)
