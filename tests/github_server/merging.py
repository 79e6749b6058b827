"""Merging pull requests, by a merge commit, by squashing, or by rebasing."""

from typing import Literal

from tests.github_server import refs
from tests.github_server.objects import Objects, Signature
from tests.github_server.people import User
from tests.github_server.problems import Archived, HeadModified, NotMergeable
from tests.github_server.threads import PullRequest

Method = Literal["MERGE", "SQUASH", "REBASE"]
_NAMES = {"MERGE": "Merge commits", "SQUASH": "Squash merges", "REBASE": "Rebase merges"}


def mergeable(pull: PullRequest) -> str:
    """MERGEABLE or CONFLICTING, by really merging; UNKNOWN once it is not open any more.

    With `lazy_mergeable` also when it is asked for the first time since its head or its base has moved: GitHub
    only begins to try it then.
    """
    base = pull.repository.objects.ref(pull.base_ref)
    if not pull.open or base is None:
        return "UNKNOWN"
    known, pull.judged = pull.judged, (base, pull.head_oid)
    if pull.repository.settings.lazy_mergeable and known != pull.judged:
        return "UNKNOWN"
    return _try(pull, base)


def _try(pull: PullRequest, base: str) -> str:
    objects = pull.repository.objects
    return "CONFLICTING" if objects.merged_tree(base, pull.head_oid) is None else "MERGEABLE"


def merge(
    pull: PullRequest,
    by: User,
    *,
    method: Method = "MERGE",
    expected: str | None = None,
    title: str = "",
    message: str = "",
) -> str:
    """Merge it; the id of the commit that the base branch has now.

    NotMergeable: the repository does not allow the method, it conflicts, is closed or a draft. HeadModified: the
    head is not `expected`. RuleViolation: the base takes no merges.
    """
    with pull.repository.lock:
        _check(pull, method, expected)
        now = pull.repository.host.clock.now()
        person = Signature(by.name or by.login, by.email, now)
        base = pull.repository.objects.ref(pull.base_ref)
        assert base is not None
        oid = _commit(pull, base, method, title, message, person)
        pull.open, pull.merged_at, pull.closed_at, pull.updated_at = False, now, now, now
        pull.merged_by, pull.merge_commit = by, oid
        try:
            refs.change(pull.repository, refs.RefChange(pull.base_ref, oid), writer="merge")
        except Exception:
            pull.open, pull.merged_at, pull.closed_at, pull.merged_by, pull.merge_commit = (
                True,
                None,
                None,
                None,
                None,
            )
            raise
        _clean_up(pull)
        return oid


def _check(pull: PullRequest, method: Method, expected: str | None) -> None:
    settings = pull.repository.settings
    allowed = {"MERGE": settings.merge_commit, "SQUASH": settings.squash_merge, "REBASE": settings.rebase_merge}
    if pull.repository.archived:
        raise Archived
    if not allowed[method]:
        raise NotMergeable(f"{_NAMES[method]} are not allowed on this repository.")
    if pull.draft and pull.open:
        raise NotMergeable("Pull Request is still a draft")
    if expected is not None and expected != pull.head_oid:
        raise HeadModified
    base = pull.repository.objects.ref(pull.base_ref)
    if not pull.open or base is None or _try(pull, base) != "MERGEABLE":
        raise NotMergeable


def _commit(pull: PullRequest, base: str, method: Method, title: str, message: str, person: Signature) -> str:
    objects = pull.repository.objects
    if method == "REBASE":
        return _rebase(objects, base, pull.head_oid, person)
    tree = objects.merged_tree(base, pull.head_oid)
    assert tree is not None
    committer = Signature("GitHub", "noreply@github.com", person.when)
    if method == "SQUASH":
        parents, text = [base], f"{title or f'{pull.title} (#{pull.number})'}\n\n{message or pull.body}"
    else:
        parents = [base, pull.head_oid]
        owner = (pull.head_repository or pull.repository).owner.login
        text = (
            f"{title or f'Merge pull request #{pull.number} from {owner}/{pull.head}'}\n\n{message or pull.title}"
        )
    return objects.add_commit(tree, parents, text.strip(), author=person, committer=committer, signed=True)


def _rebase(objects: Objects, base: str, head: str, person: Signature) -> str:
    """Every commit of the head anew upon the base; merge commits are left out, as git does."""
    onto = base
    for oid in objects.ahead(head, base):
        commit = objects.commit(oid)
        assert commit is not None
        if len(commit.parents) > 1:
            continue
        tree = objects.merged_tree(onto, oid, str(commit.parents[0].id))
        if tree is None:
            raise NotMergeable
        author = Signature(commit.author.name, commit.author.email, person.when)
        onto = objects.add_commit(tree, [onto], commit.message, author=author, committer=person)
    return onto


def _clean_up(pull: PullRequest) -> None:
    repository = pull.head_repository
    if repository is not None and pull.repository.settings.delete_branch_on_merge:
        refs.change(repository, refs.RefChange(pull.head_ref, None), writer="merge")
