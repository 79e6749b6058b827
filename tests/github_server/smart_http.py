"""git over smart HTTP, as GitHub serves it: `git http-backend` does the work, so that real git speaks to real git.

Paths and services are those of gitprotocol-http(5). Who may do what is decided in `git_gate`.
"""

import os
import subprocess
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.github_server import push_rules
from tests.github_server.call import Call
from tests.github_server.git_gate import Admission, Moved, Refusal, admit
from tests.github_server.handling import endpoint
from tests.github_server.refs import Following
from tests.github_server.state import Host

WRITING = "git-receive-pack"


def routes(_: Host) -> list[Route]:
    """The three paths, with and without ".git" after the name."""
    serve = endpoint(_serve)
    return [
        Route("/{owner}/{name}/info/refs", serve, methods=["GET"]),
        Route("/{owner}/{name}/git-upload-pack", serve, methods=["POST"]),
        Route("/{owner}/{name}/git-receive-pack", serve, methods=["POST"]),
    ]


def _serve(call: Call, request: Request) -> Response:
    # Two credentials at once: actions/checkout leaves one in the configuration, and a second one is GitHub's 400.
    if len(request.headers.getlist("authorization")) > 1:
        return PlainTextResponse('Duplicate header: "Authorization"\n', 400)
    service = request.query_params.get("service") or request.url.path.rpartition("/")[2]
    owner, name = request.path_params["owner"], request.path_params["name"].removesuffix(".git")
    match admit(call, owner, name, writing=service == WRITING):
        case Refusal() as refusal:
            return PlainTextResponse(refusal.text, refusal.status, headers=dict(refusal.headers))
        case Moved(owner=owner, name=name):
            path = f"/{owner}/{name}.git/{_service_path(request)}"
            return RedirectResponse(str(request.url.replace(path=path)), 301)
        case Admission() as admission if request.method == "POST" and service == WRITING:
            with Following(admission.repository):  # the lock of all writers; pull requests follow the push
                return _run_backend(request, admission, call.body)
        case Admission() as admission:
            return _run_backend(request, admission, call.body)


def _service_path(request: Request) -> str:
    """What follows the repository in the path."""
    path: str = request.scope["path"]
    return path.split("/", 3)[3]


def _run_backend(request: Request, admission: Admission, body: bytes) -> Response:
    environment = _environment(request, admission, len(body))
    backend = subprocess.run(["git", "http-backend"], env=environment, input=body, capture_output=True, check=False)
    header, _, content = backend.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in header.decode("latin-1").splitlines())
    status = headers.pop("Status", "200 OK")
    return Response(content, int(status.split()[0]), headers=headers)


def _environment(request: Request, admission: Admission, length: int) -> Mapping[str, str]:
    """The CGI variables of git-http-backend(1)."""
    noreply = f"{admission.login}@users.noreply.github.com"
    return {
        "PATH": os.environ["PATH"],
        "GIT_PROJECT_ROOT": str(admission.repository.objects.path),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{_service_path(request)}",
        "QUERY_STRING": request.url.query,
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(length),
        "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        "REMOTE_USER": admission.login,
        "REMOTE_ADDR": "127.0.0.1",
        "GIT_COMMITTER_NAME": admission.login,
        "GIT_COMMITTER_EMAIL": noreply,
        **push_rules.environment(admission.repository.rules),
    }
