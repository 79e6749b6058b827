"""What every test may ask for."""

from tests.github_server.plugin import github

__all__ = ["github"]
