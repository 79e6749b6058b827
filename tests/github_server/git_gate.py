"""Who may fetch and push, and GitHub's words for those who may not; git prints them after "remote: "."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.github_server import access
from tests.github_server.call import Call
from tests.github_server.people import ACTIONS_LOGIN, RANK, READ, WRITE, Token
from tests.github_server.problems import NotFound
from tests.github_server.state import Repository

_ASK = {"www-authenticate": 'Basic realm="GitHub"'}


@dataclass(frozen=True, kw_only=True)
class Admission:
    """A repository that the asker may use in this way, and who asks ("": nobody that is known)."""

    repository: Repository
    login: str


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A plain text in the place of the repository."""

    status: int
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Moved:
    """The repository has another name now."""

    owner: str
    name: str


def admit(call: Call, owner: str, name: str, *, writing: bool) -> Admission | Refusal | Moved:
    """The repository, or GitHub's refusal; who may not know of it gets the answer for one that does not exist."""
    token = call.token
    try:
        repository = call.repository(owner, name)
    except NotFound:
        if token is None:
            return Refusal(status=401, headers=_ASK)
        return Refusal(status=404, text="Repository not found.\n")
    refusal = _refusal_of_write(token, repository) if writing else _refusal_of_read(token)
    if refusal is not None:
        return refusal
    if repository.name.lower() != name.lower():
        return Moved(owner=repository.owner.login, name=repository.name)
    return Admission(repository=repository, login=token.user.login if token else "")


def _refusal_of_read(token: Token | None) -> Refusal | None:
    if token is None or token.reaches("contents", READ):
        return None
    return Refusal(status=403, text="Read access to repository not granted.\n")


def _refusal_of_write(token: Token | None, repository: Repository) -> Refusal | None:
    if token is None:
        return Refusal(status=401, headers=_ASK)
    if RANK[access.role(token, repository)] < RANK[WRITE] or not token.reaches("contents", WRITE):
        fine_grained = token.permissions and token.user.login != ACTIONS_LOGIN
        words = "Write access to repository not granted."
        if not fine_grained:
            words = f"Permission to {repository.full_name}.git denied to {token.user.login}."
        return Refusal(status=403, text=f"{words}\n")
    if repository.archived:
        return Refusal(status=403, text="This repository was archived so it is read-only.\n")
    return None
