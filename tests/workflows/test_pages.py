"""Steps of workflows that are shown in the pages: a workflow of them is one, and names no input that is not there."""

from pathlib import Path

import pytest
import yaml

from tests.integration.test_docs import blocks
from tests.workflows.linting import actionlint, files, lay_out


@pytest.mark.parametrize("text", blocks("yaml steps"))
def test_steps_that_are_shown_work(tmp_path: Path, text: str) -> None:
    steps = yaml.safe_load(text)
    job = {"runs-on": "ubuntu-latest", "permissions": {"contents": "write"}, "steps": steps}
    workflow = yaml.safe_dump({"on": "push", "jobs": {"step": job}})

    said = actionlint(lay_out(tmp_path, files() | {".github/workflows/shown.yml": workflow}))

    assert said == ""
