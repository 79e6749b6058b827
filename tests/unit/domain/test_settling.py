from collections.abc import Mapping
from dataclasses import replace

import pytest

from claudestep.domain.ai_tasks import CostTotal
from claudestep.domain.changes import RecordTasks
from claudestep.domain.models import Owner, Project, Step
from claudestep.domain.observation import PullRequest, StepHead
from claudestep.domain.settling import CLAUDE_CODE, LOST, IsGone, Unfinished, has_ended, settle, unfinished
from tests.unit.builders import NOW, at, claim, claimed, head, in_review, project, pull, step, task

BRANCH = "claude-step-p-1"
LATE = at(-0.1)
DEAD = Owner(host="here", boot_id="b", pid=13, started="s")


def nobody_is_gone(_: Owner) -> bool:
    return False


def dead_is_gone(owner: Owner) -> bool:
    return owner == DEAD


def settled(
    known: Step,
    *pulls: PullRequest,
    heads: Mapping[str, StepHead] | None = None,
    is_gone: IsGone = nobody_is_gone,
) -> Step:
    after: Project = settle(project(known), pulls, heads or {}, now=NOW, is_gone=is_gone)
    (only,) = after.steps
    return only


@pytest.mark.parametrize(
    ("hours", "is_gone", "ended"),
    [
        (1, nobody_is_gone, False),
        (0.001, nobody_is_gone, False),
        (0, nobody_is_gone, True),
        (-1, nobody_is_gone, True),
        (1, lambda _: True, True),
    ],
)
def test_a_claim_has_ended_when_its_time_is_over_or_its_owner_is_gone(
    hours: float, is_gone: IsGone, *, ended: bool
) -> None:
    """ "all claims past `until` or of a surely dead owner"."""
    assert has_ended(claim(until=at(hours)), NOW, is_gone) is ended


@pytest.mark.parametrize("stage", ["working", "publishing"])
def test_a_claim_that_holds_is_left_alone(stage: str) -> None:
    before = project(claimed(1, stage=stage))
    assert settle(before, [pull(101)], {BRANCH: head()}, now=NOW, is_gone=dead_is_gone) is before


@pytest.mark.parametrize(
    "known", [claimed(1, agent="command", until=LATE), claimed(1, agent="command", owner=DEAD)]
)
def test_a_working_claim_is_released_with_one_failure_when_it_has_ended(known: Step) -> None:
    """ "`working`: nothing was pushed; released, one failure"."""
    known = replace(known, failures=1)
    assert settled(known, is_gone=dead_is_gone) == step(1, attempts=1, failures=2, failure_reason=LOST)


def test_a_publishing_claim_becomes_its_pull_request_when_there_is_one() -> None:
    """ "a pull request: (4), (5)"."""
    known = claimed(1, agent="command", stage="publishing", until=LATE, reviewer="alice")
    after = settled(known, pull(101, inferred=True), heads={BRANCH: head()})
    assert after == in_review(1, reviewer="alice", head_commit="h" * 40)
    assert settled(known, pull(101), heads={BRANCH: head()}) == known, "it may lack its labels and its reviewer"
    assert settled(known, pull(101), heads={BRANCH: head("c2")}) == after, "somebody has pushed to it"


def test_a_publishing_claim_is_left_to_be_finished_when_only_its_branch_is_there() -> None:
    """ "only a branch: (3) to (5), without the agent"."""
    known = claimed(1, stage="publishing", until=LATE)
    assert settled(known, heads={BRANCH: head("c1")}) == known


@pytest.mark.parametrize("heads", [{}, {BRANCH: head("c2")}, {BRANCH: head(None)}, {"other": head("c1")}])
def test_a_publishing_claim_is_released_with_one_failure_when_nothing_of_it_is_there(
    heads: Mapping[str, StepHead],
) -> None:
    """ "neither: released, one failure"; "one whose tip has our trailer is ours", and no other."""
    known = claimed(1, agent="command", stage="publishing", until=LATE)
    assert settled(known, heads=heads) == step(1, attempts=1, failures=1, failure_reason=LOST)


def test_a_pull_request_of_another_branch_is_none_of_the_claims() -> None:
    known = claimed(1, agent="command", stage="publishing", until=LATE)
    assert settled(known, pull(102)).pr_number is None


@pytest.mark.parametrize(("stage", "pulls"), [("working", []), ("publishing", []), ("publishing", [pull(101)])])
def test_a_settled_claim_of_claude_code_has_cost_something_unknown(stage: str, pulls: list[PullRequest]) -> None:
    """ "becomes an AI task with `cost_usd: null` ... if its agent was Claude Code"; "never 0"."""
    after = settled(claimed(1, stage=stage, until=LATE, owner=Owner(run_id=77)), *pulls)
    (noted,) = after.ai_tasks
    assert (noted.cost_usd, noted.id, noted.workflow_run_id, noted.created_at) == (None, "c1-1", 77, NOW)
    assert (noted.type, noted.model) == ("PRCreation", "unknown")
    assert after.cost == CostTotal(0.0, 1)


def test_a_settled_claim_has_cost_what_was_recorded_when_something_was() -> None:
    """ "... and no AI task has its id"."""
    known = replace(claimed(1, until=LATE), ai_tasks=(task(0.5, id="c1-1"),))
    assert settled(known).ai_tasks == (task(0.5, id="c1-1"),)


def test_a_settled_claim_has_cost_something_unknown_when_only_earlier_attempts_are_recorded() -> None:
    known = replace(claimed(1, until=LATE), ai_tasks=(task(0.5, id="c0-1"), task(0.25)))
    assert settled(known).cost == CostTotal(0.75, 1)


def test_a_settled_claim_has_cost_something_unknown_when_another_claims_id_begins_like_its_own() -> None:
    known = replace(claimed(1, until=LATE), ai_tasks=(task(0.5, id="c10-1"),))
    assert settled(known).cost == CostTotal(0.5, 1)


def test_a_settled_claim_of_a_command_has_cost_nothing() -> None:
    assert settled(claimed(1, agent="command", until=LATE)).ai_tasks == ()


def test_nothing_is_noted_while_the_branch_waits_to_be_finished() -> None:
    known = claimed(1, agent=CLAUDE_CODE, stage="publishing", until=LATE)
    assert settled(known, heads={BRANCH: head("c1")}).ai_tasks == ()


def test_the_true_cost_replaces_the_unknown_one_when_it_turns_up() -> None:
    after = settle(project(claimed(1, until=LATE)), [], {}, now=NOW, is_gone=nobody_is_gone)
    assert RecordTasks(1, (task(0.5, id="c1-1"),)).apply(after).cost == CostTotal(0.5, 0)


def test_every_ended_claim_of_a_project_is_settled_and_no_other() -> None:
    holds = claimed(2, claim_id="c2")
    before = project(claimed(1, until=LATE), holds, claimed(3, claim_id="c3", owner=DEAD))
    after = settle(before, [], {}, now=NOW, is_gone=dead_is_gone)
    assert [(s.claim is None, s.failures) for s in after.steps] == [(True, 1), (False, 0), (True, 1)]
    assert after.steps[1] == holds


def test_settling_twice_is_settling_once() -> None:
    before = project(claimed(1, until=LATE), claimed(2, claim_id="c2", stage="publishing", until=LATE))
    once = settle(before, [pull(102)], {}, now=NOW, is_gone=nobody_is_gone)
    assert settle(once, [pull(102)], {}, now=at(1), is_gone=nobody_is_gone) is once


# unfinished


def test_an_open_pull_request_that_may_lack_its_reviewer_is_unfinished() -> None:
    known = claimed(1, stage="publishing", until=LATE)
    found = unfinished([project(known)], [pull(101)], {BRANCH: head("c1")}, now=NOW, is_gone=nobody_is_gone)
    assert [one.step for one in found] == [known]


def test_a_published_branch_is_unfinished_when_its_claim_ended_and_it_has_no_pull_request() -> None:
    known = claimed(1, stage="publishing", until=LATE)
    found = unfinished([project(known)], [], {BRANCH: head("c1")}, now=NOW, is_gone=nobody_is_gone)
    assert known.claim is not None
    assert found == [Unfinished("p", known, known.claim, head("c1"))]


@pytest.mark.parametrize(
    ("known", "pulls", "heads"),
    [
        (claimed(1, stage="working", until=LATE), [], {BRANCH: head()}),
        (claimed(1, stage="publishing"), [], {BRANCH: head()}),
        (claimed(1, stage="publishing", until=LATE), [pull(101, inferred=True)], {BRANCH: head()}),
        (claimed(1, stage="publishing", until=LATE), [pull(101, "closed")], {BRANCH: head()}),
        (claimed(1, stage="publishing", until=LATE), [], {}),
        (claimed(1, stage="publishing", until=LATE), [], {BRANCH: head("c2")}),
        (step(1), [], {BRANCH: head()}),
    ],
)
def test_nothing_is_unfinished_when_one_of_that_is_not_so(
    known: Step, pulls: list[PullRequest], heads: Mapping[str, StepHead]
) -> None:
    assert unfinished([project(known)], pulls, heads, now=NOW, is_gone=nobody_is_gone) == []


@pytest.mark.parametrize("heads", [{}, {BRANCH: head("c1")}])
@pytest.mark.parametrize("pulls", [[], [pull(101)], [pull(101, inferred=True)], [pull(101, "merged")]])
@pytest.mark.parametrize("stage", ["working", "publishing"])
def test_an_ended_claim_is_either_settled_or_unfinished(
    stage: str, pulls: list[PullRequest], heads: Mapping[str, StepHead]
) -> None:
    known = project(claimed(1, stage=stage, until=LATE))
    after = settle(known, pulls, heads, now=NOW, is_gone=nobody_is_gone)
    left = unfinished([known], pulls, heads, now=NOW, is_gone=nobody_is_gone)
    assert (after.steps[0].claim is None) is not bool(left)
