"""All that ClaudeStep asks of GitHub's interfaces, and the permission that each of it needs: the one list.

`docs/github-api-use.md` is made of it, and the tests hold every request against it in both directions: a call
that is not here fails where it is made, and one that nobody makes is missed at the end.

Permissions are written as GitHub does in X-Accepted-GitHub-Permissions: `;` stands for "or". For REST they are
those of
https://docs.github.com/en/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens; for
GraphQL nothing of the kind is published: they are those of the REST operation that does the same.
"""

from collections.abc import Mapping
from typing import NamedTuple

from claudestep.infrastructure.github.api.permissions import DISCUSS, READ, READ_PULLS, WRITE

__all__ = ["DOCUMENTS", "FIELDS", "REST", "Call"]


class Call(NamedTuple):
    """One operation of REST, by its path in GitHub's OpenAPI description."""

    method: str
    path: str
    permission: str
    purpose: str


_GIT = "/repos/{owner}/{repo}/git"
_ACTIONS = "/repos/{owner}/{repo}/actions"
_ISSUES_OR_PULLS = "issues=read; pull_requests=read"
REST = (
    Call(
        "GET", f"{_GIT}/matching-refs/{{ref}}", READ, "where the metadata branch is; which step branches there are"
    ),
    Call("GET", f"{_GIT}/commits/{{commit_sha}}", READ, "the tree of a commit of the metadata branch"),
    Call("GET", f"{_GIT}/trees/{{tree_sha}}", READ, "the files of the metadata branch"),
    Call("GET", f"{_GIT}/blobs/{{file_sha}}", READ, "a file that did not come along whole"),
    Call("GET", "/repos/{owner}/{repo}/tarball/{ref}", READ, "all files of a commit, where they are many"),
    Call("GET", "/repos/{owner}/{repo}/commits", READ, "the log of the metadata branch"),
    Call("POST", f"{_GIT}/blobs", WRITE, "a file of the metadata branch that is no text"),
    Call("POST", f"{_GIT}/trees", WRITE, "the files of a commit of the metadata branch"),
    Call("POST", f"{_GIT}/commits", WRITE, "a commit of the metadata branch"),
    Call("POST", f"{_GIT}/refs", WRITE, "the metadata branch, made once"),
    Call("PATCH", f"{_GIT}/refs/{{ref}}", WRITE, "the metadata branch, moved forward"),
    Call("POST", "/repos/{owner}/{repo}/issues/{issue_number}/labels", DISCUSS, "labels that are not there yet"),
    Call("GET", "/repos/{owner}/{repo}/rules/branches/{branch}", "metadata=read", "`doctor`: rules in our way"),
    Call(
        "GET",
        "/repos/{owner}/{repo}/rulesets/{ruleset_id}",
        "metadata=read",
        "`doctor`: whether we may bypass them",
    ),
    Call(
        "GET",
        f"{_ACTIONS}/permissions/workflow",
        "administration=read",
        "`doctor`: whether workflows may open pull requests",
    ),
    Call("GET", f"{_ACTIONS}/secrets", "secrets=read", "`doctor`: the names of the secrets, never their values"),
    Call("GET", f"{_ACTIONS}/organization-secrets", "secrets=read", "`doctor`: those that an organization shares"),
    Call(
        "GET",
        "/repos/{owner}/{repo}/assignees/{assignee}",
        _ISSUES_OR_PULLS,
        "`doctor`: a reviewer, among hundreds",
    ),
)
"""Every operation of REST."""

DOCUMENTS: Mapping[str, str] = {
    "close": "closes a pull request",
    "comment": "says in a pull request why it was closed",
    "create_commit": "writes to the metadata branch, on exactly the commit that was read",
    "create_pull_request": "opens the pull request of a step",
    "diagnose": "`doctor`: the label, the workflows, protections of branches, who can review",
    "dress": "puts labels, assignee and review request on a pull request",
    "head": "where a branch is",
    "labelled_pulls": "pull requests beyond the first hundred",
    "log": "the newest commits of the metadata branch",
    "log_page": "more of them",
    "merge": "merges a pull request, if its head is still the one that was made",
    "metadata": "the metadata branch: head, files and log of one commit",
    "observe": "what every command looks at first, and most look at nothing else",
    "parents": "the first commits of the metadata branch",
    "pull_now": "a pull request before it is changed",
    "pulls_of_head": "the pull requests of a step branch",
    "recorded_pulls": "all pull requests of the steps with their records, for documents that are lost",
    "rights": "what the token may do, and how the repository lets merge",
    "update_body": "writes the costs into the text of a pull request",
    "wardrobe": "the ids of labels and of the reviewer",
}
"""What the documents in `queries/` are for."""

FIELDS: Mapping[str, str] = {
    "Repository.defaultBranchRef": READ,
    "Repository.ref": READ,
    "Repository.object": READ,
    "Repository.isEmpty": READ,
    "PullRequest.mergeCommit": READ,
    "Repository.pullRequest": READ_PULLS,
    "Repository.pullRequests": READ_PULLS,
    "Repository.label": _ISSUES_OR_PULLS,
    "Repository.labels": _ISSUES_OR_PULLS,
    "PullRequest.labels": _ISSUES_OR_PULLS,
}
"""What fields of queries need beyond metadata=read; all that stands below a field needs the same as it."""
