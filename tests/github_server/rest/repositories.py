"""Repositories themselves and who collaborates on them."""

from starlette.responses import Response

from tests.github_server import access, issues
from tests.github_server.people import RANK, READ, WRITE, User
from tests.github_server.problems import Forbidden, NotFound
from tests.github_server.rest import views
from tests.github_server.rest.ask import Ask, Routes, answer, nothing
from tests.github_server.rest.pages import paged
from tests.github_server.rest.views import Shape
from tests.github_server.state import Repository


def get_repository(ask: Ask) -> Response:
    return answer(views.whole_repository(ask, ask.repository))


def _pushable(ask: Ask) -> Repository:
    """The repository, if the asker may write to it: who collaborates is told to nobody else."""
    if RANK[access.role(ask.call.token, ask.repository)] < RANK[WRITE]:
        raise Forbidden(message="Must have push access to view repository collaborators.")
    return ask.repository


def list_collaborators(ask: Ask) -> Response:
    repository = _pushable(ask)
    return paged(ask, issues.assignable(repository), lambda user: _collaborator(ask, repository, user))


def _collaborator(ask: Ask, repository: Repository, user: User) -> Shape:
    role = repository.collaborators.get(user.login, "admin" if user is repository.owner else WRITE)
    return views.user(ask, user) | {"permissions": views.permissions(role), "role_name": role}


def is_collaborator(ask: Ask) -> Response:
    if _person(ask) not in issues.assignable(_pushable(ask)):
        raise NotFound
    return nothing()


def get_permission(ask: Ask) -> Response:
    repository, user = _pushable(ask), _person(ask)
    stranger = "none" if repository.private else READ
    known = user in issues.assignable(repository)
    role = str(_collaborator(ask, repository, user)["role_name"]) if known else stranger
    return answer({"permission": role, "role_name": role, "user": views.user(ask, user) | {"role_name": role}})


def list_assignees(ask: Ask) -> Response:
    return paged(ask, issues.assignable(ask.repository), lambda user: views.user(ask, user))


def is_assignee(ask: Ask) -> Response:
    if _person(ask) not in issues.assignable(ask.repository):
        raise NotFound
    return nothing()


def _person(ask: Ask) -> User:
    found = ask.host.users.get(ask.part("login").lower())
    if found is None:
        raise NotFound
    return found


ROUTES: Routes = (
    ("GET", "/repos/{owner}/{name}", get_repository),
    ("GET", "/repos/{owner}/{name}/collaborators", list_collaborators),
    ("GET", "/repos/{owner}/{name}/collaborators/{login}", is_collaborator),
    ("GET", "/repos/{owner}/{name}/collaborators/{login}/permission", get_permission),
    ("GET", "/repos/{owner}/{name}/assignees", list_assignees),
    ("GET", "/repos/{owner}/{name}/assignees/{login}", is_assignee),
)
