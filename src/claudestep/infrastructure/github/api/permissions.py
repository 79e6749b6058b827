"""The permissions that GitHub asks for, as it names them in X-Accepted-GitHub-Permissions; `;` stands for "or".

https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api#resource-not-accessible
"""

from collections.abc import Mapping

READ, WRITE = "contents=read", "contents=write"
READ_PULLS, WRITE_PULLS = "pull_requests=read", "pull_requests=write"
DISCUSS = "issues=write; pull_requests=write"
"""Labels, assignees and comments: an issue's and a pull request's alike."""
MAKE_LABELS = "issues=write"
"""A label that is not there yet; GitHub documents the other one as enough, which it is not:
https://github.com/actions/labeler/issues/870
"""

MUTATIONS: Mapping[str, str] = {
    "addAssigneesToAssignable": DISCUSS,
    "addComment": DISCUSS,
    "addLabelsToLabelable": DISCUSS,
    "closePullRequest": WRITE_PULLS,
    "createCommitOnBranch": WRITE,
    "createPullRequest": WRITE_PULLS,
    "mergePullRequest": WRITE,
    "requestReviews": WRITE_PULLS,
    "updatePullRequest": WRITE_PULLS,
}
"""What each mutation needs: GraphQL does not say it when it refuses one."""

ALIASES: Mapping[str, str] = {
    "label": "addLabelsToLabelable",
    "assign": "addAssigneesToAssignable",
    "review": "requestReviews",
}
"""What the mutations of `dress` are called in its answer."""


def needed(alias: str) -> str:
    """What the mutation of this name in an answer needs, "" for what is none."""
    return MUTATIONS.get(ALIASES.get(alias, alias), "")


def spoken(permission: str) -> str:
    """A permission as a sentence has it: `issues=write or pull_requests=write`."""
    return " or ".join(part.strip() for part in permission.split(";"))
