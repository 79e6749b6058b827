"""What differs between two commits of real repositories, as the guards are told of it."""

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from claudestep.domain.errors import RepositoryError
from claudestep.domain.guarding import FileChange, Limits, refusal
from claudestep.infrastructure.git.changed_files import changed_files
from claudestep.infrastructure.git.command import Git, open_repository
from claudestep.infrastructure.process import CommandFailed
from tests.integration.repository import Repository

FILE, PROGRAM, LINK, SUBMODULE, GONE = "100644", "100755", "120000", "160000", "000000"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """One commit with a text, a text with CRLF, a binary file, a link and a submodule."""
    made = Repository(tmp_path).begin()
    made.write("crlf.txt", b"one\r\ntwo\r\n")
    made.write("image.bin", b"\0\1\2")
    (made.path / "link").symlink_to("file.txt")
    made.git("update-index", "--add", "--cacheinfo", f"{SUBMODULE},{made.git('rev-parse', 'HEAD')},vendor")
    (made.path / "vendor").mkdir()
    made.commit("Second commit")
    return made


def git_of(repository: Repository) -> Git:
    return open_repository(repository.path, repository.environment)


def changed(repository: Repository) -> dict[str, FileChange]:
    """What a commit of all that is in the work tree changes, by path."""
    repository.commit()
    found = changed_files(git_of(repository), "HEAD~", "HEAD")
    assert len({change.path for change in found}) == len(found)
    return {change.path: change for change in found}


def test_a_file_has_its_size_and_its_lines(repository: Repository) -> None:
    repository.write("file.txt", "other\nlines\n")
    repository.write("new.txt", "no line end")
    assert changed(repository) == {
        "file.txt": FileChange("file.txt", FILE, FILE, 12, 2, 1),
        "new.txt": FileChange("new.txt", GONE, FILE, 11, 1, 0),
    }


def test_a_removed_file_has_no_bytes_and_a_renamed_one_is_two(repository: Repository) -> None:
    (repository.path / "crlf.txt").rename(repository.path / "named.txt")
    (repository.path / "image.bin").unlink()
    assert changed(repository) == {
        "crlf.txt": FileChange("crlf.txt", FILE, GONE, 0, 0, 2),
        "image.bin": FileChange("image.bin", FILE, GONE, 0, None, None),
        "named.txt": FileChange("named.txt", GONE, FILE, 10, 2, 0),
    }


def test_other_line_ends_are_other_lines(repository: Repository) -> None:
    repository.write("crlf.txt", b"one\ntwo\n")
    assert changed(repository) == {"crlf.txt": FileChange("crlf.txt", FILE, FILE, 8, 2, 2)}


def test_a_binary_file_has_bytes_and_no_lines(repository: Repository) -> None:
    repository.write("image.bin", b"\0" * 5000)
    assert changed(repository) == {"image.bin": FileChange("image.bin", FILE, FILE, 5000, None, None)}


@pytest.mark.parametrize("name", ["file.txt", "image.bin"])
def test_a_mode_alone_changes_no_content(repository: Repository, name: str) -> None:
    (repository.path / name).chmod(0o755)
    size = (repository.path / name).stat().st_size
    change = changed(repository)[name]
    assert change == FileChange(name, FILE, PROGRAM, size, 0, 0)
    assert refusal([change], Limits(file_bytes=1)) is None


@pytest.mark.parametrize("target", ["file.txt", "../../etc/passwd", "/etc/passwd", 'a\nb\\"', b"\xff\xfe"])
def test_a_link_says_where_it_leads(repository: Repository, target: str | bytes) -> None:
    (repository.path / "new").symlink_to(os.fsdecode(target))
    raw = target.encode() if isinstance(target, str) else target
    said = raw.decode(errors="surrogateescape")
    assert changed(repository) == {"new": FileChange("new", GONE, LINK, len(raw), raw.count(b"\n") + 1, 0, said)}


def test_a_file_that_becomes_a_link_is_a_link_and_the_other_way_round(repository: Repository) -> None:
    (repository.path / "link").unlink()
    repository.write("link", "text\n")
    (repository.path / "file.txt").unlink()
    (repository.path / "file.txt").symlink_to("..")
    assert changed(repository) == {
        "link": FileChange("link", LINK, FILE, 5, 1, 1),
        "file.txt": FileChange("file.txt", FILE, LINK, 2, 1, 1, ".."),
    }


def test_what_is_too_long_for_a_link_leads_nowhere(repository: Repository) -> None:
    blob = repository.git("hash-object", "-w", "--stdin", stdin="x" * 5000)
    repository.git("update-index", "--add", "--cacheinfo", f"{LINK},{blob},long")
    repository.git("commit", "--quiet", "--message", "A link that nobody can make")
    (found,) = changed_files(git_of(repository), "HEAD~", "HEAD")
    assert found == FileChange("long", GONE, LINK, 5000, 1, 0, None)
    assert "nothing that can be read" in str(refusal([found], Limits()))


def test_a_submodule_is_told_whether_it_is_added_moved_or_removed(repository: Repository) -> None:
    at = repository.git("rev-parse", "HEAD")
    repository.git("update-index", "--cacheinfo", f"{SUBMODULE},{at},vendor")
    repository.git("update-index", "--add", "--cacheinfo", f"{SUBMODULE},{at},other")
    repository.git("commit", "--quiet", "--message", "Move it")
    git = git_of(repository)
    assert changed_files(git, "HEAD~", "HEAD") == (
        FileChange("other", GONE, SUBMODULE, 0, 1, 0),
        FileChange("vendor", SUBMODULE, SUBMODULE, 0, 1, 1),
    )
    assert changed_files(git, "HEAD", "HEAD~")[0] == FileChange("other", SUBMODULE, GONE, 0, 0, 1)


NAMES = [
    b"new\nline", b'quo"te', b"back\\slash", b"\xff\xfe not UTF-8", "größer 迁移".encode(), b"tab\there", b":raw",
    b" spaces ", b"-dash", b"a/b/c", b"-\t-\tx", b":100644 100644 a b M",
]  # fmt: skip


def test_a_name_may_have_any_bytes(repository: Repository) -> None:
    for name in NAMES:
        repository.write(os.fsdecode(name), name)
    found = changed(repository)
    assert {path.encode(errors="surrogateescape"): change.size for path, change in found.items()} == {
        name: len(name) for name in NAMES
    }
    assert [change.added for change in found.values()] == [name.count(b"\n") + 1 for name in sorted(NAMES)]


def test_what_an_agent_writes_into_gitattributes_hides_no_lines(repository: Repository) -> None:
    """Neither in the commits, nor in the index and the work tree that the user has."""
    repository.write(".gitattributes", "* binary\n*.txt -diff\n")
    repository.write("file.txt", "line\n" * 6000)
    found = changed(repository)
    assert found["file.txt"].added == 6000
    assert "6,003 lines" in str(refusal(found.values(), Limits()))


def test_a_submodule_that_git_is_told_to_ignore_is_not_ignored(repository: Repository) -> None:
    repository.write(".gitmodules", '[submodule "v"]\npath = vendor\nurl = ../v\nignore = all\n')
    repository.commit("Ignore it")
    for key, value in {"path": "vendor", "url": "../v", "ignore": "all"}.items():
        repository.git("config", f"submodule.v.{key}", value)
    git = git_of(repository)
    tree = git.text("rev-parse", "HEAD^{tree}")
    env = {"GIT_INDEX_FILE": str(repository.place / "index")}
    git.run("read-tree", tree, env=env)
    git.run("update-index", "--cacheinfo", f"{SUBMODULE},{repository.git('rev-parse', 'HEAD')},vendor", env=env)
    moved = git.text("write-tree", env=env)
    assert [change.path for change in changed_files(git, tree, moved)] == ["vendor"]


def test_the_configuration_of_the_user_changes_nothing(repository: Repository, tmp_path: Path) -> None:
    attributes = tmp_path / "attributes"
    attributes.write_text("* -diff\n")
    for key, value in {
        "core.attributesFile": str(attributes), "diff.renames": "copies", "diff.noprefix": "true",
        "diff.ignoreSubmodules": "all", "core.quotePath": "true", "core.abbrev": "7", "diff.external": "false",
    }.items():  # fmt: skip
        repository.git("config", "--global", key, value)
    (repository.path / "crlf.txt").rename(repository.path / "größer.txt")
    repository.git("update-index", "--cacheinfo", f"{SUBMODULE},{repository.git('rev-parse', 'HEAD')},vendor")
    found = changed(repository)
    assert found["größer.txt"] == FileChange("größer.txt", GONE, FILE, 10, 2, 0)
    assert set(found) == {"crlf.txt", "größer.txt", "vendor"}


@pytest.fixture
def started(repository: Repository, tmp_path: Path) -> Callable[[], list[str]]:
    """The commands of git that were started: a program that notes them stands before git on the PATH."""
    real = subprocess.run(["which", "git"], capture_output=True, text=True, check=True).stdout.strip()
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "git").write_text(f'#!/bin/sh\necho "$*" >> "{tmp_path}/started"\nexec {real} "$@"\n')
    (programs / "git").chmod(0o755)
    repository.environment["PATH"] = f"{programs}:{repository.environment['PATH']}"
    return lambda: (tmp_path / "started").read_text().splitlines()


def test_many_files_take_as_many_processes_as_few(
    repository: Repository, started: Callable[[], list[str]], tmp_path: Path
) -> None:
    for number in range(3000):
        repository.write(f"many/{number % 30}/{number}.txt", f"{number}\n" * (number % 4))
    for number in range(300):
        (repository.path / f"many/link-{number}").symlink_to(f"{number}/x")
    repository.commit()
    git = git_of(repository)
    (tmp_path / "started").unlink()

    found = changed_files(git, "HEAD~", "HEAD")

    assert len(found) == 3300
    assert sum(change.lines for change in found) == 750 * (1 + 2 + 3) + 300
    by_path = {change.path: change for change in found}
    assert by_path["many/link-299"].link_target == "299/x"
    assert by_path["many/29/2999.txt"].size == 3 * len("2999\n")
    assert len(started()) <= 4


def test_nothing_differs_between_a_commit_and_itself(
    repository: Repository, started: Callable[[], list[str]], tmp_path: Path
) -> None:
    git = git_of(repository)
    (tmp_path / "started").unlink()
    assert changed_files(git, "HEAD", "HEAD^{tree}") == ()
    assert len(started()) == 1


def _objects(repository: Repository) -> Iterator[Path]:
    return (path for path in (repository.git_folder / "objects").rglob("*") if path.is_file())


@pytest.mark.parametrize("name", ["new.bin", "new-link"])
def test_an_object_that_is_not_there_is_an_error_and_no_empty_file(repository: Repository, name: str) -> None:
    before = set(_objects(repository))
    if name == "new.bin":
        repository.write(name, b"\0" * 10)
    else:
        (repository.path / name).symlink_to("nowhere")
    repository.commit()
    oid = repository.git("rev-parse", f"HEAD:{name}")
    (gone,) = [path for path in set(_objects(repository)) - before if f"{path.parent.name}{path.name}" == oid]
    gone.unlink()
    with pytest.raises((RepositoryError, CommandFailed)):
        changed_files(git_of(repository), "HEAD~", "HEAD")


def test_a_commit_that_is_not_there_is_an_error(repository: Repository) -> None:
    with pytest.raises(CommandFailed):
        changed_files(git_of(repository), "HEAD", "0" * 40)


def test_what_is_found_is_what_the_guards_refuse(repository: Repository) -> None:
    repository.write(".github/workflows/ci.yml", "on: push\n")
    found = changed(repository)
    assert "`allowChanges`" in str(refusal(found.values(), Limits()))
    assert refusal(found.values(), replace(Limits(), allowed=(".github/",))) is None
