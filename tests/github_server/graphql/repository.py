"""The fields of a repository, but for its pull requests."""

from tests.github_server import access
from tests.github_server.clock import iso
from tests.github_server.graphql.commits import by_expression, ref_node
from tests.github_server.graphql.connections import Cut, Page, page
from tests.github_server.graphql.nodes import GitNode, RefNode, git_node
from tests.github_server.graphql.registry import Info, attributes, constants, resolves
from tests.github_server.issues import assignable
from tests.github_server.problems import NotFound
from tests.github_server.state import Repository
from tests.github_server.threads import Issue, Label, PullRequest

attributes(
    "Repository",
    {
        "id": lambda repository: repository.id,
        "databaseId": lambda repository: repository.number,
        "name": lambda repository: repository.name,
        "nameWithOwner": lambda repository: repository.full_name,
        "owner": lambda repository: repository.owner,
        "isEmpty": lambda repository: repository.is_empty,
        "isArchived": lambda repository: repository.archived,
        "isPrivate": lambda repository: repository.private,
        "isFork": lambda repository: repository.parent is not None,
        "isInOrganization": lambda repository: repository.owner.kind == "Organization",
        "visibility": lambda repository: "PRIVATE" if repository.private else "PUBLIC",
        "parent": lambda repository: repository.parent,
        "url": lambda repository: f"https://github.com/{repository.full_name}",
        "sshUrl": lambda repository: f"git@github.com:{repository.full_name}.git",
        "createdAt": lambda repository: iso(repository.created_at),
        "updatedAt": lambda repository: iso(repository.updated_at),
        "pushedAt": lambda repository: iso(repository.updated_at),
        "mergeCommitAllowed": lambda repository: repository.settings.merge_commit,
        "squashMergeAllowed": lambda repository: repository.settings.squash_merge,
        "rebaseMergeAllowed": lambda repository: repository.settings.rebase_merge,
        "deleteBranchOnMerge": lambda repository: repository.settings.delete_branch_on_merge,
    },
)
constants(
    "Repository",
    {
        "description": None,
        "isTemplate": False,
        "isLocked": False,
        "isDisabled": False,
        "isMirror": False,
        "hasIssuesEnabled": True,
        "hasWikiEnabled": False,
        "hasProjectsEnabled": False,
        "autoMergeAllowed": False,
        "viewerDefaultMergeMethod": "MERGE",
        "viewerDefaultCommitEmail": None,
        "viewerHasStarred": False,
        "forkCount": 0,
        "stargazerCount": 0,
    },
)


@resolves("Repository.viewerPermission")
def viewer_permission(repository: Repository, info: Info) -> str:
    return access.role(info.context.token, repository).upper()


@resolves("Repository.viewerCanAdminister")
def viewer_can_administer(repository: Repository, info: Info) -> bool:
    return access.role(info.context.token, repository) == "admin"


@resolves("Repository.defaultBranchRef")
def default_branch_ref(repository: Repository, info: Info) -> RefNode | None:
    return ref_node(repository, f"refs/heads/{repository.default_branch}", info)


@resolves("Repository.ref")
def ref(repository: Repository, info: Info, *, qualified_name: str) -> RefNode | None:
    """By "refs/heads/x", "heads/x" or "x"."""
    if qualified_name.startswith("refs/"):
        return ref_node(repository, qualified_name, info)
    if qualified_name.startswith(("heads/", "tags/")):
        return ref_node(repository, f"refs/{qualified_name}", info)
    return ref_node(repository, f"refs/heads/{qualified_name}", info)


@resolves("Repository.refs")
def refs(repository: Repository, info: Info, *, ref_prefix: str, query: str | None = None, **cut: object) -> Page:
    names = [name for name in repository.objects.refs(ref_prefix) if (query or "") in name]
    found = [node for name in names if (node := ref_node(repository, name, info))]
    return page("refs", found, Cut.of(cut))


@resolves("Repository.object")
def git_object(
    repository: Repository, info: Info, *, oid: str | None = None, expression: str | None = None
) -> GitNode | None:
    if oid is not None:
        return git_node(repository, repository.objects.get(oid))
    return by_expression(repository, expression or "HEAD", info)


@resolves("Repository.label")
def label(repository: Repository, _info: Info, *, name: str) -> Label | None:
    return repository.label(name)


@resolves("Repository.labels")
def labels(repository: Repository, _info: Info, *, query: str | None = None, **cut: object) -> Page:
    found = [each for each in repository.labels if (query or "").lower() in each.name.lower()]
    return page("labels", found, Cut.of(cut))


@resolves("Repository.assignableUsers")
def assignable_users(repository: Repository, _info: Info, *, query: str | None = None, **cut: object) -> Page:
    found = [user for user in assignable(repository) if (query or "").lower() in user.login.lower()]
    return page("assignableUsers", found, Cut.of(cut))


@resolves("Repository.milestones", "Repository.projects", "Repository.projectsV2", "Repository.releases")
def nothing(_repository: Repository, info: Info, **cut: object) -> Page:
    return page(info.field_name, [], Cut.of(cut))


@resolves("Repository.issue")
def issue(repository: Repository, _info: Info, *, number: int) -> Issue:
    found = repository.threads.get(number)
    if found is None or isinstance(found, PullRequest):
        raise NotFound(f"Could not resolve to an Issue with the number of {number}.")
    return found


@resolves("Repository.issueOrPullRequest")
def issue_or_pull_request(repository: Repository, _info: Info, *, number: int) -> Issue:
    return repository.thread(number)


attributes(
    "Label",
    {
        "id": lambda label: label.id,
        "name": lambda label: label.name,
        "color": lambda label: label.color,
        "description": lambda label: label.description,
        "repository": lambda label: label.repository,
        "isDefault": lambda _: False,
        "url": lambda label: f"https://github.com/{label.repository.full_name}/labels/{label.name}",
    },
)
