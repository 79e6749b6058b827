"""Pull requests as REST shows them: short in lists, whole when asked for one."""

from tests.github_server import merging
from tests.github_server.clock import iso
from tests.github_server.rest import diffs, views
from tests.github_server.rest.ask import Ask
from tests.github_server.rest.views import Shape
from tests.github_server.state import Repository
from tests.github_server.threads import PullRequest


def short(ask: Ask, pull: PullRequest) -> Shape:
    """As it stands in lists."""
    return views.thread(ask, pull) | {
        "url": ask.links.repo(pull.repository, "pulls", pull.number),
        "issue_url": ask.links.repo(pull.repository, "issues", pull.number),
        "draft": pull.draft,
        "merged_at": iso(pull.merged_at),
        "merge_commit_sha": pull.merge_commit,
        "requested_reviewers": [views.user(ask, each) for each in pull.reviewers],
        "requested_teams": [],
        "head": _end(ask, pull.head_repository, pull.head, pull.head_oid),
        "base": _end(ask, pull.repository, pull.base, pull.base_oid),
        "auto_merge": None,
        **_addresses(ask, pull),
    }


def _addresses(ask: Ask, pull: PullRequest) -> Shape:
    """The addresses of what belongs to it: beside each other, and once more below `_links`."""
    repository, page = pull.repository, views.thread_page(ask, pull)
    url = ask.links.repo(repository, "pulls", pull.number)
    parts = {
        "comments": ask.links.repo(repository, "issues", pull.number, "comments"),
        "commits": f"{url}/commits",
        "statuses": ask.links.repo(repository, "statuses", pull.head_oid),
        "review_comments": f"{url}/comments",
        "review_comment": ask.links.repo(repository, "pulls", "comments{/number}"),
    }
    links = parts | {"self": url, "html": page, "issue": ask.links.repo(repository, "issues", pull.number)}
    return {
        **{f"{name}_url": address for name, address in parts.items()},
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "_links": {name: {"href": address} for name, address in links.items()},
    }


def whole(ask: Ask, pull: PullRequest) -> Shape:
    """With what costs GitHub a merge or a comparison to find out."""
    state = merging.mergeable(pull)
    objects = pull.repository.objects
    base = objects.merge_base(pull.base_oid, pull.head_oid) or pull.base_oid
    files = diffs.changed_files(objects, base, pull.head_oid)
    return short(ask, pull) | {
        "merged": pull.merged_at is not None,
        "merged_by": views.user(ask, pull.merged_by) if pull.merged_by else None,
        "mergeable": {"MERGEABLE": True, "CONFLICTING": False}.get(state),
        "mergeable_state": {"MERGEABLE": "clean", "CONFLICTING": "dirty"}.get(state, "unknown"),
        "comments": len(pull.comments),
        "review_comments": 0,
        "additions": sum(file.additions for file in files),
        "deletions": sum(file.deletions for file in files),
        "changed_files": len(files),
        "commits": len(objects.ahead(pull.head_oid, pull.base_oid)),
        "maintainer_can_modify": False,
    }


def _end(ask: Ask, repository: Repository | None, branch: str, oid: str) -> Shape:
    """Head or base; the repository is null once the fork is gone."""
    owner = repository.owner if repository else None
    return {
        "label": f"{owner.login}:{branch}" if owner else branch,
        "ref": branch,
        "sha": oid,
        "user": views.user(ask, owner) if owner else None,
        "repo": views.repository(ask, repository) if repository else None,
    }
