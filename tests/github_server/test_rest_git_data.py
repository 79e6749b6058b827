"""The Git Data API: real objects, and GitHub's words (github-facts, section 2)."""

import base64
import hashlib

import pytest

from tests.github_server.fixture import Fault, GitHubServer, RemoteRepository
from tests.github_server.rest_client import Rest, said

ABSENT = "1234567890" * 4


@pytest.fixture
def repository(github: GitHubServer) -> RemoteRepository:
    return github.new_repository({"README.md": "hello\n", "src/a.py": "a = 1\n", "src/b.py": "b = 2\n"})


@pytest.fixture
def rest(repository: RemoteRepository) -> Rest:
    return Rest.of(repository)


def git_id(kind: str, data: bytes) -> str:
    return hashlib.sha1(b"%s %d\0%s" % (kind.encode(), len(data), data), usedforsecurity=False).hexdigest()


def commit_of(rest: Rest, tree: str, *parents: str) -> str:
    reply = rest.post("/git/commits", message="Made by REST", tree=tree, parents=list(parents))
    assert reply.status == 201, reply.body
    return str(reply.json["sha"])


def tree_of(rest: Rest, **files: str) -> str:
    entries = [{"path": path, "mode": "100644", "type": "blob", "content": text} for path, text in files.items()]
    reply = rest.post("/git/trees", tree=entries)
    assert reply.status == 201, reply.body
    return str(reply.json["sha"])


def test_a_blob_has_the_id_that_git_gives_it(rest: Rest) -> None:
    made = rest.post("/git/blobs", content=base64.b64encode(b"\x00\xff").decode(), encoding="base64")
    got = rest.get(f"/git/blobs/{made.json['sha']}")

    assert (made.status, made.json["sha"]) == (201, git_id("blob", b"\x00\xff"))
    assert (got.json["content"], got.json["encoding"], got.json["size"]) == ("AP8=\n", "base64", 2)


def test_a_blob_comes_raw_when_asked_so(rest: Rest) -> None:
    made = rest.post("/git/blobs", content="hé", encoding="utf-8")

    assert (
        rest.get(f"/git/blobs/{made.json['sha']}", accept="application/vnd.github.raw+json").body == "hé".encode()
    )


def test_a_blob_that_is_not_there(rest: Rest) -> None:
    assert said(rest.get(f"/git/blobs/{ABSENT}")) == (404, "Not Found")
    assert rest.get("/git/blobs/abc").status == 422


def test_a_tree_upon_another_keeps_what_it_does_not_name(repository: RemoteRepository, rest: Rest) -> None:
    new = {"path": "src/c.py", "mode": "100755", "type": "blob", "content": "c = 3\n"}
    gone = {"path": "src/b.py", "mode": "100644", "type": "blob", "sha": None}

    made = rest.post("/git/trees", base_tree=repository.head(), tree=[new, gone])

    listed = repository.git("ls-tree", "-r", "--format=%(objectmode) %(path)", made.json["sha"])
    assert listed.splitlines() == ["100644 README.md", "100644 src/a.py", "100755 src/c.py"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"path": "none", "mode": "100644", "type": "blob", "sha": None}, "GitRPC::BadObjectState"),
        ({"path": "/a", "mode": "100644", "content": ""}, "tree.path cannot start with a slash"),
        ({"path": "a/../b", "mode": "100644", "content": ""}, "tree.path contains a malformed path component"),
        pytest.param(
            {"path": "a", "mode": "100000", "content": ""},
            "Must supply a valid tree.mode",
            marks=pytest.mark.malformed("a mode that there is not"),
        ),
        ({"path": "a", "mode": "100644", "sha": ABSENT}, f"tree.sha {ABSENT} is not a valid blob"),
    ],
)
def test_a_tree_that_cannot_be(rest: Rest, entry: dict[str, object], words: str) -> None:
    assert said(rest.post("/git/trees", tree=[entry])) == (422, words)


def test_a_tree_is_read_by_branch_by_path_and_as_a_whole(repository: RemoteRepository, rest: Rest) -> None:
    shallow, deep = rest.get("/git/trees/main").json, rest.get("/git/trees/main?recursive=1").json
    inner = rest.get("/git/trees/main:src").json

    assert [(each["path"], each["type"]) for each in shallow["tree"]] == [("README.md", "blob"), ("src", "tree")]
    assert [each["path"] for each in deep["tree"]] == ["README.md", "src", "src/a.py", "src/b.py"]
    assert inner["sha"] == repository.git("rev-parse", "main:src")
    assert not deep["truncated"]


def test_a_commit_without_parents_is_an_orphan(repository: RemoteRepository, rest: Rest) -> None:
    oid = commit_of(rest, tree_of(rest, a="1"))

    assert repository.git("rev-list", "--parents", oid) == oid
    assert rest.get(f"/git/commits/{oid}").json["verification"] == {
        "verified": False, "reason": "unsigned", "signature": None, "payload": None, "verified_at": None,
    }  # fmt: skip


def test_a_commit_may_name_its_people_and_its_time(rest: Rest) -> None:
    person = {"name": "Ann", "email": "ann@example.com", "date": "2026-01-02T03:04:05Z"}

    made = rest.post("/git/commits", message="m", tree=tree_of(rest, a="1"), author=person)

    assert made.json["author"] == made.json["committer"] == person


def test_a_commit_of_what_is_not_there(rest: Rest) -> None:
    tree = tree_of(rest, a="1")

    assert said(rest.post("/git/commits", message="m", tree=ABSENT)) == (422, "Tree SHA does not exist")
    refused = rest.post("/git/commits", message="m", tree=tree, parents=[ABSENT])
    assert said(refused) == (422, "Parent SHA does not exist or is not a commit object")


def test_a_ref_is_created_once(repository: RemoteRepository, rest: Rest) -> None:
    oid = commit_of(rest, tree_of(rest, a="1"))

    made = rest.post("/git/refs", ref="refs/heads/metadata", sha=oid)
    again = rest.post("/git/refs", ref="refs/heads/metadata", sha=repository.head())

    assert (made.status, made.json["object"]["sha"]) == (201, oid)
    assert said(again) == (422, "Reference already exists")
    assert repository.head("metadata") == oid


@pytest.mark.malformed("a ref without a name")
def test_a_ref_that_cannot_be(repository: RemoteRepository, rest: Rest) -> None:
    assert said(rest.post("/git/refs", ref="refs/heads/x", sha=ABSENT)) == (422, "Object does not exist")
    for name in ("heads/x", "refs/x", "refs/heads/a..b", "refs/heads/refs/x"):
        assert rest.post("/git/refs", ref=name, sha=repository.head()).status == 422, name
    assert said(rest.post("/git/refs", sha=repository.head())) == (
        422,
        'Invalid request.\n\n"ref" wasn\'t supplied.',
    )


def test_a_ref_moves_forward_only_unless_forced(repository: RemoteRepository, rest: Rest) -> None:
    before = repository.head()
    sideways = commit_of(rest, tree_of(rest, a="1"))
    forward = commit_of(rest, tree_of(rest, a="1"), before)

    assert said(rest.patch("/git/refs/heads/main", sha=sideways, force=False)) == (
        422,
        "Update is not a fast forward",
    )
    assert rest.patch("/git/refs/heads/main", sha=forward).json["object"]["sha"] == forward
    assert rest.patch("/git/refs/heads/main", sha=sideways, force=True).status == 200
    assert repository.head() == sideways


def test_a_ref_that_is_not_there_does_not_move(repository: RemoteRepository, rest: Rest) -> None:
    assert said(rest.patch("/git/refs/heads/x", sha=repository.head())) == (422, "Reference does not exist")
    assert said(rest.delete("/git/refs/heads/x")) == (422, "Reference does not exist")
    assert said(rest.get("/git/ref/heads/x")) == (404, "Not Found")


def test_refs_of_any_namespace_are_listed_by_their_beginning(repository: RemoteRepository, rest: Rest) -> None:
    for name in ("refs/heads/ab", "refs/heads/ac", "refs/own/ab"):
        assert rest.post("/git/refs", ref=name, sha=repository.head()).status == 201

    assert [each["ref"] for each in rest.get("/git/matching-refs/heads/a").json] == [
        "refs/heads/ab",
        "refs/heads/ac",
    ]
    assert [each["ref"] for each in rest.get("/git/matching-refs/own").json] == ["refs/own/ab"]
    assert rest.delete("/git/refs/own/ab").status == 204
    assert rest.get("/git/matching-refs/own").json == []


def test_an_empty_repository_has_no_git_data(github: GitHubServer) -> None:
    rest = Rest.of(github.new_repository())

    for reply in (
        rest.post("/git/blobs", content="x"),
        rest.post("/git/trees", tree=[]),
        rest.post("/git/refs", ref="refs/heads/main", sha=ABSENT),
        rest.get("/git/trees/main"),
        rest.get("/git/matching-refs/heads"),
    ):
        assert said(reply) == (409, "Git Repository is empty.")


def test_rules_refuse_refs(repository: RemoteRepository, rest: Rest) -> None:
    repository.configure(rules=[{"pattern": "main"}, {"pattern": "closed/*", "kind": "creation"}])
    head = repository.head()
    forward = commit_of(rest, tree_of(rest, a="1"), head)

    moved = rest.patch("/git/refs/heads/main", sha=forward)
    made = rest.post("/git/refs", ref="refs/heads/closed/x", sha=head)

    words = "Repository rule violations found\n\nChanges must be made through a pull request.\n\n"
    assert said(moved) == (422, words)
    assert said(made) == (422, "Reference update failed")
    assert repository.head() == head


def test_a_reading_token_writes_nothing(github: GitHubServer, repository: RemoteRepository) -> None:
    github.add_user("reader", "token-of-a-reader", "read")
    rest = Rest.of(repository, "token-of-a-reader")

    refused = rest.post("/git/refs", ref="refs/heads/x", sha=repository.head())

    assert refused.status == 403
    assert refused.headers["x-accepted-github-permissions"] == "contents=write"
    assert "refs/heads/x" not in repository.refs()


def test_matching_refs_lag_as_a_single_one_does(repository: RemoteRepository, rest: Rest) -> None:
    before = repository.head()
    repository.commit("main", {"README.md": "other\n"})
    for path in ("/git/matching-refs/heads/main", "/git/ref/heads/main"):
        repository.fault(Fault(kind="lag", seconds=300))
        assert before in rest.get(path).body.decode()
        assert before not in rest.get(path).body.decode()
