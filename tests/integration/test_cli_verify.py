"""verify, its repairs, and budgets, with a program as the agent: what a check refuses is not published."""

from pathlib import Path

import pytest

from tests.integration.repository import METADATA, PROJECT, SPEC, Repository, eventually

USAGE = '{"type": "%s", "model": "m", "cost_usd": %s, "created_at": "2025-01-15T10:30:00Z"}'
WRITES_ITS_PROMPT = 'cat > prompt.txt\necho "$CLAUDESTEP_AI_TASK" >> tasks.txt'


def costs(usd: str) -> str:
    return (
        f'echo x > "$CLAUDESTEP_STEP_INDEX.txt"\necho \'{USAGE % ("PRCreation", usd)}\' > "$CLAUDESTEP_USAGE_FILE"'
    )


def test_a_check_that_passes_lets_the_pull_request_be_opened(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin(more="verify: test -e 1.txt\n")
    assert repository.run("run", PROJECT).code == 0
    assert repository.changed_files("claude-step-p-1") == ["1.txt", SPEC]


def test_what_a_check_leaves_or_changes_is_not_committed(tmp_path: Path) -> None:
    verify = "mkdir build && echo x > build/out && echo changed > 1.txt && rm file.txt"
    repository = Repository(tmp_path).begin(more=f"verify: {verify}\n")
    assert repository.run("run", PROJECT).code == 0
    assert repository.changed_files("claude-step-p-1") == ["1.txt", SPEC]
    assert repository.show("claude-step-p-1:1.txt") == "One\n"


def test_a_check_that_fails_is_a_failure_with_its_output_and_opens_nothing(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin(more='verify: "echo three tests are red; exit 1"\n')
    result = repository.run("run", PROJECT)
    assert result.code == 1
    assert "verify failed with exit status 1: three tests are red" in result.out
    assert repository.branches() == []
    step = repository.step(1)
    assert (step["failures"], step["failure_reason"]) == (
        1, "verify failed with exit status 1: three tests are red",
    )  # fmt: skip


def test_the_output_of_a_check_goes_back_to_the_agent_as_often_as_is_said(tmp_path: Path) -> None:
    verify = 'test "$(wc -l < tasks.txt)" = 3 || { echo needs more work; exit 1; }'
    repository = Repository(tmp_path).begin(command=WRITES_ITS_PROMPT, more=f"verify: '{verify}'\nmaxRepairs: 2\n")
    result = repository.run("run", PROJECT)
    assert result.code == 0
    assert "verify passed after 2 repairs" in result.out
    assert repository.show("claude-step-p-1:tasks.txt").split() == ["PRCreation", "PRRefinement", "PRRefinement"]
    prompt = repository.show("claude-step-p-1:prompt.txt")
    assert "needs more work" in prompt
    assert verify in prompt
    assert prompt.startswith("You work on one step"), "it begins with the prompt of the step"


def test_repairs_are_bounded_and_the_reason_for_giving_up_is_recorded(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin(
        command=WRITES_ITS_PROMPT, more='verify: "echo red; false"\nmaxRepairs: 1\n'
    )
    assert repository.run("run", PROJECT).code == 1
    assert repository.step(1)["failure_reason"] == "verify failed with exit status 1: red (after 1 repairs)"


def test_what_setup_leaves_is_there_for_the_check_and_not_committed(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin(more="setup: echo dep > dep.txt\nverify: test -e dep.txt\n")
    assert repository.run("run", PROJECT).code == 0
    assert repository.changed_files("claude-step-p-1") == ["1.txt", SPEC]


def test_the_cost_of_a_failed_check_is_recorded(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin(command=costs("0.25"), more="verify: exit 1\n")
    assert repository.run("run", PROJECT).code == 1
    (task,) = repository.step(1)["ai_tasks"]
    assert task["cost_usd"] == 0.25
    assert "pr_number" not in task


def test_a_cost_that_led_to_a_pull_request_names_it(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin(command=costs("0.25"))
    repository.run("run", PROJECT)
    (task,) = repository.step(1)["ai_tasks"]
    assert (task["cost_usd"], task["pr_number"]) == (0.25, 1)
    body = repository.git("log", "-1", "--format=%B", "refs/claudestep/pulls/1")
    assert "| PRCreation | m | unknown | unknown | $0.2500 |" in body


class TestBudget:
    @pytest.mark.parametrize("limit", ["perStepUsd: 1", ""])
    def test_a_project_stops_before_it_costs_more_than_its_budget(self, tmp_path: Path, limit: str) -> None:
        more = f"budget:\n  projectUsd: 2\n  {limit}\n"
        repository = Repository(tmp_path).begin(command=costs("0.75"), more=more)
        result = repository.run("run", PROJECT, "--auto-merge", "--max-steps", "9")
        assert "The budget of the project does not reach for another step." in result.out
        done = [step for step in repository.document()["steps"] if "completed_at" in step]
        assert len(done) == 2 if not limit else 1
        assert sum(task["cost_usd"] for step in done for task in step["ai_tasks"]) <= 2

    def test_what_runs_have_claimed_is_reserved(self, tmp_path: Path) -> None:
        more = "budget:\n  perStepUsd: 1\n  projectUsd: 1.5\nreviewers: [{username: alice}, {username: bob}]\n"
        marker, go_on = tmp_path / "started", tmp_path / "go"
        wait = f"touch {marker}\nwhile [ ! -e {go_on} ]; do sleep 0.05; done\n"
        repository = Repository(tmp_path).begin(command=wait + costs("0.10"), more=more)
        with repository.start("run", PROJECT) as process:
            eventually(marker.exists)
            with repository.start("run", PROJECT) as second:
                out, _ = second.communicate(timeout=60)
            go_on.touch()
            assert process.wait(60) == 0
        assert "$0.00 of $1.50 are spent and $1.00 are reserved; the next step may cost $1.00" in out
        assert repository.next()["outcome"] == "start"

    def test_an_unknown_cost_counts_as_the_limit_of_a_step_or_stops_the_project(self, tmp_path: Path) -> None:
        more = "budget:\n  perStepUsd: 1\n  projectUsd: 1.5\n"
        repository = Repository(tmp_path).begin(command=costs("null"), more=more)
        repository.run("run", PROJECT, "--auto-merge")
        assert repository.next()["reason"] == "budget_spent"
        repository.configure(costs("null"), "budget:\n  projectUsd: 100\n")
        repository.commit()
        assert "set budget.perStepUsd" in repository.next()["sentence"]
        repository.configure(costs("null"), "budget:\n  perStepUsd: 1\n  projectUsd: 100\n")
        repository.commit()
        assert repository.next()["outcome"] == "start"


def test_costs_come_back_from_the_pull_requests_when_the_metadata_branch_is_lost(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin(command=costs("0.25"))
    repository.run("run", PROJECT, "--auto-merge", "--max-steps", "2")
    before = [step["ai_tasks"] for step in repository.document()["steps"]]
    repository.git("update-ref", "-d", METADATA)
    assert "$0.50" in repository.run("status").out, "what is known is not shown as nothing"
    repository.run("metadata", "rebuild", "--yes")
    assert [step["ai_tasks"] for step in repository.document()["steps"]] == before
