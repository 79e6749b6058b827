"""Both actions install ClaudeStep by the same steps."""

from itertools import takewhile
from typing import Any

import yaml

from tests.workflows.release import ROOT


def install_steps(path: str) -> list[dict[str, Any]]:
    """The steps before the first one that starts ClaudeStep, as those of the action at the root."""
    text = (ROOT / path).read_text(encoding="utf-8").replace("github.action_path }}/..", "github.action_path }}")
    steps: list[dict[str, Any]] = yaml.safe_load(text)["runs"]["steps"]
    return list(takewhile(lambda step: "-m claudestep" not in step.get("run", ""), steps))


def test_both_actions_install_by_the_same_steps() -> None:
    steps = install_steps("action.yml")
    assert "Install ClaudeStep" in [step["name"] for step in steps]
    assert install_steps("statistics/action.yml") == steps
