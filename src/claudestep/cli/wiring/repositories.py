"""Which repository on GitHub is meant."""

from collections.abc import Mapping

from claudestep.cli.settings import Settings
from claudestep.domain.errors import UsageError
from claudestep.infrastructure.github.api.endpoints import Endpoints, RepositoryName, repository_of_remote


def named_repository(text: str) -> RepositoryName:
    """The repository that the user named. Raises UsageError."""
    return RepositoryName.parse(text)


def repository_of(settings: Settings, urls: Mapping[str, str]) -> RepositoryName | None:
    """The repository on GitHub that a clone is of, by the addresses of its remotes.

    That of `origin`, else the only one. Raises UsageError where several may be meant.
    """
    server = Endpoints.read(settings.environment).server
    found = {name: repo for name, url in urls.items() if (repo := repository_of_remote(url, server)) is not None}
    if "origin" in found:
        return found["origin"]
    if len(set(found.values())) > 1:
        listed = ", ".join(sorted({str(repo) for repo in found.values()}))
        raise UsageError(
            f"this clone has several remotes on GitHub: {listed}", remedy="Name one: --repo OWNER/NAME"
        )
    return next(iter(found.values()), None)
