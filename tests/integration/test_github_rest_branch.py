"""The metadata branch on GitHub by REST alone, under faults, rules and other writers: none lost or doubled."""

from collections.abc import Callable

import pytest

from claudestep.domain.errors import BranchVanished, HostError, NotFound, StoreBusy
from claudestep.domain.naming import METADATA_BRANCH
from claudestep.infrastructure.github import git_data
from claudestep.infrastructure.github.api.patience import Patience
from claudestep.infrastructure.github.api.protocol import Reply, Request
from claudestep.infrastructure.github.api.transport import Transport
from claudestep.infrastructure.github.rest_branch import RestMetadataBranch
from claudestep.infrastructure.metadata.branch import BranchError, CommitInDoubt, Refused, StaleBranch
from claudestep.infrastructure.metadata.store import MetadataStore
from tests.contract.records import add_task, counted
from tests.fakes.clock import FakeClock
from tests.github_client import client_of
from tests.github_server.faults import Kind
from tests.github_server.fixture import Fault, GitHubServer
from tests.integration.github_host import Stage, new_stage

REF = f"refs/heads/{METADATA_BRANCH}"
HEAD = f"GET /git/matching-{REF}"
MOVE = f"PATCH /git/{REF}"
WRITE = ["POST /git/trees", "POST /git/commits", MOVE]
IMPATIENT = Patience(limits=1.0, tries=1)
LOST = [
    Fault(kind="status", status=502, when="after"),
    Fault(kind="status", status=502, when="before"),
    Fault(kind="reset", when="after"),
    Fault(kind="cut"),
    Fault(kind="garbage"),
]
lost = pytest.mark.parametrize("fault", LOST, ids=lambda fault: f"{fault.kind} {fault.when}")


@pytest.fixture
def stage(github: GitHubServer) -> Stage:
    return new_stage(github)


@pytest.fixture
def branch(stage: Stage) -> RestMetadataBranch:
    return RestMetadataBranch(stage.client, stage.clock)


@pytest.fixture
def store(stage: Stage, branch: RestMetadataBranch) -> MetadataStore:
    return MetadataStore(branch, clock=stage.clock)


def arm(stage: Stage, fault: Fault, on: str) -> None:
    """`on` as `Stage.asked` tells it."""
    method, path = on.split()
    fault = Fault(
        kind=fault.kind, status=fault.status, when=fault.when, on=f"{method} /repos/{stage.repository.name}{path}"
    )
    stage.repository.fault(fault)


def asked(stage: Stage) -> list[str]:
    """The requests since the last time, without ids."""
    told = [one.partition("?")[0] for one in stage.asked()]
    parts = [one.rsplit("/", 1) for one in told]
    return [f"{head}/*" if len(last) == 40 else f"{head}/{last}" for head, last in parts]


def line_of(stage: Stage) -> list[str]:
    """The subjects of the branch, newest first, which must be one line."""
    lines = stage.repository.git("log", "--format=%P|%s", METADATA_BRANCH).splitlines()
    assert all(len(line.partition("|")[0].split()) == 1 for line in lines[:-1])
    assert lines[-1].startswith("|")
    return [line.partition("|")[2] for line in lines]


class Meanwhile:
    """A transport before whose first request of a kind something happens."""

    def __init__(self, inner: Transport, method: str, event: Callable[[], object]) -> None:
        self._inner = inner
        self._method = method
        self._events = [event]

    def send(self, request: Request, *, timeout: float) -> Reply:
        if request.method == self._method and self._events:
            self._events.pop()()
        return self._inner.send(request, timeout=timeout)


def before_the_move(stage: Stage, event: Callable[[], object]) -> None:
    """Let something happen after all has been read and made, and before the branch is moved."""
    stage.client._transport = Meanwhile(stage.client._transport, "PATCH", event)


# Requests


def test_requests_of_writes(stage: Stage, store: MetadataStore) -> None:
    store.update("a", add_task("1"))
    assert asked(stage) == [HEAD, "POST /git/trees", "POST /git/commits", "POST /git/refs"]
    store.update("a", add_task("2"))
    assert asked(stage) == [HEAD, "GET /git/commits/*", "GET /git/trees/*", *["GET /git/blobs/*"] * 3, *WRITE]
    store.update("a", add_task("3"))
    assert asked(stage) == [HEAD, "GET /git/trees/*", *WRITE]


def test_requests_of_reads(stage: Stage, branch: RestMetadataBranch) -> None:
    version = branch.commit(None, {f"projects/{name}": name.encode() for name in "abcd"}, "First")
    stage.asked()
    branch.read()
    assert asked(stage) == [HEAD, "GET /git/commits/*", "GET /git/trees/*", "GET /tarball/*"]
    branch.read(version)
    assert asked(stage) == [HEAD]
    stage.repository.commit(METADATA_BRANCH, {"projects/d": "other"})
    branch.read(version)
    assert asked(stage) == [HEAD, "GET /git/commits/*", "GET /git/trees/*", "GET /git/blobs/*", "GET /commits"]


def test_nothing_of_it_is_graphql(stage: Stage, store: MetadataStore, branch: RestMetadataBranch) -> None:
    store.update("a", add_task("1"))
    store.update("a", add_task("2"))
    assert len(branch.log(5)) == 2
    assert branch.ancestry().roots
    assert all(request.kind == "rest" for request in stage.repository.requests())


def test_without_tarballs_the_files_are_read_one_by_one(stage: Stage, branch: RestMetadataBranch) -> None:
    files = {f"projects/{name}": name.encode() for name in "abcd"}
    branch.commit(None, files, "First")
    arm(stage, Fault(kind="status", status=404), "GET /tarball/*")
    stage.asked()
    assert branch.read().files == files
    assert asked(stage)[-5:] == ["GET /tarball/*", *["GET /git/blobs/*"] * 4]


def test_more_text_than_one_request_holds_is_sent_in_several(stage: Stage, branch: RestMetadataBranch) -> None:
    half = "x" * (git_data.MOST_INLINE // 2 - 1)
    files = {name: f"{name}{half}".encode() for name in "abc"} | {"large": (half * 3).encode()}
    version = branch.commit(None, {"a": b"old", "old": b""}, "First")
    stage.asked()
    branch.commit(version, {**files, "old": None}, "Second")
    told = asked(stage)
    assert told.count("POST /git/trees") == 2
    assert told.count("POST /git/blobs") == 1
    assert branch.read().files == files
    assert line_of(stage) == ["Second", "First"]


# No answer


@lost
def test_a_move_without_an_answer_is_in_doubt(stage: Stage, branch: RestMetadataBranch, fault: Fault) -> None:
    version = branch.commit(None, {"a": b"1"}, "First")
    arm(stage, fault, MOVE)
    with pytest.raises(CommitInDoubt):
        branch.commit(version, {"a": b"2"}, "Second")
    assert stage.asked().count(MOVE) == 1


@pytest.mark.parametrize("on", WRITE[:2])
@lost
def test_what_is_made_without_an_answer_is_surely_not_applied(
    stage: Stage, branch: RestMetadataBranch, fault: Fault, on: str
) -> None:
    version = branch.commit(None, {"a": b"1"}, "First")
    arm(stage, fault, on)
    with pytest.raises(StaleBranch):
        branch.commit(version, {"a": b"2"}, "Second")
    assert stage.repository.pending_faults() == []
    assert stage.repository.head(METADATA_BRANCH) == version


@pytest.mark.parametrize("on", WRITE)
@lost
def test_a_record_without_an_answer_is_there_once(
    stage: Stage, store: MetadataStore, fault: Fault, on: str
) -> None:
    store.update("a", add_task("1"))
    arm(stage, fault, on)
    store.update("a", add_task("2"))
    assert stage.repository.pending_faults() == []
    assert counted(store) == {"1": 1, "2": 1}
    assert len(line_of(stage)) == 2


def test_what_never_arrived_is_surely_not_applied(stage: Stage, branch: RestMetadataBranch) -> None:
    version = branch.commit(None, {"a": b"1"}, "First")
    gone = RestMetadataBranch(client_of(stage.repository, patience=IMPATIENT, api="http://127.0.0.1:1"))
    for base in (version, None):
        with pytest.raises(StaleBranch):
            gone.commit(base, {"a": b"2"}, "Second")


def test_a_read_that_lags_behind_loses_and_doubles_nothing(stage: Stage, store: MetadataStore) -> None:
    for number in range(3):
        store.update("a", add_task(f"{number}"))
    arm(stage, LOST[0], MOVE)
    stage.repository.fault(Fault(kind="lag", on="GET *matching-refs*", requests=9, times=2, skip=1))
    store.update("a", add_task("last"))
    assert stage.repository.pending_faults() == []
    assert counted(store) == {"0": 1, "1": 1, "2": 1, "last": 1}
    assert len(line_of(stage)) == 4


def test_what_was_made_and_is_not_shown_yet_is_no_refusal(stage: Stage, branch: RestMetadataBranch) -> None:
    """A replica that lags behind knows nothing of a commit that was made a moment ago."""
    version = branch.commit(None, {"a": b"1"}, "First")
    on = f"PATCH /repos/{stage.repository.name}/git/{REF}"
    stage.repository.fault(Fault(kind="status", status=422, message="Object does not exist", on=on))
    with pytest.raises(StaleBranch):
        branch.commit(version, {"a": b"2"}, "Second")
    assert branch.read().version == version


# Others write


def test_somebody_who_writes_before_the_move_loses_nothing(stage: Stage, store: MetadataStore) -> None:
    store.update("a", add_task("1"))
    before_the_move(stage, lambda: stage.repository.commit(METADATA_BRANCH, {"other": "by hand\n"}))
    store.update("a", add_task("2"))
    assert counted(store) == {"1": 1, "2": 1}
    assert stage.repository.show("other", METADATA_BRANCH) == "by hand\n"
    assert len(line_of(stage)) == 3


def test_a_branch_that_is_deleted_before_the_move_is_never_made_anew(stage: Stage, store: MetadataStore) -> None:
    store.update("a", add_task("1"))
    before_the_move(stage, lambda: stage.repository.delete_branch(METADATA_BRANCH))
    with pytest.raises(BranchVanished):
        store.update("a", add_task("2"))
    assert REF not in stage.repository.refs()


def test_a_branch_that_is_begun_anew_before_the_move_stays_what_it_is(
    stage: Stage, branch: RestMetadataBranch
) -> None:
    version = branch.commit(None, {"a": b"1"}, "First")

    def begin_anew() -> None:
        stage.repository.delete_branch(METADATA_BRANCH)
        stage.repository.commit(METADATA_BRANCH, {"b": "1"}, "Other")

    before_the_move(stage, begin_anew)
    with pytest.raises(StaleBranch):
        branch.commit(version, {"a": b"2"}, "Second")
    assert line_of(stage) == ["Other"]


def test_a_branch_that_is_set_back_before_the_move_goes_where_the_write_led(
    stage: Stage, branch: RestMetadataBranch
) -> None:
    """No comparison: GitHub sees a fast forward. What was read is there again, and nothing of the write is lost."""
    first = branch.commit(None, {"a": b"1"}, "First")
    second = branch.commit(first, {"a": b"2"}, "Second")
    before_the_move(stage, lambda: stage.repository.git("update-ref", REF, first))
    branch.commit(second, {"a": b"3"}, "Third")
    assert line_of(stage) == ["Third", "Second", "First"]


# Refused


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"kind": "pull_request"}, "Changes must be made through a pull request"),
        ({"kind": "pull_request", "classic": True}, "Changes must be made through a pull request"),
        ({"kind": "merge_queue"}, "merge queue"),
        ({"kind": "required_signatures"}, "verified signatures"),
    ],
    ids=lambda value: value["kind"] if isinstance(value, dict) else "",
)
def test_what_a_rule_refuses_is_told_with_a_remedy_and_not_tried_again(
    stage: Stage, store: MetadataStore, rule: dict[str, object], words: str
) -> None:
    store.update("a", add_task("1"))
    stage.repository.configure(rules=[{"pattern": "~ALL", **rule}])
    stage.asked()
    with pytest.raises(StoreBusy, match=words) as caught:
        store.update("a", add_task("2"))
    assert caught.value.remedy
    assert stage.asked().count(MOVE) == 1
    assert counted(store) == {"1": 1}


def test_a_rule_that_refuses_a_branch_that_has_moved_is_no_refusal_yet(
    stage: Stage, branch: RestMetadataBranch
) -> None:
    """GitHub has the same words, Reference update failed, for a rule and for two at once."""
    version = branch.commit(None, {"a": b"1"}, "First")

    def others_write() -> None:
        stage.repository.commit(METADATA_BRANCH, {"b": "1"})
        stage.repository.configure(rules=[{"pattern": "~ALL", "kind": "pull_request"}])

    before_the_move(stage, others_write)
    with pytest.raises(StaleBranch):
        branch.commit(version, {"a": b"2"}, "Second")


def test_an_empty_repository_has_no_branch_and_cannot_hold_one_yet(github: GitHubServer) -> None:
    branch = RestMetadataBranch(client_of(github.new_repository()))
    assert branch.read().version is None
    assert branch.log(3) == ()
    with pytest.raises(Refused, match="no commit yet") as caught:
        branch.commit(None, {"a": b"1"}, "First")
    assert "git push" in caught.value.remedy


@pytest.mark.parametrize("kind", ["read", "expired"])
def test_a_token_that_may_not_write_is_told(github: GitHubServer, stage: Stage, kind: str) -> None:
    version = stage.host.branch.commit(None, {"a": b"1"}, "First")
    github.add_user("somebody", f"token-{kind}", kind)
    for base in (version, None):
        with pytest.raises(Refused) as caught:
            RestMetadataBranch(client_of(stage.repository, token=f"token-{kind}")).commit(
                base, {"a": b"2"}, "Second"
            )
        assert caught.value.remedy


def test_what_cannot_be_read_is_an_error_and_no_empty_branch(github: GitHubServer, stage: Stage) -> None:
    github.add_user("late", "token-expired-3", "expired")
    github.add_user("stranger", "token-outsider-3", "outsider")
    stage.repository.configure(private=True)
    for token in ("token-expired-3", "token-outsider-3"):
        with pytest.raises(HostError):
            RestMetadataBranch(client_of(stage.repository, token=token)).read()
    stage.repository.name = "o/nowhere"
    with pytest.raises(NotFound, match="no repository o/nowhere"):
        RestMetadataBranch(client_of(stage.repository)).read()


@pytest.mark.parametrize("on", WRITE)
@pytest.mark.parametrize(
    "kind", ["status", "reset", "cut", "garbage", "unauthorized", "forbidden", "primary_limit", "secondary_limit"]
)
def test_every_error_of_a_commit_is_one_of_the_ports_three(stage: Stage, kind: Kind, on: str) -> None:
    version = stage.host.branch.commit(None, {"a": b"1"}, "First")
    method, path = on.split()
    stage.repository.fault(Fault(kind=kind, on=f"{method} /repos/{stage.repository.name}{path}", seconds=9999))
    impatient = RestMetadataBranch(client_of(stage.repository, patience=IMPATIENT))
    with pytest.raises(BranchError):
        impatient.commit(version, {"a": b"2"}, "Second")
    assert stage.repository.pending_faults() == []


def test_a_limit_is_waited_for_and_the_commit_is_there_once(stage: Stage, store: MetadataStore) -> None:
    store.update("a", add_task("1"))
    stage.repository.fault(Fault(kind="secondary_limit", on="P* /repos/*", seconds=30, times=3))
    store.update("a", add_task("2"))
    assert stage.repository.pending_faults() == []
    assert counted(store) == {"1": 1, "2": 1}


# Logs, times


def test_a_log_longer_than_a_page_is_read_to_its_end(stage: Stage, branch: RestMetadataBranch) -> None:
    first = branch.commit(None, {"a": b"1"}, "First")
    stream = "".join(
        f"commit {REF}\nmark :{n}\ncommitter A <a@b> {1_700_000_000 + n} +0100\n"
        f"data {len(f'Number {n}')}\nNumber {n}\nfrom {first if n == 1 else f':{n - 1}'}\n\n"
        for n in range(1, 200)
    )
    stage.repository.git("fast-import", "--quiet", stdin=stream)
    commits = stage.repository.git("rev-list", METADATA_BRANCH).splitlines()
    stage.asked()
    whole = branch.read("")
    assert asked(stage).count("GET /commits") == 3  # the last one is empty: 200 are two pages
    assert whole.log_complete
    assert [entry.version for entry in whole.log] == commits
    assert [entry.version for entry in branch.read(commits[120]).log] == commits[:120]
    assert [entry.version for entry in branch.log(150)] == commits[:150]
    assert branch.ancestry().roots == (first,)


def test_a_read_has_the_time_of_the_host(stage: Stage, branch: RestMetadataBranch) -> None:
    graphql = stage.host.branch.read().at
    rest = branch.read().at
    assert graphql is not None
    assert rest is not None
    assert abs((rest - graphql).total_seconds()) < 60
    assert abs((rest - FakeClock().now()).total_seconds()) > 60
