"""Hostile texts in the steps, the output and the summary of an agent, as they arrive at GitHub.

See test_injection.py.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from claudestep.infrastructure.hosting import record_block
from tests.github_server.fixture import DEFAULT_TOKEN, GitHubServer
from tests.integration.github_clone import GitHubClone
from tests.integration.repository import METADATA, PROJECT, Result
from tests.unit.infrastructure.actions.test_commands import outputs_of
from tests.workflows.hostile import CALLING, MARKDOWN, TEXTS, Case
from tests.workflows.innocence import (
    claims_of,
    commands_of,
    forged_commands,
    headings,
    made,
    problems_of,
    records,
    unseen,
)

WANTED = (
    "shell: quotes", "expression: secret", "command: output", "command: old form", "file: delimiter", "file: JSON",
    "markdown: record in our marks", "markdown: long fence", "markdown: image", "calling: mention by entity",
    "calling: closes", "terminal: direction", "git: trailer", "slack: user and link",
)  # fmt: skip
CASES = [case for case in TEXTS if case.name in WANTED]
AGENT = """\
cat '{place}/said-'"$CLAUDESTEP_STEP_INDEX"
cp '{place}/said-'"$CLAUDESTEP_STEP_INDEX" "done-$CLAUDESTEP_STEP_INDEX.txt"
printf '{{"type": "PRCreation", "model": "m", "cost_usd": 0.25, "created_at": "2026-01-01T00:00:00Z"}}' \
    > "$CLAUDESTEP_USAGE_FILE"
"""
SERVER = "https://github.com/o/r"
"""What the test server calls itself in what it says."""
REVIEWERS = "reviewers: [{username: alice, maxOpenPRs: 99}]\n"


class HostileClone(GitHubClone):
    """A clone in which claims outlive a command."""

    def _judged(self, args: Iterable[str], _: object, result: Result) -> Result:
        assert (result.code, "Traceback" in result.err) == (0, False), (args, result)
        assert not forged_commands(result.out, result.err)
        assert not unseen(result.out + result.err)
        assert DEFAULT_TOKEN not in result.out + result.err
        return result


def in_workflow(github: GitHubServer, place: Path, cases: list[Case]) -> HostileClone:
    spec = "\n\n".join(f"- [ ] {' '.join(case.text.split(chr(10)))}" for case in cases)
    clone = HostileClone.of(github, place, spec=spec, command=AGENT.format(place=place), more=REVIEWERS)
    assert isinstance(clone, HostileClone)
    for number, case in enumerate(cases, start=1):
        (place / f"said-{number}").write_text(case.text)
    clone.environment |= {
        "GITHUB_ACTIONS": "true",
        "GITHUB_RUN_ID": "7",
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_OUTPUT": str(place / "output"),
        "GITHUB_STEP_SUMMARY": str(place / "summary.md"),
        "RUNNER_TEMP": str(place / "runner"),
    }
    return clone


def say_in_the_summaries(place: Path, cases: list[Case]) -> None:
    handover = place / "runner/claudestep"
    claims = json.loads((handover / "claims.json").read_text())["claims"]
    for claim, case in zip(claims, cases, strict=True):
        path = handover / "results" / f"{claim['step']['claim']['id']}.json"
        summary = {"what_changed": case.text, "how_to_review": [case.text], "risks": [case.text]}
        path.write_text(json.dumps(json.loads(path.read_text()) | {"summary": summary, "notes": [case.text]}))


@pytest.mark.parametrize("interface", ["graphql", "rest"])
def test_a_dozen_texts_arrive_as_texts(github: GitHubServer, tmp_path: Path, interface: str) -> None:
    assert len(CASES) == len(WANTED)
    chosen = CASES if interface == "graphql" else CASES[:3]
    cases = [case.of(str(tmp_path / "WAS_EXECUTED")) for case in chosen]
    clone = in_workflow(github, tmp_path, cases)

    clone.run("--api", interface, "prepare", PROJECT, "--max-steps", "99")
    clone.run("agent")
    say_in_the_summaries(tmp_path, cases)
    (tmp_path / "output").unlink()
    done = clone.run("--api", interface, "finalize")

    assert commands_of(done.out, done.err) == []
    assert not made(tmp_path / "WAS_EXECUTED", clone.remote.path)
    told = outputs_of(tmp_path / "output")
    assert [one["pr_number"] for one in json.loads(told["outcomes"])] == list(range(1, len(cases) + 1))
    _is_right(clone, cases)
    summary = (tmp_path / "summary.md").read_text("utf-8")
    assert headings(summary) == [f"Pull request #{number}: p" for number in range(1, len(cases) + 1)]
    assert not problems_of(_without_headings(summary), SERVER)


def _is_right(clone: GitHubClone, cases: list[Case]) -> None:
    steps = clone.document()["steps"]
    assert [step["step_description"] for step in steps] == [case.folded for case in cases]
    assert not [step for step in steps if "claim" in step]
    heads = {ref for ref in clone.refs() if ref.startswith("refs/heads/")}
    assert heads == {"refs/heads/main", METADATA} | {f"refs/heads/claude-step-p-{n + 1}" for n in range(len(cases))}
    for number, (step, case) in enumerate(zip(steps, cases, strict=True), start=1):
        pull = clone.pull(number)
        assert (step["pr_number"], pull["head"]) == (number, f"claude-step-p-{number}")
        assert (pull["assignees"], pull["base"]) == (["alice"], "main"), pull
        found = record_block.read(pull["body"])
        assert found is not None
        assert (found.step_index, found.step_description) == (number, case.folded)
        assert len(records(pull["body"])) == 1
        assert not problems_of(pull["body"], SERVER, ours=True)
        assert headings(pull["body"])[-1] == "What it cost"
        assert not unseen(pull["title"])
        message = clone.git("log", "-1", "--format=%B", pull["head"], cwd=clone.backend)
        assert len(claims_of(message)) == 1


def _without_headings(summary: str) -> str:
    return "\n".join(line for line in summary.split("\n") if not line.startswith("### Pull request #"))


def test_the_collection_is_what_it_is_meant_to_be() -> None:
    assert len(TEXTS) >= 80
    assert len({case.name for case in TEXTS}) == len(TEXTS)
    missed = {case.name for case in (*MARKDOWN, *CALLING) if not problems_of(case.text)}
    assert missed == {
        "end of a comment", "link that runs", "table", "heading", "rule", "math", "fence", "long fence",
        "fence of tildes", "fence in a list", "fence in a quote",
    }, "the readers see what is hostile"  # fmt: skip
