"""Bad days with GitHub: clones, remotes and addresses that are not the usual ones."""

import base64
from pathlib import Path

import pytest

from tests.github_server.fixture import DEFAULT_TOKEN, GitHubServer
from tests.integration.bad_days import PAID, TWO, times_paid, told
from tests.integration.github_clone import METADATA, PROJECT, GitHubClone


@pytest.fixture
def clone(github: GitHubServer, tmp_path: Path) -> GitHubClone:
    return GitHubClone.of(github, tmp_path, command=PAID, more=TWO)


@pytest.mark.parametrize(
    "name", ["x", "a/b/c", "../..", "o/r?x", "https://github.com/o/r", " ", "o/", "-x/y", "o/ü"]
)
def test_repo_names_something_odd(clone: GitHubClone, name: str) -> None:
    told(clone.run(f"--repo={name}", "status"), 2, "names no repository", "OWNER/NAME")


def test_repo_in_other_letters_is_the_same_repository(clone: GitHubClone) -> None:
    """GitHub does not tell upper from lower case in names."""
    result = clone.run("--repo", clone.remote.name.upper(), "run", PROJECT)
    assert (result.code, result.err, clone.step(1)["pr_number"]) == (0, "", 1)


@pytest.mark.parametrize(
    "form", ["ssh://git@127.0.0.1/{}.git", "git@127.0.0.1:{}.git", "ssh://git@127.0.0.1:22/{}"]
)
def test_a_clone_by_ssh_works_over_https(clone: GitHubClone, form: str) -> None:
    clone.git("remote", "set-url", "origin", form.format(clone.remote.name))
    assert clone.run("run", PROJECT).code == 0
    assert clone.pull()["head"] == "claude-step-p-1"


def test_several_remotes_on_github(github: GitHubServer, clone: GitHubClone) -> None:
    """`origin` is the one that is meant; without it somebody has to say which."""
    clone.git("remote", "add", "upstream", f"{github.url}/o/another.git")
    assert clone.run("status").code == 0
    clone.git("remote", "rename", "origin", "mine")

    told(clone.run("run", PROJECT), 2, "several remotes on GitHub", "o/another", clone.remote.name, "--repo")

    assert clone.run("--repo", clone.remote.name, "run", PROJECT).code == 0
    assert times_paid(clone) == 1


@pytest.mark.parametrize("command", ["status", f"run {PROJECT}"])
def test_local_beside_the_metadata_branch_of_github(clone: GitHubClone, command: str) -> None:
    """Records kept here would know nothing of those there."""
    clone.run("run", PROJECT)
    clone.git(
        "fetch", "--quiet", clone.remote.git_url(DEFAULT_TOKEN), f"{METADATA}:refs/remotes/origin/{METADATA[11:]}"
    )

    told(clone.run("--local", *command.split()), 2, "GitHub has the branch claudestep-metadata", "without --local")

    assert times_paid(clone) == 1


@pytest.mark.parametrize(
    ("variable", "address", "words"),
    [
        ("GITHUB_API_URL", "garbage", "GITHUB_API_URL is no web address"),
        ("GITHUB_API_URL", "ftp://example.com", "GITHUB_API_URL is no web address"),
        ("GITHUB_API_URL", "http://127.0.0.1:99999", "GITHUB_API_URL is no web address"),
        ("GITHUB_API_URL", "http://example.com/api", "GITHUB_API_URL would send the token unencrypted"),
        ("GITHUB_API_URL", "https://me:secret@example.com", "GITHUB_API_URL has more than scheme, host and path"),
        ("GITHUB_GRAPHQL_URL", "http://example.com", "GITHUB_GRAPHQL_URL would send the token unencrypted"),
        ("GITHUB_SERVER_URL", "http://example.com", "GITHUB_SERVER_URL would send the token unencrypted"),
    ],
)
def test_addresses_that_are_none(clone: GitHubClone, variable: str, address: str, words: str) -> None:
    """They are refused before the token is sent anywhere."""
    clone.remote.forget_requests()
    result = clone.run("run", PROJECT, env={variable: address})
    told(result, 2, words)
    assert "secret" not in result.err
    assert clone.requests() == []


def test_github_cannot_be_reached(clone: GitHubClone) -> None:
    nowhere = {"GITHUB_API_URL": "http://127.0.0.1:9", "GITHUB_GRAPHQL_URL": "http://127.0.0.1:9/graphql"}
    told(clone.run("run", PROJECT, env=nowhere), 1, "127.0.0.1:9 cannot be reached: the connection is refused")
    assert times_paid(clone) == 0


def test_a_checkout_as_workflows_have_it(github: GitHubServer, clone: GitHubClone) -> None:
    """Shallow, detached, and with the token of the checkout as a header in its configuration; it stays so."""
    clone.remote.commit("main", {"more.txt": "x"})
    checkout = GitHubClone(clone.place / "runner", remote=clone.remote)
    checkout.environment |= github.environment()
    basic = base64.b64encode(f"x-access-token:{DEFAULT_TOKEN}".encode()).decode()
    checkout.git("init", "--quiet")
    checkout.git("remote", "add", "origin", clone.remote.git_url())
    checkout.git("config", f"http.{github.url}/.extraheader", f"AUTHORIZATION: basic {basic}")
    main = "refs/remotes/origin/main"
    checkout.git("fetch", "--quiet", "--no-tags", "--depth=1", "origin", f"+refs/heads/main:{main}")
    checkout.git("checkout", "--quiet", "--detach", main)

    assert checkout.run("run", PROJECT).code == 0
    clone.remote.commit("main", {"later.txt": "y"})
    assert checkout.run("run", PROJECT).code == 0

    assert checkout.git("rev-parse", "--is-shallow-repository") == "true"
    assert checkout.git("rev-list", "--count", "HEAD") == "1"
    assert sorted(checkout.changed_files("claude-step-p-2")) == ["2.txt", "claude-step/p/spec.md"]
    assert [pull["number"] for pull in clone.remote.pulls()] == [1, 2]
