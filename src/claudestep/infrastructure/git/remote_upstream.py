"""A server as the place where the base of a step comes from and where its branch goes.

No ref of the user's changes, nothing of theirs runs, and a clone stays as deep as it is.
"""

from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass

from claudestep.domain.errors import (
    ClaudeStepError,
    Forbidden,
    RepositoryError,
    RulesetViolation,
    Stale,
    Transient,
    Unprocessable,
)
from claudestep.infrastructure.git.command import Git
from claudestep.infrastructure.git.gathering import Gatherer
from claudestep.infrastructure.git.large_files import send_large_files
from claudestep.infrastructure.git.missing import missing_objects, promisor
from claudestep.infrastructure.git.refs import HEADS
from claudestep.infrastructure.git.remote import Remote
from claudestep.infrastructure.git.server_errors import concerns_every_branch, explained, refusal
from claudestep.infrastructure.hosting.port import (
    BranchExists,
    BranchMoved,
    EveryBranchRefused,
    PublishRefused,
    UpdateRefused,
)
from claudestep.infrastructure.process import CommandFailed

# fetch.pruneTags deletes the user's own tags, and remote.<name>.tagOpt brings others.
_FETCH = (
    "fetch", "--quiet", "--no-tags", "--no-prune", "--no-prune-tags", "--no-write-fetch-head",
    "--no-recurse-submodules",
)  # fmt: skip
# What the user's configuration could add to a push.
_PUSH = (
    "-c", "push.pushOption=", "push", "--porcelain", "--no-verify", "--no-signed", "--no-follow-tags",
    "--recurse-submodules=no",
)  # fmt: skip
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class RemoteUpstream:
    """An `Upstream` on a server, for a repository on disk that need not know it."""

    git: Git
    remote: Remote

    def bring(self, commit: str) -> None:
        """Fetch what is not there. Raises RepositoryError, HostError."""
        for _ in range(_ROUNDS):
            wanted = missing_objects(self.git, commit)
            if not wanted:
                return
            self._fetch(commit, wanted)
        if missing_objects(self.git, commit):
            raise RepositoryError(
                f"git fetched the commit {commit} and it is still not whole", remedy="Look for damage: git fsck"
            )

    def _fetch(self, commit: str, wanted: list[str]) -> None:
        """Fetch these objects; a connection that breaks is tried once more."""
        for last in (False, True):
            try:
                if wanted == [commit]:
                    self._fetch_commit(commit)
                else:
                    self._fetch_parts(wanted)
            except CommandFailed as error:
                explanation = explained(error, self.remote.url)
                if last or not isinstance(explanation, Transient):
                    raise explanation from None
            else:
                return

    def _fetch_commit(self, commit: str) -> None:
        """Fetch what a clone of this depth has of a commit.

        In a shallow one a fetch without a depth may bring all history, in a full one a depth makes it shallow.
        """
        depth = ("--depth=1",) if (self.git.git_dir / "shallow").exists() else ()
        partial = promisor(self.git)
        if partial is None:
            self.remote.run(self.git, *_FETCH, *depth, self.remote.url, commit)
            return
        # git holds a partial clone whole as long as what is missing was promised: by the remote, not by an address.
        self.remote.run(self.git, *_FETCH, *depth, partial.name, commit, instead_of=partial.addresses)

    def _fetch_parts(self, oids: list[str]) -> None:
        """Fetch files and folders. The server is told of no commit: it would leave out what belongs to that."""
        listed = "\n".join(oids).encode()
        self.remote.run(
            self.git, "-c", "fetch.negotiationAlgorithm=noop", *_FETCH, "--stdin", self.remote.url, stdin=listed
        )

    def publish(self, branch: str, commit: str) -> None:
        """Push to a branch that must not be there yet; whatever git says, the server's branch decides.

        Raises BranchExists, PublishRefused; RepositoryError where nobody knows whether it is there.
        """
        unsent = send_large_files(self.git, self.remote, commit)
        if unsent is not None:
            raise PublishRefused(_unpublished(branch, unsent), remedy=unsent.remedy)
        in_doubt = False
        for last in (False, True):
            error = self._push(branch, commit)
            in_doubt |= error is not None and _may_have_arrived(error)
            if error is None or self._is_there(branch, commit, in_doubt=in_doubt):
                return
            if last or not isinstance(error, (Transient, Stale)):
                raise _refused(branch, error)

    def gather(self, pairs: Collection[tuple[str, str]]) -> AbstractContextManager[Git]:
        """A repository with these commits (base, head) and all that merging them takes."""
        return Gatherer(self.git, self.remote, _FETCH).gather(pairs)

    def move(self, git: Git, branch: str, was: str, now: str) -> None:
        """Push to a branch that is where it was read; whatever git says, the server's branch decides.

        Raises BranchMoved, UpdateRefused, HostError, RepositoryError.
        """
        for last in (False, True):
            error = self._push(branch, now, was, git)
            tip = was if error is None else self._tip_after(branch, error)
            if error is None or tip == now:
                return
            if tip != was:
                raise BranchMoved(f"somebody has moved {branch} meanwhile") from error
            if last or not isinstance(error, (Transient, Stale)):
                raise UpdateRefused(str(error), remedy=error.remedy) if _is_of_this_branch(error) else error

    def _tip_after(self, branch: str, error: ClaudeStepError) -> str | None:
        try:
            return self._tip(HEADS + branch)
        except CommandFailed:
            raise error from None

    def _push(self, branch: str, commit: str, was: str = "", git: Git | None = None) -> ClaudeStepError | None:
        """Push to a branch that is at `was` ("": not there yet); the error, if that failed."""
        ref = HEADS + branch
        lease = f"--force-with-lease={ref}:{was}"
        try:
            self.remote.run(git or self.git, *_PUSH, lease, self.remote.url, f"{commit}:{ref}")
        except CommandFailed as error:
            return refusal(error, self.remote.url)
        return None

    def _is_there(self, branch: str, commit: str, *, in_doubt: bool) -> bool:
        """Whether the server has the branch at this commit, after a push that git calls a failure.

        Where it cannot be asked, that is an error if the push may have arrived, and else no.
        """
        try:
            tip = self._tip(HEADS + branch)
        except CommandFailed as unasked:
            if in_doubt:
                raise _unknown(branch, explained(unasked, self.remote.url)) from None
            return False
        if tip not in (None, commit):
            raise BranchExists(branch, tip)
        return tip == commit

    def _tip(self, ref: str) -> str | None:
        """Where a ref of the server is. Raises CommandFailed."""
        listed = self.remote.run(self.git, "ls-remote", "--quiet", self.remote.url, ref).splitlines()
        refs = {name: oid for oid, name in (line.split("\t") for line in listed)}
        return refs.get(ref)


def _may_have_arrived(error: ClaudeStepError) -> bool:
    """Whether the push may have been done in spite of this error.

    Also where the server says that the branch is there already: a connection that breaks makes curl send again.
    """
    return isinstance(error, (RepositoryError, Unprocessable)) or (isinstance(error, Transient) and error.sent)


def _is_of_this_branch(error: ClaudeStepError) -> bool:
    """Whether it is about this branch or what is pushed to it, so that it would be refused again."""
    return isinstance(error, (RulesetViolation, Unprocessable)) or (
        isinstance(error, Forbidden) and not concerns_every_branch(error)
    )


def _refused(branch: str, error: ClaudeStepError) -> PublishRefused:
    kind = EveryBranchRefused if concerns_every_branch(error) else PublishRefused
    return kind(_unpublished(branch, error), remedy=error.remedy)


def _unpublished(branch: str, error: ClaudeStepError) -> str:
    return f"the branch {branch} could not be published: {error}"


def _unknown(branch: str, error: ClaudeStepError) -> RepositoryError:
    return RepositoryError(
        f"nobody knows whether the branch {branch} was published: {error}",
        remedy="Run it again later: the next run looks for the branch, and goes on from there.",
    )
