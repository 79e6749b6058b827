"""Pull requests by REST: what is refused and how, filters, merging, reviewers."""

import pytest

from tests.github_server.asking import Heard
from tests.github_server.fixture import GitHubServer, RemoteRepository
from tests.github_server.rest_client import Rest, said


@pytest.fixture
def repository(github: GitHubServer) -> RemoteRepository:
    """A repository with a branch that is ahead of main."""
    made = github.new_repository({"README.md": "hello\n"})
    made.branch("step")
    made.commit("step", {"a.txt": "one\n", "b.txt": "two\n"})
    return made


@pytest.fixture
def rest(repository: RemoteRepository) -> Rest:
    return Rest.of(repository)


def open_pull(rest: Rest, head: str = "step", **more: object) -> Heard:
    return rest.post("/pulls", **{"title": "T", "body": "B", "head": head, "base": "main", **more})


def reason(reply: Heard) -> str:
    """The message of the one error that a failed validation lists."""
    assert said(reply) == (422, "Validation Failed")
    (error,) = reply.json["errors"]
    return str(error.get("message", ""))


@pytest.mark.malformed("a number that is none")
def test_a_pull_request_is_opened_and_got(repository: RemoteRepository, rest: Rest) -> None:
    made = open_pull(rest, draft=True)
    got = rest.get("/pulls/1").json

    assert (made.status, made.json["number"]) == (201, 1)
    assert (got["title"], got["body"], got["draft"], got["state"]) == ("T", "B", True, "open")
    assert got["head"]["sha"] == repository.head("step")
    assert (got["head"]["label"], got["base"]["ref"]) == ("o:step", "main")
    assert (got["merged"], got["mergeable"], got["mergeable_state"], got["commits"]) == (False, True, "clean", 1)
    assert rest.get("/pulls/2").status == 404
    assert rest.get("/pulls/x").status == 404


def test_a_second_one_for_the_same_branch_is_refused(rest: Rest) -> None:
    open_pull(rest)

    assert reason(open_pull(rest)) == "A pull request already exists for o:step."


def test_one_without_commits_or_branches_is_refused(repository: RemoteRepository, rest: Rest) -> None:
    repository.branch("same")

    assert reason(open_pull(rest, "same")) == "No commits between main and same"
    assert open_pull(rest, "none").json["errors"][0]["field"] == "head"
    assert open_pull(rest, base="none").json["errors"][0]["field"] == "base"
    assert said(rest.post("/pulls", head="step", base="main")) == (
        422,
        'Invalid request.\n\n"title" wasn\'t supplied.',
    )


def test_a_workflow_may_be_forbidden_to_open_one(github: GitHubServer, repository: RemoteRepository) -> None:
    github.add_user("", "token-of-a-workflow", "actions")
    repository.configure(settings={"actions_may_open_pulls": False})

    refused = open_pull(Rest.of(repository, "token-of-a-workflow"))

    assert said(refused) == (403, "GitHub Actions is not permitted to create or approve pull requests.")


def test_a_token_without_the_permission_is_told_which(github: GitHubServer, repository: RemoteRepository) -> None:
    github.add_user("", "token-without-pulls", "actions", {"pull_requests": "read"})

    refused = open_pull(Rest.of(repository, "token-without-pulls"))

    assert said(refused) == (403, "Resource not accessible by integration")
    assert refused.headers["x-accepted-github-permissions"] == "pull_requests=write"


def test_lists_are_filtered_and_sorted(repository: RemoteRepository, rest: Rest) -> None:
    repository.branch("other")
    repository.commit("other", {"c.txt": "three\n"})
    repository.branch("release")
    repository.open_pull("step")
    repository.open_pull("other", "release")
    repository.close(1)

    def numbers(query: str) -> list[int]:
        return [pull["number"] for pull in rest.get(f"/pulls?{query}").json]

    assert numbers("") == [2]
    assert numbers("state=all") == [2, 1]
    assert numbers("state=all&direction=asc") == [1, 2]
    assert numbers("state=all&sort=updated&direction=desc") == [1, 2]
    assert numbers("state=closed") == [1]
    assert numbers("state=all&head=o:step") == [1]
    assert numbers("state=all&head=step") == [2, 1]  # GitHub ignores a head without its owner
    assert numbers("base=main") == []


def test_lists_come_in_pages(repository: RemoteRepository, rest: Rest) -> None:
    for number in range(5):
        repository.commit("step", {f"{number}": "x"})
        repository.branch(f"b{number}", "step")
        repository.open_pull(f"b{number}")

    page = rest.get("/pulls?per_page=2&page=2")

    assert [pull["number"] for pull in page.json] == [3, 2]
    links = page.headers["link"].split(", ")
    assert any(link.endswith('/pulls?per_page=2&page=3>; rel="next"') for link in links)
    assert [link.rpartition("=")[2] for link in links] == ['"prev"', '"next"', '"last"', '"first"']
    assert "link" not in rest.get("/pulls").headers


@pytest.mark.malformed("a state that there is not")
def test_one_is_changed_closed_and_opened_again(rest: Rest) -> None:
    open_pull(rest)

    assert rest.patch("/pulls/1", title="T2", body="B2").json["title"] == "T2"
    assert rest.patch("/pulls/1", state="closed").json["state"] == "closed"
    assert rest.patch("/pulls/1", state="open").json["state"] == "open"
    assert rest.patch("/pulls/1", state="odd").status == 422
    assert rest.patch("/pulls/1", base="none").json["errors"][0]["field"] == "base"


def test_one_is_merged_once(repository: RemoteRepository, rest: Rest) -> None:
    open_pull(rest)
    assert rest.get("/pulls/1/merge").status == 404

    merged = rest.put("/pulls/1/merge", merge_method="squash", commit_title="Title", commit_message="Text")

    assert merged.json == {
        "sha": repository.head(), "merged": True, "message": "Pull Request successfully merged",
    }  # fmt: skip
    assert repository.git("log", "-1", "--format=%B", "main") == "Title\n\nText"
    assert rest.get("/pulls/1/merge").status == 204
    assert said(rest.put("/pulls/1/merge")) == (405, "Pull Request is not mergeable")


def test_a_merge_is_refused_for_another_head_or_a_conflict(repository: RemoteRepository, rest: Rest) -> None:
    open_pull(rest)

    other = rest.put("/pulls/1/merge", sha=repository.head())
    repository.commit("main", {"a.txt": "theirs\n"})

    assert said(other) == (409, "Head branch was modified. Review and try the merge again.")
    assert rest.get("/pulls/1").json["mergeable_state"] == "dirty"
    assert said(rest.put("/pulls/1/merge")) == (405, "Pull Request is not mergeable")


def test_a_method_that_is_switched_off_is_refused(repository: RemoteRepository, rest: Rest) -> None:
    open_pull(rest)
    repository.configure(settings={"squash_merge": False})

    refused = rest.put("/pulls/1/merge", merge_method="squash")

    assert said(refused) == (405, "Squash merges are not allowed on this repository.")


def test_reviewers_are_collaborators_and_not_the_author(repository: RemoteRepository, rest: Rest) -> None:
    open_pull(rest)

    asked = rest.post("/pulls/1/requested_reviewers", reviewers=["alice", "bob"])
    author = rest.post("/pulls/1/requested_reviewers", reviewers=["octo-dev"])
    stranger = rest.post("/pulls/1/requested_reviewers", reviewers=["nobody"])

    assert (asked.status, repository.pull(1)["reviewers"]) == (201, ["alice", "bob"])
    assert said(author) == (422, "Review cannot be requested from pull request author.")
    assert said(stranger)[1].startswith("Reviews may only be requested from collaborators.")
    rest.delete("/pulls/1/requested_reviewers", reviewers=["bob"])
    assert [user["login"] for user in rest.get("/pulls/1/requested_reviewers").json["users"]] == ["alice"]


def test_its_files_and_commits_are_listed(rest: Rest, repository: RemoteRepository) -> None:
    open_pull(rest)

    files = rest.get("/pulls/1/files").json

    assert [(file["filename"], file["status"], file["additions"]) for file in files] == [
        ("a.txt", "added", 1),
        ("b.txt", "added", 1),
    ]
    assert [commit["sha"] for commit in rest.get("/pulls/1/commits").json] == [repository.head("step")]


def test_the_branch_name_of_a_fork_stands_behind_its_owner(
    github: GitHubServer, repository: RemoteRepository
) -> None:
    fork = github.new_repository(name="bob/fork", fork_of=repository.name)
    fork.commit("step", {"c": "3"})

    made = open_pull(Rest.of(repository), "bob:step")

    assert (made.status, made.json["head"]["label"]) == (201, "bob:step")
    assert made.json["head"]["repo"]["full_name"] == "bob/fork"
