"""How a ground is found, guarded while it is used, and left as it was."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import pytest

from claudestep.domain.naming import LABEL, METADATA_BRANCH, STEP_BRANCH_PREFIX
from claudestep.infrastructure.clock import SystemClock
from claudestep.infrastructure.github.api.endpoints import RepositoryName
from claudestep.infrastructure.github.api.token import Token
from tests.fakes.clock import FakeClock
from tests.github_server.fixture import DEFAULT_TOKEN, GitHubServer, RemoteRepository
from tests.live.ground import MARK, Ground
from tests.live.raw import good, told
from tests.live.settings import Live
from tests.live.sweep import LOCK, delete_ref, inventory, left, sweep

_READER = "token-of-a-reader"
_RULES = "pull_request"
_LAG = 10.0
"""Seconds after which lists show what was made; longer ones are waited for where something is left."""


class NotMeantForIt(Exception):
    """The repository is in use: nothing was done to it."""


def on_test_server(server: GitHubServer) -> Ground:
    """A repository of its own on the server of the tests, and a clock on which no wait takes time."""
    server.add_user("reader", _READER, "read")
    remote = server.new_repository({"README.md": "scratch\n"})
    return Ground(
        where="test server",
        repository=RepositoryName.parse(remote.name),
        token=Token(DEFAULT_TOKEN),
        clock=FakeClock(),
        environment={name: url for name, url in server.environment().items() if name.endswith("_URL")},
        rule=partial(_rule_here, remote),
        reader=Token(_READER),
    )


def on_github(live: Live) -> Ground:
    """The repository that somebody named."""
    ground = Ground(
        where="github.com",
        repository=live.repository,
        token=live.token,
        clock=SystemClock(),
        environment=live.environment,
        rule=lambda _: pytest.fail("there is no ground yet"),
        reader=live.reader,
    )
    ground.rule = partial(_rule_by_api, ground)
    return ground


@contextmanager
def in_use(ground: Ground) -> Iterator[Ground]:
    """The ground with a base branch for pull requests; afterwards nothing of it is left. Raises NotMeantForIt."""
    check(ground)
    before = inventory(ground)
    with locked(ground):
        ground.label_was_there = f"label {LABEL}" in before
        try:
            default = good(ground.raw.get("")).json["default_branch"]
            ground.base = ground.named("base")
            ground.branch(ground.base, {f"{ground.project}/base.txt": "base\n"}, str(ground.head(default)))
            yield ground
        finally:
            ground.clock.sleep(0 if ground.is_here else _LAG)
            ground.seen(lambda: _is_swept(ground, before | {f"refs/heads/{LOCK}"}))


def _is_swept(ground: Ground, before: set[str]) -> bool:
    """Whether nothing is left, after taking away what is shown by now."""
    sweep(ground)
    return not left(ground, before)


def check(ground: Ground) -> None:
    """Refuse a repository that somebody works in. Raises NotMeantForIt."""
    told_of = ground.raw.get("")
    if told_of.status != 200:
        raise NotMeantForIt(f"{ground.repository} cannot be read: {told(told_of)}")
    default = told_of.json["default_branch"]
    if ground.head(default) is None:
        raise NotMeantForIt(f"{ground.repository} has no commit yet: push a first one")
    if ground.head(METADATA_BRANCH) is not None:
        raise NotMeantForIt(
            f"{ground.repository} has a branch {METADATA_BRANCH}: it is in use, or these tests were killed there. "
            f"Name another repository; where the branch is of no use: git push origin --delete {METADATA_BRANCH}"
        )
    pulls = ground.raw.pages("/pulls?state=open")
    if any(one["head"]["ref"].startswith(STEP_BRANCH_PREFIX) for one in pulls):
        raise NotMeantForIt(f"{ground.repository} has open pull requests of ClaudeStep: close them first")


@contextmanager
def locked(ground: Ground) -> Iterator[None]:
    """A branch that only one run can make: two would meet on the metadata branch, whose name is fixed."""
    ref = f"refs/heads/{LOCK}"
    lock = ground.commit({"run.txt": f"{ground.run}\n"}, message=f"The live tests of run {ground.run} are at work")
    made = ground.raw.post("/git/refs", ref=ref, sha=lock)
    if made.status != 201:
        raise NotMeantForIt(
            f"another run of these tests is at work on {ground.repository}, or was killed, then: git push origin "
            f"--delete {LOCK} (GitHub says {told(made)})"
        )
    try:
        yield
    finally:
        if ground.head(LOCK) in (lock, None):
            delete_ref(ground, ref)


@contextmanager
def _rule_here(remote: RemoteRepository, branch: str) -> Iterator[None]:
    remote.configure(rules=[{"pattern": branch, "kind": _RULES}])
    try:
        yield
    finally:
        remote.configure(rules=[])


@contextmanager
def _rule_by_api(ground: Ground, branch: str) -> Iterator[None]:
    """A ruleset for one branch, that nobody may pass by."""
    made = ground.raw.send("POST", "/rulesets", _ruleset(ground, branch))
    if made.status in (403, 404):
        pytest.skip(f"the token may make no ruleset here (administration: write): {told(made)}")
    try:
        yield
    finally:
        good(ground.raw.delete(f"/rulesets/{good(made).json['id']}"))


def _ruleset(ground: Ground, branch: str) -> Mapping[str, object]:
    parameters = {
        "required_approving_review_count": 0,
        "dismiss_stale_reviews_on_push": False,
        "require_code_owner_review": False,
        "require_last_push_approval": False,
        "required_review_thread_resolution": False,
    }
    return {
        "name": f"{MARK}-{ground.run}",
        "target": "branch",
        "enforcement": "active",
        "conditions": {"ref_name": {"include": [f"refs/heads/{branch}"], "exclude": []}},
        "rules": [{"type": _RULES, "parameters": parameters}],
    }
