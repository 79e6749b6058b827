"""A client over a scripted transport."""

from claudestep.domain.errors import HostError
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.api.endpoints import Endpoints, RepositoryName
from claudestep.infrastructure.github.api.patience import Patience
from claudestep.infrastructure.github.api.protocol import Reply
from claudestep.infrastructure.github.api.token import Token
from tests.fakes.clock import FakeClock
from tests.fakes.transport import ScriptedTransport

SHORTEST = Patience(draw=min)
"""Every wait as short as it may be."""
SECRET = "ghs_sekrit"  # noqa: S105  opens nothing


class Scene:
    """A client with everything around it."""

    def __init__(self, *script: Reply | HostError, patience: Patience | None = None) -> None:
        self.clock = FakeClock()
        self.transport = ScriptedTransport(*script)
        self.github = GitHub(
            endpoints=Endpoints.read({}),
            repository=RepositoryName("o", "r"),
            token=Token(SECRET),
            transport=self.transport,
            clock=self.clock,
            patience=patience or SHORTEST,
        )
