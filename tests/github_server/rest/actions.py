"""What the settings of a repository say of its workflows: what they may do, and the names of their secrets."""

from collections.abc import Iterable

from starlette.responses import Response

from tests.github_server import access
from tests.github_server.clock import iso
from tests.github_server.people import RANK, READ, WRITE
from tests.github_server.problems import Forbidden
from tests.github_server.rest.ask import Ask, Routes, answer
from tests.github_server.state import Repository


def get_workflow_permissions(ask: Ask) -> Response:
    """For administrators alone."""
    repository = _readable(ask, "administration", "admin")
    writes = repository.settings.workflows_may_write
    return answer(
        {
            "default_workflow_permissions": "write" if writes else "read",
            "can_approve_pull_request_reviews": repository.settings.actions_may_open_pulls,
        }
    )


def _readable(ask: Ask, permission: str, role: str) -> Repository:
    """The repository, for a token that may look at these settings; that of a workflow never may."""
    repository, token = ask.repository, ask.call.token
    able = RANK[access.role(token, repository)] >= RANK[role]
    if token is None or token.kind == "actions" or not able or not token.reaches(permission, READ):
        raise Forbidden(f"{permission}=read")
    return repository


def list_secrets(ask: Ask) -> Response:
    return answer(_listed(ask, _readable(ask, "secrets", WRITE).secrets))


def list_organization_secrets(ask: Ask) -> Response:
    return answer(_listed(ask, _readable(ask, "secrets", WRITE).organization_secrets))


def _listed(ask: Ask, names: Iterable[str]) -> dict[str, object]:
    now = iso(ask.host.clock.now())
    listed = [{"name": name, "created_at": now, "updated_at": now} for name in sorted(names)]
    return {"total_count": len(listed), "secrets": listed}


_ACTIONS = "/repos/{owner}/{name}/actions"
ROUTES: Routes = (
    ("GET", f"{_ACTIONS}/permissions/workflow", get_workflow_permissions),
    ("GET", f"{_ACTIONS}/secrets", list_secrets),
    ("GET", f"{_ACTIONS}/organization-secrets", list_organization_secrets),
)
