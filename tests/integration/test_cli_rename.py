"""A project gets another name: its folder by git, its document by `metadata rename`, and its reviews go on."""

from pathlib import Path

import pytest

from claudestep.application.run import Listener, Options, run
from claudestep.cli.settings import Settings
from claudestep.cli.wiring import connect
from claudestep.domain.changes import RecordTasks
from claudestep.domain.models import Owner
from claudestep.infrastructure.runs import Run, RunRecord
from tests.integration.repository import METADATA, Repository
from tests.unit.builders import task

USAGE = """\
echo "$CLAUDESTEP_STEP_INDEX" > "$CLAUDESTEP_STEP_INDEX.txt"
echo '{"type": "PRCreation", "model": "m", "created_at": "2025-01-15T10:30:00Z", "cost_usd": 0.25}' \\
    > "$CLAUDESTEP_USAGE_FILE"
"""
ALICE = "reviewers: [{username: alice, maxOpenPRs: 2}]\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """p has one step merged and one in review."""
    made = Repository(tmp_path).begin(command=USAGE, more=ALICE)
    assert made.run("run", "p", "--auto-merge").code == 0
    assert made.run("run", "p").code == 0
    return made


def move_folder(repository: Repository, old: str = "p", new: str = "q") -> None:
    repository.git("mv", f"claude-step/{old}", f"claude-step/{new}")
    repository.commit(f"Rename {old} to {new}")


def test_the_reviews_of_a_renamed_project_go_on(repository: Repository) -> None:
    move_folder(repository)
    renamed = repository.run("metadata", "rename", "p", "q")
    assert (renamed.code, renamed.err) == (0, "")
    assert renamed.out == (
        "p is q now: 1 of 3 done, $0.50\n  open pull requests keep their branches: claude-step-p-2\n"
    )
    assert repository.states("q") == {1: "done", 2: "in_review", 3: "to_do"}

    assert "step 3, for alice" in repository.run("run", "q").out
    assert repository.branches() == ["claude-step-p-2", "claude-step-q-3"]

    repository.git("merge", "--quiet", "claude-step-p-2")
    assert repository.run("run", "q").code == 0
    assert repository.states("q") == {1: "done", 2: "done", 3: "in_review"}
    steps = repository.document("q")["steps"]
    assert [step["pr_number"] for step in steps] == [1, 2, 3]
    assert [step.get("previous_pull_requests") for step in steps] == [None] * 3
    assert [[task["cost_usd"] for task in step["ai_tasks"]] for step in steps] == [[0.25]] * 3
    listed = repository.run("metadata", "list", "--json").json["projects"]
    assert [(one["project"], one["done"], one["cost"]["usd"]) for one in listed] == [("q", 2, 0.75)]
    assert repository.run("metadata", "fsck").out == "1 document, no errors, no warnings\n"


def test_an_open_pull_request_of_the_old_name_takes_its_reviewer_s_room(repository: Repository) -> None:
    move_folder(repository)
    repository.run("metadata", "rename", "p", "q")
    repository.run("run", "q")
    assert repository.next("q")["reason"] == "steps_in_progress"
    repository.write(
        "claude-step/q/spec.md", (repository.path / "claude-step/q/spec.md").read_text() + "- [ ] Four\n"
    )
    repository.commit()
    assert repository.next("q")["reason"] == "no_reviewer_capacity"
    assert "alice has 2 of 2" in repository.run("status", "q").out


def test_a_turned_down_pull_request_of_the_old_name_is_tried_again_under_the_new_one(
    repository: Repository,
) -> None:
    move_folder(repository)
    repository.run("metadata", "rename", "p", "q")
    repository.git("branch", "-D", "claude-step-p-2")
    assert repository.states("q")[2] == "closed"
    assert repository.run("retry", "q", "2").code == 0
    assert repository.run("run", "q").code == 0
    step = repository.step(2, "q")
    assert (step["branch_name"], step["pr_number"], step["attempts"]) == ("claude-step-q-2.2", 3, 2)
    assert [one["branch_name"] for one in step["previous_pull_requests"]] == ["claude-step-p-2"]


def test_it_is_one_commit_that_moves_the_document_and_its_row(repository: Repository) -> None:
    before = repository.document()
    count = repository.git("rev-list", "--count", METADATA)
    renamed = repository.run("metadata", "rename", "p", "q")
    assert 'git mv claude-step/p claude-step/q && git commit -m "Rename p to q"' in renamed.out
    assert int(repository.git("rev-list", "--count", METADATA)) == int(count) + 1
    after = repository.document("q")
    assert after | {"project": "p", "last_updated": 0} == before | {"last_updated": 0}
    assert repository.git("ls-tree", "-r", "--name-only", METADATA).split() == [
        ".nojekyll",
        "README.md",
        "projects/q.json",
    ]
    readme = repository.show(f"{METADATA}:README.md")
    assert "| [q](projects/q.json) | 1 of 3 | $0.50 |" in readme
    assert "[p]" not in readme
    told = repository.run("metadata", "log", "--limit", "1").out
    assert "Rename p to q" in told
    assert "- renamed from p" in told


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("x", "q", "the metadata branch has no project 'x'"),
        ("p", "p", "p has this name already"),
        ("p", "other", "there is a document of other already"),
        ("p", "broken", "there is a document of broken already"),
        ("broken", "q", "projects/broken.json on the metadata branch cannot be read"),
        ("p", "../q", "cannot be the name of a project"),
        ("p/..", "q", "cannot be the name of a project"),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_nothing_is_written(
    repository: Repository, old: str, new: str, problem: str
) -> None:
    repository.put_on_metadata_branch("projects/other.json", '{"schema_version": "1.0", "project": "other"}')
    repository.put_on_metadata_branch("projects/broken.json", "{")
    before = repository.refs()
    result = repository.run("metadata", "rename", old, new)
    assert (result.code, result.out) == (2, "")
    assert problem in result.err
    assert repository.refs() == before


def test_while_somebody_works_on_the_project_it_is_refused(repository: Repository) -> None:
    seen: list[tuple[int, str]] = []

    def rename(_: object) -> None:
        with repository.start("metadata", "rename", "p", "q") as process:
            _, err = process.communicate(timeout=60)
            seen.append((process.returncode, err))

    quiet = Listener(settled=lambda _: None, started=rename, progress=lambda *_: None, finished=lambda _: None)
    run(connect(Settings(repository.environment), repository.path), "p", Options(), quiet)
    ((code, err),) = seen
    assert code == 2
    assert "step 3 of p is worked on" in err
    assert "claudestep status p" in err
    assert repository.run("metadata", "rename", "p", "q").code == 0


def test_costs_that_still_wait_on_disk_come_along(repository: Repository) -> None:
    root = repository.git_folder / "claudestep"
    run = Run(RunRecord("c7", "p", "", Owner()), root / "runs/c7.json")
    run.note_spent(RecordTasks(3, (task(1.5, id="c7-1"),)))
    (root / "unsent").mkdir(exist_ok=True)
    run.spent.rename(root / "unsent/c7.json")
    assert "$2.00" in repository.run("metadata", "rename", "p", "q").out
    assert not list((root / "unsent").iterdir())
    assert [one["cost_usd"] for one in repository.step(3, "q")["ai_tasks"]] == [1.5]


class TestAFolderThatWasRenamedAlone:
    @pytest.fixture
    @staticmethod
    def moved(repository: Repository) -> Repository:
        move_folder(repository)
        return repository

    @pytest.mark.parametrize("command", ["run q", "run --all", "run q --dry-run", "skip q 3"])
    def test_it_stops_whatever_would_begin_a_second_document(self, moved: Repository, command: str) -> None:
        before = moved.refs()
        result = moved.run(*command.split())
        assert result.code == 2
        assert "claudestep metadata rename p q" in result.err
        assert moved.refs() == before

    def test_status_says_it_too(self, moved: Repository) -> None:
        assert "claudestep metadata rename p q" in moved.run("status").out

    def test_the_remedy_works(self, moved: Repository) -> None:
        assert moved.run("metadata", "rename", "p", "q").code == 0
        assert moved.run("run", "q").code == 0

    def test_other_projects_go_on(self, moved: Repository) -> None:
        moved.add_project("other", spec="- [ ] Else\n", command=USAGE)
        moved.commit()
        assert "other: step 1" in moved.run("run", "--all").out

    def test_a_new_project_that_shares_no_begun_step_is_begun(self, moved: Repository) -> None:
        moved.write("claude-step/q/spec.md", "- [ ] One\n\n- [ ] Another\n")
        moved.commit()
        assert "q: step 1" in moved.run("run", "q").out


def test_a_name_that_was_given_up_is_not_used_while_branches_have_it(repository: Repository) -> None:
    move_folder(repository)
    repository.run("metadata", "rename", "p", "q")
    repository.add_project("p", spec="- [ ] Something else\n", command=USAGE)
    repository.commit()
    result = repository.run("run", "p")
    assert result.code == 2
    assert "p was the name of q" in result.err
    assert repository.run("metadata", "rename", "q", "p").code == 0, "its own old name is free for it"
