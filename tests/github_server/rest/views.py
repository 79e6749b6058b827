"""People, repositories, labels, comments and issues as REST shows them: the fields that clients read."""

from tests.github_server import access
from tests.github_server.clock import iso
from tests.github_server.people import RANK, User
from tests.github_server.rest.ask import Ask
from tests.github_server.state import Repository
from tests.github_server.threads import Comment, Issue, Label, PullRequest

Shape = dict[str, object]


def user(ask: Ask, who: User) -> Shape:
    return {
        "login": who.login,
        "id": who.number,
        "node_id": who.id,
        "type": who.kind,
        "site_admin": False,
        "url": ask.links.api("users", who.login),
        "html_url": ask.links.api(who.login),
    }


def repository(ask: Ask, repo: Repository) -> Shape:
    return {
        "id": repo.number,
        "node_id": repo.id,
        "name": repo.name,
        "full_name": repo.full_name,
        "owner": user(ask, repo.owner),
        "private": repo.private,
        "visibility": "private" if repo.private else "public",
        "archived": repo.archived,
        "disabled": False,
        "fork": repo.parent is not None,
        "default_branch": repo.default_branch,
        "has_issues": True,
        "url": ask.links.repo(repo),
        "html_url": ask.links.web(repo),
        "clone_url": f"{ask.links.web(repo)}.git",
        "allow_merge_commit": repo.settings.merge_commit,
        "allow_squash_merge": repo.settings.squash_merge,
        "allow_rebase_merge": repo.settings.rebase_merge,
        "delete_branch_on_merge": repo.settings.delete_branch_on_merge,
        "permissions": permissions(access.role(ask.call.token, repo)),
        "created_at": iso(repo.created_at),
        "updated_at": iso(repo.updated_at),
        "pushed_at": iso(repo.updated_at),
    }


def permissions(role: str) -> Shape:
    """What a role may do, in REST's older words."""
    words = {"admin": "admin", "maintain": "maintain", "push": "write", "triage": "triage", "pull": "read"}
    return {word: RANK[role] >= RANK[needed] for word, needed in words.items()}


def label(ask: Ask, what: Label) -> Shape:
    return {
        "id": what.number,
        "node_id": what.id,
        "url": ask.links.repo(what.repository, "labels", what.name),
        "name": what.name,
        "color": what.color,
        "description": what.description or None,
        "default": False,
    }


def comment(ask: Ask, what: Comment) -> Shape:
    thread = what.thread
    return {
        "id": what.number,
        "node_id": what.id,
        "url": ask.links.repo(thread.repository, "issues", "comments", what.number),
        "html_url": f"{thread_page(ask, thread)}#issuecomment-{what.number}",
        "user": user(ask, what.author),
        "body": what.body,
        "created_at": iso(what.created_at),
        "updated_at": iso(what.created_at),
    }


def thread_page(ask: Ask, thread: Issue) -> str:
    """The address of an issue or pull request in the browser."""
    return ask.links.web(thread.repository, thread.url_part, thread.number)


def thread(ask: Ask, what: Issue) -> Shape:
    """What issues and pull requests have in common."""
    return {
        "id": what.repository.number * 100_000 + what.number,
        "node_id": what.id,
        "number": what.number,
        "html_url": thread_page(ask, what),
        "state": "open" if what.open else "closed",
        "locked": False,
        "title": what.title,
        "body": what.body or None,
        "user": user(ask, what.author),
        "labels": [label(ask, each) for each in what.labels],
        "assignee": user(ask, what.assignees[0]) if what.assignees else None,
        "assignees": [user(ask, each) for each in what.assignees],
        "created_at": iso(what.created_at),
        "updated_at": iso(what.updated_at),
        "closed_at": iso(what.closed_at),
    }


def issue(ask: Ask, what: Issue) -> Shape:
    """An issue, or a pull request seen as one."""
    shape = thread(ask, what) | {
        "url": ask.links.repo(what.repository, "issues", what.number),
        "comments": len(what.comments),
    }
    if isinstance(what, PullRequest):
        url = ask.links.repo(what.repository, "pulls", what.number)
        shape["pull_request"] = {"url": url, "html_url": thread_page(ask, what), "merged_at": iso(what.merged_at)}
    return shape
