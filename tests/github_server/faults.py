"""Faults on demand: data that says what goes wrong, where, and how often."""

import random
import threading
from collections import Counter
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

Kind = Literal[
    "latency",          # the reply takes `seconds` longer
    "status",           # `status` (500, 502, 503 ...) in the place of the reply
    "reset",            # the connection is reset in the place of the reply
    "unauthorized",     # 401
    "forbidden",        # 403 that names `permission`
    "primary_limit",    # the primary rate limit is used up for `seconds` more
    "secondary_limit",  # the secondary rate limit; `seconds` goes into retry-after, none when 0
    "cut",              # the reply ends in the middle, and the connection with it
    "garbage",          # 200 with something that is no JSON
    "partial",          # GraphQL: 200 with data and with errors[], as after a time-out inside
    "lag",              # reads by the name of a ref see it as `seconds` or `requests` ago
    "truncate",         # GraphQL: Blob.text is cut at `bytes`
    "hold",             # it waits, before its work or after it, until a test lets it go (see `holding`)
    "move",             # after the first resolver that touched `ref`, somebody else's commit lands on it
]  # fmt: skip
DISTORTING: frozenset[Kind] = frozenset({"status", "reset", "garbage", "partial"})
"""Those after which a reply is not as GitHub describes it, on purpose."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """One fault.

    `on` is a pattern on the labels of a request: "graphql query", "graphql mutation createCommitOnBranch", "GET
    /repos/o/r/git/refs", "git receive-pack" ... (see `operations`). `skip` requests that it fits go through
    first, then it strikes `times` times (None: for ever), each time with probability `rate`. `when` says whether
    the work is done before the fault strikes; it matters to status, reset, unauthorized, forbidden,
    hold and limits.
    """

    kind: Kind
    on: str = "*"
    repository: str = ""
    times: int | None = 1
    skip: int = 0
    rate: float = 1.0
    seed: int = 0
    when: Literal["before", "after"] = "before"
    status: int = 502
    seconds: float = 0.0
    requests: int = 0
    permission: str = "contents=write"
    bytes: int = 1000
    ref: str = "*"
    files: dict[str, str] = msgspec.field(default_factory=lambda: {"moved.txt": "by another writer\n"})
    message: str = ""

    def fits(self, labels: tuple[str, ...], repositories: frozenset[str]) -> bool:
        if self.repository and self.repository.lower() not in repositories:
            return False
        return any(fnmatchcase(label, self.on) for label in labels)


class _Armed:
    """A fault with what is left of it."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._skip = fault.skip
        self._left = fault.times
        self._random = random.Random(fault.seed)

    @property
    def spent(self) -> bool:
        return self._left is not None and self._left <= 0

    def strikes(self) -> bool:
        """Whether it strikes this request, which it fits; uses it up."""
        if self.spent:
            return False
        if self._skip > 0:
            self._skip -= 1
            return False
        if self.fault.rate < 1 and self._random.random() >= self.fault.rate:
            return False
        if self._left is not None:
            self._left -= 1
        return True


class Faults:
    """All faults that are armed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []
        self._struck: Counter[tuple[str, str]] = Counter()

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._armed.append(_Armed(fault))

    def clear(self, repository: str = "") -> None:
        """Take away the faults of one repository, or all."""
        with self._lock:
            if repository:
                self._armed = [each for each in self._armed if each.fault.repository.lower() != repository.lower()]
            else:
                self._armed = []

    def pending(self, repository: str = "") -> list[Fault]:
        """The faults that can still strike; a test may check that none is left."""
        with self._lock:
            live = [each.fault for each in self._armed if not each.spent]
        return [fault for fault in live if not repository or fault.repository.lower() == repository.lower()]

    def struck(self, repository: str) -> dict[str, int]:
        """How often each kind of fault struck that was armed for this repository, since the start."""
        with self._lock:
            return {kind: n for (name, kind), n in self._struck.items() if name == repository.lower()}

    def striking(self, labels: tuple[str, ...], repositories: frozenset[str]) -> list[Fault]:
        """The faults that strike a request, in the order in which they were armed."""
        with self._lock:
            if not self._armed:
                return []
            fitting = [each for each in self._armed if each.fault.fits(labels, repositories)]
            struck = [each.fault for each in fitting if each.strikes()]
            self._struck.update((fault.repository.lower(), f"{fault.kind} {fault.when}") for fault in struck)
            self._armed = [each for each in self._armed if not each.spent]
            return struck
