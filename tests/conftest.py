"""What every test may ask for, and what is held of all of them."""

from tests.github_server.plugin import (
    as_github_publishes,
    github,
    pytest_addoption,
    pytest_configure,
    pytest_sessionfinish,
    pytest_terminal_summary,
    pytest_testnodedown,
)

__all__ = [
    "as_github_publishes",
    "github",
    "pytest_addoption",
    "pytest_configure",
    "pytest_sessionfinish",
    "pytest_terminal_summary",
    "pytest_testnodedown",
]
