"""Where the facts are asked: a repository with somebody who may write to it, and names that only this run has."""

import itertools
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import urlsplit

from claudestep.domain.observation import Snapshot, StepRecord
from claudestep.infrastructure.clock import Clock
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.api.endpoints import Endpoints, RepositoryName, is_loopback
from claudestep.infrastructure.github.api.token import Token
from claudestep.infrastructure.github.api.transport import Urllib3Transport
from claudestep.infrastructure.github.host import GitHubHost
from claudestep.infrastructure.hosting import record_block
from claudestep.infrastructure.hosting.port import Draft
from claudestep.infrastructure.metadata.branch import MetadataBranch
from tests.live.pacing import Pace, PacedTransport
from tests.live.raw import Raw, good, told

T = TypeVar("T")

MARK = "claudestep-live"
_LONGEST = 120.0


@dataclass(frozen=True)
class Shown(Generic[T]):
    """What was seen, and how long after the first look at it."""

    what: T
    seconds: float
    looks: int

    def __str__(self) -> str:
        return "at the first look" if self.looks == 1 else f"after {self.seconds:.1f} s, at look {self.looks}"


@dataclass
class Ground:
    """A repository; `rule` puts a rule on a branch for a while, `reader` may only read."""

    where: str
    repository: RepositoryName
    token: Token
    clock: Clock
    environment: Mapping[str, str] = field(repr=False)
    rule: Callable[[str], AbstractContextManager[None]]
    reader: Token | None = None
    run: str = field(default_factory=lambda: secrets.token_hex(4))
    base: str = ""
    label_was_there: bool = True

    def __post_init__(self) -> None:
        self.endpoints = Endpoints.read(self.environment)
        self.is_here = is_loopback(urlsplit(self.endpoints.api).hostname or "")
        self.pace = Pace(self.clock, seconds=0.0 if self.is_here else 1.0)
        self.raw = self.asker(self.token)
        self._indexes: Iterator[int] = itertools.count(1)

    @property
    def is_live(self) -> bool:
        return self.where == "github.com"

    @property
    def project(self) -> str:
        """The project of this run; its step branches begin with `step_prefix`."""
        return f"live-{self.run}"

    @property
    def step_prefix(self) -> str:
        return f"claude-step-{self.project}"

    def named(self, what: str = "") -> str:
        """A name that only this run has."""
        return f"{MARK}-{self.run}-{what}"

    # Who asks

    def transport(self) -> Urllib3Transport:
        return Urllib3Transport(self.environment)

    def asker(self, token: Token, *, paced: bool = True) -> Raw:
        """Somebody who asks GitHub without our program; without a pace only where a race is the fact itself."""
        inner = self.transport()
        transport = PacedTransport(inner, self.pace) if paced else inner
        return Raw(self.endpoints.api, self.endpoints.graphql, str(self.repository), token, transport)

    def github(self, token: Token | None = None, *, paced: bool = True) -> GitHub:
        """The program's client, as a process of its own would have it."""
        inner = self.transport()
        return GitHub(
            endpoints=self.endpoints,
            repository=self.repository,
            token=token or self.token,
            transport=PacedTransport(inner, self.pace) if paced else inner,
            clock=self.clock,
        )

    def host(self, *, paced: bool = True) -> GitHubHost:
        """The program's host, which knows nothing yet."""
        return GitHubHost(self.github(paced=paced), self.clock)

    def seen(self, look: Callable[[], T | None]) -> Shown[T]:
        """What a look shows at last; before, it is None or False."""
        began = self.clock.monotonic()
        for looks in itertools.count(1):
            found = look()
            passed = self.clock.monotonic() - began
            if found is not None and found is not False:
                return Shown(found, passed, looks)
            assert passed < _LONGEST, f"it is not shown after {passed:.0f} s"
            self.clock.sleep(1)
        raise AssertionError("unreachable")

    def at(self, branch: MetadataBranch, version: str) -> Snapshot:
        """The metadata branch, once it is shown to be at this commit."""

        def look() -> Snapshot | None:
            snapshot = branch.read()
            return snapshot if snapshot.version == version else None

        return self.seen(look).what

    # What there is, and what is made

    def head(self, branch: str) -> str | None:
        """Where a branch is."""
        heard = self.raw.get(f"/git/ref/heads/{branch}")
        is_none = heard.status == 404 or "is empty" in told(heard)
        return None if is_none else str(good(heard).json["object"]["sha"])

    def commit(self, files: Mapping[str, str], *parents: str, message: str = "A commit of the live tests") -> str:
        """A commit that nothing refers to yet."""
        entries = [{"path": p, "mode": "100644", "type": "blob", "content": text} for p, text in files.items()]
        start = {"base_tree": parents[0]} if parents else {}
        tree = good(self.raw.post("/git/trees", tree=entries, **start)).json["sha"]
        return str(good(self.raw.post("/git/commits", message=message, tree=tree, parents=parents)).json["sha"])

    def branch(self, name: str, files: Mapping[str, str], *parents: str) -> str:
        """Make a branch with one commit; its id."""
        assert self.run in name
        commit = self.commit(files, *parents)
        good(self.raw.post("/git/refs", ref=f"refs/heads/{name}", sha=commit))
        self.seen(lambda: self.head(name) == commit)
        return commit

    def draft(self) -> Draft:
        """A step that was pushed, and what would be opened for it, for the base branch of this run."""
        index, project = next(self._indexes), f"{self.project}-pulls"
        name = f"{self.step_prefix}-pulls-{index}"
        base = self.seen(lambda: self.head(self.base)).what
        head = self.branch(name, {f"{self.project}/{index}.txt": f"{index}\n"}, base)
        record = StepRecord(project=project, step_index=index, step_description="One", base_branch=self.base)
        body = f"A pull request of the live tests\n\n{record_block.write(record)}"
        return Draft(title="ClaudeStep: One", body=body, branch=name, head_commit=head, record=record)

    def labels_of(self, number: int) -> set[str]:
        """The labels of a pull request."""
        return {one["name"] for one in good(self.raw.get(f"/issues/{number}/labels")).json}
