"""Hostile texts through the shipped workflow: nothing is executed, forged or leaked.

One step whose line joins the worst texts, an agent and a summary that say them, and every input of the action and
every text of an event that somebody else may choose. Every run asserts, besides, that no secret is to be read.
"""

from pathlib import Path

import msgspec
import pytest

from claudestep.application.reports import outcome_outputs
from claudestep.infrastructure.hosting import record_block
from tests.fakes.messages_api import Turn
from tests.workflows.chain import ACTION, Chain, errors, plays, project, set_chain, shipped, told
from tests.workflows.conftest import SetStage
from tests.workflows.hostile import BRANCHES, PROJECTS, TEXTS, Case
from tests.workflows.innocence import claims_of, headings, made, problems_of, records
from tests.workflows.journal import Done
from tests.workflows.runner import API_KEY

WORST = [case for case in TEXTS if case.in_spec and not case.name.startswith("too much")]
OURS = {*outcome_outputs.NAMES, "claimed", "claims", "claim_id", "needs_claude_code", "prompt", "kept_patches"}
SERVER = "https://github.com/o/r"
INPUTS = """\
on:
  workflow_dispatch:
    inputs: {{text: {{type: string}}}}
permissions: {{contents: write, pull-requests: write, issues: write}}
jobs:
  bare:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
        with: {{persist-credentials: false}}
      - id: claudestep
        uses: {action}
        with:
          project_name: p
          anthropic_api_key: ${{{{ secrets.ANTHROPIC_API_KEY }}}}
          {name}: ${{{{ inputs.text }}}}
"""


TAKEN = ("claude_model", "claude_allowed_tools")
"""Inputs that are of no account where a program does the steps."""


def marked(text: str, place: Path) -> str:
    """A text that makes a file of this test, if anything evaluates it."""
    return text.replace("MARKER", str(place / "WAS_EXECUTED"))


def nothing_happened(done: Done, chain: Chain, place: Path) -> None:
    """Nothing was executed, no command was taken for one, and every output is ours."""
    assert not made(place / "WAS_EXECUTED", chain.stage.remote.path), done
    for one in done.annotations:
        assert not one.message.startswith("forged")
        assert not one.title
        assert one.file in ("", "claude-step/p/configuration.yml", "claude-step/p/spec.md")
    for step in done.journal.steps:
        if step.ids and step.ids[-1] in ("claudestep", "prepare", "agent", "finalize"):
            assert step.outputs.keys() <= OURS
            assert step.outputs.get("pr_number", "") in ("", "1")
            assert step.outputs.get("claimed", "") in ("", "0", "1")
    assert not problems_of(done.summary.replace("### Pull request #1: p\n", ""), SERVER)


def test_a_step_an_agent_and_a_summary(set_stage: SetStage, tmp_path: Path) -> None:
    said = marked("\n".join(case.text for case in WORST), tmp_path)
    line = marked(" ".join(case.folded for case in WORST), tmp_path)
    wrote = Turn(text=f"{said}\n{API_KEY}", tool="Write", input={"file_path": "file.txt", "content": said})
    points = [marked(case.text, tmp_path) for case in WORST if case.name.startswith(("markdown", "calling"))]
    answer = {"what_changed": f"{API_KEY}\n{said[-1_800:]}", "how_to_review": points[:12], "risks": points[-12:]}
    scenario = msgspec.structs.replace(
        plays((wrote, Turn(text=said))), summary=(Turn(tool="StructuredOutput", input=answer),)
    )
    chain = set_chain(set_stage, shipped(tmp_path) | project("p", line, command=""), scenario)

    done = chain.by_hand("p")

    assert done.exit_code == 0, done
    nothing_happened(done, chain, tmp_path)
    assert done.annotations == []
    assert told(done, "outcome", "pr_number", "step_index", "project") == ("opened", "1", "1", "p")
    pull = chain.stage.remote.pull(1)
    found = record_block.read(pull["body"])
    assert found is not None
    assert (found.step_index, found.step_description) == (1, chain.steps("p")[0]["step_description"])
    assert found.step_description == " ".join(line.split())
    assert len(records(pull["body"])) == 1
    assert not problems_of(pull["body"], SERVER, ours=True)
    assert headings(pull["body"])[-1] == "What it cost"
    assert headings(done.summary) == ["Pull request #1: p"]
    assert "javascript:alert" in pull["body"], "the summary is there"
    message = chain.stage.remote.git("log", "-1", "--format=%B", pull["head"])
    assert len(claims_of(message)) == 1
    history = chain.stage.remote.git("log", "--all", "--patch", "--format=%B")
    assert API_KEY not in history + pull["body"] + pull["title"]


def test_an_agent_that_fails_with_them(set_stage: SetStage, tmp_path: Path) -> None:
    said = tmp_path / "said"
    said.write_text(marked("\n".join(case.text for case in WORST), tmp_path))
    chain = set_chain(set_stage, shipped(tmp_path) | project("p", "One", command=f"cat '{said}' >&2; exit 3"))

    done = chain.by_hand("p")

    assert (done.exit_code, told(done, "outcome", "reason", "pr_number")) == (1, ("failed", "step_failed", "")), (
        done
    )
    nothing_happened(done, chain, tmp_path)
    assert len([one for one in errors(done) if one.startswith("p: ")]) == 1
    assert headings(done.summary) == ["Failed: p"]


@pytest.mark.parametrize("case", PROJECTS[4:6] + PROJECTS[10:16], ids=lambda case: case.name)
def test_the_project_that_is_asked_for(set_stage: SetStage, tmp_path: Path, case: Case) -> None:
    """In the log: act takes no annotation with a `::` and a space in its text for one, as GitHub's runner does."""
    chain = set_chain(set_stage, shipped(tmp_path) | project("p", "One"))

    done = chain.by_hand(marked(case.text.replace("\0", "\\0"), tmp_path))

    assert (done.exit_code, chain.open()) == (1, []), done
    nothing_happened(done, chain, tmp_path)
    assert "cannot be the name of a project" in done.log


@pytest.mark.parametrize(
    "name", ["claude_model", "claude_allowed_tools", "add_pr_summary", "working_directory", "max_steps",
             "base_branch", "claims", "execution_file", "check_out", "stage"],
)  # fmt: skip
def test_the_inputs_of_the_action(set_stage: SetStage, tmp_path: Path, name: str) -> None:
    text = marked(
        "$(touch MARKER)`touch MARKER`\";touch MARKER;'\n::set-output name=pr_number::666\nx<<EOF", tmp_path
    )
    files = {".github/workflows/x.yml": INPUTS.format(action=ACTION, name=name)} | project("p", "One")
    chain = set_chain(set_stage, files)

    done = chain.stage.run("workflow_dispatch", inputs={"text": text})

    nothing_happened(done, chain, tmp_path)
    opened = "1" if chain.open() else ""
    assert done.outputs["claudestep"].get("pr_number", "") == opened
    assert (done.exit_code == 0) == (name in TAKEN), done


@pytest.mark.parametrize("case", [*BRANCHES[1:4], *BRANCHES[6:10]], ids=lambda case: case.name)
def test_the_texts_of_an_event(set_stage: SetStage, tmp_path: Path, case: Case) -> None:
    """The branch begins as one of ClaudeStep's, or the workflow starts nothing at all."""
    text = marked(case.text, tmp_path)
    branch = text if text.startswith("claude-step-") else f"claude-step-{text}"
    chain = set_chain(set_stage, shipped(tmp_path) | project("p", "One", "Two"))
    chain.stage.remote.branch("other")
    chain.stage.remote.commit("other", {"x.txt": "x\n"})
    chain.stage.remote.open_pull("other", author="alice")
    chain.stage.remote.merge(1)
    event = chain.stage.pull_event(1)
    pull = event["pull_request"]
    said = marked("\n".join(one.text for one in WORST), tmp_path)
    pull |= {"title": said, "body": said, "head": pull["head"] | {"ref": branch, "label": branch}}

    done = chain.stage.run("pull_request", event=event | {"pull_request": pull})

    assert done.exit_code == 0, done
    nothing_happened(done, chain, tmp_path)
    assert (told(done, "outcome", "reason"), done.annotations) == (("nothing_to_do", "not_ours"), [])
    assert chain.open() == []
