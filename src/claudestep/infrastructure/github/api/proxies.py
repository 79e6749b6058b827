"""The proxy between us and GitHub, as curl, git and gh take it from the environment."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from claudestep.domain.errors import UsageError
from claudestep.infrastructure.github.api.endpoints import is_loopback


def proxy_of(url: str, environment: Mapping[str, str]) -> str:
    """The address of the proxy for `url`, "" where there is none to use; never one for this machine.

    The small spelling wins over the capital one, as in urllib.request and curl; HTTP_PROXY in capitals is ignored
    in a CGI program, where a request's `Proxy` header sets it. Raises UsageError.
    """
    target = urlsplit(url)
    host = target.hostname or ""
    if is_loopback(host) or _excepted(host, target.port, _value(environment, "no_proxy")):
        return ""
    found = _value(environment, f"{target.scheme}_proxy") or _value(environment, "all_proxy")
    return _checked(found) if found else ""


def _value(environment: Mapping[str, str], name: str) -> str:
    if name in environment:
        return environment[name].strip()
    if name == "http_proxy" and "REQUEST_METHOD" in environment:
        return ""
    return environment.get(name.upper(), "").strip()


def _excepted(host: str, port: int | None, names: str) -> bool:
    """Whether a host is in NO_PROXY: by itself, by a domain that it is in, or by `*`; with a port or without."""
    for name in names.lower().replace(",", " ").split():
        bare = name.removeprefix("*.").lstrip(".")
        if name == "*" or f"{host}".endswith(f".{bare}") or bare in (host, f"{host}:{port}"):
            return True
    return False


def _checked(proxy: str) -> str:
    """A proxy that can be used; its address is never shown, for it may hold a password."""
    address = proxy if "://" in proxy else f"http://{proxy}"
    try:
        split = urlsplit(address)
        usable = split.scheme in ("http", "https") and bool(split.hostname) and split.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise UsageError(
            "the proxy that the environment names cannot be used",
            remedy="HTTPS_PROXY is an address like http://proxy.example.com:3128; NO_PROXY names the exceptions.",
        )
    return address
