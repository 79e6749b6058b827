"""The port of what a server says of its own settings, for an examination: it only reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from claudestep.domain.branch_rules import BranchRule


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What one look at a repository shows.

    `permission` is what the token's user may do there, None for the token of an app. `workflows` are the files
    of its default branch by path. Protections of branches are those of the older kind, which only a branch that
    is there has. `assignable` are logins in lower case, all of them with `all_assignable`.
    """

    viewer: str
    permission: str | None
    is_private: bool
    is_archived: bool
    has_label: bool
    has_metadata_branch: bool
    workflows: Mapping[str, bytes]
    metadata_protection: tuple[BranchRule, ...]
    step_protection: tuple[BranchRule, ...]
    assignable: frozenset[str]
    all_assignable: bool


@dataclass(frozen=True, slots=True)
class WorkflowSettings:
    """What the repository lets every workflow do."""

    may_open_pull_requests: bool
    may_write: bool
    """The permission of a workflow that says nothing of its own."""


@dataclass(frozen=True, slots=True)
class Share:
    """What is left of an hour's share of requests, and until when."""

    interface: str
    limit: int
    remaining: int
    reset: datetime


class Examiner(Protocol):
    """Asks a server. Every method raises HostError; what the replies say by the way is kept."""

    @property
    def name(self) -> str:
        """The repository, `owner/name`."""
        ...

    @property
    def url(self) -> str:
        """Its page."""
        ...

    @property
    def token_source(self) -> str:
        """Where the token comes from."""
        ...

    @property
    def scopes(self) -> frozenset[str] | None:
        """What a token of the older kind may do; None for others, and as long as no reply has said so."""
        ...

    @property
    def shares(self) -> tuple[Share, ...]:
        """What the replies so far said of the shares of requests."""
        ...

    def overview(self, step_branch: str) -> Overview:
        """One look; `step_branch` stands for all branches of steps."""
        ...

    def workflow_settings(self) -> WorkflowSettings:
        """What workflows may do."""
        ...

    def rules(self, branch: str) -> tuple[BranchRule, ...]:
        """The rules of rulesets for a branch, whether or not it is there."""
        ...

    def secrets(self) -> frozenset[str]:
        """The names of the secrets of the repository."""
        ...

    def organization_secrets(self) -> frozenset[str]:
        """The names of those that its organization shares with it."""
        ...

    def is_assignable(self, login: str) -> bool:
        """Whether somebody can be assigned a pull request there."""
        ...
