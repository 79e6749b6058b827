"""What is discussed: labels, comments, issues and pull requests, as plain records.

`issues` and `pulls` have the operations on them.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from tests.github_server.people import User

if TYPE_CHECKING:
    from tests.github_server.state import Repository


@dataclass(eq=False)
class Label:
    """A label of a repository."""

    repository: "Repository"
    number: int
    name: str
    color: str = "ededed"
    description: str = ""

    @property
    def id(self) -> str:
        return f"LA_kwDO{self.number:06d}"


@dataclass(eq=False)
class Comment:
    """A comment under an issue or a pull request."""

    thread: "Issue"
    number: int
    author: User
    body: str
    created_at: datetime

    @property
    def id(self) -> str:
        return f"IC_kwDO{self.number:06d}"


@dataclass(eq=False, kw_only=True)
class Issue:
    """An issue; `PullRequest` is one as well. Both draw their numbers from the same row."""

    repository: "Repository"
    number: int
    author: User
    title: str
    body: str
    created_at: datetime
    updated_at: datetime
    open: bool = True
    closed_at: datetime | None = None
    labels: list[Label] = field(default_factory=list)
    assignees: list[User] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"I_kwDO{self.repository.number:06d}_{self.number:06d}"

    @property
    def state(self) -> str:
        return "OPEN" if self.open else "CLOSED"

    @property
    def url_part(self) -> str:
        """The part of its address between the repository and its number."""
        return "issues"


@dataclass(eq=False, kw_only=True)
class PullRequest(Issue):
    """A pull request. `head_oid` follows the branch while it is open, and stays when the branch goes."""

    base: str
    head: str
    head_oid: str
    base_oid: str
    head_repository: "Repository | None"
    draft: bool = False
    merged_at: datetime | None = None
    merged_by: User | None = None
    merge_commit: str | None = None
    judged: tuple[str, str] | None = None
    """The base and the head that somebody has asked to be tried for conflicts."""
    reviewers: list[User] = field(default_factory=list)

    @property
    def id(self) -> str:
        return f"PR_kwDO{self.repository.number:06d}_{self.number:06d}"

    @property
    def state(self) -> str:
        return "MERGED" if self.merged_at else super().state

    @property
    def url_part(self) -> str:
        return "pull"

    @property
    def cross_repository(self) -> bool:
        return self.head_repository is not self.repository

    @property
    def head_ref(self) -> str:
        return f"refs/heads/{self.head}"

    @property
    def base_ref(self) -> str:
        return f"refs/heads/{self.base}"
