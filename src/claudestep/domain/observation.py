"""What was seen of the repository at one moment: documents, base branches and pull requests."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from claudestep.domain.ai_tasks import AITask
from claudestep.domain.models import PullKey, PullRequestState
from claudestep.domain.naming import parse_step_branch


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A commit of the metadata branch; `author` and `at` are what the commit itself says."""

    version: str
    message: str
    author: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ancestry:
    """Where the metadata branch comes from.

    `roots` are its commits without parents: one, unless somebody merged two histories. `unrelated` are its
    copies at remotes, as far as they are known here, that share no commit with it; `diverged` those that share
    some, and have others that it has not, as it has others.
    """

    roots: tuple[str, ...] = ()
    unrelated: tuple[str, ...] = ()
    diverged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All files of ONE commit of the metadata branch; `version` is None when there is no branch.

    `log` goes back from this commit to (without) the version that was asked for, newest first;
    `log_complete` says whether it reaches it.
    """

    version: str | None
    files: Mapping[str, bytes]
    log: tuple[LogEntry, ...] = ()
    log_complete: bool = True
    at: datetime | None = field(default=None, compare=False)
    """The host's time then, where it has one: two sights of one commit are equal."""

    def after(self, version: str, changes: Mapping[str, bytes | None]) -> "Snapshot":
        """The branch after one more commit: whole files by path, None where one was removed."""
        files = {path: data for path, data in {**self.files, **changes}.items() if data is not None}
        return Snapshot(version, files, at=self.at)


@dataclass(frozen=True, slots=True)
class BaseTree:
    """The files below `claude-step/` at one commit of a base branch."""

    branch: str
    commit: str
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """What a pull request carries about its step, so that a lost document can be made again."""

    project: str
    step_index: int
    step_description: str
    reviewer: str | None = None
    base_branch: str = ""
    ai_tasks: tuple[AITask, ...] = ()
    """What was spent on the step until it was opened."""
    claim_id: str = ""
    """The claim that it came of: those of the AI operations that have it in their id led to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """A pull request as its host shows it.

    `inferred`: the host keeps no state of its own; it is read off the branches, and a ticked box on
    the base branch is proof of a merge.
    """

    number: int
    branch: str
    state: PullRequestState
    head_commit: str
    created_at: datetime
    updated_at: datetime
    merged_at: datetime | None = None
    closed_at: datetime | None = None
    reviewer: str | None = None
    title: str = ""
    record: StepRecord | None = None
    inferred: bool = False
    assignees: tuple[str, ...] = ()
    base_branch: str = ""
    conflicting: bool | None = False
    """Whether it conflicts with its base branch; None where only git can tell."""
    tip: str = ""
    """Where its branch is by now, where `head_commit` stays what was published."""
    id: str = ""
    """What the host itself calls it."""
    url: str = ""

    @property
    def key(self) -> PullKey:
        """Which one it is."""
        return PullKey(self.number, self.branch)

    @property
    def keys(self) -> tuple[PullKey, PullKey]:
        """Its key, and that of a record which lacks the branch."""
        return self.key, PullKey(self.number, "")


def is_ours(pull: PullRequest) -> bool:
    """Whether it is a step's; those that a host shows were not sent by strangers."""
    return parse_step_branch(pull.branch) is not None


@dataclass(frozen=True, slots=True)
class StepHead:
    """Where a step's branch is, and the claim that its commit names."""

    commit: str
    claim_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What an observation leaves open.

    Trees of other base branches; branches of claims that publish, and whether they have pull requests; pull
    requests by number that were not seen, or without the record that they carry.
    """

    bases: frozenset[str] = frozenset()
    heads: frozenset[str] = frozenset()
    numbers: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.bases or self.heads or self.numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The answers; what does not exist is missing from them."""

    bases: Mapping[str, BaseTree] = field(default_factory=dict)
    heads: Mapping[str, StepHead] = field(default_factory=dict)
    pull_requests: tuple[PullRequest, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """Everything that one run decides from. `now` is the host's time."""

    now: datetime
    snapshot: Snapshot
    default_branch: str
    bases: Mapping[str, BaseTree]
    pull_requests: tuple[PullRequest, ...] = ()
    heads: Mapping[str, StepHead] = field(default_factory=dict)
    branches: frozenset[str] = frozenset()
    """The step branches that are there, where all was asked for."""

    @property
    def is_lost(self) -> bool:
        """Whether there is no metadata branch, and pull requests that one must have known."""
        return self.snapshot.version is None and any(map(is_ours, self.pull_requests))

    def with_answers(self, answers: Answers) -> "Observation":
        """The observation and what was asked after it; of a pull request seen twice the later sight."""
        asked = {pull.number: pull for pull in answers.pull_requests}
        pulls = {pull.number: pull for pull in self.pull_requests} | asked
        return replace(
            self,
            bases={**self.bases, **answers.bases},
            heads={**self.heads, **answers.heads},
            pull_requests=tuple(pulls[number] for number in sorted(pulls)),
        )
