"""What holds for all of REST: who may ask, versions, redirects, caching, pages; and the small topics."""

import pytest

from tests.github_server.fixture import DEFAULT_TOKEN, GitHubServer, RemoteRepository
from tests.github_server.rest_client import Rest, said


@pytest.fixture
def repository(github: GitHubServer) -> RemoteRepository:
    return github.new_repository({"README.md": "hello\n"})


@pytest.fixture
def rest(repository: RemoteRepository) -> Rest:
    return Rest.of(repository)


@pytest.mark.malformed("routes that there are not")
def test_what_is_not_there_is_404_in_json(rest: Rest) -> None:
    assert rest.get("/nonsense").json == {
        "message": "Not Found",
        "documentation_url": "https://docs.github.com/rest",
        "status": "404",
    }
    assert rest.send("DELETE", "/contents").status == 404


def test_a_private_repository_is_not_there_for_strangers(github: GitHubServer) -> None:
    private = github.new_repository({"a": "1"}, private=True)
    github.add_user("stranger", "token-of-a-stranger", "outsider")

    assert said(Rest.of(private, "token-of-a-stranger").get("")) == (404, "Not Found")
    assert said(Rest.nobody(github).get(f"/repos/{private.name}")) == (404, "Not Found")
    assert Rest.of(private).get("").json["visibility"] == "private"


def test_a_wrong_token_is_401_everywhere(repository: RemoteRepository) -> None:
    assert said(Rest.of(repository, "wrong").get("")) == (401, "Bad credentials")


def test_a_write_without_a_token_is_refused(github: GitHubServer, repository: RemoteRepository) -> None:
    assert Rest.nobody(github).post(f"/repos/{repository.name}/labels", name="x").status in (401, 403)


def test_a_request_must_say_who_sends_it(rest: Rest) -> None:
    assert rest.get("", user_agent="").status == 403


def test_an_unknown_version_of_the_api_is_refused(rest: Rest) -> None:
    assert rest.get("", x_github_api_version="2020-01-01").status == 400
    assert rest.get("").headers["x-github-api-version-selected"] == "2022-11-28"
    newer = rest.get("", x_github_api_version="2026-03-10")
    assert newer.headers["x-github-api-version-selected"] == "2026-03-10"


@pytest.mark.malformed("bodies that are none")
@pytest.mark.parametrize("body", [b"{", b'"text"', b"\xff"])
def test_a_body_must_be_a_json_object(rest: Rest, body: bytes) -> None:
    assert rest.send("POST", "/labels", body).status == 400


@pytest.mark.malformed("fields of another type")
def test_a_field_must_have_its_type(rest: Rest) -> None:
    refused = rest.post("/labels", name=5)

    assert said(refused) == (422, "Invalid request.\n\nFor 'properties/name', 5 is not a string.")


def test_an_enterprise_server_has_a_prefix(github: GitHubServer, repository: RemoteRepository) -> None:
    assert Rest.nobody(github).get(f"/api/v3/repos/{repository.name}").json["full_name"] == repository.name


def test_a_known_answer_is_not_sent_again_to_the_same_token(
    github: GitHubServer, repository: RemoteRepository
) -> None:
    rest = Rest.of(repository)
    github.add_user("alice", "token-of-alice")
    tag = rest.get("/git/ref/heads/main").headers["etag"]

    assert rest.get("/git/ref/heads/main", if_none_match=tag).status == 304
    assert Rest.of(repository, "token-of-alice").get("/git/ref/heads/main", if_none_match=tag).status == 200
    repository.commit("main", {"a": "1"})
    assert rest.get("/git/ref/heads/main", if_none_match=tag).status == 200


@pytest.mark.malformed("a parameter that is handed on")
def test_a_former_name_leads_to_the_number_of_the_repository(repository: RemoteRepository, rest: Rest) -> None:
    former = repository.name
    repository.configure(name=f"{former.partition('/')[2]}-renamed")

    moved = rest.get("/git/ref/heads/main?a=b")
    write = rest.post("/labels", name="x")

    assert said(moved) == (301, "Moved Permanently")
    assert said(write) == (307, "Temporary Redirect")
    path = moved.headers["location"].removeprefix(repository.server.url)
    assert path.startswith("/repositories/")
    assert path.endswith("/git/ref/heads/main?a=b")
    assert Rest(rest.asker).get(path).json["object"]["sha"] == repository.head()


def test_an_archived_repository_is_read_only(repository: RemoteRepository, rest: Rest) -> None:
    repository.configure(archived=True)

    assert said(rest.post("/labels", name="x")) == (403, "Repository was archived so is read-only.")
    assert rest.get("").json["archived"]


def test_the_user_of_a_token(github: GitHubServer, rest: Rest) -> None:
    github.add_user("", "token-of-a-workflow", "actions")
    root = Rest(rest.asker)

    assert root.get("/user").json["login"] == "octo-dev"
    assert root.get("/users/github-actions[bot]").json["type"] == "Bot"
    assert root.get("/users/unknown-person").status == 404
    assert said(Rest(type(rest.asker)(github, "token-of-a-workflow")).get("/user"))[0] == 403
    assert Rest.nobody(github).get("/user").status == 401


def test_the_rate_limit_is_free(rest: Rest) -> None:
    root = Rest(rest.asker)
    before = root.get("/rate_limit").json["resources"]["core"]["remaining"]
    root.get("/user")
    after = root.get("/rate_limit").json

    assert after["resources"]["core"]["remaining"] == before - 1
    assert after["rate"] == after["resources"]["core"]
    assert "rate" not in root.get("/rate_limit", x_github_api_version="2026-03-10").json


def test_permissions_follow_the_role(github: GitHubServer, repository: RemoteRepository) -> None:
    github.add_user("reader", "token-to-read", "read")

    assert Rest.of(repository).get("").json["permissions"]["admin"]
    assert Rest.of(repository, "token-to-read").get("").json["permissions"] == {
        "admin": False, "maintain": False, "push": False, "triage": False, "pull": True,
    }  # fmt: skip


def test_collaborators(github: GitHubServer, repository: RemoteRepository, rest: Rest) -> None:
    github.add_user("reader", "token-to-read", "read")

    assert rest.get("/collaborators/alice").status == 204
    assert rest.get("/collaborators/reader").status == 404
    assert rest.get("/collaborators/alice/permission").json["permission"] == "write"
    assert rest.get("/collaborators/reader/permission").json["permission"] == "read"
    refused = Rest.of(repository, "token-to-read").get("/collaborators")
    assert said(refused) == (403, "Must have push access to view repository collaborators.")


def test_a_branch_and_the_rules_on_it(repository: RemoteRepository, rest: Rest) -> None:
    repository.configure(rules=[{"pattern": "~ALL", "kind": "creation"}, {"pattern": "main", "classic": True}])

    assert rest.get("/branches/main").json["commit"]["sha"] == repository.head()
    assert said(rest.get("/branches/none")) == (404, "Branch not found")
    assert [rule["type"] for rule in rest.get("/rules/branches/any/name").json] == ["creation"]
    assert rest.get("/branches/main/protection").status == 200
    assert said(rest.get("/branches/other/protection")) == (404, "Branch not protected")


def test_history_and_comparison(repository: RemoteRepository, rest: Rest) -> None:
    first = repository.head()
    second = repository.commit("main", {"a": "1"}, "Second")
    repository.commit("side", {"b": "1"})

    assert [commit["sha"] for commit in rest.get("/commits").json] == [second, first]
    assert [commit["sha"] for commit in rest.get("/commits?path=a").json] == [second]
    assert rest.get(f"/commits/{second}").json["files"][0]["filename"] == "a"
    assert rest.get("/commits/main", accept="application/vnd.github.sha").body == second.encode()
    compared = rest.get(f"/compare/{first}...main").json
    assert (compared["status"], compared["ahead_by"], compared["behind_by"]) == ("ahead", 1, 0)
    assert rest.get("/compare/main...side").status == 404


def test_a_download_of_an_archive_costs_nothing_and_is_logged(repository: RemoteRepository, rest: Rest) -> None:
    link = rest.get("/tarball").headers["location"]
    got = Rest.nobody(repository.server).get(link[link.index("/o/") :])

    assert got.status == 200
    assert "x-ratelimit-used" not in got.headers
    assert [entry.kind for entry in repository.requests()] == ["rest", "archive"]
    assert DEFAULT_TOKEN not in link
