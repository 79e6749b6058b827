"""The metadata branch on GitHub: read in one query, written by createCommitOnBranch with the head that was read."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace

from claudestep.domain.errors import HostError, NotFound, Unprocessable, Unrecognized
from claudestep.domain.naming import METADATA_BRANCH
from claudestep.domain.observation import Ancestry, LogEntry, Snapshot
from claudestep.infrastructure.clock import Clock, SystemClock
from claudestep.infrastructure.github import bootstrap, git_data, history
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.asking import ask_of_repository, require
from claudestep.infrastructure.github.documents import document
from claudestep.infrastructure.github.lag import caught_up
from claudestep.infrastructure.github.refs import METADATA_REF
from claudestep.infrastructure.github.replies import Framed, MetadataRef, Oid, Reply
from claudestep.infrastructure.github.snapshots import snapshot
from claudestep.infrastructure.github.texts import ask_with_texts
from claudestep.infrastructure.github.verdicts import judged, moved, refuse_paths
from claudestep.infrastructure.metadata.branch import CommitInDoubt, Refused, StaleBranch

Changes = Mapping[str, bytes | None]


class HeadRef(Reply, frozen=True):
    """Where a branch is."""

    target: Oid


class Head(Reply, frozen=True):
    """The answer to `head`."""

    ref: HeadRef | None = None


class MetadataRepository(Reply, frozen=True):
    """The answer to `metadata`."""

    metadata: MetadataRef | None = None


class Created(Reply, frozen=True):
    """A commit that was made."""

    commit: Oid


class CreatedCommit(Reply, frozen=True):
    """The answer to `create_commit`."""

    create_commit_on_branch: Created


class GitHubMetadataBranch:
    """A `MetadataBranch` in a repository on GitHub."""

    def __init__(self, github: GitHub, clock: Clock | None = None) -> None:
        self._github = github
        self._clock = clock or SystemClock()

    @property
    def waited(self) -> float:
        """The seconds that GitHub's limits have taken so far."""
        return self._github.waited

    def read(self, since: str | None = None) -> Snapshot:
        """Read the branch in one request, more for a long log or for what GitHub cuts off. Raises HostError."""
        return caught_up(lambda: self._read(since), lambda seen: seen, self._clock)

    def commit(self, base: str | None, changes: Changes, message: str) -> str:
        """Send one mutation; the first commit of all takes three requests."""
        refuse_paths(changes)
        if base is None:
            return bootstrap.begin(self._github, changes, message)
        try:
            return self._send(base, changes, message)
        except (NotFound, Unprocessable) as error:
            there = self._still_there(base, changes, error)
        except HostError as error:
            raise judged(error) from error
        return self.commit(base, there, message)

    def log(self, most: int, path: str = "") -> tuple[LogEntry, ...]:
        """Ask for it page by page. Raises HostError."""
        asked = {"ref": METADATA_REF, "first": min(most, history.PAGE), "path": path or None}
        ref = ask_of_repository(self._github, "log", asked, Framed[history.LogRepository]).ref
        return history.newest(self._github, ref.target.oid, ref.target.history, most, path) if ref else ()

    def ancestry(self) -> Ancestry:
        """Its roots, by a walk over all of its history. Raises HostError."""
        head = self._head()
        return Ancestry(roots=history.roots(self._github, head)) if head else Ancestry()

    def _read(self, since: str | None) -> Snapshot:
        variables = {"metadata": METADATA_REF, "log": since is not None}
        answer = ask_with_texts(self._github, document("metadata"), variables, Framed[MetadataRepository])
        seen = snapshot(self._github, require(self._github, answer.data.repository).metadata, since)
        return replace(seen, at=answer.at)

    def _send(self, base: str, changes: Changes, message: str) -> str:
        headline, body = split_message(message)
        sent = {
            "branch": {"repositoryNameWithOwner": str(self._github.repository), "branchName": METADATA_BRANCH},
            "expectedHeadOid": base,
            "message": {"headline": headline, "body": body},
            "fileChanges": {
                "additions": [
                    {"path": path, "contents": b64encode(content).decode()}
                    for path, content in changes.items()
                    if content is not None
                ],
                "deletions": [{"path": path} for path, content in changes.items() if content is None],
            },
        }
        answer = self._github.mutate(document("create_commit"), {"input": sent}, CreatedCommit, resend=False)
        return answer.data.create_commit_on_branch.commit.oid

    def _still_there(self, base: str, changes: Changes, error: HostError) -> Changes:
        """What of refused changes can be sent again: GitHub refuses to remove a file that is not there.

        Raises StaleBranch, Refused; CommitInDoubt where the branch may have moved by this very commit.
        """
        try:
            head = self._head()
            there = git_data.listing(self._github, base) if head == base and None in changes.values() else None
        except HostError as other:
            unknown = isinstance(error, Unrecognized)
            raise (CommitInDoubt if unknown else Refused)(str(other), remedy=other.remedy) from error
        if head != base:
            kind = CommitInDoubt if isinstance(error, Unrecognized) else StaleBranch
            raise kind(moved(base, head)) from error
        kept = {p: data for p, data in changes.items() if data is not None or there is None or p in there}
        if len(kept) == len(changes):
            raise Refused(str(error), remedy=error.remedy) from error
        return kept

    def _head(self) -> str | None:
        ref = ask_of_repository(self._github, "head", {"ref": METADATA_REF}, Framed[Head]).ref
        return ref.target.oid if ref else None


def split_message(message: str) -> tuple[str, str]:
    """Headline and body, which GitHub puts together again with an empty line between them."""
    headline, _, body = message.strip().partition("\n")
    return headline, body.removeprefix("\n")
