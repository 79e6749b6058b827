"""Where GitHub is: the addresses of its interfaces, and the repositories there."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from claudestep.domain.errors import UsageError
from claudestep.domain.text import printable, shortened

_OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}")
_SCP = re.compile(r"(?:[^@/:]+@)?(?P<host>[^@/:]+):(?P<path>[^:]+)")
_SSH_OVER_HTTPS = {"ssh.github.com": "github.com"}
"""https://docs.github.com/en/authentication/troubleshooting-ssh/using-ssh-over-the-https-port"""


@dataclass(frozen=True, slots=True)
class RepositoryName:
    """`owner/name`."""

    owner: str
    name: str

    def __str__(self) -> str:
        return f"{self.owner}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> "RepositoryName":
        """The repository that `owner/name` names. Raises UsageError."""
        owner, _, name = text.partition("/")
        if not (_OWNER.fullmatch(owner) and _NAME.fullmatch(name)):
            shown = printable(shortened(text, 100))
            raise UsageError(f"{shown!r} names no repository", remedy="It is OWNER/NAME, as in octo-org/shop.")
        return cls(owner, name)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The roots of the REST and GraphQL interfaces, and of the web pages and git."""

    api: str
    graphql: str
    server: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Endpoints":
        """Those that a workflow's environment names, GitHub's own without any; of one given, the others follow.

        Raises UsageError where one is no address, or would carry the token unencrypted.
        https://docs.github.com/en/actions/reference/workflows-and-actions/variables
        """
        api = _address(environment, "GITHUB_API_URL")
        server = _address(environment, "GITHUB_SERVER_URL") or _server_of(api)
        api = api or _api_of(server)
        return cls(api, _address(environment, "GITHUB_GRAPHQL_URL") or _graphql_of(api), server)

    def git_url(self, repository: RepositoryName) -> str:
        """Where git fetches and pushes."""
        return f"{self.server}/{repository}.git"


def repository_of_remote(url: str, server: str) -> RepositoryName | None:
    """The repository that a git remote's URL names on `server`; None where it is elsewhere, or none at all."""
    scp = None if "://" in url else _SCP.fullmatch(url)
    if scp:
        host, path = scp["host"], scp["path"]
    else:
        split = _split(url)
        if split is None or not _same_port(split, urlsplit(server)):
            return None
        host, path = split.hostname or "", split.path
    if _SSH_OVER_HTTPS.get(host.lower(), host.lower()) != urlsplit(server).hostname:
        return None
    try:
        return RepositoryName.parse(path.strip("/").removesuffix(".git"))
    except UsageError:
        return None


def _same_port(remote: SplitResult, server: SplitResult) -> bool:
    """Whether a remote may be on the server by its port: that of ssh says nothing about that of the web."""
    if remote.scheme == "ssh":
        return True
    usual = {"https": 443, "http": 80}.get(server.scheme)
    ports = (server.port,) if server.port else (None, usual)
    return remote.scheme in ("http", "https") and remote.port in ports


def _server_of(api: str) -> str:
    if not api or api == "https://api.github.com":
        return "https://github.com"
    split = urlsplit(api)
    return f"{split.scheme}://{split.netloc.removeprefix('api.')}"


def _api_of(server: str) -> str:
    """https://docs.github.com/en/enterprise-server/rest/quickstart, and for ghe.com: .../data-residency."""
    scheme, _, host = server.partition("://")
    if host == "github.com" or host.endswith(".ghe.com"):
        return f"{scheme}://api.{host}"
    return f"{server}/api/v3"


def _graphql_of(api: str) -> str:
    return f"{api.removesuffix('/v3')}/graphql"


def _address(environment: Mapping[str, str], name: str) -> str:
    """The address that a variable holds, without a slash at its end; "" without one."""
    text = environment.get(name, "").strip().rstrip("/")
    if not text:
        return ""
    split = _split(text)
    if split is None or split.scheme not in ("http", "https") or not split.hostname:
        raise UsageError(f"{name} is no web address", remedy="It looks like https://github.example.com")
    if split.username is not None or split.query or split.fragment:
        raise UsageError(f"{name} has more than scheme, host and path", remedy="The token goes into GITHUB_TOKEN.")
    if split.scheme == "http" and not is_loopback(split.hostname):
        raise UsageError(f"{name} would send the token unencrypted", remedy="Use https.")
    return f"{split.scheme}://{split.netloc.lower()}{split.path}"


def _split(url: str) -> SplitResult | None:
    try:
        split = urlsplit(url)
        _ = split.port  # raises for a port that is none
    except ValueError:
        return None
    return split if url.isprintable() and " " not in url else None


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
