"""The fields of Query itself."""

from datetime import UTC, datetime

from tests.github_server import access
from tests.github_server.clock import iso
from tests.github_server.graphql.commits import ref_node
from tests.github_server.graphql.registry import Info, resolves
from tests.github_server.people import User
from tests.github_server.problems import NotFound, Problem
from tests.github_server.state import Repository, ref_of_id


@resolves("Query.viewer")
def viewer(_root: object, info: Info) -> User:
    return info.context.user


@resolves("Query.rateLimit")
def rate_limit(_root: object, info: Info, **_: object) -> dict[str, object]:
    bucket = info.context.host.limits.bucket(info.context.token, "graphql")
    return {
        "cost": 1,
        "limit": bucket.limit,
        "remaining": bucket.remaining,
        "used": bucket.used,
        "nodeCount": 0,
        "resetAt": iso(datetime.fromtimestamp(bucket.reset, UTC)),
    }


@resolves("Query.repository")
def repository(_root: object, info: Info, *, owner: str, name: str, **_: object) -> Repository:
    return info.context.repository(owner, name)


@resolves("Query.user")
def user(_root: object, info: Info, *, login: str) -> User:
    return _account(info, login, "User")


@resolves("Query.organization")
def organization(_root: object, info: Info, *, login: str) -> User:
    return _account(info, login, "Organization")


@resolves("Query.repositoryOwner")
def repository_owner(_root: object, info: Info, *, login: str) -> User | None:
    found = info.context.host.users.get(login.lower())
    return None if found is None or found.kind == "Bot" else found


def _account(info: Info, login: str, kind: str) -> User:
    found = info.context.host.users.get(login.lower())
    if found is None or found.kind != kind:
        raise NotFound(
            f"Could not resolve to {'an' if kind[0] == 'O' else 'a'} {kind} with the login of '{login}'."
        )
    return found


@resolves("Query.node")
def node(_root: object, info: Info, *, id: str) -> object:  # noqa: A002 - the schema's name
    return visible(info, id)


@resolves("Query.nodes")
def nodes(_root: object, info: Info, *, ids: list[str]) -> list[object]:
    return [visible(info, id_) for id_ in ids]


def visible(info: Info, id_: str) -> object:
    """What has a node id, if the asker may see it. NotFound otherwise."""
    host = info.context.host
    missing = NotFound(f"Could not resolve to a node with the global id of '{id_}'")
    ref = ref_of_id(host, id_)
    if ref is not None:
        return ref_node(*ref, info)
    home = host.repository_of_id(id_)
    try:
        if home is not None:
            access.require_read(info.context.token, home)
        return host.node(id_)
    except Problem:
        raise missing from None
