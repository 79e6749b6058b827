"""A project's own text of its pull requests, from pr-template.md to the pull request."""

import signal
from pathlib import Path

import pytest

from claudestep.infrastructure.hosting import record_block
from claudestep.infrastructure.hosting.marked_part import BEGIN
from tests.github_server.fixture import GitHubServer
from tests.integration.github_clone import GitHubClone
from tests.integration.repository import PROJECT, Repository
from tests.integration.test_crashes import CALLS, run_until

TEMPLATE = """\
For @org/team: {{TASK_DESCRIPTION}}

{{STEP_DETAILS}}

{{PROGRESS}} of {{PROJECT}}, step {{STEP_INDEX}}. Reviewer: {{REVIEWER}}

{{SUMMARY}}

- [ ] I have run it
"""
SHOWN = """\
For @org/team: One

Mind the gap.

0 of 3 of p, step 1. Reviewer: alice

- [ ] I have run it
"""
SPEC = "# Steps\n\n- [ ] One\n\n  Mind the gap.\n\n- [ ] Two\n\n- [ ] Three\n"
REVIEWER = "reviewers:\n  - username: alice\n"
PATH = f"claude-step/{PROJECT}/pr-template.md"


def with_template(repository: Repository, text: str = TEMPLATE) -> Repository:
    repository.write(PATH, text)
    repository.commit("A template")
    return repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path).begin(spec=SPEC, more=REVIEWER)


def body(repository: Repository, number: int = 1) -> str:
    """The text of a local pull request."""
    return repository.git("log", "-1", "--format=%b", f"refs/claudestep/pulls/{number}")


def check_body(text: str) -> None:
    """The template comes first, our part after it."""
    head, mark, ours = text.partition(BEGIN)
    assert head.strip() == SHOWN.strip()
    assert mark
    found = record_block.read(ours)
    assert found is not None
    assert (found.step_index, found.step_description, found.reviewer) == (1, "One", "alice")


def test_a_pull_request_says_what_the_template_says(repository: Repository) -> None:
    assert with_template(repository).run("run", PROJECT).code == 0
    check_body(body(repository))


def test_a_pull_request_on_github_says_what_the_template_says(github: GitHubServer, tmp_path: Path) -> None:
    clone = GitHubClone.of(github, tmp_path, spec=SPEC, more=REVIEWER)
    with_template(clone)
    assert clone.run("run", PROJECT).code == 0
    check_body(clone.pull()["body"])


def test_finalize_alone_uses_the_template_too(repository: Repository, tmp_path: Path) -> None:
    with_template(repository)
    for stage in (["prepare", PROJECT], ["agent"], ["finalize"]):
        with repository.start(*stage, "--handover", str(tmp_path / "handover")) as process:
            out, err = process.communicate(timeout=60)
        assert process.returncode == 0, out + err
    check_body(body(repository))


def test_a_run_that_finishes_what_a_dead_one_began_uses_the_template_too(repository: Repository) -> None:
    with_template(repository)
    run_until(repository, signal.SIGKILL, CALLS.index("host.open_pull_request") + 1, "before")
    assert len(repository.branches()) == 1
    assert "refs/claudestep/pulls/1" not in repository.refs()

    assert repository.run("run", PROJECT).code == 0

    check_body(body(repository))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "Step:\n{{STEP}}\n",
            f"error: {PATH}:2: unknown placeholder {{{{STEP}}}}\n  Known: {{{{TASK_DESCRIPTION}}}}, ",
        ),
        ("<!-- claudestep:begin -->\n", f"error: {PATH}:1: a comment that ClaudeStep itself writes\n"),
        ("\x00", f"error: {PATH}:1: a control character\n"),
    ],
)
def test_a_wrong_template_is_told_before_anything_is_paid(repository: Repository, text: str, said: str) -> None:
    ran = repository.place / "ran"
    repository.configure(f"touch '{ran}'", REVIEWER)
    result = with_template(repository, text).run("run", PROJECT)
    assert result.code == 2
    assert result.err.startswith(said)
    assert not ran.exists()
    assert repository.branches() == []


def test_a_template_that_is_no_text_is_told(repository: Repository) -> None:
    repository.write(PATH, b"\xff\xfe")
    repository.commit("No text")
    result = repository.run("run", PROJECT)
    assert (result.code, result.err) == (2, f"error: {PATH}: it is not text in UTF-8\n")


def test_the_template_of_one_project_is_not_anothers(repository: Repository) -> None:
    repository.add_project("other", spec=SPEC)
    with_template(repository)
    assert repository.run("run", "other").code == 0
    assert body(repository).startswith("One\n\nStep 1 of project other; 0 of 3 steps were done before it.\n")
