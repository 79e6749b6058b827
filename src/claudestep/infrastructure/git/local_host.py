"""Pull requests without a server: a local one is an immutable ref, and its state is read off the branches.

`refs/claudestep/pulls/<n>` is a commit whose parent is the step's head and whose message is title, body and
record. Merged: its head is in the base branch. Closed: its branch is gone. Else open.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from claudestep.domain.errors import RepositoryError, no_branch
from claudestep.domain.naming import STEP_BRANCH_PREFIX
from claudestep.domain.observation import Answers, BaseTree, Observation, PullRequest, Questions, is_ours
from claudestep.infrastructure.clock import Clock
from claudestep.infrastructure.git import hints, merging
from claudestep.infrastructure.git.base_files import base_files
from claudestep.infrastructure.git.command import OUR_IDENTITY, Git
from claudestep.infrastructure.git.objects import write_commit
from claudestep.infrastructure.git.refs import HEADS, ORIGIN_HEAD, PULLS, Ref, read_refs, unmerged
from claudestep.infrastructure.hosting import record_block
from claudestep.infrastructure.hosting.port import Draft, Dress, Obstacle
from claudestep.infrastructure.metadata.git_branch import GitMetadataBranch
from claudestep.infrastructure.process import CommandFailed

_STEPS = HEADS + STEP_BRANCH_PREFIX
_MOST_TRIES = 100
BRANCH_TRAILER = "ClaudeStep-Branch"


@dataclass(frozen=True, slots=True)
class LocalHost:
    """A `Host` in a git repository on disk."""

    git: Git
    clock: Clock
    base_override: str | None = None
    """Stands in for the default branch where none can be told."""

    @property
    def branch(self) -> GitMetadataBranch:
        """The metadata branch of this repository."""
        return GitMetadataBranch(self.git)

    def observe(self, since: str | None = None, *, every: bool = False) -> Observation:
        """See the documents first and the branches after, so that no branch is older than its record.

        That is always everything.
        """
        del every
        snapshot = self.branch.read(since)
        refs = read_refs(self.git)
        default = self._default_branch(refs)
        tree = self._base_tree(default)
        return Observation(
            now=self.clock.now(),
            snapshot=snapshot,
            default_branch=default,
            bases={default: tree},
            pull_requests=self._pull_requests(refs),
            branches=frozenset(name.removeprefix(HEADS) for name in refs if name.startswith(_STEPS)),
        )

    def has_pull_requests(self) -> bool:
        """Whether there is any ref of one."""
        refs = read_refs(self.git)
        return any(is_ours(pull) for ref in refs.values() if (pull := self._pull(ref, refs)) is not None)

    def look_up(self, questions: Questions) -> Answers:
        """Read trees of other base branches, where branches are, and pull requests."""
        refs = read_refs(self.git) if questions.heads or questions.numbers else {}
        heads = {name: refs[HEADS + name].head for name in questions.heads if HEADS + name in refs}
        trees = {name: self._find_tree(name) for name in questions.bases}
        return Answers(
            bases={name: tree for name, tree in trees.items() if tree is not None},
            heads=heads,
            pull_requests=tuple(p for p in self._pull_requests(refs) if p.number in questions.numbers),
        )

    def open_pull_request(self, draft: Draft) -> PullRequest:
        """Create the ref of the next free number; a pull request of this branch is adopted.

        Raises RepositoryError.
        """
        message = f"{draft.title}\n\n{draft.body}\n\n{BRANCH_TRAILER}: {draft.branch}\n"
        tree = self.git.text("rev-parse", f"{draft.head_commit}^{{tree}}")
        commit = write_commit(self.git, tree, [draft.head_commit], message, OUR_IDENTITY)
        for _ in range(_MOST_TRIES):
            pulls = self._pull_requests(read_refs(self.git))
            existing = [pull for pull in pulls if pull.branch == draft.branch]
            if existing:
                return existing[0]
            number = max((pull.number for pull in pulls), default=0) + 1
            with suppress(CommandFailed):  # somebody else took the number
                self.git.run("update-ref", f"{PULLS}{number}", commit, self.git.no_object)
        raise RepositoryError(f"no pull request could be made: git creates no ref below {PULLS}")

    def dress(self, pull: PullRequest, dress: Dress) -> tuple[str, ...]:
        """A local pull request has nobody to ask; its record names the reviewer."""
        del pull, dress
        return ()

    def rewrite(self, pull: PullRequest, part: str) -> None:
        """A local pull request stays as it was opened; the documents tell the rest."""

    def comment(self, pull: PullRequest, text: str) -> None:
        """A local pull request has no comments."""

    def close(self, pull: PullRequest) -> None:
        """Delete its branch; the pull request's ref keeps the work. Raises CloseRefused."""
        merging.remove_branch(self.git, pull)

    def merge_obstacle(self, base_branch: str) -> Obstacle | None:
        """Why nothing could be merged into this branch now: changes in a work tree."""
        reason = merging.obstacle(self.git, base_branch)
        return Obstacle(reason, "Commit or stash them.") if reason else None

    def merge(self, pull: PullRequest, base_branch: str) -> str:
        """Merge it, and remove its branch: the pull request's ref keeps the work."""
        return merging.merge(self.git, pull, base_branch)

    def write_obstacle(self) -> None:
        """Nobody asks for rights in a repository of one's own."""

    def spec_hint(self, path: str) -> str:
        """Look whether the spec stands in the user's work tree and only waits to be committed."""
        return hints.for_local(self.git, path)

    def _default_branch(self, refs: Mapping[str, Ref]) -> str:
        target = refs[ORIGIN_HEAD].target if ORIGIN_HEAD in refs else ""
        name = target.removeprefix("refs/remotes/origin/")
        if target and self.git.succeeds("rev-parse", "--verify", "-q", f"{HEADS}{name}^{{commit}}"):
            return name
        for name in ("main", "master"):
            if HEADS + name in refs:
                return name
        return self.base_override or self._checked_out_branch()

    def _checked_out_branch(self) -> str:
        try:
            name = self.git.inside(self.git.start, "symbolic-ref", "-q", "--short", "HEAD").strip()
        except CommandFailed as error:
            raise RepositoryError(
                "HEAD is detached and there is no branch main or master",
                remedy="Name the branch that the pull requests are for: --base-branch NAME",
            ) from error
        if not self.git.succeeds("rev-parse", "--verify", "-q", f"{HEADS}{name}^{{commit}}"):
            raise RepositoryError(
                f"the repository has no commit yet on {name}",
                remedy='Make the first one: git add --all && git commit -m "First commit"',
            )
        return name

    def _base_tree(self, branch: str) -> BaseTree:
        found = self._find_tree(branch)
        if found is None:
            raise no_branch(branch)
        return found

    def _find_tree(self, branch: str) -> BaseTree | None:
        return base_files(self.git, HEADS + branch, branch)

    def _pull_requests(self, refs: Mapping[str, Ref]) -> tuple[PullRequest, ...]:
        pulls = [pull for ref in refs.values() if (pull := self._pull(ref, refs)) is not None]
        merged = self._merged(pulls)
        return tuple(sorted((_with_state(p, merged) for p in pulls), key=lambda pull: pull.number))

    def _pull(self, ref: Ref, refs: Mapping[str, Ref]) -> PullRequest | None:
        """The pull request of a ref, as if it were not merged."""
        number = ref.name.removeprefix(PULLS)
        record = record_block.read(ref.message)
        if not (ref.name.startswith(PULLS) and number.isdecimal() and ref.parents and record):
            return None
        branch = _branch_of(ref.message)
        return PullRequest(
            number=int(number),
            branch=branch,
            state="open" if HEADS + branch in refs else "closed",
            head_commit=ref.parents[0],
            created_at=ref.committed_at,
            updated_at=self.clock.now(),
            reviewer=record.reviewer,
            title=ref.message.partition("\n")[0],
            record=record,
            inferred=True,
            conflicting=None,
            tip=refs[HEADS + branch].commit if HEADS + branch in refs else "",
        )

    def _merged(self, pulls: list[PullRequest]) -> set[int]:
        """The numbers of those whose head is in the base branch that their record names."""
        merged: set[int] = set()
        for base in {pull.record.base_branch for pull in pulls if pull.record}:
            mine = [pull for pull in pulls if pull.record and pull.record.base_branch == base]
            if not self.git.succeeds("rev-parse", "--verify", "-q", f"{HEADS}{base}^{{commit}}"):
                continue
            left = unmerged(self.git, (pull.head_commit for pull in mine), HEADS + base)
            merged |= {pull.number for pull in mine if pull.head_commit not in left}
        return merged


def _branch_of(message: str) -> str:
    prefix = f"{BRANCH_TRAILER}: "
    lines = [line for line in message.splitlines() if line.startswith(prefix)]
    return lines[-1].removeprefix(prefix) if lines else ""


def _with_state(pull: PullRequest, merged: set[int]) -> PullRequest:
    return replace(pull, state="merged", merged_at=pull.updated_at) if pull.number in merged else pull
