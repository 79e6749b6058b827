"""Lists of issues, and the mutations that are for issues alone."""

import msgspec

from tests.github_server import issues
from tests.github_server.graphql.connections import Cut, Page, page
from tests.github_server.graphql.registry import Info, mutates, resolves
from tests.github_server.problems import NotFound
from tests.github_server.state import Repository
from tests.github_server.threads import Issue, Label, PullRequest


@resolves("Repository.issues")
def list_issues(repository: Repository, _info: Info, **asked: object) -> Page:
    states = asked.get("states")
    found = [
        thread
        for thread in repository.threads.values()
        if not isinstance(thread, PullRequest) and (not isinstance(states, list) or thread.state in states)
    ]
    return page("issues", found[::-1], Cut.of(asked))


class NewIssue(msgspec.Struct):
    repository_id: str
    title: str
    body: str | None = None
    label_ids: list[str] | None = None


@mutates("createIssue", NewIssue)
def create_issue(info: Info, wanted: NewIssue) -> dict[str, object]:
    host = info.context.host
    repository = host.node(wanted.repository_id)
    if not isinstance(repository, Repository):
        raise NotFound(f"Could not resolve to a node with the global id of '{wanted.repository_id}'")
    info.context.writable(repository, "issues")
    issue: Issue = issues.create_issue(repository, info.context.user, wanted.title, wanted.body or "")
    labels = [host.node(id_) for id_ in wanted.label_ids or []]
    issues.add_labels(issue, [label for label in labels if isinstance(label, Label)])
    return {"issue": issue}
