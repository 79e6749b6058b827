"""Bad days with GitHub: tokens and repositories that do not let in. Nothing is claimed, and no agent is paid."""

import os
import shutil
from pathlib import Path

import pytest

from tests.github_server.fixture import DEFAULT_TOKEN, GitHubServer
from tests.integration.bad_days import PAID, TWO, broken_off, kept_patches, times_paid, told
from tests.integration.github_clone import METADATA, PROJECT, GitHubClone

READS = ("status", f"why {PROJECT}", "statistics", "sync --dry-run", f"run {PROJECT} --dry-run")


@pytest.fixture
def clone(github: GitHubServer, tmp_path: Path) -> GitHubClone:
    return GitHubClone.of(github, tmp_path, command=PAID, more=TWO)


def untouched(clone: GitHubClone) -> bool:
    """Whether nobody was paid, and nothing stands on the server but the user's own branch."""
    return times_paid(clone) == 0 and list(clone.remote.refs()) == ["refs/heads/main"] and not clone.remote.pulls()


@pytest.mark.parametrize("script", [None, "echo 'You are not logged in.' >&2; exit 1", "exit 0", "kill $$"])
def test_no_token_and_gh_has_none(clone: GitHubClone, script: str | None) -> None:
    """`gh` is not installed, not logged in, silent or broken."""
    tools = clone.place / "tools"
    tools.mkdir()
    for name in ("git", "sh"):
        (tools / name).symlink_to(str(shutil.which(name)))
    if script is not None:
        (tools / "gh").write_text(f"#!/bin/sh\n{script}\n")
        (tools / "gh").chmod(0o755)
    clone.environment |= {"PATH": str(tools), "GITHUB_TOKEN": ""}

    for command in (f"run {PROJECT}", "status"):
        told(clone.run(*command.split()), 2, "there is no token", "GITHUB_TOKEN", "gh auth login", "--local")

    clone.environment["PATH"] = os.environ["PATH"]
    assert untouched(clone)


@pytest.mark.parametrize("token", ["no-such-token", "token-that-expired"])
def test_a_token_that_github_does_not_know(github: GitHubServer, clone: GitHubClone, token: str) -> None:
    github.add_user("ann", "token-that-expired", "expired")

    told(clone.run("run", PROJECT, env={"GITHUB_TOKEN": token}), 1, "does not accept the token", "gh auth login")

    assert untouched(clone)


def test_a_token_with_a_newline(clone: GitHubClone) -> None:
    """At its end it is what files have; inside it is a mistake, and would be a header of its own."""
    broken = clone.run("run", PROJECT, env={"GITHUB_TOKEN": "one\ntwo"})
    told(broken, 2, "GITHUB_TOKEN holds characters that no token has", "Set it again")
    assert untouched(clone)

    assert clone.run("status", env={"GITHUB_TOKEN": DEFAULT_TOKEN + "\n"}).code == 0


def test_a_token_that_may_only_read(github: GitHubServer, clone: GitHubClone) -> None:
    """As in a workflow of a pull request from a fork."""
    github.add_user("reader", "token-to-read", "read")
    clone.environment |= {"GITHUB_TOKEN": "token-to-read"}

    for command in READS:
        result = clone.run(*command.split())
        assert (result.code, result.err) == (0, ""), (command, result)
    told(clone.run("run", PROJECT), 1, "it needs contents=write", "permissions:")
    merging = clone.run("run", PROJECT, "--auto-merge")
    told(merging, 2, "the token may not write to")

    assert untouched(clone)


def test_what_to_do_about_an_obstacle_to_merging_fits_it(clone: GitHubClone) -> None:
    clone.remote.server.control("configure", repository=clone.remote.name, archived=True)
    assert "stash" not in clone.run("run", PROJECT, "--auto-merge").err


def test_a_token_that_may_not_write_contents(github: GitHubServer, clone: GitHubClone) -> None:
    github.add_user("ann", "token-without-contents", permissions={"contents": "read"})
    clone.environment |= {"GITHUB_TOKEN": "token-without-contents"}
    told(clone.run("run", PROJECT), 1, "cannot be written", "it needs contents=write")
    assert untouched(clone)


def test_a_token_that_may_not_open_pull_requests(github: GitHubServer, clone: GitHubClone) -> None:
    """That is seen only when it is tried: the branch stays, and becomes a pull request once the token may."""
    github.add_user("ann", "token-without-pulls", permissions={"pull_requests": "read"})
    result = broken_off(clone, "run", PROJECT, env={"GITHUB_TOKEN": "token-without-pulls"})
    told(result, 1, "it needs pull_requests=write", "is seen by the next run", "the next run goes on")
    assert (clone.branches(), kept_patches(clone)) == (["claude-step-p-1"], 1)

    assert "finished what an earlier run had begun: pull request #1" in clone.run("run", PROJECT).out

    assert clone.step(1)["pr_number"] == 1
    assert "failures" not in clone.step(1)
    assert times_paid(clone) == 2  # the second one for step 2


@pytest.mark.parametrize("command", ["status", f"run {PROJECT}"])
@pytest.mark.parametrize("kind", ["absent", "private", "empty"])
def test_a_repository_that_is_not_there_for_us(
    github: GitHubServer, clone: GitHubClone, kind: str, command: str
) -> None:
    words = ["there is no repository", "the token may not see it", "Check the name"]
    other = github.new_repository({} if kind == "empty" else {"a": "b"}, private=kind == "private")
    clone.git("remote", "set-url", "origin", other.git_url() + ("x" if kind == "absent" else ""))
    if kind == "absent":
        clone.git("remote", "set-url", "origin", f"{github.url}/o/absent.git")
    elif kind == "private":
        github.add_user("stranger", "token-of-stranger", "outsider")
        clone.environment |= {"GITHUB_TOKEN": "token-of-stranger"}
    else:
        words = [f"{other.name} has no commit yet", "git push -u origin HEAD"]

    told(clone.run(*command.split()), 1, *words)

    assert times_paid(clone) == 0


def test_an_archived_repository(clone: GitHubClone) -> None:
    clone.run("run", PROJECT)
    clone.remote.server.control("configure", repository=clone.remote.name, archived=True)
    before = clone.remote.refs()

    for command in READS:
        assert clone.run(*command.split()).code == 0, command
    told(clone.run("run", PROJECT), 1, "archived", "Unarchive it")
    told(clone.run("close", "1"), 1, "archived", "Unarchive it")

    assert (clone.remote.refs(), times_paid(clone)) == (before, 1)


def test_a_renamed_repository_works_on_and_the_new_name_is_told(clone: GitHubClone) -> None:
    """GraphQL knows the former name, git and writes over REST are redirected: no token follows a redirect."""
    former = clone.remote.name
    new = f"{former}-by-its-new-name"
    clone.remote.server.control("configure", repository=former, name=new.partition("/")[2])
    clone.remote.name = new

    result = clone.run("run", PROJECT)

    assert result.code == 0, result
    url = clone.remote.git_url()
    assert f"{former} is called {new} now: git remote set-url origin {url}" in result.err
    assert (clone.pull()["state"], clone.step(1)["pr_number"], times_paid(clone)) == ("OPEN", 1, 1)


def test_the_default_branch_is_renamed_while_pull_requests_are_open(clone: GitHubClone) -> None:
    """GitHub retargets them."""
    clone.run("run", PROJECT)
    clone.remote.branch("trunk")
    clone.remote.server.control("configure", repository=clone.remote.name, default_branch="trunk")
    clone.remote.retarget(1, "trunk")
    clone.remote.delete_branch("main")

    assert clone.run("run", PROJECT).code == 0
    assert clone.pull(2)["base"] == "trunk"
    clone.remote.merge(1)
    clone.remote.merge(2)

    assert clone.run("run", PROJECT).code == 0
    assert clone.states() == {1: "done", 2: "done", 3: "in_review"}
    assert METADATA in clone.refs()
