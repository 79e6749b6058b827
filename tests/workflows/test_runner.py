"""The runner itself: what tests of workflows rely on."""

import signal
from pathlib import Path

import pytest

from tests.workflows.conftest import SetStage
from tests.workflows.journal import Annotation
from tests.workflows.runner import API_KEY, NeverHappened, Stage
from tests.workflows.workflow_files import NoStandIn

TOYS = Path(__file__).with_name("toys")
OURS = TOYS / "ours"
HERE = ".github/workflows/here.yml"


def toy(name: str) -> dict[str, str]:
    """The files of a repository that has one of the toy workflows."""
    return {f".github/workflows/{name}": (TOYS / "repository" / name).read_text(encoding="utf-8")}


def one_job(steps: str, on: str = "push") -> dict[str, str]:
    """The files of a repository with a workflow of one job with these steps."""
    indented = "".join(f"      {line}\n" for line in steps.splitlines())
    return {HERE: f"on: {on}\njobs:\n  job:\n    runs-on: ubuntu-latest\n    steps:\n{indented}"}


@pytest.fixture
def stage(set_stage: SetStage) -> Stage:
    return set_stage(toy("all.yml"), ours=OURS, variables={"COLOUR": "green"})


def test_a_run_by_hand(stage: Stage) -> None:
    done = stage.run("workflow_dispatch", inputs={"word": "auth"}, run_id=77, attempt=2)

    assert done.exit_code == 0, done
    assert done.jobs == {
        "begin": "success", "each (a)": "success", "each (b)": "success", "call (a) / inner": "success",
        "call (b) / inner": "success", "end": "success",
    }  # fmt: skip
    url = stage.remote.server.url
    assert done.outputs["facts"] == {
        "event": "workflow_dispatch ref=refs/heads/main run=77 attempt=2",
        "inputs": "auth false",
        "github": f"{stage.remote.name} {url} {url} {url}/graphql",
        "actor": "alice variable=green",
    }


def test_what_an_action_leaves(stage: Stage) -> None:
    done = stage.run("workflow_dispatch", inputs={"word": "auth"})

    assert done.outputs["ours"] == done.outputs["ours/say"] == {"lines": "first auth\nsecond"}
    assert done.summary == "# Toy said auth\nthe end\n"
    assert done.annotations == []
    assert done.steps["Say it"] == done.steps["ours"] == done.steps["Behind it"] == "success"
    assert done.steps["Break"] == done.steps["Only after a failure"] == "skipped"
    assert done.logs["In any case"] == "in any case after success"
    assert "the whole repository is there" in done.log


def test_a_matrix_and_what_it_calls(stage: Stage) -> None:
    done = stage.run("schedule")

    assert [done.outputs[f"each ({letter})/letter"]["letter"] for letter in "ab"] == ["a", "b"]
    assert done.outputs["call (b) / inner/answer"] == {"answer": f"b {len(API_KEY)}"}
    assert done.outputs["results"]["results"].startswith("success success ")
    with pytest.raises(AssertionError, match="several steps"):
        done.outputs["letter"]


def test_a_step_that_fails(stage: Stage) -> None:
    done = stage.run("workflow_dispatch", inputs={"fail": True})

    assert done.exit_code == 1
    assert done.annotations == [
        Annotation("error", "it broke\nin two lines", "Toy", "claude-step/p/spec.md", 3),
        Annotation("warning", "it failed"),
    ]
    assert done.steps["Break"] == done.steps["ours"] == "failure"
    assert done.steps["In any case"] == done.steps["Only after a failure"] == "success"
    assert done.steps["Behind it"] == "skipped"
    assert done.outputs["facts"]["inputs"] == "nothing true"
    assert done.jobs["begin"] == "failure"
    assert done.jobs["each (a)"] == done.jobs["call (a)"] == "skipped"
    assert done.outputs["results"]["results"].startswith("skipped skipped")


def test_what_is_not_there_fails_the_test(stage: Stage) -> None:
    done = stage.run("push")

    assert done.exit_code == 0, done
    with pytest.raises(AssertionError, match="no step is 'Publsh'"):
        done.steps["Publsh"]
    assert "Publsh" not in done.steps


def test_a_pull_request_is_merged(set_stage: SetStage) -> None:
    stage = set_stage(toy("closed.yml"))
    stage.remote.branch("claude-step-1")
    stage.remote.commit("claude-step-1", {"new.txt": "new\n"})
    stage.remote.open_pull("claude-step-1")
    stage.remote.merge(1)

    done = stage.run("pull_request", event=stage.pull_event(1))

    assert done.outputs["about"] == {"about": "1 claude-step-1 refs/heads/main"}


def test_a_pull_request_that_is_not_merged(set_stage: SetStage) -> None:
    stage = set_stage(toy("closed.yml"))
    stage.remote.branch("claude-step-1")
    stage.remote.commit("claude-step-1", {"new.txt": "new\n"})
    stage.remote.open_pull("claude-step-1")

    opened = stage.run("pull_request", event=stage.pull_event(1, "opened"))
    stage.remote.close(1)
    closed = stage.run("pull_request", event=stage.pull_event(1))

    assert (opened.exit_code, opened.jobs) == (0, {})
    assert (closed.exit_code, closed.jobs) == (0, {"merged": "skipped"})


def test_only_what_the_event_starts(set_stage: SetStage) -> None:
    stage = set_stage(toy("all.yml") | toy("closed.yml"), ours=OURS)
    stage.remote.branch("other")

    assert stage.run("push", ref="refs/heads/other", event={"ref": "refs/heads/other"}).jobs == {}
    assert "merged" not in stage.run("push").jobs


def test_an_action_without_a_stand_in(set_stage: SetStage) -> None:
    stage = set_stage(one_job("- uses: somebody/something@v1"))

    with pytest.raises(NoStandIn, match="somebody/something@v1"):
        stage.run("push")


# Secrets


def test_a_secret_is_masked_in_the_log(set_stage: SetStage) -> None:
    steps = '- env: {KEY: "${{ secrets.LONG }}"}\n  run: |\n    echo "it is $KEY"; test ${#KEY} = 19'
    stage = set_stage(one_job(steps), secrets={"LONG": "one $line 'two' \"3\""})

    done = stage.run("push")

    assert done.exit_code == 0, done
    assert "it is ***" in done.log


def test_the_token_may_only_do_what_the_workflow_says(set_stage: SetStage) -> None:
    pushes = """\
- env: {URL: "${{ github.server_url }}", TOKEN: "${{ github.token }}"}
  run: |
    git clone --quiet "${URL/:\\/\\//://x-access-token:$TOKEN@}/$GITHUB_REPOSITORY" here && cd here
    git push --quiet origin "HEAD:refs/heads/$GITHUB_RUN_ID"
"""
    text = one_job(pushes)[HERE]
    allowed = text.replace("jobs:", "permissions: {contents: write, pull-requests: read}\njobs:")
    stage = set_stage({HERE: text, "file.txt": ""})
    refused = stage.run("push", run_id=1)
    stage.remote.commit("main", {HERE: allowed})
    stage.run("push", run_id=2)

    assert "denied to github-actions[bot]" in refused.log
    assert set(stage.remote.refs()) == {"refs/heads/main", "refs/heads/2"}


def test_no_step_has_a_secret_that_it_was_not_given(set_stage: SetStage) -> None:
    stage = set_stage(one_job('- run: env > "$RUNNER_TEMP/env"; ! grep -e sk-ant -e ghs_ "$RUNNER_TEMP/env"'))

    assert stage.run("push").exit_code == 0


@pytest.mark.parametrize(
    ("where", "line"),
    [
        ("the summary", 'echo "$KEY" >> "$GITHUB_STEP_SUMMARY"'),
        ("an output of", 'echo "o=x$KEY" >> "$GITHUB_OUTPUT"'),
        ("the annotations", 'echo "::warning::$KEY"'),
    ],
)
def test_a_secret_that_gets_out_fails_the_test(set_stage: SetStage, where: str, line: str) -> None:
    stage = set_stage(one_job(f'- env: {{KEY: "${{{{ secrets.ANTHROPIC_API_KEY }}}}"}}\n  run: |\n    {line}'))

    with pytest.raises(AssertionError, match=f"ANTHROPIC_API_KEY is to be read in .*{where}"):
        stage.run("push")


# While it runs

WAITS = """\
- id: waits
  run: |
    trap 'echo interrupted; exit 130' INT
    echo waiting
    while true; do sleep 0.05; done
- name: In any case
  if: always()
  run: echo "the job is ${{ job.status }}"
- name: When cancelled
  if: cancelled()
  run: echo "cancelled"
- name: Behind it
  run: echo "behind"
"""


def test_a_run_is_cancelled(set_stage: SetStage) -> None:
    run = set_stage(one_job(WAITS)).start("push")
    run.wait_for("waiting")
    run.cancel()
    done = run.wait()

    assert done.exit_code == 1
    assert done.steps["In any case"] == done.steps["When cancelled"] == "success"
    assert done.steps["waits"] == "failure"
    assert done.steps["Behind it"] == "skipped"
    assert done.logs["In any case"] == "the job is cancelled"
    assert "interrupted" not in done.log


def test_a_step_is_interrupted(set_stage: SetStage) -> None:
    run = set_stage(one_job(WAITS)).start("push")
    run.wait_for("waiting")
    run.interrupt_step(signal.SIGINT)
    done = run.wait()

    assert done.steps["waits"] == "failure"
    assert "interrupted" in done.log
    assert done.logs["In any case"] == "the job is failure"


def test_two_runs_at_once(set_stage: SetStage) -> None:
    stage = set_stage(one_job(WAITS))
    runs = [stage.start("push") for _ in range(2)]
    for run in runs:
        run.wait_for("waiting")
    runs[0].cancel()
    first = runs[0].wait()

    assert first.exit_code == 1
    assert runs[1].is_alive()
    assert runs[0].home != runs[1].home
    runs[1].interrupt_step()
    assert "interrupted" in runs[1].wait().log


def test_a_step_has_no_terminal_and_nothing_to_read(set_stage: SetStage) -> None:
    looks = (
        "- run: |\n    test ! -t 0 && test ! -t 1 && test ! -t 2\n    cat\n    echo out; echo err >&2\n    exit 7"
    )

    done = set_stage(one_job(looks)).run("push")

    assert done.log == "out\nerr\n##[error]exit status 7"


def test_what_never_comes(set_stage: SetStage) -> None:
    run = set_stage(one_job("- run: echo hello")).start("push")

    with pytest.raises(NeverHappened, match="'waiting' in the log"):
        run.wait_for("waiting")


LEAVES = """\
- run: |
    setsid sh -c 'touch "$RUNNER_TEMP/up"; exec sleep 321' > /dev/null 2>&1 &
    until test -e "$RUNNER_TEMP/up"; do sleep 0.02; done
"""


def test_what_a_step_leaves_running_is_ended_and_told(set_stage: SetStage) -> None:
    assert set_stage(one_job(LEAVES)).run("push").leftovers in (
        ["sleep 321"],
        ['sh -c touch "$RUNNER_TEMP/up"; exec sleep 321'],
    )
