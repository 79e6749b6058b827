"""How the faults that stand in the place of a reply strike."""

from dataclasses import dataclass

from tests.github_server.call import Call
from tests.github_server.faults import Fault, Kind
from tests.github_server.limits import Bucket
from tests.github_server.problems import Forbidden, Unauthorized
from tests.github_server.replies import (
    Reply,
    primary_limit,
    refusal,
    secondary_limit,
    server_error,
)

_INSTEAD: frozenset[Kind] = frozenset(
    {"status", "reset", "unauthorized", "forbidden", "primary_limit", "secondary_limit"}
)


@dataclass(frozen=True)
class Delivery:
    """A reply and how it travels: whole, cut in the middle, or not at all (then the connection is reset)."""

    reply: Reply
    cut: bool = False
    reset: bool = False


def lost() -> Delivery:
    """No reply: the connection is reset."""
    return Delivery(Reply(0), reset=True)


def strike_before(call: Call) -> Delivery | None:
    """What is said without doing the work, if a fault wants so."""
    struck = (fault for fault in call.faults if fault.kind in _INSTEAD and fault.when == "before")
    fault = next(struck, None)
    return None if fault is None else _instead(call, fault)


def strike_after(call: Call, reply: Reply) -> Delivery:
    """What becomes of the reply when the work is done."""
    for fault in call.faults:
        if fault.kind in _INSTEAD and fault.when == "after":
            return _instead(call, fault)
        if fault.kind == "garbage":
            return Delivery(Reply(200, b'<html>\x00\xff{"data":', {"content-type": "text/html"}))
        if fault.kind == "cut":
            return Delivery(reply, cut=True)
    return Delivery(reply)


def _instead(call: Call, fault: Fault) -> Delivery:
    match fault.kind:
        case "reset":
            return lost()
        case "unauthorized":
            return Delivery(refusal(call, Unauthorized()))
        case "forbidden":
            return Delivery(refusal(call, Forbidden(fault.permission, *([fault.message] if fault.message else []))))
        case "primary_limit":
            status = 429 if fault.status == 429 else 403
            return Delivery(primary_limit(call, _used_up(call, fault), status))
        case "secondary_limit":
            return Delivery(secondary_limit(fault.status, fault.seconds))
        case _:
            return Delivery(server_error(call, fault))


def _used_up(call: Call, fault: Fault) -> Bucket:
    """A bucket that has nothing left for some seconds; the real one stays, so that the next request is served."""
    limit = call.host.limits.bucket(call.token, "core").limit
    return Bucket(limit, int(call.host.clock.now().timestamp() + fault.seconds), limit)
