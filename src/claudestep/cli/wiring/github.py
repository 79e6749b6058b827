"""The adapters of a repository on GitHub. Only what works with GitHub loads this."""

from functools import partial

from claudestep.cli.settings import Settings
from claudestep.infrastructure import process
from claudestep.infrastructure.clock import SystemClock
from claudestep.infrastructure.git import hints
from claudestep.infrastructure.git.command import Git
from claudestep.infrastructure.git.upstream import Upstream
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.api.endpoints import Endpoints, RepositoryName
from claudestep.infrastructure.github.api.token import Token, find_token
from claudestep.infrastructure.github.api.transport import Urllib3Transport
from claudestep.infrastructure.github.branch import GitHubMetadataBranch
from claudestep.infrastructure.github.host import GitHubHost
from claudestep.infrastructure.github.upstream import GitHubUpstream
from claudestep.infrastructure.hosting.port import Host


def metadata_branch(settings: Settings, repository: RepositoryName) -> GitHubMetadataBranch:
    """The metadata branch of a repository on GitHub. Raises UsageError without a token."""
    endpoints = Endpoints.read(settings.environment)
    token = find_token(settings.environment, endpoints.server, process.run)
    return GitHubMetadataBranch(_client(settings, endpoints, token, repository))


def host_and_upstream(settings: Settings, git: Git, repository: RepositoryName) -> tuple[Host, Upstream]:
    """Pull requests there, and git that fetches from there and pushes there. Raises UsageError without a token."""
    endpoints = Endpoints.read(settings.environment)
    token = find_token(settings.environment, endpoints.server, process.run)
    github = _client(settings, endpoints, token, repository)
    host = GitHubHost(github, hint=partial(hints.for_server, git))
    return host, GitHubUpstream(git, github, token)


def _client(settings: Settings, endpoints: Endpoints, token: Token, repository: RepositoryName) -> GitHub:
    return GitHub(
        endpoints=endpoints,
        repository=repository,
        token=token,
        transport=Urllib3Transport(settings.environment),
        clock=SystemClock(),
    )
