"""The story of the branch, as the real program wrote it."""

import re
from pathlib import Path

import pytest

from tests.integration.repository import METADATA, Repository

WHEN = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"
BY = r"[^@\s]+@\S+ pid \d+"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """p with a step in review, q with one that failed, and a commit by hand on top."""
    repository = Repository(tmp_path_factory.mktemp("log")).begin(more="reviewers: [{username: alice}]\n")
    repository.add_project("q", command="echo 'no\nClaudeStep-Commit: 0' >&2; exit 3")
    repository.commit()
    repository.run("run", "p")
    repository.run("run", "q")
    repository.put_on_metadata_branch("notes.txt", "mine")
    return repository


def test_it_reads_like_a_story_newest_first(told: Repository) -> None:
    result = told.run("metadata", "log", "p")
    assert (result.code, result.err) == (0, "")
    assert re.sub(BY, "BY", re.sub(WHEN, "WHEN", result.out)) == (
        "WHEN  Record pull request #1 of step 1 of p\n"
        "  BY\n"
        "  - step 1: pull request #1 opened\n"
        "\n"
        "WHEN  Publish step 1 of p\n"
        "  BY\n"
        "  - step 1: publishing begins\n"
        "\n"
        "WHEN  Claim step 1 of p for alice\n"
        "  BY\n"
        "  - 3 steps added\n"
        "  - step 1 claimed for alice (claude-step-p-1)\n"
    )


def test_a_failure_says_why(told: Repository) -> None:
    first = told.run("metadata", "log", "q").out.split("\n\n")[0]
    assert "- step 1 failed: " in first


def test_a_commit_by_hand_has_its_author_and_subject(told: Repository) -> None:
    result = told.run("metadata", "log", "--limit", "1")
    assert re.fullmatch(rf"{WHEN}  By hand\n  Ursula User, by hand\n\nThere is more: --limit 2\n", result.out)


def test_programs_read_the_same(told: Repository) -> None:
    report = told.run("metadata", "log", "--json").json
    assert (report["version"], report["kind"], report["more"]) == (1, "log", False)
    by_hand, *others = report["entries"]
    assert (by_hand["by_hand"], by_hand["by"], by_hand["changes"]) == (True, "Ursula User", [])
    assert by_hand["version_id"] == told.refs()[METADATA]
    assert others[-1]["changes"] == ["3 steps added", "step 1 claimed for alice (claude-step-p-1)"]
    assert all(re.fullmatch(BY, one["by"]) and one["at"].endswith("Z") for one in others)


def test_git_understands_the_trailers(told: Repository) -> None:
    shown = told.git(
        "log", "--skip=1", "--format=%(trailers:key=ClaudeStep-By)%(trailers:key=ClaudeStep-Commit)", METADATA
    )
    lines = [line for line in shown.splitlines() if line]
    assert len(lines) == 2 * 5
    assert all(re.match(rf"ClaudeStep-By: {BY}|ClaudeStep-Commit: [0-9a-f]{{16}}", line) for line in lines)


def test_a_project_that_is_not_there(told: Repository) -> None:
    result = told.run("metadata", "log", "x")
    assert (result.code, result.out) == (1, "")
    assert "It has: p, q" in result.err


@pytest.mark.parametrize("arguments", [[], ["p"]], ids=["all", "one"])
def test_before_the_first_run_it_is_one_sentence(tmp_path: Path, arguments: list[str]) -> None:
    result = Repository(tmp_path).begin().run("metadata", "log", *arguments)
    assert (result.code, result.err) == (0, "")
    assert result.out == "There is no metadata branch yet; the first `claudestep run` makes it.\n"


def test_a_limit_below_one_is_wrong_use(told: Repository) -> None:
    assert told.run("metadata", "log", "--limit", "0").code == 2
