"""A stub of Slack's incoming webhooks on loopback: it holds messages against Block Kit's limits, and keeps them.

What it refuses, and in which words: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec

PATH = "/services/T00SECRET/B00HIDDEN/x7Xq2vNeverShown"
"""The secret of a webhook."""

_KEYS = {"text", "blocks", "unfurl_links", "unfurl_media"}
_MOST_BLOCKS = 50
_MOST_FIELDS = 10
_MOST_ELEMENTS = 10
_MOST_IN_TEXT = {"header": 150, "section": 3_000, "field": 2_000, "context": 2_000, "fallback": 4_000}
_MOST_IN_ALL = 13_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said instead of what would be right."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class SlackStub:
    """What the stub was told; `planned` is said first, one answer a request."""

    url: str = ""
    planned: list[Answer] = field(default_factory=list)
    requests: int = 0
    messages: list[dict[str, Any]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Why messages were refused for what they are."""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, path: str, content_type: str, data: bytes) -> Answer:
        """What a request gets."""
        with self._lock:
            self.requests += 1
            if self.planned:
                return self.planned.pop(0)
            if path != PATH:
                return Answer(404, "no_service")
            return self._take(content_type, data)

    def _take(self, content_type: str, data: bytes) -> Answer:
        if not content_type.startswith("application/json"):
            return Answer(400, "invalid_payload")
        try:
            message = msgspec.json.decode(data, type=dict[str, Any])
        except msgspec.MsgspecError:
            return Answer(400, "invalid_payload")
        problem = problem_of(message)
        if problem:
            self.refused.append(problem)
            return Answer(400, "invalid_blocks")
        self.messages.append(message)
        return Answer(200, "ok")


def problem_of(message: Mapping[str, Any]) -> str:
    """Why Slack would not take a message; "" where it would."""
    if not message.get("text"):
        return "no_text"
    problems = [f"unknown {key}" for key in message if key not in _KEYS]
    if len(message["text"]) > _MOST_IN_TEXT["fallback"]:
        problems.append("text is too long")
    blocks = message.get("blocks", [])
    if not 0 < len(blocks) <= _MOST_BLOCKS:
        problems.append(f"{len(blocks)} blocks")
    if len(msgspec.json.encode(blocks)) > _MOST_IN_ALL:
        problems.append("msg_blocks_too_long")
    for number, block in enumerate(blocks):
        problems += [f"block {number}: {problem}" for problem in _of_block(block)]
    return "; ".join(problems)


def _of_block(block: Mapping[str, Any]) -> Iterator[str]:
    kind = block.get("type")
    if kind == "header":
        yield from _of_keys(block, "type", "text")
        yield from _of_text(block["text"], "header", ("plain_text",))
    elif kind == "section":
        yield from _of_keys(block, "type", "text", "fields")
        if not block.get("text") and not block.get("fields"):
            yield "neither text nor fields"
        if "text" in block:
            yield from _of_text(block["text"], "section")
        yield from _of_list(block.get("fields"), "field", _MOST_FIELDS)
    elif kind == "context":
        yield from _of_keys(block, "type", "elements")
        yield from _of_list(block.get("elements", []), "context", _MOST_ELEMENTS)
    else:
        yield f"unknown type {kind}"


def _of_list(texts: Sequence[Mapping[str, Any]] | None, where: str, most: int) -> Iterator[str]:
    if texts is None:
        return
    if not 0 < len(texts) <= most:
        yield f"{len(texts)} items of {where}"
    for text in texts:
        yield from _of_text(text, where)


def _of_text(text: Mapping[str, Any], where: str, kinds: Sequence[str] = ("plain_text", "mrkdwn")) -> Iterator[str]:
    kind = text.get("type", "")
    if kind not in kinds:
        yield f"{kind!r} in {where}"
    yield from _of_keys(text, "type", "text", "emoji" if kind == "plain_text" else "verbatim")
    if not 0 < len(text["text"]) <= _MOST_IN_TEXT[where]:
        yield f"{len(text['text'])} characters in {where}"


def _of_keys(found: Mapping[str, Any], *known: str) -> Iterator[str]:
    yield from (f"unknown {key}" for key in found if key not in known)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    slack: SlackStub

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """A message comes."""
        data = self.rfile.read(int(self.headers.get("content-length") or 0))
        answer = self.slack.answer(self.path, self.headers.get("content-type", ""), data)
        body = answer.body.encode()
        self.send_response(answer.status)
        for name, value in {**answer.headers, "content-length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def slack_stub() -> Iterator[SlackStub]:
    """The stub, for as long as it lasts."""
    slack = SlackStub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"slack": slack}))
    slack.url = f"http://127.0.0.1:{server.server_address[1]}{PATH}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield slack
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
