"""Both actions install ClaudeStep by the same steps."""

from itertools import takewhile
from typing import Any

import yaml

from tests.workflows.release import ROOT

FIRST_OF_ITS_OWN = {"prepare", "report"}


def install_steps(path: str) -> list[dict[str, Any]]:
    """The steps before an action's own ones, told as if the action were at the root."""
    text = (ROOT / path).read_text(encoding="utf-8").replace("/../action/", "/action/")
    steps: list[dict[str, Any]] = yaml.safe_load(text)["runs"]["steps"]
    found = list(takewhile(lambda step: step.get("id") not in FIRST_OF_ITS_OWN, steps))
    assert "Install ClaudeStep" in [step["name"] for step in found]
    assert len(found) < len(steps)
    return found


def test_both_actions_install_by_the_same_steps() -> None:
    assert install_steps("statistics/action.yml") == install_steps("action.yml")
