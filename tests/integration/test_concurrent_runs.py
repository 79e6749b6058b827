"""Eight runs at once: no step is worked on twice, and nobody gets more to review than they have room for."""

from collections import Counter
from pathlib import Path

import pytest

from tests.integration.repository import Repository, Result

RUNS = 8
STEPS = "".join(f"- [ ] Step {letter}\n\n" for letter in "abcdefghij")
REVIEWERS = "reviewers:\n  - {username: alice, maxOpenPRs: 2}\n  - {username: bob, maxOpenPRs: 2}\n"


def at_once(repository: Repository, projects: list[str]) -> list[Result]:
    """Start a run of each project before any of them ends."""
    processes = [repository.start("run", project) for project in projects]
    return [Result(process.wait(60), *process.communicate()) for process in processes]


def work_that_notes_itself(notes: Path) -> str:
    """An agent that takes long enough to overlap with the others, and notes each step that it is given."""
    return (
        f'echo "$CLAUDESTEP_PROJECT $CLAUDESTEP_STEP_INDEX" >> "{notes}"\nsleep 0.3\n'
        'echo done > "$CLAUDESTEP_PROJECT-$CLAUDESTEP_STEP_INDEX.txt"'
    )


def check_nothing_was_done_twice(repository: Repository, notes: Path) -> None:
    worked = notes.read_text().splitlines()
    assert max(Counter(worked).values()) == 1
    numbers = [n for name in repository.refs() if (n := name.removeprefix("refs/claudestep/pulls/")) != name]
    recorded = [
        str(step["pr_number"]) for d in repository.documents() for step in d["steps"] if "pr_number" in step
    ]
    assert sorted(numbers) == sorted(recorded)
    assert len(numbers) == len(worked) == len(repository.branches())
    assert not [
        step for d in repository.documents() for step in d["steps"] if "claim" in step or "failures" in step
    ]
    merges = repository.git("rev-list", "--min-parents=2", "claudestep-metadata")
    assert merges == "", "the history of the metadata branch is linear"
    repository.git("fsck", "--strict")


def reviewers(repository: Repository) -> Counter[str]:
    return Counter(step["reviewer"] for d in repository.documents() for step in d["steps"] if "pr_number" in step)


def test_eight_runs_on_one_project(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    repository = Repository(tmp_path).begin(spec=STEPS, command=work_that_notes_itself(notes), more=REVIEWERS)

    results = at_once(repository, ["p"] * RUNS)

    assert [result.code for result in results] == [0] * RUNS, results
    check_nothing_was_done_twice(repository, notes)
    assert reviewers(repository) == {"alice": 2, "bob": 2}
    assert sum("No reviewer has room" in result.out for result in results) == RUNS - 4


@pytest.mark.parametrize("limit", [1, 3])
def test_eight_runs_on_two_projects_that_share_a_reviewer(tmp_path: Path, limit: int) -> None:
    notes = tmp_path / "notes"
    work = work_that_notes_itself(notes)
    repository = Repository(tmp_path)
    repository.write("claude-step/configuration.yml", f"maxOpenPRsPerReviewer: {limit}\n")
    repository.add_project("q", spec=STEPS, command=work, more="reviewers: [{username: alice, maxOpenPRs: 2}]\n")
    repository.begin(spec=STEPS, command=work, more="reviewers: [{username: alice, maxOpenPRs: 2}]\n")

    results = at_once(repository, ["p", "q"] * (RUNS // 2))

    assert [result.code for result in results] == [0] * RUNS, results
    check_nothing_was_done_twice(repository, notes)
    assert reviewers(repository) == {"alice": limit}


def test_eight_runs_where_nobody_is_named_work_on_one_step(tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    repository = Repository(tmp_path).begin(spec=STEPS, command=work_that_notes_itself(notes))

    results = at_once(repository, ["p"] * RUNS)

    assert [result.code for result in results] == [0] * RUNS, results
    check_nothing_was_done_twice(repository, notes)
    assert notes.read_text().splitlines() == ["p 1"]
