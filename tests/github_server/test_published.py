"""What GitHub does not publish is found: in requests, in replies, and in what the program declares."""

import base64

import msgspec
import pytest

from claudestep.infrastructure.github import uses
from tests.github_server import rest
from tests.github_server.asking import Asker
from tests.github_server.fixture import Fault, GitHubServer, RemoteRepository
from tests.github_server.published import declared, departures
from tests.github_server.published.description import load, shape
from tests.github_server.published.rest import RestJudge, Sent
from tests.github_server.published.schemas import convert

OURS = {"user-agent": "claudestep/0"}
SHAPES = frozenset(shape(method, path) for method, path, _ in rest.table())
REPOSITORY = "/repos/o/r"
OBJECT = '($a: GitObjectID!) { repository(owner: "o", name: "r") { object(oid: $a) { oid } } }'


@pytest.fixture(scope="module")
def judge() -> RestJudge:
    return RestJudge(load(SHAPES))


def said(judge: RestJudge, method: str, path: str, body: object = None) -> list[str]:
    """What is said about a request."""
    target, _, query = path.partition("?")
    sent = Sent(method, f"{REPOSITORY}{target}", query, b"" if body is None else msgspec.json.encode(body))
    match = judge.find(sent)
    assert match is not None
    return list(match[0].of_request(sent, match[1]))


def told(judge: RestJudge, method: str, path: str, status: int, body: object) -> list[str]:
    """What is said about a reply."""
    match = judge.find(Sent(method, f"{REPOSITORY}{path}", "", b""))
    assert match is not None
    headers = {"content-type": "application/json; charset=utf-8"}
    return list(match[0].of_reply(status, headers, msgspec.json.encode(body)))


# Requests of REST


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/git/trees/main?recursive=1", None),
        ("GET", "/git/matching-refs/heads/a/b", None),
        ("GET", "/pulls/7?", None),
        ("POST", "/git/refs", {"ref": "refs/heads/a", "sha": "b"}),
        ("POST", "/issues/7/labels", {"labels": ["a"]}),
        ("PATCH", "/git/refs/heads/a%2Fb", {"sha": "b", "force": False}),
    ],
)
def test_what_github_describes_passes(judge: RestJudge, method: str, path: str, body: object) -> None:
    assert said(judge, method, path, body) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "words"),
    [
        ("GET", "/git/trees/main?recursiv=1", None, "GitHub knows no parameter recursiv in the query"),
        ("GET", "/pulls?page=x", None, "the parameter page of the query is wrong"),
        ("GET", "/pulls?page=1&page=2", None, "the query names a parameter twice"),
        ("GET", "/pulls/x", None, "the parameter pull_number of the path is wrong"),
        ("GET", "/pulls/1", {}, "it takes no body"),
        ("POST", "/git/refs", None, "the body lacks"),
        ("POST", "/git/refs", {"ref": "refs/heads/a"}, '"sha" is a required property'),
        ("POST", "/git/refs", {"ref": "a", "sha": "b", "forced": True}, "'forced' was unexpected"),
        ("POST", "/git/trees", {"tree": [{"path": "a", "mod": "100644"}]}, "'mod' was unexpected"),
        ("POST", "/issues/7/labels", {"labels": [5]}, "at /labels/0"),
    ],
)
def test_what_github_does_not_describe_is_said(
    judge: RestJudge, method: str, path: str, body: object, words: str
) -> None:
    assert words in "".join(said(judge, method, path, body))


def test_a_route_that_there_is_not_is_not_found(judge: RestJudge) -> None:
    assert judge.find(Sent("GET", f"{REPOSITORY}/git/commit/abc", "", b"")) is None
    assert judge.find(Sent("PUT", f"{REPOSITORY}/git/refs", "", b"")) is None


# Replies of REST


def test_a_reply_must_be_as_it_is_described(judge: RestJudge) -> None:
    fine = {"sha": "a", "url": "https://api.github.com/a"}
    assert told(judge, "POST", "/git/blobs", 201, fine) == []
    assert '"sha" is a required property' in told(judge, "POST", "/git/blobs", 201, {"url": "https://a.b"})[0]
    assert "5 is not of type" in told(judge, "POST", "/git/blobs", 201, {**fine, "sha": 5})[0]
    assert "'size' was unexpected" in told(judge, "POST", "/git/blobs", 201, {**fine, "size": 5})[0]
    ref = {"ref": "refs/heads/a", "node_id": "x", "url": "no address", "object": {**fine, "type": "commit"}}
    assert 'is not a "uri"' in told(judge, "GET", "/git/ref/heads/a", 200, ref)[0]


def test_a_status_must_be_documented(judge: RestJudge) -> None:
    assert told(judge, "POST", "/git/blobs", 202, {}) == ["GitHub documents no status 202 for it"]
    assert told(judge, "POST", "/git/blobs", 403, {"message": "no"}) == []
    assert told(judge, "POST", "/git/blobs", 429, {"message": 5})


# The server, as tests have it


def test_a_wrong_request_of_the_program_is_kept_for_the_test(
    github: GitHubServer, remote: RemoteRepository
) -> None:
    body = {"ref": "refs/heads/x", "sha": remote.head(), "forced": True}
    Asker(github).send("POST", f"/repos/{remote.name}/git/refs", body, OURS)
    (found,) = github.violations.new()
    assert (found.by, "'forced' was unexpected" in found.sentence) == ("program", True)
    assert found.sentence.startswith(f"POST /repos/{remote.name}/git/refs: the body is wrong")


def test_a_request_is_judged_when_its_reply_is_a_fault(github: GitHubServer, remote: RemoteRepository) -> None:
    remote.fault(Fault(kind="status", status=502))
    Asker(github).send("GET", f"/repos/{remote.name}/git/trees/main?odd=1", headers=OURS)
    (found,) = github.violations.new()
    assert "no parameter odd" in found.sentence


def test_what_the_program_does_not_declare_is_kept(github: GitHubServer, remote: RemoteRepository) -> None:
    ours = Asker(github)
    ours.send("GET", f"/repos/{remote.name}/labels", headers=OURS)
    ours.send("POST", "/graphql", {"query": "query Odd { viewer { login } }"}, OURS)
    ours.send("POST", "/graphql", {"query": "query Head { viewer { login } }"}, OURS)
    said_ = [violation.sentence for violation in github.violations.new()]
    assert [sentence.partition(": ")[2][:22] for sentence in said_] == [
        "it is not declared in ",
        "its operation 'Odd' is",
        "its field Query.viewer",
        "its field User.login i",
    ]


@pytest.mark.parametrize(
    ("query", "variables", "words"),
    [
        ("{ nonsense }", {}, "the document is wrong: Cannot query field 'nonsense'"),
        ("($a: Int!) { node(id: $a) { id } }", {"a": 1}, "the document is wrong: Variable '$a' of type"),
        ("($a: ID!) { node(id: $a) { id } }", {}, "the variables are wrong: Variable '$a' has invalid value"),
        ("($a: ID!) { node(id: $a) { id } }", {"a": "x", "b": 1}, "the variable $b is given and not declared"),
        (OBJECT, {"a": "abc"}, "GitObjectID cannot represent value: 'abc'"),
    ],
)
def test_a_wrong_query_of_the_program_is_kept(
    github: GitHubServer, query: str, variables: dict[str, object], words: str
) -> None:
    Asker(github).send("POST", "/graphql", {"query": f"query Head{query}", "variables": variables}, OURS)
    found = github.violations.new()
    assert found[0].by == "program"
    assert words in found[0].sentence


def test_contents_must_be_base64(github: GitHubServer, ask: Asker, remote: RemoteRepository) -> None:
    fine = base64.b64encode(b"x").decode()
    assert "errors" not in ask.commit(remote.name, "main", remote.head(), {"a": fine}).json
    ask.commit(remote.name, "main", remote.head(), {"a": "no base64!"})
    (found,) = github.violations.new()
    assert (found.by, "Base64String cannot represent" in found.sentence) == ("client", True)


# The tables


def test_every_route_is_described_or_says_why_not() -> None:
    described = {shape(each.method, each.path) for each in load(SHAPES).operations}
    assert SHAPES - described == {route.route for route in departures.ROUTES}


def test_no_status_is_let_through_for_nothing() -> None:
    replies = {each.title: each.replies for each in load(SHAPES).operations}
    assert [key for key in departures.STATUSES if str(key[1]) in replies[key[0]]] == []


def test_every_declared_operation_is_one_of_github() -> None:
    titles = {each.title for each in load(SHAPES).operations}
    assert [call for call in uses.REST if f"{call.method} {call.path}" not in titles] == []


def test_every_declared_thing_has_a_name_of_its_own() -> None:
    assert len(declared.everything()) == len(uses.REST) + len(uses.DOCUMENTS) + len(declared.MADE)


# From OpenAPI to JSON Schema


def test_null_and_closure() -> None:
    object_ = {"type": "object", "properties": {"a": {"type": "string", "nullable": True}}, "required": ["a"]}
    assert convert(object_) == {
        "type": "object",
        "required": ["a"],
        "properties": {"a": {"type": ["string", "null"]}},
        "additionalProperties": False,
    }
    assert convert({"type": "string", "enum": ["x"], "nullable": True})["enum"] == ["x", None]
    assert convert({"nullable": True, "allOf": [{"$ref": "#/components/schemas/s"}]}) == {
        "anyOf": [{"allOf": [{"$ref": "#/$defs/s"}]}, {"type": "null"}]
    }


def test_what_is_put_together_is_closed_as_a_whole() -> None:
    parts = [{"$ref": "#/components/schemas/s"}, {"properties": {"b": {"type": "integer"}}}]
    assert convert({"allOf": parts}) == {
        "allOf": [{"$ref": "#/$defs/s~open"}, {"properties": {"b": {"type": "integer"}}}],
        "unevaluatedProperties": False,
    }
