"""What the tests of the server have in common."""

import pytest

from tests.github_server.asking import Asker
from tests.github_server.fixture import GitHubServer, RemoteRepository


@pytest.fixture
def ask(github: GitHubServer) -> Asker:
    """The owner of the default token, with a program."""
    return Asker(github)


@pytest.fixture
def remote(github: GitHubServer) -> RemoteRepository:
    """A repository of one file."""
    return github.new_repository({"README.md": "hello\n"})
