"""A step's branch goes to the server: created or refused with a reason, and never in doubt without saying so."""

from collections.abc import Callable
from pathlib import Path

import pytest

from claudestep.domain.errors import ClaudeStepError, RepositoryError
from claudestep.infrastructure.hosting.port import BranchExists, EveryBranchRefused, PublishRefused
from tests.github_server.faults import Fault, Kind
from tests.github_server.fixture import GitHubServer, RemoteRepository
from tests.integration.server_clone import ServerClone

BRANCH = "claude-step-p-1"
PUSH = "git receive-pack"
ASK_TO_PUSH = "git info-refs receive-pack"
ASK = "git info-refs upload-pack"
KINDS = {
    "full": (),
    "shallow": ("--depth=1",),
    "bare": ("--bare",),
    "without-files": ("--no-checkout", "--filter=blob:none"),
    "without-trees": ("--no-checkout", "--filter=tree:0"),
}
Make = Callable[..., ServerClone]


@pytest.fixture
def source(github: GitHubServer) -> RemoteRepository:
    repository = github.new_repository({"file.txt": "first\n", "folder/inner.txt": "first\n"})
    repository.git("config", "uploadpack.allowFilter", "true")
    repository.commit("main", {"file.txt": "second\n"}, "Second")
    return repository


@pytest.fixture
def make(github: GitHubServer, source: RemoteRepository, tmp_path: Path) -> Make:
    return lambda *options: ServerClone(github, source, tmp_path, *options)


@pytest.fixture
def clone(make: Make) -> ServerClone:
    return make()


def _step(clone: ServerClone) -> str:
    """A step's commit on the base, made as the program makes it; what it needs is there."""
    base = clone.source.git("rev-parse", "main")
    clone.files_of(base)
    return clone.commit(base)


def _branch(clone: ServerClone) -> str:
    """Where the branch is on the server, "" where it is not."""
    return clone.source.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{BRANCH}")


def _refused(clone: ServerClone, commit: str, kind: type[ClaudeStepError], token: str = "") -> ClaudeStepError:
    before = clone.belongings()
    with pytest.raises(kind) as caught:
        clone.step_git(token=token).publish(BRANCH, commit)
    assert type(caught.value) is kind
    assert clone.belongings() == before
    return caught.value


class TestCreated:
    @pytest.mark.parametrize("kind", KINDS)
    def test_from_every_kind_of_clone(self, make: Make, kind: str) -> None:
        clone = make(*KINDS[kind])
        commit = _step(clone)
        before = clone.belongings()
        clone.step_git().publish(BRANCH, commit)
        assert _branch(clone) == commit
        assert clone.belongings() == before
        clone.source.git("fsck", "--strict")

    def test_twice_is_as_good_as_once(self, clone: ServerClone) -> None:
        commit = _step(clone)
        clone.step_git().publish(BRANCH, commit)
        clone.step_git().publish(BRANCH, commit)
        assert _branch(clone) == commit

    def test_nothing_of_the_user_runs_or_is_sent(self, clone: ServerClone) -> None:
        """Neither a hook, nor a tag, nor an option; and no signature is asked for."""
        hook = clone.git_folder / "hooks/pre-push"
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(0o755)
        for name in ("push.followTags", "push.gpgSign", "push.useForceIfIncludes", "push.autoSetupRemote"):
            clone.git("config", name, "true")
        clone.git("config", "push.pushOption", "ci.skip")
        clone.git("config", "push.recurseSubmodules", "on-demand")
        commit = _step(clone)
        clone.git("tag", "-m", "A tag", "v1", commit)
        clone.step_git().publish(BRANCH, commit)
        assert _branch(clone) == commit
        assert clone.source.git("tag") == ""


class TestRefused:
    def test_a_branch_that_is_somewhere_else(self, clone: ServerClone) -> None:
        commit = _step(clone)
        tip = clone.source.commit(BRANCH, {"theirs.txt": ""}, "Theirs")
        error = _refused(clone, commit, BranchExists)
        assert isinstance(error, BranchExists)
        assert (error.branch, error.tip) == (BRANCH, tip)
        assert _branch(clone) == tip

    def test_a_branch_that_the_step_could_be_put_on_top_of(self, clone: ServerClone) -> None:
        """It is created or nothing: also a fast-forward is no creation."""
        commit = _step(clone)
        clone.source.git("branch", BRANCH, "main")
        _refused(clone, commit, BranchExists)

    def test_a_token_that_may_only_read(self, clone: ServerClone, github: GitHubServer) -> None:
        github.add_user("reader", "token-of-reader", "read")
        error = _refused(clone, _step(clone), EveryBranchRefused, token="token-of-reader")  # noqa: S106
        assert "does not allow it" in str(error)
        assert "contents: write" in error.remedy

    @pytest.mark.parametrize(("classic", "number"), [(False, "GH013"), (True, "GH006")])
    def test_a_rule_of_the_repository(self, clone: ServerClone, *, classic: bool, number: str) -> None:
        rule = {"pattern": "claude-step-*", "kind": "creation", "classic": classic}
        clone.source.configure(rules=[rule])
        error = _refused(clone, _step(clone), EveryBranchRefused)
        assert number in str(error)
        assert "creations being restricted" in str(error)
        assert "claude-step-*" in error.remedy

    def test_an_archived_repository(self, clone: ServerClone) -> None:
        commit = _step(clone)
        clone.source.configure(archived=True)
        error = _refused(clone, commit, EveryBranchRefused)
        assert "is archived" in str(error)
        assert "Unarchive" in error.remedy

    def test_a_wrong_token(self, clone: ServerClone) -> None:
        error = _refused(clone, _step(clone), EveryBranchRefused, token="wrong")  # noqa: S106
        assert "does not accept the token" in str(error)

    def test_a_repository_that_is_not_there(self, clone: ServerClone, github: GitHubServer) -> None:
        commit = _step(clone)
        clone.url = f"{github.url}/octo-org/none.git"
        error = _refused(clone, commit, EveryBranchRefused)
        assert "no repository octo-org/none" in str(error)


class TestNoAnswer:
    @pytest.mark.parametrize("kind", ["reset", "status"])
    def test_it_arrived_and_the_reply_did_not(self, clone: ServerClone, kind: Kind) -> None:
        """Where the connection breaks, curl sends it again by itself, and is told that the branch is there."""
        commit = _step(clone)
        clone.source.fault(Fault(kind=kind, on=PUSH, when="after"))
        clone.step_git().publish(BRANCH, commit)
        assert _branch(clone) == commit

    @pytest.mark.parametrize("kind", ["reset", "status"])
    def test_it_did_not_arrive(self, clone: ServerClone, kind: Kind) -> None:
        commit = _step(clone)
        clone.source.fault(Fault(kind=kind, on=PUSH))
        clone.source.forget_requests()
        clone.step_git().publish(BRANCH, commit)
        assert _branch(clone) == commit
        assert _pushes(clone) == 2

    @pytest.mark.parametrize("on", [PUSH, ASK_TO_PUSH])
    def test_it_did_not_arrive_twice(self, clone: ServerClone, on: str) -> None:
        clone.source.fault(Fault(kind="status", on=on, times=None))
        error = _refused(clone, _step(clone), PublishRefused)
        assert error.remedy
        assert "502" in str(error)

    @pytest.mark.parametrize("kind", ["reset", "status"])
    def test_nobody_knows_whether_it_arrived(self, clone: ServerClone, kind: Kind) -> None:
        commit = _step(clone)
        clone.source.fault(Fault(kind=kind, on=PUSH, when="after"))
        clone.source.fault(Fault(kind="status", on=ASK, times=None))
        error = _refused(clone, commit, RepositoryError)
        assert "nobody knows whether" in str(error)
        assert error.remedy
        assert _branch(clone) == commit

    def test_nobody_knows_whether_the_first_of_two_arrived_late(self, clone: ServerClone) -> None:
        clone.source.fault(Fault(kind="status", on=PUSH))
        for on in (ASK_TO_PUSH, ASK):
            clone.source.fault(Fault(kind="status", on=on, skip=1, times=None))
        _refused(clone, clone.commit("main"), RepositoryError)

    def test_a_server_that_is_gone_was_surely_told_nothing(self, clone: ServerClone) -> None:
        clone.source.fault(Fault(kind="status", on=ASK_TO_PUSH, times=None))
        clone.source.fault(Fault(kind="status", on=ASK, times=None))
        commit = _step(clone)
        _refused(clone, commit, PublishRefused)
        assert _branch(clone) == ""


def _pushes(clone: ServerClone) -> int:
    return sum(logged.path.endswith("/git-receive-pack") for logged in clone.source.requests())
