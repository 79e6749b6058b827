"""The client: requests as they go out, replies as typed values, errors, redirects."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudestep import __version__
from claudestep.domain.errors import (
    Forbidden,
    HostError,
    NotFound,
    RateLimited,
    Stale,
    Transient,
    UnreadableReply,
)
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.api.patience import Patience
from claudestep.infrastructure.github.api.protocol import Reply
from tests.fakes.clock import NOON
from tests.fakes.transport import graphql, reply
from tests.unit.infrastructure.github.api.test_decipher import BODIES, HEADERS
from tests.unit.infrastructure.github.clients import SECRET, Scene

DATE = "Wed, 15 Jan 2025 12:34:56 GMT"
HASTY = Patience(tries=1, limits=0)


class Pull(msgspec.Struct):
    number: int


class Pulls(msgspec.Struct):
    p1: Pull | None = None
    p2: Pull | None = None


class Data(msgspec.Struct):
    repository: Pulls


class Ref(msgspec.Struct):
    ref: str


def missing(*path: str) -> dict[str, object]:
    return {"type": "NOT_FOUND", "path": path, "message": "Could not resolve"}


def test_a_query_is_a_post_with_everything_that_github_wants() -> None:
    scene = Scene(graphql({"repository": {}}))
    scene.github.query("query($o:String!){x}", {"o": "oc\u00f6"}, Data)
    (request,) = scene.transport.requests
    assert (request.method, request.url) == ("POST", "https://api.github.com/graphql")
    assert msgspec.json.decode(request.body) == {"query": "query($o:String!){x}", "variables": {"o": "oc\u00f6"}}
    assert request.headers == {
        "Authorization": f"Bearer {SECRET}",
        "Accept": "application/vnd.github+json",
        "Accept-Encoding": "gzip",
        "Content-Type": "application/json",
        "User-Agent": f"claudestep/{__version__}",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    assert scene.transport.timeouts == [30.0]
    assert scene.github.requests == 1


def test_an_answer_is_a_value_with_the_time_and_the_limit_of_the_server() -> None:
    scene = Scene(
        graphql(
            {"repository": {"p1": {"number": 1}}},
            date=DATE,
            x_ratelimit_limit="1000",
            x_ratelimit_remaining="999",
            x_ratelimit_reset="1736946000",
            x_ratelimit_resource="graphql",
        )
    )
    answer = scene.github.query("", {}, Data)
    assert answer.data == Data(Pulls(Pull(1)))
    assert answer.at == datetime(2025, 1, 15, 12, 34, 56, tzinfo=UTC)
    assert answer.problems == ()
    assert answer.rate_limit is not None
    assert (answer.rate_limit.remaining, answer.rate_limit.resource) == (999, "graphql")
    assert answer.rate_limit.reset == datetime(2025, 1, 15, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Wed, 99 Jan 2025 12:34:56 GMT", "0" * 100, "Fri, 31 Dec 9999 23:59:59 -0500"]
)
def test_a_server_without_a_clock_borrows_ours(date: str) -> None:
    assert Scene(graphql({"repository": {}}, date=date)).github.query("", {}, Data).at == NOON


def test_a_date_without_a_zone_is_utc() -> None:
    answer = Scene(graphql({"repository": {}}, date="Wed, 15 Jan 2025 12:34:56 -0000")).github.query("", {}, Data)
    assert answer.at == datetime(2025, 1, 15, 12, 34, 56, tzinfo=UTC)


def test_any_error_in_the_answer_to_a_query_is_raised() -> None:
    with pytest.raises(NotFound) as raised:
        Scene(graphql({"repository": {"p1": None}}, missing("repository", "p1"))).github.query("", {}, Data)
    assert raised.value.alias == "repository"


def test_what_is_missing_below_the_repository_may_be_a_gap() -> None:
    answer = graphql({"repository": {"p1": None, "p2": {"number": 2}}}, missing("repository", "p1"))
    found = Scene(answer).github.query("", {}, Data, missing_ok=True)
    assert found.data == Data(Pulls(None, Pull(2)))


@pytest.mark.parametrize("path", [("repository",), (), ("user",), ("user", "name")])
def test_a_missing_repository_is_never_a_gap(path: tuple[str, ...]) -> None:
    with pytest.raises(NotFound):
        Scene(graphql({"repository": None}, missing(*path))).github.query("", {}, Data, missing_ok=True)


def test_a_gap_hides_no_other_error() -> None:
    forbidden = {"type": "FORBIDDEN", "path": ["repository", "p2"], "message": "No"}
    answer = graphql({"repository": {}}, missing("repository", "p1"), forbidden)
    with pytest.raises(Forbidden):
        Scene(answer).github.query("", {}, Data, missing_ok=True)
    with pytest.raises(Forbidden):
        Scene(answer).github.query("", {}, Data)


def test_a_stale_head_is_an_error_under_status_200() -> None:
    stale = {
        "type": "STALE_DATA",
        "path": ["createCommitOnBranch"],
        "message": 'Expected branch to point to "ab" but it did not.  Pull and try again.',
    }
    scene = Scene(graphql({"createCommitOnBranch": None}, stale))
    with pytest.raises(Stale, match="the branch has moved"):
        scene.github.mutate("", {}, dict[str, object])


def test_a_partial_mutation_brings_what_worked_and_what_did_not() -> None:
    refused = {"type": "UNPROCESSABLE", "path": ["p2", "x"], "message": "No"}
    scene = Scene(graphql({"p1": {"number": 1}, "p2": None}, refused))
    answer = scene.github.mutate("", {}, Pulls, partial=True)
    assert answer.data == Pulls(Pull(1), None)
    assert [(each.alias, each.host_text) for each in answer.problems] == [("p2", "No")]


def test_a_partial_mutation_of_which_nothing_worked_says_so_field_by_field() -> None:
    answer = Scene(graphql({"p1": None}, missing("p1"))).github.mutate("", {}, Pulls, partial=True)
    assert [each.alias for each in answer.problems] == ["p1"]


def test_an_error_about_all_of_a_mutation_is_raised_even_so() -> None:
    scene = Scene(reply(200, {"errors": [{"message": "Field 'x' doesn't exist"}]}))
    with pytest.raises(HostError, match="Field 'x'"):
        scene.github.mutate("", {}, Pulls, partial=True)


@pytest.mark.parametrize(
    ("path", "type_"),
    [(["p1"], "NOBODY_KNOWS"), ([], "NOBODY_KNOWS"), (["p1", "number"], "FORBIDDEN"), (["p1"], "INTERNAL")],
)
def test_an_error_beside_a_value_leaves_open_what_was_done(path: list[str], type_: str) -> None:
    answer = graphql({"p1": {"number": 1}}, {"type": type_, "path": path, "message": "No"})
    with pytest.raises(Transient, match=r"a part of it only, or all: .*No") as raised:
        Scene(answer).github.mutate("", {}, Pulls)
    assert raised.value.sent


def test_a_known_refusal_of_a_mutation_is_believed_whatever_stands_beside_it() -> None:
    answer = graphql({"p1": {"number": None}}, {"type": "FORBIDDEN", "path": ["p1"], "message": "No"})
    with pytest.raises(Forbidden):
        Scene(answer).github.mutate("", {}, Pulls)


LIMITED = {"type": "RATE_LIMITED", "path": ["p2"], "message": "API rate limit exceeded"}


def test_a_mutation_that_a_limit_cut_in_half_is_not_sent_again() -> None:
    answer = graphql({"p1": {"number": 1}, "p2": None}, LIMITED)
    partial = Scene(answer).github.mutate("", {}, Pulls, partial=True)
    assert [type(each) for each in partial.problems] == [RateLimited]
    scene = Scene(answer)
    with pytest.raises(Transient, match="a part of it"):
        scene.github.mutate("", {}, Pulls)
    assert scene.clock.elapsed == 0


def test_a_mutation_of_which_nothing_was_done_waits_for_the_limit() -> None:
    scene = Scene(graphql({"p2": None}, LIMITED), graphql({"p2": {"number": 2}}))
    assert scene.github.mutate("", {}, Pulls, partial=True).data == Pulls(None, Pull(2))
    assert scene.clock.elapsed == 60


def test_a_path_is_below_the_root_of_the_interface() -> None:
    scene = Scene(reply(201, {"ref": "refs/heads/x"}))
    answer = scene.github.rest("POST", "/repos/o/r/git/refs", Ref, {"ref": "refs/heads/x", "sha": "ab"})
    assert answer.data.ref == "refs/heads/x"
    (request,) = scene.transport.requests
    assert (request.method, request.url) == ("POST", "https://api.github.com/repos/o/r/git/refs")
    assert request.body == b'{"ref":"refs/heads/x","sha":"ab"}'
    with pytest.raises(ValueError, match="below the root"):
        scene.github.rest("GET", "https://evil.example.com/", Ref)


def test_a_get_has_no_body() -> None:
    scene = Scene(reply(200, {"ref": "x"}))
    scene.github.rest("GET", "/repos/o/r/git/ref/heads/x?a=b", Ref)
    (request,) = scene.transport.requests
    assert request.body == b""
    assert "Content-Type" not in request.headers
    assert request.what == "GET /repos/o/r/git/ref/heads/x"


def test_no_content_is_none() -> None:
    assert Scene(reply(204)).github.rest("DELETE", "/repos/o/r/git/refs/heads/x", type(None)).data is None


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "it is empty"),
        (b" \n<html>Sign in</html>", "a web page"),
        (b'{"ref": "refs', "cut off"),
        (b"\xff\xfe", "no JSON"),
        (b'{"ref": "\xff"}', "no JSON"),
        (b'{"x": ' + b"[" * 100_000, "no JSON"),
    ],
)
def test_a_reply_that_is_no_json_is_a_fault(body: bytes, problem: str) -> None:
    with pytest.raises(Transient, match=problem) as raised:
        Scene(reply(200, body), patience=HASTY).github.rest("GET", "/x", Ref)
    assert raised.value.sent
    with pytest.raises(Transient, match=problem):
        Scene(reply(200, body)).github.rest("POST", "/x", Ref, {})


@pytest.mark.parametrize("body", [[], "x", None, {"ref": 1}, {"ref": None}, {}])
def test_a_reply_of_another_shape_is_not_understood(body: object) -> None:
    with pytest.raises(UnreadableReply, match="another shape"):
        Scene(reply(200, body)).github.rest("GET", "/x", Ref)


@pytest.mark.parametrize("body", [{"data": None}, {}, {"data": {"repository": None}}, {"data": []}, {"errors": {}}])
def test_an_answer_of_another_shape_is_not_understood(body: object) -> None:
    with pytest.raises(UnreadableReply, match="another shape"):
        Scene(reply(200, body)).github.query("", {}, Data)


def test_our_own_token_is_not_repeated_to_the_user() -> None:
    scene = Scene(reply(403, f"Refused: Authorization: Bearer {SECRET}".encode()))
    with pytest.raises(Forbidden, match=r"Bearer \*\*\*") as raised:
        scene.github.rest("GET", "/x", Ref)
    assert SECRET not in raised.value.explained
    assert SECRET not in repr(scene.transport.requests)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_renamed_repository_is_followed_for_reads(status: int) -> None:
    scene = Scene(reply(status, location="https://api.github.com/repositories/1/x"), reply(200, {"ref": "x"}))
    assert scene.github.rest("GET", "/repos/o/old/x", Ref).data.ref == "x"
    first, second = scene.transport.requests
    assert second.url == "https://api.github.com/repositories/1/x"
    assert second.headers == first.headers
    assert scene.github.requests == 2


@pytest.mark.parametrize("status", [307, 308])
def test_a_renamed_repository_is_followed_for_writes_with_method_and_body(status: int) -> None:
    scene = Scene(reply(status, location="/repositories/1/x"), reply(201, {"ref": "x"}))
    scene.github.rest("POST", "/repos/o/old/x", Ref, {"a": 1})
    first, second = scene.transport.requests
    assert (second.method, second.url) == ("POST", "https://api.github.com/repositories/1/x")
    assert second.body == first.body != b""


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_write_does_not_become_a_read_on_its_way(status: int) -> None:
    scene = Scene(reply(status, location="https://api.github.com/repositories/1/x"))
    with pytest.raises(HostError, match="sends it elsewhere: POST /repos/o/old/x"):
        scene.github.rest("POST", "/repos/o/old/x", Ref, {"a": 1})


@pytest.mark.parametrize(
    ("location", "problem"),
    [
        ("https://evil.example.com/repos", r"another host, evil\.example\.com"),
        ("https://api.github.com:8443/repos", "another host"),
        ("http://api.github.com/repos", "nothing is encrypted"),
        ("ftp://api.github.com/repos", "nothing is encrypted"),
        ("https://api.github.com@evil.example.com/", "an address that is none"),
        ("https://[api.github.com/", "an address that is none"),
        ("https://api.github.com:port/", "an address that is none"),
        ("https://api.github.com/\x1b[2J", "an address that is none"),
        ("https://api.github.com/a b", "an address that is none"),
        ("", "an address that is none"),
    ],
)
def test_the_token_goes_to_no_other_host(location: str, problem: str) -> None:
    scene = Scene(reply(301, location=location))
    with pytest.raises(HostError, match=problem) as raised:
        scene.github.rest("GET", "/x", Ref)
    assert str(raised.value).isprintable()
    assert len(scene.transport.requests) == 1


def test_a_redirect_in_a_circle_ends() -> None:
    scene = Scene(*[reply(301, location="/x")] * 4)
    with pytest.raises(HostError, match="elsewhere"):
        scene.github.rest("GET", "/x", Ref)
    assert scene.transport.left == 0


def test_an_archive_is_fetched_from_another_host_without_the_token() -> None:
    scene = Scene(reply(302, location="https://codeload.github.com/x?token=KEY"), reply(200, b"\x1f\x8b"))
    assert scene.github.download("/repos/o/r/tarball/ab") == b"\x1f\x8b"
    first, second = scene.transport.requests
    assert first.headers["Accept"] == "application/vnd.github+json"
    assert second.url == "https://codeload.github.com/x?token=KEY"
    assert set(second.headers) == {"User-Agent", "Accept", "Accept-Encoding"}
    assert scene.transport.timeouts == [120.0, 120.0]


def test_an_archive_that_is_gone_shows_no_key() -> None:
    scene = Scene(reply(302, location="https://codeload.github.com/x?token=KEY"), reply(404, b"404: Not Found"))
    with pytest.raises(NotFound) as raised:
        scene.github.download("/repos/o/r/tarball/ab")
    assert "GET /x" in str(raised.value)
    assert "KEY" not in raised.value.explained


def test_a_blob_comes_as_it_is() -> None:
    scene = Scene(reply(200, b'{"a": '))
    assert scene.github.download("/repos/o/r/git/blobs/ab") == b'{"a": '
    assert scene.transport.requests[0].headers["Accept"] == "application/vnd.github.raw+json"


ASKED: tuple[Callable[[GitHub], object], ...] = (
    lambda github: github.query("", {}, Data, missing_ok=True),
    lambda github: github.mutate("", {}, Pulls, partial=True),
    lambda github: github.mutate("", {}, Pulls),
    lambda github: github.rest("GET", "/x", Ref),
    lambda github: github.rest("POST", "/x", Ref, {}),
    lambda github: github.download("/x"),
)


@given(st.sampled_from(ASKED), st.integers(-1, 1000), HEADERS, BODIES)
def test_no_reply_whatever_raises_anything_but_an_error_of_the_family(
    ask: Callable[[GitHub], object], status: int, headers: dict[str, str], body: bytes
) -> None:
    scene = Scene(Reply(status, headers, body), patience=HASTY)
    with suppress(HostError):
        ask(scene.github)
    assert scene.github.requests == 1
