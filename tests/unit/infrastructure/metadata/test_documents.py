from hashlib import sha1

import pytest

from claudestep.domain.errors import BrokenDocuments, ForeignBranch, InvalidDocument, NewerDocument
from claudestep.domain.observation import Snapshot
from claudestep.infrastructure.metadata import branch_readme, codec
from claudestep.infrastructure.metadata.documents import Documents, blob_id, read_documents
from tests.unit.builders import project, step

A, B = project(step(1), name="a"), project(name="b")
FILES = {
    "projects/b.json": codec.encode(B),
    "projects/a.json": codec.encode(A),
    "README.md": branch_readme.with_rows(None, {}),
    ".nojekyll": b"",
    "projects/notes.txt": b"not ours",
}


def test_the_documents_of_a_commit_are_its_projects_by_name() -> None:
    found = read_documents(Snapshot("v1", FILES))
    assert found == Documents("v1", {"a": A, "b": B}, {})
    assert list(found.projects) == ["a", "b"]
    assert found.require_whole() == {"a": A, "b": B}
    assert found.get("a") == A
    assert found.get("c") is None


def test_there_are_no_documents_when_there_is_no_branch() -> None:
    assert read_documents(Snapshot(None, {})) == Documents(None, {}, {})


def test_a_document_that_cannot_be_read_stands_apart_and_harms_no_other() -> None:
    """ "A corrupt file blocks writes to that project alone, is named"."""
    files = {**FILES, "projects/b.json": b"{", "projects/c.json": codec.encode(A)}
    found = read_documents(Snapshot("v1", files))
    assert found.projects == {"a": A}
    assert sorted(found.broken) == ["b", "c"]
    assert found.get("a") == A
    with pytest.raises(InvalidDocument, match=r"projects/b\.json"):
        found.get("b")


def test_a_query_over_all_fails_closed_and_names_what_is_broken() -> None:
    """ "A query that needs a broken document fails closed"."""
    found = read_documents(Snapshot("v1", {**FILES, "projects/b.json": b"{", "projects/c.json": b"{"}))
    with pytest.raises(BrokenDocuments, match=r"projects/b\.json.*\(and 1 more\)") as caught:
        found.require_whole()
    assert sorted(caught.value.problems) == ["b", "c"]


def test_a_document_of_a_newer_version_is_broken_and_says_what_to_install() -> None:
    newer = codec.encode(B).replace(b'"1.0"', b'"2.0"')
    found = read_documents(Snapshot("v1", {"projects/b.json": newer}))
    assert isinstance(found.broken["b"], NewerDocument)
    assert "pip install" in found.broken["b"].remedy


def test_a_document_that_is_not_utf_8_harms_no_other() -> None:
    not_utf_8 = codec.encode(B).replace(b'"b"', b'"\xff"')
    found = read_documents(Snapshot("v1", {**FILES, "projects/b.json": not_utf_8}))
    assert (found.projects, list(found.broken)) == ({"a": A}, ["b"])


@pytest.mark.parametrize("name", ["-a", "a b", "a|b", ""])
def test_a_document_is_broken_when_its_name_cannot_be_a_projects(name: str) -> None:
    found = read_documents(Snapshot("v1", {**FILES, f"projects/{name}.json": codec.encode(project(name=name))}))
    assert list(found.projects) == ["a", "b"]
    assert found.broken[name].problem.startswith("its name cannot be a project's")


def test_a_branch_is_refused_when_it_is_somebody_elses() -> None:
    with pytest.raises(ForeignBranch, match=r"LICENSE") as caught:
        read_documents(Snapshot("v1", {"src/main.py": b"", "LICENSE": b""}))
    assert "git branch -m" in caught.value.remedy


def test_a_version_is_the_id_that_git_gives_the_bytes() -> None:
    assert blob_id(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert blob_id(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"
    assert blob_id(b"x" * 1000) == sha1(b"blob 1000\0" + b"x" * 1000).hexdigest()  # noqa: S324  git's own
