"""The adapters of a repository on GitHub. Only what works with GitHub loads this."""

from functools import partial

from claudestep.cli.settings import Api, Settings
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
from claudestep.infrastructure.github.rest_branch import RestMetadataBranch
from claudestep.infrastructure.github.upstream import GitHubUpstream
from claudestep.infrastructure.hosting.port import Host
from claudestep.infrastructure.metadata.branch import MetadataBranch


def host_alone(settings: Settings, repository: RepositoryName, api: Api | None = None) -> Host:
    """The metadata branch of a repository on GitHub and its pull requests. Raises UsageError without a token."""
    endpoints = Endpoints.read(settings.environment)
    token = find_token(settings.environment, endpoints.server, process.run)
    github = _client(settings, endpoints, token, repository)
    return GitHubHost(github, branch=_branch(github, api))


def host_and_upstream(
    settings: Settings, git: Git, repository: RepositoryName, api: Api | None = None
) -> tuple[Host, Upstream]:
    """Pull requests there, and git that fetches from there and pushes there. Raises UsageError without a token."""
    endpoints = Endpoints.read(settings.environment)
    token = find_token(settings.environment, endpoints.server, process.run)
    github = _client(settings, endpoints, token, repository)
    host = GitHubHost(github, hint=partial(hints.for_server, git), branch=_branch(github, api))
    return host, GitHubUpstream(git, github, token)


def _branch(github: GitHub, api: Api | None) -> MetadataBranch:
    return RestMetadataBranch(github) if api == "rest" else GitHubMetadataBranch(github)


def _client(settings: Settings, endpoints: Endpoints, token: Token, repository: RepositoryName) -> GitHub:
    return GitHub(
        endpoints=endpoints,
        repository=repository,
        token=token,
        transport=Urllib3Transport(settings.environment),
        clock=SystemClock(),
    )
