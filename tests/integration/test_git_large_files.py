"""Large files of Git LFS are sent before the branch whose pointers lead to them.

git-lfs is a program of others that is not everywhere: a script stands in for it and notes how it was called.
"""

import hashlib
from pathlib import Path

import pytest

from claudestep.infrastructure.hosting.port import PublishRefused
from tests.github_server.fixture import GitHubServer, RemoteRepository
from tests.integration.server_clone import ServerClone

BRANCH = "claude-step-p-1"
CONTENT = b"a large file"
OID = hashlib.sha256(CONTENT).hexdigest()
POINTER = f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID}\nsize {len(CONTENT)}\n"


@pytest.fixture
def source(github: GitHubServer) -> RemoteRepository:
    return github.new_repository({"file.txt": "first\n"})


@pytest.fixture
def clone(github: GitHubServer, source: RemoteRepository, tmp_path: Path) -> ServerClone:
    """A clone on whose PATH is a git-lfs."""
    clone = ServerClone(github, source, tmp_path)
    programs = tmp_path / "bin"
    programs.mkdir()
    clone.environment["PATH"] = f"{programs}:{clone.environment['PATH']}"
    _install(clone, "exit 0")
    return clone


def _install(clone: ServerClone, ending: str) -> None:
    program = clone.place / "bin/git-lfs"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >> "{clone.place}/calls"\n{ending}\n')
    program.chmod(0o755)


def _calls(clone: ServerClone) -> list[str]:
    calls = clone.place / "calls"
    return calls.read_text().split() if calls.exists() else []


def _store(folder: Path) -> None:
    file = folder / "objects" / OID[:2] / OID[2:4] / OID
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENT)


def _publish(clone: ServerClone, files: dict[str, str | bytes]) -> None:
    clone.step_git().publish(BRANCH, clone.commit("main", files))


@pytest.mark.parametrize("storage", ["", "elsewhere"])
def test_they_are_sent_before_the_branch(clone: ServerClone, storage: str) -> None:
    if storage:
        clone.git("config", "lfs.storage", storage)
    _store(clone.git_folder / (storage or "lfs"))
    _install(clone, f'test -z "$(git -C "{clone.source.path}" branch --list {BRANCH})"')
    _publish(clone, {"large.bin": POINTER, "small.txt": "small\n"})
    assert _calls(clone) == ["push", "--object-id", clone.url, OID]
    assert clone.source.git("branch", "--list", BRANCH)


def test_a_branch_whose_large_files_are_not_taken_is_not_published(clone: ServerClone) -> None:
    _store(clone.git_folder / "lfs")
    _install(clone, 'echo "batch response: you are over your data quota" >&2; exit 2')
    with pytest.raises(PublishRefused) as caught:
        _publish(clone, {"large.bin": POINTER})
    assert "over your data quota" in str(caught.value)
    assert caught.value.remedy
    assert not clone.source.git("branch", "--list", BRANCH)


def test_nothing_is_sent_that_is_not_here(clone: ServerClone) -> None:
    """A pointer that was moved leads to what the server has already."""
    _publish(clone, {"moved.bin": POINTER})
    assert _calls(clone) == []


@pytest.mark.parametrize("content", [f"A text about {POINTER}", f"{POINTER}{'x' * 1024}"])
def test_what_looks_like_a_pointer_is_none(clone: ServerClone, content: str) -> None:
    _store(clone.git_folder / "lfs")
    _publish(clone, {"large.txt": content})
    assert _calls(clone) == []
