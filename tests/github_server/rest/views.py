"""People, repositories, labels, comments and issues as REST shows them: the fields that clients read."""

from urllib.parse import quote

from tests.github_server import access
from tests.github_server.clock import iso
from tests.github_server.people import RANK, User
from tests.github_server.rest import addresses
from tests.github_server.rest.ask import Ask
from tests.github_server.state import Repository
from tests.github_server.threads import Comment, Issue, Label, PullRequest

Shape = dict[str, object]


def user(ask: Ask, who: User) -> Shape:
    """Somebody as they stand in other things."""
    url = ask.links.api("users", quote(who.login))
    return addresses.of_user(url) | {
        "login": who.login,
        "id": who.number,
        "node_id": who.id,
        "avatar_url": ask.links.api("avatars", who.number),
        "gravatar_id": "",
        "type": who.kind,
        "site_admin": False,
        "url": url,
        "html_url": ask.links.api(quote(who.login)),
    }


def whole_user(ask: Ask, who: User) -> Shape:
    """Somebody as they stand alone."""
    unknown = dict.fromkeys(("bio", "blog", "company", "email", "hireable", "location"))
    numbers = dict.fromkeys(("followers", "following", "public_gists", "public_repos"), 0)
    since = iso(ask.host.clock.now())
    return user(ask, who) | unknown | numbers | {"name": who.name or None, "created_at": since, "updated_at": since}


def repository(ask: Ask, repo: Repository) -> Shape:
    """A repository as it stands in other things."""
    there_is_none = dict.fromkeys(("description", "homepage", "language", "license", "mirror_url"))
    nobody = dict.fromkeys(("forks", "forks_count", "stargazers_count", "watchers", "watchers_count", "size"), 0)
    threads = sum(thread.open for thread in repo.threads.values())
    return (
        there_is_none
        | nobody
        | addresses.of_repository(ask.links.repo(repo))
        | {
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
            **dict.fromkeys(("has_downloads", "has_projects", "has_wiki", "has_pages", "has_discussions"), False),
            "open_issues": threads,
            "open_issues_count": threads,
            "url": ask.links.repo(repo),
            "html_url": ask.links.web(repo),
            "clone_url": f"{ask.links.web(repo)}.git",
            "git_url": f"git://{ask.links.host}/{repo.full_name}.git",
            "ssh_url": f"git@{ask.links.host}:{repo.full_name}.git",
            "svn_url": ask.links.web(repo),
            "allow_merge_commit": repo.settings.merge_commit,
            "allow_squash_merge": repo.settings.squash_merge,
            "allow_rebase_merge": repo.settings.rebase_merge,
            "delete_branch_on_merge": repo.settings.delete_branch_on_merge,
            "permissions": permissions(access.role(ask.call.token, repo)),
            "created_at": iso(repo.created_at),
            "updated_at": iso(repo.updated_at),
            "pushed_at": iso(repo.updated_at),
        }
    )


def whole_repository(ask: Ask, repo: Repository) -> Shape:
    """A repository as it stands alone."""
    return repository(ask, repo) | {"network_count": 0, "subscribers_count": 0}


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
        "issue_url": ask.links.repo(thread.repository, "issues", thread.number),
        "author_association": "MEMBER",
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
        "comments_url": ask.links.repo(what.repository, "issues", what.number, "comments"),
        "milestone": None,
        "author_association": "MEMBER",
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
    url = ask.links.repo(what.repository, "issues", what.number)
    shape = thread(ask, what) | {
        "url": url,
        "repository_url": ask.links.repo(what.repository),
        "labels_url": f"{url}/labels{{/name}}",
        "events_url": f"{url}/events",
        "comments": len(what.comments),
    }
    if isinstance(what, PullRequest):
        url = ask.links.repo(what.repository, "pulls", what.number)
        page = thread_page(ask, what)
        shape["pull_request"] = {
            "url": url, "html_url": page, "diff_url": f"{page}.diff", "patch_url": f"{page}.patch",
            "merged_at": iso(what.merged_at),
        }  # fmt: skip
    return shape
