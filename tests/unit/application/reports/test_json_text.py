import json

import pytest

from claudestep.application.reports import json_text
from claudestep.domain.ai_tasks import CostTotal
from tests.unit.builders import NOW


def test_a_report_says_its_form_and_its_kind_first() -> None:
    """ "`--json` with a version in it and nothing else on stdout"."""
    text = json_text.render("status", {"at": NOW, "name": "größer"})
    assert text == (
        '{\n  "version": 1,\n  "kind": "status",\n  "at": "2025-01-15T10:30:00Z",\n  "name": "größer"\n}\n'
    )


@pytest.mark.parametrize(
    ("total", "shown"),
    [
        (CostTotal(), {"usd": 0.0, "unknown": 0}),
        (CostTotal(0.5, 2), {"usd": 0.5, "unknown": 2}),
        (CostTotal(0.1 + 0.2), {"usd": 0.3, "unknown": 0}),
        (CostTotal(0.0000014), {"usd": 0.000001, "unknown": 0}),
    ],
)
def test_a_cost_is_shown_to_the_millionth_with_its_unknowns(total: CostTotal, shown: dict[str, object]) -> None:
    assert json.loads(json_text.render("x", {"cost": json_text.cost(total)}))["cost"] == shown
