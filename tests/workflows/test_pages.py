"""Workflows, and steps of them, that the pages show: linters find nothing in them, and every input is there."""

from pathlib import Path

import pytest
import yaml

from tests.integration.test_docs import blocks
from tests.workflows.linting import TOOLS, actionlint, files, lay_out


@pytest.mark.parametrize("text", blocks("yaml steps"))
def test_steps_that_are_shown_work(tmp_path: Path, text: str) -> None:
    steps = yaml.safe_load(text)
    job = {"runs-on": "ubuntu-latest", "permissions": {"contents": "write"}, "steps": steps}
    workflow = yaml.safe_dump({"on": "push", "jobs": {"step": job}})

    said = actionlint(lay_out(tmp_path, files() | {".github/workflows/shown.yml": workflow}))

    assert said == ""


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("text", blocks("yaml workflow"))
def test_a_workflow_that_is_shown_is_as_good_as_ours(tmp_path: Path, text: str, tool: str) -> None:
    said = TOOLS[tool](lay_out(tmp_path, files() | {".github/workflows/shown.yml": text}))

    assert said == ""


def test_there_are_some() -> None:
    assert blocks("yaml steps")
    assert [text for text in blocks("yaml workflow") if "uses: claudestep/claudestep/statistics@" in text]
