"""Every fact is asked here, and on github.com where a repository is named."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from claudestep.domain.errors import UsageError
from claudestep.domain.naming import METADATA_BRANCH
from claudestep.infrastructure.github.branch import GitHubMetadataBranch
from tests.live import findings, openings, settings
from tests.live.findings import Finding, Notes
from tests.live.ground import Ground
from tests.live.sweep import erase_metadata

HERE, THERE = "test server", "github.com"
_FOUND: list[Finding] = []


@pytest.fixture(scope="session")
def live() -> settings.Live | None:
    """The repository that is named for it."""
    try:
        return settings.read(os.environ)
    except (UsageError, ValueError) as error:
        pytest.fail(f"CLAUDESTEP_LIVE_REPO cannot be used: {error}", pytrace=False)


@pytest.fixture(scope="session", params=[HERE, THERE])
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    """A repository to ask on, which is afterwards as it was."""
    if request.param == HERE:
        found = openings.on_test_server(request.getfixturevalue("github"))
    else:
        found = openings.on_github(_named(request))
    try:
        with openings.in_use(found) as used:
            yield used
    except openings.NotMeantForIt as refusal:
        pytest.fail(str(refusal), pytrace=False)


def _named(request: pytest.FixtureRequest) -> settings.Live:
    named: settings.Live | None = request.getfixturevalue("live")
    if named is None:
        pytest.skip(f"not asked of github.com: {settings.HOW}")
    if int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")) > 1:
        pytest.skip("github.com is asked by one process, a write a second: make live")
    return named


@pytest.fixture
def found(request: pytest.FixtureRequest, ground: Ground) -> Notes:
    """Takes down what is found: `found("status", 200)`."""
    return Notes(request.node, ground.where, (token.reveal() for token in (ground.token, ground.reader) if token))


@pytest.fixture
def metadata(ground: Ground) -> Iterator[GitHubMetadataBranch]:
    """The metadata branch, which is not there before and after the test."""
    ground.seen(lambda: ground.head(METADATA_BRANCH) is None)
    yield GitHubMetadataBranch(ground.github(), ground.clock)
    erase_metadata(ground)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _FOUND.extend(findings.of(report))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what github.com did, and write what each place did where a file is named for it."""
    shown = [one for one in _FOUND if one.where == THERE]
    if shown:
        terminalreporter.section("what github.com did")
        for one in shown:
            terminalreporter.line(f"{one.test}: {one.fact}: {one.found}")
    if _FOUND and (file := os.environ.get("CLAUDESTEP_LIVE_REPORT")):
        findings.write(_FOUND, Path(file))
