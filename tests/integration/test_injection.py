"""Hostile texts from steps, agents, names and events, through prepare, agent and finalize as a workflow runs them.

Nothing is executed, forged or leaked: see tests/workflows/hostile.py for the texts and what each tries, and
tests/workflows/innocence.py for how what comes of them is read.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

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
    EXPRESSIONS,
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

PREPARED = {"claimed", "claims", "claim_id", "needs_claude_code", "prompt"}
FINALIZED = {*outcome_outputs.NAMES, "kept_patches"}
UNREADABLE = "::warning::the usage that the agent wro"
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

    def _judged(self, args: Iterable[str], _: object, result: Result) -> Result:
        assert "Traceback" not in result.err, (args, result)
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
        refs = [
            ref for ref in self.refs() if ref.startswith((METADATA, "refs/heads/claude-step-", "refs/claudestep/"))
        ]
        return self.git("log", "--patch", "--format=%B", *refs)


def in_workflow(place: Path, case: Case, *, template: str = "") -> Hostile:
    """Two steps whose texts are hostile, and an agent that says, writes and uses what is. It fails the second."""
    repository = Hostile(place)
    text = " ".join(case.text.split("\n")) if case.in_spec else "Plain"
    nested = case.text if case.in_spec else "Plain"
    details = "\n".join(f"  {line}" for line in re.split(r"\r|\n", nested))
    said = case.text.encode(errors="surrogatepass")
    used = {
        "type": case.text,
        "model": case.text,
        "cost_usd": 0.25,
        "created_at": "2026-01-01T00:00:00Z",
        "x": case.text,
    }
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
            summary = {"what_changed": case.text, "how_to_review": [case.text], "risks": [case.text]}
            told |= {"notes": [case.text], "summary": summary}
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
    assert (set(first), none, set(last)) == (PREPARED, {}, FINALIZED)
    assert (first["claimed"], last["outcome"], last["pr_number"], last["reason"]) == ("2", "opened", "1", "opened")
    assert [one["outcome"] for one in json.loads(last["outcomes"])] == ["opened", "failed"]
    annotations = commands_of(*(stream for one in (prepared, worked, finalized) for stream in (one.out, one.err)))
    costs = None if _is_no_unicode(case) or len(case.text) > 500_000 else 0.25
    assert [line[: len(UNREADABLE)] for line in annotations if line.startswith("::warning")] == [UNREADABLE] * (
        0 if costs else 2
    )
    (error,) = (line for line in annotations if not line.startswith("::warning"))
    assert error.startswith("::error::p: ")
    _is_published_as_it_is(repository, case, template, costs)
    _says_nothing_else(repository, costs)
    _keeps_secrets(repository, (prepared, worked, finalized), (first, last))


def _is_no_unicode(case: Case) -> bool:
    return any("\ud800" <= char <= "\udfff" for char in case.text)


def _is_published_as_it_is(repository: Hostile, case: Case, template: str, cost: float | None) -> None:
    """The pull request is one of ours, and the document is right."""
    body = repository.show_message("refs/claudestep/pulls/1").partition("\n\n")[2].rpartition("\n\n")[0]
    text = case.folded if case.in_spec else "Plain"
    found = record_block.read(body)
    assert found is not None
    assert (found.project, found.step_index, found.step_description) == (PROJECT, 1, text)
    (record,) = records(body)
    assert json.loads(record)["step_index"] == 1
    assert not problems_of(body, SERVER, ours=True)
    assert headings(body)[-1] == "What it cost"
    assert len([row for row in rows(body) if len(row) == 5]) >= 2
    assert rows(body)[-1] == ["**all of this step**", "", "", "", _total(cost)]
    assert "The end of mine." in body or not template
    steps = repository.document()["steps"]
    assert [step["step_description"] for step in steps] == [text, f"Second {text}" if text else "Second"]
    assert [step.get("pr_number") for step in steps] == [1, None]
    assert [step["ai_tasks"][0]["cost_usd"] for step in steps] == [cost, cost]
    message = repository.show_message("claude-step-p-1")
    assert len(claims_of(message)) == 1
    assert message.split("\n\n")[0].startswith("ClaudeStep: ")
    assert len(message.split("\n\n")) == 2
    assert repository.run("metadata", "fsck").code == 0


def _total(cost: float | None) -> str:
    return f"**${cost:.4f}**" if cost else "**$0.0000 + 1 unknown**"


def _says_nothing_else(repository: Hostile, cost: float | None) -> None:
    """The summary of the job and what Slack is told."""
    summary = repository.summary()
    assert not problems_of(summary.replace("### Pull request #1: p\n", "### Pull request: p\n"), SERVER)
    assert headings(summary) == ["Pull request #1: p", "Failed: p"]
    assert rows(summary)[-1] == ["**all**", "", "", "", _total(cost)]
    assert len([row for row in rows(summary) if row[-1] == (f"${cost:.4f}" if cost else "unknown")]) == 2
    message = slack.render(repository.report(), "https://github.com/o/r/actions/runs/7")
    assert message is not None
    assert not slack_problems(message)


def _keeps_secrets(
    repository: Hostile, results: tuple[Result, ...], outputs: tuple[Mapping[str, str], ...]
) -> None:
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


# What a prompt says


def test_no_text_of_a_step_puts_anything_else_into_a_prompt(tmp_path: Path) -> None:
    texts = [case.of(str(tmp_path / "WAS_EXECUTED")) for case in (*EXPRESSIONS, *FILES)]
    repository = Hostile(tmp_path)
    lines = "\n\n".join(f"- [ ] {' '.join(case.text.split(chr(10)))}" for case in texts)
    repository.write(
        f"claude-step/{PROJECT}/prompt.md", "Do {{STEP_DESCRIPTION}} of {{PROJECT}}.\n{{STEP_DETAILS}}\n"
    )
    repository.begin(spec=lines.encode(), command="false", more="reviewers: [{username: alice, maxOpenPRs: 99}]\n")

    for number, case in enumerate(texts, start=1):
        done, outputs = repository.stage("prepare", PROJECT, "--handover", str(tmp_path / f"handover-{number}"))
        assert done.code == 0, (case, done)
        assert (outputs["claimed"], outputs["prompt"]) == ("1", f"Do {case.folded} of p.\n\n"), case
        assert repository.run("skip", PROJECT, str(number)).code == 0, case


# Secrets


@pytest.mark.parametrize("written", [SECRET, f"key={SECRET}", SECRET.encode().hex()], ids=["plain", "line", "hex"])
def test_a_secret_in_a_file_is_not_published(tmp_path: Path, written: str) -> None:
    repository = in_workflow(tmp_path, Case("x", "be read", "x"))
    (tmp_path / "written").write_text(written)

    _, first = repository.stage("prepare", PROJECT)
    agent, _ = repository.stage("agent", env={"STAGE_TOKEN": SECRET})
    finalized, last = repository.stage("finalize")

    assert (agent.code, finalized.code, last["outcome"], last["kept_patches"]) == (0, 1, "failed", "false"), (
        finalized
    )
    assert repository.branches() == []
    _keeps_secrets(repository, (agent, finalized), (first, last))
    kept = (path for path in repository.place.rglob("*.patch"))
    assert not [path for path in kept if written in path.read_text()]


# Names


def claimed_nothing(outputs: Mapping[str, str]) -> bool:
    """Whether these are outputs of ours, if any, of a `prepare` that began nothing."""
    known = set(outputs) <= PREPARED | set(outcome_outputs.NAMES)
    return known and outputs.get("claimed", "0") == "0" and not outputs.get("pr_number")


@pytest.mark.parametrize("case", PROJECTS, ids=lambda case: case.name)
@pytest.mark.parametrize("way", ["argument", "input"])
def test_a_name_that_can_name_no_project_is_refused(tmp_path: Path, case: Case, way: str) -> None:
    name = case.of(str(tmp_path / "WAS_EXECUTED")).text
    if "\0" in name:
        name = name.replace("\0", "\\0")  # no program can be given one
    repository = Hostile(tmp_path)
    repository.begin()
    before = repository.git_files()

    given = ((), {"CLAUDESTEP_INPUT_PROJECT": name}) if way == "input" else (("--", name), {})
    done, outputs = repository.stage("prepare", *given[0], env=given[1])

    assert (done.code, claimed_nothing(outputs)) == (2, True), (done, outputs)
    (told,) = commands_of(done.out, done.err)
    assert told.startswith("::error::'")
    assert "cannot be the name of a project" in told
    assert repository.git_files() == before


FOLDERS = [case for case in PROJECTS if not {"/", "\0"} & set(case.text) and case.text not in ("..", ".git")]


@pytest.mark.parametrize("case", FOLDERS, ids=lambda case: case.name)
def test_a_folder_of_such_a_name_is_no_project_and_stands_in_nobodys_way(tmp_path: Path, case: Case) -> None:
    name = case.of("HERE").text[:200]
    repository = Hostile(tmp_path)
    repository.begin(command="echo x > x.txt")
    repository.write(f"claude-step/{name}/spec.md", "- [ ] One\n")
    repository.commit()

    prepared, first = repository.stage("prepare")
    codes = [prepared.code, repository.stage("agent")[0].code, repository.stage("finalize")[0].code]

    assert codes == [1, 0, 0]
    assert (first["claimed"], repository.branches()) == ("1", ["claude-step-p-1"])
    assert [(one.outcome, one.project) for one in repository.report()] == [("failed", name), ("opened", PROJECT)]
    assert len(commands_of(prepared.out, prepared.err)) == 1
    assert not problems_of(repository.summary().replace("### Pull request #1: p\n", ""), SERVER)
    assert not list(tmp_path.rglob("HERE"))


@pytest.mark.parametrize("case", ASSIGNEES, ids=lambda case: case.name)
def test_an_assignee_that_can_be_nobody_is_refused_with_its_line(tmp_path: Path, case: Case) -> None:
    name = case.of(str(tmp_path / "WAS_EXECUTED")).text
    repository = Hostile(tmp_path)
    repository.begin(more=f"reviewers:\n  - username: {json.dumps(name)}\n    maxOpenPRs: 1\n")

    done, outputs = repository.stage("prepare", PROJECT)

    assert (done.code, outputs["outcome"], outputs["reason"], outputs["claimed"]) == (
        2,
        "failed",
        "configuration",
        "0",
    )
    assert outputs.keys() == PREPARED | set(outcome_outputs.NAMES)
    (told,) = commands_of(done.out, done.err)
    assert re.match(r"::error file=claude-step/p/configuration.yml,line=5::p: ", told), told
    assert not problems_of(repository.summary(), SERVER)
    assert METADATA not in repository.refs()


@pytest.mark.parametrize("option", ["MAX_STEPS", "CHECK_OUT", "BASE_BRANCH"])
@pytest.mark.parametrize("case", [*BRANCHES, *FILES], ids=lambda case: case.name)
def test_an_input_that_is_none_is_refused(tmp_path: Path, case: Case, option: str) -> None:
    text = case.of(str(tmp_path / "WAS_EXECUTED")).text
    repository = Hostile(tmp_path)
    repository.begin()

    done, outputs = repository.stage("prepare", PROJECT, env={f"CLAUDESTEP_INPUT_{option}": text})

    assert (done.code > 0, claimed_nothing(outputs)) == (True, True), (done, outputs)
    assert len(commands_of(done.out, done.err)) == 1
    assert repository.branches() == []


# Events


@pytest.mark.parametrize("case", [*BRANCHES, *TEXTS], ids=lambda case: case.name)
def test_the_texts_of_an_event_are_data(tmp_path: Path, case: Case) -> None:
    case = case.of(str(tmp_path / "WAS_EXECUTED"))
    repository = Hostile(tmp_path)
    repository.begin()
    event = repository.runner / "event.json"
    end = {"ref": case.text, "sha": case.text, "label": case.text, "repo": {"full_name": "o/r"}}
    pull = {
        "number": 1,
        "title": case.text,
        "body": case.text,
        "head": end,
        "base": end,
        "user": {"login": case.text},
    }
    event.write_text(json.dumps({"action": "closed", "pull_request": pull, "inputs": {"x": case.text}}))
    env = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(event)}

    done, outputs = repository.stage("prepare", env=env)

    if _is_no_unicode(case):
        assert (done.code, claimed_nothing(outputs)) == (2, True)
        return
    assert (done.code, outputs["outcome"], outputs["reason"], outputs["claimed"]) == (
        0,
        "nothing_to_do",
        "not_ours",
        "0",
    )
    assert commands_of(done.out, done.err) == []
    assert repository.branches() == []


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[", b"[]", b"null", b'"x"', b"{" * 100_000, b'{"a":' * 100_000, b"[" * 200_000 + b"]" * 200_000,
        b'{"pull_request": {"number": "1; touch x"}}', b'{"pull_request": {"number": 1e999}}', b"\xff\xfe\0",
        b'{"action": {"x": 1}}', b'{"pull_request": {"head": {"ref": ["x"]}}}', b'{"ref": "\\ud800"}',
    ],
    ids=lambda content: repr(content[:24]),
)  # fmt: skip
def test_an_event_that_is_none(tmp_path: Path, content: bytes) -> None:
    repository = Hostile(tmp_path)
    repository.begin()
    event = repository.runner / "event.json"
    event.write_bytes(content)
    env = {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(event)}

    done, outputs = repository.stage("prepare", env=env)

    assert (done.code in (0, 2), claimed_nothing(outputs)) == (True, True), (done, outputs)
    assert len(commands_of(done.out, done.err)) == (1 if done.code else 0)
    assert repository.branches() == []


def _nested(depth: int) -> str:
    return '{"x":' * depth + "1" + "}" * depth


@pytest.mark.parametrize(
    "usage",
    ["", "[", "null", "{" * 50_000, _nested(50_000), f'{{"type": "x", "y": {_nested(5_000)}}}',
     "[" * 9_000 + "]" * 9_000,
     '{"type": "PRCreation", "model": "m", "cost_usd": -5, "created_at": "2026-01-01T00:00:00Z"}',
     '{"type": "PRCreation", "model": "m", "cost_usd": 1e999, "created_at": "2026-01-01T00:00:00Z"}',
     '{"type": "PRCreation", "model": "m", "cost_usd": NaN, "created_at": "2026-01-01T00:00:00Z"}'],
    ids=lambda usage: repr(usage[-24:]),
)  # fmt: skip
def test_a_usage_that_is_none_costs_what_nobody_knows(tmp_path: Path, usage: str) -> None:
    repository = in_workflow(tmp_path, Case("x", "", "x"))
    (tmp_path / "usage").write_text(usage)

    codes = [repository.stage(*args)[0].code for args in (("prepare", PROJECT), ("agent",), ("finalize",))]

    assert codes == [0, 0, 0]
    assert [task.get("cost_usd") for task in repository.step(1)["ai_tasks"]] == [None]
