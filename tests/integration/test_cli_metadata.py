"""The metadata branch as others leave it, and what the commands print of it."""

import json
from pathlib import Path

import pytest

from tests.integration.repository import METADATA, Repository

DOCUMENT = "projects/p.json"
TWO_REVIEWERS = "reviewers:\n  - username: alice\n  - username: bob\n"
USAGE = """\
echo "$CLAUDESTEP_STEP_INDEX" > "$CLAUDESTEP_STEP_INDEX.txt"
task='"type": "PRCreation", "model": "claude-x", "created_at": "2025-01-15T10:30:00Z"'
case $CLAUDESTEP_STEP_INDEX in
1) echo "{$task, \\"cost_usd\\": 0.25, \\"tokens_input\\": 1000}" ;;
2) echo "[{$task, \\"cost_usd\\": null}, {$task, \\"type\\": \\"PRSummary\\", \\"cost_usd\\": 1}]" ;;
*) echo "no JSON" ;;
esac > "$CLAUDESTEP_USAGE_FILE"
"""


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path).begin()


class TestSomebodyElsesBranch:
    @pytest.mark.parametrize("command", ["run p", "run --all", "status", "statistics", "metadata list"])
    def test_it_is_refused_and_left_alone(self, repository: Repository, command: str) -> None:
        repository.put_on_metadata_branch("notes.txt", "mine")
        before = repository.refs()
        result = repository.run(*command.split())
        assert result.code == 1
        assert "is not ClaudeStep's" in result.err
        assert "git branch -m claudestep-metadata" in result.err
        assert repository.refs() == before

    def test_it_is_said_once(self, repository: Repository) -> None:
        repository.put_on_metadata_branch("notes.txt", "mine")
        result = repository.run("run", "p")
        assert result.err.count("is not ClaudeStep's") == 1
        assert "claim" not in result.err

    def test_the_remedy_works(self, repository: Repository) -> None:
        repository.put_on_metadata_branch("notes.txt", "mine")
        repository.git("branch", "-m", "claudestep-metadata", "other-name")
        assert repository.run("run", "p").code == 0
        assert repository.show("other-name:notes.txt") == "mine"

    def test_files_of_others_beside_ours_are_kept(self, repository: Repository) -> None:
        repository.run("run", "p", "--auto-merge")
        repository.put_on_metadata_branch("notes.txt", "mine")
        repository.run("run", "p")
        assert repository.show(f"{METADATA}:notes.txt") == "mine"


BROKEN = {
    "no-json": "{{{",
    "no-object": "[]",
    "no-version": '{"project": "p", "steps": []}',
    "wrong-type": '{"schema_version": "1.0", "project": "p", "steps": [{"step_index": "x"}]}',
    "other-name": '{"schema_version": "1.0", "project": "q", "steps": []}',
    "empty": "",
    "newer": '{"schema_version": "2.0", "project": "p", "steps": [], "new": true}',
}


class TestABrokenDocument:
    @pytest.fixture(params=BROKEN)
    @staticmethod
    def text(request: pytest.FixtureRequest, repository: Repository) -> str:
        repository.add_project("q")
        repository.commit()
        text = BROKEN[str(request.param)]
        repository.put_on_metadata_branch(DOCUMENT, text)
        return text

    def test_it_blocks_its_own_project_alone_and_is_never_replaced(self, repository: Repository, text: str) -> None:
        result = repository.run("run", "--all")
        assert result.code == 1
        assert DOCUMENT in result.out + result.err
        assert repository.branches() == ["claude-step-q-1"]
        assert repository.show(f"{METADATA}:{DOCUMENT}") == text

    def test_it_can_be_shown(self, repository: Repository, text: str) -> None:
        assert repository.run("metadata", "show", "p").out == text
        listed = repository.run("metadata", "list", "--json").json
        assert [(one["project"], bool(one["problem"])) for one in listed["broken"]] == [("p", True)]


@pytest.fixture
def corrupt(repository: Repository) -> Repository:
    repository.run("run", "p")
    repository.put_on_metadata_branch(DOCUMENT, BROKEN["wrong-type"])
    return repository


def test_status_goes_on_beside_a_corrupt_document(corrupt: Repository) -> None:
    result = corrupt.run("status")
    assert result.code == 0
    assert "its document cannot be read" in result.out
    assert "step_index" in result.out


@pytest.mark.parametrize("options", [[], ["--json"]], ids=" ".join)
def test_statistics_without_a_document_would_be_wrong(corrupt: Repository, options: list[str]) -> None:
    result = corrupt.run("statistics", *options)
    assert (result.code, result.out) == (1, "")
    assert DOCUMENT in result.err


def test_a_limit_over_the_repository_needs_every_document(corrupt: Repository) -> None:
    corrupt.write("claude-step/configuration.yml", "maxOpenPRsPerReviewer: 1\n")
    corrupt.add_project("q", more=TWO_REVIEWERS)
    corrupt.commit()
    result = corrupt.run("run", "q")
    assert result.code == 1
    assert DOCUMENT in result.out + result.err


@pytest.mark.parametrize("command", ["run p", "status p"])
def test_a_newer_document_says_what_to_install(repository: Repository, command: str) -> None:
    repository.put_on_metadata_branch(DOCUMENT, BROKEN["newer"])
    result = repository.run(*command.split())
    assert "pip install" in result.out + result.err


def test_keys_of_a_newer_minor_version_survive(repository: Repository) -> None:
    repository.run("run", "p", "--auto-merge")
    document = repository.document() | {"schema_version": "1.9", "later": {"a": [1]}}
    document["steps"][0]["later"] = "kept"
    repository.put_on_metadata_branch(DOCUMENT, json.dumps(document))
    repository.run("run", "p")
    after = repository.document()
    assert (after["schema_version"], after["later"], after["steps"][0]["later"]) == ("1.9", {"a": [1]}, "kept")
    assert after["steps"][1]["pr_state"] == "open"


class TestADeletedBranch:
    @pytest.fixture
    @staticmethod
    def before(tmp_path: Path) -> Repository:
        """One step merged and one in review; then the metadata branch is deleted."""
        repository = Repository(tmp_path).begin(more=TWO_REVIEWERS)
        repository.run("run", "p", "--max-steps", "2")
        repository.git("merge", "--quiet", "claude-step-p-1")
        repository.git("branch", "-D", "claudestep-metadata")
        return repository

    def test_status_shows_the_same(self, before: Repository) -> None:
        assert before.states() == {1: "done", 2: "in_review", 3: "to_do"}

    def test_the_next_run_goes_on_once_the_records_are_made_anew(self, before: Repository) -> None:
        refused = before.run("run", "p")
        assert (refused.code, refused.out) == (1, "")
        assert "claudestep metadata rebuild" in refused.err
        assert before.run("metadata", "rebuild", "--yes").code == 0
        assert "step 3, for alice" in before.run("run", "p").out
        steps = [before.step(index) for index in (1, 2, 3)]
        assert [step["pr_number"] for step in steps] == [1, 2, 3]
        assert [step["reviewer"] for step in steps] == ["alice", "bob", "alice"]
        assert [step["pr_state"] for step in steps] == ["merged", "open", "open"]


def test_before_the_first_run(repository: Repository) -> None:
    listed = repository.run("metadata", "list")
    assert listed.code == 0
    assert "no metadata branch yet" in listed.out
    shown = repository.run("metadata", "show", "p")
    assert (shown.code, shown.out) == (1, "")
    assert "'p'" in shown.err


class TestReports:
    """Three steps with costs: known, partly known and unreadable; two are merged, one is in review."""

    @pytest.fixture(scope="class")
    @staticmethod
    def done(tmp_path_factory: pytest.TempPathFactory) -> Repository:
        repository = Repository(tmp_path_factory.mktemp("costs"))
        repository.begin(command=USAGE, more="reviewers: [{username: alice}]\n")
        repository.run("run", "p", "--auto-merge", "--max-steps", "2")
        result = repository.run("run", "p")
        assert result.code == 0
        assert "1 unknown" in result.out
        assert "WARNING" in result.err
        return repository

    def test_what_was_spent_is_in_the_document(self, done: Repository) -> None:
        costs = [[task["cost_usd"] for task in done.step(index)["ai_tasks"]] for index in (1, 2, 3)]
        assert costs == [[0.25], [None, 1], [None]]
        ids = [task["id"] for index in (1, 2, 3) for task in done.step(index)["ai_tasks"]]
        assert len(set(ids)) == 4

    @pytest.mark.parametrize("command", ["status", "status p", "statistics", "metadata list"])
    def test_an_unknown_cost_is_shown_as_unknown(self, done: Repository, command: str) -> None:
        result = done.run(*command.split())
        assert (result.code, result.err) == (0, "")
        assert "$1.25 + 2 unknown" in result.out

    def test_the_readme_of_the_branch_shows_it_too(self, done: Repository) -> None:
        assert "| [p](projects/p.json) | 2 of 3 | $1.25 + 2 unknown |" in done.show(f"{METADATA}:README.md")

    @pytest.mark.parametrize(
        ("command", "kind"),
        [
            ("status", "status"),
            ("status p", "status"),
            ("statistics", "statistics"),
            ("metadata list", "metadata"),
        ],
    )
    def test_json_and_nothing_else(self, done: Repository, command: str, kind: str) -> None:
        result = done.run(*command.split(), "--json")
        assert (result.code, result.err) == (0, "")
        report = result.json
        assert (report["version"], report["kind"]) == (1, kind)
        (project,) = report["projects"]
        assert (project["project"], project["done"], project["total"]) == ("p", 2, 3)
        assert project["cost"] == {"usd": 1.25, "unknown": 2}

    def test_statistics_by_model_by_operation_and_by_reviewer(self, done: Repository) -> None:
        report = done.run("statistics", "--json").json
        assert report["cost_by_type"] == {
            "PRSummary": {"usd": 1.0, "unknown": 0},
            "PRCreation": {"usd": 0.25, "unknown": 2},
        }
        assert report["cost_by_model"]["claude-x"] == {"usd": 1.25, "unknown": 1}
        assert report["reviewers"] == [{"reviewer": "alice", "open": 1, "merged": 2, "closed": 0}]
        assert report["projects"][0]["cost_per_merge_usd"] is None, "it would be too low"

    def test_statistics_for_people(self, done: Repository) -> None:
        lines = [line.split() for line in done.run("statistics").out.splitlines()]
        assert ["alice", "1", "2", "0"] in lines
        assert ["claude-x", "$1.25", "+", "1", "unknown"] in lines

    def test_the_steps_for_people(self, done: Repository) -> None:
        out = done.run("status", "p").out
        assert "2 of 3 done (66 %)" in out
        assert [line.split()[:4] for line in out.splitlines()[-3:]] == [
            ["1", "done", "#1", "alice"],
            ["2", "done", "#2", "alice"],
            ["3", "in", "review", "#3"],
        ]

    def test_show_prints_the_document_as_it_stands(self, done: Repository) -> None:
        assert done.run("metadata", "show", "p").out == done.show(f"{METADATA}:{DOCUMENT}")

    def test_an_unreadable_usage_file_is_called_what_it_is(self, tmp_path: Path) -> None:
        repository = Repository(tmp_path).begin(command='echo x > x; echo "{" > "$CLAUDESTEP_USAGE_FILE"')
        result = repository.run("run", "p")
        assert "usage" in result.err
        assert "metadata branch" not in result.err
