"""Many processes write to one metadata branch while requests fail; then git counts what is there: `make stress`.

Each write appends one AI operation with an id of its own; with `--keep` it takes out those that the same writer
wrote before, so that documents stay as large as real ones. Afterwards nothing of ClaudeStep is asked: git and a
JSON parser say, over the whole history, whether every write that returned is there exactly once and no other write
took it out again, whether the branch is one line of commits, and whether its objects are whole. Exit status 1 where
it is not so.

    python -m benchmarks.stress                                     about five minutes
    python -m benchmarks.stress --table                             8 and 32 writers; 0, 5 and 20 % faults
    python -m benchmarks.stress --backends graphql --writers 32 --writes 10016 --projects 8 --keep 1 --faults 5

The server is that of the tests, on the same machine, and is none of GitHub's: the times compare the rows.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import quantiles
from threading import Event, Thread

from benchmarks.stress_count import BRANCH, Found, find, moved, plain
from benchmarks.stress_writer import TAKES_AN_API
from tests.contract.adapters import git
from tests.github_server.fixture import Fault, GitHubServer, RemoteRepository
from tests.integration.store_writer import Met, peak_memory
from tests.integration.writers import Load

import claudestep

TOKEN = "token-of-many-writers"  # noqa: S105
EVERYTHING = 10**9
DAY = 86_400
TIMEOUT = 31.0  # ClaudeStep waits 30 s for a reply
COMMITS = {"graphql": "graphql mutation createCommitOnBranch", "rest": "PATCH */git/refs/*"}
READS = {"graphql": "graphql query Metadata", "rest": "GET */git/ref*"}
WRITER = "benchmarks.stress_writer"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One row of the table. `faults` is the share of requests that fail, in per cent."""

    backend: str
    writers: int
    writes: int
    projects: int
    faults: float = 0.0
    latency: float = 0.0
    patience: float | None = None
    keep: int | None = None


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a case is played: what the writers are told, and the repository that git looks at afterwards."""

    repository: str
    path: Path
    environment: dict[str, str]
    remote: RemoteRepository | None = None


# What goes wrong


def faults_of(case: Case) -> list[Fault]:
    """Half of them before the work was done, half after it, when only the reply is lost.

    Of a hundred writes that meet a fault one is done only after its writer has stopped waiting for the reply.
    `move` makes others write while the branch is read, so that the next write is refused as stale.
    """
    half = case.faults / 100 / 2
    return [
        Fault(kind="status", status=502, when="before", rate=half * 0.4, seed=1, times=None),
        Fault(kind="reset", when="before", rate=half * 0.4, seed=2, times=None),
        Fault(kind="move", on=READS[case.backend], rate=half * 0.2, seed=3, times=None),
        Fault(kind="latency", seconds=TIMEOUT, on=COMMITS[case.backend], rate=half * 0.01, seed=4, times=None),
        Fault(kind="status", status=502, when="after", rate=half * 0.4, seed=5, times=None),
        Fault(kind="reset", when="after", rate=half * 0.3, seed=6, times=None),
        Fault(kind="cut", when="after", rate=half * 0.3, seed=7, times=None),
    ]


# Where


def local_place(folder: Path) -> Place:
    git(folder, "init", "--quiet", "--initial-branch=main", "repository")
    path = folder / "repository"
    git(path, "commit", "--quiet", "--allow-empty", "--message", "First commit")
    return Place(repository=str(path), path=path, environment={})


def remote_place(server: GitHubServer) -> Place:
    """A repository on the test server, and somebody whom no limit stops."""
    server.add_user("octo-writer", TOKEN)
    for resource in ("graphql", "core"):
        server.control("set-limit", token=TOKEN, resource=resource, limit=EVERYTHING, used=0, seconds=EVERYTHING)
    remote = server.new_repository({"README.md": "Somebody's code.\n"})
    return Place(repository=remote.name, path=remote.path, environment=server.environment(TOKEN), remote=remote)


def begin(place: Place) -> None:
    """The first commit of the branch, which holds an empty project."""
    store = claudestep.open_store(place.path, local=True)
    store.put("zero", claudestep.Project(project="zero"), expected=None)


# The writing


def play(case: Case, place: Place) -> tuple[list[Met], float]:
    """Let all writers go; what they met, and the seconds that it took."""
    names = [f"project-{number:02}" for number in range(case.projects)]
    given = {"patience": case.patience, "keep": case.keep}
    options = [f"--{name}={value}" for name, value in given.items() if value is not None]
    load = Load(
        repository=place.repository,
        writers=case.writers,
        projects=names,
        environment={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, **place.environment},
        updates=case.writes // case.writers,
        program=(WRITER, f"--api={case.backend}", *options),
        longest=DAY,
    )
    if place.remote is not None:
        arm(case, place.remote)
    begun = time.monotonic()
    with looking_on(place, case.writes):
        met = load.write()
    seconds = time.monotonic() - begun
    if place.remote is not None:
        place.remote.clear_faults()
        time.sleep(TIMEOUT if case.faults else 0)  # a write that is still under way shall be seen
    return met, seconds


def arm(case: Case, remote: RemoteRepository) -> None:
    if case.latency:
        remote.fault(Fault(kind="latency", seconds=case.latency, times=None))
    for fault in faults_of(case) if case.faults else ():
        remote.fault(fault)


@contextmanager
def looking_on(place: Place, writes: int) -> Iterator[None]:
    """Tell every minute how far it is, and let the server forget the requests that it keeps for tests."""
    over, begun = Event(), time.monotonic()

    def look() -> None:
        told = begun
        while not over.wait(2):
            if place.remote is not None:
                place.remote.forget_requests()
            if time.monotonic() - told >= 60:
                told = time.monotonic()
                there = plain(place.path, "rev-list", "--count", BRANCH)
                print(f"  {told - begun:.0f} s: {there} commits of {writes}", file=sys.stderr, flush=True)

    thread = Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


# The report


@dataclass(frozen=True, kw_only=True)
class Row:
    """What came of a case."""

    case: Case
    met: Sequence[Met]
    found: Found
    seconds: float
    requests: int = 0
    struck: int = 0
    moved: int = 0
    server: int = 0

    @property
    def raised(self) -> dict[str, str]:
        return {id_: why for each in self.met for id_, why in each.raised.items()}

    @property
    def returned(self) -> set[str]:
        """The ids of the writes that returned."""
        each = self.case.writes // self.case.writers
        return {f"{w}-{n}" for w in range(self.case.writers) for n in range(each)} - {*self.raised}

    @property
    def lost(self) -> int:
        return len(self.returned - {*self.found.ids})

    @property
    def doubled(self) -> int:
        """Ids that are there more than once, and commits that are."""
        return sum(n - 1 for counts in (self.found.ids, self.found.trailers) for n in counts.values())

    @property
    def raised_and_there(self) -> int:
        return len({*self.raised} & {*self.found.ids})

    def problems(self) -> list[str]:
        """What must not be, in words."""
        found = self.found
        effective = len(found.ids)
        wrong = {
            f"{self.lost} writes that returned are not there": self.lost,
            f"{self.doubled} are there twice": self.doubled,
            f"{found.odd} commits have not exactly one parent": found.odd,
            f"git fsck: {found.fsck}": found.fsck,
            f"{sum(found.trailers.values()) - 1} commits of ours for {effective} writes": (
                sum(found.trailers.values()) - 1 != effective
            ),
            f"{found.commits} commits, of which {self.moved} are of others": (
                found.commits != 1 + effective + self.moved
            ),
        }
        return [sentence for sentence, is_so in wrong.items() if is_so]

    def cells(self) -> dict[str, str]:
        """The row by the names of its columns."""
        case = self.case
        times = sorted(second for each in self.met for second in each.seconds)
        cuts = quantiles(times, n=20, method="inclusive")
        writes = len(times)
        return {
            "backend": case.backend,
            "writers": str(case.writers),
            "projects": str(case.projects),
            "faults": f"{100 * self.struck / self.requests:.1f} %" if self.struck else "0",
            "writes": f"{case.writes // case.writers * case.writers:,}",
            "lost": str(self.lost),
            "doubled": str(self.doubled),
            "raised (there)": f"{len(self.raised)} ({self.raised_and_there})",
            "retries": f"{sum(each.lost for each in self.met):,}",
            "requests/write": f"{self.requests / writes:.1f}" if self.requests else "",
            "p50 s": f"{cuts[9]:.2f}",
            "p95 s": f"{cuts[18]:.2f}",
            "max s": f"{times[-1]:.1f}",
            "writes/s": f"{writes / self.seconds:.1f}",
            "writer MiB": f"{max(each.peak for each in self.met) / 1024:.0f}",
            "server MiB": f"{self.server / 1024:.0f}" if self.server else "",
        }


def outcome(case: Case, folder: Path) -> Row:
    """Play one case in a folder of its own."""
    if case.backend == "local":
        place = local_place(folder)
        begin(place)
        met, seconds = play(case, place)
        return Row(case=case, met=met, found=find(place.path), seconds=seconds)
    server = GitHubServer(folder)
    try:
        place = remote_place(server)
        begin(place)
        met, seconds = play(case, place)
        assert place.remote is not None
        requests, struck = place.remote.tally()
        if case.latency:
            struck.pop("latency before", None)
        return Row(
            case=case, met=met, found=find(place.path), seconds=seconds, requests=requests,
            struck=sum(struck.values()), moved=moved(place.path), server=peak_memory(server.pid),
        )  # fmt: skip
    finally:
        server.stop()


def show(row: Row, *, heading: bool, say: Callable[[str], None] = print) -> None:
    cells = row.cells()
    if heading:
        say("| " + " | ".join(cells) + " |")
        say("| --- |" + " ---: |" * (len(cells) - 1))
    say("| " + " | ".join(cells.values()) + " |")
    for why, number in Counter(row.raised.values()).most_common(5):
        print(f"  raised {number} times: {why}", file=sys.stderr)
    for problem in row.problems():
        print(f"  WRONG: {problem}", file=sys.stderr)
    sys.stdout.flush()


# Which cases


def cases(told: argparse.Namespace) -> list[Case]:
    """All combinations of what was asked for; without the network nothing is lost on it."""
    made = [
        Case(
            backend=backend, writers=writers, writes=told.writes, projects=projects, faults=faults,
            latency=told.latency / 1000, patience=told.patience, keep=told.keep,
        )
        for backend in told.backends
        for writers in told.writers
        for projects in told.projects
        for faults in told.faults
    ]  # fmt: skip
    alone = [replace(case, faults=0.0, latency=0.0) if case.backend == "local" else case for case in made]
    there = [case for case in alone if case.backend != "rest" or TAKES_AN_API]
    return list(dict.fromkeys(there))


def options() -> argparse.Namespace:
    plain_text = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stress", description=__doc__, formatter_class=plain_text
    )
    parser.add_argument("--table", action="store_true", help="all rows, the numbers below apart")
    parser.add_argument("--backends", nargs="+", choices=("local", "graphql", "rest"), default=None)
    parser.add_argument("--writers", nargs="+", type=int, default=None, help="processes")
    parser.add_argument("--projects", nargs="+", type=int, default=None, help="that they write to")
    parser.add_argument("--faults", nargs="+", type=float, default=None, help="per cent of the requests that fail")
    parser.add_argument("--writes", type=int, default=320, help="of all writers together (320)")
    parser.add_argument("--latency", type=float, default=0.0, help="milliseconds that are added to each request")
    parser.add_argument("--patience", type=float, help="seconds after which a write is given up (120)")
    parser.add_argument("--keep", type=int, help="operations of a writer that stay in a document (all)")
    told = parser.parse_args()
    told.backends = told.backends or ["local", "graphql", "rest"]
    told.writers = told.writers or ([8, 32] if told.table else [32])
    told.projects = told.projects or ([1, 8] if told.table else [8])
    told.faults = told.faults or ([0.0, 5.0, 20.0] if told.table else [0.0, 5.0])
    return told


def main() -> int:
    fine = True
    for number, case in enumerate(cases(options())):
        with tempfile.TemporaryDirectory() as folder:
            row = outcome(case, Path(folder))
        show(row, heading=not number)
        fine = fine and not row.problems()
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
