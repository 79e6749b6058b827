"""Faults on demand, and the log that shows where they struck."""

import base64
import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Literal

import pytest

from tests.github_server.asking import Asker, Heard
from tests.github_server.fixture import Fault, GitHubServer, RemoteRepository

HI = base64.b64encode(b"hi\n").decode()
When = Literal["before", "after"]
_QUERY = "query Look($o:String!,$n:String!){repository(owner:$o,name:$n){id name}}"
_COMMIT = "graphql mutation createCommitOnBranch"


def _look(ask: Asker, remote: RemoteRepository) -> Heard:
    owner, _, name = remote.name.partition("/")
    return ask.graphql(_QUERY, o=owner, n=name)


def _commits(remote: RemoteRepository) -> int:
    return int(remote.git("rev-list", "--count", "main"))


@pytest.mark.parametrize(("when", "commits"), [("before", 1), ("after", 2)])
@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_error_before_or_after_the_work(
    remote: RemoteRepository, ask: Asker, when: When, commits: int, status: int
) -> None:
    remote.fault(Fault(kind="status", on=_COMMIT, when=when, status=status))
    assert ask.commit(remote.name, "main", remote.head(), {"a": HI}).status == status
    assert _commits(remote) == commits
    assert remote.pending_faults() == []


@pytest.mark.parametrize(("when", "commits"), [("before", 1), ("after", 2)])
def test_a_reset_before_or_after_the_work(remote: RemoteRepository, ask: Asker, when: When, commits: int) -> None:
    remote.fault(Fault(kind="reset", on=_COMMIT, when=when))
    with pytest.raises(ConnectionError):
        ask.commit(remote.name, "main", remote.head(), {"a": HI})
    assert _commits(remote) == commits


def test_a_reply_that_is_cut_in_the_middle(remote: RemoteRepository, ask: Asker) -> None:
    remote.fault(Fault(kind="cut"))
    with pytest.raises(http.client.IncompleteRead):
        _look(ask, remote)
    assert "errors" not in _look(ask, remote).json


def test_a_reply_that_is_no_json(remote: RemoteRepository, ask: Asker) -> None:
    remote.fault(Fault(kind="garbage"))
    heard = _look(ask, remote)
    assert heard.status == 200
    with pytest.raises(ValueError, match=r"codec|Expecting"):
        json.loads(heard.body)


def test_a_part_of_the_data_and_an_error(remote: RemoteRepository, ask: Asker) -> None:
    remote.fault(Fault(kind="partial"))
    heard = _look(ask, remote)
    assert heard.json["data"] == {"repository": {"id": remote.id, "name": None}}
    assert heard.error["message"].startswith("Something went wrong while executing your query.")


@pytest.mark.parametrize(
    ("fault", "status", "headers"),
    [
        (Fault(kind="unauthorized"), 401, {}),
        (Fault(kind="secondary_limit", seconds=7), 403, {"retry-after": "7"}),
        (Fault(kind="secondary_limit", status=429), 429, {}),
        (Fault(kind="primary_limit", seconds=60), 200, {"x-ratelimit-remaining": "0"}),
    ],
)
def test_refusals_of_a_request(
    remote: RemoteRepository, ask: Asker, fault: Fault, status: int, headers: dict[str, str]
) -> None:
    remote.fault(fault)
    heard = _look(ask, remote)
    assert heard.status == status
    assert headers.items() <= heard.headers.items()
    assert "errors" not in _look(ask, remote).json


def test_words_of_the_limits_and_permissions(remote: RemoteRepository, ask: Asker) -> None:
    remote.fault(Fault(kind="secondary_limit"))
    assert _look(ask, remote).json["message"].startswith("You have exceeded a secondary rate limit.")
    remote.fault(Fault(kind="primary_limit"))
    assert _look(ask, remote).error["type"] == "RATE_LIMITED"
    remote.fault(Fault(kind="forbidden", on=_COMMIT))
    refused = ask.commit(remote.name, "main", remote.head(), {"a": HI})
    assert refused.error["type"] == "FORBIDDEN"
    assert refused.json["data"] == {"createCommitOnBranch": None}


def test_rest_says_it_by_status(remote: RemoteRepository, ask: Asker) -> None:
    path = f"/repos/{remote.name}"

    def struck(fault: Fault) -> Heard:
        remote.fault(fault)
        return ask.send("GET", path)

    limited = struck(Fault(kind="primary_limit", on=f"GET {path}", seconds=60))
    assert (limited.status, limited.headers["x-ratelimit-remaining"]) == (403, "0")
    assert limited.json["message"].startswith("API rate limit exceeded for ")
    assert struck(Fault(kind="primary_limit", status=429)).status == 429
    assert struck(Fault(kind="unauthorized")).json["message"] == "Bad credentials"
    forbidden = struck(Fault(kind="forbidden", permission="issues=write"))
    assert forbidden.status == 403
    assert forbidden.headers["x-accepted-github-permissions"] == "issues=write"
    assert struck(Fault(kind="status", status=503)).json["message"] == "Server Error"
    assert ask.send("GET", path).status == 200


def test_a_fault_strikes_where_and_as_often_as_it_is_told(
    github: GitHubServer, remote: RemoteRepository, ask: Asker
) -> None:
    other = github.new_repository({"a": "b"})
    remote.fault(Fault(kind="status", on="graphql query", skip=1, times=2))
    assert _look(ask, other).status == 200
    assert ask.commit(remote.name, "main", remote.head(), {"a": HI}).status == 200
    assert [_look(ask, remote).status for _ in range(4)] == [200, 502, 502, 200]


def test_a_standing_fault_with_a_rate_is_the_same_for_the_same_seed(github: GitHubServer, ask: Asker) -> None:
    seen = []
    for _ in range(2):
        remote = github.new_repository({"a": "b"})
        remote.fault(Fault(kind="status", rate=0.5, seed=3, times=None))
        seen.append([_look(ask, remote).status for _ in range(20)])
        remote.clear_faults()
        assert _look(ask, remote).status == 200
    assert seen[0] == seen[1]
    assert set(seen[0]) == {200, 502}


def test_the_log_tells_everything_but_the_token(remote: RemoteRepository, ask: Asker) -> None:
    remote.fault(Fault(kind="latency"))
    _look(ask, remote)
    ask.commit(remote.name, "main", remote.head(), {"a": HI})
    looked, committed = remote.requests()
    assert (looked.method, looked.path, looked.status, looked.operation) == ("POST", "/graphql", 200, "Look")
    assert (looked.fields, looked.faults, looked.login) == (["repository"], ["latency"], "octo-dev")
    assert (looked.authorization, looked.user_agent) == ("bearer", "tests")
    assert json.loads(looked.body)["query"] == _QUERY
    assert committed.fields == ["createCommitOnBranch"]
    assert ask.token not in repr(remote.requests())
    remote.forget_requests()
    assert remote.requests() == []


@pytest.mark.parametrize(
    ("when", "lose", "commits"), [("before", True, 1), ("before", False, 2), ("after", True, 2)]
)
def test_a_request_that_is_held_is_served_or_lost_when_it_is_let_go(
    remote: RemoteRepository, ask: Asker, when: When, *, lose: bool, commits: int
) -> None:
    remote.fault(Fault(kind="hold", on=_COMMIT, when=when))
    expected = remote.head()
    with ThreadPoolExecutor() as threads:
        asked = threads.submit(ask.commit, remote.name, "main", expected, {"a": HI})
        while not remote.held():
            assert not asked.done()
        assert remote.held() == [_COMMIT]
        assert _commits(remote) == (2 if when == "after" else 1)
        remote.let_go(lose=lose)
    assert isinstance(asked.exception(), ConnectionError) if lose else asked.result().status == 200
    assert (_commits(remote), remote.held()) == (commits, [])
