"""Hostile texts from steps, agents, names and events, through prepare, agent and finalize as a workflow runs them.

Nothing is executed, forged or leaked: see tests/workflows/hostile.py for the texts and what each tries, and
tests/workflows/innocence.py for how what comes of them is read.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from claudestep.application import outcome
from claudestep.application.reports import outcome_outputs, slack
from claudestep.infrastructure.hosting import record_block
from tests.integration.repository import METADATA, PROJECT, Repository, Result
from tests.unit.infrastructure.actions.test_commands import outputs_of
from tests.workflows.hostile import (
    ASSIGNEES,
    BRANCHES,
    CLAUDE_TOKEN,
    FILES,
    GITHUB_TOKEN,
    PROJECTS,
    SECRET,
    TEXTS,
    Case,
)
from tests.workflows.innocence import (
    claims_of,
    commands_of,
    forged_commands,
    headings,
    made,
    problems_of,
    records,
    rows,
    slack_problems,
    unseen,
)

PREPARED = {"claimed", "claims", "needs_claude_code", "prompt"}
FINALIZED = {*outcome_outputs.NAMES, "kept_patches"}
SERVER = "https://github.com/"
TEMPLATE = """\
# Mine

{{TASK_DESCRIPTION}}

{{STEP_DETAILS}}

{{PROJECT}} {{STEP_INDEX}} {{PROGRESS}} {{REVIEWER}}

{{SUMMARY}}

The end of mine.
"""
AGENT = """\
cat '{place}/said'; cat '{place}/said' >&2
cp '{place}/usage' "$CLAUDESTEP_USAGE_FILE"
test "$CLAUDESTEP_STEP_INDEX" = 1 || exit 3
cp '{place}/written' done.txt
"""


@dataclass
class Hostile(Repository):
    """A repository in a workflow: what the runner reads is in `place/runner`."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.runner.mkdir(exist_ok=True)
        self.environment |= {
            "GITHUB_ACTIONS": "true",
            "GITHUB_RUN_ID": "7",
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_OUTPUT": str(self.runner / "output"),
            "GITHUB_STEP_SUMMARY": str(self.runner / "summary.md"),
            "RUNNER_TEMP": str(self.runner),
        }

    @property
    def runner(self) -> Path:
        return self.place / "runner"

    @property
    def marker(self) -> Path:
        return self.place / "WAS_EXECUTED"

    @property
    def handover(self) -> Path:
        return self.runner / "claudestep"

    def _judged(self, args: object, before: object, result: Result) -> Result:
        assert "Traceback" not in result.err, result
        assert result.code in (0, 1, 2), result
        assert not forged_commands(result.out, result.err)
        assert not unseen(result.out + result.err)
        assert not made(self.marker)
        return result

    def stage(self, *args: str, env: Mapping[str, str] | None = None) -> tuple[Result, dict[str, str]]:
        """One command, with the outputs that the runner reads."""
        output = self.runner / "output"
        output.unlink(missing_ok=True)
        result = self.run(*args, env=env)
        return result, outputs_of(output) if output.exists() else {}

    def summary(self) -> str:
        return (self.runner / "summary.md").read_text("utf-8")

    def message(self, ref: str) -> str:
        return self.show_message(ref)

    def show_message(self, ref: str) -> str:
        return self.git("log", "-1", "--format=%B", ref)

    def report(self) -> tuple[outcome.Outcome, ...]:
        return outcome.decode((self.handover / "report.json").read_bytes())

    def everything(self) -> str:
        """All that is published: documents, pull requests, patches, and their messages."""
        refs = [ref for ref in self.refs() if ref.startswith((METADATA, "refs/heads/claude-step-", "refs/claudestep/"))]
        return self.git("log", "--patch", "--format=%B", *refs)


def in_workflow(place: Path, case: Case, *, template: str = "") -> Hostile:
    """Two steps whose texts are hostile, and an agent that says, writes and uses what is. It fails the second."""
    repository = Hostile(place)
    text = " ".join(case.text.split("\n")) if case.in_spec else "Plain"
    nested = case.text if case.in_spec else "Plain"
    details = "\n".join(f"  {line}" for line in re.split(r"\r|\n", nested))
    said = case.text.encode(errors="surrogatepass")
    used = {"type": case.text, "model": case.text, "cost_usd": 0.25, "created_at": "2026-01-01T00:00:00Z", "x": case.text}
    (place / "said").write_bytes(said)
    (place / "written").write_bytes(b"done\n" if case.name.startswith("token") else said[:2_000])
    (place / "usage").write_text(json.dumps(used))
    spec = f"- [ ] {text}\n\n{details}\n\n- [ ] Second {text}\n"
    more = "  env: [STAGE_TOKEN]\nreviewers: [{username: alice, maxOpenPRs: 9}]\n"
    if template:
        repository.write(f"claude-step/{PROJECT}/pr-template.md", template)
    repository.begin(spec=spec.encode(), command=AGENT.format(place=place), more=more)
    return repository


def say_in_the_summary(repository: Hostile, case: Case) -> None:
    """What Claude Code answers, as the agent's machine hands it on: all of it hostile."""
    for path in (repository.handover / "results").glob("*.json"):
        told = json.loads(path.read_text())
        if not told.get("reason"):
            told |= {"notes": [case.text], "summary": dict.fromkeys(("how_to_review", "risks"), [case.text])}
            told["summary"]["what_changed"] = case.text
        else:
            told |= {"reason": f"it failed: {case.text}", "output": case.text}
        path.write_text(json.dumps(told))


@pytest.mark.parametrize(("number", "case"), list(enumerate(TEXTS)), ids=lambda value: getattr(value, "name", ""))
def test_a_text_goes_the_whole_way(tmp_path: Path, number: int, case: Case) -> None:
    """Every other one in a pull request by a template."""
    template = TEMPLATE if number % 2 else ""
    case = case.of(str(tmp_path / "WAS_EXECUTED"))
    repository = in_workflow(tmp_path, case, template=template)

    prepared, first = repository.stage("prepare", PROJECT, "--max-steps", "2")
    worked, none = repository.stage("agent", env={"STAGE_TOKEN": SECRET})
    if case.known and not _is_no_unicode(case):
        say_in_the_summary(repository, case)
    finalized, last = repository.stage("finalize")

    assert [one.code for one in (prepared, worked, finalized)] == [0, 0, 1], (prepared, worked, finalized)
    assert (first.keys(), none, last.keys()) == (PREPARED, {}, FINALIZED)
    assert (first["claimed"], last["outcome"], last["pr_number"], last["reason"]) == ("2", "opened", "1", "opened")
    assert [one["outcome"] for one in json.loads(last["outcomes"])] == ["opened", "failed"]
    annotations = commands_of(*(stream for one in (prepared, worked, finalized) for stream in (one.out, one.err)))
    assert len(annotations) == 1
    assert annotations[0].startswith("::error::p: ")
    _is_published_as_it_is(repository, case, template)
    _says_nothing_else(repository)
    _keeps_secrets(repository, (prepared, worked, finalized), (first, last))


def _is_no_unicode(case: Case) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in case.text)


def _is_published_as_it_is(repository: Hostile, case: Case, template: str) -> None:
    """The pull request is one of ours, and the document is right."""
    body = repository.show_message("refs/claudestep/pulls/1").partition("\n\n")[2].rpartition("\n\n")[0]
    text = case.folded if case.in_spec else "Plain"
    found = record_block.read(body)
    assert found is not None
    assert (found.project, found.step_index, found.step_description) == (PROJECT, 1, text)
    (record,) = records(body)
    assert json.loads(record)["step_index"] == 1
    assert not problems_of(body, SERVER)
    assert headings(body)[-1] == "What it cost"
    assert len([row for row in rows(body) if len(row) == 5]) >= 2
    assert rows(body)[-1][-1] == "**$0.2500**"
    assert "The end of mine." in body or not template
    steps = repository.document()["steps"]
    assert [step["step_description"] for step in steps] == [text, f"Second {text}" if text else "Second"]
    assert [step.get("pr_number") for step in steps] == [1, None]
    assert [step["ai_tasks"][0]["cost_usd"] for step in steps] == [0.25, 0.25]
    message = repository.show_message("claude-step-p-1")
    assert len(claims_of(message)) == 1
    assert message.split("\n\n")[0].startswith("ClaudeStep: ")
    assert len(message.split("\n\n")) == 2
    assert repository.run("metadata", "fsck").code == 0


def _says_nothing_else(repository: Hostile) -> None:
    """The summary of the job and what Slack is told."""
    summary = repository.summary()
    assert not problems_of(summary.replace("### Pull request #1: p\n", "### Pull request: p\n"), SERVER)
    assert headings(summary) == ["Pull request #1: p", "Failed: p"]
    assert rows(summary)[-1] == ["**all**", "", "", "", "**$0.2500**"]
    assert len([row for row in rows(summary) if row[-1] == "$0.2500"]) == 2
    message = slack.render(repository.report(), "https://github.com/o/r/actions/runs/7")
    assert message is not None
    assert not slack_problems(message)


def _keeps_secrets(repository: Hostile, results: tuple[Result, ...], outputs: tuple[Mapping[str, str], ...]) -> None:
    seen = {
        "the log": "".join(result.out + result.err for result in results),
        "the outputs": json.dumps(outputs, ensure_ascii=False),
        "the summary": repository.summary(),
        "what is published": repository.everything(),
        "Slack": json.dumps(slack.render(repository.report(), "")),
    }
    for place, text in seen.items():
        for secret in (SECRET, GITHUB_TOKEN, CLAUDE_TOKEN, *_forms(SECRET)):
            assert secret not in text, place


def _forms(secret: str) -> tuple[str, ...]:
    return (secret.encode().hex(), secret[::-1])
