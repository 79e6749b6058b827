"""What can be done to pull requests: open, change, close, open again, ask for reviews."""

from collections.abc import Iterable

from tests.github_server.followers import publish_head
from tests.github_server.issues import assignable, check_text, touch
from tests.github_server.people import ACTIONS_LOGIN, User
from tests.github_server.problems import Archived, NotPermittedToActions, Unprocessable
from tests.github_server.state import Repository
from tests.github_server.threads import PullRequest


def find_head(repository: Repository, head: str) -> tuple[Repository | None, str]:
    """The repository and the branch that `head` ("branch" or "owner:branch") means; no repository: not found."""
    owner, colon, branch = head.rpartition(":")
    if not colon or owner.lower() == repository.owner.login.lower():
        return repository, branch
    forks = (each for each in repository.host.repositories() if each.parent is repository)
    return next((fork for fork in forks if fork.owner.login.lower() == owner.lower()), None), branch


def create(
    repository: Repository, author: User, *, title: str, body: str, base: str, head: str, draft: bool = False
) -> PullRequest:
    """Open a pull request.

    NotPermittedToActions: a workflow asks and the repository forbids it. Unprocessable: a branch is missing, there
    is nothing between the two, or one is open already for this head and base.
    """
    check_text("PullRequest", title=title, body=body)
    if repository.archived:
        raise Archived
    if author.login == ACTIONS_LOGIN and not repository.settings.actions_may_open_pulls:
        raise NotPermittedToActions
    with repository.lock:
        home, branch = find_head(repository, head)
        head_oid, base_oid = _ends(repository, home, branch, base)
        _check_new(repository, home, branch, base)
        now = repository.host.clock.now()
        pull = PullRequest(
            repository=repository, number=repository.next_number(), author=author, title=title, body=body,
            created_at=now, updated_at=now, base=base, head=branch, head_oid=head_oid, base_oid=base_oid,
            head_repository=home, draft=draft,
        )  # fmt: skip
        publish_head(pull)
        if not repository.objects.ahead(head_oid, base_oid):
            repository.objects.set_ref(f"refs/pull/{pull.number}/head", None)
            raise Unprocessable(f"No commits between {base} and {branch}", resource="PullRequest", code="custom")
        repository.threads[pull.number] = repository.host.add_node(pull)
        return pull


def _ends(repository: Repository, home: Repository | None, branch: str, base: str) -> tuple[str, str]:
    base_oid = repository.objects.ref(f"refs/heads/{base}")
    head_oid = home.objects.ref(f"refs/heads/{branch}") if home else None
    if head_oid is None:
        words = "Head sha can't be blank, Base sha can't be blank, "
        words += f"No commits between {base} and {branch}, Head ref must be a branch"
        raise Unprocessable(words, resource="PullRequest", field="head", code="invalid")
    if base_oid is None:
        words = f"Base sha can't be blank, No commits between {base} and {branch}, Base ref must be a branch"
        raise Unprocessable(words, resource="PullRequest", field="base", code="invalid")
    return head_oid, base_oid


def _check_new(repository: Repository, home: Repository | None, branch: str, base: str) -> None:
    for pull in repository.pulls:
        if pull.open and (pull.head_repository, pull.head, pull.base) == (home, branch, base):
            owner = (home or repository).owner.login
            words = f"A pull request already exists for {owner}:{branch}."
            raise Unprocessable(words, resource="PullRequest", code="custom")


def update(
    pull: PullRequest, *, title: str | None = None, body: str | None = None, base: str | None = None
) -> None:
    """Change what it says or where it goes. Unprocessable: a text is too long, or the base is no branch."""
    check_text("PullRequest", title=title, body=body)
    with pull.repository.lock:
        if base is not None and base != pull.base:
            _retarget(pull, base)
        pull.title = pull.title if title is None else title
        pull.body = pull.body if body is None else body
        touch(pull)


def _retarget(pull: PullRequest, base: str) -> None:
    oid = pull.repository.objects.ref(f"refs/heads/{base}")
    if oid is None:
        words = f"Proposed base branch '{base}' was not found"
        raise Unprocessable(words, resource="PullRequest", field="base", code="invalid")
    if not pull.open:
        words = "Cannot change the base branch of a closed pull request."
        raise Unprocessable(words, resource="PullRequest", field="base", code="invalid")
    _check_new(pull.repository, pull.head_repository, pull.head, base)
    pull.base, pull.base_oid = base, oid


def close(pull: PullRequest) -> None:
    """Close it unmerged; a closed one stays as it is. Unprocessable: it has been merged."""
    with pull.repository.lock:
        if pull.merged_at is not None:
            raise Unprocessable("Could not close the pull request.")
        if pull.open:
            now = pull.repository.host.clock.now()
            pull.open, pull.closed_at, pull.updated_at = False, now, now


def reopen(pull: PullRequest) -> None:
    """Open it again. Unprocessable: it has been merged, its branch is gone, made anew or forced, or has another."""
    with pull.repository.lock:
        if pull.open:
            return
        reason = _obstacle(pull)
        if reason:
            error = Unprocessable(reason, resource="PullRequest", field="state", code="invalid")
            error.graphql_message = "Could not open the pull request."
            raise error
        assert pull.head_repository is not None
        pull.head_oid = pull.head_repository.objects.ref(pull.head_ref) or pull.head_oid
        publish_head(pull)
        pull.open, pull.closed_at = True, None
        touch(pull)


def _obstacle(pull: PullRequest) -> str:
    """Why it cannot be opened again; "" when it can."""
    head = pull.head_repository.objects.ref(pull.head_ref) if pull.head_repository else None
    if pull.merged_at is not None:
        return "state cannot be changed. The pull request cannot be reopened."
    if head is None or pull.head_repository is None:
        return f"state cannot be changed. The {pull.head} branch has been deleted."
    if not pull.head_repository.objects.descends(head, pull.head_oid):
        return f"state cannot be changed. The {pull.head} branch was force-pushed or recreated."
    if pull.repository.objects.ref(pull.base_ref) is None:
        return f"state cannot be changed. The {pull.base} branch has been deleted."
    try:
        _check_new(pull.repository, pull.head_repository, pull.head, pull.base)
    except Unprocessable:
        return f"state cannot be changed. There is already an open pull request from {pull.head} to {pull.base}."
    return ""


def set_draft(pull: PullRequest, *, draft: bool) -> None:
    """Mark it a draft, or ready for review."""
    with pull.repository.lock:
        pull.draft = draft
        touch(pull)


def request_reviews(pull: PullRequest, users: Iterable[User], *, union: bool = True) -> None:
    """Ask for reviews; `union` False replaces who was asked before. Unprocessable: the author, or a stranger."""
    wanted = list(users)
    if pull.author in wanted:
        raise Unprocessable("Review cannot be requested from pull request author.")
    able = assignable(pull.repository)
    if any(user not in able for user in wanted):
        raise Unprocessable(
            "Reviews may only be requested from collaborators. One or more of the users or teams you specified is"
            f" not a collaborator of the {pull.repository.full_name} repository."
        )
    with pull.repository.lock:
        kept = pull.reviewers if union else []
        pull.reviewers = [*kept, *(user for user in wanted if user not in kept)]
        touch(pull)
