"""From an empty repository to the first pull request, with only what the quickstart says."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.github_server.fixture import DEFAULT_TOKEN
from tests.workflows.chain import Chain, does
from tests.workflows.conftest import SetStage
from tests.workflows.release import ROOT


def quickstart() -> str:
    """The section, without its heading."""
    page = (ROOT / "docs/action.md").read_text(encoding="utf-8")
    return re.split(r"(?m)^## ", page)[1]


def commands(text: str) -> list[list[str]]:
    """What it says to type: what stands in a block, and behind a colon in a line."""
    found = re.findall(r"(?m)^ {3}(claudestep .*)$", text) + re.findall(r"`(gh secret set [A-Z_]+)`", text)
    return [shlex.split(line) for line in found]


def sections(text: str) -> Iterable[str]:
    return re.findall(r"(?m)^\d\. ", text)


def git(clone: Path, *args: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.invalid"]
    done = subprocess.run(["git", "-C", str(clone), *identity, *args], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_the_quickstart(set_stage: SetStage, tmp_path: Path) -> None:
    text = quickstart()
    init, secret = commands(text)
    assert len(list(sections(text))) == 5
    assert len(text.splitlines()) <= 40  # it fits one screen
    stage = set_stage({}, does(2))
    remote, clone = stage.remote, tmp_path / "clone"
    remote.configure(settings={"actions_may_open_pulls": False})
    del stage.secrets["ANTHROPIC_API_KEY"]

    # 1. and 2.: the files, and the steps
    subprocess.run(["git", "clone", "--quiet", remote.git_url(DEFAULT_TOKEN), str(clone)], check=True)
    git(clone, "switch", "--quiet", "--create", "main")
    subprocess.run([sys.executable, "-m", "claudestep", "-C", str(clone), *init[1:], "--workflow"], check=True)
    spec = clone / "claude-step/my-refactor/spec.md"
    spec.write_text(spec.read_text() + "\n- [ ] Write the first file\n\n- [ ] Write the second file\n")
    git(clone, "add", "--all")
    git(clone, "commit", "--quiet", "--message", "Begin")
    git(clone, "push", "--quiet", "origin", "main")
    pushed = {"ref": "refs/heads/main", "before": "0" * 40, "after": remote.head()}

    # without 3. it says what is missing, and the step is not to blame
    done = stage.run("push", event=pushed)
    assert done.exit_code == 1
    assert "Not logged in" in str(done.annotations)
    (step, _) = Chain(stage).steps("my-refactor")
    assert ("claim" in step, step.get("failures", 0), step["ai_tasks"]) == (False, 0, [])

    # 3., and without 4. it says that, too, and has not worked in vain
    stage.secrets[secret[-1]] = stage.api.scenario.api_key or ""
    done = stage.run("push", event=pushed)
    assert done.exit_code == 1
    assert "GitHub Actions may not open pull requests in this repository" in str(done.annotations)
    asked = len(stage.api.requests)

    # 4.
    remote.configure(settings={"actions_may_open_pulls": True})
    done = stage.run("push", event=pushed)

    assert done.exit_code == 0, done
    assert Chain(stage).open() == [1, 2]  # there is room for one more
    assert len(stage.api.requests) > asked
    assert [task["cost_usd"] is None for task in Chain(stage).steps("my-refactor")[0]["ai_tasks"]] == [False] * 2
    assert remote.pull(1)["title"] == "ClaudeStep: Write the first file"
