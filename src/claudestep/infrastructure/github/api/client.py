"""The client of GitHub: one question, and one typed answer or one error of the family of HostError."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial as bound
from typing import Generic, TypeVar

from claudestep.domain.errors import HostError
from claudestep.infrastructure.clock import Clock
from claudestep.infrastructure.github.api import redirects
from claudestep.infrastructure.github.api.decipher import refusal
from claudestep.infrastructure.github.api.endpoints import Endpoints, RepositoryName
from claudestep.infrastructure.github.api.graphql import mutation_data, query_data
from claudestep.infrastructure.github.api.patience import Patience, Persistence
from claudestep.infrastructure.github.api.protocol import (
    JSON,
    RAW,
    RateLimit,
    Reply,
    Request,
    decoded,
    graphql_request,
    oauth_scopes,
    rest_request,
    served_at,
)
from claudestep.infrastructure.github.api.token import Token
from claudestep.infrastructure.github.api.transport import Transport

T = TypeVar("T")

_PATIENT = Patience()
_NO_CONTENT = (204, 205)


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What GitHub said, and when by its own clock; `problems` are the fields of a partial answer that failed.

    `scopes` are those of a token of the older kind, None for others.
    """

    data: T
    at: datetime
    problems: tuple[HostError, ...] = ()
    rate_limit: RateLimit | None = None
    scopes: frozenset[str] | None = None


class GitHub:
    """GitHub, and one repository there; `requests` were sent so far, repeated ones too."""

    def __init__(
        self,
        *,
        endpoints: Endpoints,
        repository: RepositoryName,
        token: Token,
        transport: Transport,
        clock: Clock,
        patience: Patience = _PATIENT,
    ) -> None:
        self.endpoints = endpoints
        self.repository = repository
        self.requests = 0
        self._token = token
        self._transport = transport
        self._clock = clock
        self._patience = patience
        self._persistence = Persistence(patience, clock)

    @property
    def waited(self) -> float:
        """The seconds that GitHub's limits have made it wait so far."""
        return self._persistence.waited

    def follow(self, renamed: RepositoryName) -> None:
        """Go on with the repository under its new name."""
        self.repository = renamed

    def query(
        self,
        document: str,
        variables: Mapping[str, object],
        type_: type[T],
        *,
        missing_ok: bool = False,
        tries: int | None = None,
    ) -> Answer[T]:
        """The answer to a GraphQL query, its `data` read as `type_`; any error in it is raised.

        With `missing_ok`, what is not found below `repository` is null in the data, and no error. `tries` bounds
        how often it is asked on transient faults. Raises HostError.
        """
        request = graphql_request(self.endpoints.graphql, document, variables, self._token)
        ask = bound(self._queried, request, type_, missing_ok=missing_ok)
        return self._persistence.persist(ask, repeat=True, tries=tries)

    def mutate(
        self,
        document: str,
        variables: Mapping[str, object],
        type_: type[T],
        *,
        partial: bool = False,
        resend: bool = True,
    ) -> Answer[T]:
        """The answer to a GraphQL mutation; it is sent again after a limit, never after a fault.

        Without `resend`, Delayed is raised after the wait for a limit, instead of sending it again. With
        `partial`, errors about single fields are `problems` of the answer, and those fields are null in its data.
        Raises HostError; after Transient (with `sent`) and UnreadableReply nobody knows what was applied.
        """
        request = graphql_request(self.endpoints.graphql, document, variables, self._token)
        ask = bound(self._mutated, request, type_, partial=partial)
        return self._persistence.persist(ask, repeat=False, resend=resend)

    def rest(self, method: str, path: str, type_: type[T], body: Mapping[str, object] | None = None) -> Answer[T]:
        """The reply of the REST interface, read as `type_` (None where there is no content).

        `path` is below its root, quoted, perhaps with a query. A GET is repeated on transient faults, others
        never; a renamed repository is followed. Raises HostError as `mutate` does.
        """
        request = rest_request(method, self._url(path), self._token, body=body)
        ask = bound(self._rested, request, type_)
        return self._persistence.persist(ask, repeat=method == "GET")

    def download(self, path: str) -> bytes:
        """The raw bytes of a blob, or of an archive, which is on another host: that one never sees the token.

        Raises HostError.
        """
        accept = JSON if _is_archive(path) else RAW
        request = rest_request("GET", self._url(path), self._token, accept=accept)

        def ask() -> bytes:
            return self._followed(request, self._patience.download, elsewhere=True)[0].body

        return self._persistence.persist(ask, repeat=True)

    def _url(self, path: str) -> str:
        if not path.startswith("/"):
            raise ValueError(f"not below the root of the interface: {path}")
        return f"{self.endpoints.api}{path}"

    def _queried(self, request: Request, type_: type[T], *, missing_ok: bool) -> Answer[T]:
        reply, at = self._accepted(request, self._send(request, self._patience.reply))
        return _answer(query_data(reply, at, missing_ok=missing_ok), type_, reply, at)

    def _mutated(self, request: Request, type_: type[T], *, partial: bool) -> Answer[T]:
        reply, at = self._accepted(request, self._send(request, self._patience.reply))
        data, problems = mutation_data(reply, at, partial=partial)
        return replace(_answer(data, type_, reply, at), problems=problems)

    def _rested(self, request: Request, type_: type[T]) -> Answer[T]:
        reply, at = self._followed(request, self._patience.reply, elsewhere=False)
        return _answer(b"null" if reply.status in _NO_CONTENT else reply.body, type_, reply, at)

    def _followed(self, request: Request, timeout: float, *, elsewhere: bool) -> tuple[Reply, datetime]:
        """The first reply that is no redirect, or one redirect too many, which is then a refusal."""
        reply = self._send(request, timeout)
        for _ in range(redirects.MOST):
            target = redirects.redirected(request, reply, elsewhere=elsewhere)
            if target is None:
                break
            request, reply = target, self._send(target, timeout)
        return self._accepted(request, reply)

    def _send(self, request: Request, timeout: float) -> Reply:
        """The reply, without our token, should a proxy's page repeat the request to us."""
        self.requests += 1
        reply = self._transport.send(request, timeout=timeout)
        return replace(reply, body=reply.body.replace(self._token.reveal().encode(), b"***"))

    def _accepted(self, request: Request, reply: Reply) -> tuple[Reply, datetime]:
        """A reply that is no refusal, and when it was made."""
        at = served_at(reply, self._clock.now())
        if error := refusal(reply, at, request.what):
            raise error
        return reply, at


def _answer(data: bytes, type_: type[T], reply: Reply, at: datetime) -> Answer[T]:
    limit, scopes = RateLimit.read(reply.headers), oauth_scopes(reply.headers)
    return Answer(decoded(data, type_), at, rate_limit=limit, scopes=scopes)


def _is_archive(path: str) -> bool:
    return "/tarball" in path or "/zipball" in path
