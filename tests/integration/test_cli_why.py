"""claudestep why: every reason that there is, with what can be done about it."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from claudestep.domain.reasons import Reason
from tests.integration.repository import METADATA, PROJECT, SPEC, THREE_STEPS, Repository

FAILS = "exit 3"
COSTS = """echo x > "$CLAUDESTEP_STEP_INDEX.txt"
echo '{"type": "PRCreation", "model": "m", "cost_usd": 0.75, "created_at": "2025-01-15T10:30:00Z"}' > \
"$CLAUDESTEP_USAGE_FILE"
"""


def all_done(repository: Repository) -> None:
    repository.begin(spec="- [x] One\n")


def in_progress(repository: Repository) -> None:
    repository.begin()
    repository.run("run", PROJECT)


def no_room(repository: Repository) -> None:
    repository.begin(more="reviewers:\n  - username: alice\n")
    repository.run("run", PROJECT)


def paused(repository: Repository) -> None:
    repository.begin(more="paused: true\n")


def budget_spent(repository: Repository) -> None:
    repository.begin(command=COSTS, more="budget:\n  projectUsd: 1\n")
    repository.run("run", PROJECT, "--auto-merge")


def spec_missing(repository: Repository) -> None:
    repository.begin()
    repository.run("run", PROJECT)
    repository.git("rm", "--quiet", SPEC)
    repository.commit()


def without_steps(repository: Repository) -> None:
    repository.begin(spec="# Nothing\n")


def reworded(repository: Repository) -> None:
    repository.begin(spec="- [ ] One\n")
    repository.run("run", PROJECT)
    repository.edit_spec("One", "One, in other words")


def broken(repository: Repository) -> None:
    repository.begin()
    repository.put_on_metadata_branch("projects/p.json", "{")


def stopped(repository: Repository) -> None:
    repository.begin(command=FAILS, more="onFailure: stop\nmaxAttempts: 1\n")
    repository.run("run", PROJECT)


def refused(repository: Repository) -> None:
    """As a host leaves it whose rules refuse the branches of steps; a local repository has no such rules."""
    repository.begin(command=FAILS)
    repository.run("run", PROJECT)
    document = repository.document()
    document["steps"][0] |= {"refused_at": document["last_updated"], "failures": 0}
    repository.put_on_metadata_branch(f"projects/{PROJECT}.json", json.dumps(document))


def failed(repository: Repository) -> None:
    repository.begin(spec="- [ ] One\n", command=FAILS, more="maxAttempts: 1\n")
    repository.run("run", PROJECT)


def closed(repository: Repository) -> None:
    repository.begin(spec="- [ ] One\n")
    repository.run("run", PROJECT)
    repository.run("close", "1")


def unticked(repository: Repository) -> None:
    repository.begin(spec="- [ ] One\n")
    repository.run("run", PROJECT)
    repository.git("merge", "--quiet", "--no-edit", "claude-step-p-1")
    repository.edit_spec("[x]", "[ ]")


CASES: dict[Reason, tuple[Callable[[Repository], None], str]] = {
    Reason.ALL_STEPS_DONE: (all_done, "New lines in spec.md"),
    Reason.STEPS_IN_PROGRESS: (in_progress, "claudestep close NUMBER"),
    Reason.NO_REVIEWER_CAPACITY: (no_room, "maxOpenPRs in claude-step/p/configuration.yml"),
    Reason.PAUSED: (paused, "Take `paused: true` out"),
    Reason.BUDGET_SPENT: (budget_spent, "Change `budget`"),
    Reason.SPEC_MISSING: (spec_missing, "Write claude-step/p/spec.md"),
    Reason.SPEC_WITHOUT_STEPS: (without_steps, "Write them into claude-step/p/spec.md"),
    Reason.REWORDED_IN_REVIEW: (reworded, "claudestep close NUMBER"),
    Reason.METADATA_BROKEN: (broken, "claudestep metadata fsck"),
    Reason.PUBLISHING_REFUSED: (refused, "claudestep retry p STEP"),
    Reason.STOPPED_BY_FAILURE: (stopped, "claudestep skip p STEP"),
    Reason.STEPS_FAILED: (failed, "claudestep retry p STEP"),
    Reason.STEPS_CLOSED: (closed, "claudestep retry p STEP"),
    Reason.STEPS_UNTICKED: (unticked, "Tick them in spec.md"),
}


def test_every_reason_is_tried() -> None:
    assert set(CASES) == set(Reason)


@pytest.mark.parametrize("reason", list(Reason), ids=str)
def test_a_reason_is_explained_with_what_to_do_and_nothing_is_written(tmp_path: Path, reason: Reason) -> None:
    set_up, remedy = CASES[reason]
    repository = Repository(tmp_path)
    set_up(repository)
    before = repository.refs()

    result = repository.run("why", PROJECT)
    as_json = repository.run("why", PROJECT, "--json").json

    assert (result.code, result.err) == (0, "")
    assert reason.sentence in result.out
    assert remedy in result.out
    assert (as_json["outcome"], as_json["reason"]) == ("wait", str(reason))
    assert remedy in as_json["remedy"]
    assert repository.refs() == before


def test_where_nothing_stops_it_why_says_what_a_run_would_do(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin()
    result = repository.run("why", PROJECT)
    assert "Step 1 can begin: One" in result.out
    assert "Nothing stops it: claudestep run p" in result.out
    assert repository.run("why", PROJECT, "--json").json["outcome"] == "start"
    assert METADATA not in repository.refs()


def test_an_agent_that_is_not_installed_is_what_stops_it(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin()
    repository.write("claude-step/p/configuration.yml", "# Claude Code\n")
    repository.commit()
    assert "Claude Code is not installed" in repository.run("why", PROJECT).out
    run = repository.run("run", PROJECT)
    assert (run.code, "npm install" in run.err) == (2, True)
    assert METADATA not in repository.refs()


def test_it_shows_what_is_open_for_whom_and_what_it_costs(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin(
        command=COSTS,
        more="reviewers:\n  - username: alice\nbudget:\n  perStepUsd: 1\n  projectUsd: 9\nstalePRDays: 5\n",
    )
    repository.run("run", PROJECT)
    document = repository.document()
    document["steps"][0]["created_at"] = "2026-01-15T10:30:00Z"
    repository.put_on_metadata_branch("projects/p.json", json.dumps(document))
    out = repository.run("why", PROJECT).out
    assert re.search(r"open: #1 for alice \(step 1, open for \d+ days, stale\)", out)
    assert "reviewers: alice has 1 of 1" in out
    assert "budget: $0.75 of $9.00 spent, $0.00 reserved" in out
    assert "forecast: at $0.75 a step so far, the 2 steps left would cost about $1.50" in out
    assert "waits long for a review: #1" in repository.run("status").out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nothing",), "there is no claude-step/nothing/spec.md"),
        (("a/b",), "cannot be the name of a project"),
        ((PROJECT, "--base-branch", "gone"), "there is no branch gone"),
    ],
)
def test_a_project_that_is_none_is_refused(tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    repository = Repository(tmp_path).begin(spec=THREE_STEPS)
    result = repository.run("why", *arguments)
    assert (result.code, says in result.err) == (2, True)
