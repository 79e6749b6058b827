"""What holds a chain though there are steps to do: failures, closed pull requests, skipped steps, and money."""

from dataclasses import replace
from typing import Any

import pytest

from claudestep.domain.binding import Bound
from claudestep.domain.capacity import Load
from claudestep.domain.chain import Decision, Situation, Start, StepState, Wait, decide, step_states
from claudestep.domain.config import Budget, Config, RepositoryConfig, Reviewer
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
    merged,
    previous,
    project,
    skipped,
    step,
    task,
)

RETRY = Config(retry_closed=True)
BUSY = Load("p", "alice", "claude-step-p-9")


def with_steps(*steps: Step) -> Bound:
    written = [f"[x] {s.step_description}" if s.completed_at else s.step_description for s in steps]
    return bound(project(*steps), *written)


def decided(*steps: Step, load: tuple[Load, ...] = (), **config: Any) -> Decision:
    return decide(Situation(with_steps(*steps), Config(**config), RepositoryConfig(), load))


def begun(*steps: Step, **config: Any) -> Start:
    decision = decided(*steps, **config)
    assert isinstance(decision, Start)
    return decision


def reason(*steps: Step, **config: Any) -> Reason:
    decision = decided(*steps, **config)
    assert isinstance(decision, Wait)
    return decision.reason


def state(one: Step, config: Config) -> StepState:
    return step_states(project(one), config)[1]


# As it is shown


def test_a_state_is_one_word_for_programs_and_plain_words_for_people() -> None:
    assert [str(one) for one in StepState if "_" in one] == ["in_review", "to_do"]
    assert [one.words for one in StepState if "_" in one] == ["in review", "to do"]
    assert StepState.DONE.words == "done"


# maxAttempts


@pytest.mark.parametrize(
    ("failures", "most", "expected"),
    [
        (0, 1, StepState.READY),
        (1, 1, StepState.FAILED),
        (1, 2, StepState.READY),
        (2, 2, StepState.FAILED),
        (3, 2, StepState.FAILED),
        (2, 3, StepState.READY),
    ],
)
def test_a_step_has_failed_after_as_many_failures_as_the_configuration_says(
    failures: int, most: int, expected: StepState
) -> None:
    """ "after `maxAttempts` (default 2) failures a step is `failed`"."""
    assert state(step(1, attempts=7, failures=failures), Config(max_attempts=most)) is expected


# onFailure


FAILED = step(1, attempts=2, failures=2, failure_reason="the tests fail\nin line 3")


def test_the_chain_goes_on_without_a_step_that_failed_too_often() -> None:
    assert begun(FAILED, step(2)).step.step_index == 2


@pytest.mark.parametrize("steps", [(FAILED, step(2)), (step(2), FAILED)])
def test_a_step_that_failed_too_often_stops_the_chain_when_it_is_told_to(steps: tuple[Step, ...]) -> None:
    """ "`onFailure: stop` halts it"."""
    assert decided(*steps, on_failure="stop") == Wait(Reason.STOPPED_BY_FAILURE, "step 1 failed: the tests fail")


REFUSED = step(2, attempts=1, refused_at=at(-1), failure_reason="no branches\nhere")


def test_work_that_the_host_refused_stops_the_chain() -> None:
    """The next step's would be refused likewise, after it was paid for."""
    assert decided(step(1), REFUSED) == Wait(Reason.PUBLISHING_REFUSED, "step 2 refused: no branches")
    stopped = decided(FAILED, REFUSED, on_failure="stop")
    assert isinstance(stopped, Wait)
    assert stopped.reason is Reason.PUBLISHING_REFUSED


@pytest.mark.parametrize("one", [replace(REFUSED, completed_at=at(0)), replace(REFUSED, skipped_at=at(0))])
def test_refused_work_that_is_out_of_the_way_stops_no_chain(one: Step) -> None:
    assert begun(step(1), one).step.step_index == 1


@pytest.mark.parametrize(
    "one",
    [step(1, failures=1), replace(FAILED, completed_at=at(-1)), replace(FAILED, skipped_at=at(-1)), closed(1)],
)
def test_a_step_that_may_be_tried_again_or_is_out_of_the_way_stops_no_chain(one: Step) -> None:
    assert begun(one, step(2), on_failure="stop").step.step_index in (1, 2)


def test_a_step_whose_line_was_removed_stops_no_chain() -> None:
    known = bound(project(FAILED, step(2, "b")), "b")
    situation = Situation(known, Config(on_failure="stop"), RepositoryConfig(), ())
    assert isinstance(decide(situation), Start)


# retryClosed


def test_a_closed_step_waits_for_somebody_to_retry_it() -> None:
    """ "Closed unmerged: the same wait"."""
    assert reason(closed(1)) is Reason.STEPS_CLOSED


def test_a_closed_step_is_begun_again_by_itself_when_the_configuration_says_so() -> None:
    """ "`retryClosed: true` retries by itself"."""
    start = begun(closed(1), step(2), retry_closed=True)
    assert (start.step.step_index, start.attempt, start.branch) == (1, 2, "claude-step-p-1.2")


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (closed(1, failures=2), StepState.FAILED),
        (closed(1, claim=claim()), StepState.WORKING),
        (closed(1, completed_at=at(-1)), StepState.DONE),
        (closed(1, skipped_at=at(-1)), StepState.SKIPPED),
        (closed(1, orphaned_at=at(-1)), StepState.REMOVED),
        (closed(1, previous_pull_requests=(previous(7, "open"),)), StepState.IN_REVIEW),
        (merged(1), StepState.UNTICKED),
        (in_review(1), StepState.IN_REVIEW),
    ],
)
def test_a_closed_step_is_begun_again_only_when_nothing_else_speaks_against_it(
    one: Step, expected: StepState
) -> None:
    assert state(one, RETRY) is expected


def test_a_closed_step_waits_for_the_rewording_that_it_may_be() -> None:
    known = project(closed(1, waits_for=(2,)), in_review(2, orphaned_at=at(-1)))
    assert step_states(known, RETRY)[1] is StepState.REWORDED
    assert step_states(known, Config())[1] is StepState.CLOSED


# Skipped steps


def test_a_skipped_step_is_left_out() -> None:
    assert begun(skipped(1), step(2)).step.step_index == 2
    assert decided(skipped(1), done(2), skipped(3)) == Wait(Reason.ALL_STEPS_DONE, "2 skipped")


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (skipped(1), StepState.SKIPPED),
        (skipped(1, failures=9), StepState.SKIPPED),
        (in_review(1, skipped_at=at(-1)), StepState.SKIPPED),
        (skipped(1, completed_at=at(-1)), StepState.DONE),
        (skipped(1, claim=claim()), StepState.WORKING),
        (skipped(1, orphaned_at=at(-1)), StepState.REMOVED),
    ],
)
def test_a_step_is_skipped_unless_somebody_did_it_or_does_it(one: Step, expected: StepState) -> None:
    assert state(one, Config()) is expected


def test_a_skipped_step_is_none_of_those_that_are_left() -> None:
    assert decided(skipped(1), in_review(2)) == Wait(Reason.STEPS_IN_PROGRESS, "step 2 in review (#102)")


# Why a closed step was closed


def test_the_reason_of_a_closing_is_told_when_somebody_said_it() -> None:
    known = closed(1, closed_reason="not like this\nat all")
    assert decided(known) == Wait(Reason.STEPS_CLOSED, "step 1 closed (#101): not like this")


# Money


def test_no_step_is_begun_when_the_budget_is_spent() -> None:
    budget = Budget(project_usd=10.0, per_step_usd=2.0)
    spent = done(1, ai_tasks=(task(8.5),))
    assert decided(spent, step(2), budget=budget) == Wait(
        Reason.BUDGET_SPENT, "$8.50 of $10.00 are spent; the next step may cost $2.00"
    )


def test_a_step_is_begun_with_the_most_that_it_may_cost() -> None:
    budget = Budget(project_usd=10.0, per_step_usd=2.0)
    assert begun(done(1, ai_tasks=(task(3.0),)), step(2), budget=budget).limit_usd == 2.0
    assert begun(done(1, ai_tasks=(task(3.0),)), step(2), budget=Budget(project_usd=10.0)).limit_usd == 7.0
    assert begun(step(1)).limit_usd is None


def test_what_claims_reserve_is_spent_already() -> None:
    budget = Budget(project_usd=10.0, per_step_usd=2.0)
    other = claimed(1, reserved_usd=9.0)
    assert reason(other, step(2), budget=budget) is Reason.BUDGET_SPENT


# The order of the reasons


BROKE = Budget(project_usd=1.0, per_step_usd=2.0)
FULL = (BUSY,)
ALICE = (Reviewer("alice"),)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"paused": True, "on_failure": "stop", "budget": BROKE, "reviewers": ALICE}, Reason.PAUSED),
        ({"on_failure": "stop", "budget": BROKE, "reviewers": ALICE}, Reason.STOPPED_BY_FAILURE),
        ({"budget": BROKE, "reviewers": ALICE}, Reason.BUDGET_SPENT),
        ({"reviewers": ALICE}, Reason.NO_REVIEWER_CAPACITY),
        ({}, Reason.STEPS_IN_PROGRESS),
    ],
)
def test_the_reason_is_the_first_that_a_person_has_to_remove(config: dict[str, Any], expected: Reason) -> None:
    assert reason(FAILED, step(2), load=FULL, **config) is expected


def test_what_is_left_is_told_rather_than_what_holds_the_project() -> None:
    """Nothing could begin even if the switch, the failure and the money were out of the way."""
    held: dict[str, Any] = {"paused": True, "on_failure": "stop", "budget": BROKE}
    assert reason(FAILED, in_review(2), **held) is Reason.STEPS_IN_PROGRESS
    assert reason(FAILED, done(2), **held) is Reason.STEPS_FAILED
    assert reason(skipped(1), done(2), **held) is Reason.ALL_STEPS_DONE
