"""The state of the host: users, tokens and repositories; and how everything is found by name, number or node id.

`refs`, `issues` and `pulls` have what can be done to a repository; `access` says who may.
"""

import base64
import itertools
import threading
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from tests.github_server.clock import Clock
from tests.github_server.faults import Faults
from tests.github_server.holding import Holds
from tests.github_server.limits import RateLimits
from tests.github_server.objects import Objects
from tests.github_server.people import ACTIONS_LOGIN, DEFAULT_LOGIN, DEFAULT_TOKEN, SCOPES, Token, User
from tests.github_server.problems import NotFound
from tests.github_server.published.violations import Violations
from tests.github_server.request_log import RequestLog
from tests.github_server.rules import Rule
from tests.github_server.threads import Comment, Issue, Label, PullRequest

NodeT = TypeVar("NodeT", "User", "Repository", "Label", "Comment", "Issue", "PullRequest")


@dataclass
class Settings:
    """What an owner can choose on the settings page of a repository."""

    merge_commit: bool = True
    squash_merge: bool = True
    rebase_merge: bool = True
    actions_may_open_pulls: bool = True
    workflows_may_write: bool = False
    delete_branch_on_merge: bool = False
    lazy_mergeable: bool = False
    """Whether conflicts are looked for only once somebody has asked: as GitHub does it, though not by choice."""


@dataclass(frozen=True)
class Moved:
    """One change of a ref, for reads that lag behind: when, by which request, and where it was before."""

    at: datetime
    request: int
    ref: str
    before: str | None


@dataclass(eq=False, kw_only=True)
class Repository:
    """A repository: its git objects on disk, the rest here."""

    host: "Host"
    number: int
    owner: User
    name: str
    objects: Objects
    created_at: datetime
    updated_at: datetime
    default_branch: str = "main"
    private: bool = False
    archived: bool = False
    parent: "Repository | None" = None
    collaborators: dict[str, str] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    rules: list[Rule] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    organization_secrets: list[str] = field(default_factory=list)
    threads: dict[int, Issue] = field(default_factory=dict)
    journal: list[Moved] = field(default_factory=list)
    requests: int = 0

    @property
    def id(self) -> str:
        return f"R_kgDO{self.number:06d}"

    @property
    def full_name(self) -> str:
        return f"{self.owner.login}/{self.name}"

    @property
    def lock(self) -> threading.RLock:
        """Held by every writer of this repository, `git receive-pack` included."""
        return self.objects.lock

    @property
    def is_empty(self) -> bool:
        return not self.objects.refs("refs/heads/")

    @property
    def pulls(self) -> list[PullRequest]:
        """All pull requests, by number."""
        return [thread for thread in list(self.threads.values()) if isinstance(thread, PullRequest)]

    def pull(self, number: int) -> PullRequest:
        """A pull request. NotFound: there is none of this number (an issue may have it)."""
        found = self.threads.get(number)
        if not isinstance(found, PullRequest):
            raise NotFound(f"Could not resolve to a PullRequest with the number of {number}.")
        return found

    def thread(self, number: int) -> Issue:
        """An issue or pull request."""
        if number not in self.threads:
            raise NotFound(f"Could not resolve to an issue or pull request with the number of {number}.")
        return self.threads[number]

    def label(self, name: str) -> Label | None:
        """A label by its name, in any case of letters."""
        return next((label for label in self.labels if label.name.lower() == name.lower()), None)

    def next_number(self) -> int:
        """The number of the next issue or pull request; the caller holds the lock."""
        return len(self.threads) + 1


class Host:
    """Everything this server knows."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.clock = Clock()
        self.faults = Faults()
        self.holds = Holds()
        self.log = RequestLog()
        self.violations = Violations(root)
        self.limits = RateLimits(self.clock)
        self.users: dict[str, User] = {}
        self.tokens: dict[str, Token] = {}
        self._repositories: dict[str, Repository] = {}
        self._renamed: dict[str, Repository] = {}
        self._nodes: dict[str, object] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.RLock()
        self.add_token(DEFAULT_TOKEN, self.user(DEFAULT_LOGIN))
        self.user(ACTIONS_LOGIN)

    # People

    def user(self, login: str, kind: str = "") -> User:
        """The user of this login; made when there is none yet."""
        with self._lock:
            if login.lower() not in self.users:
                kind = kind or ("Bot" if login.endswith("[bot]") else "User")
                self.users[login.lower()] = self.add_node(User(self.next_number(), login, kind, ""))
            return self.users[login.lower()]

    def add_token(
        self,
        value: str,
        user: User,
        kind: str = "write",
        permissions: dict[str, str] | None = None,
        scopes: str = SCOPES,
    ) -> None:
        """Give a user a token."""
        self.tokens[value] = Token(value, user, kind, permissions or {}, scopes)

    # Repositories

    def create_repository(
        self, owner: str, name: str, *, default_branch: str = "main", parent: Repository | None = None
    ) -> Repository:
        """A new repository without any commit; `parent` makes it a fork of another one."""
        with self._lock:
            number = self.next_number()
            objects = Objects(self.root / f"{number}-{name}.git", default_branch)
            now = self.clock.now()
            repository = Repository(
                host=self,
                number=number,
                owner=self.user(owner, "User" if parent else "Organization"),
                name=name,
                objects=objects,
                created_at=now,
                updated_at=now,
                default_branch=default_branch,
                parent=parent,
            )
            self._repositories[repository.full_name.lower()] = self.add_node(repository)
            return repository

    def repository(self, owner: str, name: str) -> Repository:
        """The repository of this name or of this former name. NotFound: there is none."""
        full_name = f"{owner}/{name}".lower()
        found = self._repositories.get(full_name) or self._renamed.get(full_name)
        if found is None:
            raise NotFound(f"Could not resolve to a Repository with the name '{owner}/{name}'.")
        return found

    def repositories(self) -> list[Repository]:
        return list(self._repositories.values())

    def rename(self, repository: Repository, name: str) -> None:
        """Give a repository another name; the former one leads to it."""
        with self._lock:
            self._renamed[repository.full_name.lower()] = self._repositories.pop(repository.full_name.lower())
            repository.name = name
            self._repositories[repository.full_name.lower()] = repository

    # Nodes

    def next_number(self) -> int:
        """A number that nothing else on this host has."""
        with self._lock:
            return next(self._numbers)

    def add_node(self, node: NodeT) -> NodeT:
        """Make something found by its node id."""
        self._nodes[node.id] = node
        return node

    def node(self, id_: str) -> object:
        """What has this node id. NotFound: nothing has."""
        if id_ not in self._nodes:
            raise NotFound(f"Could not resolve to a node with the global id of '{id_}'")
        return self._nodes[id_]

    def repository_of_id(self, id_: str) -> Repository | None:
        """The repository that a node id belongs to; None for what belongs to none, or is no id."""
        if id_.startswith("REF_"):
            found = ref_of_id(self, id_)
            return found[0] if found else None
        node = self._nodes.get(id_)
        if isinstance(node, Comment):
            return node.thread.repository
        if isinstance(node, Label | Issue):
            return node.repository
        return node if isinstance(node, Repository) else None


def ref_id(repository: Repository, name: str) -> str:
    """The node id of a ref; it carries the name, as refs are not kept here."""
    return f"REF_{repository.id}_{base64.urlsafe_b64encode(name.encode()).decode().rstrip('=')}"


def ref_of_id(host: Host, id_: str) -> tuple[Repository, str] | None:
    """Repository and name of the ref with this node id; None when it is no id of a ref."""
    if not id_.startswith("REF_"):
        return None
    prefix, number, name = id_.removeprefix("REF_").split("_", 2)
    repository = host.node(f"{prefix}_{number}")
    if not isinstance(repository, Repository):
        return None
    return repository, base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
