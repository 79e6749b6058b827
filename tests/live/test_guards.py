"""That asking on github.com touches nothing that it has not made, and shows no token: tried on the test server."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from claudestep.domain.naming import LABEL, METADATA_BRANCH
from claudestep.infrastructure.clock import SystemClock
from claudestep.infrastructure.github.api.endpoints import RepositoryName
from claudestep.infrastructure.github.api.protocol import Request
from claudestep.infrastructure.github.api.token import Token
from tests.fakes.clock import FakeClock
from tests.github_server.fixture import DEFAULT_TOKEN, GitHubServer, RemoteRepository
from tests.live import findings, openings, settings
from tests.live.clone import LiveClone
from tests.live.findings import Finding, Notes
from tests.live.ground import Ground
from tests.live.pacing import Pace, is_write
from tests.live.sweep import LOCK, erase_metadata

ROOT = Path(__file__).parents[2]
OTHERS = f"{METADATA_BRANCH}-of-others", "claudestep-live-0", "claude-step-live-0-1", "feature"


@pytest.fixture
def remote(github: GitHubServer) -> RemoteRepository:
    return github.new_repository({"README.md": "hello\n"})


def ground_of(remote: RemoteRepository) -> Ground:
    """As on github.com, but for the address."""
    live = settings.read({**remote.server.environment(), "CLAUDESTEP_LIVE_REPO": remote.name})
    assert live is not None
    return openings.on_github(live)


def whole(remote: RemoteRepository) -> dict[str, object]:
    """All that there is, but for refs/pull/, which stay for ever, and when a thread was touched last."""
    told: dict[str, Any] = remote.server.control("repository", repository=remote.name)
    refs = {name: at for name, at in told["refs"].items() if not name.startswith("refs/pull/")}
    pulls = [{name: value for name, value in pull.items() if name != "updated_at"} for pull in remote.pulls()]
    return {"refs": refs, "labels": told["labels"], "pulls": pulls}


# What is refused, and left alone


def test_a_repository_in_use_is_refused_and_left_alone(remote: RemoteRepository) -> None:
    remote.commit(METADATA_BRANCH, {"projects/p.json": "{}\n"})
    before = whole(remote)
    with (
        pytest.raises(openings.NotMeantForIt, match="has a branch claudestep-metadata"),
        openings.in_use(ground_of(remote)),
    ):
        pytest.fail("it was not refused")
    assert whole(remote) == before


def test_open_pull_requests_of_claudestep_are_refused_and_left_alone(remote: RemoteRepository) -> None:
    remote.commit("claude-step-p-1", {"a.txt": "a\n"})
    remote.open_pull("claude-step-p-1", labels=[LABEL])
    before = whole(remote)
    with pytest.raises(openings.NotMeantForIt, match="open pull requests"), openings.in_use(ground_of(remote)):
        pytest.fail("it was not refused")
    assert whole(remote) == before


def test_a_second_run_at_the_same_time_is_refused_and_takes_no_lock_away(remote: RemoteRepository) -> None:
    with openings.in_use(ground_of(remote)):
        before = whole(remote)
        with pytest.raises(openings.NotMeantForIt, match="another run"), openings.in_use(ground_of(remote)):
            pytest.fail("it was not refused")
        assert f"refs/heads/{LOCK}" in remote.refs()
        assert whole(remote) == before


def test_an_empty_repository_and_one_that_is_not_there_are_refused(github: GitHubServer) -> None:
    with pytest.raises(openings.NotMeantForIt, match="has no commit yet"):
        openings.check(ground_of(github.new_repository()))
    ground = ground_of(github.new_repository())
    ground.repository = RepositoryName("o", "nowhere")
    ground.raw = ground.asker(ground.token)
    with pytest.raises(openings.NotMeantForIt, match="cannot be read"):
        openings.check(ground)


def test_documents_of_others_are_not_deleted(remote: RemoteRepository) -> None:
    ground = ground_of(remote)
    remote.commit(METADATA_BRANCH, {"projects/p.json": "{}\n", f"projects/{ground.project}.json": "{}\n"})
    with pytest.raises(AssertionError, match="holds what this run has not made, and stays"):
        erase_metadata(ground)
    assert f"refs/heads/{METADATA_BRANCH}" in remote.refs()


def test_what_others_have_is_left_as_it_is_and_nothing_of_ours_is_left(remote: RemoteRepository) -> None:
    for name in OTHERS:
        remote.commit(name, {"a.txt": f"{name}\n"})
    other = remote.open_pull("feature", labels=["bug"])
    before = whole(remote)

    with openings.in_use(ground_of(remote)) as ground:
        draft = ground.draft()
        pull = ground.host().open_pull_request(draft)
        ground.raw.post(f"/issues/{pull.number}/labels", labels=[LABEL, ground.named("label")])
        ground.branch(ground.named("more"), {"a.txt": "a\n"})
        remote.commit(METADATA_BRANCH, {f"projects/{ground.project}.json": "{}\n"})
        assert whole(remote) != before

    closed = remote.pull(pull.number)
    after = whole(remote)
    pulls = after["pulls"]
    assert isinstance(pulls, list)
    assert after | {"pulls": [one for one in pulls if one["number"] != pull.number]} == before
    assert (closed["state"], closed["labels"]) == ("CLOSED", [])
    assert remote.pull(other["number"])["labels"] == ["bug"]


def test_a_label_that_was_there_stays(remote: RemoteRepository) -> None:
    remote.commit("feature", {"a.txt": "a\n"})
    remote.open_pull("feature", labels=[LABEL])
    with openings.in_use(ground_of(remote)):
        pass
    assert LABEL in remote.server.control("repository", repository=remote.name)["labels"]


# What the environment says


def test_without_a_repository_nothing_is_asked() -> None:
    assert settings.read({"GITHUB_TOKEN": "secret", "GITHUB_REPOSITORY": "o/r"}) is None


def test_a_repository_without_a_token_is_an_error() -> None:
    with pytest.raises(ValueError, match="neither GITHUB_TOKEN nor GH_TOKEN is"):
        settings.read({"CLAUDESTEP_LIVE_REPO": "o/r"})


def test_no_repr_has_the_token(remote: RemoteRepository, tmp_path: Path) -> None:
    ground = ground_of(remote)
    clone = LiveClone.of(ground, tmp_path)
    assert clone.environment["GITHUB_TOKEN"] == DEFAULT_TOKEN
    told = f"{ground!r} {ground.raw!r} {clone!r} {clone.run!r} {ground.github()!r} {ground.host()!r}"
    assert DEFAULT_TOKEN not in told


def test_no_finding_has_the_token(request: pytest.FixtureRequest) -> None:
    Notes(request.node, "here", ["s3cret"])("a fact", {"authorization": "token s3cret"})
    (_, value), *_ = request.node.user_properties
    request.node.user_properties.clear()
    assert value == ["here", "test_no_finding_has_the_token", "a fact", "{'authorization': 'token ***'}"]


def test_findings_of_two_places_stand_side_by_side() -> None:
    told = findings.table([Finding("a", "test_x", "fact", "1 | 2"), Finding("b", "test_x", "fact", "3")])
    assert told.splitlines()[0] == "| test | fact | a | b |"
    assert told.splitlines()[2] == "| test_x | fact | 1 &#124; 2 | 3 |"


# The pace


def test_a_write_a_second_and_reads_at_once() -> None:
    clock = FakeClock()
    pace = Pace(clock)
    for _ in range(3):
        pace.wait()
    assert clock.monotonic() == 2.0
    clock.advance(5)
    pace.wait()
    assert (clock.monotonic(), pace.writes) == (7.0, 4)


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (Request("GET", "https://api/repos/o/r", {}), False),
        (Request("DELETE", "https://api/repos/o/r/git/refs/heads/a", {}), True),
        (Request("POST", "https://api/graphql", {}, b'{"query": "query($a: ID!) {}"}'), False),
        (Request("POST", "https://api/graphql", {}, b'{"query": "# why\\nmutation Close {}"}'), True),
    ],
)
def test_what_is_a_write(request_: Request, *, expected: bool) -> None:
    assert is_write(request_) is expected


def test_github_com_is_asked_a_write_a_second() -> None:
    live = settings.Live(RepositoryName("o", "r"), Token("t"), None, {})
    ground = openings.on_github(live)
    assert isinstance(ground.clock, SystemClock)
    assert ground.endpoints.api == "https://api.github.com"
    assert ground.pace.seconds == 1.0


# The whole way, with the address of the test server


def run(tmp_path: Path, *args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("CLAUDESTEP_LIVE", "GITHUB", "GH_"))
    }
    kept |= {"PYTEST_XDIST_WORKER_COUNT": "1"}
    argv = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:xdist",
        "-p",
        "no:cacheprovider",
        "--basetemp",
        str(tmp_path / "t"),
    ]
    return subprocess.run(
        [*argv, *args], cwd=ROOT, env={**kept, **environment}, capture_output=True, text=True, check=False
    )


def test_a_test_on_github_com_is_skipped_by_its_name_and_says_what_to_set(tmp_path: Path) -> None:
    done = run(tmp_path, "tests/live/test_access.py", "-k", "github.com and hour")
    assert done.returncode == 0, done.stdout
    assert "test_replies_tell_what_is_left_of_the_hour[github.com]" in done.stdout
    assert "set CLAUDESTEP_LIVE_REPO and GITHUB_TOKEN" in done.stdout


def test_facts_are_asked_where_the_environment_says(remote: RemoteRepository, tmp_path: Path) -> None:
    before = whole(remote)
    report = tmp_path / "report.md"
    done = run(
        tmp_path, "tests/live/test_access.py", "tests/live/test_refs_and_contents.py", "-k", "github.com",
        CLAUDESTEP_LIVE_REPO=remote.name, CLAUDESTEP_LIVE_REPORT=str(report), **remote.server.environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "what github.com did" in done.stdout
    assert "| test_what_the_token_may_do | viewerPermission | ADMIN |" in report.read_text(encoding="utf-8")
    assert DEFAULT_TOKEN not in done.stdout + done.stderr + report.read_text(encoding="utf-8")
    assert whole(remote) == before
