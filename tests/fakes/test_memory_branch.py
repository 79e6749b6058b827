"""The faults of the fake; what it has in common with every branch is in the contract suite."""

import pytest

from claudestep.infrastructure.metadata.branch import CommitInDoubt, Refused, StaleBranch
from tests.fakes.memory_branch import RIVAL_FILE, Fault, MemoryBranch

FILES = {"a": b"1"}


def test_faults_meet_one_commit_each_and_then_all_goes_well() -> None:
    branch = MemoryBranch([Fault.REFUSED, Fault.NONE])
    with pytest.raises(Refused):
        branch.commit(None, FILES, "First")
    first = branch.commit(None, FILES, "First")
    second = branch.commit(first, {"b": b"2"}, "Second")
    assert [(c.id, c.parent, c.message) for c in branch.history()] == [
        (second, first, "Second"),
        (first, None, "First"),
    ]
    assert [sent.message for sent in branch.sent] == ["First", "First", "Second"]


@pytest.mark.parametrize("first", [True, False])
def test_stale_has_the_commit_of_another_writer_in_between(first: bool) -> None:  # noqa: FBT001
    branch = MemoryBranch()
    base = None if first else branch.commit(None, FILES, "First")
    branch.faults.append(Fault.STALE)
    with pytest.raises(StaleBranch):
        branch.commit(base, {"b": b"2"}, "Second")
    assert branch.history()[0].parent == base
    assert RIVAL_FILE in branch.read().files
    assert "b" not in branch.read().files


@pytest.mark.parametrize(("fault", "there"), [(Fault.APPLIED, True), (Fault.LOST, False), (Fault.LATE, False)])
def test_a_commit_in_doubt_is_there_or_not(fault: Fault, there: bool) -> None:  # noqa: FBT001
    branch = MemoryBranch([fault])
    with pytest.raises(CommitInDoubt):
        branch.commit(None, FILES, "First")
    assert (branch.read().version is not None) == there


def test_a_late_commit_lands_before_the_next_call_which_then_loses() -> None:
    branch = MemoryBranch([Fault.LATE])
    with pytest.raises(CommitInDoubt):
        branch.commit(None, FILES, "First")
    with pytest.raises(StaleBranch):
        branch.commit(None, FILES, "First again")
    assert [commit.message for commit in branch.history()] == ["First"]


def test_a_late_commit_loses_by_its_base() -> None:
    branch = MemoryBranch([Fault.LATE])
    with pytest.raises(CommitInDoubt):
        branch.commit(None, FILES, "First")
    branch.move("Somebody else was quicker")
    branch.deliver_late()
    assert [commit.message for commit in branch.history()] == ["Somebody else was quicker"]


def test_a_late_commit_lands_once() -> None:
    branch = MemoryBranch([Fault.LATE])
    with pytest.raises(CommitInDoubt):
        branch.commit(None, FILES, "First")
    branch.deliver_late()
    branch.reset(None)
    branch.deliver_late()
    assert branch.read().version is None


def test_actions_run_once_each_before_a_commit_is_handled() -> None:
    branch = MemoryBranch()
    branch.before_commit(lambda: branch.move("One"), lambda: None)
    with pytest.raises(StaleBranch):
        branch.commit(None, FILES, "First")
    branch.commit(branch.head, FILES, "Second")
    branch.commit(branch.head, FILES, "Third")
    assert [commit.message for commit in branch.history()] == ["Third", "Second", "One"]


def test_a_reset_leaves_the_commits_where_they_are() -> None:
    branch = MemoryBranch()
    first = branch.commit(None, FILES, "First")
    second = branch.commit(first, {"a": None}, "Second")
    branch.reset(first)
    assert branch.read().files == FILES
    branch.reset(second)
    assert branch.read().files == {}
    branch.reset(None)
    assert branch.history() == []
