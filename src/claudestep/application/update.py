"""update: open branches that conflict in spec.md alone are brought up to date; of others it is said once.

It is done between looking and deciding, costs no request unless something conflicts, and never stops a run: what
goes wrong is a warning, and the next run looks again.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from claudestep.application.backend import Backend
from claudestep.application.pull_request import harmless
from claudestep.application.world import World
from claudestep.domain.changes import RecordConflict
from claudestep.domain.errors import ClaudeStepError
from claudestep.domain.observation import Observation
from claudestep.domain.spec import Spec
from claudestep.domain.updating import BranchUpdate, Place, Resolution, may_conflict, updates
from claudestep.infrastructure.hosting.port import Merge, Merging, UpdateRefused
from claudestep.infrastructure.metadata.documents import Documents, read_documents
from claudestep.infrastructure.metadata.store import Change
from claudestep.infrastructure.spec_file import read_spec

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Updated:
    """A branch that was brought up to date, or (`obstacle`) why a person has to see to it."""

    update: BranchUpdate
    obstacle: str = ""
    done: bool = True

    def __str__(self) -> str:
        one = self.update
        head = f"{one.project}: step {one.step_index}: pull request #{one.pull.number}"
        if self.obstacle:
            again = f"claudestep close {one.pull.number}, then claudestep retry {one.project} {one.step_index}"
            return (
                f"{head} conflicts with {one.base.branch}, and that takes a person: {self.obstacle}. "
                f"Resolve it on {one.pull.branch}, or have the step done anew: {again}"
            )
        return f"{head} {'was' if self.done else 'would be'} brought up to date with {one.base.branch}"


Hear = Callable[[Updated], None]
Act = Callable[[Merging, BranchUpdate, Merge], None]
Look = Callable[[str | None], Observation]


def unheard(_: Updated) -> None:
    """Nobody wants to hear of it."""


def looking(backend: Backend, hear: Hear, *, again: bool = False) -> Look:
    """How a use case looks that brings branches up to date on its way.

    `again`: also those of which it was said already that they take a person.
    """

    def look(since: str | None = None) -> Observation:
        seen = backend.look(since)
        if seen.is_lost or not any(map(may_conflict, seen.pull_requests)):
            return seen
        world = backend.world(seen, read_documents(seen.snapshot))
        recorded = bring_up_to_date(backend, world, hear, again=again)
        return backend.look(since) if recorded else seen

    return look


def bring_up_to_date(backend: Backend, world: World, hear: Hear, *, again: bool) -> bool:
    """Bring every branch up to date that conflicts in its tick alone; whether something was recorded."""
    recorded: list[bool] = []

    def one(merging: Merging, update: BranchUpdate, merge: Merge) -> None:
        found = _resolve(merging, update, merge)
        obstacle = found.obstacle
        try:
            if not obstacle:
                _update(merging, update, merge, found.spec)
                hear(Updated(update))
                return
        except UpdateRefused as error:
            obstacle = f"it cannot be brought up to date: {error.explained}"
        if not merge.conflicts:
            logger.info("%s is said to conflict, and git merges it: %s", update.pull.branch, obstacle)
            return
        recorded.append(_say(backend, Updated(update, obstacle), hear))

    if _may_write(backend, world):
        _with_each(backend, world, one, again=again)
    return any(recorded)


def would_update(backend: Backend, world: World, hear: Hear) -> None:
    """Tell what would be done, and do nothing."""

    def one(merging: Merging, update: BranchUpdate, merge: Merge) -> None:
        hear(Updated(update, _resolve(merging, update, merge).obstacle, done=False))

    _with_each(backend, world, one, again=True)


def _may_write(backend: Backend, world: World) -> bool:
    """Whether there is anything to be done, and the right to do it."""
    known = [update for update in _candidates(world) if update.pull.conflicting and not update.told]
    obstacle = backend.host.write_obstacle()
    if obstacle is None:
        return True
    if known:
        numbers = ", ".join(f"#{update.pull.number}" for update in known)
        logger.warning("%s cannot be brought up to date: %s", numbers, obstacle.reason)
    return False


def _candidates(world: World) -> tuple[BranchUpdate, ...]:
    places = {name: Place(plan.base, plan.spec) for name, plan in world.plans.items() if plan.problem is None}
    seen = world.observation
    default = Place(seen.bases[seen.default_branch], None)
    gone = {name: default for name in world.bound if name not in world.plans}
    return updates(seen.pull_requests, world.bound, {**gone, **places})


def _with_each(backend: Backend, world: World, act: Act, *, again: bool) -> None:
    """Do something about each branch that conflicts, as git merges it.

    A process tries each once upon the same base; what fails about one is a warning.
    """
    candidates = (update for update in _candidates(world) if again or not update.told)
    wanted = {(one.base.commit, one.head): one for one in candidates}
    for pair in backend.merged.intersection(wanted):
        del wanted[pair]
    if not wanted:
        return
    backend.merged.update(wanted)
    try:
        with backend.git.merging(wanted.keys()) as merging:
            for update in wanted.values():
                _try(merging, update, act)
    except (ClaudeStepError, OSError) as error:
        logger.warning("whether open pull requests conflict could not be found out: %s", error)


def _try(merging: Merging, update: BranchUpdate, act: Act) -> None:
    try:
        merge = merging.merge(update.base.commit, update.head)
        if merge.conflicts or (update.pull.conflicting and not _has_base(merging, update)):
            act(merging, update, merge)
    except ClaudeStepError as error:
        logger.warning("pull request #%d is not brought up to date: %s", update.pull.number, error.explained)


def _has_base(merging: Merging, update: BranchUpdate) -> bool:
    """Whether the branch has all of its base: what the host says of it is out of date then."""
    return merging.ancestor(update.base.commit, update.head) == update.base.commit


def _resolve(merging: Merging, update: BranchUpdate, merge: Merge) -> Resolution:
    path = update.spec_path
    ancestor = merging.ancestor(update.base.commit, update.head)
    before, after = merging.file(ancestor, path), merging.file(update.head, path)
    return update.resolve(merge.conflicts, _spec(path, before), after)


def _spec(path: str, content: bytes | None) -> Spec | None:
    """A spec that was; None where it was none."""
    try:
        return None if content is None else read_spec(path, content)
    except ClaudeStepError:
        return None


def _update(merging: Merging, update: BranchUpdate, merge: Merge, spec: bytes) -> None:
    """Commit the merge on the head that was read, and move the branch there."""
    parents = (update.head, update.base.commit)
    commit = merging.commit(merge, parents, (update.spec_path, spec), _message(update))
    merging.move(update.pull.branch, update.head, commit)


def _message(update: BranchUpdate) -> str:
    return (
        f"Merge {update.base.branch} into {update.pull.branch}\n\n"
        f"Steps that were merged meanwhile are ticked next to this one. {update.spec_path}\n"
        f"is as it is on {update.base.branch}, with the tick of this step; everything else is as git merges it.\n"
    )


def _say(backend: Backend, told: Updated, hear: Hear) -> bool:
    """Say below a pull request that it takes a person, once for each head; whether that was recorded now.

    It is recorded first, so that of several runs one says it.
    """
    one = told.update
    record = RecordConflict(one.step_index, one.pull.key, one.head)

    def change(documents: Documents, _: datetime) -> Change[None]:
        project = documents.get(one.project)
        after = {one.project: record.apply(project)} if project else {}
        return Change(after, f"Note the conflict of pull request #{one.pull.number} of {one.project}", None)

    hear(told)
    if one.told or not backend.store.transact(change).wrote:
        return False
    try:
        backend.host.comment(one.pull, _comment(told))
    except ClaudeStepError as error:
        logger.warning("that could not be said below pull request #%d: %s", one.pull.number, error.explained)
    return True


def _comment(told: Updated) -> str:
    one = told.update
    base, branch = one.base.branch, one.pull.branch
    return (
        f"This pull request conflicts with `{base}`, and that takes a person: {harmless(told.obstacle)}.\n\n"
        f"Merge `{base}` into `{branch}`, resolve what conflicts and push; or have the step done anew: "
        f"`claudestep close {one.pull.number}`, then `claudestep retry {one.project} {one.step_index}`. "
        "ClaudeStep resolves by itself only what conflicts in the tick of its step alone."
    )
