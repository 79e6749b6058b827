"""What GitHub refuses, with the status REST gives it and the type GraphQL gives it.

`Problem` has the family; both front ends render from its fields only.
"""

from dataclasses import dataclass, field


@dataclass
class Problem(Exception):
    """A refusal: one message, a REST status, a GraphQL error type."""

    message: str
    status: int = 422
    type: str = "UNPROCESSABLE"
    errors: tuple[dict[str, str], ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    graphql_message: str = ""
    documentation: str = "https://docs.github.com/rest"

    def __str__(self) -> str:
        return self.message

    @property
    def in_graphql(self) -> str:
        """The words of GraphQL, where they differ from those of REST."""
        return self.graphql_message or self.message


class NotFound(Problem):
    """404: absent, or private and the asker has no right (GitHub does not tell which)."""

    def __init__(self, graphql_message: str = "", message: str = "Not Found") -> None:
        super().__init__(message, 404, "NOT_FOUND", graphql_message=graphql_message)


class Unauthorized(Problem):
    """401: no token, an unknown one, or one that has expired."""

    def __init__(self, message: str = "Bad credentials") -> None:
        super().__init__(message, 401, "UNAUTHORIZED")


class Forbidden(Problem):
    """403: the token lacks a permission; REST names it in X-Accepted-GitHub-Permissions."""

    def __init__(self, permission: str = "", message: str = "Resource not accessible by integration") -> None:
        headers = {"X-Accepted-GitHub-Permissions": permission} if permission else {}
        super().__init__(message, 403, "FORBIDDEN", headers=headers)


class Archived(Problem):
    """403: the repository takes no writes any more."""

    def __init__(self) -> None:
        super().__init__("Repository was archived so is read-only.", 403, "FORBIDDEN")


class NotPermittedToActions(Problem):
    """403: the repository does not let workflows open pull requests (gh adds the path to GraphQL's words)."""

    def __init__(self) -> None:
        text = "GitHub Actions is not permitted to create or approve pull requests"
        super().__init__(f"{text}.", 403, "FORBIDDEN", graphql_message=text)


class Stale(Problem):
    """GraphQL's STALE_DATA: the branch is not where the writer expected it."""

    def __init__(self, expected: str) -> None:
        text = f'Expected branch to point to "{expected}" but it did not.  Pull and try again.'
        super().__init__(text, 409, "STALE_DATA")
        self.expected = expected


class HeadModified(Problem):
    """A merge was asked for another head than the branch has now."""

    def __init__(self) -> None:
        super().__init__("Head branch was modified. Review and try the merge again.", 409)


class NotMergeable(Problem):
    """405: the pull request cannot be merged, or not in this way."""

    def __init__(self, message: str = "Pull Request is not mergeable") -> None:
        super().__init__(message, 405)


class Unprocessable(Problem):
    """422: understood and refused. REST says "Validation Failed" and lists `errors`, GraphQL says the words."""

    def __init__(self, message: str, /, **error: str) -> None:
        if error:
            error.setdefault("message", message)
            super().__init__("Validation Failed", 422, errors=(error,), graphql_message=message)
        else:
            super().__init__(message, 422)


class RuleViolation(Problem):
    """A ruleset or a classic branch protection refused a change of a ref."""

    def __init__(self, message: str, *, type_: str, status: int = 422) -> None:
        super().__init__(message, status, type_)
