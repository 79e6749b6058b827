"""What goes wrong between us and GitHub, in the user's terms: urllib3's errors, decided in one place."""

import ssl

from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)

from claudestep.domain.errors import HostError, Transient
from claudestep.domain.text import printable, shortened

_NETWORK = "Check the network (and HTTPS_PROXY, where there is a proxy), then run it again."
_CERTIFICATE = "Where the network has a certificate authority of its own, name its file in SSL_CERT_FILE."


def explained(error: HTTPError, host: str, proxy: str) -> HostError:
    """The error that a user can do something about. No address is in it, for that may hold a key."""
    if isinstance(_root(error), ssl.SSLCertVerificationError):
        return HostError(f"the certificate of {host} is not trusted", remedy=_CERTIFICATE)
    if proxy and (refusal := _refused_tunnel(error)):
        return Transient(f"the proxy gives no way to {host}: {refusal}", sent=False, remedy=_NETWORK)
    if proxy and isinstance(error, ProxyError):
        return Transient(f"the proxy to {host} cannot be reached", sent=False, remedy=_NETWORK)
    if unreached := _unreached(error):
        return Transient(f"{host} cannot be reached: {unreached}", sent=False, remedy=_NETWORK)
    return Transient(f"{host} did not answer: {_broken(error)}")


def _root(error: BaseException) -> BaseException:
    """The innermost exception: urllib3 wraps them as arguments."""
    inner = [argument for argument in error.args if isinstance(argument, BaseException)]
    return _root(inner[0]) if inner else error


def _refused_tunnel(error: HTTPError) -> str:
    """The words of a proxy that was asked for a tunnel: http.client has them in an OSError's text alone."""
    said = str(_root(error))
    mark = "Tunnel connection failed: "
    return printable(shortened(said.partition(mark)[2], 100)) if mark in said else ""


def _unreached(error: HTTPError) -> str:
    """Why there is no connection, "" where there was one."""
    if isinstance(error, NameResolutionError):
        return "its name is not known here"
    if isinstance(error, ConnectTimeoutError) and not isinstance(error, NewConnectionError):
        return "it takes too long to connect"
    if isinstance(error, NewConnectionError):
        return "the connection is refused" if "refused" in str(error) else "there is no connection"
    return ""


def _broken(error: HTTPError) -> str:
    if isinstance(error, ReadTimeoutError):
        return "its reply took too long"
    if isinstance(error, SSLError):
        return "there is no secure connection"
    return "the connection broke off"
