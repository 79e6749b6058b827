"""What a server replies: targets. One reply of an exchange that was recorded is spoiled, the others stay."""

import gzip
import io
import tarfile
from datetime import datetime
from functools import cache, partial

from hypothesis import strategies as st

from claudestep.domain.errors import ClaudeStepError
from claudestep.infrastructure.github.api.decipher import refusal
from claudestep.infrastructure.github.api.limits import limit
from claudestep.infrastructure.github.api.protocol import RateLimit, Reply, served_at
from claudestep.infrastructure.github.archive import unpack
from claudestep.infrastructure.metadata.branch import BranchError, Refused, StaleBranch
from tests.fuzz.exchanges import FILES, OPERATIONS, WRITES, Exchange, ReplayTransport, client, load
from tests.fuzz.mutation import BYTES, mutants, mutate_bytes, mutate_json, mutate_lines, mutations
from tests.fuzz.target import READ, Target
from tests.unit.builders import NOW

_END = b"\n\n"


@cache
def exchanges() -> dict[str, list[Exchange]]:
    return load()


def _written(name: str, place: int, one: Exchange) -> bytes:
    head = [f"{name} {place}", str(one.status), *(f"{key}: {value}" for key, value in one.headers.items())]
    return "\n".join(head).encode() + _END + one.body.encode()


def _reply(case: bytes) -> tuple[str, int, Reply]:
    head, _, body = case.partition(_END)
    first, status, *lines = head.decode("latin-1").split("\n")
    name, _, place = first.rpartition(" ")
    headers = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    return name, int(place), Reply(int(status), headers, body)


def _exchange(case: bytes) -> str:
    name, place, spoiled = _reply(case)
    replies = [one.reply for one in exchanges()[name]]
    replies[place] = spoiled
    transport = ReplayTransport(replies)
    try:
        OPERATIONS[name](client(transport))
    except BranchError as error:
        if name in WRITES and place == len(replies) - 1:
            _assert_surely(error, spoiled)
        return type(error).__name__
    return READ


def _assert_surely(error: BranchError, reply: Reply) -> None:
    """That a commit was surely not applied takes a refusal: a success with a spoiled body is none."""
    if isinstance(error, (StaleBranch, Refused)):
        assert not (200 <= reply.status < 300) or b"rror" in reply.body, "nobody can know that"


_STATUSES = (
    200, 200, 200, 200, 200, 201, 204, 205, 206, 299, 301, 304, 400, 401, 403, 404, 408, 409, 410, 413, 418,
    422, 429, 451, 499, 500, 502, 503, 504, 599, 0, 99, 100, 600, 999,
)  # fmt: skip
_HEADER_WORDS = (
    b"date: never", b"date: 0", b"date: Wed, 99 Foo 99999 99:99:99 +9999", b"date: ",
    b"date: Mon, 01 Jan 0001 00:00:00 +1400", b"date: Thu, 01 Jan 1970 00:00:00", b"date: :", b"date: 1 1 1 1",
    b"date: Fri, 31 Dec 9999 23:59:59 -1400", b"retry-after: 0", b"retry-after: -1",
    b"retry-after: 99999999999999999999", b"retry-after: x", b"retry-after: \xb2",
    b"retry-after: Wed, 15 Jan 2025 12:00:10 GMT", b"x-ratelimit-remaining: 0",
    b"x-ratelimit-reset: 99999999999999999999", b"x-ratelimit-reset: -1", b"x-ratelimit-limit: \xb2",
    b"x-ratelimit-reset: " + b"9" * 5000, b"x-github-sso: required",
    b"x-accepted-github-permissions: contents=write\x1b[31m", b"location: http://[",
    b"location: https://evil.example/x", b"location: /repos/o/r", b"link: <http://[>; rel=next",
    b"content-type: text/html", b"x-github-request-id: " + b"x" * 9000, b"content-length: 5", b":", b"x",
)  # fmt: skip
_BODIES = (
    b"", b"null", b"[]", b"{}", b'"a"', b"<html>", b'{"data": null}', b'{"data": {}}',
    b'{"data": {"repository": null}}', b'{"data": null, "errors": []}', b'{"data": null, "errors": [{}]}',
    b'{"errors": null}', b'{"errors": [null]}',
    b'{"data": null, "errors": [{"type": "NOT_FOUND", "path": ["repository"], "message": "Could not resolve"}]}',
    b'{"data": {"repository": null}, "errors": [{"message": "Something went wrong", "path": ["repository", 1, "x"]}]}',
    b'{"data": null, "errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}',
    b'{"data": null, "errors": [{"type": "STALE_DATA", "message": "Expected branch to point to", "path": ["createCommitOnBranch"]}]}',
    b'{"message": "Not Found", "errors": [{"code": "custom"}, "words", null]}', b'{"message": 5}',
    b'{"message": "\\ud800"}', b'{"message": "You have exceeded a secondary rate limit"}',
    b'{"message": "Reference already exists"}', b"\xff\xfe",
    b'{"message": "Repository was archived so it is read-only."}', b"[" * 100_000, b'{"data":' * 3000,
    b" " * 70_000,
)  # fmt: skip


@st.composite
def _spoiled(draw: st.DrawFn) -> bytes:
    name = draw(st.sampled_from(sorted(OPERATIONS)))
    recorded = exchanges()[name]
    place = draw(st.integers(0, len(recorded) - 1))
    one = recorded[place]
    body = one.body.encode()
    way = draw(st.integers(0, 9))
    if way < 5:
        body = mutate_json(body, draw(mutations)) if body else body
    elif way < 7:
        body = mutate_bytes(body, draw(mutations))
    elif way < 9:
        body = draw(st.sampled_from(_BODIES))
    status = draw(st.just(one.status) | st.just(one.status) | st.sampled_from(_STATUSES))
    head = _written(name, place, Exchange(status, one.headers, "")).removesuffix(_END)
    lines = draw(st.lists(st.sampled_from(_HEADER_WORDS), max_size=2))
    return b"\n".join((head, *lines)) + _END + body


def _judged(case: bytes) -> str:
    """A reply by itself: whatever it is, it gives one error of the family, or none."""
    _, _, reply = _reply(case)
    at = served_at(reply, NOW)
    assert isinstance(at, datetime)
    RateLimit.read(reply.headers)
    found = refusal(reply, at, "POST /x")
    for type_ in ("", "RATE_LIMITED", "x"):
        limit(reply.status, type_, reply.body[:100].decode(errors="replace"), reply.headers, at)
    if found is None:
        return READ
    assert isinstance(found, ClaudeStepError)
    assert "\x1b" not in found.explained
    return type(found).__name__


@st.composite
def _refusals(draw: st.DrawFn) -> bytes:
    lines = draw(st.lists(st.sampled_from(_HEADER_WORDS), max_size=4))
    body = draw(st.sampled_from(_BODIES).flatmap(lambda body: mutations.map(partial(mutate_bytes, body))))
    spoiled = mutate_lines(b"\n".join(lines), draw(mutations), BYTES).replace(b"\n\n", b"\n").strip(b"\n")
    head = f"refusal 0\n{draw(st.sampled_from(_STATUSES))}\n".encode() + spoiled
    return head + _END + body


def _tarball(files: dict[str, bytes]) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for path, content in files.items():
            member = tarfile.TarInfo(f"o-r-1234567/{path}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return plain.getvalue()


_TREE = "1c8dfee551c0425451a87353eeda9811231a00f5"


def _archive(case: bytes) -> str:
    """The plain tarball is spoiled, as what is packed would only be caught by gzip's own sum."""
    found = unpack(gzip.compress(case, 1, mtime=0), _TREE, most=1 << 20)
    assert dict(found) == FILES
    return READ


def _packed(case: bytes) -> str:
    found = unpack(case, _TREE, most=1 << 20)
    assert dict(found) == FILES
    return READ


_PLAIN = _tarball(dict(FILES))
TARGETS = (
    Target("replies of GitHub", _spoiled(), _exchange, share=4.0),
    Target("refusals of GitHub", _refusals(), _judged),
    Target("archive", mutants((_PLAIN,), mutate_bytes), _archive),
    Target("packed archive", mutants((gzip.compress(_PLAIN, mtime=0),), mutate_bytes), _packed),
)
