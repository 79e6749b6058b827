"""A metadata branch that is not there, and pull requests that it must have known: nobody begins it over them."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from claudestep.domain.errors import BranchVanished, MetadataLost, NewerDocument, StaleDocument
from claudestep.domain.models import Project
from claudestep.domain.observation import PullRequest, Snapshot
from claudestep.infrastructure.metadata.documents import Documents
from claudestep.infrastructure.metadata.store import Change, MetadataStore
from tests.contract.records import add_task, counted
from tests.fakes.clock import NOON, FakeClock
from tests.fakes.memory_branch import Fault, MemoryBranch

NEWER = b'{"schema_version": "2.0", "project": "b", "new": true}\n'
PULL = PullRequest(
    number=1, branch="claude-step-a-1", state="open", head_commit="c", created_at=NOON, updated_at=NOON
)


@dataclass
class Seen:
    """A look with pull requests in it."""

    snapshot: Snapshot
    pull_requests: tuple[PullRequest, ...]
    now: datetime = NOON


@dataclass
class Stage:
    """A branch, a store above it, and how often it was asked whether there are pull requests."""

    there: bool
    branch: MemoryBranch = field(default_factory=MemoryBranch)
    asked: int = 0
    meanwhile: Callable[[], object] = lambda: None

    def store(self) -> MetadataStore:
        return MetadataStore(self.branch, clock=FakeClock(), has_pull_requests=self._ask)

    def _ask(self) -> bool:
        self.asked += 1
        self.meanwhile()
        return self.there


def write(documents: Documents, _: datetime) -> Change[None]:
    del documents
    return Change({"a": Project(project="a")}, "Write a", None)


WRITES: dict[str, Callable[[MetadataStore], object]] = {
    "update": lambda store: store.update("a", add_task("1")),
    "put": lambda store: store.put("a", Project(project="a"), expected=None),
    "transact": lambda store: store.transact(write),
}


@pytest.mark.parametrize("way", WRITES)
def test_no_write_begins_it(way: str) -> None:
    stage = Stage(there=True)
    with pytest.raises(MetadataLost) as caught:
        WRITES[way](stage.store())
    assert "claudestep metadata rebuild" in caught.value.remedy
    assert (stage.branch.sent, stage.asked) == ([], 1)


@pytest.mark.parametrize("way", WRITES)
def test_without_pull_requests_it_begins_after_one_question(way: str) -> None:
    stage = Stage(there=False)
    WRITES[way](stage.store())
    assert len(stage.branch.sent) == stage.asked == 1
    stage.store().update("b", add_task("1"))
    assert stage.asked == 1


def test_what_is_not_there_is_not_put_or_removed_by_a_guess_either() -> None:
    stage = Stage(there=True)
    with pytest.raises(MetadataLost):
        stage.store().delete("a", expected="version")
    with pytest.raises(StaleDocument):
        Stage(there=False).store().delete("a", expected="version")


def test_one_that_another_run_begins_meanwhile_is_there() -> None:
    """It wrote its claim, and opened its pull request, between our two questions."""
    stage = Stage(there=True)
    stage.meanwhile = lambda: MetadataStore(stage.branch).update("b", add_task("theirs"))
    stage.store().update("a", add_task("ours"))
    assert counted(stage.store()) == {"theirs": 1, "ours": 1}


def test_a_lost_race_for_its_first_commit_is_none() -> None:
    stage = Stage(there=False, branch=MemoryBranch([Fault.STALE]))

    def there_by_now() -> None:
        stage.there = True

    stage.branch.before_commit(there_by_now)
    stage.store().update("a", add_task("ours"))
    assert counted(stage.store())["ours"] == 1


@pytest.mark.parametrize("branch", ["claude-step-a-1", "a-branch-of-somebody"])
def test_an_observation_knows_without_a_question(branch: str) -> None:
    stage = Stage(there=True)
    pulls = (replace(PULL, branch=branch),)

    def transact() -> None:
        stage.store().transact_on(
            lambda since: Seen(stage.branch.read(since), pulls), lambda seen, documents: write(documents, seen.now)
        )

    if branch.startswith("claude-step-"):
        with pytest.raises(MetadataLost):
            transact()
    else:
        transact()
    assert stage.asked == 0
    assert (stage.branch.head is None) == branch.startswith("claude-step-")


def test_made_anew_it_begins() -> None:
    stage = Stage(there=True)
    seen = Seen(stage.branch.read(), (PULL,))
    stage.store().transact_on(lambda _: seen, lambda _, documents: write(documents, NOON), anew=True)
    assert stage.asked == 0
    assert stage.branch.head is not None


def test_one_that_this_process_wrote_and_that_is_gone_has_vanished() -> None:
    stage = Stage(there=False)
    store = stage.store()
    store.update("a", add_task("1"))
    stage.branch.reset(None)
    with pytest.raises(BranchVanished):
        store.update("a", add_task("2"))
    assert stage.branch.head is None


@pytest.mark.parametrize("path", ["corrupt", "newer"])
def test_a_document_gives_way_only_where_that_is_said_and_it_is_no_newer_one(path: str) -> None:
    stage = Stage(there=False)
    stage.branch.move("By hand", {"projects/b.json": NEWER if path == "newer" else b"{"})
    before = stage.branch.head

    def replaced(_: Documents, __: datetime) -> Change[None]:
        return Change({"b": Project(project="b")}, "Replace b", None, frozenset({"b"}))

    if path == "newer":
        with pytest.raises(NewerDocument):
            stage.store().transact(replaced)
        assert stage.branch.head == before
    else:
        stage.store().transact(replaced)
        assert stage.store().list() == ["b"]
        assert stage.store().all().require_whole()
