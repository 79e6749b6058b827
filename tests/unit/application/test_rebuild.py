"""A metadata branch that is lost and made anew: everything is as it was, but for what is said to be lost."""

from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from claudestep.application.rebuild import rebuild
from claudestep.domain.models import PreviousPullRequest, Project, Step
from claudestep.domain.naming import parse_step_branch
from claudestep.domain.rebuilding import LOST
from claudestep.infrastructure.hosting import record_block
from tests.fakes.memory_host import MemoryHost
from tests.unit.application.histories import Deed, Town, deeds

LOST_IN_STEPS = {name for loss in LOST for name in loss.steps}
LOST_IN_PULLS = {name for loss in LOST for name in loss.pulls}
LOST_IN_PROJECTS = {name for loss in LOST for name in loss.project}


@given(history=deeds(), infers=st.booleans())
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_all_comes_back_but_what_is_said_to_be_lost(history: list[Deed], infers: bool) -> None:  # noqa: FBT001
    with TemporaryDirectory() as folder:
        town = Town(Path(folder), infers)
        town.live(history)
        before = town.documents()
        town.lose()
        done = rebuild(town.backend, dry_run=False)
        after = town.documents()

        assert done.wrote
        event(f"{len(town.host.pulls)} pull requests")
        assert set(before) <= set(after)
        for name, project in before.items():
            compare(project, after[name], town.host)
        again = rebuild(town.backend, dry_run=False)
        assert (again.wrote, again.projects) == (False, ())


def compare(before: Project, after: Project, host: MemoryHost) -> None:
    """Raise where something differs that is not said to be lost."""
    for field in fields(Project):
        if field.name not in LOST_IN_PROJECTS | {"steps"}:
            assert getattr(before, field.name) == getattr(after, field.name), field.name
    assert lines_of(before) == lines_of(after)
    was, now = with_pull_requests(before), with_pull_requests(after)
    assert was.keys() == now.keys()
    for key, step in was.items():
        compare_steps(step, now[key], host)


def lines_of(project: Project) -> list[tuple[str, bool]]:
    """The steps that have a line, in its order, and whether it is ticked."""
    current = [step for step in project.steps if step.orphaned_at is None]
    return [(step.step_description, step.completed_at is not None) for step in current]


def with_pull_requests(project: Project) -> dict[object, Step]:
    """By the first of them."""
    return {step.pull_requests()[0].key: step for step in project.steps if step.pull_requests()}


def compare_steps(before: Step, after: Step, host: MemoryHost) -> None:
    assert before.step_index == after.step_index
    assert (before.orphaned_at is None) == (after.orphaned_at is None)
    was_set_aside = before.pr_number is None
    for field in fields(Step):
        if field.name not in LOST_IN_STEPS | {"previous_pull_requests"}:
            assert getattr(before, field.name) == getattr(after, field.name) or (
                was_set_aside and field.name == "head_commit"
            ), field.name
    pulls = after.pull_requests()
    assert len(before.pull_requests()) == len(pulls)
    for one, other in zip(before.pull_requests(), pulls, strict=True):
        compare_pulls(one, other, infers=host.infers)
    suffixes = [named.attempt for pull in pulls if (named := parse_step_branch(pull.branch_name))]
    assert max(suffixes) <= after.attempts <= before.attempts
    texts = [record_block.read(host.bodies[pull.pr_number]) for pull in pulls]
    told = {task.id for record in texts if record for task in record.ai_tasks}
    assert after.ai_tasks == tuple(task for task in before.ai_tasks if task.id in told)


def compare_pulls(before: PreviousPullRequest, after: PreviousPullRequest, *, infers: bool) -> None:
    for field in fields(PreviousPullRequest):
        if field.name not in LOST_IN_PULLS or (field.name.endswith("_at") and not infers):
            assert getattr(before, field.name) == getattr(after, field.name), field.name
