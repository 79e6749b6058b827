"""The metadata branch on GitHub under faults, rules and other writers: nothing is lost, and nothing doubled."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from claudestep.domain.errors import BranchVanished, HostError, StoreBusy
from claudestep.domain.naming import METADATA_BRANCH
from claudestep.infrastructure.git.command import OUR_EMAIL, OUR_NAME
from claudestep.infrastructure.github.api.patience import Patience
from claudestep.infrastructure.github.api.protocol import Reply, Request
from claudestep.infrastructure.github.api.transport import Transport
from claudestep.infrastructure.github.branch import GitHubMetadataBranch
from claudestep.infrastructure.metadata.branch import (
    BranchError,
    CommitInDoubt,
    MetadataBranch,
    Refused,
    StaleBranch,
)
from claudestep.infrastructure.metadata.store import MetadataStore
from tests.contract.records import add_task, counted
from tests.fakes.clock import FakeClock
from tests.github_client import client_of
from tests.github_server.faults import Kind
from tests.github_server.fixture import Fault, GitHubServer
from tests.integration.github_host import Stage, new_stage

COMMIT = "graphql mutation createCommitOnBranch"
IMPATIENT = Patience(limits=1.0, tries=1)
UNANSWERED = [
    Fault(kind="status", status=502, when="after", on=COMMIT),
    Fault(kind="status", status=502, when="before", on=COMMIT),
    Fault(kind="reset", when="after", on=COMMIT),
    Fault(kind="cut", on=COMMIT),
    Fault(kind="garbage", on=COMMIT),
]
named = pytest.mark.parametrize("fault", UNANSWERED, ids=lambda fault: f"{fault.kind} {fault.when}")


@pytest.fixture
def stage(github: GitHubServer) -> Stage:
    return new_stage(github)


@pytest.fixture
def branch(stage: Stage) -> MetadataBranch:
    return stage.host.branch


def store_of(stage: Stage) -> MetadataStore:
    clock = FakeClock()
    return MetadataStore(GitHubMetadataBranch(client_of(stage.repository, clock=clock), clock), clock=clock)


def line_of(stage: Stage) -> list[str]:
    """The subjects of the branch, newest first, which must be one line."""
    lines = stage.repository.git("log", "--format=%P|%s", METADATA_BRANCH).splitlines()
    assert all(len(line.partition("|")[0].split()) == 1 for line in lines[:-1])
    assert lines[-1].startswith("|")
    return [line.partition("|")[2] for line in lines]


# Requests


def test_a_write_is_a_read_and_a_mutation(stage: Stage) -> None:
    store = store_of(stage)
    store.update("a", add_task("1"))
    assert stage.asked() == ["Metadata", *(f"POST /git/{kind}" for kind in ("trees", "commits", "refs"))]
    store.update("a", add_task("2"))
    assert stage.asked() == ["Metadata", "CreateCommit"]


def test_the_first_commit_is_ours_and_an_orphan(stage: Stage, branch: MetadataBranch) -> None:
    version = branch.commit(None, {"projects/a.json": b"{}\n", "binary": b"\xff\x00"}, "First\n\n- one\n")
    told = stage.repository.git("show", "-s", "--format=%an|%ae|%cn|%ce|%P|%B", version)
    assert told == f"{OUR_NAME}|{OUR_EMAIL}|{OUR_NAME}|{OUR_EMAIL}||First\n\n- one"


# No answer


@named
def test_a_commit_without_an_answer_is_in_doubt(stage: Stage, branch: MetadataBranch, fault: Fault) -> None:
    version = branch.commit(None, {"a": b"1"}, "First")
    stage.repository.fault(fault)
    with pytest.raises(CommitInDoubt):
        branch.commit(version, {"a": b"2"}, "Second")
    assert stage.asked().count("CreateCommit") == 1


@named
def test_a_record_without_an_answer_is_there_once(stage: Stage, fault: Fault) -> None:
    store = store_of(stage)
    store.update("a", add_task("1"))
    stage.repository.fault(fault)
    store.update("a", add_task("2"))
    assert stage.repository.pending_faults() == []
    assert counted(store) == {"1": 1, "2": 1}
    assert len(line_of(stage)) == 2


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["trees", "commits", "refs"])
def test_the_first_record_without_an_answer_is_there_once(stage: Stage, kind: str, when: str) -> None:
    on = f"POST /repos/{stage.repository.name}/git/{kind}"
    stage.repository.fault(Fault(kind="status", status=502, when=when, on=on))  # type: ignore[arg-type]
    store = store_of(stage)
    store.update("a", add_task("1"))
    assert stage.repository.pending_faults() == []
    assert counted(store) == {"1": 1}
    assert len(line_of(stage)) == 1


class SaysMore:
    """A transport whose answer to the first commit holds an error that nobody has met, perhaps beside its data."""

    def __init__(self, inner: Transport, *, with_data: bool) -> None:
        self._inner = inner
        self._data: dict[str, object] = {} if with_data else {"data": {"createCommitOnBranch": None}}
        self._left = 1

    def send(self, request: Request, *, timeout: float) -> Reply:
        reply = self._inner.send(request, timeout=timeout)
        if b"createCommitOnBranch" not in request.body or not self._left:
            return reply
        self._left -= 1
        said = msgspec.json.decode(reply.body, type=dict[str, object])
        error = {"type": "NEW", "path": ["createCommitOnBranch"], "message": "It did not go well"}
        return replace(reply, body=msgspec.json.encode(said | {"errors": [error]} | self._data))


@pytest.mark.parametrize("with_data", [True, False])
def test_an_error_that_nobody_has_met_is_no_sure_refusal(stage: Stage, with_data: bool) -> None:  # noqa: FBT001
    store = MetadataStore(stage.host.branch, clock=stage.clock)
    store.update("a", add_task("1"))
    stage.client._transport = SaysMore(stage.client._transport, with_data=with_data)
    store.update("a", add_task("2"))
    assert counted(store) == {"1": 1, "2": 1}
    assert len(line_of(stage)) == 2


def test_what_never_arrived_is_surely_not_applied(stage: Stage, branch: MetadataBranch) -> None:
    version = branch.commit(None, {"a": b"1"}, "First")
    gone = client_of(stage.repository, patience=IMPATIENT, api="http://127.0.0.1:1")
    with pytest.raises(StaleBranch):
        GitHubMetadataBranch(gone).commit(version, {"a": b"2"}, "Second")
    with pytest.raises(StaleBranch):
        GitHubMetadataBranch(gone).commit(None, {"a": b"2"}, "First")


def test_a_read_that_lags_behind_loses_and_doubles_nothing(stage: Stage) -> None:
    store = store_of(stage)
    for number in range(3):
        store.update("a", add_task(f"{number}"))
    stage.repository.fault(UNANSWERED[0])
    stage.repository.fault(Fault(kind="lag", on="graphql query", requests=3, times=3, skip=1))
    store.update("a", add_task("last"))
    assert stage.repository.pending_faults() == []
    assert counted(store) == {"0": 1, "1": 1, "2": 1, "last": 1}
    assert len(line_of(stage)) == 4


# Others write


def test_somebody_who_writes_in_the_middle_of_it_loses_nothing(stage: Stage) -> None:
    store = store_of(stage)
    store.update("a", add_task("1"))
    stage.repository.fault(
        Fault(kind="move", on="graphql query", ref=f"refs/heads/{METADATA_BRANCH}", files={"other": "by hand\n"})
    )
    store.update("a", add_task("2"))
    assert counted(store) == {"1": 1, "2": 1}
    assert stage.repository.show("other", METADATA_BRANCH) == "by hand\n"
    assert len(line_of(stage)) == 3


def test_a_branch_that_is_deleted_meanwhile_is_never_made_anew(stage: Stage) -> None:
    store = store_of(stage)
    store.update("a", add_task("1"))
    clock = FakeClock()
    deleting = _Deleting(stage)
    with pytest.raises(BranchVanished):
        MetadataStore(deleting, clock=clock).update("a", add_task("2"))
    assert f"refs/heads/{METADATA_BRANCH}" not in stage.repository.refs()


class _Deleting(GitHubMetadataBranch):
    """Somebody deletes the branch after it was read, and before the commit."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.client)
        self._stage = stage

    def commit(self, base: str | None, changes: Mapping[str, bytes | None], message: str) -> str:
        self._stage.repository.delete_branch(METADATA_BRANCH)
        return super().commit(base, changes, message)


def test_writers_at_the_same_time_lose_nothing(stage: Stage) -> None:
    names = [f"{writer} {number}" for writer in range(4) for number in range(3)]

    def write(writer: int) -> None:
        store = MetadataStore(GitHubMetadataBranch(client_of(stage.repository)))
        for name in names[writer * 3 : writer * 3 + 3]:
            store.update("a", add_task(name))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert counted(store_of(stage)) == dict.fromkeys(names, 1)
    assert len(line_of(stage)) == len(names)


# Refused


Arrange = Callable[[Stage], object]


def _rule(kind: str, **more: object) -> Arrange:
    return lambda stage: stage.repository.configure(rules=[{"pattern": "~ALL", "kind": kind, **more}])


@pytest.mark.parametrize(
    ("arrange", "words"),
    [
        (_rule("pull_request"), "Changes must be made through a pull request"),
        (_rule("pull_request", classic=True), "Changes must be made through a pull request"),
        (_rule("merge_queue"), "merge queue"),
        (lambda stage: stage.repository.configure(archived=True), "archived"),
    ],
    ids=["ruleset", "classic", "merge queue", "archived"],
)
def test_what_is_refused_is_told_with_a_remedy_and_not_tried_again(
    stage: Stage, arrange: Arrange, words: str
) -> None:
    store = store_of(stage)
    store.update("a", add_task("1"))
    arrange(stage)
    stage.repository.forget_requests()
    with pytest.raises(StoreBusy, match=words) as caught:
        store.update("a", add_task("2"))
    assert caught.value.remedy
    assert stage.asked().count("CreateCommit") == 1
    assert counted(store) == {"1": 1}


@pytest.mark.parametrize("kind", ["creation", "required_signatures"])
def test_a_rule_against_the_first_commit_is_told(stage: Stage, kind: str) -> None:
    _rule(kind)(stage)
    with pytest.raises(StoreBusy, match="a rule of the repository refuses it") as caught:
        store_of(stage).update("a", add_task("1"))
    assert caught.value.remedy


def test_signatures_may_be_required_once_the_branch_is_there(stage: Stage) -> None:
    store = store_of(stage)
    store.update("a", add_task("1"))
    _rule("required_signatures")(stage)
    store.update("a", add_task("2"))
    assert counted(store) == {"1": 1, "2": 1}


def test_an_empty_repository_cannot_hold_a_branch_yet(github: GitHubServer) -> None:
    stage = Stage(github.new_repository())
    with pytest.raises(Refused, match="no commit yet") as caught:
        stage.host.branch.commit(None, {"a": b"1"}, "First")
    assert "git push" in caught.value.remedy


@pytest.mark.parametrize("kind", ["read", "expired"])
def test_a_token_that_may_not_write_is_told(github: GitHubServer, stage: Stage, kind: str) -> None:
    version = stage.host.branch.commit(None, {"a": b"1"}, "First")
    github.add_user("somebody", f"token-{kind}", kind)
    for base in (version, None):
        with pytest.raises(Refused) as caught:
            stage.again(f"token-{kind}").host.branch.commit(base, {"a": b"2"}, "Second")
        assert caught.value.remedy


def test_a_limit_beyond_patience_is_told(stage: Stage, branch: MetadataBranch) -> None:
    version = branch.commit(None, {"a": b"1"}, "First")
    stage.repository.fault(Fault(kind="primary_limit", on="graphql mutation*", seconds=3000, times=None))
    impatient = GitHubMetadataBranch(client_of(stage.repository, patience=IMPATIENT))
    with pytest.raises(Refused, match="limit"):
        impatient.commit(version, {"a": b"2"}, "Second")
    assert branch.read().version == version


def test_a_limit_is_waited_for_and_the_commit_is_there_once(stage: Stage) -> None:
    store = store_of(stage)
    store.update("a", add_task("1"))
    stage.repository.fault(Fault(kind="secondary_limit", on=COMMIT, seconds=30, times=2))
    store.update("a", add_task("2"))
    assert counted(store) == {"1": 1, "2": 1}


def test_removing_what_is_not_there_alone_makes_no_other_change(branch: MetadataBranch) -> None:
    version = branch.commit(None, {"a": b"1"}, "First")
    branch.commit(version, {"gone": None, "b": b"2"}, "Second")
    assert branch.read().files == {"a": b"1", "b": b"2"}


# Long logs


def test_a_log_longer_than_a_page_is_read_to_its_end(stage: Stage, branch: MetadataBranch) -> None:
    first = branch.commit(None, {"a": b"1"}, "First")
    tree = stage.repository.git("rev-parse", f"{first}^{{tree}}")
    commits = [first]
    stream = "".join(
        f"commit refs/heads/{METADATA_BRANCH}\nmark :{n}\ncommitter A <a@b> {1_700_000_000 + n} +0100\n"
        f"data {len(f'Number {n}')}\nNumber {n}\nfrom {first if n == 1 else f':{n - 1}'}\n\n"
        for n in range(1, 251)
    )
    stage.repository.git("fast-import", "--quiet", stdin=stream)
    commits = stage.repository.git("rev-list", METADATA_BRANCH).splitlines()
    assert stage.repository.git("rev-parse", f"{METADATA_BRANCH}^{{tree}}") == tree
    stage.repository.forget_requests()
    whole = branch.read("")
    assert stage.asked() == ["Metadata", "LogPage", "LogPage"]
    assert whole.log_complete
    assert [entry.version for entry in whole.log] == commits
    part = branch.read(commits[120])
    assert stage.asked() == ["Metadata", "LogPage"]
    assert [entry.version for entry in part.log] == commits[:120]
    assert [entry.version for entry in branch.log(205)] == commits[:205]
    assert branch.ancestry().roots == (first,)


def test_what_cannot_be_read_is_an_error_and_no_empty_branch(github: GitHubServer, stage: Stage) -> None:
    stage.host.branch.commit(None, {"a": b"1"}, "First")
    github.add_user("late", "token-expired-2", "expired")
    with pytest.raises(HostError):
        stage.again("token-expired-2").host.branch.read()


@pytest.mark.parametrize(
    "kind", ["status", "reset", "cut", "garbage", "unauthorized", "forbidden", "secondary_limit"]
)
def test_every_error_of_a_commit_is_one_of_the_ports_three(stage: Stage, kind: Kind) -> None:
    version = stage.host.branch.commit(None, {"a": b"1"}, "First")
    stage.repository.fault(Fault(kind=kind, on=COMMIT, seconds=9999))
    impatient = GitHubMetadataBranch(client_of(stage.repository, patience=IMPATIENT))
    with pytest.raises(BranchError):
        impatient.commit(version, {"a": b"2"}, "Second")


def test_a_document_has_the_time_of_the_host_and_not_that_of_a_machine_whose_clock_is_wrong(stage: Stage) -> None:
    clock = FakeClock()
    store = store_of(stage)
    store.update("a", add_task("1"))
    store.update("a", add_task("2"))
    written = store.get("a").value.last_updated
    assert written is not None
    assert written > clock.now() + timedelta(days=1)
