"""Writers over the GitHub server of the tests with its faults, beside a model of what must be there."""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claudestep.domain.errors import ClaudeStepError
from claudestep.infrastructure.github.branch import GitHubMetadataBranch
from claudestep.infrastructure.metadata.git_branch import REF
from claudestep.infrastructure.metadata.store import MetadataStore
from claudestep.infrastructure.retry import Patience
from tests.contract.records import add_task, counted
from tests.fakes.clock import FakeClock
from tests.fakes.memory_branch import RIVAL_DOCUMENT, RIVAL_FILE
from tests.github_client import client_of
from tests.github_server.fixture import Fault, GitHubServer, RemoteRepository

_COMMIT = "graphql mutation createCommitOnBranch"
_QUERY = "graphql query*"
FAULTS = (
    Fault(kind="status", on=_COMMIT, when="before"),
    Fault(kind="status", on=_COMMIT, when="after", status=504),
    Fault(kind="reset", on=_COMMIT, when="before"),
    Fault(kind="reset", on=_COMMIT, when="after", times=2),
    Fault(kind="cut", on=_COMMIT),
    Fault(kind="garbage", on=_COMMIT),
    Fault(kind="partial", on=_COMMIT),
    Fault(kind="secondary_limit", on=_COMMIT, seconds=3),
    Fault(kind="status", on=_QUERY, times=2),
    Fault(kind="cut", on=_QUERY),
    Fault(kind="garbage", on=_QUERY),
    Fault(kind="partial", on=_QUERY),
    Fault(kind="lag", on=_QUERY, requests=3, times=2),
    Fault(kind="truncate", on=_QUERY, bytes=40),
    Fault(kind="move", on=_QUERY, ref=REF, files={RIVAL_FILE: RIVAL_DOCUMENT.decode()}),
    Fault(kind="status", on="POST /repos/*/git/*", when="after"),
    Fault(kind="reset", on="POST /repos/*/git/refs", when="after"),
)
_UPDATES = st.tuples(st.integers(0, 2), st.sampled_from("ab"))
_MOVES = st.lists(_UPDATES | _UPDATES | st.sampled_from(FAULTS), min_size=2, max_size=12)


@dataclass
class Told:
    """Three writers, and what they were told of their records: surely there, or nobody can know."""

    repository: RemoteRepository
    sure: set[str] = field(default_factory=set)
    perhaps: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.stores = [self.store() for _ in range(3)]

    def store(self) -> MetadataStore:
        clock = FakeClock()
        branch = GitHubMetadataBranch(client_of(self.repository, clock=clock), clock)
        return MetadataStore(branch, clock=clock, patience=Patience(draw=lambda _, longest: longest))

    def update(self, writer: int, name: str, record: str) -> None:
        try:
            self.stores[writer].update(name, add_task(record))
        except ClaudeStepError as error:
            if "may have been written" in str(error):
                self.perhaps.add(record)
        else:
            self.sure.add(record)

    def check(self) -> None:
        found = counted(self.store())
        assert found == Counter(found.keys()), "recorded twice"
        assert self.sure <= found.keys(), "lost"
        assert found.keys() <= self.sure | self.perhaps, "surely not written, and there"
        if found:
            parents = [line.split()[1:] for line in self.repository.git("rev-list", "--parents", REF).splitlines()]
            assert [len(each) for each in parents] == [*(1 for _ in parents[1:]), 0], "one line, and one root"


@settings(max_examples=12, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(moves=_MOVES)
def test_whatever_faults_github_has_the_branch_is_what_the_writers_were_told(
    github: GitHubServer, moves: list[tuple[int, str] | Fault]
) -> None:
    told = Told(github.new_repository({"README.md": "Somebody's code.\n"}))
    for number, move in enumerate(moves):
        if isinstance(move, Fault):
            told.repository.fault(move)
        else:
            told.update(*move, f"r{number}")
    github.clear_faults()
    told.check()
