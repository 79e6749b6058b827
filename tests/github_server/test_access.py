"""Who may do what, and how GitHub says no; headers of every reply."""

import base64

from tests.github_server.asking import Asker
from tests.github_server.fixture import GitHubServer, RemoteRepository

HI = base64.b64encode(b"hi\n").decode()
_NAME = "query($o:String!,$n:String!){repository(owner:$o,name:$n){id viewerPermission}}"


def _look(asker: Asker, remote: RemoteRepository) -> object:
    owner, _, name = remote.name.partition("/")
    return asker.graphql(_NAME, o=owner, n=name).json


def test_unknown_and_expired_tokens_are_401(github: GitHubServer) -> None:
    github.add_user("old", "expired", "expired")
    for token in ("expired", "unknown"):
        heard = Asker(github, token).graphql("query{viewer{login}}")
        assert (heard.status, heard.json["message"]) == (401, "Bad credentials")
    nobody = Asker(github, "").send("POST", "/graphql", {"query": "{viewer{login}}"}, {"user-agent": "tests"})
    assert nobody.status == 401


def test_a_request_needs_a_user_agent(ask: Asker) -> None:
    assert ask.send("POST", "/graphql", {"query": "{viewer{login}}"}, {"user-agent": ""}).status == 403


def test_basic_credentials_are_a_token_too(ask: Asker) -> None:
    basic = base64.b64encode(f"x-access-token:{ask.token}".encode()).decode()
    heard = ask.send("POST", "/graphql", {"query": "{viewer{login}}"}, {"authorization": f"Basic {basic}"})
    assert heard.json["data"]["viewer"]["login"] == "octo-dev"


def test_a_private_repository_is_not_there_for_others(github: GitHubServer, ask: Asker) -> None:
    github.add_user("stranger", "stranger", "outsider")
    remote = github.new_repository({"a": "b"}, private=True)
    stranger = Asker(github, "stranger")
    heard = _look(stranger, remote)
    assert heard == {
        "data": {"repository": None},
        "errors": [
            {
                "type": "NOT_FOUND",
                "path": ["repository"],
                "locations": [{"line": 1, "column": 30}],
                "message": f"Could not resolve to a Repository with the name '{remote.name}'.",
            }
        ],
    }
    assert stranger.graphql("query($id:ID!){node(id:$id){id}}", id=remote.id).error["type"] == "NOT_FOUND"
    assert _look(ask, remote) == {"data": {"repository": {"id": remote.id, "viewerPermission": "ADMIN"}}}
    remote.configure(collaborators={"stranger": "write"})
    assert _look(stranger, remote) == {"data": {"repository": {"id": remote.id, "viewerPermission": "WRITE"}}}


def test_reading_is_not_writing(github: GitHubServer, remote: RemoteRepository) -> None:
    github.add_user("reader", "reader", "read")
    github.add_user("", "narrow", "actions", {"contents": "read"})
    for token in ("reader", "narrow"):
        heard = Asker(github, token).commit(remote.name, "main", remote.head(), {"a": HI})
        assert heard.error["type"] == "FORBIDDEN"
        assert heard.error["message"] == "Resource not accessible by integration"
    made = Asker(github, "narrow").mutate(
        "createLabel", "label{name}", repositoryId=remote.id, name="x", color="ff0000"
    )
    assert "errors" not in made.json


def test_every_reply_tells_of_the_limit_and_the_time(github: GitHubServer) -> None:
    github.add_user("", "of-a-workflow", "actions")
    first = Asker(github, "of-a-workflow").graphql("{viewer{login}}")
    second = Asker(github, "of-a-workflow").graphql("{viewer{login}}")
    assert first.headers["x-ratelimit-limit"] == "1000"
    assert first.headers["x-ratelimit-resource"] == "graphql"
    assert [reply.headers["x-ratelimit-remaining"] for reply in (first, second)] == ["999", "998"]
    assert first.headers["date"].endswith("GMT")


def test_a_limit_that_is_used_up(github: GitHubServer) -> None:
    github.add_user("busy", "busy")
    github.set_limit(used=5000, resource="graphql", token="busy")  # noqa: S106
    heard = Asker(github, "busy").graphql("{viewer{login}}")
    assert heard.status == 200
    assert heard.error["type"] == "RATE_LIMITED"
    assert heard.headers["x-ratelimit-remaining"] == "0"


def test_an_enterprise_server_has_it_under_api(ask: Asker) -> None:
    heard = ask.send("POST", "/api/graphql", {"query": "{viewer{login}}"})
    assert heard.json["data"]["viewer"]["login"] == "octo-dev"
