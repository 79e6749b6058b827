"""The fixture `github`: one server for all tests of a worker; and what looks at the requests of all tests.

Every test: what was sent and answered is as GitHub publishes it (`as_github_publishes`).
The whole suite: all that the program declares to ask of GitHub was asked (`pytest_sessionfinish`); `--github-uses`
wants it of a part of the suite.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.github_server.fixture import GitHubServer
from tests.github_server.published import declared
from tests.github_server.published.uses import seen_in

_MALFORMED = "malformed(reason): its requests to the GitHub server are wrong on purpose; not those of the program"
_SEEN: set[str] = set()
_MISSED: list[str] = []


@pytest.fixture(scope="session")
def github(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHubServer]:
    """A GitHub on loopback; each test makes its own repositories on it."""
    server = GitHubServer(tmp_path_factory.mktemp("github"))
    yield server
    server.stop()


@pytest.fixture(autouse=True)
def as_github_publishes(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fails a test whose requests, or the replies to them, are not as GitHub's own descriptions have them.

    `malformed` lets the requests of other clients through; a test that has it for nothing fails, too.
    """
    yield
    found = [violation for server in GitHubServer.started for violation in server.violations.new()]
    on_purpose = request.node.get_closest_marker("malformed") is not None
    wrong = [each.sentence for each in found if not on_purpose or each.by != "client"]
    assert not wrong, "\n".join(["not as GitHub publishes it:", *dict.fromkeys(wrong)])
    assert not on_purpose or found, "marked as malformed, and nothing was wrong with its requests"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--github-uses", action="store_true", help="miss what was declared and not asked of GitHub")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", _MALFORMED)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take over what a worker of xdist has seen."""
    if error is None:
        _SEEN.update(node.workeroutput.get("github_uses", ()))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a whole suite in which something that is declared was never asked."""
    _SEEN.update(*(seen_in(server.root) for server in GitHubServer.started))
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["github_uses"] = sorted(_SEEN)
    elif session.exitstatus == pytest.ExitCode.OK and _is_whole(session.config):
        _MISSED.extend(sorted(declared.everything() - _SEEN))
        if _MISSED:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _MISSED:
        terminalreporter.section(
            "declared in claudestep.infrastructure.github.uses, and asked by no test", red=True
        )
        for name in _MISSED:
            terminalreporter.line(name)


def _is_whole(config: pytest.Config) -> bool:
    """Whether all tests were to be run."""
    chosen = ("keyword", "markexpr", "deselect", "lf", "ignore", "ignore_glob", "collectonly", "maxfail")
    from_settings = config.args_source == pytest.Config.ArgsSource.TESTPATHS
    part = any(config.getoption(name, None) for name in chosen)
    return bool(config.getoption("github_uses")) or (from_settings and not part)
