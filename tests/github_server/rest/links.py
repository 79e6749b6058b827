"""Addresses that stand in replies."""

from dataclasses import dataclass

from tests.github_server.state import Repository


@dataclass(frozen=True)
class Links:
    """Addresses on the host that a request has named; the API is served at its root."""

    root: str

    def api(self, *parts: object) -> str:
        return "/".join((self.root, *map(str, parts)))

    def repo(self, repository: Repository, *parts: object) -> str:
        """Below a repository in the API."""
        return self.api("repos", repository.full_name, *parts)

    def web(self, repository: Repository, *parts: object) -> str:
        """Below a repository in the browser."""
        return "/".join((self.root, repository.full_name, *map(str, parts)))
