from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given

from claudestep.domain.ai_tasks import AITask
from claudestep.domain.models import Owner, Project, Step
from claudestep.domain.step_story import money
from claudestep.domain.story import Rewrite, differences, story
from tests.unit import strategies
from tests.unit.builders import (
    NOW,
    at,
    claim,
    claimed,
    closed,
    done,
    in_review,
    merged,
    previous,
    project,
    step,
    task,
)

CLAIM = claim(reviewer="alice")
HELD = replace(step(1), attempts=1, claim=CLAIM)


def told(before: Step, after: Step) -> list[str]:
    return differences(project(before), project(after))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (step(1), HELD, ["step 1 claimed for alice (claude-step-p-1)"]),
        (step(1), claimed(1), ["step 1 claimed (claude-step-p-1)"]),
        (HELD, replace(HELD, claim=None), ["claim of step 1 released"]),
        (HELD, replace(HELD, claim=replace(CLAIM, id="c2", branch="b.2")), ["step 1 claimed for alice (b.2)"]),
        (HELD, replace(HELD, claim=replace(CLAIM, stage="publishing")), ["step 1: publishing begins"]),
        (
            HELD,
            replace(HELD, claim=replace(CLAIM, owner=Owner(run_id=2))),
            ["claim of step 1 taken over from a run that ended"],
        ),
        (HELD, replace(HELD, claim=replace(CLAIM, until=at(9))), ["claim of step 1 changed"]),
        (HELD, replace(HELD, claim=None, failures=1, failure_reason="no tests"), ["step 1 failed: no tests"]),
        (HELD, in_review(1), ["step 1: pull request #101 opened"]),
        (in_review(1), merged(1), ["step 1: #101 merged"]),
        (in_review(1), closed(1), ["step 1: #101 closed"]),
        (closed(1), in_review(1), ["step 1: #101 reopened"]),
        (step(1), merged(1), ["step 1: pull request #101 recorded (merged)"]),
        (in_review(1, reviewer="alice"), in_review(1, reviewer="bob"), ["step 1: #101 is for bob now"]),
        (in_review(1), in_review(1, head_commit="h"), ["details of step 1 changed"]),
        (
            closed(1, failures=2),
            step(1, attempts=1, previous_pull_requests=(previous(101),)),
            ["step 1: #101 set aside", "step 1 may be tried again"],
        ),
        (
            closed(1),
            in_review(1, pr_number=107, previous_pull_requests=(previous(101),)),
            ["step 1: pull request #107 opened"],
        ),
        (
            in_review(1),
            in_review(1, previous_pull_requests=(previous(99),)),
            ["step 1: #99 recorded as an earlier attempt (closed)"],
        ),
        (
            step(1, previous_pull_requests=(previous(101, "open"),)),
            step(1, previous_pull_requests=(previous(101, "merged"),)),
            ["step 1: #101 merged"],
        ),
        (closed(1), closed(1, closed_reason="too big"), ["step 1: #101 was closed because: too big"]),
        (
            claimed(1),
            step(1, attempts=1, refused_at=NOW, failure_reason="no branches"),
            ["step 1 refused: no branches"],
        ),
        (step(1, refused_at=NOW), step(1), ["step 1 may be tried again"]),
        (step(1), step(1, completed_at=NOW), ["step 1 done"]),
        (done(1), step(1), ["step 1 is unticked"]),
        (step(1), step(1, skipped_at=NOW), ["step 1 skipped"]),
        (step(1, skipped_at=NOW), step(1), ["step 1 is skipped no longer"]),
        (step(1), step(1, "other"), ["line of step 1 reworded"]),
        (step(1), step(1, orphaned_at=NOW), ["line of step 1 removed"]),
        (step(1, orphaned_at=NOW), step(1), ["line of step 1 is back"]),
        (step(1), step(1, waits_for=(2, 3)), ["step 1 waits for step 2, 3"]),
        (step(1, waits_for=(2,)), step(1), ["step 1 waits no longer"]),
        (step(1), step(1, extra={"later": 1}), ["step 1: other keys changed"]),
        (step(1), step(1), []),
    ],
)
def test_what_happened_to_a_step(before: Step, after: Step, expected: Sequence[str]) -> None:
    assert told(before, after) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((), (task(0.0195, model="claude-sonnet-4-5"),), "step 1: PRCreation, claude-sonnet-4-5, $0.0195"),
        ((), (task(None, type="PRSummary", model="unknown"),), "step 1: PRSummary, cost unknown"),
        ((task(None, id="c-1"),), (task(0.5, id="c-1"),), "step 1: PRCreation, m, $0.50 (it was cost unknown)"),
        ((task(1, id="a"), task(2, id="b")), (task(1, id="a"),), "step 1: 1 AI operation taken out"),
        ((task(1, id="a"),), (task(1, id="a", pr_number=7),), "details of step 1 changed"),
    ],
)
def test_what_was_spent(before: Sequence[AITask], after: Sequence[AITask], expected: str) -> None:
    assert told(step(1, ai_tasks=tuple(before)), step(1, ai_tasks=tuple(after))) == [expected]


def test_the_operations_stand_before_the_pull_request_that_came_of_them() -> None:
    assert told(HELD, in_review(1, ai_tasks=(task(0.25),))) == [
        "step 1: PRCreation, m, $0.25",
        "step 1: pull request #101 opened",
    ]


@pytest.mark.parametrize(
    ("usd", "text"),
    [(0.0, "$0.00"), (0.5, "$0.50"), (0.0195, "$0.0195"), (12.3456789, "$12.3457"), (0.00001, "under $0.0001")],
)
def test_money_has_as_many_places_as_it_needs(usd: float, text: str) -> None:
    assert money(usd) == text


def test_what_happened_to_a_document() -> None:
    before = project(step(1), step(2))
    assert differences(None, project(*map(step, range(1, 8)))) == ["7 steps added"]
    assert differences(before, project(step(1), step(2), step(3))) == ["1 step added"]
    assert differences(before, project(step(1))) == ["1 step taken out"]
    assert differences(before, project(step(2), step(1))) == ["order of the lines changed"]
    assert differences(before, replace(before, extra={"later": 1})) == ["other keys changed"]
    assert differences(before, replace(before, schema_version="1.9")) == ["schema 1.0 became 1.9"]
    assert differences(before, replace(before, created_at=NOW)) == ["details of the document changed"]
    assert differences(before, replace(before, last_updated=NOW)) == []
    assert differences(before, None) == ["document removed"]


def test_a_new_document_tells_what_its_steps_have_behind_them() -> None:
    found = differences(None, project(merged(1, completed_at=NOW), in_review(2), step(3)))
    assert found == [
        "3 steps added",
        "step 1: pull request #101 recorded (merged)",
        "step 1 done",
        "step 2: pull request #102 opened",
    ]


def test_several_documents_have_their_names_before_each_sentence() -> None:
    rewrites = {
        "b": Rewrite(project(step(1), name="b"), project(done(1), name="b")),
        "a": Rewrite(project(in_review(1), name="a"), project(merged(1), name="a")),
    }
    assert story(rewrites) == ["a: step 1: #101 merged", "b: step 1 done"]
    assert story({"b": rewrites["b"]}) == ["step 1 done"]
    assert story({}) == []


def test_a_renamed_document_is_one_story() -> None:
    before = project(in_review(1), name="a", created_at=NOW)
    after = replace(before, project="b", steps=(merged(1),))
    rewrites = {"a": Rewrite(before, None), "b": Rewrite(None, after)}
    assert story(rewrites) == ["renamed from a", "step 1: #101 merged"]
    assert story({**rewrites, "b": Rewrite(None, replace(after, created_at=at(1)))})[0] == "a: document removed"


@given(before=strategies.projects(), after=strategies.projects())
def test_every_difference_but_the_date_is_told(before: Project, after: Project) -> None:
    after = replace(after, project=before.project)
    is_same = replace(before, last_updated=after.last_updated) == after
    assert bool(differences(before, after)) is not is_same
    assert differences(before, before) == []
