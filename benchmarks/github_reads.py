"""Reading from GitHub in several ways, against the test server: `make bench`. No figure is asserted.

The server is ours, on loopback, and speaks as GitHub does; what a request takes there is the latency that it is
told to add, and its own work. The figures compare the ways with each other.
"""

import io
import os
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
from benchmarks.bench import MANY, many
from tests.github_server.fixture import DEFAULT_TOKEN, Fault, GitHubServer, RemoteRepository

import claudestep
from claudestep.infrastructure.clock import SystemClock
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.api.endpoints import Endpoints, RepositoryName
from claudestep.infrastructure.github.api.token import Token
from claudestep.infrastructure.github.api.transport import Urllib3Transport
from claudestep.infrastructure.github.branch import GitHubMetadataBranch

SIZES = (20, 100, 1000)
LATENCIES = (0.0, 0.08)
BRANCH = "claudestep-metadata"
FEW = 3
ONCE_FROM = 200
"""Requests from which on a way is timed once only."""


class Entry(msgspec.Struct):
    path: str
    type: str


class Tree(msgspec.Struct):
    tree: list[Entry]


PEAK = """
import resource, sys
from claudestep.cli.main import start
code = start()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
sys.exit(code)
"""

Files = Mapping[str, bytes]
Way = Callable[[], Files]


def client(remote: RemoteRepository) -> GitHub:
    environment = remote.server.environment()
    return GitHub(
        endpoints=Endpoints.read(environment),
        repository=RepositoryName.parse(remote.name),
        token=Token(DEFAULT_TOKEN),
        transport=Urllib3Transport(environment),
        clock=SystemClock(),
    )


def by_one_request(github: GitHub) -> Files:
    return GitHubMetadataBranch(github).read().files


def by_tarball(github: GitHub) -> Files:
    """The head, then the archive of that commit (two requests: it is redirected)."""
    root = f"/repos/{github.repository}"
    found = github.rest("GET", f"{root}/git/ref/heads/{BRANCH}", dict[str, object]).data["object"]
    assert isinstance(found, dict)
    archive = github.download(f"{root}/tarball/{found['sha']}")
    with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
        members = [(member, opened.extractfile(member)) for member in opened.getmembers()]
        return {member.name.partition("/")[2]: file.read() for member, file in members if file is not None}


def by_contents(github: GitHub) -> Files:
    """The list of files, then each by itself over the same connection."""
    root = f"/repos/{github.repository}"
    listed = github.rest("GET", f"{root}/git/trees/{BRANCH}?recursive=1", Tree).data
    paths = [entry.path for entry in listed.tree if entry.type == "blob"]
    files = {}
    for path in paths:
        found = github.rest("GET", f"{root}/contents/{path}?ref={BRANCH}", dict[str, object]).data
        files[path] = b64decode(str(found["content"]))
    return files


def by_git(remote: RemoteRepository) -> Files:
    """A shallow fetch into an empty repository, and its files."""
    with tempfile.TemporaryDirectory() as folder:

        def git(*args: str, stdin: bytes = b"") -> bytes:
            environment = {"PATH": os.environ["PATH"], "GIT_TERMINAL_PROMPT": "0"}
            argv = ["git", "-C", folder, *args]
            return subprocess.run(argv, input=stdin, env=environment, check=True, capture_output=True).stdout

        git("init", "--quiet", "--bare")
        git("fetch", "--quiet", "--depth=1", remote.git_url(DEFAULT_TOKEN), BRANCH)
        archive = git("archive", "--format=tar", "FETCH_HEAD")
        with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
            members = [(member, opened.extractfile(member)) for member in opened.getmembers()]
            return {member.name: file.read() for member, file in members if file is not None}


def timed(remote: RemoteRepository, way: Way, expected: Files) -> tuple[float, int]:
    """Seconds, the median of some rounds, and the requests of one round."""
    remote.forget_requests()
    seconds = [once(way, expected)]
    requests = len(remote.requests())
    if requests < ONCE_FROM:
        seconds = [once(way, expected) for _ in range(FEW)]
    return statistics.median(seconds), requests


def once(way: Way, expected: Files) -> float:
    start = time.perf_counter()
    files = way()
    elapsed = time.perf_counter() - start
    assert files == expected, "a way that reads something else is not compared"
    return elapsed


def compare(remote: RemoteRepository, latency: float) -> None:
    """One table: all ways on one branch."""
    github = client(remote)
    expected = by_one_request(github)
    size = sum(map(len, expected.values())) / 1024
    print(f"\n{len(expected) - 2} documents, {size:,.0f} KiB, {latency * 1000:.0f} ms a request")
    print(f"{'way':28} {'requests':>8} {'seconds':>9}  as many times as one request")
    remote.clear_faults()
    if latency:
        remote.fault(Fault(kind="latency", seconds=latency, times=None))
    ways: dict[str, Way] = {
        "one request": lambda: by_one_request(github),
        "tarball": lambda: by_tarball(github),
        "git fetch --depth=1": lambda: by_git(remote),
        "tree + contents": lambda: by_contents(github),
    }
    unit = 0.0
    for name, way in ways.items():
        seconds, requests = timed(remote, way, expected)
        unit = unit or seconds
        print(f"{name:28} {requests:8} {seconds:9.3f}  {seconds / unit:6.1f}")


def statistics_of_many(server: GitHubServer, folder: Path) -> None:
    """The large case as a user has it: the whole program, in a clone."""
    lines = "\n".join(f"- [x] Migrate module number {n} to the new interface\n" for n in range(50))
    specs = {f"claude-step/project-{n:04}/spec.md": lines for n in range(MANY)}
    remote = server.new_repository(specs)
    fill(remote, MANY)
    remote.clone(folder / "clone", DEFAULT_TOKEN)
    remote.fault(Fault(kind="latency", seconds=0.08, times=None))
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **server.environment()}
    remote.forget_requests()
    start = time.perf_counter()
    argv = [sys.executable, "-c", PEAK, "-C", str(folder / "clone"), "statistics"]
    done = subprocess.run(argv, env=environment, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    print(f"\nclaudestep statistics, {MANY:,} projects x 50 steps, 80 ms a request")
    print(f"{len(remote.requests())} request, {seconds:.1f} s, peak memory {int(done.stderr) / 1024:.0f} MiB")


def fill(remote: RemoteRepository, projects: int) -> None:
    store = claudestep.open_store(remote.path, local=True)
    store.transact(lambda *_: claudestep.Change(many(projects), "Fill", None))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        server = GitHubServer(Path(folder))
        try:
            for size in SIZES:
                remote = server.new_repository({"README.md": "code\n"})
                fill(remote, size)
                for latency in LATENCIES:
                    compare(remote, latency)
                    remote.clear_faults()
            statistics_of_many(server, Path(folder))
        finally:
            server.stop()


if __name__ == "__main__":
    main()
