"""A client of the test server, as the program would build it."""

from collections.abc import Mapping
from functools import cache

from claudestep.infrastructure.clock import Clock
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.api.endpoints import Endpoints, RepositoryName
from claudestep.infrastructure.github.api.patience import Patience
from claudestep.infrastructure.github.api.token import Token
from claudestep.infrastructure.github.api.transport import Urllib3Transport
from tests.fakes.clock import FakeClock
from tests.github_server.fixture import DEFAULT_TOKEN, RemoteRepository


def client_of(
    repository: RemoteRepository,
    *,
    token: str = DEFAULT_TOKEN,
    clock: Clock | None = None,
    patience: Patience | None = None,
    api: str | None = None,
) -> GitHub:
    """A client of one repository; its waits take no time. `api` is another address than the server's."""
    environment = repository.server.environment(token) if api is None else {"GITHUB_API_URL": api}
    return client_at(environment, repository.name, token=token, clock=clock, patience=patience)


def client_at(
    environment: Mapping[str, str],
    name: str,
    *,
    token: str,
    clock: Clock | None = None,
    patience: Patience | None = None,
) -> GitHub:
    """A client of the repository of this name, where the environment says that GitHub is."""
    return GitHub(
        endpoints=Endpoints.read(environment),
        repository=RepositoryName.parse(name),
        token=Token(token),
        transport=_transport(),
        clock=clock or FakeClock(),
        patience=patience or Patience(),
    )


@cache
def _transport() -> Urllib3Transport:
    """One pool of connections for all tests: it takes a while to load the certificates that none of them needs."""
    return Urllib3Transport({})
