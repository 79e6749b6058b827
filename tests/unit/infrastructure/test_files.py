import os
from pathlib import Path

import pytest

from claudestep.infrastructure.files import remove_tree, write_whole

ROOT = hasattr(os, "geteuid") and os.geteuid() == 0
not_as_root = pytest.mark.skipif(ROOT, reason="rights do not bind root")


def test_a_file_is_written_with_the_folders_that_it_needs(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "note.json"
    write_whole(path, b"one")
    assert path.read_bytes() == b"one"


def test_a_file_is_replaced_and_no_draft_is_left(tmp_path: Path) -> None:
    path = tmp_path / "note.json"
    write_whole(path, b"a long first text")
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [path]


def test_a_reader_sees_the_old_file_when_it_opened_it_before(tmp_path: Path) -> None:
    """ "a reader sees the old one or the new one, never a part"."""
    path = tmp_path / "note.json"
    write_whole(path, b"old")
    with path.open("rb") as reader:
        write_whole(path, b"new")
        assert reader.read() == b"old"
    assert path.read_bytes() == b"new"


def test_a_tree_is_removed_with_all_in_it(tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "deep" / "er" / "file").write_bytes(b"")
    remove_tree(folder)
    assert list(tmp_path.iterdir()) == []


def test_nothing_happens_when_there_is_no_tree(tmp_path: Path) -> None:
    remove_tree(tmp_path / "tree")
    assert list(tmp_path.iterdir()) == []


def test_what_a_link_in_a_tree_points_to_stays(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_bytes(b"mine")
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "to_folder").symlink_to(outside)
    (folder / "to_file").symlink_to(outside / "file")
    (folder / "to_nothing").symlink_to(tmp_path / "nothing")
    remove_tree(folder)
    assert (outside / "file").read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [outside]


@not_as_root
@pytest.mark.parametrize("mode", [0o500, 0o400, 0o000])
def test_a_tree_is_removed_when_its_folders_are_read_only(tmp_path: Path, mode: int) -> None:
    """ "read-only parts too"."""
    inner = tmp_path / "tree" / "deep" / "er"
    inner.mkdir(parents=True)
    (inner / "file").write_bytes(b"")
    for folder in (inner, inner.parent, inner.parent.parent):
        folder.chmod(mode)
    remove_tree(tmp_path / "tree")
    assert list(tmp_path.iterdir()) == []


@not_as_root
def test_what_a_link_points_to_keeps_its_rights_when_the_link_is_hard_to_remove(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"mine")
    outside.chmod(0o400)
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "link").symlink_to(outside)
    folder.chmod(0o500)
    remove_tree(folder)
    assert outside.stat().st_mode & 0o777 == 0o400


@pytest.mark.parametrize("target", ["outside", "nothing"])
def test_a_link_in_the_place_of_a_tree_is_removed_or_an_error(tmp_path: Path, target: str) -> None:
    """ "nothing is there afterwards, or an OSError says why"."""
    (tmp_path / "outside").mkdir()
    link = tmp_path / "tree"
    link.symlink_to(tmp_path / target)
    try:
        remove_tree(link)
    except OSError:
        return
    assert not link.is_symlink()
