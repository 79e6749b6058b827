"""The transport against servers that behave badly, over real sockets."""

import gzip
import logging
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from claudestep.domain.errors import HostError, TooMuchAsked, Transient, UsageError
from claudestep.infrastructure.clock import SystemClock
from claudestep.infrastructure.github.api import connection
from claudestep.infrastructure.github.api import transport as transport_module
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.api.endpoints import Endpoints, RepositoryName
from claudestep.infrastructure.github.api.protocol import Reply, Request
from claudestep.infrastructure.github.api.token import Token
from claudestep.infrastructure.github.api.transport import Urllib3Transport
from tests.integration.raw_server import (
    GENEROUS,
    OK,
    RawServer,
    Script,
    answering,
    dripping,
    read_request,
    resetting,
    waiting,
)

SECRET = "ghs_sekrit"  # noqa: S105  opens nothing
SOON = 0.3
"""A bound that a server is to exceed, in seconds."""


@pytest.fixture
def server() -> Iterator[RawServer]:
    raw = RawServer()
    yield raw
    raw.close()


@pytest.fixture
def transport() -> Iterator[Urllib3Transport]:
    one = Urllib3Transport({})
    yield one
    one.close()


def get(url: str) -> Request:
    return Request("GET", url, {"User-Agent": "test", "Authorization": f"Bearer {SECRET}"})


def send(transport: Urllib3Transport, server: RawServer, timeout: float = GENEROUS) -> Reply:
    return transport.send(get(f"{server.url}/a/b?c=d"), timeout=timeout)


def test_a_reply_comes_whole(server: RawServer, transport: Urllib3Transport) -> None:
    reply = send(transport, server)
    assert (reply.status, reply.body) == (200, b"{}")
    assert reply.headers["x-one"] == "a, b"
    assert server.heard[0].startswith(b"GET /a/b?c=d HTTP/1.1\r\n")


def test_method_headers_and_body_go_out_as_they_are(server: RawServer, transport: Urllib3Transport) -> None:
    body = b"x" * 3_000_000
    transport.send(Request("PATCH", f"{server.url}/x", {"X-A": "b"}, body), timeout=GENEROUS)
    head, _, sent = server.heard[0].partition(b"\r\n\r\n")
    assert head.startswith(b"PATCH /x HTTP/1.1\r\n")
    assert b"X-A: b" in head
    assert sent == body


LARGE = Request("POST", "", {}, b"x" * 30_000_000)
"""More than the buffers on both sides take."""


def test_sending_may_take_longer_than_connecting(
    server: RawServer, transport: Urllib3Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport_module, "_CONNECT", SOON)
    server.at_once = waiting(2 * SOON)
    assert transport.send(replace(LARGE, url=server.url), timeout=GENEROUS).status == 200
    assert server.heard[0].endswith(LARGE.body)


def test_sending_to_a_server_that_does_not_listen_is_given_up(
    server: RawServer, transport: Urllib3Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_SENDING", SOON)
    server.at_once = waiting(GENEROUS)
    with pytest.raises(Transient) as raised:
        transport.send(replace(LARGE, url=server.url), timeout=GENEROUS)
    assert raised.value.sent


def test_a_connection_is_kept(server: RawServer, transport: Urllib3Transport) -> None:
    for _ in range(5):
        send(transport, server)
    assert (len(server.heard), server.connections) == (5, 1)


def test_a_connection_that_the_server_has_closed_is_not_used_again(
    server: RawServer, transport: Urllib3Transport
) -> None:
    server.script = answering(OK, hang_up=True)
    for _ in range(3):
        send(transport, server)
        assert server.hung_up.acquire(timeout=GENEROUS)
    assert (len(server.heard), server.connections) == (3, 3)


def test_a_connection_that_was_idle_is_not_trusted(
    server: RawServer, transport: Urllib3Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(transport, server)
    monkeypatch.setattr(transport, "_last_used", transport._last_used - 3600)
    send(transport, server)
    assert server.connections == 2


def test_an_error_status_is_a_reply_too(server: RawServer, transport: Urllib3Transport) -> None:
    server.script = answering(b"HTTP/1.1 502 Bad Gateway\r\nRetry-After: 1\r\nContent-Length: 6\r\n\r\n<html>")
    reply = send(transport, server)
    assert (reply.status, reply.body) == (502, b"<html>")
    assert len(server.heard) == 1


def test_a_redirect_is_a_reply_too(server: RawServer, transport: Urllib3Transport) -> None:
    server.script = answering(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n")
    assert send(transport, server).headers["location"] == "/elsewhere"
    assert len(server.heard) == 1


@pytest.mark.parametrize("chunked", [True, False])
def test_a_compressed_reply_is_unpacked(server: RawServer, transport: Urllib3Transport, *, chunked: bool) -> None:
    body = gzip.compress(b"x" * 100_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n"
    if chunked:
        data = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    else:
        data = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    server.script = answering(head, data)
    assert send(transport, server).body == b"x" * 100_000


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (b"", "broke off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", "broke off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "broke off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n", "broke off"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nab", "broke off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "broke off"),
        (b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 70_000, "broke off"),
        (b"HTTP/1.1 200 OK\r\n" + b"X-A: a\r\n" * 200 + b"\r\n", "broke off"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "broke off"),
    ],
    ids=["nothing", "short", "cut chunk", "no chunk", "no gzip", "two lengths", "long header", "many", "ssh"],
)
def test_half_a_reply_is_a_fault(
    server: RawServer, transport: Urllib3Transport, reply: bytes, problem: str
) -> None:
    server.script = answering(reply, hang_up=True)
    with pytest.raises(Transient, match=problem) as raised:
        send(transport, server)
    assert raised.value.sent


def test_a_reset_is_a_fault(server: RawServer, transport: Urllib3Transport) -> None:
    server.script = resetting
    with pytest.raises(Transient, match="broke off") as raised:
        send(transport, server)
    assert raised.value.sent


def test_after_a_fault_the_next_request_goes_well(server: RawServer, transport: Urllib3Transport) -> None:
    server.script = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", hang_up=True)
    with pytest.raises(Transient):
        send(transport, server)
    server.script = answering(OK)
    assert send(transport, server).status == 200


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"x"),
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nX-A: ", b"x"),
        (b"HTTP/1.1 ", b"2"),
    ],
    ids=["silence", "body", "chunks", "chunk size", "endless", "header", "status"],
)
def test_a_reply_that_drips_is_given_up(
    server: RawServer, transport: Urllib3Transport, start: bytes, drop: bytes
) -> None:
    server.script = dripping(start, drop)
    with pytest.raises(Transient, match="its reply took too long") as raised:
        send(transport, server, SOON)
    assert raised.value.sent


def test_a_reply_without_an_end_is_given_up(server: RawServer) -> None:
    server.script = dripping(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 100_000)
    transport = Urllib3Transport({}, largest=1000)
    with pytest.raises(TooMuchAsked, match="larger than 1,000 bytes"):
        send(transport, server)
    transport.close()


def test_a_small_reply_that_unpacks_to_a_large_one_is_given_up(server: RawServer) -> None:
    body = gzip.compress(b"x" * 10_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(body)
    server.script = answering(head, body)
    transport = Urllib3Transport({}, largest=1_000_000)
    with pytest.raises(TooMuchAsked):
        send(transport, server)
    transport.close()


def test_a_refused_connection_has_sent_nothing(transport: Urllib3Transport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(Transient, match=f"{address} cannot be reached: the connection is refused") as raised:
        transport.send(get(f"http://{address}/"), timeout=GENEROUS)
    assert not raised.value.sent


def test_a_name_that_nobody_knows_has_sent_nothing(transport: Urllib3Transport) -> None:
    with pytest.raises(Transient, match="its name is not known here") as raised:
        transport.send(get("http://github.invalid/"), timeout=GENEROUS)
    assert not raised.value.sent


def test_a_server_that_speaks_no_tls_is_a_fault(server: RawServer, transport: Urllib3Transport) -> None:
    server.script = answering(OK, hang_up=True)
    with pytest.raises(HostError, match=r"secure connection|broke off|took too long"):
        transport.send(get(f"https://{server.address}/"), timeout=SOON)
    assert not server.heard


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_certificates_that_are_not_there_are_named(name: str) -> None:
    transport = Urllib3Transport({name: "/nowhere/ca.pem"})
    with pytest.raises(UsageError, match=f"{name} names no file"):
        transport.send(get("https://127.0.0.1:1/"), timeout=SOON)


class Certificate(NamedTuple):
    """A certificate that vouches for itself, and its key."""

    file: Path
    key: Path


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    folder = tmp_path_factory.mktemp("certificate")
    found = Certificate(folder / "certificate.pem", folder / "key.pem")
    options = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    names = ("-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1,DNS:github.test")
    files = ("-keyout", str(found.key), "-out", str(found.file))
    subprocess.run(["openssl", "req", "-x509", *options, *names, *files], check=True, capture_output=True)
    return found


def secured(certificate: Certificate, server: RawServer, greeting: bytes = b"") -> Script:
    """Speak TLS from the second byte on: what a proxy does after CONNECT; without a greeting, from the first."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)

    def script(connection: socket.socket, _: threading.Event) -> None:
        connection.sendall(greeting)
        with context.wrap_socket(connection, server_side=True) as tls:
            while request := read_request(tls):
                server.heard.append(request)
                tls.sendall(OK)

    return script


def test_a_request_through_a_proxy_is_for_the_host_alone(server: RawServer, certificate: Certificate) -> None:
    server.script = secured(certificate, server, b"HTTP/1.0 200 Connection established\r\nX-A: b\r\n\r\n")
    transport = Urllib3Transport({"https_proxy": server.url, "SSL_CERT_FILE": str(certificate.file)})
    for _ in range(3):
        assert transport.send(get("https://github.test/x"), timeout=GENEROUS).body == b"{}"
    transport.close()
    connect, *requests = server.heard
    assert connect.startswith(b"CONNECT github.test:443 ")
    assert SECRET.encode() not in connect
    assert [request.partition(b" HTTP")[0] for request in requests] == [b"GET /x"] * 3
    assert server.connections == 1


@pytest.mark.parametrize("setting", [{}, {"SSL_CERT_FILE": "{}"}, {"REQUESTS_CA_BUNDLE": "{}"}])
def test_a_host_is_believed_with_a_certificate_that_is_trusted(
    server: RawServer, certificate: Certificate, setting: dict[str, str]
) -> None:
    server.at_once = secured(certificate, server)
    transport = Urllib3Transport({name: value.format(certificate.file) for name, value in setting.items()})
    request = get(f"https://{server.address}/x")
    if setting:
        assert transport.send(request, timeout=GENEROUS).body == b"{}"
    else:
        with pytest.raises(HostError, match=r"the certificate of 127\.0\.0\.1:\d+ is not trusted") as raised:
            transport.send(request, timeout=GENEROUS)
        assert not isinstance(raised.value, Transient)
        assert "SSL_CERT_FILE" in raised.value.remedy
    transport.close()
    assert len(server.heard) == len(setting)


def proxied(server: RawServer) -> Urllib3Transport:
    return Urllib3Transport({"HTTPS_PROXY": f"http://me:pass%2Fword@{server.address}"})


def test_a_proxy_gets_its_password_and_never_the_token(server: RawServer) -> None:
    server.script = answering(
        b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", hang_up=True
    )
    transport = proxied(server)
    with pytest.raises(Transient, match=r"the proxy gives no way to api\.github\.com: 407 Proxy") as raised:
        transport.send(get("https://api.github.com/x"), timeout=GENEROUS)
    transport.close()
    assert not raised.value.sent
    (request,) = server.heard
    assert request.startswith(b"CONNECT api.github.com:443 ")
    assert b"proxy-authorization: Basic bWU6cGFzcy93b3Jk" in request  # me:pass/word
    assert SECRET.encode() not in request


def test_a_proxy_that_drips_is_given_up(server: RawServer) -> None:
    server.script = dripping(b"HTTP/1.1 200 ", b"x")
    transport = proxied(server)
    with pytest.raises(Transient):
        transport.send(get("https://api.github.com/x"), timeout=SOON)
    transport.close()


def test_a_proxy_that_is_not_there_has_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    transport = Urllib3Transport({"HTTPS_PROXY": f"http://me:secret@{address}"})
    with pytest.raises(Transient, match=r"the proxy to api\.github\.com cannot be reached") as raised:
        transport.send(get("https://api.github.com/x"), timeout=GENEROUS)
    assert not raised.value.sent
    assert "secret" not in f"{raised.value.explained} {raised.value.__cause__!r}"


def test_an_archive_comes_from_another_server_which_never_sees_the_token(server: RawServer) -> None:
    other = RawServer()
    other.script = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\x1f\x8b\0\0")
    redirect = f"HTTP/1.1 302 Found\r\nLocation: {other.url}/x?token=KEY\r\nContent-Length: 0\r\n\r\n"
    server.script = answering(redirect.encode())
    transport = Urllib3Transport({})
    assert github(transport, server).download("/repos/o/r/tarball/ab") == b"\x1f\x8b\0\0"
    transport.close()
    other.close()
    assert SECRET.encode() in server.heard[0]
    assert other.heard[0].startswith(b"GET /x?token=KEY HTTP/1.1")
    assert b"authorization" not in other.heard[0].lower()


def github(transport: Urllib3Transport, server: RawServer) -> GitHub:
    endpoints = Endpoints.read({"GITHUB_API_URL": server.url, "GITHUB_SERVER_URL": server.url})
    return GitHub(
        endpoints=endpoints,
        repository=RepositoryName("o", "r"),
        token=Token(SECRET),
        transport=transport,
        clock=SystemClock(),
    )


def test_no_log_of_anybody_has_the_token(
    server: RawServer, transport: Urllib3Transport, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, "urllib3")
    client = github(transport, server)
    client.rest("POST", "/x", dict[str, object], {"a": 1})
    server.script = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}", hang_up=True)
    with pytest.raises(Transient) as raised:
        client.rest("POST", "/x", dict[str, object], {"a": 1})
    assert "POST /x" in caplog.text  # urllib3 does log
    assert SECRET not in caplog.text
    assert SECRET not in f"{raised.value!r} {raised.value.__cause__!r}"
    assert SECRET.encode() in server.heard[0]


def test_addresses_which_may_hold_keys_are_not_logged_by_urllib3(
    server: RawServer, transport: Urllib3Transport, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    send(transport, server)
    assert "c=d" not in caplog.text
