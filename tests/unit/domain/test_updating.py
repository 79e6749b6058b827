"""Which pull requests may be brought up to date, and what becomes of their spec."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudestep.domain.binding import bind
from claudestep.domain.changes import RecordConflict, set_aside, with_pull_request
from claudestep.domain.models import Project, PullKey, Step
from claudestep.domain.observation import BaseTree, PullRequest
from claudestep.domain.spec import only_tick
from claudestep.domain.story import Rewrite, story
from claudestep.domain.updating import BranchUpdate, Place, updates
from claudestep.infrastructure.spec_file import read_spec

NOW = datetime(2025, 1, 15, 10, tzinfo=UTC)
PATH = "claude-step/p/spec.md"
BEFORE = read_spec(PATH, b"- [ ] One\n- [ ] Two\n- [ ] Three\n")
BASE = read_spec(PATH, b"- [x] One\n- [ ] Two\n- [ ] Three\n")
TREE = BaseTree("main", "b" * 40, {})
PLACE = Place(TREE, BASE)
PULL = PullRequest(
    number=2,
    branch="claude-step-p-2",
    state="open",
    head_commit="h" * 40,
    created_at=NOW,
    updated_at=NOW,
    base_branch="main",
    conflicting=True,
)
PROJECT = Project(
    project="p",
    steps=(
        Step(step_index=1, step_description="One"),
        with_pull_request(Step(step_index=2, step_description="Two"), PULL),
        Step(step_index=3, step_description="Three"),
    ),
)


def found(pull: PullRequest = PULL, project: Project = PROJECT, place: Place = PLACE) -> tuple[BranchUpdate, ...]:
    lines = place.spec.steps if place.spec else ()
    return updates([pull], {"p": bind(project, lines, NOW)}, {"p": place})


def test_the_spec_is_that_of_the_base_with_one_more_tick() -> None:
    (update,) = found()

    assert update.spec == b"- [x] One\n- [x] Two\n- [ ] Three\n"
    assert (update.head, update.spec_path, update.told) == ("h" * 40, PATH, False)


def test_a_box_that_is_ticked_there_already_needs_no_tick() -> None:
    ticked = read_spec(PATH, b"- [x] One\n- [X] Two\n- [ ] Three\n")

    assert [update.spec for update in found(place=Place(TREE, ticked))] == [ticked.content]


@pytest.mark.parametrize("conflicting", [True, None])
def test_what_conflicts_or_may_is_found(conflicting: bool | None) -> None:  # noqa: FBT001
    assert found(replace(PULL, conflicting=conflicting))


@pytest.mark.parametrize(
    "pull",
    [
        replace(PULL, conflicting=False),
        replace(PULL, state="closed"),
        replace(PULL, base_branch="release"),
        replace(PULL, number=3),
        replace(PULL, branch="claude-step-p-2.2"),
    ],
    ids=["merges", "closed", "another base", "another number", "another branch"],
)
def test_what_is_none_of_them(pull: PullRequest) -> None:
    assert found(pull) == ()


def test_the_branch_is_where_its_tip_is() -> None:
    assert [update.head for update in found(replace(PULL, tip="t" * 40))] == ["t" * 40]


def test_what_was_said_is_known_for_that_head_alone() -> None:
    said = RecordConflict(2, PULL.key, "h" * 40).apply(PROJECT)

    assert [update.told for update in found(project=said)] == [True]
    assert [update.told for update in found(replace(PULL, head_commit="i" * 40), said)] == [False]


def test_saying_it_is_recorded_once_and_for_its_pull_request_alone() -> None:
    record = RecordConflict(2, PULL.key, "h" * 40)
    said = record.apply(PROJECT)

    assert record.apply(said) is said
    assert story({"p": Rewrite(PROJECT, said)}) == ["step 2: #2 conflicts, and that takes a person"]
    assert RecordConflict(2, PullKey(2, "claude-step-p-2.2"), "h").apply(PROJECT) is PROJECT
    assert RecordConflict(9, PULL.key, "h").apply(PROJECT) is PROJECT
    step = said.find(2)
    assert step is not None
    assert set_aside(step).conflict_told is None


@pytest.mark.parametrize(
    ("conflicts", "after", "obstacle"),
    [
        ([PATH], b"- [ ] One\n- [x] Two\n- [ ] Three\n", ""),
        ([], b"- [ ] One\n- [x] Two\n- [ ] Three\n", ""),
        ([PATH, "b", "a"], b"- [ ] One\n- [x] Two\n- [ ] Three\n", "a, b conflict, too"),
        (list("abcdefg"), b"- [ ] One\n- [x] Two\n- [ ] Three\n", "a, b, c, d, e and 2 more conflict, too"),
        ([PATH], None, f"it changes more of {PATH} than the tick of its step"),
        ([PATH], b"- [ ] One\n- [ ] Two\n- [x] Three\n", f"it changes more of {PATH} than the tick of its step"),
        ([PATH], b"- [ ] One\n- [ ] Two\n- [ ] Three\n", f"it changes more of {PATH} than the tick of its step"),
        ([PATH], b"- [ ] One\n- [x] Two\n- [ ] Three\n\n", f"it changes more of {PATH} than the tick of its step"),
    ],
)
def test_it_is_resolved_where_the_tick_is_all(conflicts: list[str], after: bytes | None, obstacle: str) -> None:
    (update,) = found()

    resolution = update.resolve(conflicts, BEFORE, after)

    assert (resolution.obstacle, resolution.spec) == (obstacle, b"" if obstacle else update.spec)


def test_a_line_that_is_gone_takes_a_person() -> None:
    for spec in (read_spec(PATH, b"- [x] One\n"), None):
        (update,) = found(place=Place(TREE, spec))
        told = update.resolve([PATH], BEFORE, BEFORE.tick(BEFORE.steps[1])).obstacle
        assert told == f"the line of its step is not in {PATH} on main any more"


@given(st.integers(0, 2), st.integers(0, len(BEFORE.content)), st.binary(max_size=2))
def test_any_other_change_is_more_than_the_tick(step: int, at: int, inserted: bytes) -> None:
    ticked = BEFORE.tick(BEFORE.steps[step])
    edited = ticked[:at] + inserted + ticked[at:]

    assert only_tick(BEFORE, edited, BEFORE.steps[step].text) == (not inserted)
