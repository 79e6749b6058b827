"""The fields of pull requests and issues, and lists of them."""

from tests.github_server import merging
from tests.github_server.clock import iso
from tests.github_server.graphql.commits import ref_node
from tests.github_server.graphql.connections import Cut, Key, Page, page
from tests.github_server.graphql.nodes import RefNode, commit_node
from tests.github_server.graphql.registry import Info, attributes, constants, resolves
from tests.github_server.state import Repository
from tests.github_server.threads import Issue, PullRequest


def url_of(thread: Issue) -> str:
    """The page of an issue or pull request."""
    return f"https://github.com/{thread.repository.full_name}/{thread.url_part}/{thread.number}"


for _kind in ("Issue", "PullRequest"):
    attributes(
        _kind,
        {
            "id": lambda thread: thread.id,
            "number": lambda thread: thread.number,
            "title": lambda thread: thread.title,
            "body": lambda thread: thread.body,
            "bodyText": lambda thread: thread.body,
            "url": url_of,
            "state": lambda thread: thread.state,
            "closed": lambda thread: not thread.open,
            "createdAt": lambda thread: iso(thread.created_at),
            "updatedAt": lambda thread: iso(thread.updated_at),
            "closedAt": lambda thread: iso(thread.closed_at),
            "author": lambda thread: thread.author,
            "repository": lambda thread: thread.repository,
        },
    )
attributes(
    "PullRequest",
    {
        "isDraft": lambda pull: pull.draft,
        "merged": lambda pull: pull.merged_at is not None,
        "mergedAt": lambda pull: iso(pull.merged_at),
        "mergedBy": lambda pull: pull.merged_by,
        "mergeCommit": lambda pull: commit_node(pull.repository, pull.merge_commit),
        "mergeable": merging.mergeable,
        "headRefName": lambda pull: pull.head,
        "headRefOid": lambda pull: pull.head_oid,
        "baseRefName": lambda pull: pull.base,
        "baseRefOid": lambda pull: pull.base_oid,
        "headRepository": lambda pull: pull.head_repository,
        "headRepositoryOwner": lambda pull: pull.head_repository and pull.head_repository.owner,
        "isCrossRepository": lambda pull: pull.cross_repository,
    },
)
constants(
    "PullRequest",
    {
        "locked": False,
        "milestone": None,
        "maintainerCanModify": False,
        "autoMergeRequest": None,
        "isInMergeQueue": False,
        "isMergeQueueEnabled": False,
        "reviewDecision": None,
    },
)


@resolves("PullRequest.headRef")
def head_ref(pull: PullRequest, info: Info) -> RefNode | None:
    return ref_node(pull.head_repository, pull.head_ref, info) if pull.head_repository else None


@resolves("PullRequest.baseRef")
def base_ref(pull: PullRequest, info: Info) -> RefNode | None:
    return ref_node(pull.repository, pull.base_ref, info)


@resolves("PullRequest.labels", "Issue.labels")
def labels(thread: Issue, _info: Info, **cut: object) -> Page:
    return page("labels", list(thread.labels), Cut.of(cut))


@resolves("PullRequest.assignees", "Issue.assignees")
def assignees(thread: Issue, _info: Info, **cut: object) -> Page:
    return page("assignees", list(thread.assignees), Cut.of(cut))


@resolves("PullRequest.comments", "Issue.comments")
def comments(thread: Issue, _info: Info, **cut: object) -> Page:
    return page("comments", list(thread.comments), Cut.of(cut))


@resolves("PullRequest.reviewRequests")
def review_requests(pull: PullRequest, _info: Info, **cut: object) -> Page:
    return page("reviewRequests", [{"requestedReviewer": user} for user in pull.reviewers], Cut.of(cut))


@resolves("PullRequest.commits")
def commits(pull: PullRequest, _info: Info, **cut: object) -> Page:
    objects = pull.repository.objects
    base = objects.merge_base(pull.base_oid, pull.head_oid)
    oids = objects.ahead(pull.head_oid, base) if base else []
    return page("commits", [{"commit": commit_node(pull.repository, oid)} for oid in oids], Cut.of(cut))


attributes(
    "IssueComment",
    {
        "id": lambda comment: comment.id,
        "databaseId": lambda comment: comment.number,
        "body": lambda comment: comment.body,
        "author": lambda comment: comment.author,
        "createdAt": lambda comment: iso(comment.created_at),
        "updatedAt": lambda comment: iso(comment.created_at),
        "url": lambda comment: f"{url_of(comment.thread)}#issuecomment-{comment.number}",
    },
)


@resolves("Repository.pullRequest")
def pull_request(repository: Repository, _info: Info, *, number: int) -> PullRequest:
    return repository.pull(number)


@resolves("Repository.pullRequests")
def pull_requests(repository: Repository, _info: Info, **asked: object) -> Page:
    """All that fit, by number unless another order is asked for."""
    found = [pull for pull in repository.pulls if _fits(pull, asked)]
    order = asked.get("order_by") or {"field": "CREATED_AT", "direction": "ASC"}
    assert isinstance(order, dict)
    descending = order["direction"] == "DESC"
    key = _updated if order["field"] == "UPDATED_AT" else _created
    found.sort(key=key, reverse=descending)
    return page("pullRequests", found, Cut.of(asked), key=key, descending=descending)


def _updated(pull: PullRequest) -> Key:
    return [pull.updated_at.isoformat(timespec="microseconds"), pull.number]


def _created(pull: PullRequest) -> Key:
    return [pull.created_at.isoformat(timespec="microseconds"), pull.number]


def _fits(pull: PullRequest, asked: dict[str, object]) -> bool:
    names = [label.name.lower() for label in pull.labels]
    states, labels = asked.get("states"), asked.get("labels")
    if isinstance(states, list) and pull.state not in states:
        return False
    if isinstance(labels, list) and labels and not any(name.lower() in names for name in labels):
        return False
    if asked.get("head_ref_name") not in (None, pull.head):
        return False
    return asked.get("base_ref_name") in (None, pull.base)
