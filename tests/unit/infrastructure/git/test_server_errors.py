"""What git says of a server: every text leads to one error, with a sentence and a remedy."""

import pytest

from claudestep.domain.errors import (
    Forbidden,
    HostError,
    NotFound,
    RepositoryError,
    RulesetViolation,
    Stale,
    Transient,
    Unauthorized,
    Unprocessable,
)
from claudestep.infrastructure.git.command import CannotWrite
from claudestep.infrastructure.git.server_errors import concerns_every_branch, explained, refusal
from claudestep.infrastructure.process import CommandFailed

URL = "https://github.com/octo-org/shop.git"
ACCESS = f"fatal: unable to access '{URL}/': "
ERROR_403 = f"{ACCESS}The requested URL returned error: 403"
DENIED = "Permission to octo-org/shop.git denied to octo-dev."
ARCHIVED = "This repository was archived so it is read-only."
NOT_FOUND = f"remote: Repository not found.\nfatal: repository '{URL}/' not found"
FETCHING = [
    ("fatal: could not read Username for 'https://github.com': terminal prompts disabled", Unauthorized, "token"),
    (f"remote: Invalid username or token.\nfatal: Authentication failed for '{URL}/'", Unauthorized, "token"),
    (f"{ACCESS}The requested URL returned error: 401", Unauthorized, "does not accept the token"),
    (f"remote: {DENIED}\n{ERROR_403}", Forbidden, DENIED),
    (f"remote: {ARCHIVED}\n{ERROR_403}", Forbidden, "octo-org/shop is archived"),
    (NOT_FOUND, NotFound, "no repository octo-org/shop"),
    (f"{ACCESS}The requested URL returned error: 301", NotFound, "octo-org/shop has moved"),
    (f"fatal: remote error: upload-pack: not our ref {'1' * 40}", NotFound, "does not have the commit"),
    (f"{ACCESS}SSL certificate problem: unable to get local issuer certificate", HostError, "not trusted"),
    (f"{ACCESS}server certificate verification failed. CAfile: none CRLfile: none", HostError, "not trusted"),
    ("fatal: a reason of another kind", RepositoryError, "git could not finish: a reason of another kind"),
    ("", RepositoryError, "it does not say why"),
]
NOTHING_SENT = [
    f"{ACCESS}Could not resolve host: github.com",
    f"{ACCESS}Failed to connect to github.com port 443 after 3 ms: Couldn't connect to server",
    f"{ACCESS}Operation too slow. Less than 1 bytes/sec transferred the last 60 seconds",
    f"{ACCESS}The requested URL returned error: 503",
    f"{ACCESS}The requested URL returned error: 429",
    f"{ACCESS}Recv failure: Connection reset by peer",
]
MAYBE_SENT = [
    "error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502\nfatal: the remote end hung up",
    "error: RPC failed; curl 18 transfer closed with outstanding read data remaining",
    "error: RPC failed; curl 28 Operation too slow. Less than 1 bytes/sec transferred the last 60 seconds",
    "send-pack: unexpected disconnect while reading sideband packet\nfatal: the remote end hung up unexpectedly",
    "fatal: early EOF",
]
RULESET = (
    "remote: error: GH013: Repository rule violations found for refs/heads/b.        \n"
    "remote: \n"
    "remote: - Cannot create ref due to creations being restricted.        \n"
)
BY_RULESET = "GH013: Repository rule violations found for refs/heads/b. - Cannot create ref due to creations"
CLASSIC = "remote: error: GH006: Protected branch update failed for refs/heads/b.\n"
NO_WORKFLOWS = "refusing to allow a GitHub App to create or update workflow `ci.yml` without `workflows` permission"
NO_SCOPE = "refusing to allow an OAuth App to create or update workflow `ci.yml` without `workflow` scope"
REJECTED = [
    (RULESET, "remote rejected", "push declined due to repository rule violations", RulesetViolation, BY_RULESET),
    (CLASSIC, "remote rejected", "protected branch hook declined", RulesetViolation, "GH006"),
    ("", "remote rejected", "pre-receive hook declined", RulesetViolation, "hook declined"),
    ("", "remote rejected", NO_WORKFLOWS, Forbidden, NO_WORKFLOWS),
    ("", "remote rejected", NO_SCOPE, Forbidden, NO_SCOPE),
    ("", "remote rejected", "cannot lock ref", Unprocessable, "cannot lock ref"),
    ("", "rejected", "stale info", Stale, "it is there already"),
    ("", "remote failure", "remote failed to report status", Transient, "did not say"),
]


def _failed(stderr: str, stdout: str = "") -> CommandFailed:
    return CommandFailed(["git", "push"], 128, stderr, stdout)


@pytest.mark.parametrize(("stderr", "kind", "words"), FETCHING)
def test_a_refusal(stderr: str, kind: type[Exception], words: str) -> None:
    error = explained(_failed(stderr), URL)
    assert type(error) is kind
    assert words in str(error)
    assert "\n" not in error.explained
    assert error.remedy or kind is RepositoryError


@pytest.mark.parametrize("stderr", NOTHING_SENT)
def test_a_server_that_never_heard_of_it(stderr: str) -> None:
    error = explained(_failed(stderr), URL)
    assert isinstance(error, Transient)
    assert not error.sent
    assert "github.com" in str(error)


@pytest.mark.parametrize("stderr", MAYBE_SENT)
def test_a_server_that_may_have_heard_of_it(stderr: str) -> None:
    error = explained(_failed(stderr), URL)
    assert isinstance(error, Transient)
    assert error.sent
    assert "broke off: " in str(error)


def test_what_is_wrong_with_this_machine_stays_what_it_is() -> None:
    full = CannotWrite(_failed("fatal: write error: No space left on device"), "no room", "Make room.")
    assert explained(full, URL) is full
    missing = CommandFailed(["git"], None, "cannot start git: No such file or directory")
    assert explained(missing, URL) is missing


@pytest.mark.parametrize(("stderr", "summary", "reason", "kind", "words"), REJECTED)
def test_a_rejected_branch(stderr: str, summary: str, reason: str, kind: type[Exception], words: str) -> None:
    stdout = f"To {URL}\n!\t{'1' * 40}:refs/heads/b\t[{summary}] ({reason})\n"
    error = refusal(_failed(f"{stderr}error: failed to push some refs to '{URL}'", stdout), URL)
    assert type(error) is kind
    assert words in str(error)


LEAK = (
    "remote: error: GH013: Repository rule violations found for refs/heads/b.\n"
    "remote: - GITHUB PUSH PROTECTION\nremote:   - Push cannot contain secrets\n"
)
LARGE = "remote: error: GH001: Large files detected. You may want to try Git Large File Storage.\n"


@pytest.mark.parametrize(
    ("stderr", "reason", "expected"),
    [
        (RULESET, "push declined due to repository rule violations", True),
        (CLASSIC, "protected branch hook declined", True),
        ("", "pre-receive hook declined", True),
        (
            RULESET.replace("heads/b", "heads/rotate-secrets-1"),
            "push declined due to repository rule violations",
            True,
        ),
        (f"{RULESET}remote: https://github.com/a/secrets/rules\n", "push declined due to rule violations", True),
        (
            "remote: error: GH007: Your push would publish a private email address.\n",
            "email privacy restrictions",
            True,
        ),
        (LEAK, "push declined due to repository rule violations", False),
        (LARGE, "pre-receive hook declined", False),
        ("", NO_WORKFLOWS, False),
        ("", "cannot lock ref", False),
    ],
)
def test_a_refusal_that_other_work_would_meet_as_well(stderr: str, reason: str, *, expected: bool) -> None:
    """What is in a commit is the step's own doing; a rule of branches and the rights of the token are not."""
    stdout = f"To {URL}\n!\t{'1' * 40}:refs/heads/b\t[remote rejected] ({reason})\n"
    error = refusal(_failed(f"{stderr}error: failed to push some refs to '{URL}'", stdout), URL)
    assert concerns_every_branch(error) is expected


def test_a_token_that_may_not_push_would_meet_it_as_well() -> None:
    assert concerns_every_branch(refusal(_failed(ERROR_403), URL))


def test_a_push_that_came_to_no_branch() -> None:
    error = refusal(_failed(ERROR_403), URL)
    assert isinstance(error, Forbidden)
    assert error.permission == "contents=write"


def test_the_words_of_a_server_are_short_and_steer_no_terminal() -> None:
    words = "\n".join(f"remote: \x1b[31mline {number}" for number in range(200))
    error = explained(_failed(f"{words}\n{ERROR_403}"), URL)
    assert len(str(error)) < 600
    assert "\x1b" not in str(error)
