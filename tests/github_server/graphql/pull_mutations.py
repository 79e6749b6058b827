"""Mutations of pull requests, labels, assignees, reviews and comments."""

from collections.abc import Callable
from typing import TypeVar

import msgspec

from tests.github_server import issues, merging, pulls
from tests.github_server.graphql.connections import Edge
from tests.github_server.graphql.registry import Info, mutates
from tests.github_server.people import User
from tests.github_server.problems import NotFound
from tests.github_server.state import Repository
from tests.github_server.threads import Issue, Label, PullRequest

NodeT = TypeVar("NodeT")


def _node(info: Info, id_: str, type_: type[NodeT]) -> NodeT:
    found = info.context.host.node(id_)
    if not isinstance(found, type_):
        raise NotFound(f"Could not resolve to {type_.__name__} node with the global id of '{id_}'.")
    return found


def _writable(info: Info, thread: Issue) -> Issue:
    permission = "pull_requests" if isinstance(thread, PullRequest) else "issues"
    info.context.writable(thread.repository, permission)
    return thread


def _pull(info: Info, id_: str) -> PullRequest:
    pull = _node(info, id_, PullRequest)
    info.context.writable(pull.repository, "pull_requests")
    return pull


class CreatePull(msgspec.Struct):
    repository_id: str
    base_ref_name: str
    head_ref_name: str
    title: str
    body: str | None = None
    draft: bool | None = None
    head_repository_id: str | None = None


@mutates("createPullRequest", CreatePull)
def create_pull_request(info: Info, wanted: CreatePull) -> dict[str, object]:
    repository = _node(info, wanted.repository_id, Repository)
    info.context.writable(repository, "pull_requests")
    head = wanted.head_ref_name.removeprefix("refs/heads/")
    if wanted.head_repository_id is not None:
        head = f"{_node(info, wanted.head_repository_id, Repository).owner.login}:{head}"
    pull = pulls.create(
        repository,
        info.context.user,
        title=wanted.title,
        body=wanted.body or "",
        base=wanted.base_ref_name.removeprefix("refs/heads/"),
        head=head,
        draft=bool(wanted.draft),
    )
    return {"pullRequest": pull}


class UpdatePull(msgspec.Struct):
    pull_request_id: str
    title: str | None = None
    body: str | None = None
    base_ref_name: str | None = None
    state: str | None = None
    label_ids: list[str] | None = None
    assignee_ids: list[str] | None = None


@mutates("updatePullRequest", UpdatePull)
def update_pull_request(info: Info, wanted: UpdatePull) -> dict[str, object]:
    pull = _pull(info, wanted.pull_request_id)
    with pull.repository.lock:
        pulls.update(pull, title=wanted.title, body=wanted.body, base=wanted.base_ref_name)
        if wanted.label_ids is not None:
            issues.remove_labels(pull, list(pull.labels))
            issues.add_labels(pull, [_node(info, id_, Label) for id_ in wanted.label_ids])
        if wanted.assignee_ids is not None:
            issues.remove_assignees(pull, list(pull.assignees))
            issues.add_assignees(pull, [_node(info, id_, User) for id_ in wanted.assignee_ids])
        if wanted.state:
            (pulls.close if wanted.state == "CLOSED" else pulls.reopen)(pull)
    return {"pullRequest": pull}


class OnePull(msgspec.Struct):
    pull_request_id: str


def _on_one(name: str, act: Callable[[PullRequest], None]) -> None:
    """Register a mutation that takes a pull request and nothing else."""

    @mutates(name, OnePull)
    def mutate(info: Info, wanted: OnePull) -> dict[str, object]:
        pull = _pull(info, wanted.pull_request_id)
        act(pull)
        return {"pullRequest": pull}


_on_one("closePullRequest", pulls.close)
_on_one("reopenPullRequest", pulls.reopen)
_on_one("markPullRequestReadyForReview", lambda pull: pulls.set_draft(pull, draft=False))
_on_one("convertPullRequestToDraft", lambda pull: pulls.set_draft(pull, draft=True))


class MergePull(msgspec.Struct):
    pull_request_id: str
    expected_head_oid: str | None = None
    merge_method: merging.Method | None = None
    commit_headline: str | None = None
    commit_body: str | None = None


@mutates("mergePullRequest", MergePull)
def merge_pull_request(info: Info, wanted: MergePull) -> dict[str, object]:
    pull = _pull(info, wanted.pull_request_id)
    info.context.writable(pull.repository)
    merging.merge(
        pull,
        info.context.user,
        method=wanted.merge_method or "MERGE",
        expected=wanted.expected_head_oid,
        title=wanted.commit_headline or "",
        message=wanted.commit_body or "",
    )
    return {"pullRequest": pull, "actor": info.context.user}


class CreateLabel(msgspec.Struct):
    repository_id: str
    name: str
    color: str
    description: str | None = None


@mutates("createLabel", CreateLabel)
def create_label(info: Info, wanted: CreateLabel) -> dict[str, object]:
    repository = info.context.writable(_node(info, wanted.repository_id, Repository), "issues")
    return {"label": issues.create_label(repository, wanted.name, wanted.color, wanted.description or "")}


class LabelsOf(msgspec.Struct):
    labelable_id: str
    label_ids: list[str]


@mutates("addLabelsToLabelable", LabelsOf)
def add_labels(info: Info, wanted: LabelsOf) -> dict[str, object]:
    thread = _writable(info, _node(info, wanted.labelable_id, Issue))
    issues.add_labels(thread, [_node(info, id_, Label) for id_ in wanted.label_ids])
    return {"labelable": thread}


@mutates("removeLabelsFromLabelable", LabelsOf)
def remove_labels(info: Info, wanted: LabelsOf) -> dict[str, object]:
    thread = _writable(info, _node(info, wanted.labelable_id, Issue))
    issues.remove_labels(thread, [_node(info, id_, Label) for id_ in wanted.label_ids])
    return {"labelable": thread}


class AssigneesOf(msgspec.Struct):
    assignable_id: str
    assignee_ids: list[str]


@mutates("addAssigneesToAssignable", AssigneesOf)
def add_assignees(info: Info, wanted: AssigneesOf) -> dict[str, object]:
    thread = _writable(info, _node(info, wanted.assignable_id, Issue))
    issues.add_assignees(thread, [_node(info, id_, User) for id_ in wanted.assignee_ids])
    return {"assignable": thread}


@mutates("removeAssigneesFromAssignable", AssigneesOf)
def remove_assignees(info: Info, wanted: AssigneesOf) -> dict[str, object]:
    thread = _writable(info, _node(info, wanted.assignable_id, Issue))
    issues.remove_assignees(thread, [_node(info, id_, User) for id_ in wanted.assignee_ids])
    return {"assignable": thread}


class RequestReviews(msgspec.Struct):
    pull_request_id: str
    user_ids: list[str] | None = None
    union: bool | None = False


@mutates("requestReviews", RequestReviews)
def request_reviews(info: Info, wanted: RequestReviews) -> dict[str, object]:
    pull = _pull(info, wanted.pull_request_id)
    users = [_node(info, id_, User) for id_ in wanted.user_ids or []]
    pulls.request_reviews(pull, users, union=bool(wanted.union))
    return {"pullRequest": pull, "actor": info.context.user}


class AddComment(msgspec.Struct):
    subject_id: str
    body: str


@mutates("addComment", AddComment)
def add_comment(info: Info, wanted: AddComment) -> dict[str, object]:
    thread = _writable(info, _node(info, wanted.subject_id, Issue))
    comment = issues.add_comment(thread, info.context.user, wanted.body)
    return {"commentEdge": Edge(comment, ""), "subject": thread}
