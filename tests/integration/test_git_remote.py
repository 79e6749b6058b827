"""The base of a step comes from the server, into clones of every kind, and nothing of the user's changes."""

import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from claudestep.domain.errors import ClaudeStepError, NotFound, Transient, Unauthorized
from tests.github_server.faults import Fault
from tests.github_server.fixture import GitHubServer, RemoteRepository
from tests.integration.server_clone import ServerClone

FIRST = {"file.txt": "first\n", "folder/inner.txt": "first\n", "other.txt": "first\n"}
KINDS = {
    "full": (),
    "shallow": ("--depth=1",),
    "two-deep": ("--depth=2",),
    "bare": ("--bare",),
    "shallow-bare": ("--bare", "--depth=1"),
    "without-files": ("--no-checkout", "--filter=blob:none"),
    "without-trees": ("--no-checkout", "--filter=tree:0"),
    "shallow-without-files": ("--no-checkout", "--depth=1", "--filter=blob:none"),
    "no-such-branch": ("--single-branch", "--branch=elsewhere"),
}
Make = Callable[..., ServerClone]


@pytest.fixture
def source(github: GitHubServer) -> RemoteRepository:
    """A repository of three commits, which serves partial clones also from its folder."""
    repository = github.new_repository(FIRST)
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.git("branch", "elsewhere")
    repository.commit("main", {"file.txt": "second\n"}, "Second")
    repository.commit("main", {"folder/inner.txt": "third\n"}, "Third")
    return repository


@pytest.fixture
def make(github: GitHubServer, source: RemoteRepository, tmp_path: Path) -> Make:
    return lambda *options: ServerClone(github, source, tmp_path, *options)


class TestEveryKindOfClone:
    @pytest.mark.parametrize("kind", KINDS)
    def test_a_commit_that_came_later(self, make: Make, source: RemoteRepository, kind: str) -> None:
        clone = make(*KINDS[kind])
        before = clone.belongings()
        deep = _is_shallow(clone)
        commit = source.commit("main", {"file.txt": "fourth\n", "new.txt": "fourth\n"}, "Fourth")
        later = {
            "file.txt": "fourth\n",
            "new.txt": "fourth\n",
            "folder/inner.txt": "third\n",
            "other.txt": "first\n",
        }
        assert clone.files_of(commit) == later
        assert clone.belongings() == before
        assert _is_shallow(clone) == deep
        assert len(clone.git("rev-list", commit).split()) == (1 if deep == "true" else 4)

    @pytest.mark.parametrize("kind", ["without-files", "without-trees", "shallow-without-files"])
    def test_a_commit_that_is_there_without_its_files(
        self, make: Make, source: RemoteRepository, kind: str
    ) -> None:
        clone = make(*KINDS[kind])
        before = clone.belongings()
        found = clone.files_of(source.git("rev-parse", "main"))
        assert found == {"file.txt": "second\n", "folder/inner.txt": "third\n", "other.txt": "first\n"}
        assert clone.belongings() == before

    @pytest.mark.parametrize("kind", ["full", "shallow", "bare"])
    def test_a_commit_that_is_there_costs_no_request(self, make: Make, source: RemoteRepository, kind: str) -> None:
        clone = make(*KINDS[kind])
        source.forget_requests()
        assert clone.files_of(clone.git("rev-parse", "main"))
        assert source.requests() == []

    def test_a_work_tree_of_a_clone(self, make: Make, source: RemoteRepository) -> None:
        clone = make()
        clone.git("worktree", "add", "--quiet", "--detach", str(clone.place / "linked"))
        clone.path = clone.place / "linked"
        commit = source.commit("main", {"file.txt": "fourth\n"}, "Fourth")
        assert clone.files_of(commit)["file.txt"] == "fourth\n"

    @pytest.mark.parametrize("which", ["nothing", "commit only", "all but its parent"])
    def test_what_an_interrupted_fetch_left(self, make: Make, source: RemoteRepository, which: str) -> None:
        clone = make("--depth=1")
        commit = source.commit("main", {"file.txt": "fourth\n"}, "Fourth")
        source.commit("main", {"file.txt": "fifth\n"}, "Fifth")
        newest = source.git("rev-parse", "main")
        listed = {
            "nothing": "",
            "commit only": newest,
            "all but its parent": source.git("rev-list", "--objects", "--no-object-names", "--no-walk", newest),
        }[which]
        _copy(source, clone, listed.split())
        assert clone.files_of(newest)["file.txt"] == "fifth\n"
        assert clone.git("rev-list", newest).split() == [newest]
        assert commit != newest

    @pytest.mark.parametrize("kind", ["full", "shallow", "without-files"])
    def test_no_setting_of_the_user_deletes_or_brings_refs(
        self, make: Make, source: RemoteRepository, kind: str
    ) -> None:
        clone = make(*KINDS[kind])
        for name in ("fetch.prune", "fetch.pruneTags", "submodule.recurse", "fetch.writeCommitGraph"):
            clone.git("config", name, "true")
        clone.git("config", "remote.origin.tagOpt", "--tags")
        clone.git("tag", "mine")
        before = clone.belongings()
        commit = source.commit("main", {"file.txt": "fourth\n"}, "Fourth")
        source.git("tag", "theirs", commit)
        assert clone.files_of(commit)["file.txt"] == "fourth\n"
        assert clone.belongings() == before


def test_beside_the_header_that_a_checkout_action_left(make: Make, source: RemoteRepository) -> None:
    """actions/checkout: a detached, shallow clone with the token of the workflow in its configuration."""
    clone = make("--depth=1")
    clone.git("checkout", "--quiet", "--detach")
    clone.git("branch", "-D", "main")
    server = clone.url.removesuffix(f"/{source.name}.git")
    clone.git("config", f"http.{server}/.extraheader", "AUTHORIZATION: basic eC1hY2Nlc3MtdG9rZW46b2xk")
    commit = source.commit("main", {"file.txt": "fourth\n"}, "Fourth")
    assert clone.files_of(commit)["file.txt"] == "fourth\n"
    clone.step_git().publish("claude-step-p-1", commit)
    assert source.git("rev-parse", "claude-step-p-1") == commit


def test_an_address_that_the_user_writes_in_another_way(make: Make, source: RemoteRepository) -> None:
    clone = make()
    clone.git("config", f"url.file://{source.path}.insteadOf", clone.url)
    commit = source.commit("main", {"file.txt": "fourth\n"}, "Fourth")
    source.forget_requests()
    assert clone.files_of(commit)["file.txt"] == "fourth\n"
    assert source.requests() == []


def test_a_connection_that_breaks_is_tried_once_more(make: Make, source: RemoteRepository) -> None:
    clone = make()
    commit = source.commit("main", {"file.txt": "fourth\n"}, "Fourth")
    source.fault(Fault(kind="status", on="git upload-pack"))
    assert clone.files_of(commit)["file.txt"] == "fourth\n"


class TestRefused:
    @pytest.fixture
    def clone(self, make: Make) -> ServerClone:
        return make("--depth=1")

    def test_a_commit_that_the_server_does_not_know(self, clone: ServerClone) -> None:
        error = _refused(clone, "1" * 40)
        assert type(error) is NotFound
        assert "does not have the commit" in str(error)

    def test_a_wrong_token(self, clone: ServerClone, source: RemoteRepository) -> None:
        error = _refused(clone, source.commit("main", {"new": ""}, "New"), token="wrong")  # noqa: S106
        assert type(error) is Unauthorized
        assert "does not accept the token" in str(error)

    def test_a_repository_that_is_not_there(
        self, clone: ServerClone, github: GitHubServer, source: RemoteRepository
    ) -> None:
        commit = source.commit("main", {"new": ""}, "New")
        clone.url = f"{github.url}/octo-org/none.git"
        error = _refused(clone, commit)
        assert type(error) is NotFound
        assert "no repository octo-org/none" in str(error)

    def test_a_repository_that_the_token_may_not_see(
        self, clone: ServerClone, github: GitHubServer, source: RemoteRepository
    ) -> None:
        github.add_user("stranger", "token-of-stranger", "outsider")
        source.configure(private=True)
        error = _refused(clone, source.commit("main", {"new": ""}, "New"), token="token-of-stranger")  # noqa: S106
        assert type(error) is NotFound
        assert "or the token may not see it" in str(error)

    def test_a_token_that_has_expired(
        self, clone: ServerClone, github: GitHubServer, source: RemoteRepository
    ) -> None:
        github.add_user("octo-dev", "token-of-old", "expired")
        error = _refused(clone, source.commit("main", {"new": ""}, "New"), token="token-of-old")  # noqa: S106
        assert type(error) is Unauthorized

    def test_a_server_that_is_not_there(self, clone: ServerClone, source: RemoteRepository) -> None:
        with socket.create_server(("127.0.0.1", 0)) as held:
            port = held.getsockname()[1]
        commit = source.commit("main", {"new": ""}, "New")
        clone.url = f"http://127.0.0.1:{port}/o/r.git"
        error = _refused(clone, commit)
        assert isinstance(error, Transient)
        assert "cannot be reached by git" in str(error)

    def test_a_connection_that_breaks_again(self, clone: ServerClone, source: RemoteRepository) -> None:
        source.fault(Fault(kind="reset", on="git upload-pack", times=None))
        error = _refused(clone, source.commit("main", {"new": ""}, "New"))
        assert isinstance(error, Transient)
        assert "broke off" in str(error)

    def test_a_server_that_never_answers(self, clone: ServerClone, source: RemoteRepository) -> None:
        commit = source.commit("main", {"new": ""}, "New")
        with socket.create_server(("127.0.0.1", 0)) as silent:
            clone.url = f"http://127.0.0.1:{silent.getsockname()[1]}/o/r.git"
            clone.patience = 1
            error = _refused(clone, commit)
        assert isinstance(error, Transient)
        assert "Operation too slow" in str(error)


def _copy(source: RemoteRepository, clone: ServerClone, objects: list[str]) -> None:
    """Put these objects, and nothing that they lead to, into the clone."""
    for oid in objects:
        kind = source.git("cat-file", "-t", oid)
        content = subprocess.run(
            ["git", "-C", str(source.path), "cat-file", kind, oid], capture_output=True, check=True
        )
        assert clone.git("hash-object", "-w", "-t", kind, "--stdin", stdin=content.stdout) == oid


def _refused(clone: ServerClone, commit: str, token: str = "") -> ClaudeStepError:
    """The error of a fetch, after a look at what must hold whatever happened."""
    before = clone.belongings()
    git = clone.step_git(token=token)
    with pytest.raises(ClaudeStepError) as caught, git.worktree(commit, clone.place / "agent"):
        pass
    assert caught.value.remedy
    assert not (clone.place / "agent").exists()
    assert clone.belongings() == before
    return caught.value


def _is_shallow(clone: ServerClone) -> str:
    return clone.git("rev-parse", "--is-shallow-repository")
