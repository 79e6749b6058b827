"""Addresses that stand in replies."""

from dataclasses import dataclass
from urllib.parse import quote

from tests.github_server.state import Repository

_SAFE = "/:{}%+,.~"


@dataclass(frozen=True)
class Links:
    """Addresses on the host that a request has named; the API is served at its root."""

    root: str

    @property
    def host(self) -> str:
        return self.root.partition("://")[2]

    def api(self, *parts: object) -> str:
        return self._joined(*parts)

    def repo(self, repository: Repository, *parts: object) -> str:
        """Below a repository in the API."""
        return self.api("repos", repository.full_name, *parts)

    def web(self, repository: Repository, *parts: object) -> str:
        """Below a repository in the browser."""
        return self._joined(repository.full_name, *parts)

    def _joined(self, *parts: object) -> str:
        """Names of labels and branches may have anything in them; templates and what is quoted stay as they are."""
        return "/".join((self.root, *(quote(str(part), safe=_SAFE) for part in parts)))
