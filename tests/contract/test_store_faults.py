"""The store while commits get no answer, come late, are refused, or lose: nothing is lost and nothing doubled."""

from collections import Counter, deque
from datetime import datetime
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claudestep.domain.errors import BranchVanished, StaleDocument, StoreBusy
from claudestep.domain.models import Project
from claudestep.infrastructure.metadata.documents import Documents
from claudestep.infrastructure.metadata.store import Change, MetadataStore
from claudestep.infrastructure.retry import Patience
from tests.contract.records import add_task, counted
from tests.fakes.clock import FakeClock
from tests.fakes.memory_branch import Fault, MemoryBranch

IN_DOUBT = (Fault.APPLIED, Fault.LOST, Fault.LATE)
RETRIED = (*IN_DOUBT, Fault.STALE)
IN_DOUBT_TEXT = "may have been written"
LONGEST_WAITS = Patience(total=120, cap=1, draw=lambda _, longest: longest)
NO_WAITS = Patience(draw=lambda shortest, _: shortest)

begun_or_not = pytest.mark.parametrize("begun", [True, False], ids=["begun", "first write"])


def new_branch(*, begun: bool = True) -> MemoryBranch:
    """A branch without faults; where it is begun, it holds the record `before`."""
    branch = MemoryBranch()
    if begun:
        store_on(branch).update("a", add_task("before"))
        branch.sent.clear()
    return branch


def store_on(branch: MemoryBranch, clock: FakeClock | None = None) -> MetadataStore:
    return MetadataStore(branch, clock=clock or FakeClock(), patience=LONGEST_WAITS)


def records(branch: MemoryBranch) -> Counter[str]:
    """The records on a branch after everything has arrived, without `before`."""
    branch.deliver_late()
    found = counted(store_on(branch))
    found.pop("before", None)
    return found


def assert_one_line(branch: MemoryBranch) -> None:
    history = branch.history()
    assert [commit.parent for commit in history[:-1]] == [commit.id for commit in history[1:]]
    assert not history or history[-1].parent is None


class Decide:
    """A change that records which of its runs it was, and has that as its result."""

    def __init__(self) -> None:
        self.runs = 0

    def __call__(self, documents: Documents, _: datetime) -> Change[str]:
        self.runs += 1
        run = f"run {self.runs}"
        project = documents.projects.get("a") or Project(project="a")
        return Change({"a": add_task(run)(project)}, run, run)


# One fault


@begun_or_not
@pytest.mark.parametrize("fault", IN_DOUBT)
def test_a_commit_in_doubt_counts_once_and_is_decided_once(fault: Fault, *, begun: bool) -> None:
    branch = new_branch(begun=begun)
    branch.faults.append(fault)
    decide = Decide()
    committed = store_on(branch).transact(decide)
    assert (decide.runs, committed.result, committed.wrote) == (1, "run 1", True)
    assert records(branch) == {"run 1": 1}
    assert committed.version == branch.history()[0].id


@begun_or_not
def test_what_was_applied_without_an_answer_is_not_sent_again(*, begun: bool) -> None:
    branch = new_branch(begun=begun)
    branch.faults.append(Fault.APPLIED)
    store_on(branch).update("a", add_task("1"))
    assert len(branch.sent) == 1


@begun_or_not
@pytest.mark.parametrize("fault", [Fault.LOST, Fault.LATE])
def test_where_the_head_did_not_move_the_very_same_commit_is_sent_again(fault: Fault, *, begun: bool) -> None:
    branch = new_branch(begun=begun)
    branch.faults.append(fault)
    store_on(branch).update("a", add_task("1"))
    first, second = branch.sent
    assert first == second


@begun_or_not
def test_what_was_applied_is_found_below_the_commits_of_others(*, begun: bool) -> None:
    branch = new_branch(begun=begun)
    branch.faults.append(Fault.APPLIED)
    clock = FakeClock()
    clock.while_asleep(lambda: [branch.move(f"Somebody else {number}") for number in range(3)])
    decide = Decide()
    committed = store_on(branch, clock).transact(decide)
    assert (decide.runs, committed.result, committed.version) == (1, "run 1", branch.history()[0].id)
    assert records(branch) == {"run 1": 1}


@begun_or_not
@pytest.mark.parametrize("fault", [Fault.LOST, Fault.LATE])
def test_what_was_not_applied_is_decided_anew_where_the_head_has_moved(fault: Fault, *, begun: bool) -> None:
    branch = new_branch(begun=begun)
    branch.faults.append(fault)
    clock = FakeClock()
    clock.while_asleep(lambda: branch.move("Somebody else"))
    assert store_on(branch, clock).transact(Decide()).result == "run 2"
    assert records(branch) == {"run 2": 1}


@begun_or_not
def test_a_doubt_stays_one_when_the_next_try_is_stale(*, begun: bool) -> None:
    branch = new_branch(begun=begun)
    branch.faults.extend([Fault.LATE, Fault.STALE])
    decide = Decide()
    committed = store_on(branch).transact(decide)
    assert committed.result == "run 1"
    assert records(branch) == {"run 1": 1}


@begun_or_not
def test_a_lost_race_is_decided_anew(*, begun: bool) -> None:
    branch = new_branch(begun=begun)
    branch.faults.append(Fault.STALE)
    assert store_on(branch).transact(Decide()).result == "run 2"
    assert records(branch) == {"run 2": 1}


# Several faults


@begun_or_not
def test_the_result_belongs_to_the_commit_that_counts_whatever_four_faults_come(*, begun: bool) -> None:
    """All 340 schedules of one to four faults."""
    schedules = [faults for length in range(1, 5) for faults in product(RETRIED, repeat=length)]
    assert len(schedules) == 340
    for faults in schedules:
        branch = new_branch(begun=begun)
        branch.faults.extend(faults)
        committed = store_on(branch).transact(Decide())
        assert committed.wrote, faults
        assert records(branch) == {committed.result: 1}, faults
        (holder,) = [commit for commit in branch.history() if commit.id == committed.version]
        assert committed.result.encode() in holder.files["projects/a.json"], faults
        assert_one_line(branch)


@begun_or_not
def test_an_early_try_that_comes_through_after_a_later_one_is_found(*, begun: bool) -> None:
    """The branch is set back while two tries are in doubt, and the first of them arrives then."""
    branch = new_branch(begun=begun)
    base = branch.head
    branch.faults.extend([Fault.LOST, Fault.LOST])

    def set_back_and_deliver_the_first() -> None:
        first = branch.sent[0]
        branch.reset(base)
        branch.move(first.message, first.changes)

    clock = FakeClock()
    clock.while_asleep(lambda: branch.move("Somebody else"), set_back_and_deliver_the_first)
    assert store_on(branch, clock).transact(Decide()).result == "run 1"
    assert records(branch) == {"run 1": 1}


@begun_or_not
@pytest.mark.parametrize("fault", RETRIED)
def test_put_and_delete_do_not_take_their_own_commit_for_somebody_elses(fault: Fault, *, begun: bool) -> None:
    branch = new_branch(begun=begun)
    store = store_on(branch)
    branch.faults.append(fault)
    store.put("b", add_task("1")(Project(project="b")), expected=None)
    branch.deliver_late()
    assert counted(store)["1"] == 1
    branch.faults.append(fault)
    store.delete("b", expected=store.get("b").version)
    branch.deliver_late()
    assert "b" not in store.list()


def test_a_put_whose_document_changes_before_its_commit_is_stale() -> None:
    branch = new_branch()
    store = store_on(branch)
    read = store.get("a")
    branch.before_commit(lambda: store_on(branch).update("a", add_task("theirs")))
    with pytest.raises(StaleDocument):
        store.put("a", add_task("ours")(read.value), expected=read.version)
    assert records(branch) == {"theirs": 1}


def test_a_put_in_doubt_whose_document_somebody_else_changed_is_stale_and_surely_not_written() -> None:
    branch = new_branch()
    store = store_on(branch, clock := FakeClock())
    read = store.get("a")
    branch.faults.append(Fault.LATE)
    clock.while_asleep(lambda: branch.move("Theirs", {"projects/a.json": store.raw("a") + b" "}))
    with pytest.raises(StaleDocument):
        store.put("a", add_task("ours")(read.value), expected=read.version)
    assert records(branch) == {}


# Giving up


@pytest.mark.parametrize("fault", RETRIED)
def test_the_store_does_not_count_tries(fault: Fault) -> None:
    branch = new_branch()
    branch.faults.extend([fault] * 500)
    committed = MetadataStore(branch, clock=FakeClock(), patience=NO_WAITS).transact(Decide())
    assert records(branch) == {committed.result: 1}


def test_time_is_what_makes_the_store_give_up() -> None:
    branch = new_branch()
    branch.faults.extend([Fault.STALE] * 1000)
    clock = FakeClock()
    with pytest.raises(StoreBusy) as caught:
        store_on(branch, clock).update("a", add_task("1"))
    assert LONGEST_WAITS.total - LONGEST_WAITS.cap <= clock.monotonic() <= LONGEST_WAITS.total
    assert IN_DOUBT_TEXT not in str(caught.value)
    assert records(branch) == {}


def test_time_that_passes_in_the_backend_counts_too() -> None:
    branch = new_branch()
    branch.faults.extend([Fault.STALE] * 1000)
    clock = FakeClock()
    branch.before_commit(*[lambda: clock.advance(50)] * 1000)
    with pytest.raises(StoreBusy):
        store_on(branch, clock).update("a", add_task("1"))
    assert len(branch.sent) == 3


@begun_or_not
@pytest.mark.parametrize("fault", [Fault.LOST, Fault.LATE])
def test_a_store_that_gives_up_in_doubt_says_so_and_its_record_is_there_once_at_most(
    fault: Fault, *, begun: bool
) -> None:
    branch = new_branch(begun=begun)
    branch.faults.append(fault)
    clock = FakeClock()
    branch.before_commit(lambda: clock.advance(LONGEST_WAITS.total))
    with pytest.raises(StoreBusy, match=IN_DOUBT_TEXT):
        store_on(branch, clock).update("a", add_task("1"))
    assert records(branch) == ({"1": 1} if fault is Fault.LATE else {})


@begun_or_not
def test_a_refusal_is_final_at_once(*, begun: bool) -> None:
    branch = new_branch(begun=begun)
    branch.faults.append(Fault.REFUSED)
    clock = FakeClock()
    with pytest.raises(StoreBusy, match="this fake refuses") as caught:
        store_on(branch, clock).update("a", add_task("1"))
    assert (len(branch.sent), clock.monotonic()) == (1, 0)
    assert IN_DOUBT_TEXT not in str(caught.value)
    assert records(branch) == {}


def test_a_refusal_after_a_doubt_says_that_a_try_is_in_doubt() -> None:
    branch = new_branch()
    branch.faults.extend([Fault.LATE, Fault.REFUSED])
    with pytest.raises(StoreBusy) as caught:
        store_on(branch).update("a", add_task("1"))
    assert records(branch) == {"1": 1}
    assert IN_DOUBT_TEXT in str(caught.value)


def test_a_log_that_does_not_reach_the_base_of_a_doubt_stops_the_store() -> None:
    branch = new_branch()
    root = branch.head
    store_on(branch).update("a", add_task("gone"))
    branch.sent.clear()
    branch.faults.append(Fault.APPLIED)
    clock = FakeClock()
    clock.while_asleep(lambda: branch.reset(root))
    with pytest.raises(StoreBusy, match="rewritten"):
        store_on(branch, clock).update("a", add_task("1"))
    assert len(branch.sent) == 1
    assert records(branch) == {}


def test_without_a_doubt_a_branch_that_was_set_back_is_simply_read_again() -> None:
    branch = new_branch()
    root = branch.head
    store_on(branch).update("a", add_task("gone"))
    branch.before_commit(lambda: branch.reset(root))
    store_on(branch).update("a", add_task("1"))
    assert records(branch) == {"1": 1}


@pytest.mark.parametrize("fault", IN_DOUBT)
def test_a_branch_that_vanishes_while_a_commit_is_in_doubt_is_not_begun_anew(fault: Fault) -> None:
    branch = new_branch()
    branch.faults.append(fault)
    clock = FakeClock()
    clock.while_asleep(lambda: branch.reset(None))
    with pytest.raises(BranchVanished):
        store_on(branch, clock).update("a", add_task("1"))
    assert branch.read().version is None


# Reads that lag behind the store's own commits


def has_it(documents: Documents, _: datetime) -> Change[bool]:
    """A decision that writes nothing."""
    return Change({}, "", "a" in documents.projects)


def lagging(*, own: int = 1) -> tuple[MemoryBranch, MetadataStore]:
    """A branch that will be shown as it was before a store's own commits, and that store."""
    branch = MemoryBranch()
    branch.move("Somebody else")
    before = branch.head
    store = store_on(branch)
    for number in range(own):
        store.update("a", add_task(f"{number}"))
    branch.shown.append(before)
    return branch, store


def test_a_decision_that_writes_nothing_does_not_believe_a_read_from_before_its_own_commit() -> None:
    branch, store = lagging()
    committed = store.transact(has_it)
    assert (committed.result, committed.version) == (True, branch.head)


def test_nor_one_from_between_its_own_commits() -> None:
    branch, store = lagging(own=2)
    branch.shown = deque([branch.history()[1].id])
    assert store.transact(has_it).version == branch.head


def test_nor_one_from_before_the_branch_was_there() -> None:
    branch, store = lagging()
    branch.shown = deque([None])
    assert store.transact(has_it).result


def test_a_commit_that_was_in_doubt_is_a_store_s_own_too() -> None:
    branch, store = lagging()
    before = branch.head
    branch.shown.clear()
    branch.faults.append(Fault.APPLIED)
    store.update("a", add_task("2"))
    branch.shown.append(before)
    assert store.transact(has_it).version == branch.head


def test_what_others_wrote_after_it_is_believed() -> None:
    branch, store = lagging()
    branch.shown.clear()
    branch.move("Somebody else removes it", {"projects/a.json": None})
    assert store.transact(has_it).result is False


def test_a_read_that_is_as_new_costs_no_second_one() -> None:
    branch, store = lagging()
    branch.shown = deque([branch.head, None])
    store.transact(has_it)
    assert branch.shown == deque([None])


def test_a_branch_that_stays_without_the_own_commit_is_believed_in_nothing() -> None:
    branch, store = lagging()
    branch.reset(branch.history()[1].id)
    with pytest.raises(StoreBusy, match="which this run wrote"):
        store.transact(has_it)
    branch.reset(None)
    with pytest.raises(BranchVanished):
        store.transact(has_it)


# Any faults, beside a model

Model = frozenset[tuple[str, str]]
PROJECTS = ("a", "b")
FAULTS = st.lists(st.sampled_from(Fault), max_size=12)
KINDS = ("add", "add", "move", "delete")
OPERATIONS = st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(PROJECTS)), max_size=8)


class Run:
    """Operations one after the other, and all the states that the branch may be in by what was said of them."""

    def __init__(self, faults: list[Fault]) -> None:
        self.branch = MemoryBranch(faults)
        self.possible: set[Model] = {frozenset()}

    def do(self, label: str, kind: str, name: str) -> None:
        """Do an operation, and believe what the store says about it."""
        store = MetadataStore(self.branch, clock=FakeClock(), patience=Patience(total=2, draw=lambda _, top: top))
        after = {_applied(state, label, kind, name) for state in self.possible}
        try:
            store.transact(lambda documents, _: Change(_wanted(documents, label, kind, name), label, None))
        except StoreBusy as error:
            if IN_DOUBT_TEXT in str(error):
                self.possible |= after
        else:
            self.possible = after

    def found(self) -> Model:
        documents = store_on(self.branch).all().require_whole()
        pairs = [(name, str(t.id)) for name, project in documents.items() for t in project.ai_tasks]
        assert len(pairs) == len(set(pairs))
        return frozenset(pairs)


def _applied(state: Model, label: str, kind: str, name: str) -> Model:
    other = PROJECTS[1 - PROJECTS.index(name)]
    kept = frozenset((owner, record) for owner, record in state if owner != name)
    if kind == "add":
        return state | {(name, label)}
    moved = frozenset((other, record) for owner, record in state if owner == name)
    return kept | moved if kind == "move" else kept


def _wanted(documents: Documents, label: str, kind: str, name: str) -> dict[str, Project | None]:
    project = documents.projects.get(name) or Project(project=name)
    if kind == "add":
        return {name: add_task(label)(project)}
    if kind == "delete":
        return {name: None}
    other = PROJECTS[1 - PROJECTS.index(name)]
    target = documents.projects.get(other) or Project(project=other)
    for moved in project.ai_tasks:
        target = add_task(str(moved.id))(target)
    return {name: None, other: target}


@settings(max_examples=200, deadline=None)
@given(FAULTS, OPERATIONS)
def test_whatever_faults_come_the_branch_is_what_the_writers_were_told(
    faults: list[Fault], operations: list[tuple[str, str]]
) -> None:
    run = Run(faults)
    for number, (kind, name) in enumerate(operations):
        run.do(str(number), kind, name)
    run.branch.deliver_late()
    assert run.found() in run.possible
    assert_one_line(run.branch)
