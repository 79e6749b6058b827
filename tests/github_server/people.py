"""Who may ask: users, their tokens, and how far each reaches."""

from dataclasses import dataclass, field

READ, WRITE, ADMIN = "read", "write", "admin"
RANK = {"": 0, READ: 1, "triage": 2, WRITE: 3, "maintain": 4, ADMIN: 5}
ACTIONS_LOGIN = "github-actions[bot]"
DEFAULT_LOGIN = "octo-dev"
SCOPES = "repo, read:org, workflow"
DEFAULT_TOKEN = "token-of-octo-dev"  # noqa: S105 - of a server on loopback


@dataclass(frozen=True)
class User:
    """A person, a bot or an organization."""

    number: int
    login: str
    kind: str = "User"
    name: str = ""

    @property
    def id(self) -> str:
        prefix = {"User": "U", "Bot": "BOT", "Organization": "O"}[self.kind]
        return f"{prefix}_kgDO{self.number:06d}"

    @property
    def email(self) -> str:
        """The address that GitHub gives to commits made on its pages."""
        return f"{self.number}+{self.login}@users.noreply.github.com"


@dataclass
class Token:
    """A token and its reach.

    `kind`: "write" and "read" reach every repository, "actions" is the GITHUB_TOKEN of a workflow, "outsider"
    has what its user has by being a collaborator, "expired" is refused. `permissions` narrows single ones, by
    their names in a workflow: {"contents": "read", "pull_requests": "write", "issues": ...}; absent ones follow
    `kind`. `scopes` are those of the older kind of tokens, which every reply names; "" for the newer one.
    """

    value: str
    user: User
    kind: str = WRITE
    permissions: dict[str, str] = field(default_factory=dict)
    scopes: str = SCOPES

    def reaches(self, permission: str, level: str) -> bool:
        """Whether the token itself (its user aside) carries a permission."""
        granted = self.permissions.get(permission, READ if self.kind == READ else WRITE)
        return RANK.get(granted, 0) >= RANK[level]
