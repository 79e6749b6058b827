"""The client of GitHub: one question, one typed answer or one error of the family of HostError."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from claudestep.domain.errors import HostError
from claudestep.infrastructure.clock import Clock
from claudestep.infrastructure.github.endpoints import Endpoints, RepositoryName
from claudestep.infrastructure.github.patience import Patience
from claudestep.infrastructure.github.protocol import RateLimit
from claudestep.infrastructure.github.token import Token
from claudestep.infrastructure.github.transport import Transport

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """What GitHub said, and when by its own clock; `problems` are the fields of a partial answer that failed."""

    data: T
    at: datetime
    problems: tuple[HostError, ...] = ()
    rate_limit: RateLimit | None = None


class GitHub:
    """One repository on GitHub."""

    def __init__(
        self,
        *,
        endpoints: Endpoints,
        repository: RepositoryName,
        token: Token,
        transport: Transport,
        clock: Clock,
        patience: Patience = Patience(),
    ) -> None:
        self.endpoints = endpoints
        self.repository = repository
        self.requests = 0

    def query(
        self, document: str, variables: Mapping[str, object], type_: type[T], *, missing_ok: bool = False,
        tries: int | None = None,
    ) -> Answer[T]: raise NotImplementedError

    def mutate(
        self, document: str, variables: Mapping[str, object], type_: type[T], *, partial: bool = False
    ) -> Answer[T]: raise NotImplementedError

    def rest(
        self, method: str, path: str, type_: type[T], body: Mapping[str, object] | None = None
    ) -> Answer[T]: raise NotImplementedError

    def download(self, path: str) -> bytes: raise NotImplementedError
