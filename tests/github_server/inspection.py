"""Every request and every reply, held against what GitHub publishes; what does not fit is kept for the test.

A request is judged always, a reply where there is one and no fault has distorted it (`faults.DISTORTING`).
"""

import traceback
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from tests.github_server import rest
from tests.github_server.call import Call
from tests.github_server.faults import DISTORTING
from tests.github_server.graphql.schema import load_schema
from tests.github_server.published import variables
from tests.github_server.published.description import load, shape
from tests.github_server.published.rest import Judged, RestJudge, Sent
from tests.github_server.published.uses import Uses
from tests.github_server.published.violations import By, Violation
from tests.github_server.replies import Reply

OURS = "claudestep/"
"""How the program names itself in User-Agent."""


class Inspection:
    """What judges the requests of one server; the description is loaded with the first of them."""

    def __init__(self, root: Path) -> None:
        self._uses = Uses(root)

    @cached_property
    def _rest(self) -> RestJudge:
        return RestJudge(load(frozenset(shape(method, path) for method, path, _ in rest.table())))

    def inspect(self, call: Call, sent: Sent, headers: Mapping[str, str], reply: Reply) -> None:
        """Keep what is wrong with a request and its reply; that this fails itself is wrong as well."""
        try:
            self._inspect(call, sent, headers, reply)
        except Exception as error:  # noqa: BLE001 - the reply is given all the same
            traceback.print_exc()
            call.host.violations.add(
                Violation("server", f"{_title(call, sent)}: it could not be judged: {error!r}")
            )

    def _inspect(self, call: Call, sent: Sent, headers: Mapping[str, str], reply: Reply) -> None:
        by_program = headers.get("user-agent", "").startswith(OURS)
        asker: By = "program" if by_program else "client"
        for by, sentence in self._found(call, sent, reply, by_program=by_program):
            at_fault = asker if by == "client" else by
            call.host.violations.add(Violation(at_fault, f"{_title(call, sent)}: {sentence}"))

    def _found(self, call: Call, sent: Sent, reply: Reply, *, by_program: bool) -> Iterator[tuple[By, str]]:
        if call.operation.kind == "rest":
            yield from self._of_rest(call, sent, reply, by_program=by_program)
        elif call.operation.kind == "graphql":
            yield from (("client", sentence) for sentence in self._of_graphql(sent, by_program=by_program))

    def _of_rest(self, call: Call, sent: Sent, reply: Reply, *, by_program: bool) -> Iterator[tuple[By, str]]:
        match = self._rest.find(sent)
        if match is None:
            if by_program or not self._rest.is_let_through(sent):
                yield "client", "GitHub describes no such operation, or the server of the tests does not serve it"
            return
        judged, parts = match
        yield from (("client", sentence) for sentence in judged.of_request(sent, parts))
        if by_program:
            yield from (("client", sentence) for sentence in self._uses.rest(judged.operation))
        if reply.status and not _is_distorted(call):
            yield from (("server", sentence) for sentence in _of_reply(judged, reply))

    def _of_graphql(self, sent: Sent, *, by_program: bool) -> Iterator[str]:
        found = list(variables.problems(load_schema(), sent.body))
        yield from found
        if by_program and not found:
            yield from self._uses.graphql(load_schema(), sent.body)


def _of_reply(judged: Judged, reply: Reply) -> Iterator[str]:
    return judged.of_reply(reply.status, reply.headers, reply.body)


def _is_distorted(call: Call) -> bool:
    return any(fault.kind in DISTORTING for fault in call.faults)


def _title(call: Call, sent: Sent) -> str:
    if call.operation.kind == "graphql":
        return call.operation.labels[-1] if not call.operation.name else f"graphql {call.operation.name}"
    return f"{sent.method} {sent.path}"
