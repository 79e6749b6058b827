"""The one way of every request through the server: authentication, limits, faults, headers, log."""

import asyncio
import socket
import struct
from collections.abc import Mapping
from email.utils import format_datetime

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.github_server import access, limits
from tests.github_server.call import Call
from tests.github_server.inspection import Inspection
from tests.github_server.operations import Operation, read_operation
from tests.github_server.problems import Problem
from tests.github_server.published.rest import Sent
from tests.github_server.replies import Reply, json_reply, primary_limit, refusal, secondary_limit
from tests.github_server.request_log import Logged
from tests.github_server.state import Host, Repository
from tests.github_server.striking import Delivery, lost, strike_after, strike_before

_NO_AGENT = (
    "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"
    " (https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required)."
)


class Gate:
    """An ASGI application around another one."""

    def __init__(self, app: ASGIApp, host: Host) -> None:
        self._app = app
        self._host = host
        self._inspection = Inspection(host.root)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _read(receive)
        scope = _without_prefix(scope)
        headers = Headers(scope=scope)
        query = scope["query_string"].decode()
        operation = read_operation(scope["method"], scope["path"], query, body)
        if operation.kind == "control":
            await self._app(scope, _replay(body), send)
            return
        call = Call(self._host, operation, body, client=str(scope.get("client")))
        asked = _repositories(self._host, operation)
        delivery = await self._deliver(call, asked, headers, scope)
        self._dress(call, delivery.reply)
        sent = Sent(scope["method"], scope["raw_path"].decode("latin-1"), query, body)
        self._inspection.inspect(call, sent, headers, delivery.reply)
        self._host.log.add(_logged(scope, headers, call, asked, delivery))
        await _send(delivery, send)

    async def _deliver(self, call: Call, asked: list[Repository], headers: Headers, scope: Scope) -> Delivery:
        names = frozenset(repository.full_name.lower() for repository in asked)
        for repository in asked:
            repository.requests += 1
        call.faults = self._host.faults.striking(call.operation.labels, names)
        for fault in call.faults:
            if fault.kind == "latency":
                await asyncio.sleep(fault.seconds)
        refused = self._refused(call, headers)
        if refused is not None:
            return Delivery(refused)
        if not await self._held(call, names, "before"):
            return lost()
        delivery = strike_before(call) or strike_after(call, await self._work(call, scope))
        return delivery if await self._held(call, names, "after") else lost()

    async def _held(self, call: Call, names: frozenset[str], when: str) -> bool:
        """Whether a request that a fault may hold at this point is to go on."""
        if any(fault.kind == "hold" and fault.when == when for fault in call.faults):
            return await self._host.holds.wait(call.operation.labels[-1], names)
        return True

    def _refused(self, call: Call, headers: Mapping[str, str]) -> Reply | None:
        """The reply to who may not ask at all."""
        if not headers.get("user-agent"):
            return json_reply(403, {"message": _NO_AGENT})
        try:
            call.token = access.authenticate(self._host, headers)
        except Problem as problem:
            return refusal(call, problem)
        return self._limited(call, _resource(call.operation))

    def _limited(self, call: Call, resource: str) -> Reply | None:
        """The reply to who has asked too often."""
        if not resource:
            return None
        pacing, found = self._host.limits.pacing, self._host.limits.bucket(call.token, resource)
        pacing.came(call.client)
        slower = pacing.wait(call.token.value if call.token else "", call.operation.labels[-1])
        if slower is not None:
            pacing.tell(call.client, slower[1])
            return secondary_limit(*slower)
        if not self._host.limits.use(call.token, resource):
            pacing.tell(call.client, found.reset - self._host.clock.now().timestamp())
            return primary_limit(call, found)
        return None

    async def _work(self, call: Call, scope: Scope) -> Reply:
        caught = _Caught()
        await self._app({**scope, "call": call}, _replay(call.body), caught.send)
        return caught.reply

    def _dress(self, call: Call, reply: Reply) -> None:
        """Put on the headers that every reply has."""
        resource = _resource(call.operation)
        told = limits.headers(self._host.limits.bucket(call.token, resource), resource) if resource else {}
        now = self._host.clock.now()
        common = {
            "server": "github.com",
            "date": format_datetime(now, usegmt=True),
            "x-github-request-id": "0000:0000",
        }
        reply.headers = common | told | _scopes(call) | reply.headers


def _scopes(call: Call) -> dict[str, str]:
    """The scopes of a user's token of the older kind; the others have none."""
    token = call.token
    if token is None or not token.scopes or token.kind == "actions" or call.operation.kind == "git":
        return {}
    return {"x-oauth-scopes": token.scopes}


class _Caught:
    """The reply of the application, kept whole until all faults have been thought of."""

    def __init__(self) -> None:
        self.reply = Reply(500)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.reply.status = message["status"]
            self.reply.headers = {key.decode().lower(): value.decode() for key, value in message["headers"]}
        else:
            self.reply.body += message.get("body", b"")


def _resource(operation: Operation) -> str:
    """The bucket of the rate limit; git has none, and GET /rate_limit is free."""
    if operation.kind == "graphql":
        return "graphql"
    return "core" if operation.kind == "rest" and operation.labels != ("GET /rate_limit",) else ""


def _repositories(host: Host, operation: Operation) -> list[Repository]:
    """The repositories that a request is about, as far as can be told before it is executed."""
    found: list[Repository] = []
    for name in operation.names:
        owner, _, rest = name.partition("/")
        try:
            found.append(host.repository(owner, rest))
        except Problem:
            continue
    found += [each for each in map(host.repository_of_id, operation.strings) if each is not None]
    return list({each.id: each for each in found}.values())


def _without_prefix(scope: Scope) -> Scope:
    """The scope with the path that github.com has, where an Enterprise server puts /api or /api/v3 before it."""
    path: str = scope["path"]
    raw: bytes = scope.get("raw_path") or path.encode()
    for prefix, onto in (("/api/v3", ""), ("/api/graphql", "/graphql")):
        if path == prefix or path.startswith(f"{prefix}/"):
            path = (onto + path.removeprefix(prefix)) or "/"
            raw = onto.encode() + raw.removeprefix(prefix.encode()) or b"/"
            break
    return {**scope, "path": path, "raw_path": raw}


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def _replay(body: bytes) -> Receive:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _logged(
    scope: Scope, headers: Mapping[str, str], call: Call, asked: list[Repository], delivery: Delivery
) -> Logged:
    operation = call.operation
    return Logged(
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode(),
        kind=operation.kind,
        operation=operation.name or operation.labels[0],
        fields=list(operation.fields),
        repositories=[repository.full_name.lower() for repository in asked],
        status=delivery.reply.status,
        faults=[fault.kind for fault in call.faults],
        authorization=access.kind_of(headers),
        login=call.token.user.login if call.token else "",
        user_agent=headers.get("user-agent", ""),
        api_version=headers.get("x-github-api-version", ""),
        body="" if operation.kind == "git" else call.body.decode(errors="replace"),
    )


async def _send(delivery: Delivery, send: Send) -> None:
    if send.__self__.disconnected:  # type: ignore[attr-defined]
        return  # the client went away while its request was held
    if delivery.reset:
        await _hang_up(send, reset=True)
        return
    reply = delivery.reply
    if reply.status not in (204, 304):
        reply.headers["content-length"] = str(len(reply.body))
    headers = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in reply.headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if delivery.cut:
        await send({"type": "http.response.body", "body": reply.body[: len(reply.body) // 2], "more_body": True})
        await _hang_up(send, reset=False)
        return
    await send({"type": "http.response.body", "body": reply.body})


async def _hang_up(send: Send, *, reset: bool) -> None:
    """End the connection. ASGI has no word for it, so this reaches through to uvicorn's transport."""
    transport: asyncio.Transport = send.__self__.transport  # type: ignore[attr-defined]
    if reset:
        raw = transport.get_extra_info("socket")
        if raw is not None and raw.family != socket.AF_UNIX:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()
    # uvicorn hears of it in the next turn of the loop, and then does not complain of a reply without an end.
    while not send.__self__.disconnected:  # type: ignore[attr-defined]  # noqa: ASYNC110
        await asyncio.sleep(0)
