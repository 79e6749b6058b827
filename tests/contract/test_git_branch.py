"""The branch in a git repository where git itself fails, is killed, or has a user with settings of his own."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from claudestep.domain.errors import RepositoryError, StoreBusy
from claudestep.infrastructure.git.command import open_repository
from claudestep.infrastructure.metadata.branch import CommitInDoubt, Refused, StaleBranch
from claudestep.infrastructure.metadata.git_branch import REF, GitMetadataBranch
from claudestep.infrastructure.metadata.store import MetadataStore
from claudestep.infrastructure.retry import Patience
from tests.contract.adapters import ADAPTERS, InGit, git, git_branch, git_environment
from tests.contract.records import add_task, counted
from tests.fakes.clock import FakeClock

Wrap = Callable[..., MetadataStore]
WRAPPER = """#!/bin/sh
git() { 'REAL' "$@"; }
case " $* " in *" COMMAND "*)
    if rm "$0.next" 2>/dev/null; then SCRIPT
    elif test -f "$0.late"; then eval "git $(cat "$0.late")"; rm "$0.late"
    fi
esac
git "$@"
"""
IMPATIENT = Patience(total=2, first=1, draw=lambda _, longest: longest)


@pytest.fixture
def local(tmp_path: Path) -> InGit:
    made = ADAPTERS["local"](tmp_path)
    assert isinstance(made, InGit)
    return made


@pytest.fixture
def folder(local: InGit) -> Path:
    return local.folder


@pytest.fixture
def store(local: InGit) -> MetadataStore:
    """A store that holds the record `1`; its time is its own."""
    made = MetadataStore(local.branch, clock=FakeClock(), patience=IMPATIENT)
    made.update("a", add_task("1"))
    return made


# Git fails


def test_while_somebody_holds_the_lock_of_the_branch_nothing_is_written(store: MetadataStore, folder: Path) -> None:
    lock = folder / ".git" / f"{REF}.lock"
    lock.touch()
    with pytest.raises(StoreBusy, match="lock"):
        store.update("a", add_task("2"))
    lock.unlink()
    store.update("a", add_task("3"))
    assert counted(store) == {"1": 1, "3": 1}


def test_what_git_will_not_commit_is_refused_at_once(local: InGit) -> None:
    environment = {**git_environment(), "GIT_COMMITTER_DATE": "no date"}
    clock = FakeClock()
    store = MetadataStore(GitMetadataBranch(open_repository(local.folder, environment)), clock=clock)
    with pytest.raises(StoreBusy, match="no date"):
        store.update("a", add_task("1"))
    assert clock.monotonic() == 0
    assert local.branch.read().version is None


def test_a_failure_that_git_s_house_keeping_causes_is_tried_again(wrapped: Wrap) -> None:
    """`git repack` removes empty folders of objects just when another git wants to write there."""
    store = wrapped(
        'echo "error: unable to create temporary file: No such file or directory" >&2; exit 128', "commit-tree"
    )
    store.update("a", add_task("1"))
    assert counted(store) == {"1": 1}


def test_a_branch_that_can_never_be_made_is_refused(local: InGit) -> None:
    git(local.folder, "commit", "--quiet", "--allow-empty", "--message", "First commit")
    git(local.folder, "branch", "claudestep-metadata/in-the-way")
    with pytest.raises(Refused):
        local.branch.commit(None, {"a": b"1"}, "First")


# Damage


@pytest.mark.parametrize("damage", ["the commit", "the tree", "a document", "the ref"])
def test_a_damaged_branch_raises_and_is_never_taken_for_an_empty_one(
    store: MetadataStore, folder: Path, damage: str
) -> None:
    names = {"the commit": REF, "the tree": f"{REF}^{{tree}}", "a document": f"{REF}:projects/a.json"}
    if damage == "the ref":
        (folder / ".git" / REF).write_bytes(b"")
    else:
        oid = git(folder, "rev-parse", names[damage])
        (folder / ".git/objects" / oid[:2] / oid[2:]).unlink()
    with pytest.raises(RepositoryError):
        store.all()


# Git is killed


@pytest.fixture
def wrapped(local: InGit, tmp_path: Path) -> Wrap:
    """A store whose next `update-ref` is this shell script instead, where `git "$@"` is the real command."""
    real = git(local.folder, "--exec-path") + "/git"

    def make(script: str, command: str = "update-ref") -> MetadataStore:
        program = tmp_path / "bin/git"
        program.parent.mkdir()
        text = WRAPPER.replace("REAL", real).replace("COMMAND", command).replace("SCRIPT", script)
        program.write_text(text)
        program.chmod(0o755)
        program.with_name("git.next").touch()
        path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
        environment = {**git_environment(), "PATH": path}
        return MetadataStore(GitMetadataBranch(open_repository(local.folder, environment)), clock=FakeClock())

    return make


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("kill -9 $$", id="before it moved the branch"),
        pytest.param('git "$@"; kill -9 $$', id="after it moved the branch"),
        pytest.param("""printf "'%s' " "$@" > "$0.late"; kill -9 $$""", id="and moves it just before the next try"),
    ],
)
@pytest.mark.parametrize("begun", [True, False], ids=["begun", "first write"])
def test_a_git_that_is_killed_leaves_the_record_once(
    wrapped: Wrap, local: InGit, script: str, *, begun: bool
) -> None:
    if begun:
        MetadataStore(local.branch).update("a", add_task("before"))
    store = wrapped(script)
    store.update("a", add_task("1"))
    store.update("a", add_task("2"))
    expected = {"1": 1, "2": 1} | ({"before": 1} if begun else {})
    assert counted(store) == expected
    assert len(local.parents()) == len(expected)


@pytest.mark.parametrize("status", [1, 128, 137])
@pytest.mark.parametrize("begun", [True, False], ids=["begun", "first write"])
def test_a_git_that_moved_the_branch_and_says_that_it_failed_leaves_the_record_once(
    wrapped: Wrap, local: InGit, status: int, *, begun: bool
) -> None:
    """It does so when it cannot write a log of HEAD, and when a script around it reports its death."""
    if begun:
        MetadataStore(local.branch).update("a", add_task("before"))
    store = wrapped(f'git "$@"; exit {status}')
    store.update("a", add_task("1"))
    assert counted(store)["1"] == 1


def test_a_git_that_moved_the_branch_and_failed_is_believed_below_the_commits_of_others(
    wrapped: Wrap, local: InGit
) -> None:
    theirs = f"{REF} $(git commit-tree -p {REF} -m Theirs {REF}^{{tree}})"
    store = wrapped(f'git "$@"; git update-ref {theirs}; exit 128')
    store.update("a", add_task("1"))
    assert counted(store) == {"1": 1}
    assert len(local.parents()) == 2


@pytest.mark.parametrize("begun", [True, False], ids=["begun", "first write"])
def test_a_branch_that_moves_in_the_last_moment_is_not_overwritten(
    wrapped: Wrap, local: InGit, *, begun: bool
) -> None:
    if begun:
        MetadataStore(local.branch).update("a", add_task("before"))
    theirs = f"-p {REF} {REF}^{{tree}}" if begun else "$(git mktree </dev/null)"
    store = wrapped(f"git update-ref {REF} $(git commit-tree -m Theirs {theirs})")
    store.update("a", add_task("1"))
    assert counted(store)["1"] == 1
    log = local.branch.read("").log
    assert [entry.message.split("\n")[0] for entry in log] == ["Update a", "Theirs", *["Update a"] * begun]


def test_a_git_that_failed_and_did_not_move_the_branch_is_tried_again(wrapped: Wrap, local: InGit) -> None:
    store = wrapped("exit 128")
    store.update("a", add_task("1"))
    assert counted(store) == {"1": 1}
    assert len(local.parents()) == 1


def test_a_git_that_cannot_be_started_leaves_nothing_behind(local: InGit) -> None:
    good = open_repository(local.folder, git_environment())
    missing = GitMetadataBranch(replace(good, environment={**git_environment(), "PATH": "/nowhere"}))
    with pytest.raises((Refused, CommitInDoubt)):
        missing.commit(None, {"a": b"1"}, "First")
    assert local.branch.read().version is None


# Users and their settings

SETTINGS = {
    "commit.gpgSign": "true",
    "gpg.program": "/nowhere",
    "log.showSignature": "true",
    "log.decorate": "full",
    "log.abbrevCommit": "true",
    "format.pretty": "oneline",
    "color.ui": "always",
    "core.autocrlf": "true",
    "core.safecrlf": "true",
    "core.quotePath": "true",
    "core.sparseCheckout": "true",
    "core.logAllRefUpdates": "false",
    "user.useConfigOnly": "true",
    "i18n.commitEncoding": "ISO-8859-1",
    "i18n.logOutputEncoding": "UTF-8",
    "index.version": "4",
}


def test_a_user_s_settings_change_nothing_that_is_written_or_read(local: InGit) -> None:
    for name, value in SETTINGS.items():
        if not name.startswith("i18n"):
            git(local.folder, "config", name, value)
    branch = local.branch
    first = branch.commit(None, {"projects/a.json": b"1\r\n"}, "First\n\nOf two\n")
    second = branch.commit(first, {"projects/b.json": b"2\n"}, "Second")
    snapshot = branch.read("")
    assert snapshot.files == {"projects/a.json": b"1\r\n", "projects/b.json": b"2\n"}
    log = [(entry.version, entry.message.strip()) for entry in snapshot.log]
    assert log == [(second, "Second"), (first, "First\n\nOf two")]


def test_messages_come_back_whatever_encoding_the_user_has_set(local: InGit) -> None:
    for name in ("i18n.commitEncoding", "i18n.logOutputEncoding"):
        git(local.folder, "config", name, SETTINGS[name])
    local.branch.commit(None, {"a": b"1"}, "Ümlaut ☃")
    assert local.branch.read("").log[0].message.strip() == "Ümlaut ☃"


def test_no_hook_of_the_user_s_runs(local: InGit, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    hooks = local.folder / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("reference-transaction", "pre-commit", "post-commit", "commit-msg", "post-index-change"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch '{marker}'\nexit 1\n")
        (hooks / name).chmod(0o755)
    local.branch.commit(None, {"a": b"1"}, "First")
    assert not marker.exists()


@pytest.mark.parametrize("split", [False, True], ids=["plain", "split index"])
def test_a_write_leaves_nothing_but_objects_refs_and_logs(
    store: MetadataStore, folder: Path, *, split: bool
) -> None:
    if split:
        git(folder, "config", "core.splitIndex", "true")

    def files() -> set[str]:
        found = (path.relative_to(folder / ".git") for path in (folder / ".git").rglob("*") if path.is_file())
        return {str(path) for path in found if path.parts[0] not in ("objects", "refs", "logs")}

    before = files()
    store.update("a", add_task("2"))
    assert files() == before


def test_a_write_changes_nothing_of_the_user_s(store: MetadataStore, folder: Path) -> None:
    (folder / "staged").write_text("staged")
    git(folder, "add", "staged")
    (folder / "untracked").write_text("untracked")

    def belongings() -> tuple[str, bytes, str]:
        index = (folder / ".git/index").read_bytes()
        return git(folder, "status", "--porcelain"), index, git(folder, "symbolic-ref", "HEAD")

    before = belongings()
    store.update("a", add_task("2"))
    assert belongings() == before


def test_a_commit_of_a_user_who_has_the_branch_checked_out_takes_no_record_back(
    store: MetadataStore, folder: Path
) -> None:
    git(folder, "checkout", "--quiet", "claudestep-metadata")
    written = {"1": 1}
    try:
        store.update("a", add_task("2"))
        written["2"] = 1
    except StoreBusy:
        pass
    (folder / "README.md").write_text("Edited\n")
    git(folder, "commit", "--quiet", "--all", "--message", "Edit the README")
    assert counted(store) == written


def test_a_branch_that_is_checked_out_in_another_work_tree_is_not_written(
    store: MetadataStore, local: InGit, folder: Path
) -> None:
    git(folder, "worktree", "add", "--quiet", str(folder.parent / "edit"), "claudestep-metadata")
    for branch in (local.branch, git_branch(folder.parent / "edit")):
        with pytest.raises(StoreBusy, match="checked out"):
            MetadataStore(branch).update("a", add_task("2"))
    git(folder, "worktree", "remove", "../edit")
    store.update("a", add_task("3"))
    assert counted(store) == {"1": 1, "3": 1}


def test_a_bare_repository_whose_head_is_the_branch_can_be_written(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=claudestep-metadata", "bare.git")
    store = MetadataStore(git_branch(tmp_path / "bare.git"))
    store.update("a", add_task("1"))
    assert counted(store) == {"1": 1}


def test_a_branch_that_is_checked_out_where_the_git_directory_has_another_name_is_not_written(
    tmp_path: Path,
) -> None:
    """As in a submodule."""
    git(tmp_path, "init", "--quiet", "--separate-git-dir", "elsewhere", "repository")
    branch = git_branch(tmp_path / "repository")
    branch.commit(None, {"README.md": b"", "projects/b.json": b""}, "First")
    git(tmp_path / "repository", "checkout", "--quiet", "claudestep-metadata")
    with pytest.raises(StoreBusy, match="checked out"):
        MetadataStore(branch).update("a", add_task("1"))


def test_a_branch_that_is_another_name_for_a_branch_can_be_written(store: MetadataStore, folder: Path) -> None:
    git(folder, "branch", "--move", "claudestep-metadata", "elsewhere")
    git(folder, "symbolic-ref", REF, "refs/heads/elsewhere")
    store.update("a", add_task("2"))
    assert counted(store) == {"1": 1, "2": 1}


def test_a_branch_that_git_has_packed_can_be_written(store: MetadataStore, folder: Path) -> None:
    git(folder, "pack-refs", "--all")
    git(folder, "gc", "--quiet", "--prune=now")
    store.update("a", add_task("2"))
    git(folder, "pack-refs", "--all")
    assert counted(store) == {"1": 1, "2": 1}


def test_a_commit_of_a_user_s_in_between_is_a_lost_race(store: MetadataStore, local: InGit, folder: Path) -> None:
    base = local.branch.read().version
    git(folder, "worktree", "add", "--quiet", str(folder.parent / "edit"), "claudestep-metadata")
    (folder.parent / "edit/README.md").write_text("Edited\n")
    git(folder.parent / "edit", "commit", "--quiet", "--all", "--message", "Edit the README")
    git(folder, "worktree", "remove", "../edit")
    with pytest.raises(StaleBranch):
        local.branch.commit(base, {"projects/b.json": b""}, "Ours")
    store.update("a", add_task("2"))
    assert local.branch.read().files["README.md"] == b"Edited\n"
    assert counted(store) == {"1": 1, "2": 1}


# Where it comes from


def test_a_commit_by_hand_is_in_the_log_with_its_author(store: MetadataStore, local: InGit, folder: Path) -> None:
    commit = git(folder, "commit-tree", "-p", REF, "-m", "Mend it", f"{REF}^{{tree}}")
    git(folder, "update-ref", REF, commit)
    (entry,) = local.branch.log(1)
    assert (entry.version, entry.author, entry.message.strip()) == (commit, "Ursula User", "Mend it")
    store.update("a", add_task("2"))
    assert [entry.author for entry in local.branch.log(9)] == ["ClaudeStep", "Ursula User", "ClaudeStep"]


def test_the_log_of_a_file_follows_no_rename_whatever_the_user_has_set(local: InGit, folder: Path) -> None:
    git(folder, "config", "log.follow", "true")
    first = local.branch.commit(None, {"projects/a.json": b"1\n" * 9}, "First")
    second = local.branch.commit(first, {"projects/a.json": None, "projects/b.json": b"1\n" * 9}, "Rename")
    assert [entry.version for entry in local.branch.log(9, "projects/b.json")] == [second]


def test_two_histories_that_were_joined_have_two_roots(store: MetadataStore, local: InGit, folder: Path) -> None:
    (root,) = local.branch.ancestry().roots
    other = git(folder, "commit-tree", "-m", "Begun elsewhere", f"{REF}^{{tree}}")
    git(folder, "update-ref", REF, git(folder, "commit-tree", "-p", REF, "-p", other, "-m", "J", f"{REF}^{{tree}}"))
    assert set(local.branch.ancestry().roots) == {root, other}
    store.update("a", add_task("2"))
    assert counted(store) == {"1": 1, "2": 1}


def test_a_copy_at_a_remote_is_unrelated_when_it_shares_no_commit(
    store: MetadataStore, local: InGit, folder: Path
) -> None:
    git(folder, "update-ref", "refs/remotes/origin/claudestep-metadata", REF)
    store.update("a", add_task("2"))
    assert local.branch.ancestry().unrelated == ()
    other = git(folder, "commit-tree", "-m", "Begun elsewhere", f"{REF}^{{tree}}")
    git(folder, "update-ref", "refs/remotes/upstream/claudestep-metadata", other)
    assert local.branch.ancestry().unrelated == ("upstream/claudestep-metadata",)


def test_a_copy_at_a_remote_has_diverged_when_each_has_commits_that_the_other_has_not(
    store: MetadataStore, local: InGit, folder: Path
) -> None:
    copy = "refs/remotes/origin/claudestep-metadata"
    git(folder, "update-ref", copy, REF)
    store.update("a", add_task("2"))
    assert local.branch.ancestry().diverged == (), "it is only behind"
    git(folder, "update-ref", copy, git(folder, "commit-tree", "-m", "Theirs", "-p", copy, f"{copy}^{{tree}}"))
    ancestry = local.branch.ancestry()
    assert (ancestry.diverged, ancestry.unrelated) == (("origin/claudestep-metadata",), ())
