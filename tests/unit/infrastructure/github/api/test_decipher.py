"""What GitHub's replies mean. Bodies are those of public reports and of GitHub's own documentation."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claudestep.domain import errors
from claudestep.domain.errors import HostError
from claudestep.infrastructure.github.api.decipher import problem, refusal
from claudestep.infrastructure.github.api.protocol import GraphQLError, Reply
from tests.fakes.transport import reply

NOON = datetime(2025, 1, 15, 12, tzinfo=UTC)
RESET = NOON + timedelta(seconds=36)
USED_UP = {
    "x_ratelimit_limit": "1000",
    "x_ratelimit_remaining": "0",
    "x_ratelimit_reset": str(int(RESET.timestamp())),
    "x_ratelimit_resource": "core",
}
LEFT = {**USED_UP, "x_ratelimit_remaining": "10"}
HTML = b"<!DOCTYPE html><html><body>Blocked by the proxy</body></html>"


class Case(NamedTuple):
    reply: Reply
    error: type[HostError]
    text: str = ""


def said(status: int, message: str, **headers: str) -> Reply:
    return reply(status, {"message": message, "documentation_url": "https://docs.github.com/rest"}, **headers)


REST = [
    Case(said(401, "Bad credentials"), errors.Unauthorized, "does not accept the token: Bad credentials"),
    Case(said(401, "Requires authentication"), errors.Unauthorized),
    Case(said(403, "Resource not accessible by integration"), errors.Forbidden, "the token may not do this"),
    Case(said(403, "Resource not accessible by personal access token"), errors.Forbidden),
    Case(said(403, "Must have admin rights to Repository."), errors.Forbidden, "Must have admin rights"),
    Case(
        said(403, "GitHub Actions is not permitted to create or approve pull requests."),
        errors.Forbidden,
        "GitHub Actions may not open pull requests",
    ),
    Case(said(403, "Repository was archived so is read-only."), errors.Forbidden, "archived"),
    Case(
        said(403, "Resource protected by organization SAML enforcement. You must grant access."),
        errors.Forbidden,
        "single sign-on",
    ),
    Case(said(403, "Forbidden", x_github_sso="required; url=https://x"), errors.Forbidden, "single sign-on"),
    Case(reply(451, {"message": "Repository access blocked"}), errors.Forbidden, "legal reasons"),
    Case(said(404, "Not Found"), errors.NotFound, "does not find it: GET /repos/o/r: Not Found"),
    Case(said(404, "No commit found for the ref claudestep"), errors.NotFound, "for the ref claudestep"),
    Case(said(410, "Issues are disabled for this repo"), errors.NotFound),
    Case(said(409, "is at 0123456789 but expected abcdef0123"), errors.Stale, "the branch has moved"),
    Case(said(409, "refs/heads/x expected to be at 0123456789"), errors.Stale),
    Case(said(409, "projects/a.json does not match 0123456789"), errors.Stale),
    Case(said(422, "Update is not a fast forward"), errors.Stale),
    Case(said(422, "Update is not a fast-forward"), errors.Stale),
    Case(said(409, "Head branch was modified. Review and try the merge again."), errors.Stale),
    Case(said(409, "Git Repository is empty."), errors.Unprocessable, "Git Repository is empty"),
    Case(said(422, "Reference already exists"), errors.Unprocessable, "Reference already exists"),
    Case(said(422, "Object does not exist"), errors.Unprocessable),
    Case(said(422, 'Invalid request.\n\n"sha" wasn\'t supplied.'), errors.Unprocessable),
    Case(said(405, "Pull Request is not mergeable"), errors.Unprocessable, "not mergeable"),
    Case(said(400, "Problems parsing JSON"), errors.Unprocessable),
    Case(
        said(422, "Repository rule violations found\n\nChanges must be made through a pull request."),
        errors.RulesetViolation,
        "Changes must be made through a pull request",
    ),
    Case(said(409, "Repository rule violations found\n\nSecret detected in content"), errors.RulesetViolation),
    Case(said(422, "Changes must be made through the merge queue"), errors.RulesetViolation),
    Case(said(422, "Reference update failed"), errors.RulesetViolation),
    Case(said(422, "Protected branch update failed for refs/heads/main."), errors.RulesetViolation),
    Case(said(403, "API rate limit exceeded for installation ID 1.", **USED_UP), errors.RateLimited),
    Case(said(429, "Whatever", **USED_UP), errors.RateLimited),
    Case(said(403, "Forbidden", **USED_UP), errors.RateLimited),
    Case(said(403, "Resource not accessible by integration", **USED_UP), errors.Forbidden),
    Case(said(403, "You have exceeded a secondary rate limit.", **LEFT), errors.SecondaryRateLimited),
    Case(said(403, "You have exceeded a secondary rate limit.", **USED_UP), errors.SecondaryRateLimited),
    Case(said(403, "You have triggered an abuse detection mechanism."), errors.SecondaryRateLimited),
    Case(said(429, "Too many requests", **LEFT), errors.SecondaryRateLimited),
    Case(said(403, "Slow down", retry_after="5"), errors.SecondaryRateLimited),
    Case(
        said(422, "Sorry, your request timed out. It's likely that your input was too large"), errors.TooMuchAsked
    ),
    Case(reply(413, HTML), errors.TooMuchAsked),
    Case(said(408, "Request Timeout"), errors.Transient),
    Case(said(500, "Server Error"), errors.Transient, "could not answer: Server Error"),
    Case(reply(502, HTML), errors.Transient, "could not answer: status 502"),
    Case(said(502, "We couldn't respond to your request in time. Sorry about that."), errors.Transient),
    Case(reply(503), errors.Transient),
    Case(said(504, "Rate limit exceeded, says a proxy"), errors.Transient),
    Case(reply(301, location="https://api.github.com/repositories/1"), HostError, "elsewhere: GET /repos/o/r"),
    Case(reply(304), HostError),
    Case(reply(407, HTML), errors.Unprocessable),
    Case(reply(403, HTML), errors.Forbidden, "does not say why"),
    Case(reply(404, b"404: Not Found"), errors.NotFound, "404: Not Found"),
    Case(reply(100), errors.UnreadableReply),
    Case(reply(999), errors.UnreadableReply),
]


@pytest.mark.parametrize("case", REST, ids=lambda case: f"{case.reply.status} {case.reply.body[:40]!r}")
def test_a_refusal_is_one_error_of_the_family(case: Case) -> None:
    error = refusal(case.reply, NOON, "GET /repos/o/r")
    assert type(error) is case.error
    assert case.text in str(error)


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_what_is_no_refusal_is_no_error(status: int) -> None:
    assert refusal(said(status, "Bad credentials"), NOON, "GET /") is None


GRAPHQL = [
    ("NOT_FOUND", "Could not resolve to a Repository with the name 'o/r'.", errors.NotFound),
    ("FORBIDDEN", "Resource not accessible by integration", errors.Forbidden),
    ("FORBIDDEN", "octo-dev does not have the correct permissions to execute `X`", errors.Forbidden),
    ("INSUFFICIENT_SCOPES", "Your token has not been granted the required scopes", errors.Forbidden),
    (
        "UNPROCESSABLE",
        "GitHub Actions is not permitted to create or approve pull requests (createPullRequest)",
        errors.Forbidden,
    ),
    ("STALE_DATA", 'Expected branch to point to "ab" but it did not.  Pull and try again.', errors.Stale),
    ("UNPROCESSABLE", 'Expected branch to point to "ab" but it did not.', errors.Stale),
    ("UNPROCESSABLE", "A pull request already exists for o:claude-step-1.", errors.Unprocessable),
    ("UNPROCESSABLE", "was submitted too quickly", errors.SecondaryRateLimited),
    ("BRANCH_PROTECTION_RULE_VIOLATION", "Cannot update this branch", errors.RulesetViolation),
    ("REPOSITORY_RULE_VIOLATION", "No", errors.RulesetViolation),
    ("NOBODY_KNOWS", "Repository rule violations found", errors.RulesetViolation),
    ("RATE_LIMITED", "API rate limit exceeded for user ID 1.", errors.RateLimited),
    ("rate_limited", "No", errors.RateLimited),
    ("RATE_LIMIT", "API rate limit already exceeded for user ID 1.", errors.RateLimited),
    ("", "You have exceeded a secondary rate limit.", errors.SecondaryRateLimited),
    ("RESOURCE_LIMITS_EXCEEDED", "Resource limits for this query exceeded.", errors.TooMuchAsked),
    ("MAX_NODE_LIMIT_EXCEEDED", "This query requests up to 1,000,000 nodes", errors.TooMuchAsked),
    ("", "Something went wrong while executing your query. This may be a timeout.", errors.Transient),
    ("INTERNAL", "Oh", errors.Transient),
    ("", "Field 'x' doesn't exist on type 'Query'", errors.Unrecognized),
    ("NOBODY_KNOWS", "No", errors.Unrecognized),
    ("", "", errors.Unrecognized),
]


@pytest.mark.parametrize(("type_", "message", "error"), GRAPHQL)
def test_an_entry_of_errors_is_one_error_of_the_family(type_: str, message: str, error: type[HostError]) -> None:
    found = problem(GraphQLError(message, type_, ("repository", "p1")), reply(200), NOON)
    assert type(found) is error
    assert found.alias == "repository"


@pytest.mark.parametrize(
    ("answer", "remedy"),
    [
        (said(401, "Bad credentials"), "gh auth login"),
        (said(403, "Resource not accessible by integration"), "permissions:"),
        (
            said(403, "GitHub Actions is not permitted to create or approve pull requests."),
            "Settings > Actions > General > Workflow permissions",
        ),
        (said(403, "x", x_github_sso="required"), "Configure SSO"),
        (said(404, "Not Found"), "private"),
        (said(422, "Changes must be made through the merge queue"), "Settings > Rules"),
        (reply(301), "git remote set-url"),
        (said(502, "x"), "few minutes"),
    ],
)
def test_an_error_says_what_to_do(answer: Reply, remedy: str) -> None:
    error = refusal(answer, NOON, "GET /")
    assert error is not None
    assert remedy in error.remedy


def test_a_missing_permission_is_named() -> None:
    answer = said(403, "Resource not accessible by integration", x_accepted_github_permissions="contents=write")
    error = refusal(answer, NOON, "GET /")
    assert isinstance(error, errors.Forbidden)
    assert error.permission == "contents=write"
    assert "it needs contents=write" in str(error)
    assert error.host_text == "Resource not accessible by integration"


def test_the_details_of_a_validation_are_told() -> None:
    details = [
        {"resource": "PullRequest", "code": "custom", "message": "No commits between main and x"},
        {"resource": "PullRequest", "field": "head", "code": "invalid"},
        "a string, as some have it",
    ]
    error = refusal(reply(422, {"message": "Validation Failed", "errors": details}), NOON, "POST /pulls")
    assert error is not None
    assert "Validation Failed. No commits between main and x. PullRequest head invalid. a string" in str(error)


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        (USED_UP, 37.0),
        ({**USED_UP, "retry_after": "5"}, 5.0),
        ({"retry_after": "Wed, 15 Jan 2025 12:00:20 GMT"}, 20.0),
        ({"retry_after": "0"}, 1.0),
        ({"retry_after": "-1"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "9" * 5000}, 86400.0),
        ({**USED_UP, "x_ratelimit_reset": "9" * 30}, None),
        ({**USED_UP, "x_ratelimit_reset": "1"}, 1.0),
        ({}, None),
    ],
)
def test_a_limit_knows_when_it_ends(headers: dict[str, str], after: float | None) -> None:
    error = refusal(said(403, "API rate limit exceeded", **headers), NOON, "GET /")
    assert isinstance(error, errors.RateLimited)
    assert error.after == after
    assert error.until == (None if after is None else NOON + timedelta(seconds=after))


def test_a_limit_says_when_it_can_be_tried_again() -> None:
    error = refusal(said(403, "API rate limit exceeded", **USED_UP), NOON, "GET /")
    assert str(error) == "GitHub's rate limit is used up; it can be tried again at 12:00 UTC"


def test_words_from_outside_are_short_and_steer_no_terminal() -> None:
    error = refusal(said(422, "\x1b[2J\n::error::x" + "y" * 5000), NOON, "GET /")
    assert error is not None
    assert len(str(error)) < 400
    assert str(error).isprintable()


HEADERS = st.dictionaries(
    st.sampled_from(
        ["retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-github-sso", "date"]
    ),
    st.text(max_size=20) | st.integers().map(str),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["message", "errors", "data", "type"]), inner),
)
BODIES = (
    st.binary(max_size=50)
    | JSON.map(lambda value: reply(0, value).body)
    | st.sampled_from([b"[" * 100_000, b'{"x": ' + b"[" * 100_000, b'{"message": "\xff"}'])
)


@given(st.integers(-1, 1000), HEADERS, BODIES)
def test_no_reply_whatever_is_anything_but_an_error_of_the_family(
    status: int, headers: dict[str, str], body: bytes
) -> None:
    error = refusal(Reply(status, headers, body), NOON, "GET /")
    assert (error is None) == (200 <= status < 300)
    assert error is None or str(error).isprintable()


def test_a_choice_of_permissions_is_told_in_words() -> None:
    choice = "issues=write; pull_requests=write"
    answer = said(403, "Resource not accessible by integration", x_accepted_github_permissions=choice)
    assert "it needs issues=write or pull_requests=write" in str(refusal(answer, NOON, "POST /"))


def test_a_label_that_is_not_there_needs_more_than_github_says() -> None:
    """https://github.com/actions/labeler/issues/870"""
    words = "You do not have permission to create labels on this repository."
    answer = said(403, words, x_accepted_github_permissions="issues=write; pull_requests=write")
    error = refusal(answer, NOON, "POST /")
    assert isinstance(error, errors.Forbidden)
    assert error.permission == "issues=write"
