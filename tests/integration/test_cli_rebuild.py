"""claudestep metadata rebuild in a local repository, and every command that waits for it."""

import json
from pathlib import Path

import pytest

import claudestep
from claudestep.domain.errors import MetadataLost
from claudestep.domain.observation import StepRecord
from claudestep.domain.rebuilding import LOST
from claudestep.infrastructure.hosting import record_block
from tests.integration.repository import METADATA, SPEC, Repository

COSTS = """echo "$CLAUDESTEP_STEP_DESCRIPTION" > "$CLAUDESTEP_STEP_INDEX.txt"
echo '{"type": "PRCreation", "model": "m", "cost_usd": 0.25, "created_at": "2025-01-15T10:30:00Z"}' > \\
  "$CLAUDESTEP_USAGE_FILE"
"""
REVIEWERS = "reviewers: [{username: alice}, {username: bob}, {username: carol}]\n"
DOCUMENT = "projects/p.json"
WRITING = (
    "run p", "run p --auto-merge", "run p --dry-run", "run --all", "sync", "sync --dry-run", "retry p 1",
    "skip p 3", "close 2", "metadata rename p q",
)  # fmt: skip


@pytest.fixture
def lost(tmp_path: Path) -> Repository:
    """One step merged and one in review; then the metadata branch is deleted."""
    repository = Repository(tmp_path).begin(command=COSTS, more=REVIEWERS)
    repository.run("run", "p", "--max-steps", "2")
    repository.git("merge", "--quiet", "claude-step-p-1")
    repository.run("sync")
    repository.git("update-ref", "refs/kept", METADATA)
    lose(repository)
    return repository


def lose(repository: Repository) -> None:
    repository.git("update-ref", "-d", METADATA)


def without_times(document: object) -> object:
    """A document without the times that a local repository cannot tell."""
    if isinstance(document, list):
        return [without_times(item) for item in document]
    if not isinstance(document, dict):
        return document
    gone = ("last_updated", "merged_at", "closed_at", "completed_at")
    kept = {key: without_times(value) for key, value in document.items() if key not in gone}
    if "project" in kept:
        del kept["created_at"]
    return kept


def kept(repository: Repository) -> object:
    return json.loads(repository.show(f"refs/kept:{DOCUMENT}"))


@pytest.mark.parametrize("command", WRITING)
def test_what_would_write_is_refused(lost: Repository, command: str) -> None:
    before = lost.refs()
    agents = sorted(lost.path.glob("*.txt"))

    result = lost.run(*command.split())

    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("error: there is no branch claudestep-metadata, and there are pull requests")
    assert result.err.count("claudestep metadata rebuild") == 1
    assert lost.refs() == before
    assert sorted(lost.path.glob("*.txt")) == agents


def test_applying_kept_costs_is_refused_and_keeps_them(lost: Repository) -> None:
    task = {"type": "PRCreation", "model": "m", "cost_usd": 1, "created_at": "2025-01-15T10:30:00Z"}
    file = lost.place / "costs.json"
    file.write_text(json.dumps({"project": "p", "step_index": 1, "tasks": [task]}), encoding="utf-8")
    result = lost.run("metadata", "apply", str(file))
    assert result.code == 1
    assert "claudestep metadata rebuild" in result.err
    assert file.exists()


def test_the_python_interface_refuses_too(lost: Repository) -> None:
    before = lost.refs()
    store = claudestep.open_store(lost.path)
    with pytest.raises(MetadataLost):
        store.update("p", lambda project: project)
    with pytest.raises(MetadataLost):
        store.put("q", claudestep.Project(project="q"), expected=None)
    assert store.list() == []
    assert lost.refs() == before


@pytest.mark.parametrize("command", ["status", "why p", "statistics", "metadata list"])
def test_what_reads_shows_what_the_pull_requests_tell(lost: Repository, command: str) -> None:
    before = lost.refs()
    result = lost.run(*command.split())
    assert result.code == 0
    assert "WARNING: there is no branch claudestep-metadata" in result.err
    assert "$0.50" in result.out or command == "why p"
    assert lost.refs() == before


def test_why_says_what_stands_in_the_way(lost: Repository) -> None:
    assert "claudestep metadata rebuild" in lost.run("why", "p").out


def test_without_pull_requests_the_branch_simply_begins(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin()
    result = repository.run("run", "p")
    assert (result.code, result.err) == (0, "")


def test_a_dry_run_tells_everything_and_writes_nothing(lost: Repository) -> None:
    before = lost.refs()

    result = lost.run("metadata", "rebuild")

    assert (result.code, result.err) == (0, "")
    assert "p: made anew\n  1 of 3 steps done, pull requests: 1 open, 1 merged, $0.50\n" in result.out
    assert all(f"\n  - {loss.what}\n" in result.out for loss in LOST)
    assert result.out.endswith("1 document would be written; write it: claudestep metadata rebuild --yes\n")
    assert lost.refs() == before


def test_with_yes_the_document_is_what_it_was(lost: Repository) -> None:
    result = lost.run("metadata", "rebuild", "--yes", "--json")

    assert result.code == 0
    assert (result.json["wrote"], result.json["begins"]) == (True, True)
    (one,) = result.json["projects"]
    assert (one["project"], one["how"], one["cost"]["usd"]) == ("p", "made", 0.5)
    assert one["pull_requests"] == {"open": 1, "merged": 1, "closed": 0}
    assert result.json["lost"] == [loss.what for loss in LOST]
    assert without_times(lost.document()) == without_times(kept(lost))
    assert len(lost.git("rev-list", METADATA).splitlines()) == 1


def test_a_folder_that_can_be_no_project_stands_in_nobodys_way(lost: Repository) -> None:
    lost.write("claude-step/my project/spec.md", "- [ ] One\n")
    lost.commit()
    result = lost.run("metadata", "rebuild", "--yes")
    assert result.code == 0, result
    assert without_times(lost.document()) == without_times(kept(lost))


def test_twice_is_once(lost: Repository) -> None:
    lost.run("metadata", "rebuild", "--yes")
    before = lost.refs()
    again = lost.run("metadata", "rebuild", "--yes")
    assert (again.code, again.out) == (0, "Nothing is missing that the pull requests tell.\n")
    assert lost.run("sync").out == "The documents say what is there.\n"
    assert lost.refs() == before


def test_the_next_attempt_never_takes_the_name_of_a_branch(lost: Repository) -> None:
    """Not of one that has a pull request, and not of one that was only pushed."""
    lost.git("branch", "claude-step-p-3.4", "main")
    lost.git("branch", "claude-step-p-9", "main")
    result = lost.run("metadata", "rebuild", "--yes")
    assert "the branch claude-step-p-9 is of no step that is known" in result.out
    assert lost.step(3)["attempts"] == 4
    assert "claude-step-p-3.5" in lost.run("run", "p").out


def test_without_any_pull_request_it_makes_the_branch_from_the_specs(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin()
    assert "no pull request, $0.00" in repository.run("metadata", "rebuild").out
    assert METADATA not in repository.refs()
    assert repository.run("metadata", "rebuild", "--yes").code == 0
    assert [step["step_index"] for step in repository.document()["steps"]] == [1, 2, 3]


def test_where_there_is_nothing_it_says_so(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin(spec="# No steps\n")
    result = repository.run("metadata", "rebuild", "--yes")
    assert (result.code, METADATA in repository.refs()) == (0, False)
    assert result.out.endswith("no pull request and no spec.md with steps.\n")


# With the branch there


@pytest.fixture
def there(lost: Repository) -> Repository:
    """As before the loss."""
    lost.git("update-ref", METADATA, "refs/kept")
    return lost


def test_a_corrupt_document_is_replaced_with_yes_alone_and_stays_in_the_history(there: Repository) -> None:
    there.put_on_metadata_branch(DOCUMENT, '{"torn')
    corrupt = there.refs()[METADATA]

    told = there.run("metadata", "rebuild")
    assert "p: replaces a document that cannot be read; the old one stays in the history of the branch" in told.out
    assert there.refs()[METADATA] == corrupt

    assert there.run("metadata", "rebuild", "--yes").code == 0
    assert without_times(there.document()) == without_times(kept(there))
    assert there.show(f"{METADATA}~1:{DOCUMENT}") == '{"torn'


def test_a_newer_document_is_never_replaced(there: Repository) -> None:
    there.put_on_metadata_branch(DOCUMENT, '{"schema_version": "2.0", "project": "p", "steps": []}')
    before = there.refs()
    result = there.run("metadata", "rebuild", "--yes")
    assert result.code == 0
    assert f"note: {DOCUMENT} on the metadata branch cannot be read: its schema_version is 2.0" in result.out
    assert "pip install" in result.out
    assert there.refs() == before


def test_a_document_that_can_be_read_wins_and_gets_what_it_lacks(there: Repository) -> None:
    document = there.document()
    document["steps"][0]["ai_tasks"][0]["cost_usd"] = 7
    document["steps"][0]["failures"] = 2
    document["steps"][1] = {"step_index": 2, "step_description": "Two", "ai_tasks": []}
    there.put_on_metadata_branch(DOCUMENT, json.dumps(document))

    result = there.run("metadata", "rebuild", "--yes")

    assert "p: completed" in result.out
    assert "cannot come back" not in result.out
    first, second = there.step(1), there.step(2)
    assert (first["ai_tasks"][0]["cost_usd"], first["failures"]) == (7, 2)
    assert (second["pr_number"], second["attempts"], second["ai_tasks"][0]["cost_usd"]) == (2, 1, 0.25)
    assert second["ai_tasks"][0]["pr_number"] == 2


def test_a_cost_that_a_document_lacks_comes_from_its_pull_request(there: Repository) -> None:
    document = there.document()
    tasks = document["steps"][1]["ai_tasks"]
    document["steps"][1]["ai_tasks"] = []
    there.put_on_metadata_branch(DOCUMENT, json.dumps(document))
    there.run("metadata", "rebuild", "--yes")
    assert there.step(2)["ai_tasks"] == tasks


def test_a_cost_that_was_moved_to_another_step_by_hand_stays_there(there: Repository) -> None:
    document = there.document()
    document["steps"][0]["ai_tasks"] += document["steps"][1].pop("ai_tasks")
    document["steps"][1]["ai_tasks"] = []
    there.put_on_metadata_branch(DOCUMENT, json.dumps(document, indent=2))
    there.run("metadata", "rebuild", "--yes")
    assert (len(there.step(1)["ai_tasks"]), there.step(2)["ai_tasks"]) == (2, [])


# What is not believed, and other names


def forge(repository: Repository, number: int, branch: str, record: StepRecord) -> None:
    """A pull request as somebody makes it by hand."""
    repository.git("branch", branch, "main")
    body = f"Forged\n\n{record_block.write(record)}\n\nClaudeStep-Branch: {branch}\n"
    commit = repository.git("commit-tree", "main^{tree}", "-p", "main", stdin=body)
    repository.git("update-ref", f"refs/claudestep/pulls/{number}", commit)


@pytest.mark.parametrize(("project", "index"), [("other", 3), ("p", 2)])
def test_a_record_that_does_not_fit_its_branch_is_named_and_left_out(
    lost: Repository, project: str, index: int
) -> None:
    forge(lost, 7, "claude-step-p-3", StepRecord(project=project, step_index=index, step_description="Two"))
    result = lost.run("metadata", "rebuild", "--yes")
    assert "note: pull request #7 from claude-step-p-3 is left out" in result.out
    assert "pr_number" not in lost.step(3)
    assert lost.step(2)["pr_number"] == 2
    assert lost.step(3)["attempts"] == 1
    assert [project["project"] for project in lost.documents()] == ["p"]


def rename(repository: Repository, new: str) -> None:
    repository.git("mv", "claude-step/p", f"claude-step/{new}")
    repository.commit()


def test_a_project_that_was_renamed_gets_its_records_under_its_new_name(there: Repository) -> None:
    rename(there, "q")
    there.run("metadata", "rename", "p", "q")
    before = there.document("q")
    lose(there)

    result = there.run("metadata", "rebuild", "--yes")

    assert "q (and p, its name before): made anew" in result.out
    assert without_times(there.document("q")) == without_times(before)
    assert [one["project"] for one in there.documents()] == ["q"]
    assert there.run("run", "q").code == 0


def test_a_name_that_another_project_had_brings_none_of_its_pull_requests(there: Repository) -> None:
    """They stand in the document of that one; the new project's document was made by hand."""
    rename(there, "q")
    there.run("metadata", "rename", "p", "q")
    there.add_project("p", spec="- [ ] One\n")
    there.commit()
    there.put_on_metadata_branch(DOCUMENT, '{"schema_version": "1.0", "project": "p", "steps": []}')

    assert there.run("metadata", "rebuild", "--yes").code == 0

    assert [step.get("pr_number") for step in there.document()["steps"]] == [None]
    assert [step.get("pr_number") for step in there.document("q")["steps"]] == [1, 2, None]


def test_a_project_whose_spec_is_gone_is_made_and_what_to_do_is_named(lost: Repository) -> None:
    lost.git("rm", "--quiet", "-r", "claude-step/p")
    lost.add_project("new", spec="- [ ] Something else\n")
    lost.commit()
    result = lost.run("metadata", "rebuild", "--yes")
    assert "note: p has no claude-step/p/spec.md; if it has another name by now: claudestep metadata rename p" in (
        result.out
    )
    assert [step["pr_number"] for step in lost.document("p")["steps"]] == [1, 2]


def test_several_pull_requests_of_a_step_come_in_their_order(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin(command=COSTS, more="retryClosed: true\n")
    for number in (1, 2):
        repository.run("run", "p")
        repository.run("close", str(number))
    repository.run("run", "p")
    before = repository.step(1)
    lose(repository)
    repository.run("metadata", "rebuild", "--yes")
    after = repository.step(1)
    assert [pull["pr_number"] for pull in after["previous_pull_requests"]] == [1, 2]
    assert [task["pr_number"] for task in after["ai_tasks"]] == [1, 2, 3]
    assert (after["pr_number"], after["attempts"], after["ai_tasks"]) == (3, 3, before["ai_tasks"])


def test_lines_without_a_pull_request_get_the_numbers_that_are_left(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin(command=COSTS)
    repository.run("skip", "p", "1")
    repository.run("run", "p")
    lose(repository)
    repository.run("metadata", "rebuild", "--yes")
    steps = [(step["step_index"], step["step_description"]) for step in repository.document()["steps"]]
    assert steps == [(1, "One"), (2, "Two"), (3, "Three")]
    assert repository.step(2)["pr_number"] == 1


def test_a_branch_that_is_gone_was_merged_where_the_box_is_ticked(tmp_path: Path) -> None:
    """Squashed, and the branch removed; the other one was turned down."""
    repository = Repository(tmp_path).begin(command=COSTS, more=REVIEWERS)
    repository.run("run", "p", "--max-steps", "2")
    repository.git("merge", "--quiet", "--squash", "claude-step-p-1")
    repository.commit("Squashed")
    for branch in ("claude-step-p-1", "claude-step-p-2"):
        repository.git("branch", "-D", branch)
    repository.run("sync")
    before = repository.document()
    lose(repository)
    repository.run("metadata", "rebuild", "--yes")
    assert without_times(repository.document()) == without_times(before)
    assert [step.get("pr_state") for step in before["steps"]] == ["merged", "closed", None]
    assert "closed_at" in repository.step(2)


def test_equal_lines_keep_their_own_pull_requests(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin(spec="- [ ] Same\n\n- [ ] Same\n", command=COSTS, more=REVIEWERS)
    repository.run("run", "p", "--max-steps", "2")
    before = repository.document()
    lose(repository)
    repository.run("metadata", "rebuild", "--yes")
    assert without_times(repository.document()) == without_times(before)


def test_a_spec_that_is_wrong_loses_no_pull_request(lost: Repository) -> None:
    lost.write(SPEC, b"\xff\xfe")
    lost.commit()
    result = lost.run("metadata", "rebuild", "--yes")
    assert result.code == 0
    assert "its steps are those of its pull requests alone" in result.out
    assert [step["pr_number"] for step in lost.document()["steps"]] == [1, 2]
