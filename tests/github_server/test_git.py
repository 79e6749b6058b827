"""Plain git drives the server: what it fetches and pushes, and what it is told when it may not."""

import os
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.github_server.fixture import DEFAULT_TOKEN, GitHubServer, RemoteRepository

Git = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """Runs git in a folder, without the user's configuration and without asking anybody anything."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_NAME": "Octo" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "octo@example.com" for who in ("AUTHOR", "COMMITTER")},
    }

    def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["git", "-C", str(folder), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.fixture
def repository(github: GitHubServer) -> RemoteRepository:
    return github.new_repository({"README.md": "hello\n", "src/a.py": "a = 1\n"})


@pytest.fixture
def clone(repository: RemoteRepository, git: Git, tmp_path: Path) -> Path:
    """A clone whose remote has the default token in its URL, with one commit that is not pushed yet."""
    folder = repository.clone(tmp_path / "clone")
    commit(git, folder)
    return folder


def commit(git: Git, folder: Path, message: str = "Mine") -> str:
    succeed(git(folder, "commit", "--allow-empty", "-m", message))
    return succeed(git(folder, "rev-parse", "HEAD"))


def succeed(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def refused(done: subprocess.CompletedProcess[str]) -> list[str]:
    """What git says when it fails, line by line."""
    assert done.returncode != 0, done.stdout
    return [line.rstrip() for line in done.stderr.splitlines()]


def remotely(lines: Sequence[str]) -> list[str]:
    """The lines that came from the server."""
    return [line.removeprefix("remote:").strip() for line in lines if line.startswith("remote:")]


def test_a_clone_has_the_files(repository: RemoteRepository, tmp_path: Path) -> None:
    folder = repository.clone(tmp_path / "clone")

    assert (folder / "src" / "a.py").read_text() == "a = 1\n"


def test_the_name_may_do_without_its_ending(repository: RemoteRepository, git: Git, tmp_path: Path) -> None:
    url = repository.git_url().removesuffix(".git")

    assert repository.head() in succeed(git(tmp_path, "ls-remote", url))


def test_a_shallow_clone_has_one_commit(repository: RemoteRepository, git: Git, tmp_path: Path) -> None:
    repository.commit("main", {"b": "2"})
    succeed(git(tmp_path, "clone", "--depth=1", repository.git_url(), "clone"))

    assert succeed(git(tmp_path / "clone", "rev-list", "--count", "HEAD")) == "1"


def test_a_partial_clone_leaves_blobs_out(repository: RemoteRepository, git: Git, tmp_path: Path) -> None:
    succeed(git(tmp_path, "clone", "--filter=blob:none", "--no-checkout", repository.git_url(), "clone"))
    missing = succeed(git(tmp_path / "clone", "rev-list", "--objects", "--all", "--missing=print"))

    assert sum(line.startswith("?") for line in missing.splitlines()) == 2


def test_a_commit_that_no_ref_names_is_fetched_by_its_id(
    repository: RemoteRepository, clone: Path, git: Git
) -> None:
    lost = repository.commit("side", {"b": "2"})
    repository.delete_branch("side")

    succeed(git(clone, "fetch", "--depth=1", "origin", lost))

    assert succeed(git(clone, "rev-parse", "FETCH_HEAD")) == lost


def test_a_push_creates_a_branch_only_once(repository: RemoteRepository, clone: Path, git: Git) -> None:
    create = ("push", "--force-with-lease=refs/heads/x:", "origin", "HEAD:refs/heads/x")
    mine = succeed(git(clone, "rev-parse", "HEAD"))

    succeed(git(clone, *create))
    commit(git, clone, "Another")

    assert any("stale info" in line for line in refused(git(clone, *create)))
    assert repository.head("x") == mine


def test_a_big_push_arrives_whole(repository: RemoteRepository, clone: Path, git: Git) -> None:
    (clone / "big").write_bytes(os.urandom(5_000_000))
    succeed(git(clone, "add", "big"))
    pushed = commit(git, clone)

    succeed(git(clone, "push", "origin", "HEAD:refs/heads/big"))

    assert repository.head("big") == pushed
    assert repository.git("cat-file", "-s", "big:big") == "5000000"


def test_a_fetch_with_a_compressed_request_is_understood(
    repository: RemoteRepository, clone: Path, git: Git
) -> None:
    for number in range(40):  # enough commits for git to compress the list of what it has
        commit(git, clone, str(number))
    repository.commit("main", {"b": "2"})

    succeed(git(clone, "fetch", "origin"))

    assert succeed(git(clone, "rev-parse", "origin/main")) == repository.head()


def test_an_open_pull_request_follows_a_push(repository: RemoteRepository, clone: Path, git: Git) -> None:
    succeed(git(clone, "push", "origin", "HEAD:refs/heads/x"))
    number = repository.open_pull("x")["number"]
    later = commit(git, clone, "Another")

    succeed(git(clone, "push", "origin", "HEAD:refs/heads/x"))

    assert repository.git("rev-parse", f"refs/pull/{number}/head") == later


def test_a_pull_request_closes_with_its_branch(repository: RemoteRepository, clone: Path, git: Git) -> None:
    succeed(git(clone, "push", "origin", "HEAD:refs/heads/x"))
    number = repository.open_pull("x")["number"]

    succeed(git(clone, "push", "origin", "--delete", "x"))

    assert repository.pull(number)["state"] == "CLOSED"


def test_a_ruleset_refuses_a_push_in_its_words(repository: RemoteRepository, clone: Path, git: Git) -> None:
    repository.configure(rules=[{"pattern": "main", "kind": "pull_request"}])
    before = repository.head()

    said = refused(git(clone, "push", "origin", "HEAD:main", "HEAD:refs/heads/free"))

    assert [line for line in remotely(said) if line] == [
        "error: GH013: Repository rule violations found for refs/heads/main.",
        "- Changes must be made through a pull request.",
    ]
    assert " ! [remote rejected] HEAD -> main (push declined due to repository rule violations)" in said
    assert repository.head() == before
    assert repository.head("free") == succeed(git(clone, "rev-parse", "HEAD"))


def test_a_classic_protection_refuses_a_deletion(repository: RemoteRepository, clone: Path, git: Git) -> None:
    repository.branch("kept")
    repository.configure(rules=[{"pattern": "kept", "kind": "deletion", "classic": True}])

    said = refused(git(clone, "push", "origin", "--delete", "kept"))

    assert "error: GH006: Protected branch update failed for refs/heads/kept." in remotely(said)
    assert " ! [remote rejected] kept (protected branch hook declined)" in said


def test_a_rule_on_all_branches_keeps_new_ones_out(repository: RemoteRepository, clone: Path, git: Git) -> None:
    repository.configure(rules=[{"pattern": "~ALL", "kind": "creation"}])

    said = refused(git(clone, "push", "origin", "HEAD:refs/heads/a/b"))

    assert "- Cannot create ref due to creations being restricted." in remotely(said)


@pytest.mark.parametrize(
    ("kind", "permissions", "words"),
    [
        ("read", {}, "Permission to {name}.git denied to reader."),
        ("write", {"contents": "read"}, "Write access to repository not granted."),
        ("actions", {"contents": "read"}, "Permission to {name}.git denied to github-actions[bot]."),
    ],
)
def test_a_token_that_may_not_write_cannot_push(
    repository: RemoteRepository, clone: Path, git: Git, kind: str, permissions: dict[str, str], words: str
) -> None:
    repository.server.add_user("reader", f"token-{kind}", kind, permissions)

    said = refused(git(clone, "push", repository.git_url(f"token-{kind}"), "HEAD:refs/heads/x"))

    assert remotely(said) == [words.format(name=repository.name)]
    assert said[-1].endswith("The requested URL returned error: 403")


def test_an_archived_repository_takes_no_push(repository: RemoteRepository, clone: Path, git: Git) -> None:
    repository.configure(archived=True)

    said = refused(git(clone, "push", "origin", "HEAD:refs/heads/x"))

    assert remotely(said) == ["This repository was archived so it is read-only."]


def test_a_wrong_token_is_told_so(github: GitHubServer, git: Git, tmp_path: Path) -> None:
    private = github.new_repository({"a": "1"}, private=True)

    said = refused(git(tmp_path, "ls-remote", private.git_url("wrong")))

    assert remotely(said)[0].startswith("Invalid username or token.")
    assert said[-1].startswith("fatal: Authentication failed for")


def test_a_push_without_a_token_is_asked_for_one(repository: RemoteRepository, clone: Path, git: Git) -> None:
    said = refused(git(clone, "push", repository.git_url(), "HEAD:refs/heads/x"))

    assert said[-1].startswith("fatal: could not read Username for")


def test_a_private_repository_is_not_there_for_strangers(github: GitHubServer, git: Git, tmp_path: Path) -> None:
    hidden = github.new_repository({"a": "1"}, private=True)
    github.add_user("stranger", "token-of-a-stranger", "outsider")

    said = refused(git(tmp_path, "ls-remote", hidden.git_url("token-of-a-stranger")))

    assert remotely(said) == ["Repository not found."]
    assert "not found" in said[-1]


def test_a_former_name_leads_to_the_present_one(repository: RemoteRepository, clone: Path, git: Git) -> None:
    old = repository.git_url(DEFAULT_TOKEN)
    repository.configure(name=f"{repository.name.partition('/')[2]}-renamed")

    pushed = git(clone, "push", old, "HEAD:refs/heads/x")

    assert f"warning: redirecting to {repository.git_url()}" in pushed.stderr
    assert repository.head("x") == succeed(git(clone, "rev-parse", "HEAD"))


def test_two_credentials_at_once_are_a_bad_request(repository: RemoteRepository, git: Git, tmp_path: Path) -> None:
    header = f"http.extraHeader=Authorization: Bearer {DEFAULT_TOKEN}"

    said = refused(git(tmp_path, "-c", header, "-c", header, "ls-remote", repository.git_url()))

    assert remotely(said) == ['Duplicate header: "Authorization"']
    assert said[-1].endswith("The requested URL returned error: 400")


def test_of_two_pushes_at_once_one_wins(
    repository: RemoteRepository, clone: Path, git: Git, tmp_path: Path
) -> None:
    """Both go on from one commit; whichever comes second is no fast forward, and nothing of the first is lost."""
    other = repository.clone(tmp_path / "other")
    commits = {commit(git, clone, "One"), commit(git, other, "Two")}

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda folder: git(folder, "push", "origin", "HEAD:main"), (clone, other)))

    assert sorted(each.returncode for each in done) == [0, 1]
    assert repository.head() in commits
