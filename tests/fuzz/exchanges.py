"""What the GitHub adapter asks, and the replies that it got once, from the GitHub server of the tests.

`python -m tests.fuzz.record` writes them anew; a query that wants more than they hold makes a test say so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from claudestep.application.world import questions
from claudestep.domain.errors import Transient, UsageError
from claudestep.domain.observation import PullRequest, Questions
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.api.endpoints import Endpoints, RepositoryName
from claudestep.infrastructure.github.api.protocol import Reply, Request
from claudestep.infrastructure.github.api.token import Token
from claudestep.infrastructure.github.api.transport import Transport
from claudestep.infrastructure.github.branch import GitHubMetadataBranch
from claudestep.infrastructure.github.host import GitHubHost
from claudestep.infrastructure.hosting.port import Draft, Dress
from claudestep.infrastructure.metadata.documents import read_documents
from tests.fakes.clock import FakeClock
from tests.fuzz import samples
from tests.github_server.people import DEFAULT_TOKEN
from tests.unit.builders import record

PATH = Path(__file__).with_name("exchanges.json")
MOST_REQUESTS = 500


class Exchange(msgspec.Struct, frozen=True):
    """One reply; its body is text."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def reply(self) -> Reply:
        return Reply(self.status, self.headers, self.body.encode("utf-8", "surrogateescape"))


class AsksForEver(AssertionError):
    """No bound on the requests."""


@dataclass
class ReplayTransport:
    """A `Transport` that plays replies in a circle; a client that never has enough is caught."""

    replies: Sequence[Reply]
    asked: int = field(default=0)

    def send(self, request: Request, *, timeout: float) -> Reply:
        del timeout
        self.asked += 1
        if self.asked > 2 * MOST_REQUESTS:
            raise AsksForEver(request.what)
        if self.asked > MOST_REQUESTS:
            raise Transient("the network is gone", sent=False)
        return self.replies[(self.asked - 1) % len(self.replies)]


def client(transport: Transport, environment: dict[str, str] | None = None) -> GitHub:
    return GitHub(
        endpoints=Endpoints.read(environment or {}),
        repository=RepositoryName("o", "r"),
        token=Token(DEFAULT_TOKEN),
        transport=transport,
        clock=FakeClock(),
    )


STEP_BRANCH = "claude-step-p-1"
FILES = {"projects/p.json": samples.DOCUMENTS[1], "README.md": b"# Ours\n", ".nojekyll": b"claudestep\n"}
_DRAFT = Draft(
    title="ClaudeStep: One",
    body=samples.BODIES[0].decode(),
    branch=STEP_BRANCH,
    head_commit="",
    record=record(base_branch="main"),
)
_QUESTIONS = Questions(
    bases=frozenset({"main"}), heads=frozenset({STEP_BRANCH, "claude-step-p-2"}), numbers=frozenset({1, 99})
)


def _host(github: GitHub) -> GitHubHost:
    return GitHubHost(github, FakeClock())


def _pull(github: GitHub) -> PullRequest:
    found = _host(github).look_up(Questions(numbers=frozenset({1}))).pull_requests
    if not found:
        raise UsageError("there is no pull request 1")
    return found[0]


def _observe(github: GitHub) -> object:
    seen = _host(github).observe()
    documents = read_documents(seen.snapshot)
    assert documents.projects.keys() | documents.broken.keys() is not None
    questions(seen, documents, None)
    return seen


def _branch(github: GitHub) -> GitHubMetadataBranch:
    return GitHubMetadataBranch(github, FakeClock())


OPERATIONS: dict[str, Callable[[GitHub], object]] = {
    "first commit": lambda github: _branch(github).commit(None, dict(FILES), "Begin"),
    "read": lambda github: _branch(github).read(),
    "read with the log": lambda github: _branch(github).read(""),
    "log": lambda github: _branch(github).log(5, "projects/p.json"),
    "ancestry": lambda github: _branch(github).ancestry(),
    "commit": lambda github: _branch(github).commit(
        _branch(github).read().version, {"projects/q.json": b"{}"}, "Write"
    ),
    "remove": lambda github: _branch(github).commit(
        _branch(github).read().version, {"projects/q.json": None, "projects/none.json": None}, "Remove"
    ),
    "open": lambda github: _host(github).open_pull_request(_DRAFT),
    "observe": _observe,
    "look up": lambda github: _host(github).look_up(_QUESTIONS),
    "dress": lambda github: _host(github).dress(
        _pull(github), Dress(labels=("claudestep", "more"), reviewer="alice")
    ),
    "rewrite": lambda github: _host(github).rewrite(_pull(github), "ours"),
    "comment": lambda github: _host(github).comment(_pull(github), "words"),
    "close": lambda github: _host(github).close(_pull(github)),
    "merge": lambda github: _host(github).merge(_pull(github), "main"),
}
"""In the order in which they were recorded: each finds what those before it left."""
WRITES = ("commit", "remove", "first commit")


def load() -> dict[str, list[Exchange]]:
    return msgspec.json.decode(PATH.read_bytes(), type=dict[str, list[Exchange]])
