"""claudestep run: the main way, from the first step of a project to the last."""

from pathlib import Path

import pytest

from tests.integration.repository import METADATA, SPEC, THREE_STEPS, Repository, eventually

TWO_REVIEWERS = "reviewers:\n  - username: alice\n  - username: bob\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path).begin()


def test_the_first_run_opens_a_pull_request_of_one_commit(repository: Repository) -> None:
    result = repository.run("run", "p")

    assert (result.code, result.err) == (0, "")
    assert "step 1: One" in result.out
    assert "git merge claude-step-p-1" in result.out
    assert repository.branches() == ["claude-step-p-1"]
    assert repository.git("rev-parse", "claude-step-p-1~1") == repository.git("rev-parse", "main")
    assert repository.changed_files("claude-step-p-1") == ["1.txt", SPEC]
    assert repository.show("claude-step-p-1:1.txt") == "One\n"
    assert repository.git("log", "-1", "--format=%an <%ae> %s", "claude-step-p-1") == (
        "Ursula User <ursula@example.org> ClaudeStep: One"
    )


def test_the_box_is_ticked_in_the_same_commit_and_nothing_else_of_the_spec_changes(repository: Repository) -> None:
    repository.run("run", "p")
    before, after = repository.spec(), repository.spec("claude-step-p-1")
    assert after == before.replace("- [ ] One", "- [x] One")


def test_the_metadata_branch_begins_with_its_first_documents(repository: Repository) -> None:
    repository.run("run", "p")
    (root,) = repository.git("rev-list", "--max-parents=0", METADATA).split()
    files = repository.git("ls-tree", "-r", "--name-only", root).split()
    assert files == [".nojekyll", "README.md", "projects/p.json"]
    assert repository.git("rev-list", "--count", METADATA, "^main") == repository.git(
        "rev-list", "--count", METADATA
    ), "it shares no history with the code"
    assert [step["step_description"] for step in repository.document()["steps"]] == ["One", "Two", "Three"]
    assert "| [p](projects/p.json) | 0 of 3 |" in repository.show(f"{METADATA}:README.md")


def test_one_pull_request_at_a_time_where_nobody_reviews(repository: Repository) -> None:
    repository.run("run", "p")
    again = repository.run("run", "p")
    assert again.code == 0
    assert "claude-step-p-1" in again.out
    assert repository.branches() == ["claude-step-p-1"]
    assert repository.next()["reason"] == "steps_in_progress"


@pytest.mark.parametrize("how", [[], ["--no-ff"], ["--ff-only"], ["--squash"]], ids=" ".join)
def test_a_merge_of_any_kind_makes_room_for_the_next_step(repository: Repository, how: list[str]) -> None:
    repository.run("run", "p")
    repository.git("merge", *how, "--quiet", "claude-step-p-1")
    if how == ["--squash"]:
        repository.commit("All of step 1")

    assert "step 2: Two" in repository.run("run", "p").out

    first = repository.step(1)
    assert first["pr_state"] == "merged"
    assert {"merged_at", "completed_at"} <= first.keys()
    assert repository.states() == {1: "done", 2: "in_review", 3: "to_do"}


def test_a_merged_branch_may_be_deleted_at_once(repository: Repository) -> None:
    repository.run("run", "p")
    repository.git("merge", "--quiet", "claude-step-p-1")
    repository.git("branch", "-d", "claude-step-p-1")
    repository.run("run", "p")
    assert repository.step(1)["pr_state"] == "merged"


def test_a_rebased_branch_counts_as_merged_by_its_tick(repository: Repository) -> None:
    repository.run("run", "p")
    repository.write("other.txt", "meanwhile\n")
    repository.commit("Something else")
    repository.git("checkout", "--quiet", "claude-step-p-1")
    repository.git("rebase", "--quiet", "main")
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "claude-step-p-1")
    assert "step 2: Two" in repository.run("run", "p").out
    assert repository.step(1)["pr_state"] == "merged"


class TestAutoMerge:
    def test_a_whole_chain(self, repository: Repository) -> None:
        result = repository.run("run", "p", "--auto-merge", "--max-steps", "9")

        assert result.code == 0
        assert "All steps are done." in result.out
        assert repository.spec() == THREE_STEPS.replace("[ ]", "[x]")
        assert repository.branches() == []
        assert repository.git("status", "--porcelain") == ""
        assert sorted(path.name for path in repository.path.glob("[123].txt")) == ["1.txt", "2.txt", "3.txt"]
        assert repository.states() == {1: "done", 2: "done", 3: "done"}
        repository.git("fsck", "--strict")

    def test_as_many_steps_as_asked_for(self, repository: Repository) -> None:
        repository.run("run", "p", "--auto-merge", "--max-steps", "2")
        assert repository.ticked() == 2

    def test_a_base_branch_that_is_checked_out_nowhere(self, repository: Repository) -> None:
        repository.git("checkout", "--quiet", "-b", "elsewhere")
        repository.write("file.txt", "not committed")
        before = repository.git("rev-parse", "elsewhere")

        assert repository.run("run", "p", "--auto-merge", "--max-steps", "2").code == 0

        assert repository.ticked("main") == 2
        assert repository.git("rev-parse", "HEAD") == before
        assert (repository.path / "file.txt").read_text() == "not committed"
        assert not (repository.path / "1.txt").exists()

    def test_a_bare_repository(self, repository: Repository) -> None:
        repository.git("clone", "--quiet", "--bare", ".", "../bare.git")
        bare = Repository(repository.place, "bare.git")
        assert bare.run("run", "p", "--auto-merge", "--max-steps", "2").code == 0
        assert bare.ticked() == 2
        assert bare.states() == {1: "done", 2: "done", 3: "to_do"}

    def test_a_dirty_work_tree_is_refused_before_the_agent_runs(self, repository: Repository) -> None:
        ran = repository.place / "ran"
        repository.configure(f"touch '{ran}'")
        repository.commit()
        repository.write("file.txt", "not committed")
        before = repository.refs()

        result = repository.run("run", "p", "--auto-merge")

        assert result.code == 2
        assert "file.txt" in result.err
        assert "without --auto-merge" in result.err
        assert not ran.exists()
        assert repository.refs() == before
        assert (repository.path / "file.txt").read_text() == "not committed"

    def test_a_work_tree_that_gets_dirty_meanwhile_keeps_its_changes(self, repository: Repository) -> None:
        repository.configure(f"echo done > done.txt; echo mine >> '{repository.path}/file.txt'")
        repository.commit()

        result = repository.run("run", "p", "--auto-merge", "--max-steps", "3")

        assert result.code == 1
        assert "#1 stays open" in result.out
        assert "git merge claude-step-p-1" in result.out
        assert (repository.path / "file.txt").read_text() == "first\nmine\n"
        assert repository.ticked() == 0
        assert repository.step(1)["pr_state"] == "open"

    def test_an_untracked_file_in_the_way_is_kept(self, repository: Repository) -> None:
        repository.write("1.txt", "mine")

        result = repository.run("run", "p", "--auto-merge")

        assert result.code == 1
        assert "not merged" in result.out
        assert (repository.path / "1.txt").read_text() == "mine"
        assert repository.branches() == ["claude-step-p-1"]

    def test_an_untracked_file_in_the_way_is_named(self, repository: Repository) -> None:
        repository.write("1.txt", "mine")
        assert "1.txt" in repository.run("run", "p", "--auto-merge").out

    def test_a_conflict_leaves_the_pull_request_open(self, repository: Repository) -> None:
        other = f"cd '{repository.path}' && echo theirs > file.txt && git commit --quiet -am Theirs"
        repository.configure(f"echo ours > file.txt; {other}")
        repository.commit()

        result = repository.run("run", "p", "--auto-merge")

        assert result.code == 1
        assert "conflicts" in result.out
        assert repository.show("main:file.txt") == "theirs\n"
        assert repository.git("status", "--porcelain") == ""
        assert repository.states()[1] == "in_review"


def test_all_runs_every_project(repository: Repository) -> None:
    repository.add_project("q")
    repository.commit()
    assert repository.run("run", "--all").code == 0
    assert repository.branches() == ["claude-step-p-1", "claude-step-q-1"]


def test_all_goes_on_behind_a_project_that_fails(repository: Repository) -> None:
    repository.configure("exit 3", project="a-first")
    repository.write("claude-step/a-first/spec.md", THREE_STEPS)
    repository.commit()
    result = repository.run("run", "--all")
    assert result.code == 1
    assert repository.branches() == ["claude-step-p-1"]
    assert repository.step(1, "a-first")["failures"] == 1


def test_what_only_looks_writes_nothing_at_all(repository: Repository) -> None:
    """Compared are all files that git keeps, where there is something to repair: the merge is not recorded yet."""
    repository.run("run", "p")
    repository.git("merge", "--quiet", "claude-step-p-1")
    before = repository.git_files()
    for command in ("run p --dry-run", "run --all --dry-run", "status p", "statistics", "metadata list"):
        assert repository.run(*command.split()).code == 0
        assert repository.git_files() == before, command


@pytest.mark.parametrize("which", ["p", "--all"])
def test_a_dry_run_says_what_would_happen(repository: Repository, which: str) -> None:
    result = repository.run("run", which, "--dry-run")
    assert result.code == 0
    assert "step 1: One" in result.out
    assert "claude-step-p-1" in result.out
    assert set(repository.refs()) == {"refs/heads/main"}


def test_a_branch_that_was_deleted_is_a_closed_pull_request(repository: Repository) -> None:
    repository.run("run", "p")
    kept = repository.git("rev-parse", "claude-step-p-1")
    repository.git("branch", "-D", "claude-step-p-1")

    assert "step 2: Two" in repository.run("run", "p").out

    assert repository.states() == {1: "closed", 2: "in_review", 3: "to_do"}
    assert repository.git("rev-parse", "refs/claudestep/pulls/1^") == kept, "the work is kept"


def test_a_branch_that_comes_back_is_open_again(repository: Repository) -> None:
    repository.run("run", "p")
    repository.git("branch", "-D", "claude-step-p-1")
    repository.run("run", "p")
    repository.git("branch", "claude-step-p-1", "refs/claudestep/pulls/1^")
    eventually(lambda: repository.states()[1] == "in_review")  # from the next second on: times are whole seconds
    repository.git("merge", "--quiet", "claude-step-p-1")
    repository.run("run", "p")
    assert repository.step(1)["pr_state"] == "merged"


def test_a_chain_of_which_only_closed_steps_are_left_says_so(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin(spec="- [ ] One\n")
    repository.run("run", "p")
    repository.git("branch", "-D", "claude-step-p-1")
    result = repository.run("run", "p")
    assert result.code == 0
    assert "closed" in result.out
    assert "#1" in result.out
    assert repository.next()["reason"] == "steps_closed"


class TestReviewers:
    def test_each_gets_as_many_as_they_have_room_for(self, tmp_path: Path) -> None:
        repository = Repository(tmp_path).begin(more=TWO_REVIEWERS)

        runs = [repository.run("run", "p") for _ in range(3)]

        assert [result.code for result in runs] == [0, 0, 0]
        assert [repository.step(n).get("reviewer") for n in (1, 2, 3)] == ["alice", "bob", None]
        assert "alice has 1 of 1" in runs[2].out
        repository.git("merge", "--quiet", "claude-step-p-2")
        assert "step 3, for bob" in repository.run("run", "p").out

    def test_max_steps_ends_where_the_room_ends(self, tmp_path: Path) -> None:
        repository = Repository(tmp_path).begin(more=TWO_REVIEWERS)
        assert repository.run("run", "p", "--max-steps", "3").code == 0
        assert repository.branches() == ["claude-step-p-1", "claude-step-p-2"]

    def test_the_limit_over_the_repository(self, tmp_path: Path) -> None:
        repository = Repository(tmp_path)
        repository.write("claude-step/configuration.yml", "maxOpenPRsPerReviewer: 1\n")
        repository.add_project("q", more=TWO_REVIEWERS)
        repository.begin(more="reviewers:\n  - username: alice\n    maxOpenPRs: 5\n")

        repository.run("run", "p", "--max-steps", "5")
        repository.run("run", "q", "--max-steps", "5")

        assert repository.branches() == ["claude-step-p-1", "claude-step-q-1"]
        assert repository.step(1, "q")["reviewer"] == "bob"
        assert "1 of 1 in the repository" in repository.run("run", "p").out


def test_setup_runs_first_and_is_no_part_of_the_step(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin(
        command="cp prepared.txt made.txt", more="setup: echo ready > prepared.txt\n"
    )
    repository.run("run", "p")
    assert repository.changed_files("claude-step-p-1") == [SPEC, "made.txt"]


def test_a_failed_setup_opens_nothing_and_the_step_is_not_to_blame(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin(more="setup: echo no network; exit 4\n")
    result = repository.run("run", "p")
    assert result.code == 1
    assert "setup failed with exit status 4: no network" in result.out
    assert "failures" not in repository.step(1)
    assert repository.branches() == []


class TestBaseBranch:
    @pytest.mark.parametrize("by", ["configuration", "option"])
    def test_pull_requests_are_for_it(self, repository: Repository, by: str) -> None:
        repository.configure("echo x > x.txt", "baseBranch: develop\n" if by == "configuration" else "")
        repository.commit("Configure")
        repository.git("branch", "develop")
        repository.write("later.txt", "later")
        repository.commit("On main only")
        options = ["--base-branch", "develop"] if by == "option" else []

        result = repository.run("run", "p", "--auto-merge", *options)

        assert result.code == 0
        assert "merged into develop" in result.out
        assert (repository.ticked("develop"), repository.ticked("main")) == (1, 0)
        assert "later.txt" not in repository.git("ls-tree", "--name-only", "develop")

    def test_the_command_that_it_names_merges_into_it(self, repository: Repository) -> None:
        repository.git("branch", "develop")
        result = repository.run("run", "p", "--base-branch", "develop")
        (line,) = [line for line in result.out.splitlines() if "merge it:" in line]
        assert "develop" in line

    def test_the_option_wins_over_the_configuration(self, repository: Repository) -> None:
        repository.configure("echo x > x.txt", "baseBranch: develop\n")
        repository.commit("Configure")
        repository.git("branch", "develop")
        repository.git("branch", "release")
        assert "release...claude-step-p-1" in repository.run("run", "p", "--base-branch", "release").out
