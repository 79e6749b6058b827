"""A run that dies at any point: the next one recovers, with one pull request, and no step lost or done twice."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.repository import PROJECT, Repository, eventually

# Every call that a run makes to a port of its backend, in order. A new call has to be added here.
CALLS = (
    "host.observe",  # prepare: look
    "branch.commit",  # ... and claim
    "git.worktree",
    "agent.run",
    "git.commit_step",
    "host.observe",  # finalize (1): record what was spent, publishing begins
    "branch.commit",
    "git.publish",  # (2)
    "host.open_pull_request",  # (3)
    "host.dress",  # (4)
    "branch.commit",  # (5): record the pull request, end the claim, on what is known from (1)
)
POINTS = [(n, when) for n in range(1, len(CALLS) + 1) for when in ("before", "after")]


def name(point: tuple[int, str]) -> str:
    number, when = point
    return f"{when}-{number}-{CALLS[number - 1]}"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path).begin()


def run_until(
    repository: Repository, number: signal.Signals, at: int, when: str
) -> subprocess.CompletedProcess[str]:
    """One `claudestep run` in a process of its own that gets the signal at its n-th call."""
    argv = [sys.executable, "-m", "tests.fakes.tripwire", str(repository.path), PROJECT, number.name, str(at), when]
    root = Path(__file__).parents[2]
    return subprocess.run(
        argv, cwd=root, env=repository.environment, capture_output=True, text=True, check=False, timeout=60
    )


def finish(repository: Repository) -> None:
    """Work off the whole chain as a team would: merge what is open, and run until all is done."""
    for branch in repository.branches():
        repository.git("merge", "--quiet", "--no-edit", branch)
    assert repository.run("run", PROJECT, "--auto-merge", "--max-steps", "9").code == 0


def check_each_step_done_once(repository: Repository) -> None:
    titles = repository.git("log", "--no-merges", "--format=%s", "main").splitlines()
    assert sorted(t for t in titles if t.startswith("ClaudeStep")) == [
        "ClaudeStep: One", "ClaudeStep: Three", "ClaudeStep: Two",
    ]  # fmt: skip
    steps = repository.document()["steps"]
    assert [step["pr_state"] for step in steps] == ["merged"] * 3
    assert sorted(step["pr_number"] for step in steps) == [1, 2, 3]
    assert all("completed_at" in step for step in steps)
    repository.git("fsck", "--strict")


def test_the_points_are_all_the_calls_that_a_run_makes(repository: Repository) -> None:
    done = run_until(repository, signal.SIGKILL, 0, "before")
    assert tuple(done.stdout.splitlines()[-len(CALLS) :]) == CALLS
    assert done.stdout.count("host.observe") == CALLS.count("host.observe")


@pytest.mark.parametrize("point", POINTS, ids=name)
def test_a_killed_run_is_recovered_by_the_next(repository: Repository, point: tuple[int, str]) -> None:
    dead = run_until(repository, signal.SIGKILL, *point)
    assert dead.returncode == -signal.SIGKILL

    assert repository.run("run", PROJECT).code == 0

    first = repository.document()["steps"][0]
    assert (first["pr_number"], first["pr_state"]) == (1, "open")
    assert first.get("failures", 0) == first["attempts"] - 1, "each attempt that left nothing is one failure"
    assert repository.branches() == [first["branch_name"]]
    finish(repository)
    check_each_step_done_once(repository)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
@pytest.mark.parametrize("point", POINTS, ids=name)
def test_an_interrupted_run_cleans_up_at_once(
    repository: Repository, point: tuple[int, str], number: signal.Signals
) -> None:
    done = run_until(repository, number, *point)

    assert done.returncode == 130, done.stderr
    assert not list(repository.temporary.glob("claudestep-*"))
    claims = [step["claim"]["stage"] for d in repository.documents() for step in d["steps"] if "claim" in step]
    assert claims in ([], ["publishing"]), "only a claim that may be published is left to the next run"
    assert repository.run("run", PROJECT).code == 0
    first = repository.document()["steps"][0]
    assert (first["pr_number"], first["pr_state"]) == (1, "open")


@pytest.mark.parametrize("second", [1, 2, 3, 4, 5, 6, 7])
def test_a_run_that_dies_while_it_settles_is_settled_too(repository: Repository, second: int) -> None:
    """Killed between (2) and (3), and the run that finishes it is killed as well, at each of its calls."""
    assert run_until(repository, signal.SIGKILL, 8, "after").returncode == -signal.SIGKILL
    assert run_until(repository, signal.SIGKILL, second, "after").returncode == -signal.SIGKILL

    assert repository.run("run", PROJECT).code == 0
    first = repository.document()["steps"][0]
    assert (first["pr_number"], first["attempts"], first.get("failures", 0)) == (1, 1, 0)
    finish(repository)
    check_each_step_done_once(repository)


def is_noted(repository: Repository) -> bool:
    """Whether the run has noted its agent's process, which it does as soon as that runs."""
    return any(b'"agent":{' in note.read_bytes() for note in repository.path.glob(".git/claudestep/runs/*.json"))


def test_the_agent_of_a_killed_run_is_ended_by_the_next(tmp_path: Path) -> None:
    started, finished = tmp_path / "started", tmp_path / "finished"
    slow = f'[ -e "{started}" ] && echo x > one.txt && exit 0\ntouch "{started}"; sleep 30; touch "{finished}"'
    repository = Repository(tmp_path).begin(command=slow)
    with repository.start("run", PROJECT) as process:
        eventually(lambda: started.exists() and is_noted(repository))
        process.kill()
    agents = subprocess.run(["pgrep", "-f", str(finished)], capture_output=True, text=True, check=False)
    assert agents.stdout.split(), "the agent outlives the killed run"

    assert repository.run("run", PROJECT).code == 0

    left = subprocess.run(["pgrep", "-f", str(finished)], capture_output=True, text=True, check=False)
    assert left.stdout.split() == []
    assert not finished.exists()
