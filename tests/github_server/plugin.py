"""The fixture `github`: one server for all tests of a worker."""

from collections.abc import Iterator

import pytest

from tests.github_server.fixture import GitHubServer


@pytest.fixture(scope="session")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHubServer]:
    """A GitHub on loopback; each test makes its own repositories on it."""
    server = GitHubServer(tmp_path_factory.mktemp("github"))
    yield server
    server.stop()
