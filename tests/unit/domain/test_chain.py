from dataclasses import replace
from typing import Any

import pytest

from claudestep.domain.binding import Bound
from claudestep.domain.capacity import Load
from claudestep.domain.chain import (
    Decision,
    Situation,
    Start,
    StepState,
    Wait,
    decide,
    step_states,
)
from claudestep.domain.config import MAX_ATTEMPTS, Config, RepositoryConfig, Reviewer
from claudestep.domain.models import Step
from claudestep.domain.reasons import Reason
from tests.unit.builders import (
    at,
    bound,
    claim,
    claimed,
    closed,
    done,
    in_review,
    lines,
    merged,
    previous,
    project,
    step,
)

FAILED: dict[str, Any] = {"failures": MAX_ATTEMPTS, "attempts": MAX_ATTEMPTS}
ALICE = Config(reviewers=(Reviewer("alice"),))


def decided(
    known: Bound,
    *load: Load,
    config: Config | None = None,
    repository: RepositoryConfig | None = None,
) -> Decision:
    return decide(Situation(known, config or Config(), repository or RepositoryConfig(), load))


def with_steps(*steps: Step) -> Bound:
    """Steps whose lines are there, ticked where the step is complete."""
    written = [f"[x] {s.step_description}" if s.completed_at else s.step_description for s in steps]
    return bound(project(*steps), *written)


def load(reviewer: str | None = None, name: str = "p") -> Load:
    return Load(name, reviewer, f"claude-step-{name}-9")


# The state of a step


@pytest.mark.parametrize(
    ("one", "state"),
    [
        (step(1), StepState.READY),
        (step(1, attempts=1, failures=1), StepState.READY),
        (done(1), StepState.DONE),
        (merged(1, completed_at=at(-1)), StepState.DONE),
        (in_review(1, completed_at=at(-1)), StepState.DONE),
        (done(1, claim=claim()), StepState.DONE),
        (done(1, **FAILED), StepState.DONE),
        (claimed(1), StepState.WORKING),
        (replace(closed(1), claim=claim()), StepState.WORKING),
        (in_review(1), StepState.IN_REVIEW),
        (in_review(1, failures=5), StepState.IN_REVIEW),
        (step(1, previous_pull_requests=(previous(7, "open"),)), StepState.IN_REVIEW),
        (step(1, previous_pull_requests=(previous(7, "closed"),)), StepState.READY),
        (merged(1), StepState.UNTICKED),
        (closed(1), StepState.CLOSED),
        (step(1, **FAILED), StepState.FAILED),
        (step(1, orphaned_at=at(-1)), StepState.REMOVED),
        (in_review(1, orphaned_at=at(-1)), StepState.REMOVED),
    ],
)
def test_a_step_stands_where_its_record_says(one: Step, state: StepState) -> None:
    assert step_states(project(one), Config())[1] is state


@pytest.mark.parametrize(
    ("other", "state"),
    [
        (in_review(2, orphaned_at=at(-1)), StepState.REWORDED),
        (replace(claimed(2), orphaned_at=at(-1)), StepState.REWORDED),
        (in_review(2), StepState.READY),
        (merged(2, orphaned_at=at(-1)), StepState.READY),
        (closed(2, orphaned_at=at(-1)), StepState.READY),
        (step(3), StepState.READY),
    ],
)
def test_a_step_waits_only_for_removed_steps_that_are_busy(other: Step, state: StepState) -> None:
    """ "A new line in the gap of an orphan with an open pull request or a claim is not begun until that ends"."""
    assert step_states(project(step(1, waits_for=(2,)), other), Config())[1] is state


def test_a_step_that_is_done_waits_for_nothing() -> None:
    known = project(done(1, waits_for=(2,)), in_review(2, orphaned_at=at(-1)))
    assert step_states(known, Config())[1] is StepState.DONE


# The next step


def test_the_first_ready_step_in_the_order_of_the_lines_is_begun() -> None:
    """ "Work goes in the order of the lines"."""
    known = bound(project(done(1, "a"), step(2, "b"), step(3, "c")), "[x] a", "c", "b")
    start = decided(known)
    assert start == Start(step(3, "c"), lines("[x] a", "c", "b")[1], None, 1, "claude-step-p-3")


@pytest.mark.parametrize(
    "stuck",
    [step(1, **FAILED), closed(1), merged(1), done(1)],
)
def test_the_chain_goes_on_with_the_next_step_when_one_is_stuck(stuck: Step) -> None:
    """ "waits for `claudestep retry`, and the chain goes on with the next step"."""
    start = decided(with_steps(stuck, step(2)))
    assert isinstance(start, Start)
    assert start.step.step_index == 2


def test_an_attempt_has_its_own_branch_when_it_is_not_the_first() -> None:
    start = decided(with_steps(step(1, attempts=1, failures=1)))
    assert isinstance(start, Start)
    assert (start.attempt, start.branch) == (2, "claude-step-p-1.2")


def test_the_chain_goes_on_with_another_step_while_a_reviewer_has_room() -> None:
    config = Config(reviewers=(Reviewer("alice", 2),))
    start = decided(with_steps(in_review(1, reviewer="alice"), step(2)), load("alice"), config=config)
    assert isinstance(start, Start)
    assert (start.step.step_index, start.reviewer) == (2, "alice")


def test_the_least_loaded_reviewer_is_asked() -> None:
    config = Config(reviewers=(Reviewer("alice", 3), Reviewer("bob", 3)))
    start = decided(with_steps(step(1)), load("alice"), config=config)
    assert isinstance(start, Start)
    assert start.reviewer == "bob"


# The reasons why not


@pytest.mark.parametrize(
    ("known", "reason", "detail"),
    [
        (with_steps(done(1), done(2)), Reason.ALL_STEPS_DONE, ""),
        (with_steps(done(1), in_review(2)), Reason.STEPS_IN_PROGRESS, "step 2 in review (#102)"),
        (with_steps(claimed(1)), Reason.STEPS_IN_PROGRESS, "step 1 working"),
        (with_steps(step(1, **FAILED)), Reason.STEPS_FAILED, "step 1 failed"),
        (
            with_steps(step(1, failure_reason="the tests fail\nin line 3", **FAILED)),
            Reason.STEPS_FAILED,
            "step 1 failed: the tests fail",
        ),
        (with_steps(closed(1), done(2)), Reason.STEPS_CLOSED, "step 1 closed (#101)"),
        (with_steps(merged(1), done(2)), Reason.STEPS_UNTICKED, "step 1 unticked (#101)"),
        (
            bound(project(done(1, "a"), in_review(2, "b")), "[x] a", "B"),
            Reason.REWORDED_IN_REVIEW,
            "step 3 reworded: waits for step 2",
        ),
        (Bound(project(), {}), Reason.SPEC_WITHOUT_STEPS, ""),
        (Bound(project(step(1)), {}), Reason.SPEC_WITHOUT_STEPS, ""),
    ],
)
def test_nothing_is_begun_when_no_step_is_ready_and_the_reason_says_why(
    known: Bound, reason: Reason, detail: str
) -> None:
    assert decided(known) == Wait(reason, detail)


@pytest.mark.parametrize(
    ("stuck", "reason"),
    [
        ([closed(1), step(2, **FAILED), in_review(3)], Reason.STEPS_IN_PROGRESS),
        ([merged(1), closed(2), step(3, **FAILED)], Reason.STEPS_FAILED),
        ([merged(1), closed(2)], Reason.STEPS_CLOSED),
        ([merged(1), done(2)], Reason.STEPS_UNTICKED),
    ],
)
def test_the_reason_is_the_one_that_will_pass_soonest_when_there_are_several(
    stuck: list[Step], reason: Reason
) -> None:
    decision = decided(with_steps(*stuck))
    assert isinstance(decision, Wait)
    assert decision.reason is reason


def test_the_reason_names_every_step_that_is_left_and_what_it_waits_for() -> None:
    decision = decided(with_steps(closed(1), done(2), in_review(3), step(4, **FAILED)))
    assert decision == Wait(
        Reason.STEPS_IN_PROGRESS, "step 1 closed (#101); step 3 in review (#103); step 4 failed"
    )


def test_the_reason_counts_the_steps_when_there_are_too_many_to_name() -> None:
    decision = decided(with_steps(*(closed(number) for number in range(1, 10))))
    assert isinstance(decision, Wait)
    assert decision.detail.endswith("; step 6 closed (#106); and 3 more")


@pytest.mark.parametrize(
    ("config", "repository", "file"),
    [
        (Config(paused=True), RepositoryConfig(), "claude-step/p/configuration.yml"),
        (Config(), RepositoryConfig(paused=True), "claude-step/configuration.yml"),
        (Config(paused=True), RepositoryConfig(paused=True), "claude-step/configuration.yml"),
        (
            Config(paused=True, reviewers=ALICE.reviewers),
            RepositoryConfig(),
            "claude-step/p/configuration.yml",
        ),
    ],
)
def test_nothing_is_begun_when_project_or_repository_is_paused_and_the_file_is_named(
    config: Config, repository: RepositoryConfig, file: str
) -> None:
    decision = decided(with_steps(step(1)), load("alice"), config=config, repository=repository)
    assert decision == Wait(Reason.PAUSED, f"`paused: true` in {file}")


def test_the_reason_is_that_all_is_done_even_when_the_project_is_paused() -> None:
    assert decided(with_steps(done(1)), config=Config(paused=True)) == Wait(Reason.ALL_STEPS_DONE)


def test_nothing_is_begun_without_reviewers_while_a_pull_request_is_open() -> None:
    """ "No reviewers: one pull request at a time"."""
    known = with_steps(in_review(1), step(2))
    assert decided(known, load()) == Wait(Reason.STEPS_IN_PROGRESS, "claude-step-p-9")
    assert isinstance(decided(known, load(name="q")), Start)


def test_nothing_is_begun_when_no_reviewer_has_room() -> None:
    decision = decided(with_steps(step(1)), load("alice"), config=ALICE)
    assert decision == Wait(Reason.NO_REVIEWER_CAPACITY, "alice has 1 of 1")


def test_nothing_is_begun_when_the_repository_limit_is_reached() -> None:
    repository = RepositoryConfig(max_open_prs_per_reviewer=2)
    found = [load("alice", "q"), load("alice", "r")]
    decision = decided(with_steps(step(1)), *found, config=ALICE, repository=repository)
    assert decision == Wait(Reason.NO_REVIEWER_CAPACITY, "alice has 0 of 1 (2 of 2 in the repository)")
    assert isinstance(decided(with_steps(step(1)), *found, config=ALICE), Start)


def test_the_reason_is_that_all_is_done_even_when_no_reviewer_has_room() -> None:
    assert decided(with_steps(done(1)), load("alice"), config=ALICE) == Wait(Reason.ALL_STEPS_DONE)
