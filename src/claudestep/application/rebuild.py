"""metadata rebuild: the documents made anew, or completed, from all pull requests and the specs, in one commit.

A document that can be read knows better than any pull request; the host knows better than both how these ended.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from claudestep.application.backend import Backend
from claudestep.application.world import World
from claudestep.domain import rebuilding
from claudestep.domain.adopting import adopt_lost, fits
from claudestep.domain.errors import InvalidDocument, NewerDocument
from claudestep.domain.models import Project, PullKey
from claudestep.domain.naming import name_problem, parse_step_branch, spec_path
from claudestep.domain.observation import Observation, PullRequest, StepRecord, is_ours
from claudestep.domain.recorded import recorded
from claudestep.domain.story import differences
from claudestep.infrastructure.metadata.documents import Documents, read_documents
from claudestep.infrastructure.metadata.store import Change

How = Literal["made", "completed", "replaced"]
"""A document that was not there; one that can be read; one that could not be, and stays in the branch's history."""


@dataclass(frozen=True, slots=True)
class RebuiltProject:
    """A document as it is to be written; `changes` are what a completed one lacked, `former` its other names."""

    project: Project
    how: How
    changes: tuple[str, ...] = ()
    former: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What is to be written, or was, and what stays as it is: in sentences.

    `begins`: there is no branch. `left_out` are pull requests that are not believed, `kept` documents that cannot
    be read and stay.
    """

    projects: tuple[RebuiltProject, ...]
    left_out: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    begins: bool = False
    wrote: bool = False

    @property
    def lost(self) -> tuple[str, ...]:
        """What does not come back with documents that are made anew."""
        is_anew = any(one.how != "completed" for one in self.projects)
        return tuple(loss.what for loss in rebuilding.LOST) if is_anew else ()


def rebuild(backend: Backend, *, dry_run: bool) -> Rebuilt:
    """Make the branch, or complete it; with `dry_run` only tell. Twice is once. Raises ClaudeStepError."""

    def change(observation: Observation, documents: Documents) -> Change[Rebuilt]:
        found = decide(backend, observation, documents)
        projects = {one.project.project: one.project for one in found.projects}
        replaced = frozenset(one.project.project for one in found.projects if one.how == "replaced")
        done = replace(found, wrote=bool(projects))
        return Change(projects, f"Rebuild {', '.join(projects)}", done, replaced)

    if not dry_run:
        return backend.store.transact_on(backend.look_at_all, change, anew=True).result
    observation = backend.look_at_all()
    return decide(backend, observation, read_documents(observation.snapshot))


def decide(backend: Backend, observation: Observation, documents: Documents) -> Rebuilt:
    """What the documents should be, by all that is there. Writes nothing."""
    evidence = _Evidence(observation, backend.world(observation, documents))
    remade = evidence.remade()
    world = backend.world(_without_records(observation), evidence.with_remade(remade))
    names = [name for name in world.projects if name_problem(name) is None]
    rebuilt = [one for name in names if (one := _rebuilt(evidence, world, remade, name)) is not None]
    return Rebuilt(
        projects=tuple(rebuilt),
        left_out=tuple(evidence.left_out()),
        kept=tuple(error.explained for error in evidence.kept.values()),
        notes=tuple(_notes(evidence, world, rebuilt)),
        begins=documents.version is None,
    )


@dataclass(frozen=True, slots=True)
class _Remade:
    """A project as its pull requests tell it, and the names that these have besides its own."""

    project: Project
    former: tuple[str, ...]


@dataclass(frozen=True)
class _Evidence:
    """What there is to make documents of: pull requests with records, and the specs of `world`."""

    observation: Observation
    world: World
    ours: tuple[PullRequest, ...] = field(init=False)
    known: Mapping[PullKey, str] = field(init=False)

    def __post_init__(self) -> None:
        ours = tuple(pull for pull in self.observation.pull_requests if is_ours(pull))
        projects = self.world.documents.projects.values()
        object.__setattr__(self, "ours", ours)
        object.__setattr__(self, "known", {one.pull.key: one.project for one in recorded(projects)})

    @property
    def kept(self) -> Mapping[str, InvalidDocument]:
        """The documents that cannot be read and are not to be replaced."""
        broken = self.world.documents.broken
        return {name: error for name, error in broken.items() if not self._gives_way(name, error)}

    def _gives_way(self, name: str, error: InvalidDocument) -> bool:
        if isinstance(error, NewerDocument) or name_problem(name) is not None:
            return False
        return bool(self._lines(name)) or any(record.project == name for _, record in self._lost())

    def remade(self) -> dict[str, _Remade]:
        """The projects without a document that can be read, as their pull requests tell them."""
        groups: dict[str, list[PullRequest]] = {}
        for pull, record in self._lost():
            groups.setdefault(record.project, []).append(pull)
        homes = self._homes(groups)
        found = {}
        for name in {homes.get(name, name) for name in groups} - self.kept.keys():
            former = tuple(sorted(old for old, new in homes.items() if new == name))
            pulls = [pull for one in (*former, name) for pull in groups.get(one, ())]
            if name not in self.world.documents.projects:
                found[name] = _Remade(rebuilding.remake(name, pulls, former), former)
            elif former:
                found[name] = self._completed(name, pulls, former)
        return found

    def _completed(self, name: str, pulls: Iterable[PullRequest], former: tuple[str, ...]) -> _Remade:
        known = self.world.documents.projects[name]
        return _Remade(adopt_lost(known, pulls, former), former)

    def _homes(self, groups: Mapping[str, list[PullRequest]]) -> dict[str, str]:
        """The name that a project has now, by the one that its pull requests have."""
        there = {*self.world.documents.projects, *self.world.documents.broken, *self._with_spec()}
        homeless = {name: rebuilding.remake(name, pulls) for name, pulls in groups.items() if name not in there}
        lines = {name: self._lines(name) for name in self.world.plans}
        return dict(rebuilding.find_homes(homeless, lines))

    def _with_spec(self) -> set[str]:
        paths = {path for tree in self.observation.bases.values() for path in tree.files}
        named = {record.project for _, record in self._lost()}
        return {name for name in named if spec_path(name) in paths}

    def _lines(self, name: str) -> frozenset[str]:
        plan = self.world.plans.get(name)
        return frozenset(step.text for step in plan.spec.steps) if plan and plan.spec else frozenset()

    def _lost(self) -> Iterator[tuple[PullRequest, StepRecord]]:
        """The pull requests that no document has, with their records."""
        for pull in self.ours:
            if self.known.keys().isdisjoint(pull.keys) and pull.record and fits(pull.record, pull.branch):
                yield pull, pull.record

    def with_remade(self, remade: Mapping[str, _Remade]) -> Documents:
        """The documents, completed and made anew, for what the host and the specs say about them."""
        documents = self.world.documents
        ids = {task.id for project in documents.projects.values() for task in project.ai_tasks if task.id}
        projects = {name: one.project for name, one in remade.items()}
        lost = [pull for pull, _ in self._lost()]
        for name, project in documents.projects.items():
            mine = adopt_lost(projects.get(name, project), lost)
            projects[name] = rebuilding.complete(mine, self.ours, ids)
        return replace(documents, projects=projects, broken=self.kept)

    def left_out(self) -> Iterator[str]:
        """The pull requests of no document whose records are not believed."""
        believed = {pull.number for pull, _ in self._lost()}
        for pull in self.ours:
            if self.known.keys().isdisjoint(pull.keys) and pull.number not in believed:
                yield (
                    f"pull request #{pull.number} from {pull.branch} is left out: "
                    "its text carries no record of ClaudeStep's that fits its branch"
                )


def _without_records(observation: Observation) -> Observation:
    """What was seen, for documents that have all that is to be believed of the records."""
    pulls = (replace(pull, record=None) for pull in observation.pull_requests)
    return replace(observation, pull_requests=tuple(pulls))


def _rebuilt(evidence: _Evidence, world: World, remade: Mapping[str, _Remade], name: str) -> RebuiltProject | None:
    """A document as it should be; None where it is so, or where nothing is to be made of a mere spec."""
    documents = evidence.world.documents
    before = documents.projects.get(name)
    one = remade.get(name) or _Remade(Project(project=name), ())
    project = world.projects[name]
    if before is None:
        project = rebuilding.number_anew(project, one.project)
    project = rebuilding.count_attempts(project, _branches(evidence))
    if before is not None:
        told = differences(before, project)
        return RebuiltProject(project, "completed", tuple(told), one.former) if project != before else None
    if name not in remade and not (project.steps and (documents.version is None or name in documents.broken)):
        return None
    return RebuiltProject(project, "replaced" if name in documents.broken else "made", (), one.former)


def _branches(evidence: _Evidence) -> set[str]:
    return {pull.branch for pull in evidence.ours} | evidence.observation.branches


def _notes(evidence: _Evidence, world: World, rebuilt: Iterable[RebuiltProject]) -> Iterator[str]:
    for one in rebuilt:
        name = one.project.project
        plan = world.plans.get(name)
        if plan is not None and plan.problem is not None:
            yield f"{name}: {plan.problem}; its steps are those of its pull requests alone"
        elif plan is None and one.how != "completed":
            yield (
                f"{name} has no {spec_path(name)}; if it has another name by now: "
                f"claudestep metadata rename {name} NEW"
            )
    yield from _stray(evidence, rebuilt)


def _stray(evidence: _Evidence, rebuilt: Iterable[RebuiltProject]) -> Iterator[str]:
    """Branches of steps that are not there."""
    for project in (one.project for one in rebuilt if one.how != "completed"):
        numbers = {step.step_index for step in project.steps}
        for branch in sorted(evidence.observation.branches):
            named = parse_step_branch(branch)
            if named and named.project == project.project and named.step_index not in numbers:
                yield f"the branch {branch} is of no step that is known; look whether it can go"
