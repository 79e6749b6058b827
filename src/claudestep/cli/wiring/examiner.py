"""The adapters that examine a repository on GitHub. Only what works with GitHub loads this."""

from functools import partial

from claudestep.cli.settings import Settings
from claudestep.infrastructure import process
from claudestep.infrastructure.clock import SystemClock
from claudestep.infrastructure.git import hints
from claudestep.infrastructure.git.command import Git
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.api.endpoints import Endpoints, RepositoryName
from claudestep.infrastructure.github.api.patience import Patience
from claudestep.infrastructure.github.api.token import find_token
from claudestep.infrastructure.github.api.transport import Urllib3Transport
from claudestep.infrastructure.github.examiner import GitHubExaminer
from claudestep.infrastructure.github.host import GitHubHost
from claudestep.infrastructure.hosting.examination import Examiner
from claudestep.infrastructure.hosting.port import Host

_SOON = Patience(reply=15.0, tries=2, faults=20.0, limits=0.0)
"""Who asks what is wrong waits for no limit: that it is used up is the answer."""


def host_and_examiner(settings: Settings, git: Git, repository: RepositoryName) -> tuple[Host, Examiner]:
    """What pull requests are seen with, and settings, by one client. Raises UsageError without a token."""
    endpoints = Endpoints.read(settings.environment)
    token = find_token(settings.environment, endpoints.server, process.run)
    github = GitHub(
        endpoints=endpoints,
        repository=repository,
        token=token,
        transport=Urllib3Transport(settings.environment),
        clock=SystemClock(),
        patience=_SOON,
    )
    return GitHubHost(github, hint=partial(hints.for_server, git)), GitHubExaminer(github, token)
