"""What else the page of a pull request shows: its files, its size, what it would close."""

from tests.github_server.graphql.commits import person
from tests.github_server.graphql.connections import Cut, Page, page
from tests.github_server.graphql.nodes import CommitNode
from tests.github_server.graphql.registry import Info, attributes, constants, resolves
from tests.github_server.rest.diffs import Changed, changed_files
from tests.github_server.threads import Issue, PullRequest

_CHANGES = {"added": "ADDED", "removed": "DELETED", "renamed": "RENAMED", "copied": "COPIED"}


def _files(pull: PullRequest) -> list[Changed]:
    objects = pull.repository.objects
    base = objects.merge_base(pull.base_oid, pull.head_oid)
    return changed_files(objects, base, pull.head_oid) if base else []


def _lines(pull: PullRequest, kind: str) -> int:
    return sum(getattr(file, kind) for file in _files(pull))


attributes(
    "PullRequest",
    {
        "additions": lambda pull: _lines(pull, "additions"),
        "deletions": lambda pull: _lines(pull, "deletions"),
        "changedFiles": lambda pull: len(_files(pull)),
        "fullDatabaseId": lambda pull: str(pull.repository.number * 100_000 + pull.number),
        "potentialMergeCommit": lambda _pull: None,
    },
)
attributes(
    "PullRequestChangedFile",
    {
        "path": lambda file: file.path,
        "additions": lambda file: file.additions,
        "deletions": lambda file: file.deletions,
        "changeType": lambda file: _CHANGES.get(file.status, "MODIFIED"),
    },
)
constants("PullRequest", {"reactionGroups": []})
constants("Issue", {"reactionGroups": [], "isPinned": False, "stateReason": None, "milestone": None})


@resolves("Commit.authors")
def authors(node: CommitNode, _info: Info, **asked: object) -> Page:
    return page("authors", [person(node.repository, node.git.author)], Cut.of(asked))


@resolves("PullRequest.files")
def files(pull: PullRequest, _info: Info, **asked: object) -> Page:
    return page("files", _files(pull), Cut.of(asked))


@resolves("PullRequest.closingIssuesReferences", "PullRequest.projectItems", "PullRequest.projectCards",
          "Issue.closedByPullRequestsReferences", "Issue.projectItems", "Issue.projectCards")  # fmt: skip
def none(_thread: Issue, info: Info, **asked: object) -> Page:
    return page(info.field_name, [], Cut.of(asked))
