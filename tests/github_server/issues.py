"""What can be done to labels, comments, issues, and to pull requests as far as they are issues.

Texts that REST and GraphQL share are GitHub's ([K] where github-facts has none).
"""

from collections.abc import Iterable

from tests.github_server.people import DEFAULT_LOGIN, READ, User
from tests.github_server.problems import NotFound, Unprocessable
from tests.github_server.state import Repository
from tests.github_server.threads import Comment, Issue, Label

MAX_BODY = 65_536
MAX_TITLE = 256
MAX_LABEL = 50


def check_text(resource: str, *, title: str | None = None, body: str | None = None) -> None:
    """Unprocessable: a title is blank or too long, or a body too long (GitHub counts characters)."""
    if title is not None and not title.strip():
        raise Unprocessable("Title can't be blank", resource=resource, field="title", code="missing_field")
    if title is not None and len(title) > MAX_TITLE:
        _too_long(resource, "title", MAX_TITLE)
    if body is not None and len(body) > MAX_BODY:
        _too_long(resource, "body", MAX_BODY)


def _too_long(resource: str, name: str, most: int) -> None:
    words = f"{name} is too long (maximum is {most} characters)"
    raise Unprocessable(words[0].upper() + words[1:], resource=resource, field=name, code="custom", message=words)


def touch(issue: Issue) -> None:
    """Note that something about it has changed just now."""
    issue.updated_at = issue.repository.host.clock.now()


def create_issue(repository: Repository, author: User, title: str, body: str = "") -> Issue:
    """Open an issue."""
    check_text("Issue", title=title, body=body)
    with repository.lock:
        now = repository.host.clock.now()
        issue = Issue(
            repository=repository, number=repository.next_number(), author=author, title=title, body=body,
            created_at=now, updated_at=now,
        )  # fmt: skip
        repository.threads[issue.number] = repository.host.add_node(issue)
        return issue


def create_label(repository: Repository, name: str, color: str = "ededed", description: str = "") -> Label:
    """Make a label. Unprocessable: there is one of this name, in any case of letters, or it is too long."""
    if len(name) > MAX_LABEL:
        _too_long("Label", "name", MAX_LABEL)
    with repository.lock:
        if repository.label(name):
            raise Unprocessable(
                "Name has already been taken", resource="Label", code="already_exists", field="name"
            )
        label = Label(repository, repository.host.next_number(), name, color.lstrip("#"), description)
        repository.labels.append(repository.host.add_node(label))
        return label


def add_labels(issue: Issue, labels: Iterable[Label]) -> None:
    """Put labels on; those that are on it already stay."""
    with issue.repository.lock:
        for label in labels:
            if label.repository is not issue.repository:
                raise NotFound(f"Could not resolve to a node with the global id of '{label.id}'")
            if label not in issue.labels:
                issue.labels.append(label)
        touch(issue)


def remove_labels(issue: Issue, labels: Iterable[Label]) -> None:
    """Take labels off."""
    with issue.repository.lock:
        gone = list(labels)
        issue.labels = [label for label in issue.labels if label not in gone]
        touch(issue)


def assignable(repository: Repository) -> list[User]:
    """Who can be assigned or asked for a review: the collaborators, and the user of the default token."""
    logins = {DEFAULT_LOGIN: READ, **repository.collaborators}
    return [repository.host.user(login) for login in logins]


def add_assignees(issue: Issue, users: Iterable[User]) -> None:
    """Assign people. Unprocessable: one of them cannot be assigned; then none is."""
    wanted = list(users)
    able = assignable(issue.repository)
    refused = [user.login for user in wanted if user not in able]
    if refused:
        words = f"Could not add assignees: {', '.join(refused)} cannot be assigned to this issue"
        raise Unprocessable(words, resource="Issue", field="assignees", code="invalid", value=refused[0])
    with issue.repository.lock:
        issue.assignees += [user for user in wanted if user not in issue.assignees]
        touch(issue)


def remove_assignees(issue: Issue, users: Iterable[User]) -> None:
    """Take people off."""
    with issue.repository.lock:
        gone = list(users)
        issue.assignees = [user for user in issue.assignees if user not in gone]
        touch(issue)


def add_comment(issue: Issue, author: User, body: str) -> Comment:
    """Comment on it."""
    check_text("IssueComment", body=body)
    if not body.strip():
        raise Unprocessable("Body can't be blank", resource="IssueComment", field="body", code="missing_field")
    with issue.repository.lock:
        host = issue.repository.host
        comment = Comment(issue, host.next_number(), author, body, host.clock.now())
        issue.comments.append(host.add_node(comment))
        touch(issue)
        return comment
