"""claudestep sync: the documents are brought up to what is there, and nothing is begun."""

from pathlib import Path

import pytest

from tests.integration.repository import METADATA, PROJECT, Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path).begin()
    repository.run("run", PROJECT)
    return repository


def merge(repository: Repository, number: int) -> None:
    repository.git("merge", "--quiet", "--no-edit", f"claude-step-p-{number}")


def test_a_merge_is_written_down_and_told(repository: Repository) -> None:
    merge(repository, 1)

    result = repository.run("sync")

    assert result.code == 0
    assert "p: step 1: #1 merged\np: step 1 done\n" in result.out
    assert result.out.endswith("2 changes written.\n")
    assert repository.step(1)["pr_state"] == "merged"
    assert repository.step(2).get("attempts") is None, "nothing was begun"


def test_a_dry_run_tells_the_same_and_writes_nothing(repository: Repository) -> None:
    merge(repository, 1)
    before = repository.refs()

    result = repository.run("sync", "--dry-run")

    assert "p: step 1: #1 merged\np: step 1 done\n" in result.out
    assert result.out.endswith("2 changes would be written.\n")
    assert repository.refs() == before


def test_a_second_sync_has_nothing_to_do(repository: Repository) -> None:
    merge(repository, 1)
    repository.run("sync")
    before = repository.refs()

    result = repository.run("sync")

    assert result.out == "The documents say what is there.\n"
    assert repository.refs() == before


def test_a_pull_request_that_is_gone_is_told_and_changes_nothing(repository: Repository) -> None:
    repository.git("update-ref", "-d", "refs/claudestep/pulls/1")
    before = repository.refs()

    result = repository.run("sync")

    assert (
        "note: p: pull request #1 of step 1 is recorded open and is not to be found. "
        "Record that it is over: claudestep close 1\n"
    ) in result.out
    assert repository.refs() == before


def test_a_lost_document_is_made_again_from_its_pull_requests(repository: Repository) -> None:
    """The branch is there, and has those of other projects."""
    repository.git("update-ref", "-d", METADATA)
    repository.put_on_metadata_branch("projects/other.json", '{"schema_version": "1.0", "project": "other"}')

    result = repository.run("sync", "--json")

    assert result.json["kind"] == "sync"
    assert result.json["wrote"] is True
    assert repository.step(1)["pr_number"] == 1


def test_a_document_that_cannot_be_read_is_told_and_left(repository: Repository) -> None:
    repository.put_on_metadata_branch("projects/p.json", "{")
    before = repository.refs()

    result = repository.run("sync")

    assert result.code == 1
    assert "projects/p.json" in result.out
    assert result.out.endswith("Nothing could be mended.\n")
    assert repository.refs() == before
