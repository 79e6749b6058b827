"""A store that cannot be written after the agent was paid: the work and its cost are kept, and recorded later."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from claudestep.application.backend import Backend
from claudestep.application.ending import Failed, Opened, StepOutcome
from claudestep.application.run import Listener, Options, run
from claudestep.cli.settings import Settings
from claudestep.cli.wiring import connect
from claudestep.infrastructure.metadata.store import MetadataStore
from claudestep.infrastructure.owner import current_owner
from claudestep.infrastructure.retry import Patience
from tests.integration.repository import PROJECT, Repository

USAGE = (
    '{"type": "PRCreation", "model": "m", "cost_usd": 0.25, "created_at": "2026-01-01T00:00:00Z",'
    ' "tokens_input": 10, "tokens_output": 1, "duration_seconds": 2}'
)
QUIET = Listener(settled=lambda _: None, started=lambda _: None, progress=lambda *_: None, finished=lambda _: None)


def blocking(repository: Repository, ending: str) -> str:
    """An agent that is paid, and during whose work some other git leaves its lock on the metadata branch."""
    lock = repository.path / ".git/refs/heads/claudestep-metadata.lock"
    return f"echo '{USAGE}' > \"$CLAUDESTEP_USAGE_FILE\"\ntouch '{lock}'\necho x > one.txt\n{ending}"


def impatient(repository: Repository) -> Backend:
    """The backend of a process that dies right afterwards, and that does not wait two minutes for a lock."""
    backend = connect(Settings(repository.environment), repository.path)
    store = MetadataStore(backend.host.branch, patience=Patience(total=0.3, cap=0.05))
    return replace(backend, store=store, owner=replace(current_owner(), pid=2**22 + 1))


def only(outcomes: list[StepOutcome]) -> StepOutcome:
    (outcome,) = outcomes
    return outcome


@pytest.mark.parametrize("ending", ["exit 0", "exit 1"], ids=["done", "failed"])
def test_what_was_spent_is_recorded_by_the_next_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    repository = Repository(tmp_path)
    repository.begin(command=blocking(repository, ending))

    outcome = only(run(impatient(repository), PROJECT, Options(), QUIET))

    assert isinstance(outcome, Failed)
    assert "could not be written" in outcome.reason
    assert repository.document()["steps"][0]["ai_tasks"] == []
    assert list(repository.path.glob(".git/claudestep/unsent/*.json"))
    if ending == "exit 0":
        assert outcome.kept is not None
        repository.git("apply", "--check", str(outcome.kept))

    (repository.path / ".git/refs/heads/claudestep-metadata.lock").unlink()
    repository.configure("echo y > two.txt")
    repository.commit()
    assert repository.run("run", PROJECT).code == 0
    first = repository.document()["steps"][0]
    assert [task["cost_usd"] for task in first["ai_tasks"]] == [0.25]
    assert not list(repository.path.glob(".git/claudestep/unsent/*.json"))


def test_a_claim_that_is_gone_publishes_nothing_and_its_cost_counts(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.begin(command=f"echo '{USAGE}' > \"$CLAUDESTEP_USAGE_FILE\"\necho x > one.txt")
    backend = connect(Settings(repository.environment), repository.path)

    def take_the_claim_away(_: object) -> None:
        backend.store.update(
            PROJECT, lambda p: replace(p, steps=tuple(replace(step, claim=None) for step in p.steps))
        )

    outcome = only(run(backend, PROJECT, Options(), replace(QUIET, started=take_the_claim_away)))

    assert isinstance(outcome, Failed)
    assert outcome.kept is not None
    assert repository.branches() == []
    assert [task["cost_usd"] for task in repository.document()["steps"][0]["ai_tasks"]] == [0.25]
    repository.git("apply", "--check", str(outcome.kept))


def test_a_step_that_is_ticked_while_the_agent_works_is_not_published(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.begin()
    backend = connect(Settings(repository.environment), repository.path)

    outcome = only(
        run(
            backend, PROJECT, Options(),
            replace(QUIET, started=lambda _: repository.edit_spec("- [ ] One", "- [x] One")),
        )
    )  # fmt: skip

    assert isinstance(outcome, Failed)
    assert repository.branches() == []
    assert "claim" not in repository.document()["steps"][0]


def test_a_merge_that_is_blocked_by_then_leaves_the_pull_request_open(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.begin()
    backend = connect(Settings(repository.environment), repository.path)

    def change_a_file(_: object) -> None:
        repository.write("file.txt", "changed by hand\n")

    outcome = only(run(backend, PROJECT, Options(auto_merge=True), replace(QUIET, started=change_a_file)))

    assert isinstance(outcome, Opened)
    assert "uncommitted changes" in outcome.not_merged
    assert (repository.path / "file.txt").read_text() == "changed by hand\n"
    assert repository.states()[1] == "in_review"


def test_progress_is_told_while_the_agent_works(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.begin(command="echo first line\nsleep 1\necho x > one.txt")
    backend = connect(Settings(repository.environment), repository.path)
    told: list[tuple[timedelta, str]] = []

    run(backend, PROJECT, Options(), replace(QUIET, progress=lambda since, line: told.append((since, line))))

    assert told
    assert "agent: first line" in {line for _, line in told}
