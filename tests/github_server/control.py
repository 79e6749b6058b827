"""The control API for tests: JSON over POST /_control/<command>, past tokens, limits, faults and log.

Each command is a function from its typed input to anything that JSON can say; a Problem becomes {"problem": text}
with status 422.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.github_server import control_pulls, control_repositories
from tests.github_server.faults import Fault
from tests.github_server.pacing import Pace
from tests.github_server.people import SCOPES, User
from tests.github_server.problems import Problem
from tests.github_server.state import Host

InputT = TypeVar("InputT", bound=msgspec.Struct)
Command = Callable[[Host, bytes], object]


def command(type_: type[InputT], act: Callable[[Host, InputT], object]) -> Command:
    """A command whose input is decoded as `type_`, strictly."""
    return lambda host, body: act(host, msgspec.json.decode(body or b"{}", type=type_))


class About(msgspec.Struct):
    """What a command is about: one repository by its full name, or all."""

    repository: str = ""


class LetGo(msgspec.Struct):
    """`lose`: what is held gets no reply; what is held before its work is not done."""

    repository: str
    lose: bool = False


class NewToken(msgspec.Struct):
    login: str
    token: str
    kind: str = "write"
    permissions: dict[str, str] = {}
    scopes: str = SCOPES
    name: str = ""


class Limit(msgspec.Struct):
    token: str
    resource: str
    limit: int = 5000
    used: int = 0
    seconds: int = 3600


class WantedPace(msgspec.Struct):
    """`points` 0: none."""

    token: str
    points: int = 0
    seconds: float = 60
    status: int = 403


class Advance(msgspec.Struct):
    seconds: float


def _add_token(host: Host, wanted: NewToken) -> dict[str, str]:
    user: User = host.user(wanted.login)
    host.add_token(wanted.token, user, wanted.kind, wanted.permissions, wanted.scopes)
    return {"id": user.id}


def _set_limit(host: Host, wanted: Limit) -> None:
    token = host.tokens[wanted.token]
    host.limits.set(token, wanted.resource, limit=wanted.limit, used=wanted.used, seconds=wanted.seconds)


def _tally(host: Host, about: About) -> dict[str, object]:
    """Numbers alone: after many thousand requests the log has forgotten the first of them."""
    requests = control_repositories.named(host, about.repository).requests
    return {"requests": requests, "faults": host.faults.struck(about.repository)}


def _set_pace(host: Host, wanted: WantedPace) -> None:
    pace = Pace(wanted.points, wanted.seconds, wanted.status) if wanted.points else None
    host.limits.pacing.set(wanted.token, pace)


COMMANDS: dict[str, Command] = {
    "add-token": command(NewToken, _add_token),
    "set-limit": command(Limit, _set_limit),
    "set-pace": command(WantedPace, _set_pace),
    "pacing": command(
        About, lambda host, _: {"refused": host.limits.pacing.refused, "early": host.limits.pacing.early}
    ),
    "advance": command(Advance, lambda host, wanted: host.clock.advance(wanted.seconds)),
    "log": command(About, lambda host, about: host.log.entries(about.repository)),
    "forget": command(About, lambda host, about: host.log.clear(about.repository)),
    "tally": command(About, _tally),
    "fault": command(Fault, lambda host, fault: host.faults.add(fault)),
    "faults": command(About, lambda host, about: host.faults.pending(about.repository)),
    "clear-faults": command(About, lambda host, about: host.faults.clear(about.repository)),
    "held": command(About, lambda host, about: host.holds.waiting(about.repository)),
    "let-go": command(LetGo, lambda host, wanted: host.holds.let_go(wanted.repository, lose=wanted.lose)),
    "new-repository": command(control_repositories.NewRepository, control_repositories.create),
    "configure": command(control_repositories.Configuration, control_repositories.configure),
    "repository": command(control_repositories.Named, control_repositories.describe),
    "commit": command(control_repositories.Commit, control_repositories.commit),
    "git": command(control_repositories.Git, control_repositories.git),
    "pulls": command(control_repositories.Named, control_pulls.listed),
    "open-pull": command(control_pulls.NewPull, control_pulls.open_pull),
    "change-pull": command(control_pulls.Change, control_pulls.change),
}


def routes(host: Host) -> list[Route]:
    """The one address of the control API."""

    async def handle(request: Request) -> Response:
        act = COMMANDS[request.path_params["command"]]
        body = await request.body()
        try:
            content: Any = await run_in_threadpool(act, host, body)
        except (Problem, msgspec.ValidationError, KeyError) as problem:
            return Response(msgspec.json.encode({"problem": str(problem)}), 422)
        return Response(msgspec.json.encode(content), media_type="application/json")

    return [Route("/_control/{command}", handle, methods=["POST"])]
