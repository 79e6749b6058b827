import json

from claudestep.application.reports.statistics_json import render
from claudestep.domain.statistics import summarize
from tests.unit.application.reports.examples import STATISTICS
from tests.unit.builders import NOW
from tests.unit.golden import golden


def test_programs_read_all_figures() -> None:
    text = render(STATISTICS)
    assert text == golden("statistics.json", text.encode()).decode()


def test_the_cost_of_a_merge_is_null_when_a_cost_is_unknown() -> None:
    """ "unknown cost is `null`, never 0"."""
    figures = json.loads(render(STATISTICS))["projects"][0]
    assert figures["cost_per_merge_usd"] is None
    assert figures["cost"] == {"usd": 1.75, "unknown": 1}


def test_every_key_is_there_when_there_is_no_project() -> None:
    assert json.loads(render(summarize([], NOW))) == {
        "version": 1,
        "kind": "statistics",
        "at": "2025-01-15T10:30:00Z",
        "done": 0,
        "total": 0,
        "cost": {"usd": 0.0, "unknown": 0},
        "cost_by_model": {},
        "cost_by_type": {},
        "projects": [],
        "reviewers": [],
    }
