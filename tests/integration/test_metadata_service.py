"""The questions that the seed asks of its metadata, on a real repository."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from claudestep.application.services import metadata_service as service
from claudestep.domain.errors import BrokenDocuments, InvalidDocument
from claudestep.domain.models import Claim, Owner, PreviousPullRequest, Project, Step
from claudestep.infrastructure.metadata.branch import MetadataBranch
from claudestep.infrastructure.metadata.store import MetadataStore
from tests.contract.adapters import git, git_branch
from tests.contract.records import WHEN, task
from tests.fakes.clock import NOON, FakeClock

CLAIM = Claim(id="c1", owner=Owner(), branch="b", agent="command", stage="working", until=NOON, reviewer="rita")
OPEN = Step(step_index=1, step_description="Open", pr_number=11, pr_state="open", reviewer="rosa")
MERGED = Step(step_index=2, step_description="Merged", pr_number=12, pr_state="merged", reviewer="rosa")
CLAIMED = Step(step_index=3, step_description="Claimed", claim=CLAIM)
NEW = Step(step_index=4, step_description="New")
RETRIED = Step(
    step_index=5,
    step_description="Closed once, open again, and the first one reopened",
    pr_number=15,
    pr_state="open",
    reviewer="rita",
    previous_pull_requests=(
        PreviousPullRequest(pr_number=13, branch_name="b", pr_state="open", reviewer="rosa"),
        PreviousPullRequest(pr_number=14, branch_name="b", pr_state="closed", reviewer="rosa"),
    ),
)
NOBODY_S = Step(step_index=6, step_description="Open without a reviewer", pr_number=16, pr_state="open")
STEPS = (OPEN, MERGED, CLAIMED, NEW, RETRIED, NOBODY_S)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def branch(tmp_path: Path) -> MetadataBranch:
    git(tmp_path, "init", "--quiet", "--template=", ".")
    return git_branch(tmp_path)


@pytest.fixture
def store(branch: MetadataBranch, clock: FakeClock) -> MetadataStore:
    """A store with the project `a`."""
    made = MetadataStore(branch, clock=clock)
    made.put("a", Project(project="a", steps=STEPS), expected=None)
    return made


def test_the_steps_of_a_project_stand_in_their_order(store: MetadataStore) -> None:
    assert service.find_project_metadata(store, "a") == list(STEPS)


def test_steps_can_be_asked_for_by_the_state_of_their_pull_request(store: MetadataStore) -> None:
    assert service.find_project_metadata(store, "a", "open") == [OPEN, RETRIED, NOBODY_S]
    assert service.find_project_metadata(store, "a", "merged") == [MERGED]
    assert service.find_project_metadata(store, "a", "closed") == []


def test_a_project_that_nobody_knows_has_no_steps(store: MetadataStore) -> None:
    assert service.find_project_metadata(store, "b") == []
    assert service.find_in_progress_tasks(store, "b") == set()
    assert service.get_reviewer_assignments(store, "b") == {}


def test_in_progress_is_what_somebody_works_on_or_reviews(store: MetadataStore) -> None:
    assert service.find_in_progress_tasks(store, "a") == {1, 3, 5, 6}


def test_reviewers_have_their_open_pull_requests_of_earlier_attempts_too(store: MetadataStore) -> None:
    assert service.get_reviewer_assignments(store, "a") == {11: "rosa", 13: "rosa", 15: "rita"}


def test_a_saved_step_takes_the_place_of_the_step_of_its_number(store: MetadataStore) -> None:
    closed = replace(OPEN, pr_state="closed", closed_at=WHEN, ai_tasks=(task("1"),))
    service.save_pr_metadata(store, "a", closed)
    assert service.find_project_metadata(store, "a") == [closed, *STEPS[1:]]


def test_a_saved_step_of_a_new_number_stands_behind_the_others(store: MetadataStore) -> None:
    step = Step(step_index=9, step_description="Another")
    service.save_pr_metadata(store, "a", step)
    assert service.find_project_metadata(store, "a") == [*STEPS, step]


def test_a_saved_step_of_a_new_project_makes_the_project(store: MetadataStore) -> None:
    service.save_pr_metadata(store, "b", OPEN)
    assert service.find_project_metadata(store, "b") == [OPEN]
    assert store.list() == ["a", "b"]


def test_a_step_that_is_saved_twice_is_there_once(store: MetadataStore) -> None:
    service.save_pr_metadata(store, "a", replace(NEW, step_index=9))
    version = store.all().version
    service.save_pr_metadata(store, "a", replace(NEW, step_index=9))
    assert store.all().version == version


def test_projects_of_the_last_days(store: MetadataStore, clock: FakeClock) -> None:
    day = timedelta(days=1)
    clock.set_now(NOON + 10 * day)
    finished = Step(step_index=1, step_description="One", completed_at=NOON + 8 * day)
    store.put("b", Project(project="b", steps=(finished,)), expected=None)
    clock.set_now(NOON + 20 * day)
    now = clock.now()
    assert service.projects_created(store, days=10, now=now) == ["b"]
    assert service.projects_created(store, days=20, now=now) == ["a", "b"]
    assert service.projects_completed(store, days=12, now=now) == ["b"]
    assert service.projects_completed(store, days=11, now=now) == []
    assert service.projects_modified(store, days=9, now=now) == []
    service.save_pr_metadata(store, "a", replace(NEW, step_index=9))
    assert service.projects_modified(store, days=9, now=now) == ["a"]
    assert service.projects_modified(store, days=10, now=now) == ["a", "b"]


def test_questions_that_need_a_broken_document_fail_and_the_others_do_not(
    store: MetadataStore, branch: MetadataBranch
) -> None:
    branch.commit(branch.read().version, {"projects/b.json": b"{"}, "By hand")
    for ask in (
        service.find_project_metadata,
        service.find_in_progress_tasks,
        service.get_reviewer_assignments,
        lambda asked, name: service.save_pr_metadata(asked, name, NEW),
    ):
        with pytest.raises(InvalidDocument, match=r"projects/b\.json"):
            ask(store, "b")
    for ask_all in (service.projects_created, service.projects_modified, service.projects_completed):
        with pytest.raises(BrokenDocuments, match=r"projects/b\.json"):
            ask_all(store, days=1, now=NOON)
    assert service.find_in_progress_tasks(store, "a") == {1, 3, 5, 6}
