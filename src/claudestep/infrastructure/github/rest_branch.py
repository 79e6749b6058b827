"""The metadata branch on GitHub by REST alone: objects of git are made one by one, then the branch is moved.

GitHub moves a branch by `PATCH` to any commit that comes from where the branch is: a commit on what was read is
refused as soon as anybody wrote in between. That is no comparison with where it was: whoever sets the branch back
to an earlier commit between read and write finds it where the write led, and has to do it again.
"""

from collections.abc import Mapping
from dataclasses import replace

from claudestep.domain.errors import (
    HostError,
    NotFound,
    RulesetViolation,
    TooMuchAsked,
    Transient,
    Unprocessable,
    UnreadableReply,
)
from claudestep.domain.observation import Ancestry, LogEntry, Snapshot
from claudestep.infrastructure.clock import Clock, SystemClock
from claudestep.infrastructure.github import bootstrap, git_data, parts, rest_history
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.lag import caught_up
from claudestep.infrastructure.github.rest_files import Files
from claudestep.infrastructure.github.verdicts import judged, moved, refuse_paths
from claudestep.infrastructure.metadata.branch import BranchError, Refused, StaleBranch

Changes = Mapping[str, bytes | None]


class RestMetadataBranch:
    """A `MetadataBranch` in a repository on GitHub."""

    def __init__(self, github: GitHub, clock: Clock | None = None) -> None:
        self._github = github
        self._clock = clock or SystemClock()
        self._files = Files(github)

    @property
    def waited(self) -> float:
        """The seconds that GitHub's limits have taken so far."""
        return self._github.waited

    def read(self, since: str | None = None) -> Snapshot:
        """Ask for ref, commit and tree, then for the files that are not known yet. Raises HostError."""
        return caught_up(lambda: self._read(since), lambda seen: seen, self._clock)

    def commit(self, base: str | None, changes: Changes, message: str) -> str:
        """Make tree and commit, then move the branch: three requests where the base is known."""
        refuse_paths(changes)
        if base is None:
            return bootstrap.begin(self._github, changes, message)
        commit = self._write(base, changes, message)
        try:
            git_data.move_branch(self._github, commit)
        except HostError as error:
            raise self._refusal(base, error) from error
        return commit

    def log(self, most: int, path: str = "") -> tuple[LogEntry, ...]:
        """Ask for it page by page. Raises HostError."""
        head = git_data.head(self._github).commit
        return parts.newest(most, rest_history.log(self._github, head, path=path, most=most)) if head else ()

    def ancestry(self) -> Ancestry:
        """Its roots, by a walk over all of its history. Raises HostError."""
        head = git_data.head(self._github).commit
        return Ancestry(roots=rest_history.roots(self._github, head)) if head else Ancestry()

    def _read(self, since: str | None) -> Snapshot:
        head = git_data.head(self._github)
        if head.commit is None:
            return Snapshot(None, {}, log_complete=not since, at=head.at)
        seen = Snapshot(head.commit, self._files.at(head.commit), at=head.at)
        if since is None or since == head.commit:
            return seen
        log, complete = parts.back_to(since, rest_history.log(self._github, head.commit))
        return replace(seen, log=log, log_complete=complete)

    def _write(self, base: str, changes: Changes, message: str) -> str:
        """A commit that nobody sees before the branch leads to it: without an answer, nothing has happened."""
        try:
            before = self._files.tree(base)
            tree = git_data.write_tree(self._github, self._needed(before, changes), before)
            commit = git_data.write_commit(self._github, tree, message, [base])
        except TooMuchAsked as error:
            raise Refused(str(error), remedy=error.remedy) from error
        except (Transient, UnreadableReply) as error:
            raise StaleBranch(f"no commit was made: {error}", remedy=error.remedy) from error
        except HostError as error:
            raise self._refusal(base, error) from error
        self._files.learn(commit, tree, changes)
        return commit

    def _needed(self, tree: str, changes: Changes) -> Changes:
        """The changes without what GitHub would refuse: to remove a file that is not there."""
        if None not in changes.values():
            return changes
        there = self._files.listing(tree)
        return {p: data for p, data in changes.items() if data is not None or there is None or p in there}

    def _refusal(self, base: str, error: HostError) -> BranchError:
        """What an error says: GitHub has the same words for a branch that has moved and one that may not move."""
        if not isinstance(error, (NotFound, Unprocessable, RulesetViolation)):
            return judged(error)
        try:
            head = git_data.head(self._github).commit
        except (Transient, UnreadableReply) as other:
            return StaleBranch(str(other), remedy=other.remedy)  # refused is not written, whatever the reason
        except HostError as other:
            return judged(other)
        if head != base:
            return StaleBranch(moved(base, head))
        if "does not exist" in error.host_text:  # what was made just now, on a replica that lags behind
            return StaleBranch(str(error), remedy=error.remedy)
        return judged(error)
