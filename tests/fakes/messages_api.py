"""A stub of Anthropic's Messages API on loopback: it plays a scenario to Claude Code, and keeps what it is asked.

A run of Claude Code is told by its session: the n-th one gets the n-th list of turns, later ones the last. Of
these the turn is chosen by how many answers the request already holds, so that a retry gets the same turn again.

As a program: `python -m tests.fakes.messages_api SCENARIO.json` serves until Ctrl-C; the file is a `Scenario`.
It prints its address, and then one line for each request.
"""

import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal, TypeAlias
from uuid import uuid4

import msgspec

Kind: TypeAlias = Literal["step", "helper", "summary", "none"]
"""Whose request it is: of the run itself, of a subagent, or one that may only answer in a form."""

ANSWER_TOOL = "StructuredOutput"
ALWAYS = -1


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """What one answer takes, in tokens. Writes into the cache last for five minutes or for an hour."""

    input: int = 1000
    output: int = 300
    cache_read: int = 5000
    cache_write_5m: int = 200
    cache_write_1h: int = 0

    def on_the_wire(self) -> dict[str, object]:
        """As the API writes it."""
        return {
            "input_tokens": self.input,
            "output_tokens": self.output,
            "cache_read_input_tokens": self.cache_read,
            "cache_creation_input_tokens": self.cache_write_5m + self.cache_write_1h,
            "cache_creation": {
                "ephemeral_5m_input_tokens": self.cache_write_5m,
                "ephemeral_1h_input_tokens": self.cache_write_1h,
            },
        }


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """A request that is refused, `times` times in a row in one session, and answered from then on."""

    status: int
    kind: str = "api_error"
    message: str = "it went wrong"
    times: int = ALWAYS
    retry_after: int | None = None


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One answer: text, the use of a tool, or both; `hang` is how many seconds it lets wait before it."""

    text: str = ""
    tool: str = ""
    input: dict[str, Any] = {}
    usage: Usage = Usage()
    stop_reason: str = ""
    hang: float = 0.0
    fault: Fault | None = None

    def blocks(self) -> list[dict[str, Any]]:
        """The content of the message."""
        text = [{"type": "text", "text": self.text}] if self.text else []
        used = {"type": "tool_use", "id": f"toolu_{uuid4().hex[:20]}", "name": self.tool, "input": self.input}
        return [*text, used] if self.tool else text

    def message(self, model: str) -> dict[str, Any]:
        """The whole message."""
        return {
            "id": f"msg_{uuid4().hex[:20]}",
            "type": "message",
            "role": "assistant",
            "model": model,
            "content": self.blocks(),
            "stop_reason": self.stop_reason or ("tool_use" if self.tool else "end_turn"),
            "stop_sequence": None,
            "usage": self.usage.on_the_wire(),
        }


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """What is played: a list of turns for each run, and one for all subagents and for all summaries.

    With `api_key` every other key is refused.
    """

    runs: Sequence[Sequence[Turn]] = ()
    helper: Sequence[Turn] = (Turn(text="found nothing"),)
    summary: Sequence[Turn] = (Turn(text="no summary is in the scenario"),)
    api_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it came in. `session` is the run of Claude Code that it belongs to."""

    method: str
    path: str
    kind: Kind = "none"
    session: str = ""
    key: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def turn(self) -> int:
        """How many answers it already holds."""
        return sum(message["role"] == "assistant" for message in self.body["messages"])

    @property
    def prompt(self) -> str:
        """What the user said in the first place; Claude Code puts its own reminders before it."""
        before = takewhile(lambda message: message["role"] != "assistant", self.body["messages"])
        content = [message["content"] for message in before if message["role"] == "user"][-1]
        return str(content if isinstance(content, str) else content[-1]["text"])

    @property
    def text(self) -> str:
        """All that it says, as JSON."""
        return msgspec.json.encode(self.body).decode()


@dataclass
class MessagesApi:
    """What the stub knows and was asked; safe to be asked from several threads."""

    scenario: Scenario
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    hangs: threading.Event = field(default_factory=threading.Event)
    """Set as soon as a request is kept waiting."""
    closed: threading.Event = field(default_factory=threading.Event)
    _refused: Counter[tuple[str, Kind, int]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def asked(self, kind: Kind) -> list[Request]:
        """The requests for a message of this kind."""
        return [request for request in self.requests if request.kind == kind]

    def sessions(self, kind: Kind = "step") -> list[str]:
        """The runs of Claude Code that asked, in the order in which they began."""
        return list(dict.fromkeys(request.session for request in self.asked(kind)))

    def prompts(self, kind: Kind = "step") -> list[str]:
        """What each of these runs was told."""
        first = {request.session: request.prompt for request in reversed(self.asked(kind))}
        return [first[session] for session in self.sessions(kind)]

    def note(self, request: Request) -> None:
        """Keep a request."""
        with self._lock:
            self.requests.append(request)

    def answer(self, request: Request) -> Turn | Fault:
        """What a request gets."""
        wanted = self.scenario.api_key
        if wanted is not None and request.key != wanted:
            return Fault(status=401, kind="authentication_error", message="invalid x-api-key")
        turn = self._turn(request)
        with self._lock:
            place = (request.session, request.kind, request.turn)
            if turn.fault and turn.fault.times != self._refused[place]:
                self._refused[place] += 1
                return turn.fault
        return turn

    def _turn(self, request: Request) -> Turn:
        turns = self._turns(request)
        return turns[min(request.turn, len(turns) - 1)]

    def _turns(self, request: Request) -> Sequence[Turn]:
        if request.kind == "summary":
            return self.scenario.summary
        if request.kind == "helper":
            return self.scenario.helper
        number = self.sessions().index(request.session)
        return self.scenario.runs[min(number, len(self.scenario.runs) - 1)]

    def hang(self, seconds: float) -> None:
        """Keep a request waiting, at the longest until the stub ends."""
        self.hangs.set()
        self.closed.wait(seconds)


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    api: MessagesApi

    def log_message(self, *_: object) -> None:
        """Say nothing: what was asked is kept."""

    def do_GET(self) -> None:
        """Nothing is to be got; a proxy's CONNECT is noted and refused too."""
        self.api.note(Request(method=self.command, path=self.path))
        self._refuse(Fault(status=404, kind="not_found_error", message="the stub has no such route"))

    do_CONNECT = do_GET  # noqa: N815

    def do_HEAD(self) -> None:
        """Claude Code asks so whether the service is there."""
        self.api.note(Request(method="HEAD", path=self.path))
        self._send(200, b"")

    def do_POST(self) -> None:
        """A message is asked for."""
        data = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path.partition("?")[0] != "/v1/messages":
            self.do_GET()
            return
        request = self._request(msgspec.json.decode(data))
        self.api.note(request)
        found = self.api.answer(request)
        if isinstance(found, Fault):
            self._refuse(found)
            return
        if found.hang:
            self.api.hang(found.hang)
        self._answer(found.message(request.body["model"]), stream=bool(request.body.get("stream")))

    def _request(self, body: Mapping[str, Any]) -> Request:
        tools = {tool.get("name") for tool in body.get("tools", [])}
        kind: Kind = "helper" if "x-claude-code-agent-id" in self.headers else "step"
        return Request(
            method="POST",
            path=self.path,
            kind="summary" if tools == {ANSWER_TOOL} else kind,
            session=self.headers.get("x-claude-code-session-id", ""),
            key=self.headers.get("x-api-key", ""),
            body=body,
        )

    def _refuse(self, fault: Fault) -> None:
        error = {"type": "error", "error": {"type": fault.kind, "message": fault.message}}
        after = {} if fault.retry_after is None else {"retry-after": str(fault.retry_after)}
        self._send(fault.status, msgspec.json.encode(error), after)

    def _answer(self, message: Mapping[str, Any], *, stream: bool) -> None:
        if not stream:
            self._send(200, msgspec.json.encode(message))
            return
        events = b"".join(
            f"event: {name}\ndata: ".encode() + msgspec.json.encode({"type": name, **data}) + b"\n\n"
            for name, data in _events(message)
        )
        self._send(200, events, {"content-type": "text/event-stream"})

    def _send(self, status: int, data: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        given = {"content-type": "application/json", "request-id": f"req_{uuid4().hex[:12]}", **(headers or {})}
        for name, value in {**given, "content-length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def _events(message: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A message as the events of a stream: its usage comes whole only at the end."""
    begun = {**message["usage"], "output_tokens": 1}
    yield "message_start", {"message": {**message, "content": [], "stop_reason": None, "usage": begun}}
    for index, block in enumerate(message["content"]):
        start, delta = _split(block)
        yield "content_block_start", {"index": index, "content_block": start}
        yield "content_block_delta", {"index": index, "delta": delta}
        yield "content_block_stop", {"index": index}
    ended = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield "message_delta", {"delta": ended, "usage": message["usage"]}
    yield "message_stop", {}


def _split(block: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The empty block that a stream begins with, and the one delta that fills it."""
    if block["type"] == "text":
        return {**block, "text": ""}, {"type": "text_delta", "text": block["text"]}
    given = msgspec.json.encode(block["input"]).decode()
    return {**block, "input": {}}, {"type": "input_json_delta", "partial_json": given}


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that has gone away is no error; any other is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


@contextmanager
def serving(scenario: Scenario) -> Iterator[MessagesApi]:
    """The stub in a thread of this process."""
    api = MessagesApi(scenario)
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"api": api}))
    api.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        api.closed.set()
        server.shutdown()
        server.server_close()
        thread.join()


def main(path: str) -> None:
    """Serve a scenario until Ctrl-C, and tell each request."""
    with serving(msgspec.json.decode(Path(path).read_bytes(), type=Scenario)) as api:
        sys.stdout.write(f"ANTHROPIC_BASE_URL={api.url}\n")
        told = 0
        while not api.closed.wait(0.2):
            for request in api.requests[told:]:
                sys.stdout.write(f"{request.method} {request.path} {request.kind} {request.session}\n")
                told += 1
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
