"""The command line in repositories, and in environments, of every kind."""

from pathlib import Path

import pytest

from tests.integration.repository import METADATA, PROJECT, SPEC, THREE_STEPS, Repository

LOOKING_AND_RUNNING = ("run p", "run --all", "status", "statistics", "metadata list", "metadata show p")
HOOKS = (
    "pre-commit",
    "prepare-commit-msg",
    "commit-msg",
    "post-commit",
    "post-checkout",
    "post-index-change",
    "reference-transaction",
    "pre-merge-commit",
    "post-merge",
)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path).begin()


class TestNothingToWorkOn:
    @pytest.mark.parametrize("command", LOOKING_AND_RUNNING)
    def test_no_repository(self, tmp_path: Path, command: str) -> None:
        result = Repository(tmp_path).run(*command.split())
        assert result.code == 1
        assert "not inside a git repository" in result.err
        assert result.out == ""

    @pytest.mark.parametrize("folder", ["missing", "a-file"])
    def test_no_folder(self, tmp_path: Path, folder: str) -> None:
        repository = Repository(tmp_path)
        repository.write("a-file", "")
        result = repository.run("-C", folder, "run", "p")
        assert result.code == 2
        assert f"{folder} is not a folder" in result.err

    @pytest.mark.parametrize("command", ["run p", "status", "statistics"])
    def test_no_commit_yet(self, tmp_path: Path, command: str) -> None:
        repository = Repository(tmp_path)
        repository.git("init", "--quiet", "--initial-branch=main")
        repository.add_project(PROJECT)
        result = repository.run(*command.split())
        assert result.code == 1
        assert "no commit yet on main" in result.err
        assert repository.refs() == {}

    def test_a_detached_head_with_a_main_branch(self, repository: Repository) -> None:
        repository.git("checkout", "--quiet", "--detach")
        assert repository.run("run", "p").code == 0

    def test_a_detached_head_and_no_main_branch(self, repository: Repository) -> None:
        repository.git("branch", "-m", "trunk")
        assert repository.run("run", "p", "--dry-run").code == 0
        repository.git("checkout", "--quiet", "--detach")
        result = repository.run("run", "p")
        assert result.code == 1
        assert "--base-branch NAME" in result.err

    def test_with_the_remedy_that_it_names(self, repository: Repository) -> None:
        repository.git("branch", "-m", "trunk")
        repository.git("checkout", "--quiet", "--detach")
        assert repository.run("run", "p", "--base-branch", "trunk").code == 0

    @pytest.mark.parametrize("by", ["configuration", "option"])
    def test_the_base_branch_is_missing(self, repository: Repository, by: str) -> None:
        if by == "configuration":
            repository.configure("true", "baseBranch: nowhere\n")
            repository.commit()
        result = repository.run("run", "p", *(["--base-branch", "nowhere"] if by == "option" else []))
        assert result.code in (1, 2)
        assert "there is no branch nowhere" in result.err
        assert METADATA not in repository.refs()

    @pytest.mark.parametrize("name", ["", " ", "-x"])
    def test_no_name_of_a_branch(self, repository: Repository, name: str) -> None:
        result = repository.run("run", "p", f"--base-branch={name}")
        assert result.code == 2
        assert "cannot be the name of a branch" in result.err


class TestTheUsersGit:
    def test_no_identity(self, repository: Repository) -> None:
        repository.git("config", "--remove-section", "user")
        repository.git("config", "user.useConfigOnly", "true")
        assert repository.run("run", "p", "--auto-merge").code == 0
        authors = [repository.git("log", "-1", "--format=%an", commit) for commit in ("main", "main^2")]
        assert authors == ["ClaudeStep", "ClaudeStep"]

    def test_signing_is_never_started(self, repository: Repository) -> None:
        asked = repository.place / "asked"
        signing = repository.write("../sign", f"#!/bin/sh\ntouch '{asked}'\nsleep 60\n")
        signing.chmod(0o755)
        for name, value in {"commit.gpgSign": "true", "tag.gpgSign": "true", "gpg.program": str(signing)}.items():
            repository.git("config", name, value)
        assert repository.run("run", "p", "--auto-merge").code == 0
        assert not asked.exists()

    def test_line_ends_are_as_git_keeps_them(self, repository: Repository) -> None:
        repository.configure("printf 'a\\r\\nb\\r\\n' > new.txt; printf 'second\\r\\n' >> file.txt")
        repository.commit()
        repository.git("config", "core.autocrlf", "true")
        repository.git("config", "core.safecrlf", "true")
        assert repository.run("run", "p").code == 0
        assert repository.spec("claude-step-p-1") == THREE_STEPS.replace("[ ] One", "[x] One")
        assert repository.show("claude-step-p-1:new.txt") == "a\nb\n"
        assert repository.show("claude-step-p-1:file.txt") == "first\nsecond\n"

    def test_no_hook_of_the_user_runs(self, repository: Repository) -> None:
        ran = [repository.hook(name) for name in HOOKS]
        assert repository.run("run", "p", "--auto-merge").code == 0
        assert [path.name for path in ran if path.exists()] == []

    def test_hooks_of_a_global_configuration_do_not_run_either(self, repository: Repository) -> None:
        ran = repository.hook("post-checkout")
        (repository.home / ".gitconfig").write_text(f"[core]\n\thooksPath = {repository.git_folder / 'hooks'}\n")
        assert repository.run("run", "p").code == 0
        assert not ran.exists()

    def test_what_a_hook_finds_in_its_environment_is_not_followed(
        self, repository: Repository, tmp_path: Path
    ) -> None:
        other = Repository(tmp_path, "other").begin()
        environment = {
            "GIT_DIR": str(other.path / ".git"),
            "GIT_INDEX_FILE": str(other.path / ".git/index"),
            "GIT_WORK_TREE": str(other.path),
            "GIT_OBJECT_DIRECTORY": str(other.path / ".git/objects"),
            "GIT_PREFIX": "claude-step/",
        }
        before = other.git_files()
        assert repository.run("run", "p", "--auto-merge", env=environment).code == 0
        assert repository.ticked() == 1
        assert other.git_files() == before


class TestWhereItIsStarted:
    def test_in_a_subfolder(self, repository: Repository) -> None:
        folder = repository.path / "claude-step/p"
        assert repository.run("run", "p", "--auto-merge", cwd=folder).code == 0
        assert repository.ticked() == 1

    def test_from_anywhere_with_an_option(self, repository: Repository) -> None:
        assert repository.run("-C", "repo", "run", "p", cwd=repository.place).code == 0
        assert repository.branches() == ["claude-step-p-1"]

    def test_in_a_linked_work_tree(self, repository: Repository) -> None:
        repository.git("worktree", "add", "--quiet", "-b", "side", "../linked")
        assert repository.run("run", "p", "--auto-merge", cwd=repository.place / "linked").code == 0
        assert repository.ticked("main") == 1
        assert repository.ticked("side") == 0
        assert (repository.path / "1.txt").exists(), "main is checked out in the main work tree"
        assert repository.git("status", "--porcelain") == ""

    def test_in_a_folder_with_an_unusual_name(self, tmp_path: Path) -> None:
        repository = Repository(tmp_path, 'it\'s "a" ünï $(touch pwned) ').begin()
        assert repository.run("run", "p", "--auto-merge").code == 0
        assert repository.ticked() == 1

    def test_in_a_folder_with_a_line_end_in_its_name(self, tmp_path: Path) -> None:
        repository = Repository(tmp_path, "two\nlines").begin()
        assert repository.run("run", "p", "--auto-merge").code == 0

    def test_where_the_temporary_folder_is_inside_the_repository(self, repository: Repository) -> None:
        repository.environment["TMPDIR"] = str(repository.path / "tmp")
        repository.write("tmp/.gitignore", "*\n")
        repository.configure("rm -rf .git; echo x > x.txt")
        repository.commit()
        repository.run("run", "p")
        assert [path.name for path in (repository.path / "tmp").iterdir()] == [".gitignore"]


class TestRepositoriesOfOtherKinds:
    def test_a_shallow_clone(self, repository: Repository) -> None:
        repository.write("file.txt", "second\n")
        repository.commit()
        repository.git("clone", "--quiet", "--depth=1", f"file://{repository.path}", "../shallow")
        shallow = Repository(repository.place, "shallow")
        assert shallow.run("run", "p", "--auto-merge", "--max-steps", "2").code == 0
        assert shallow.states() == {1: "done", 2: "done", 3: "to_do"}
        assert shallow.git("rev-parse", "--is-shallow-repository") == "true"

    def test_sha256(self, tmp_path: Path) -> None:
        repository = Repository(tmp_path)
        repository.git("init", "--quiet", "--initial-branch=main", "--object-format=sha256")
        repository.begin()
        assert repository.run("run", "p", "--auto-merge", "--max-steps", "2").code == 0
        assert repository.states() == {1: "done", 2: "done", 3: "to_do"}

    def test_a_clone_of_a_repository_with_a_metadata_branch(self, repository: Repository) -> None:
        repository.run("run", "p")
        repository.git("clone", "--quiet", ".", "../clone")
        clone = Repository(repository.place, "clone")
        result = clone.run("run", "p")
        assert result.code == 1
        (remedy,) = [line for line in result.err.splitlines() if "git branch" in line]
        clone.git(*remedy.split("git ")[1].split())
        assert clone.run("run", "p").code == 0
        assert clone.document()["steps"][0]["attempts"] >= 1

    def test_a_submodule_is_left_alone(self, repository: Repository, tmp_path: Path) -> None:
        inner = Repository(tmp_path, "inner").begin()
        repository.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.path), "inner")
        repository.commit()
        assert repository.run("run", "p").code == 0
        assert repository.changed_files("claude-step-p-1") == ["1.txt", SPEC]


def test_a_dirty_work_tree_is_no_obstacle_and_no_part_of_the_step(repository: Repository) -> None:
    repository.write("file.txt", "not committed")
    repository.write("staged.txt", "not committed")
    repository.git("add", "staged.txt")
    repository.write("untracked.txt", "not committed")
    assert repository.run("run", "p").code == 0
    assert repository.changed_files("claude-step-p-1") == ["1.txt", SPEC]


class TestTheBranchOfTheStepIsThereAlready:
    def test_the_work_is_kept_and_the_next_attempt_takes_another(self, repository: Repository) -> None:
        repository.git("branch", "claude-step-p-1")

        result = repository.run("run", "p")

        assert result.code == 1
        assert "the branch claude-step-p-1 exists already" in result.out
        repository.git("apply", "--check", result.out.rsplit("git apply ", 1)[1].strip())
        assert "claude-step-p-1.2" in repository.run("run", "p").out

    def test_the_same_where_only_its_name_is_taken(self, repository: Repository) -> None:
        repository.git("branch", "claude-step-p-1/x")
        result = repository.run("run", "p")
        assert result.code == 1
        assert "git apply " in result.out


class TestUse:
    @pytest.mark.parametrize(
        "arguments",
        [
            "--unknown",
            "unknown",
            "run",
            "run p --all",
            "run p q",
            "run p --unknown",
            "run p --max-steps 0",
            "run p --max-steps many",
            "status p q",
            "statistics p",
            "metadata show",
            "metadata unknown",
            "-C",
        ],
    )
    def test_wrong_use(self, repository: Repository, arguments: str) -> None:
        before = repository.git_files()
        result = repository.run(*arguments.split())
        assert result.code == 2
        assert result.out == ""
        assert result.err
        assert repository.git_files() == before

    @pytest.mark.parametrize("arguments", ["", "metadata"])
    def test_no_command_shows_the_commands(self, repository: Repository, arguments: str) -> None:
        result = repository.run(*arguments.split())
        assert result.code == 2
        assert "Commands" in result.out + result.err

    @pytest.mark.parametrize("arguments", ["--help", "run -h", "metadata list --help", "--version"])
    def test_help_and_version_need_no_repository(self, tmp_path: Path, arguments: str) -> None:
        result = Repository(tmp_path).run(*arguments.split())
        assert (result.code, result.err) == (0, "")
        assert "claudestep" in result.out
