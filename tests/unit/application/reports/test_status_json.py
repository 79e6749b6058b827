import json

import pytest

from claudestep.application.reports.status_json import render
from claudestep.application.reports.status_text import next_sentence
from claudestep.domain.chain import Decision, Wait
from claudestep.domain.errors import ClaudeStepError
from claudestep.domain.reasons import Reason
from tests.unit.application.reports.examples import BROKEN, START, STATUS, report, status
from tests.unit.golden import golden


@pytest.mark.parametrize(("with_steps", "name"), [(True, "status_with_steps.json"), (False, "status.json")])
def test_programs_read_the_same(name: str, *, with_steps: bool) -> None:
    text = render(STATUS, with_steps=with_steps)
    assert text == golden(name, text.encode()).decode()


@pytest.mark.parametrize(
    ("decision", "shown"),
    [
        (START, {"outcome": "start", "step_index": 2, "reviewer": "alice"}),
        (Wait(Reason.PAUSED), {"outcome": "wait", "reason": "paused"}),
        (BROKEN, {"outcome": "error"}),
    ],
)
def test_what_comes_next_is_an_outcome_for_programs(
    decision: Decision | ClaudeStepError, shown: dict[str, object]
) -> None:
    text = render(report(status(None, decision)), with_steps=True)
    (found,) = json.loads(text)["projects"]
    assert found == {"project": "auth", "next": {**shown, "sentence": next_sentence(decision)}}


def test_there_are_no_projects_when_there_is_none() -> None:
    assert json.loads(render(report(), with_steps=True))["projects"] == []
