"""Labels, assignees, comments and issues by REST."""

import pytest

from tests.github_server.fixture import GitHubServer, RemoteRepository
from tests.github_server.rest_client import Rest, said


@pytest.fixture
def repository(github: GitHubServer) -> RemoteRepository:
    """A repository with a pull request, number 1."""
    made = github.new_repository({"README.md": "hello\n"})
    made.branch("step")
    made.commit("step", {"a.txt": "one\n"})
    made.open_pull("step")
    return made


@pytest.fixture
def rest(repository: RemoteRepository) -> Rest:
    return Rest.of(repository)


def test_a_label_that_does_not_exist_is_made_when_it_is_put_on(repository: RemoteRepository, rest: Rest) -> None:
    put = rest.post("/issues/1/labels", labels=["claudestep", "new"])

    assert [label["name"] for label in put.json] == ["claudestep", "new"]
    assert repository.pull(1)["labels"] == ["claudestep", "new"]
    assert rest.get("/labels/new").json["color"] == "ededed"


@pytest.mark.malformed("served, and no longer described")
def test_labels_may_be_a_bare_array(rest: Rest) -> None:
    assert [label["name"] for label in rest.send("POST", "/issues/1/labels", ["a"]).json] == ["a"]


def test_labels_are_replaced_and_taken_off(rest: Rest) -> None:
    rest.post("/issues/1/labels", labels=["a", "b"])

    assert [label["name"] for label in rest.put("/issues/1/labels", labels=["b", "c"]).json] == ["b", "c"]
    assert [label["name"] for label in rest.delete("/issues/1/labels/b").json] == ["c"]
    assert said(rest.delete("/issues/1/labels/b")) == (404, "Label does not exist")


def test_a_label_is_made_once_in_any_case(rest: Rest) -> None:
    made = rest.post("/labels", name="Big", color="FF0000", description="d")
    again = rest.post("/labels", name="big", color="00ff00")

    assert (made.status, made.json["color"]) == (201, "ff0000")
    assert said(again) == (422, "Validation Failed")
    assert again.json["errors"][0]["code"] == "already_exists"
    assert rest.post("/labels", name="x", color="red").status == 422


def test_a_label_is_changed_and_deleted_everywhere(repository: RemoteRepository, rest: Rest) -> None:
    rest.post("/issues/1/labels", labels=["old"])

    rest.patch("/labels/old", new_name="new")
    assert repository.pull(1)["labels"] == ["new"]
    assert rest.delete("/labels/new").status == 204
    assert repository.pull(1)["labels"] == []
    assert rest.get("/labels").json == []


def test_assignees_must_be_able_to_be_assigned(repository: RemoteRepository, rest: Rest) -> None:
    assert rest.post("/issues/1/assignees", assignees=["alice"]).status == 201
    assert rest.post("/issues/1/assignees", assignees=["nobody"]).status == 422
    assert repository.pull(1)["assignees"] == ["alice"]
    assert rest.get("/assignees/alice").status == 204
    assert rest.get("/assignees/nobody").status == 404


def test_comments_are_kept(rest: Rest) -> None:
    made = rest.post("/issues/1/comments", body="hello")

    assert (made.status, made.json["user"]["login"]) == (201, "octo-dev")
    assert [comment["body"] for comment in rest.get("/issues/1/comments").json] == ["hello"]
    assert rest.post("/issues/1/comments", body=" ").status == 422


def test_pull_requests_are_among_the_issues(rest: Rest) -> None:
    rest.post("/issues", title="A question", labels=["a"])
    rest.post("/issues/1/labels", labels=["a", "b"])

    both = rest.get("/issues?labels=a").json
    one = rest.get("/issues?labels=a,b").json

    assert [("pull_request" in thread, thread["number"]) for thread in both] == [(False, 2), (True, 1)]
    assert [thread["number"] for thread in one] == [1]


def test_a_pull_request_is_changed_as_an_issue(repository: RemoteRepository, rest: Rest) -> None:
    rest.patch("/issues/1", title="T2", labels=["x"], assignees=["bob"], state="closed")

    pull = repository.pull(1)
    assert (pull["title"], pull["labels"], pull["assignees"], pull["state"]) == ("T2", ["x"], ["bob"], "CLOSED")


@pytest.mark.parametrize(("permission", "status"), [("issues", 200), ("pull_requests", 200), ("contents", 403)])
def test_either_permission_puts_a_label_on_a_pull_request(
    github: GitHubServer, repository: RemoteRepository, permission: str, status: int
) -> None:
    names = ("contents", "issues", "pull_requests")
    permissions = {name: "write" if name == permission else "read" for name in names}
    github.add_user("", f"token-{permission}", "actions", permissions)

    assert Rest.of(repository, f"token-{permission}").post("/issues/1/labels", labels=["x"]).status == status
