"""What people decide about a step - again, not at all, turned down - and whose pull request paid for what."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claudestep.domain.changes import (
    LONGEST_REASON,
    RecordClosing,
    RecordPullRequest,
    RecordTasks,
    RetryStep,
    SkipStep,
    set_aside,
)
from claudestep.domain.models import Project, PullKey, Step
from claudestep.domain.reconcile import reconcile
from tests.unit.builders import (
    at,
    claim,
    claimed,
    closed,
    done,
    in_review,
    merged,
    previous,
    project,
    pull,
    skipped,
    step,
    task,
)
from tests.unit.strategies import STATES, ai_tasks, claims, maybe, steps, times


def retried(one: Step) -> Step:
    return RetryStep(1).apply(project(one)).steps[0]


# RetryStep


def test_a_step_that_failed_is_as_if_it_had_never_failed() -> None:
    """ "`retry` sets it to 0"; "`attempts` ... is never reset"."""
    failed = step(1, attempts=3, failures=2, failure_reason="the tests fail", ai_tasks=(task(),))
    assert retried(failed) == step(1, attempts=3, ai_tasks=(task(),))


@pytest.mark.parametrize("one", [closed(1, closed_reason="no"), merged(1)])
def test_the_pull_request_of_a_step_that_is_retried_is_one_of_the_previous(one: Step) -> None:
    after = retried(one)
    assert after == step(1, attempts=1, previous_pull_requests=after.previous_pull_requests)
    (earlier,) = after.previous_pull_requests
    assert (earlier.pr_number, earlier.pr_state, earlier.closed_reason) == (101, one.pr_state, one.closed_reason)
    assert (earlier.created_at, earlier.merged_at, earlier.closed_at) == (
        one.created_at,
        one.merged_at,
        one.closed_at,
    )


def test_a_step_that_was_skipped_is_not_skipped_any_more() -> None:
    assert retried(skipped(1)) == step(1)


def test_an_open_pull_request_stays_the_current_one_when_its_step_is_retried() -> None:
    assert retried(in_review(1, failures=2, failure_reason="once")) == in_review(1)


def test_a_claim_stays_when_its_step_is_retried() -> None:
    assert retried(replace(claimed(1), failures=1)) == claimed(1)


# SkipStep


@pytest.mark.parametrize("one", [step(1), closed(1), in_review(1), done(1), claimed(1)])
def test_a_step_is_skipped_from_the_time_on_that_somebody_said_so(one: Step) -> None:
    assert SkipStep(1, at(2)).apply(project(one)) == project(replace(one, skipped_at=at(2)))


def test_the_first_time_counts_when_a_step_is_skipped_twice() -> None:
    before = project(step(1, skipped_at=at(1)))
    assert SkipStep(1, at(2)).apply(before) is before


def test_a_skipped_step_counts_neither_as_done_nor_as_left() -> None:
    known = SkipStep(2, at(1)).apply(project(done(1), step(2), step(3)))
    assert (known.progress.done, known.progress.total) == (1, 2)


def test_a_skipped_step_counts_as_done_when_somebody_did_it_all_the_same() -> None:
    known = project(done(1), skipped(2, completed_at=at(-1)))
    assert (known.progress.done, known.progress.total) == (2, 2)
    assert not known.steps[1].is_skipped


def test_a_skipped_step_has_begun_so_its_number_is_not_given_again() -> None:
    assert skipped(1).begun


# RecordClosing


FIRST, SECOND = PullKey(101, "claude-step-p-1"), PullKey(102, "claude-step-p-2")


def test_a_pull_request_is_closed_and_the_reason_is_noted_beside_it() -> None:
    after = RecordClosing(SECOND, at(0), "not like this").apply(project(in_review(1), in_review(2)))
    over = in_review(2, pr_state="closed", closed_at=at(0), closed_reason="not like this")
    assert after == project(in_review(1), over)


def test_the_time_is_the_first_one_and_the_reason_the_last() -> None:
    before = project(closed(1, closed_reason="no"))
    assert RecordClosing(FIRST, at(0)).apply(before) is before
    after = RecordClosing(FIRST, at(0), "not like this").apply(before)
    assert after == project(closed(1, closed_reason="not like this"))


def test_one_of_an_earlier_attempt_is_closed_and_the_current_one_of_its_number_is_not() -> None:
    earlier = previous(101, "open", reviewer="alice")
    known = in_review(1, branch_name="claude-step-p-1.2", previous_pull_requests=(earlier,))
    after = RecordClosing(FIRST, at(0), "no").apply(project(known)).steps[0]
    assert after.previous_pull_requests == (
        replace(earlier, pr_state="closed", closed_at=at(0), closed_reason="no"),
    )
    assert after.pr_state == "open"


def test_one_that_is_merged_stays_so() -> None:
    before = project(merged(1))
    assert RecordClosing(FIRST, at(0), "no").apply(before) is before


def test_one_that_was_not_found_is_open_again_when_it_turns_up() -> None:
    gone = RecordClosing(FIRST, None).apply(project(in_review(1)))
    assert (gone.steps[0].pr_state, gone.steps[0].closed_at) == ("closed", None)
    assert reconcile(gone, {FIRST: pull(101)}) == project(in_review(1))


def test_a_reason_is_cut_when_it_is_long() -> None:
    after = RecordClosing(FIRST, at(0), "x" * (LONGEST_REASON + 1)).apply(project(in_review(1)))
    assert after.steps[0].closed_reason == "x" * LONGEST_REASON


def test_the_reason_goes_with_its_pull_request_when_the_next_one_is_recorded() -> None:
    """ "`retryClosed: true` retries by itself, with the reason ... in the prompt"."""
    before = project(replace(closed(1, closed_reason="no"), claim=claim("c1")))
    after = RecordPullRequest("c1", 1, pull(201, branch="claude-step-p-1.2")).apply(before).steps[0]
    assert (after.pr_number, after.closed_reason) == (201, None)
    assert [(p.pr_number, p.closed_reason) for p in after.previous_pull_requests] == [(101, "no")]


# set_aside


def test_nothing_is_set_aside_when_there_is_no_pull_request() -> None:
    one = step(1, branch_name="b", previous_pull_requests=(previous(7),))
    assert set_aside(one) is one


@given(steps())
@settings(deadline=None)
def test_setting_aside_keeps_the_pull_request_and_all_that_is_not_of_it(one: Step) -> None:
    after = set_aside(one)
    numbers = [p.pr_number for p in one.previous_pull_requests]
    assert [p.pr_number for p in after.previous_pull_requests] == numbers + (
        [one.pr_number] if one.pr_number else []
    )
    assert (after.ai_tasks, after.attempts, after.failures, after.claim, after.extra) == (
        one.ai_tasks, one.attempts, one.failures, one.claim, one.extra,
    )  # fmt: skip
    assert set_aside(after) is after


# The AI operations of a pull request


def test_the_operations_of_a_claim_belong_to_the_pull_request_that_came_of_it() -> None:
    before, own, other = task(1.0, id="c0-1"), task(2.0, id="c1-1"), task(3.0, id="c1-2", type="PRSummary")
    without_id, longer = task(4.0), task(5.0, id="c11-1")
    known = replace(claimed(1), ai_tasks=(before, own, other, without_id, longer))
    after = RecordPullRequest("c1", 1, pull(101)).apply(project(known)).steps[0]
    assert after.ai_tasks == (
        before,
        replace(own, pr_number=101),
        replace(other, pr_number=101),
        without_id,
        longer,
    )


def test_the_operations_of_another_step_stay_as_they_are() -> None:
    other = done(2, ai_tasks=(task(1.0, id="c1-1"),))
    assert RecordPullRequest("c1", 1, pull(101)).apply(project(claimed(1), other)).steps[1] == other


# All of them, on anything that a document may hold


@st.composite
def known_steps(draw: st.DrawFn, index: int) -> Step:
    """A step with every field that there is; its claim, numbers and operations are those that the changes name."""
    claim_of = draw(maybe(claims()))
    return replace(
        draw(steps()),
        step_index=index,
        pr_number=draw(maybe(st.sampled_from([7, 101, 201]))),
        pr_state=draw(maybe(STATES)),
        claim=replace(claim_of, id=f"c{index}") if claim_of else None,
        ai_tasks=tuple(replace(one, id="c1-1") for one in draw(st.lists(ai_tasks(), max_size=1))),
    )


def any_projects() -> st.SearchStrategy[Project]:
    return st.builds(project, known_steps(1), known_steps(2))


@given(any_projects(), st.integers(1, 3), times(), st.sampled_from([7, 101, 201]), st.text(max_size=3))
@settings(deadline=None, max_examples=20)
def test_a_change_applied_twice_is_the_change_applied_once(
    known: Project, index: int, when: datetime, number: int, reason: str
) -> None:
    changes = (
        RetryStep(index),
        SkipStep(index, at(1)),
        RecordClosing(PullKey(number, "claude-step-p-1"), when, reason),
        RecordPullRequest(f"c{index}", index, pull(number)),
        RecordTasks(index, (task(0.5, id="c1-1", created_at=when),)),
    )
    for change in changes:
        once = change.apply(known)
        assert change.apply(once) is once


@given(any_projects(), st.integers(1, 2))
@settings(deadline=None, max_examples=20)
def test_no_change_loses_a_cost_or_a_pull_request(known: Project, index: int) -> None:
    def pulls(of: Project) -> list[int]:
        recorded = [[s.pr_number, *(p.pr_number for p in s.previous_pull_requests)] for s in of.steps]
        return sorted(number for numbers in recorded for number in numbers if number is not None)

    for change in (RetryStep(index), SkipStep(index, at(1)), RecordClosing(FIRST, at(1), "no")):
        after = change.apply(known)
        assert pulls(after) == pulls(known)
        assert after.ai_tasks == known.ai_tasks


@given(any_projects(), st.integers(1, 2))
@settings(deadline=None, max_examples=20)
def test_what_was_skipped_and_retried_is_as_if_it_was_only_retried(known: Project, index: int) -> None:
    assert RetryStep(index).apply(SkipStep(index, at(1)).apply(known)) == RetryStep(index).apply(known)
