"""What the environment says: the repository that is meant for this, and the tokens."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from claudestep.infrastructure.github.api.endpoints import Endpoints, RepositoryName
from claudestep.infrastructure.github.api.token import Token

HOW = "set CLAUDESTEP_LIVE_REPO and GITHUB_TOKEN (docs/architecture/testing-guide.md, On github.com)"
_PASSED = ("PROXY", "SSL_CERT", "REQUESTS_CA_BUNDLE", "GITHUB_API_URL", "GITHUB_GRAPHQL_URL", "GITHUB_SERVER_URL")
"""What leads to GitHub: these names, or their ends."""


@dataclass(frozen=True)
class Live:
    """A repository on github.com that may be used, and by whom; `reader` may only read it."""

    repository: RepositoryName
    token: Token
    reader: Token | None
    environment: Mapping[str, str] = field(repr=False)

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints.read(self.environment)


def read(environment: Mapping[str, str]) -> Live | None:
    """What is to be used; None where nobody named a repository. Raises UsageError, ValueError."""
    named = environment.get("CLAUDESTEP_LIVE_REPO", "")
    if not named:
        return None
    secret = environment.get("GITHUB_TOKEN") or environment.get("GH_TOKEN")
    if not secret:
        raise ValueError("CLAUDESTEP_LIVE_REPO is set, and neither GITHUB_TOKEN nor GH_TOKEN is")
    reader = environment.get("CLAUDESTEP_LIVE_READONLY_TOKEN")
    passed = {name: value for name, value in environment.items() if any(end in name.upper() for end in _PASSED)}
    return Live(RepositoryName.parse(named), Token(secret), Token(reader) if reader else None, passed)
