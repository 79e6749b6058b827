"""An archive counts only where git would give its files the tree that the commit names."""

import gzip
import io
import subprocess
import tarfile
from pathlib import Path

import pytest

from claudestep.domain.errors import HostError, UnreadableReply
from claudestep.infrastructure.github.archive import unpack
from tests.contract.adapters import git, git_environment

FILES = {
    "README.md": b"# Read me\n",
    "a/b/c": b"",
    "a.b": b"sorts between a and a/",
    "a-b": bytes(range(256)),
    "projects/ümlaut ☃.json": b"{}",
    "x" * 120 + "/long": b"a long path",
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--initial-branch=main", "--template=", ".")
    for path, content in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    (tmp_path / "run").write_bytes(b"#!/bin/sh\n")
    (tmp_path / "run").chmod(0o755)
    return tmp_path


def archived(repository: Path) -> tuple[bytes, str]:
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "Files")
    command = ["git", "archive", "--format=tar.gz", "--prefix=o-r-0123456/", "HEAD"]
    done = subprocess.run(command, cwd=repository, env=dict(git_environment()), capture_output=True, check=True)
    return done.stdout, git(repository, "rev-parse", "HEAD^{tree}")


def packed(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as tar:
        for member, content in members:
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return held.getvalue()


def test_the_files_of_gits_own_archive_come_back(repository: Path) -> None:
    assert unpack(*archived(repository)) == FILES | {"run": b"#!/bin/sh\n"}


def test_an_archive_of_another_commit_is_refused(repository: Path) -> None:
    _, tree = archived(repository)
    (repository / "a.b").write_bytes(b"other")
    archive, _ = archived(repository)
    with pytest.raises(UnreadableReply, match="not those of the commit"):
        unpack(archive, tree)


def test_a_link_is_not_followed_and_refused(repository: Path) -> None:
    (repository / "link").symlink_to("/etc/passwd")
    with pytest.raises(UnreadableReply, match="not those of the commit"):
        unpack(*archived(repository))


@pytest.mark.parametrize("path", ["../outside", "a/../../b", "/absolute", ".git/config", ""])
def test_a_path_that_leads_out_is_refused(path: str) -> None:
    with pytest.raises(UnreadableReply, match="path"):
        unpack(packed((tarfile.TarInfo(f"top/{path}"), b"x")), "0" * 40)


@pytest.mark.parametrize("junk", [b"<html>", b"", gzip.compress(b"no tar" * 200)], ids=["page", "empty", "no tar"])
def test_what_is_no_archive_is_refused(junk: bytes) -> None:
    with pytest.raises(UnreadableReply):
        unpack(junk, "0" * 40)


def test_an_archive_that_was_cut_off_is_refused(repository: Path) -> None:
    archive, tree = archived(repository)
    for length in (len(archive) // 2, len(archive) - 40, len(archive) - 1):
        with pytest.raises(UnreadableReply):
            unpack(archive[:length], tree)


def test_a_small_archive_that_holds_too_much_is_refused() -> None:
    bomb = packed((tarfile.TarInfo("top/zeros"), bytes(3_000_000)))
    assert len(bomb) < 10_000
    with pytest.raises(HostError, match="more than 1 MiB") as caught:
        unpack(bomb, "0" * 40, most=1024**2)
    assert "projects" in caught.value.remedy
