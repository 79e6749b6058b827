"""Archives: 302 to another host, where a link of short life gives a tar of one commit (github-facts, section 4)."""

import hmac
import secrets
import subprocess

from starlette.responses import Response

from tests.github_server.problems import NotFound
from tests.github_server.rest.ask import Ask, Routes
from tests.github_server.rest.paths import find_commit
from tests.github_server.state import Repository

LIFETIME = 300  # seconds, for links to private repositories
_KEY = secrets.token_bytes(16)
# GitHub has codeload.github.com; on loopback there are two names for one address.
_OTHER = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}


def get_tarball(ask: Ask) -> Response:
    repository = ask.repository
    ref = ask.request.path_params.get("ref") or repository.default_branch
    if repository.is_empty:
        raise NotFound
    oid = str(find_commit(ask, repository, str(ref)).id)
    until = int(ask.host.clock.now().timestamp()) + LIFETIME
    token = _token(repository, oid, until)
    url = f"{_other_host(ask)}/{repository.full_name}/legacy.tar.gz/{oid}?token={until}-{token}"
    return Response(status_code=302, headers={"location": url})


def download(ask: Ask) -> Response:
    """The archive itself; who has the link needs no other credentials."""
    repository, oid = ask.host.repository(ask.part("owner"), ask.part("name")), ask.part("sha")
    until, _, token = ask.query("token").partition("-")
    now = ask.host.clock.now().timestamp()
    if not until.isdecimal() or int(until) < now or token != _token(repository, oid, int(until)):
        raise NotFound
    folder = f"{repository.full_name.replace('/', '-')}-{oid[:7]}"
    command = ["git", "-C", str(repository.objects.path), "archive", "--format=tar.gz", f"--prefix={folder}/", oid]
    packed = subprocess.run(command, check=True, capture_output=True).stdout
    headers = {"content-disposition": f"attachment; filename={folder}.tar.gz"}
    return Response(packed, headers=headers, media_type="application/x-gzip")


def _token(repository: Repository, oid: str, until: int) -> str:
    return hmac.new(_KEY, f"{repository.id} {oid} {until}".encode(), "sha256").hexdigest()


def _other_host(ask: Ask) -> str:
    scheme, _, address = ask.links.root.partition("://")
    name, colon, port = address.partition(":")
    return f"{scheme}://{_OTHER.get(name, name)}{colon}{port}"


ROUTES: Routes = (
    ("GET", "/repos/{owner}/{name}/tarball", get_tarball),
    ("GET", "/repos/{owner}/{name}/tarball/{ref:path}", get_tarball),
    ("GET", "/{owner}/{name}/legacy.tar.gz/{sha}", download),
)
