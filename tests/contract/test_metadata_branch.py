"""What every `MetadataBranch` promises."""

from datetime import timedelta

import pytest

from claudestep.domain.observation import Ancestry
from claudestep.infrastructure.metadata.branch import BranchError, MetadataBranch, Refused, StaleBranch
from tests.contract.adapters import Adapter

EVERY_BYTE = bytes(range(256))
NOWHERE = "0123456789" * 4


def test_a_missing_branch_has_no_version_no_files_and_no_log(branch: MetadataBranch) -> None:
    for since in (None, ""):
        snapshot = branch.read(since)
        assert (snapshot.version, snapshot.files, snapshot.log) == (None, {}, ())
        assert snapshot.log_complete
    assert not branch.read(NOWHERE).log_complete


def test_the_first_commit_makes_the_branch_with_exactly_its_files(branch: MetadataBranch) -> None:
    version = branch.commit(None, {"a": b"1", "folder/b": b"2"}, "First")
    snapshot = branch.read()
    assert snapshot.version == version
    assert snapshot.files == {"a": b"1", "folder/b": b"2"}


def test_the_second_of_two_first_writers_is_stale(branch: MetadataBranch) -> None:
    first = branch.commit(None, {"a": b"1"}, "First")
    with pytest.raises(StaleBranch):
        branch.commit(None, {"a": b"2"}, "Also first")
    assert branch.read().version == first
    assert branch.read().files == {"a": b"1"}


def test_a_commit_on_an_old_base_is_stale_and_surely_not_applied(branch: MetadataBranch) -> None:
    old = branch.commit(None, {"a": b"1"}, "First")
    new = branch.commit(old, {"b": b"2"}, "Second")
    with pytest.raises(StaleBranch):
        branch.commit(old, {"c": b"3"}, "Too late")
    snapshot = branch.read("")
    assert snapshot.version == new
    assert snapshot.files == {"a": b"1", "b": b"2"}
    assert len(snapshot.log) == 2


def test_a_commit_on_a_branch_that_is_gone_is_stale_and_does_not_bring_it_back(adapter: Adapter) -> None:
    version = adapter.branch.commit(None, {"a": b"1"}, "First")
    adapter.reset(None)
    with pytest.raises(StaleBranch):
        adapter.branch.commit(version, {"b": b"2"}, "Second")
    assert adapter.branch.read().version is None


def test_a_commit_on_a_base_that_never_was_is_not_applied(branch: MetadataBranch) -> None:
    version = branch.commit(None, {"a": b"1"}, "First")
    with pytest.raises(BranchError):
        branch.commit(NOWHERE, {"b": b"2"}, "Second")
    assert branch.read().version == version


def test_files_that_are_not_named_stay_as_they_are(branch: MetadataBranch) -> None:
    first = branch.commit(None, {"a": b"1", "f/b": b"2", "f/g/c": b"3"}, "First")
    branch.commit(first, {"f/b": b"new"}, "Second")
    assert branch.read().files == {"a": b"1", "f/b": b"new", "f/g/c": b"3"}


def test_none_removes_a_file_and_the_folder_that_it_was_alone_in(branch: MetadataBranch) -> None:
    first = branch.commit(None, {"a": b"1", "f/g/b": b"2"}, "First")
    branch.commit(first, {"f/g/b": None, "never/was/there": None}, "Second")
    assert branch.read().files == {"a": b"1"}


def test_a_branch_may_become_empty_and_is_still_there(branch: MetadataBranch) -> None:
    first = branch.commit(None, {"a": b"1"}, "First")
    second = branch.commit(first, {"a": None}, "Second")
    assert branch.read().version == second
    assert branch.read().files == {}


def test_content_comes_back_byte_by_byte(branch: MetadataBranch) -> None:
    files = {
        "empty": b"",
        "newline": b"\n",
        "every byte": EVERY_BYTE,
        "crlf": b"one\r\ntwo\r\n",
        "without newline": b"no newline at the end",
        "unicode": "ümlaut ☃ 𝄞".encode(),
        "large": EVERY_BYTE * 5000,
    }
    branch.commit(None, files, "First")
    assert branch.read().files == files


def test_paths_come_back_as_they_were_and_can_be_removed(branch: MetadataBranch) -> None:
    paths = [
        "ümlaut/☃.json",
        "with space",
        'quo"te',
        "back\\slash",
        "tab\tand\nnewline",
        "-n",
        ".hidden",
        "a/b/c/d/e/f",
        "a-b",
        "a.b",
    ]
    files = {path: path.encode() for path in paths}
    first = branch.commit(None, files, "First")
    assert branch.read().files == files
    branch.commit(first, dict.fromkeys(paths) | {"other": b""}, "Second")
    assert branch.read().files == {"other": b""}


def test_paths_that_no_branch_can_hold_are_refused_and_nothing_is_written(branch: MetadataBranch) -> None:
    for path in ("", "../outside", "a/../b", "./a", "a//b", "/absolute", "a/", ".git/config", "a/.GIT/b", "a\0b"):
        with pytest.raises(Refused):
            branch.commit(None, {"good": b"1", path: b"2"}, "First")
        assert branch.read().version is None, path


def test_without_since_there_is_no_log(branch: MetadataBranch) -> None:
    branch.commit(None, {"a": b"1"}, "First")
    assert branch.read().log == ()


def test_the_log_goes_back_to_since_newest_first_without_it(branch: MetadataBranch) -> None:
    versions = _commits(branch, 5)
    for cut, since in enumerate(versions):
        snapshot = branch.read(since)
        assert snapshot.log_complete
        assert [entry.version for entry in snapshot.log] == versions[:cut:-1]


def test_since_nothing_is_all_of_the_log(branch: MetadataBranch) -> None:
    versions = _commits(branch, 3)
    snapshot = branch.read("")
    assert snapshot.log_complete
    assert [(entry.version, entry.message.strip()) for entry in snapshot.log] == [
        (versions[2], "Commit 2"),
        (versions[1], "Commit 1"),
        (versions[0], "Commit 0"),
    ]


def test_a_log_since_a_commit_that_is_no_ancestor_is_not_complete(adapter: Adapter) -> None:
    first, second, third = _commits(adapter.branch, 3)
    adapter.reset(second)
    for since in (third, NOWHERE):
        snapshot = adapter.branch.read(since)
        assert snapshot.version == second
        assert snapshot.files == {"file": b"1"}
        assert not snapshot.log_complete
    assert adapter.branch.read(first).log_complete


def test_a_log_since_a_commit_of_an_earlier_branch_is_not_complete(adapter: Adapter) -> None:
    before = adapter.branch.commit(None, {"a": b"1"}, "First")
    adapter.reset(None)
    adapter.branch.commit(None, {"a": b"2"}, "First of another")
    assert not adapter.branch.read(before).log_complete


def test_messages_come_back_but_for_white_space_at_the_ends(branch: MetadataBranch) -> None:
    messages = [
        "One line",
        "Subject\n\nBody\n\nTrailer: 0123\n",
        "Ümlaut ☃ 𝄞\n\nBody – with a dash\n",
        "# no comment\n\n# nor this\n",
        "Subject\n\n  indented\n\ttab\n\n\nthree lines on\n",
        "-F /etc/passwd",
        "%H %x00 $(true) `true`",
        "Subject\n\n" + "A long line of a long body. " * 5000,
    ]
    version = None
    for message in messages:
        version = branch.commit(version, {"a": message.encode()}, message)
    log = branch.read("").log
    assert [entry.message.strip() for entry in reversed(log)] == [message.strip() for message in messages]
    assert log[0].version == version


def test_files_and_version_of_a_snapshot_are_of_one_commit(branch: MetadataBranch) -> None:
    version = branch.commit(None, {"a": b"0", "b": b"0"}, "First")
    seen = {}
    for number in range(1, 4):
        snapshot = branch.read()
        seen[snapshot.version] = snapshot.files
        version = branch.commit(version, {"a": b"%d" % number, "b": b"%d" % number}, "More")
    assert all(files["a"] == files["b"] for files in seen.values())
    assert len(seen) == 3


def test_a_snapshot_does_not_change_when_the_branch_does(branch: MetadataBranch) -> None:
    version = branch.commit(None, {"a": b"1"}, "First")
    snapshot = branch.read("")
    branch.commit(version, {"a": b"2"}, "Second")
    assert snapshot.files == {"a": b"1"}
    assert len(snapshot.log) == 1


def test_the_newest_commits_come_with_author_and_time_newest_first(adapter: Adapter) -> None:
    branch = adapter.branch
    versions = _commits(branch, 4)
    entries = branch.log(3)
    assert [(entry.version, entry.message.strip()) for entry in entries] == [
        (versions[3], "Commit 3"),
        (versions[2], "Commit 2"),
        (versions[1], "Commit 1"),
    ]
    assert {entry.author for entry in entries} == {adapter.author}
    times = [entry.at for entry in entries if entry.at is not None]
    assert len(times) == 3
    assert times == sorted(times, reverse=True)
    assert {when.utcoffset() for when in times} == {timedelta()}
    assert len(branch.log(9)) == 4


def test_the_log_of_a_file_has_the_commits_that_wrote_or_removed_it(branch: MetadataBranch) -> None:
    first = branch.commit(None, {"f/a": b"1", "f/b": b"1"}, "Both")
    second = branch.commit(first, {"f/b": b"2"}, "b")
    third = branch.commit(second, {"f/a": None}, "No a")
    fourth = branch.commit(third, {"f/b": b"3", "f/ab": b""}, "b again")
    assert [entry.version for entry in branch.log(9, "f/a")] == [third, first]
    assert [entry.version for entry in branch.log(2, "f/b")] == [fourth, second]
    assert branch.log(9, "f/c") == ()


def test_a_message_in_the_log_is_the_one_that_was_committed(branch: MetadataBranch) -> None:
    message = "Ümlaut ☃\n\n- one\n- two\n\nBy: somebody\n"
    branch.commit(None, {"a": b"1"}, message)
    assert branch.log(1)[0].message.strip() == message.strip()
    assert branch.log(1) == branch.read("").log


def test_a_branch_that_is_missing_has_no_commits_and_comes_from_nowhere(branch: MetadataBranch) -> None:
    assert branch.log(5) == ()
    assert branch.log(5, "a") == ()
    assert branch.ancestry() == Ancestry()


def test_a_branch_comes_from_its_first_commit(branch: MetadataBranch) -> None:
    versions = _commits(branch, 3)
    assert branch.ancestry() == Ancestry(roots=(versions[0],))


def test_history_is_a_line_with_one_root(adapter: Adapter) -> None:
    versions = _commits(adapter.branch, 4)
    for base in (None, *versions[:-1]):
        with pytest.raises(StaleBranch):
            adapter.branch.commit(base, {"x": b""}, "Too late")
    assert adapter.parents() == [[versions[2]], [versions[1]], [versions[0]], []]


def _commits(branch: MetadataBranch, count: int) -> list[str]:
    versions: list[str] = []
    for number in range(count):
        base = versions[-1] if versions else None
        versions.append(branch.commit(base, {"file": b"%d" % number}, f"Commit {number}"))
    return versions
