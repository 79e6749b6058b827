"""What starts a chain, what it goes on with, and what it takes no notice of."""

import json
from pathlib import Path

import pytest

from tests.workflows.chain import ACTION, Chain, configuration, errors, project, set_chain, shipped, spec, told
from tests.workflows.conftest import SetStage

NOBODY = "0" * 40


def test_a_pull_request_that_was_turned_down(set_stage: SetStage, tmp_path: Path) -> None:
    chain = set_chain(set_stage, shipped(tmp_path) | project("auth", "One", "Two"))
    chain.by_hand("auth")
    chain.stage.remote.close(1)

    done = chain.closed(1)

    assert done.exit_code == 0, done
    assert told(done, "outcome", "project", "pr_number", "step_index") == ("opened", "auth", "2", "2")
    assert chain.states("auth") == [(1, "closed"), (2, "open")]
    assert chain.open() == [2]
    chain.stage.remote.close(2)
    last = chain.closed(2)
    assert last.exit_code == 0, last
    assert told(last, "outcome", "reason", "all_steps_done") == ("nothing_to_do", "steps_closed", "false")
    assert chain.states("auth") == [(1, "closed"), (2, "closed")]


def test_whose_pull_request_it_is(set_stage: SetStage, tmp_path: Path) -> None:
    """The branch of step 1 of `auth-1` begins like those of `auth`; its label is gone, too."""
    files = shipped(tmp_path) | project("auth", "One", "Two") | project("auth-1", "First", "Last")
    chain = set_chain(set_stage, files)
    chain.by_hand()
    assert [pull["head"] for pull in chain.stage.remote.pulls()] == ["claude-step-auth-1", "claude-step-auth-1-1"]
    chain.stage.remote.unlabel(2, "claudestep")

    done = chain.merge(2)

    assert done.exit_code == 0, done
    assert told(done, "outcome", "project", "pr_number", "step_index") == ("opened", "auth-1", "3", "2")
    assert [one["project"] for one in json.loads(told(done, "outcomes")[0])] == ["auth-1"]
    assert chain.states("auth-1") == [(2, "merged"), (3, "open")]
    assert chain.states("auth") == [(1, "open"), (None, None)]
    assert chain.open() == [1, 3]


def test_a_pull_request_of_somebody_else(set_stage: SetStage, tmp_path: Path) -> None:
    chain = set_chain(set_stage, shipped(tmp_path) | project("auth", "One"))
    for number, branch in enumerate(("feature", "claude-step-auth-1"), start=1):
        chain.stage.remote.branch(branch)
        chain.stage.remote.commit(branch, {f"{number}.txt": "mine\n"})
        chain.stage.remote.open_pull(branch, author="alice")

    other = chain.merge(1)
    alike = chain.merge(2)

    assert (other.exit_code, other.jobs) == (0, {"step": "skipped"})
    assert alike.exit_code == 0, alike
    assert told(alike, "outcome", "reason", "project") == ("nothing_to_do", "not_ours", "")
    assert "is none of ClaudeStep's." in alike.summary
    assert (chain.open(), errors(alike)) == ([], [])


def test_a_schedule_makes_up_for_lost_events(set_stage: SetStage, tmp_path: Path) -> None:
    files = shipped(tmp_path) | project("auth", "One", "Two") | project("logs", "First", "Last")
    chain = set_chain(set_stage, files)
    chain.stage.run("schedule", run_id=81)
    assert (chain.states("auth"), chain.states("logs")) == (
        [(1, "open"), (None, None)],
        [(2, "open"), (None, None)],
    )
    for number in (1, 2):
        chain.stage.remote.merge(number)

    done = chain.stage.run("schedule", run_id=82)

    assert done.exit_code == 0, done
    assert chain.states("auth") == [(1, "merged"), (3, "open")]
    assert chain.states("logs") == [(2, "merged"), (4, "open")]
    found = [(one["outcome"], one["project"], one["pr_number"]) for one in json.loads(told(done, "outcomes")[0])]
    assert found == [("opened", "auth", 3), ("opened", "logs", 4)]
    assert told(done, "project", "pr_number") == ("logs", "4")
    assert "### Pull request #3: auth" in done.summary
    assert "### Pull request #4: logs" in done.summary


def test_pushes(set_stage: SetStage, tmp_path: Path) -> None:
    files = shipped(tmp_path) | project("auth", "One", "Two", "Three", room=9)
    chain = set_chain(set_stage, files)
    ticked = spec("One", "Two", "Three").replace("- [ ] Three", "- [x] Three")
    begins = {"before": NOBODY, "after": chain.stage.remote.head()}

    first = chain.stage.run("push", event=begins)
    ticks = chain.push({"claude-step/auth/spec.md": ticked})
    elsewhere = chain.push({"readme.md": "new\n"})
    configured = chain.push({"claude-step/auth/configuration.yml": configuration(room=8)})
    worded = chain.push({"claude-step/auth/spec.md": ticked + "\n- [ ] Four\n"})

    assert [one.exit_code for one in (first, ticks, elsewhere, configured, worded)] == [0] * 5, first
    assert told(first, "outcome", "pr_number") == ("opened", "1")
    assert told(ticks, "outcome", "reason") == ("nothing_to_do", "nothing_changed")
    assert told(elsewhere, "outcome", "reason") == ("nothing_to_do", "nothing_changed")
    assert told(configured, "outcome", "pr_number", "step_index") == ("opened", "2", "2")
    assert told(worded, "outcome", "pr_number", "step_index") == ("opened", "3", "4")
    assert chain.open() == [1, 2, 3]


BARE = f"""\
on: [push, pull_request]
permissions: {{contents: write, pull-requests: write, issues: write}}
jobs:
  bare:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
        with: {{persist-credentials: false}}
      - id: claudestep
        uses: {ACTION}
"""


def test_a_push_to_another_branch(set_stage: SetStage, tmp_path: Path) -> None:
    """The shipped workflow is not started by it; one that is finds nothing to do."""
    chain = set_chain(set_stage, shipped(tmp_path) | project("auth", "One"))
    chain.stage.remote.branch("other")

    shipped_one = chain.push({"claude-step/auth/spec.md": spec("Another")}, "other")
    bare = chain.push({".github/workflows/bare.yml": BARE, "claude-step/auth/spec.md": spec("Yet one")}, "other")

    assert (shipped_one.exit_code, shipped_one.jobs) == (0, {})
    assert bare.exit_code == 0, bare
    assert told(bare, "outcome", "reason") == ("nothing_to_do", "nothing_changed")
    assert chain.open() == []


@pytest.mark.parametrize("head", [{"full_name": "somebody/fork"}, None])
def test_a_pull_request_of_a_fork(set_stage: SetStage, tmp_path: Path, head: dict[str, str] | None) -> None:
    without = BARE.replace("      - uses: actions/checkout@v6\n        with: {persist-credentials: false}\n", "")
    without = without.replace("[push, pull_request]", "{pull_request: {types: [closed]}}")
    without += "        with: {github_token: '', anthropic_api_key: ''}\n"
    files = shipped(tmp_path) | project("auth", "One") | {".github/workflows/without.yml": without}
    chain = set_chain(set_stage, files)
    chain.stage.remote.branch("claude-step-auth-1")
    chain.stage.remote.commit("claude-step-auth-1", {"1.txt": "mine\n"})
    chain.stage.remote.open_pull("claude-step-auth-1")
    event = chain.stage.pull_event(1)
    event["pull_request"]["head"]["repo"] = head
    chain.stage.remote.forget_requests()

    done = chain.stage.run("pull_request", event=event)

    assert done.exit_code == 0, done
    assert done.jobs == {"step": "skipped", "bare": "success"}
    assert told(done, "outcome", "reason", "claimed") == ("nothing_to_do", "from_a_fork", "0")
    assert "A pull request from a fork is never one of ClaudeStep's." in done.summary
    assert errors(done) == []
    assert [request.path for request in chain.stage.remote.requests()] == []


def test_a_broken_configuration_beside_others(set_stage: SetStage, tmp_path: Path) -> None:
    files = shipped(tmp_path) | project("auth", "One") | project("broken", "One") | project("logs", "First")
    files["claude-step/broken/configuration.yml"] = "# It\nreviewrs: []\n"
    chain: Chain = set_chain(set_stage, files)

    done = chain.stage.run("schedule")

    assert (done.exit_code, done.jobs) == (1, {"step": "failure"})
    assert (chain.states("auth"), chain.states("logs")) == ([(1, "open")], [(2, "open")])
    ours = [one for one in done.annotations if one.file]
    assert [(one.level, one.file, one.line) for one in ours] == [
        ("error", "claude-step/broken/configuration.yml", 2)
    ]
    assert "unknown key 'reviewrs'" in ours[0].message
    found = {one["project"]: (one["outcome"], one["reason"]) for one in json.loads(told(done, "outcomes")[0])}
    assert found == {
        "auth": ("opened", "opened"), "broken": ("failed", "configuration"), "logs": ("opened", "opened"),
    }  # fmt: skip
