"""What pull requests do when branches move: heads follow, gone branches close, merges by push are noticed."""

from tests.github_server.state import Repository
from tests.github_server.threads import PullRequest


def follow(repository: Repository, moved: set[str]) -> None:
    """Bring the open pull requests of a repository (and of the one it was forked from) up to its branches.

    The caller holds the repository's lock. `moved` has the full names of branches.
    """
    homes = [repository, repository.parent] if repository.parent else [repository]
    for home in homes:
        for pull in home.pulls:
            if pull.open and pull.head_repository is repository and pull.head_ref in moved:
                _head_moved(pull, repository.objects.ref(pull.head_ref))
    for pull in repository.pulls:
        if pull.open and pull.base_ref in moved:
            _base_moved(pull, repository.objects.ref(pull.base_ref))


def publish_head(pull: PullRequest) -> None:
    """Keep the head reachable in the base repository under refs/pull/, as GitHub does."""
    objects = pull.repository.objects
    if pull.head_repository is not None and pull.cross_repository and objects.get(pull.head_oid) is None:
        objects.fetch(pull.head_repository.objects, pull.head_oid)
    objects.set_ref(f"refs/pull/{pull.number}/head", pull.head_oid)


def _head_moved(pull: PullRequest, oid: str | None) -> None:
    now = pull.repository.host.clock.now()
    pull.updated_at = now
    if oid is None:
        pull.open, pull.closed_at = False, now
    else:
        pull.head_oid = oid
        publish_head(pull)


def _base_moved(pull: PullRequest, oid: str | None) -> None:
    """A base that goes takes the pull request along, unless it was merged itself: then that base is the new one."""
    now = pull.repository.host.clock.now()
    if oid is None:
        onto = next(
            (each.base for each in pull.repository.pulls if each.merged_at and each.head == pull.base), None
        )
        if onto is None:
            pull.open, pull.closed_at, pull.updated_at = False, now, now
        else:
            pull.base, pull.updated_at = onto, now
        return
    pull.base_oid = oid
    if pull.repository.objects.descends(oid, pull.head_oid):
        pull.open, pull.merged_at, pull.closed_at, pull.updated_at = False, now, now, now
        pull.merge_commit = oid
