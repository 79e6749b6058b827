"""Requests over HTTP, by urllib3: kept-alive connections, and a bound on everything."""

import logging
from collections.abc import Mapping
from typing import Protocol
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from claudestep.domain.errors import TooMuchAsked
from claudestep.infrastructure.github.api import connection, faults
from claudestep.infrastructure.github.api.protocol import Reply, Request
from claudestep.infrastructure.github.api.proxies import proxy_of

_CONNECT = 10.0
_IDLE = 20.0
_BLOCK = 65_536
LARGEST_REPLY = 256 * 1024 * 1024

logging.getLogger("urllib3").setLevel(logging.CRITICAL)  # it prints addresses, and those of downloads hold keys


class Transport(Protocol):
    """Carries one request, and brings its reply; follows and repeats nothing."""

    def send(self, request: Request, *, timeout: float) -> Reply:
        """The reply, whole, that comes within `timeout` seconds. Raises HostError, mostly Transient."""
        ...


class Urllib3Transport:
    """HTTP/1.1 with the system's certificates and the environment's proxies.

    Connecting is bounded, sending is bounded, and so is the whole reply, however slowly it drips. `shown` is what a
    host is called in errors, in place of its name.
    """

    def __init__(self, environment: Mapping[str, str], *, largest: int = LARGEST_REPLY, shown: str = "") -> None:
        self._environment = environment
        self._largest = largest
        self._shown = shown
        self._managers: dict[str, urllib3.PoolManager] = {}
        self._last_used = 0.0

    def send(self, request: Request, *, timeout: float) -> Reply:
        """The reply, whole, that comes within `timeout` seconds. Raises HostError, mostly Transient."""
        self._drop_idle()
        proxy = proxy_of(request.url, self._environment)
        host = self._shown or _host(request.url)
        try:
            response = self._manager(request.url, proxy).urlopen(
                request.method,
                request.url,
                body=request.body or None,
                headers=dict(request.headers),
                timeout=urllib3.Timeout(connect=min(_CONNECT, timeout), read=timeout),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            return self._whole(response, host)
        except HTTPError as error:
            raise faults.explained(error, host, proxy) from error
        finally:
            self._last_used = connection.seconds()

    def close(self) -> None:
        """Close every connection."""
        for manager in self._managers.values():
            manager.clear()

    def _drop_idle(self) -> None:
        """Start anew after a pause: a connection that died silently loses a request, and its fate is unknown."""
        if connection.seconds() - self._last_used > _IDLE:
            self.close()

    def _manager(self, url: str, proxy: str) -> urllib3.PoolManager:
        secure = url.startswith("https:")
        key = f"{secure} {proxy}"
        if key not in self._managers:
            certificates = connection.trusted_certificates(self._environment) if secure else None
            self._managers[key] = connection.pool_manager(certificates, proxy)
        return self._managers[key]

    def _whole(self, response: urllib3.BaseHTTPResponse, host: str) -> Reply:
        try:
            body = bytearray()
            for block in response.stream(_BLOCK, decode_content=True):
                body += block
                if len(body) > self._largest:
                    raise TooMuchAsked(f"the reply of {host} is larger than {self._largest:,} bytes")
            headers = {name.lower(): response.headers[name] for name in response.headers}  # of one name: joined
            response.release_conn()
            return Reply(response.status, headers, bytes(body))
        finally:
            response.close()


def _host(url: str) -> str:
    """What of an address may be shown: not its query, which may hold a key."""
    return urlsplit(url).netloc.rpartition("@")[2]
