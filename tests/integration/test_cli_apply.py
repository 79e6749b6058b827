"""Costs that a run kept on disk are recorded by `metadata apply`, once."""

import json
import shutil
from pathlib import Path

import pytest

from claudestep.domain.ai_tasks import AITask
from claudestep.domain.changes import RecordTasks
from claudestep.domain.models import Owner
from claudestep.infrastructure.runs import Run, RunRecord
from tests.integration.repository import METADATA, Repository
from tests.unit.builders import task

FIRST = task(0.0195, id="c7-1", model="claude-sonnet-4-5")
SECOND = task(None, id="c7-2", type="PRSummary", model="unknown")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path).begin()
    assert made.run("run", "p").code == 0
    return made


def kept(repository: Repository, *tasks: AITask, project: str = "p", step: int = 1, name: str = "c7") -> Path:
    """A file as a run keeps it that could not record what it spent."""
    root = repository.git_folder / "claudestep"
    run = Run(RunRecord(name, project, "", Owner()), root / f"runs/{name}.json")
    run.note_spent(RecordTasks(step, tasks))
    (root / "unsent").mkdir(exist_ok=True)
    return run.spent.rename(root / f"unsent/{name}.json")


def costs(repository: Repository, step: int = 1) -> list[float | None]:
    return [one["cost_usd"] for one in repository.step(step)["ai_tasks"]]


def test_what_was_kept_is_recorded_and_the_file_goes(repository: Repository) -> None:
    path = kept(repository, FIRST, SECOND)
    result = repository.run("metadata", "apply", str(path))
    assert (result.code, result.err) == (0, "")
    assert result.out == (
        f"p, step 1, from {path}\n"
        "  PRCreation, claude-sonnet-4-5, $0.0195: recorded\n"
        "  PRSummary, cost unknown: recorded\n"
    )
    assert costs(repository) == [0.0195, None]
    assert not path.exists()
    told = repository.run("metadata", "log", "--limit", "1").out
    assert "Apply the kept costs of step 1 of p" in told
    assert "- step 1: PRSummary, cost unknown" in told


def test_applying_twice_is_applying_once(repository: Repository) -> None:
    path = kept(repository, FIRST, SECOND)
    copy = Path(shutil.copy(path, repository.place / "copy.json"))
    repository.run("metadata", "apply", str(path))
    before = repository.refs()
    result = repository.run("metadata", "apply", str(copy))
    assert result.code == 0
    assert result.out.count("was there already") == 2
    assert repository.refs() == before
    assert copy.exists(), "it is the user's own"


def test_a_true_cost_takes_the_place_of_an_unknown_one(repository: Repository) -> None:
    repository.run("metadata", "apply", str(kept(repository, task(None, id="c7-1"))))
    result = repository.run("metadata", "apply", str(kept(repository, task(2.5, id="c7-1"))))
    assert "$2.50: recorded" in result.out
    assert costs(repository) == [2.5]


def test_a_project_without_a_document_keeps_its_file(repository: Repository) -> None:
    path = kept(repository, FIRST, project="q")
    before = repository.refs()
    result = repository.run("metadata", "apply", str(path))
    assert (result.code, result.out) == (2, "")
    assert "has costs of q, and the metadata branch has no document of it" in result.err
    assert path.exists()
    assert repository.refs() == before


def test_a_step_that_is_not_there_keeps_its_file(repository: Repository) -> None:
    path = kept(repository, FIRST, step=9)
    result = repository.run("metadata", "apply", str(path))
    assert result.code == 2
    assert "has costs of step 9 of p, which has no such step" in result.err
    assert path.exists()


def test_a_document_that_cannot_be_read_keeps_the_file(repository: Repository) -> None:
    path = kept(repository, FIRST)
    repository.put_on_metadata_branch("projects/p.json", "{")
    result = repository.run("metadata", "apply", str(path))
    assert result.code == 1
    assert "projects/p.json" in result.err
    assert path.exists()


def test_before_the_first_run_the_file_is_kept(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin()
    path = kept(repository, FIRST)
    assert repository.run("metadata", "apply", str(path)).code == 2
    assert path.exists()
    assert METADATA not in repository.refs()


TASKS = {"type": "PRCreation", "model": "m", "created_at": "2025-01-15T10:30:00Z"}
BROKEN = {
    "no-json": (b"{", "truncated"),
    "no-utf-8": (b'{"project": "\xff"}', "cannot be read"),
    "no-object": (b"[]", "Expected `object`"),
    "no-step": (b'{"project": "p", "tasks": []}', "step_index"),
    "no-cost": (
        json.dumps({"project": "p", "step_index": 1, "tasks": [TASKS | {"cost_usd": 1}, TASKS]}).encode(),
        "`$.tasks[1]`: Object missing required field `cost_usd`",
    ),
    "text-as-cost": (
        json.dumps({"project": "p", "step_index": 1, "tasks": [TASKS | {"cost_usd": "1"}]}).encode(),
        "`$.tasks[0]`: Expected `float | null`, got `str` - at `$.cost_usd`",
    ),
    "deep": (b'{"project": "p", "step_index": 1, "tasks": [' + b"[" * 100_000, "cannot be read"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_named_with_place_and_problem_and_left(repository: Repository, name: str) -> None:
    data, problem = BROKEN[name]
    path = repository.git_folder / "claudestep/unsent/c9.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    result = repository.run("metadata", "apply", str(path))
    assert (result.code, result.out) == (1, "")
    assert str(path) in result.err
    assert problem in result.err
    assert path.read_bytes() == data


def test_a_file_that_fails_holds_up_no_other(repository: Repository) -> None:
    good = kept(repository, FIRST)
    result = repository.run("metadata", "apply", "missing.json", str(repository.path), str(good))
    assert result.code == 2
    assert "missing.json cannot be read: No such file" in result.err
    assert "Is a directory" in result.err
    assert costs(repository) == [0.0195]
