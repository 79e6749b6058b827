"""Every order in which writers can meet: each update is there exactly once, and history is one line."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claudestep.domain.models import Project
from claudestep.domain.observation import Snapshot
from claudestep.infrastructure.metadata.branch import MetadataBranch
from claudestep.infrastructure.metadata.documents import Documents, read_documents
from claudestep.infrastructure.metadata.store import Change, Committed, MetadataStore
from claudestep.infrastructure.retry import Patience
from tests.contract.adapters import ADAPTERS
from tests.contract.records import add_task
from tests.contract.scheduler import (
    Ground,
    Meeting,
    Move,
    Results,
    Work,
    World,
    every_schedule,
    one_schedule,
)
from tests.fakes.clock import FakeClock

NO_JITTER = Patience(draw=lambda _, longest: longest)


def writer(name: str, updates: int, project: str) -> Work:
    """Somebody who records so many operations in a project, each in a transaction of its own."""

    def write(branch: MetadataBranch) -> Results:
        store = MetadataStore(branch, clock=FakeClock(), patience=NO_JITTER)
        return [record(store, project, f"{name} {number}") for number in range(updates)]

    return write


def record(store: MetadataStore, project: str, task_id: str) -> Committed[Project]:
    def change(documents: Documents, _: object) -> Change[Project]:
        changed = add_task(task_id)(documents.get(project) or Project(project=project))
        return Change({project: changed}, f"Record {task_id}", changed)

    return store.transact(change)


def begin(place: Path, adapter: str, works: Sequence[Work], *, losses: int, begun: bool) -> tuple[Meeting, World]:
    """A branch, with or without a first record on it, and writers before their first calls."""
    stage = ADAPTERS[adapter](place)
    if begun:
        writer("before", 1, "a")(stage.branch)
    meeting = Meeting(Ground(stage))
    return meeting, meeting.begin(works, losses=losses, head=stage.branch.read().version)


@dataclass(frozen=True, slots=True)
class Stored:
    """What a commit holds: its projects, and the ids of all records in them."""

    version: str | None
    projects: Mapping[str, Project]
    ids: Sequence[str]

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Stored":
        """Raises BrokenDocuments."""
        projects = read_documents(snapshot).require_whole()
        return cls(snapshot.version, projects, [str(t.id) for p in projects.values() for t in p.ai_tasks])


class Check:
    """What has to hold when all is over and so many records have been made."""

    def __init__(self, meeting: Meeting, records: int) -> None:
        self.records = records
        self.ends = 0
        self._history = cache(lambda head: [Stored.of(snapshot) for snapshot in meeting.ground.history(head)])

    def __call__(self, world: World, story: Sequence[str]) -> None:
        self.ends += 1
        history = self._history(world.head)
        assert [len(stored.ids) for stored in history] == list(range(1, self.records + 1)), story
        assert len(set(history[-1].ids)) == self.records, story
        for writer in world.writers:
            for committed in writer.results:
                assert tells_the_truth(committed, history), story


def tells_the_truth(committed: Committed[Project], history: Sequence[Stored]) -> bool:
    """Whether a result is what its commit holds, and the version that came with it holds it too."""
    result = committed.result
    having = [stored for stored in history if result.ai_tasks[-1].id in stored.ids]
    as_written = having[0].projects[result.project].steps == result.steps
    return as_written and committed.version in [stored.version for stored in having]


def meet(works: Sequence[Work], records: int, place: Path, adapter: str, *, losses: int, begun: bool) -> int:
    """Every meeting of these writers, and what has to hold after each; the number of schedules."""
    meeting, world = begin(place, adapter, works, losses=losses, begun=begun)
    check = Check(meeting, records + begun)
    return every_schedule(meeting.moves, world, check)


def count_down(world: tuple[int, int, int]) -> list[Move[tuple[int, int, int]]]:
    """The moves of three writers who have so many calls to make."""
    a, b, c = world
    moves: list[Move[tuple[int, int, int]]] = [
        ("first", lambda: (a - 1, b, c)),
        ("second", lambda: (a, b - 1, c)),
        ("third", lambda: (a, b, c - 1)),
    ]
    return [move for move, left in zip(moves, world, strict=True) if left]


def test_the_schedules_are_all_there() -> None:
    """Ten calls in any order that keeps three, three and four of them in theirs: 10! / (3! 3! 4!)."""
    ends: list[tuple[int, int, int]] = []
    assert every_schedule(count_down, (3, 3, 4), lambda world, _: ends.append(world)) == 4200
    assert ends == [(0, 0, 0)]


def test_a_world_that_is_followed_once_stands_for_all_schedules_that_lead_to_it(tmp_path: Path) -> None:
    """Each schedule on its own, for as many as that can be done with: as many, and the same holds after each."""
    works = [writer("left", 1, "a"), writer("right", 1, "a")]
    meeting, world = begin(tmp_path, "memory", works, losses=1, begun=True)
    check = Check(meeting, 3)

    def follow(world: World, *story: str) -> int:
        choices = meeting.moves(world)
        if not choices:
            check(world, story)
        return sum(follow(go(), *story, what) for what, go in choices) if choices else 1

    assert follow(world) == check.ends == 1852


def test_what_a_writer_raises_comes_out(tmp_path: Path) -> None:
    def fail(branch: MetadataBranch) -> Results:
        branch.read()
        raise LookupError("in a writer")

    with pytest.raises(LookupError):
        meet([fail, fail], 0, tmp_path, "memory", losses=0, begun=False)


@pytest.mark.parametrize("begun", [True, False], ids=["begun", "first write"])
@pytest.mark.parametrize("second", ["a", "b"], ids=["one project", "two projects"])
@pytest.mark.parametrize(
    ("updates", "losses", "schedules"),
    [(1, 0, 32), (2, 0, 10_980), (1, 1, 1_852), (1, 2, 94_684)],
    ids=["one update", "two updates", "one update, one answer lost", "one update, two answers lost"],
)
def test_in_every_schedule_of_two_writers_each_update_is_there_once(
    second: str, updates: int, losses: int, schedules: int, tmp_path: Path, *, begun: bool
) -> None:
    """All orders of reads, commits and answers; any answer may be lost, and what was not heard may come late.

    The numbers are those of a store that reads once and commits once for each try.
    """
    works = [writer("left", updates, "a"), writer("right", updates, second)]
    assert meet(works, 2 * updates, tmp_path, "memory", losses=losses, begun=begun) == schedules


@pytest.mark.parametrize(
    ("third", "begun"), [("a", True), ("b", False)], ids=["one project, begun", "two projects, first write"]
)
@pytest.mark.parametrize(
    ("losses", "schedules"), [(0, 97_872), (1, 35_051_064)], ids=["all answered", "one answer lost"]
)
def test_in_every_schedule_of_three_writers_each_update_is_there_once(
    third: str, losses: int, schedules: int, tmp_path: Path, *, begun: bool
) -> None:
    """35 million schedules lead through some 24,000 worlds, of which about 900 are an end."""
    works = [writer("first", 1, "a"), writer("second", 1, "a"), writer("third", 1, third)]
    assert meet(works, 3, tmp_path, "memory", losses=losses, begun=begun) == schedules


@pytest.mark.parametrize(
    ("writers", "losses", "begun", "schedules"),
    [(2, 1, True, 1_852), (3, 0, False, 97_872)],
    ids=["two writers, one answer lost", "three writers, first write"],
)
def test_in_a_git_repository_every_schedule_leaves_each_update_there_once(
    writers: int, losses: int, schedules: int, tmp_path: Path, *, begun: bool
) -> None:
    works = [writer(str(number), 1, "a") for number in range(writers)]
    assert meet(works, writers, tmp_path, "local", losses=losses, begun=begun) == schedules


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_in_any_schedule_of_more_writers_with_more_lost_answers_each_update_is_there_once(
    data: st.DataObject,
) -> None:
    works = [writer(str(number), 2, "ab"[number % 2]) for number in range(data.draw(st.integers(2, 4)))]
    losses, begun = data.draw(st.integers(0, 4)), data.draw(st.booleans())
    meeting, world = begin(Path(), "memory", works, losses=losses, begun=begun)
    end, story = one_schedule(meeting.moves, world, lambda width: data.draw(st.integers(0, width - 1)))
    Check(meeting, 2 * len(works) + begun)(end, story)
