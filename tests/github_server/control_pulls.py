"""Commands of the control API about pull requests: what other people do on GitHub's pages."""

from typing import Literal

import msgspec

from tests.github_server import issues, merging, pulls
from tests.github_server.clock import iso
from tests.github_server.control_repositories import Named, named
from tests.github_server.issues import create_label
from tests.github_server.people import DEFAULT_LOGIN
from tests.github_server.state import Host
from tests.github_server.threads import Label, PullRequest


class NewPull(msgspec.Struct):
    repository: str
    head: str
    base: str
    title: str = "A pull request"
    body: str = ""
    draft: bool = False
    labels: list[str] = []
    author: str = DEFAULT_LOGIN


class Change(msgspec.Struct):
    """What somebody does to a pull request; the parts are done in the order of this record."""

    repository: str
    number: int
    by: str = "alice"
    title: str | None = None
    body: str | None = None
    base: str | None = None
    draft: bool | None = None
    add_labels: list[str] = []
    remove_labels: list[str] = []
    add_assignees: list[str] = []
    remove_assignees: list[str] = []
    reviewers: list[str] = []
    comment: str = ""
    state: Literal["", "closed", "open", "merged"] = ""
    method: merging.Method = "MERGE"


def open_pull(host: Host, wanted: NewPull) -> dict[str, object]:
    repository = named(host, wanted.repository)
    pull = pulls.create(
        repository,
        host.user(wanted.author),
        title=wanted.title,
        body=wanted.body,
        base=wanted.base,
        head=wanted.head,
        draft=wanted.draft,
    )
    issues.add_labels(pull, [_label(pull, name) for name in wanted.labels])
    return shown(pull)


def change(host: Host, wanted: Change) -> dict[str, object]:
    pull = named(host, wanted.repository).pull(wanted.number)
    with pull.repository.lock:
        if (wanted.title, wanted.body, wanted.base) != (None, None, None):
            pulls.update(pull, title=wanted.title, body=wanted.body, base=wanted.base)
        if wanted.draft is not None:
            pulls.set_draft(pull, draft=wanted.draft)
        _change_people_and_labels(host, pull, wanted)
        if wanted.comment:
            issues.add_comment(pull, host.user(wanted.by), wanted.comment)
        _change_state(host, pull, wanted)
        return shown(pull)


def _change_people_and_labels(host: Host, pull: PullRequest, wanted: Change) -> None:
    if wanted.add_labels:
        issues.add_labels(pull, [_label(pull, name) for name in wanted.add_labels])
    if wanted.remove_labels:
        issues.remove_labels(pull, [_label(pull, name) for name in wanted.remove_labels])
    if wanted.add_assignees:
        issues.add_assignees(pull, map(host.user, wanted.add_assignees))
    if wanted.remove_assignees:
        issues.remove_assignees(pull, map(host.user, wanted.remove_assignees))
    if wanted.reviewers:
        pulls.request_reviews(pull, map(host.user, wanted.reviewers))


def _change_state(host: Host, pull: PullRequest, wanted: Change) -> None:
    match wanted.state:
        case "closed":
            pulls.close(pull)
        case "open":
            pulls.reopen(pull)
        case "":
            pass
        case "merged":
            merging.merge(pull, host.user(wanted.by), method=wanted.method)


def _label(pull: PullRequest, name: str) -> Label:
    return pull.repository.label(name) or create_label(pull.repository, name)


def listed(host: Host, wanted: Named) -> list[dict[str, object]]:
    """All pull requests of a repository, by number."""
    return [shown(pull) for pull in named(host, wanted.repository).pulls]


def shown(pull: PullRequest) -> dict[str, object]:
    """Everything about a pull request."""
    return {
        "id": pull.id,
        "number": pull.number,
        "state": pull.state,
        "title": pull.title,
        "body": pull.body,
        "head": pull.head,
        "head_oid": pull.head_oid,
        "base": pull.base,
        "draft": pull.draft,
        "merged": pull.merged_at is not None,
        "merge_commit": pull.merge_commit,
        "cross_repository": pull.cross_repository,
        "author": pull.author.login,
        "labels": [label.name for label in pull.labels],
        "assignees": [user.login for user in pull.assignees],
        "reviewers": [user.login for user in pull.reviewers],
        "comments": [comment.body for comment in pull.comments],
        "created_at": iso(pull.created_at),
        "updated_at": iso(pull.updated_at),
    }
