"""The Contents API: statuses, texts and limits of size (github-facts, section 1), and archives (section 4)."""

import base64
import io
import tarfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.github_server.asking import Heard
from tests.github_server.fixture import Fault, GitHubServer, RemoteRepository
from tests.github_server.rest_client import Rest, said

NO_SHA = 'Invalid request.\n\n"sha" wasn\'t supplied.'


@pytest.fixture
def repository(github: GitHubServer) -> RemoteRepository:
    return github.new_repository({"README.md": "hello\n", "src/a.py": "a = 1\n"})


@pytest.fixture
def rest(repository: RemoteRepository) -> Rest:
    return Rest.of(repository)


def put(rest: Rest, path: str, text: str, **more: object) -> Heard:
    content = base64.b64encode(text.encode()).decode()
    return rest.put(f"/contents/{path}", message="Put", content=content, **more)


def test_a_file_comes_in_base64(repository: RemoteRepository, rest: Rest) -> None:
    got = rest.get("/contents/src/a.py?ref=main").json

    assert (got["type"], got["path"], got["size"], got["encoding"]) == ("file", "src/a.py", 6, "base64")
    assert base64.b64decode(got["content"]) == b"a = 1\n"
    assert got["sha"] == repository.git("rev-parse", "main:src/a.py")


def test_a_path_may_be_encoded_as_a_whole(rest: Rest) -> None:
    assert rest.get("/contents/src%2Fa.py").json["path"] == "src/a.py"


def test_a_folder_is_an_array_or_an_object_when_asked(rest: Rest) -> None:
    plain = rest.get("/contents").json
    wrapped = rest.get("/contents/src", accept="application/vnd.github.object+json").json

    assert [(each["name"], each["type"]) for each in plain] == [("README.md", "file"), ("src", "dir")]
    assert [each["path"] for each in wrapped["entries"]] == ["src/a.py"]


def test_a_file_comes_raw_when_asked(rest: Rest) -> None:
    assert rest.get("/contents/README.md", accept="application/vnd.github.raw+json").body == b"hello\n"


def test_what_is_not_there(rest: Rest) -> None:
    assert said(rest.get("/contents/none")) == (404, "Not Found")
    assert said(rest.get("/contents/src/")) == (404, "Not Found")
    assert said(rest.get("/contents/README.md?ref=none")) == (404, "No commit found for the ref none")


def test_a_big_file_comes_without_content(repository: RemoteRepository, rest: Rest) -> None:
    repository.commit("main", {"big": b"x" * 1_000_001, "small": b"x" * 1_000_000})

    big, small = rest.get("/contents/big").json, rest.get("/contents/small").json

    assert (big["content"], big["encoding"], big["size"]) == ("", "none", 1_000_001)
    assert small["encoding"] == "base64"
    assert len(rest.get("/contents/big", accept="application/vnd.github.raw+json").body) == 1_000_001


def test_a_folder_shows_a_thousand_entries(repository: RemoteRepository, rest: Rest) -> None:
    repository.commit("main", {f"many/{number}": "x" for number in range(1001)})

    assert len(rest.get("/contents/many").json) == 1000


def test_a_file_is_created_updated_and_deleted(repository: RemoteRepository, rest: Rest) -> None:
    created = put(rest, "new/b.py", "b = 1\n")
    sha = created.json["content"]["sha"]
    updated = put(rest, "new/b.py", "b = 2\n", sha=sha)
    assert (created.status, updated.status) == (201, 200)
    assert repository.show("new/b.py") == "b = 2\n"
    assert repository.head() == updated.json["commit"]["sha"]

    deleted = rest.delete("/contents/new/b.py", message="Gone", sha=updated.json["content"]["sha"])

    assert (deleted.status, deleted.json["content"]) == (200, None)
    assert rest.get("/contents/new").status == 404


@pytest.mark.malformed("a deletion without the id")
def test_an_update_needs_the_present_id_of_the_file(rest: Rest) -> None:
    stale = "0" * 40

    assert said(put(rest, "README.md", "x")) == (422, NO_SHA)
    assert said(put(rest, "README.md", "x", sha=stale)) == (409, f"README.md does not match {stale}")
    assert said(rest.delete("/contents/README.md", message="m")) == (422, NO_SHA)
    refused = rest.delete("/contents/README.md", message="m", sha=stale)
    assert said(refused) == (409, f"README.md does not match {stale}")


def test_a_write_to_a_missing_branch(rest: Rest) -> None:
    assert said(put(rest, "x", "x", branch="none")) == (404, "Branch none not found")


@pytest.mark.malformed("a branch in the query")
def test_the_branch_of_a_write_stands_in_the_body_only(repository: RemoteRepository, rest: Rest) -> None:
    repository.branch("side")

    put(rest, "only-here?ref=side", "x")

    assert "only-here" in repository.git("ls-tree", "--name-only", "main")


def test_a_write_begins_an_empty_repository(github: GitHubServer) -> None:
    empty = github.new_repository()
    rest = Rest.of(empty)
    assert said(rest.get("/contents/a")) == (404, "This repository is empty.")

    assert put(rest, "a", "1").status == 201
    assert empty.show("a") == "1"


def test_a_write_whose_branch_moves_meanwhile_loses_even_on_another_file(
    repository: RemoteRepository, rest: Rest
) -> None:
    before = repository.head()
    repository.fault(Fault(kind="move", on="PUT *", files={"other": "theirs"}))

    lost = put(rest, "mine", "x")

    assert said(lost) == (409, f"is at {repository.head()} but expected {before}")
    assert repository.git("ls-tree", "--name-only", "main").splitlines() == ["README.md", "other", "src"]


def test_writers_at_once_lose_nothing(repository: RemoteRepository, rest: Rest) -> None:
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda number: put(rest, f"f{number}", "x"), range(16)))

    won = {f"f{number}" for number, reply in enumerate(replies) if reply.status == 201}
    assert {reply.status for reply in replies} <= {201, 409}
    assert won == {name for name in repository.git("ls-tree", "--name-only", "main").splitlines() if name[0] == "f"}


def test_a_rule_refuses_a_write(repository: RemoteRepository, rest: Rest) -> None:
    repository.configure(rules=[{"pattern": "main"}])

    words = "Repository rule violations found\n\nChanges must be made through a pull request.\n\n"
    assert said(put(rest, "x", "x")) == (409, words)


WRONG_TYPE = pytest.mark.malformed("content of another type")


@pytest.mark.parametrize(
    "content", ["%%%", pytest.param(5, marks=WRONG_TYPE), pytest.param(None, marks=WRONG_TYPE)]
)
def test_content_must_be_base64(rest: Rest, content: object) -> None:
    assert rest.put("/contents/x", message="m", content=content).status == 422


def test_a_tarball_is_fetched_elsewhere_without_credentials(repository: RemoteRepository, rest: Rest) -> None:
    redirect = rest.get("/tarball/main")
    link = redirect.headers["location"]
    archive = Rest.nobody(repository.server).get(link[link.index("/o/") :])

    assert redirect.status == 302
    assert link.startswith("http://localhost:")
    with tarfile.open(fileobj=io.BytesIO(archive.body), mode="r:gz") as tar:
        top = f"{repository.name.replace('/', '-')}-{repository.head()[:7]}"
        assert tar.getnames() == [top, f"{top}/README.md", f"{top}/src", f"{top}/src/a.py"]


def test_the_link_to_a_tarball_expires(github: GitHubServer, repository: RemoteRepository, rest: Rest) -> None:
    link = rest.get(f"/tarball/{repository.head()}").headers["location"]
    github.advance(301)

    assert Rest.nobody(github).get(link[link.index("/o/") :]).status == 404


def test_a_tarball_of_what_is_not_there(rest: Rest) -> None:
    assert rest.get("/tarball/none").status == 404
