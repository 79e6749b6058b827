import pytest

from claudestep.domain.ai_tasks import CostTotal, ModelUsage
from claudestep.domain.models import Progress, Project
from claudestep.domain.statistics import ProjectFigures, Report, ReviewerFigures, summarize
from tests.unit.builders import NOW, at, claimed, closed, done, in_review, merged, previous, project, step, task


def test_nothing_is_reported_when_there_is_no_project() -> None:
    assert summarize([], NOW) == Report(NOW, (), (), CostTotal(), {}, {})
    assert summarize([], NOW).progress == Progress(0, 0)


def test_a_project_is_reported_with_its_progress_and_pull_requests_and_cost() -> None:
    known = project(
        merged(1, completed_at=at(-1), ai_tasks=(task(0.5), task(0.25, type="PRSummary"))),
        in_review(2, previous_pull_requests=(previous(107), previous(108, "open"))),
        closed(3, ai_tasks=(task(1.0),)),
        claimed(4),
        step(5),
        merged(6, orphaned_at=at(-1), ai_tasks=(task(2.0),)),
        last_updated=at(-1),
    )
    assert summarize([known], NOW).projects == (
        ProjectFigures(
            name="p",
            progress=Progress(1, 5),
            removed=1,
            open=2,
            merged=2,
            closed=2,
            cost=CostTotal(3.75, 0),
            last_updated=at(-1),
        ),
    )


def test_costs_that_are_unknown_are_counted_apart_in_every_sum() -> None:
    """ "unknown cost is `null`, never 0"."""
    report = summarize(
        [
            project(step(1, ai_tasks=(task(0.5, model="big"), task(None, model="big"))), name="a"),
            project(step(1, ai_tasks=(task(None, model="small", type="PRSummary"),)), name="b"),
        ],
        NOW,
    )
    assert report.cost == CostTotal(0.5, 2)
    assert [one.cost for one in report.projects] == [CostTotal(0.5, 1), CostTotal(0.0, 1)]
    assert report.cost_by_model == {"big": CostTotal(0.5, 1), "small": CostTotal(0.0, 1)}
    assert report.cost_by_type == {"PRCreation": CostTotal(0.5, 1), "PRSummary": CostTotal(0.0, 1)}


def test_costs_are_those_of_each_model_when_a_run_used_several() -> None:
    usage = {"big": ModelUsage(cost_usd=0.4), "small": ModelUsage(cost_usd=0.25)}
    known = project(step(1, ai_tasks=(task(0.65, model="big", usage_by_model=usage), task(0.5, model="small"))))
    report = summarize([known], NOW)
    assert report.cost_by_model == {"small": CostTotal(0.75), "big": CostTotal(0.4)}
    assert report.cost_by_type == {"PRCreation": CostTotal(1.15)}


def test_a_cost_is_none_that_is_lost_in_a_long_sum() -> None:
    known = project(step(1, ai_tasks=tuple(task(0.1, id=str(n)) for n in range(1000))))
    assert summarize([known], NOW).cost == CostTotal(100.0)


@pytest.mark.parametrize(
    ("known", "expected"),
    [
        (project(merged(1, ai_tasks=(task(1.0),)), merged(2, ai_tasks=(task(2.0),))), 1.5),
        (project(merged(1, ai_tasks=(task(1.0),)), closed(2, ai_tasks=(task(2.0),))), 3.0),
        (project(merged(1)), 0.0),
        (project(in_review(1, ai_tasks=(task(1.0),))), None),
        (project(merged(1, ai_tasks=(task(1.0), task(None)))), None),
    ],
)
def test_the_cost_of_a_merge_is_none_while_nothing_is_merged_or_a_cost_is_unknown(
    known: Project, expected: float | None
) -> None:
    (figures,) = summarize([known], NOW).projects
    assert figures.cost_per_merge == expected


def test_reviewers_are_counted_over_all_projects_and_earlier_attempts() -> None:
    report = summarize(
        [
            project(
                in_review(1, reviewer="bob", previous_pull_requests=(previous(107, reviewer="Alice"),)),
                merged(2, reviewer="Alice"),
                closed(3),
                claimed(4, reviewer="carol"),
            ),
            project(in_review(1, reviewer="bob"), name="q"),
        ],
        NOW,
    )
    assert report.reviewers == (
        ReviewerFigures("Alice", open=0, merged=1, closed=1),
        ReviewerFigures("bob", open=2, merged=0, closed=0),
    )


def test_projects_are_reported_by_name_and_summed() -> None:
    report = summarize([project(done(1), step(2), name="b"), project(done(1), name="a")], NOW)
    assert [one.name for one in report.projects] == ["a", "b"]
    assert report.progress == Progress(2, 3)
    assert report.at == NOW
