"""claudestep init: the workflow, beside a project or alone; no wish for it is lost, and nothing of anybody's."""

import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from claudestep.version import __version__
from tests.integration.repository import Repository

WORKFLOW = ".github/workflows/claudestep.yml"
STEP = ".github/workflows/claudestep-step.yml"
COMMIT = "0" * 40
FOREIGN = "name: Ours\non: push\njobs: {}\n"
CALLS_STEP = "uses: ./.github/workflows/claudestep-step.yml"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """A clone of a repository on GitHub, which knows the default branch."""
    repository = Repository(tmp_path).begin()
    repository.git("remote", "add", "origin", "https://github.com/o/r.git")
    repository.git("update-ref", "refs/remotes/origin/trunk", "HEAD")
    repository.git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    return repository


def init(repository: Repository, *arguments: str, code: int = 0) -> str:
    with repository.start("init", *arguments) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == code, out + err
    assert "Traceback" not in err
    return out + err


def files(repository: Repository) -> Mapping[str, bytes]:
    """All that is in the work tree."""
    folders = (repository.path / name for name in ("claude-step", ".github"))
    found = (path for folder in folders for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(repository.path)): path.read_bytes() for path in found}


def text(repository: Repository, path: str) -> str:
    return (repository.path / path).read_text(encoding="utf-8")


def refused(repository: Repository, *arguments: str) -> str:
    """It is wrong use, and nothing is written."""
    before = files(repository)
    said = init(repository, *arguments, code=2)
    assert files(repository) == before
    return said


def test_what_is_next_with_a_workflow(repository: Repository) -> None:
    said = init(repository, "new", "--yes")
    assert said.endswith(
        "Next:\n"
        "  1. write the steps: claude-step/new/spec.md\n"
        "  2. gh secret set ANTHROPIC_API_KEY, and on GitHub, Settings > Actions > General: tick\n"
        "     Allow GitHub Actions to create and approve pull requests\n"
        '  3. git add claude-step .github && git commit -m "Steps of new" && git push\n'
        "     A push to trunk starts it.\n"
        "  4. claudestep doctor, which says what is still missing\n"
        f"note: claudestep/claudestep@v{__version__} can be moved; "
        f"to pin it, write in place of v{__version__} the commit that this prints:\n"
        f"  gh api repos/claudestep/claudestep/commits/v{__version__} --jq .sha\n"
    )
    assert 'branches: ["trunk"]' in text(repository, WORKFLOW)
    second = init(repository, "second", "--yes", "--command", "./x.sh", "--step", "One")
    assert f"left {WORKFLOW} as it is\n" in second
    assert second.endswith(
        "Next:\n"
        "  1. look over the steps: claude-step/second/spec.md\n"
        '  2. git add claude-step .github x.sh && git commit -m "Steps of second" && git push\n'
        "     A push to the default branch starts it.\n"
        "  3. claudestep doctor, which says what is still missing\n"
    )


def test_a_program_needs_no_key(repository: Repository) -> None:
    said = init(repository, "new", "--yes", "--command", "./x.sh")
    assert "  2. on GitHub, Settings > Actions > General: tick\n" in said
    assert "ANTHROPIC_API_KEY" not in said


@pytest.mark.parametrize("detached", [False, True])
def test_a_branch_that_nobody_named_as_the_default_one(repository: Repository, detached: bool) -> None:  # noqa: FBT001
    repository.git("symbolic-ref", "--delete", "refs/remotes/origin/HEAD")
    repository.git("checkout", "--quiet", *(["--detach"] if detached else ["-b", "feature"]))
    branch = "main" if detached else "feature"
    said = init(repository, "new", "--yes", "--action", f"o/a@{COMMIT}")
    assert f"note: the workflow starts with pushes to {branch}, the branch that is checked out" in said
    assert said.count("note: ") == 1
    assert f'branches: ["{branch}"]' in text(repository, WORKFLOW)
    assert "note: " not in init(repository, "other", "--yes")


@pytest.mark.parametrize("options", [(), ("--hardened",)], ids=" ".join)
def test_the_workflow_alone(repository: Repository, options: tuple[str, ...]) -> None:
    init(repository, "new", "--yes", "--no-workflow", "--step", "One")
    before = files(repository)
    said = init(repository, "--workflow-only", *options)
    assert files(repository).keys() - before.keys() == {WORKFLOW, *([STEP] if options else [])}
    assert '  2. git add .github && git commit -m "The workflow of ClaudeStep" && git push\n' in said
    assert (CALLS_STEP in text(repository, WORKFLOW)) == bool(options)
    whole = files(repository)
    assert f"left {WORKFLOW} as it is" in init(repository, "--workflow-only", *options)
    assert files(repository) == whole


def test_a_wish_for_the_hardened_one_is_not_lost(repository: Repository) -> None:
    init(repository, "new", "--yes")
    said = refused(repository, "second", "--yes", "--hardened")
    assert f"error: {WORKFLOW} is there, and is not the hardened one\n" in said
    assert "claudestep init --workflow-only --hardened --force" in said
    init(repository, "--workflow-only", "--hardened", "--force")
    assert CALLS_STEP in text(repository, WORKFLOW)
    assert "workflow_call" in text(repository, STEP)


def test_the_hardened_one_stays_hardened(repository: Repository) -> None:
    init(repository, "new", "--yes", "--hardened")
    hardened = text(repository, WORKFLOW)
    assert f"{WORKFLOW} is there, and is the hardened one\n" in refused(repository, "second", "--yes", "--workflow")
    assert f"left {STEP} as it is" in init(repository, "second", "--yes")
    assert f"left {WORKFLOW} as it is" in init(repository, "second", "--yes", "--force")
    assert text(repository, WORKFLOW) == hardened
    (repository.path / STEP).unlink()
    assert f"wrote {STEP}" in init(repository, "third", "--yes")
    init(repository, "--workflow-only", "--force")
    assert CALLS_STEP not in text(repository, WORKFLOW)


@pytest.mark.parametrize("path", [WORKFLOW, STEP])
@pytest.mark.parametrize("content", [FOREIGN, "uses: claudestep/claudestep@v1\njobs: [\n"], ids=["other", "broken"])
def test_a_file_of_somebody_else(repository: Repository, path: str, content: str) -> None:
    repository.write(path, content)
    for arguments in (("new", "--yes", "--hardened"), ("--workflow-only", "--hardened")):
        assert f"{path} is there, and is no workflow of ClaudeStep" in refused(repository, *arguments)
    if path == WORKFLOW:
        assert "--no-workflow" in refused(repository, "new", "--yes")
    init(repository, "--workflow-only", "--hardened", "--force")
    assert text(repository, path) != content


def test_a_workflow_with_an_action_of_another_name_is_ours(repository: Repository) -> None:
    init(repository, "new", "--yes", "--action", f"acme/migrations@{COMMIT}")
    assert f"left {WORKFLOW} as it is" in init(repository, "second", "--yes")
    assert "is not the hardened one" in refused(repository, "third", "--yes", "--hardened")
    init(repository, "--workflow-only", "--hardened", "--force", "--action", f"acme/migrations@{COMMIT}")
    assert f"left {STEP} as it is" in init(repository, "third", "--yes", "--hardened")


@pytest.mark.parametrize("box", [" ", "x"])
def test_force_writes_over_no_steps(repository: Repository, box: str) -> None:
    repository.write("claude-step/new/spec.md", f"# New\n\n- [{box}] One\n")
    said = refused(repository, "new", "--yes", "--force")
    assert "claude-step/new/spec.md has 1 step, and --force writes over none" in said
    (repository.path / "claude-step/new/spec.md").write_bytes(b"\xff")
    assert "claude-step/new/spec.md" in refused(repository, "new", "--yes", "--force")
    repository.write("claude-step/new/spec.md", "# New\n")
    init(repository, "new", "--yes", "--force")
    assert "Every task item is a step" in text(repository, "claude-step/new/spec.md")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("new", "--yes", "--action", "what"), "--action: 'what' names no action"),
        (("new", "--yes", "--no-workflow", "--hardened"), "--no-workflow writes none, and --hardened is about one"),
        (("new", "--yes", "--no-workflow", "--action", "o/a@1"), "--no-workflow writes none, and --action is"),
        (("--no-workflow", "--workflow-only"), "--no-workflow writes none, and --workflow-only is about one"),
        (("new", "--workflow-only"), "--workflow-only writes no project, and a project is named"),
        (("--workflow-only", "--model", "m"), "--workflow-only writes no project, and --model is named"),
        (("--yes",), "--workflow-only"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    repository: Repository, arguments: tuple[str, ...], says: str
) -> None:
    assert says in refused(repository, *arguments)


def test_who_names_a_model_is_not_asked_for_a_command(repository: Repository) -> None:
    """At a terminal; what is left to be asked is who reviews."""
    terminal, its_end = pty.openpty()
    os.write(terminal, b"alice\n")
    command = [sys.executable, "-m", "claudestep", "init", "new", "--model", "claude-sonnet-4-5"]
    done = subprocess.run(
        command, cwd=repository.path, env=repository.environment, stdin=its_end, capture_output=True,
        text=True, check=True, timeout=60,
    )  # fmt: skip
    os.close(terminal)
    os.close(its_end)
    assert ("What does a step?" in done.stdout, "Who reviews?" in done.stdout) == (False, True)
    configuration = text(repository, "claude-step/new/configuration.yml")
    assert "  model: claude-sonnet-4-5\n" in configuration
    assert "  - username: alice\n" in configuration
