"""Changes of refs: the one way on which API, merges and pushes move a branch, and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass

import pygit2

from tests.github_server import followers, rules
from tests.github_server.problems import Archived, Problem, Unprocessable
from tests.github_server.state import Moved, Repository


class _Anything:
    """Stands for "wherever it is now" in a comparison."""


ANYTHING = _Anything()


@dataclass(frozen=True)
class RefChange:
    """A ref by its full name, and where it shall point (None: gone); `old` is compared, None: must not exist."""

    name: str
    new: str | None
    old: str | _Anything | None = ANYTHING
    force: bool = True


@dataclass
class RefMoved(Exception):
    """The comparison failed: the ref is elsewhere."""

    name: str
    expected: str | None
    actual: str | None


def change(repository: Repository, *changes: RefChange, writer: rules.Writer = "api") -> None:
    """Compare all, check all, then set all, under the repository's lock.

    RefMoved: a ref is not where `old` says. RuleViolation: a rule is against it. Archived. Unprocessable: not a
    fast forward (unless forced), or the object does not exist.
    """
    with repository.lock:
        if repository.archived:
            raise Archived
        for each in changes:
            _check(repository, each, writer)
        before = {each.name: repository.objects.ref(each.name) for each in changes}
        for each in changes:
            repository.objects.set_ref(each.name, each.new)
        follow(repository, before, {each.name: each.new for each in changes})


def _check(repository: Repository, wanted: RefChange, writer: rules.Writer) -> None:
    objects = repository.objects
    before = objects.ref(wanted.name)
    if not isinstance(wanted.old, _Anything) and wanted.old != before:
        raise RefMoved(wanted.name, wanted.old, before)
    if wanted.new is not None and objects.get(wanted.new) is None:
        raise Unprocessable("Object does not exist")
    if wanted.new is not None and wanted.name.startswith("refs/heads/") and objects.commit(wanted.new) is None:
        raise Unprocessable("Object is not a commit")
    if before is None and wanted.new is not None:
        _check_name(repository, wanted.name)
    rules.check(repository.rules, wanted.name, before, wanted.new, writer)
    if before and wanted.new and not wanted.force and not objects.descends(wanted.new, before):
        raise Unprocessable("Update is not a fast forward")


def _check_name(repository: Repository, name: str) -> None:
    """Unprocessable: git takes no ref of this name, or has one where this one needs a folder, or the other way."""
    parts = name.split("/")
    above = ("/".join(parts[:count]) for count in range(1, len(parts)))
    if not pygit2.reference_is_valid_name(name):
        raise Unprocessable(f"{name} is not a valid ref name.")
    if repository.objects.refs(f"{name}/") or any(repository.objects.ref(each) for each in above):
        raise Unprocessable("Reference update failed")


class Following:
    """Around anything that moves refs (also `git receive-pack`): holds the lock, and lets pull requests follow.

    Use as a context manager; what changed is found by comparing all refs before and after.
    """

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._before: dict[str, str] = {}

    def __enter__(self) -> None:
        self._repository.lock.acquire()
        self._before = self._repository.objects.refs()

    def __exit__(self, *_: object) -> None:
        try:
            follow(self._repository, self._before, self._repository.objects.refs())
        finally:
            self._repository.lock.release()


def follow(repository: Repository, before: Mapping[str, str | None], after: Mapping[str, str | None]) -> None:
    """Note what moved between two listings of refs, and let pull requests follow."""
    moved = [name for name in {*before, *after} if before.get(name) != after.get(name)]
    if not moved:
        return
    now = repository.host.clock.now()
    repository.updated_at = now
    for name in moved:
        repository.journal.append(Moved(now, repository.requests, name, before.get(name)))
    followers.follow(repository, {name for name in moved if name.startswith("refs/heads/")})


def oid_before(repository: Repository, name: str, *, requests: int = 0, seconds: float = 0) -> str | None:
    """Where a ref was some requests or seconds ago, for reads that lag behind."""
    now = repository.host.clock.now()
    for moved in list(repository.journal):
        recent = (now - moved.at).total_seconds() < seconds
        if moved.ref == name and (recent or 0 < repository.requests - moved.request <= requests):
            return moved.before
    return repository.objects.ref(name)


def compared(problem: RefMoved) -> Problem:
    """The words of REST for a ref that moved."""
    return Problem(f"is at {problem.actual} but expected {problem.expected}", 409)
