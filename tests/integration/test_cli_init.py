"""claudestep init: the files of a new project, that work as they are."""

import json
from pathlib import Path

import pytest

from tests.integration.repository import METADATA, Repository

FILES = [
    "claude-step/configuration.schema.json",
    "claude-step/new/configuration.yml",
    "claude-step/new/prompt.md",
    "claude-step/new/spec.md",
]


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path)
    repository.begin()
    return repository


def init(repository: Repository, *arguments: str, code: int = 0) -> str:
    """Start `init`, which writes to the work tree as no other command does."""
    with repository.start("init", *arguments) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == code, out + err
    assert "Traceback" not in err
    return out + err


def written(repository: Repository) -> list[str]:
    status = repository.git("status", "--porcelain", "--untracked-files=all").splitlines()
    return sorted(line.split(" ", 1)[1].strip() for line in status)


def test_it_writes_four_files_commits_nothing_and_says_what_is_next(repository: Repository) -> None:
    said = init(repository, "new", "--yes")
    assert written(repository) == FILES
    assert "claudestep run new --dry-run" in said
    assert "Claude Code is not installed" in said
    assert METADATA not in repository.refs()


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("./codemod.sh --all", "claude-step codemod.sh"),
        ("tools/codemod.sh", "claude-step tools/codemod.sh"),
        ("tools/nothing.sh", "claude-step"),
        ("sed -i s/a/b/ ./codemod.sh", "claude-step"),
        ("/bin/true", "claude-step"),
        ("../codemod.sh", "claude-step"),
    ],
)
def test_a_program_of_your_own_is_to_be_committed_too(repository: Repository, command: str, files: str) -> None:
    (repository.path / "tools").mkdir()
    (repository.path / "tools/codemod.sh").write_text("#!/bin/sh\n")
    said = init(repository, "new", "--yes", "--command", command, "--step", "One")
    assert f"  1. look over the steps: claude-step/new/spec.md\n  2. git add {files} && git commit" in said


def test_what_it_writes_runs_as_it_is(repository: Repository) -> None:
    command = 'cat > "prompt-$CLAUDESTEP_STEP_INDEX.txt"'
    init(
        repository, "new", "--yes", "--command", command, "--step", "Convert  `a.py`", "--step", "Then b",
        "--reviewer", "alice", "--reviewer", "@bob:2",
    )  # fmt: skip
    repository.commit()
    result = repository.run("run", "new", "--max-steps", "3")
    assert result.code == 0
    assert "step 1, for alice: Convert `a.py`" in result.out
    assert "step 2, for bob: Then b" in result.out
    prompt = repository.show("claude-step-new-1:prompt-1.txt")
    assert prompt.startswith("You work on one step of a larger migration")
    assert "{{" not in prompt


def test_editors_find_the_schema_that_the_configuration_names(repository: Repository) -> None:
    init(repository, "new", "--yes")
    first = (repository.path / "claude-step/new/configuration.yml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../configuration.schema.json"
    schema = json.loads((repository.path / "claude-step/configuration.schema.json").read_text())
    assert "maxAttempts" in schema["$defs"]["ProjectKeys"]["properties"]


def test_what_is_there_is_not_written_over_without_force(repository: Repository) -> None:
    repository.write("claude-step/new/prompt.md", "mine\n")
    refused = init(repository, "new", "--yes", code=2)
    assert "claude-step/new/prompt.md is there already" in refused
    assert written(repository) == ["claude-step/new/prompt.md"], "all files or none"
    init(repository, "new", "--yes", "--force")
    assert written(repository) == FILES
    assert (repository.path / "claude-step/new/prompt.md").read_text() != "mine\n"


def test_it_writes_to_the_top_of_the_work_tree_from_any_folder_of_it(repository: Repository) -> None:
    inner = repository.path / "some" / "folder"
    inner.mkdir(parents=True)
    with repository.start("init", "new", "--yes", cwd=inner) as process:
        assert process.wait(60) == 0
    assert written(repository) == FILES


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "name the project"),
        (("a/b", "--yes"), "cannot be the name of a project"),
        (("new", "--yes", "--reviewer", "x y"), "reviewer 'x y'"),
        (("new", "--yes", "--reviewer", "alice:0"), "reviewer 'alice:0'"),
        (("new", "--yes", "--reviewer", "alice", "--reviewer", "ALICE"), "stands there twice"),
        (("new", "--yes", "--model", "--evil"), "the name of a model"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    repository: Repository, arguments: tuple[str, ...], says: str
) -> None:
    assert says in init(repository, *arguments, code=2)
    assert written(repository) == []


def test_a_bare_repository_has_no_place_for_files(repository: Repository) -> None:
    bare = repository.place / "bare.git"
    repository.git("clone", "--quiet", "--bare", ".", str(bare))
    with repository.start("init", "new", "--yes", cwd=bare) as process:
        _, err = process.communicate(timeout=60)
    assert (process.returncode, "is no work tree" in err) == (1, True)
