"""sync: write what the host says by now, and begin nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from claudestep.application.backend import Backend
from claudestep.application.update import Hear, Updated, looking, unheard, would_update
from claudestep.application.world import World
from claudestep.domain.models import Project, PullKey
from claudestep.domain.naming import parse_step_branch
from claudestep.domain.observation import Observation
from claudestep.domain.recorded import not_found, recorded
from claudestep.domain.story import Rewrite, story
from claudestep.infrastructure.metadata.documents import Documents
from claudestep.infrastructure.metadata.store import Change


@dataclass(frozen=True, slots=True)
class Synced:
    """What changed in the documents, and what no rule can mend, both in sentences.

    `updates` are the branches that were brought up to date, in sentences.
    `wrote` is False where nothing changed or nothing was to be written; `broken` names the documents that
    cannot be read and stay as they are.
    """

    changes: tuple[str, ...]
    notes: tuple[str, ...]
    broken: tuple[str, ...] = ()
    wrote: bool = False
    updates: tuple[str, ...] = ()


def sync(backend: Backend, *, dry_run: bool, hear: Hear = unheard) -> Synced:
    """Bring documents up to what the host and the specs say, and branches that conflict; with `dry_run` only tell.

    Raises ClaudeStepError.
    """
    heard: list[Updated] = []
    if dry_run:
        world = backend.see_to_write()
        would_update(backend, world, heard.append)
        return _with_updates(_synced(world, _changed(world), wrote=False), heard)

    def both(updated: Updated) -> None:
        heard.append(updated)
        hear(updated)

    def change(observation: Observation, documents: Documents) -> Change[Synced]:
        world = backend.world(observation, documents)
        changed = _changed(world)
        return Change(changed, f"Sync {', '.join(changed)}", _synced(world, changed, wrote=bool(changed)))

    return _with_updates(backend.store.transact_on(looking(backend, both, again=True), change).result, heard)


def _with_updates(synced: Synced, heard: Sequence[Updated]) -> Synced:
    """The same with what came of the branches that conflict."""
    updates = (str(one) for one in heard if not one.obstacle)
    obstacles = (str(one) for one in heard if one.obstacle)
    return replace(synced, updates=tuple(updates), notes=(*synced.notes, *obstacles))


def _changed(world: World) -> dict[str, Project]:
    """What differs from the documents, with the projects that have none and whose pull requests are there."""
    lost = {name: project for name, project in world.projects.items() if any(s.pr_number for s in project.steps)}
    return {name: lost[name] for name in lost.keys() - world.documents.projects.keys()} | world.changed()


def _synced(world: World, changed: Mapping[str, Project], *, wrote: bool) -> Synced:
    rewrites = {name: Rewrite(world.documents.projects.get(name), after) for name, after in changed.items()}
    return Synced(
        changes=tuple(_told(rewrites)),
        notes=(*_missing(world), *_unclaimed(world), *_elsewhere(world)),
        broken=tuple(error.explained for error in world.documents.broken.values()),
        wrote=wrote,
    )


def _told(rewrites: Mapping[str, Rewrite]) -> Iterable[str]:
    for name, one in sorted(rewrites.items()):
        yield from (f"{name}: {sentence}" for sentence in story({name: one}))


def _missing(world: World) -> Iterable[str]:
    """Pull requests that are recorded open and that the host does not know."""
    for one in not_found(world.projects.values(), world.observation.pull_requests):
        yield f"{one.project}: {one} is recorded open and is not to be found. {one.remedy}"


def _unclaimed(world: World) -> Iterable[str]:
    """Pull requests from a branch of ours that no document has."""
    known = _recorded(world)
    for pull in world.observation.pull_requests:
        branch = parse_step_branch(pull.branch)
        if (
            branch is not None
            and branch.project not in world.documents.broken
            and known.keys().isdisjoint(pull.keys)
        ):
            yield f"{branch.project}: pull request #{pull.number} from {pull.branch} belongs to no step"


def _elsewhere(world: World) -> Iterable[str]:
    """Open pull requests for another branch than their project's."""
    known = _recorded(world)
    for pull in world.observation.pull_requests:
        plan = world.plans.get(known.get(pull.key, ""))
        if plan and pull.state == "open" and pull.base_branch and pull.base_branch != plan.base.branch:
            yield (
                f"{plan.name}: pull request #{pull.number} is for {pull.base_branch}, and its project is on "
                f"{plan.base.branch}: merged as it is, it does not tick its step here"
            )


def _recorded(world: World) -> dict[PullKey, str]:
    """The project of every pull request that a document has, or that a claim is about to have."""
    projects = world.projects.values()
    branches = {step.claim.branch: p.project for p in projects for step in p.steps if step.claim}
    claimed = {p.key: branches[p.branch] for p in world.observation.pull_requests if p.branch in branches}
    return claimed | {one.pull.key: one.project for one in recorded(projects)}
