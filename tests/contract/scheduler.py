"""Writers that take turns at every call of the branch, in every order that there is.

A writer is determined by what its calls were answered, so it needs no thread: it is run again from its start
with the answers that it has had, up to the first call that has none yet. The head of the branch is a value
too, and each call is made once for each head. So a world (a head, and how far each writer is) has to be
followed once only, however many schedules lead to it; they are counted all the same.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias, TypeVar

from claudestep.domain.models import Project
from claudestep.domain.observation import Ancestry, LogEntry, Snapshot
from claudestep.infrastructure.metadata.branch import BranchError, CommitInDoubt, MetadataBranch
from claudestep.infrastructure.metadata.store import Committed
from tests.contract.adapters import Adapter

T = TypeVar("T", bound=Hashable)
U = TypeVar("U")
Move: TypeAlias = tuple[str, Callable[[], T]]
"""What happens, and the world after it."""
Results: TypeAlias = Sequence[Committed[Project]]
Work: TypeAlias = Callable[[MetadataBranch], Results]
Outcome: TypeAlias = str | type[BranchError]
"""What became of a commit: its version, or why there is none."""
Choose: TypeAlias = Callable[[int], int]
"""Which of so many moves is made: a number from 0 on."""


@dataclass(frozen=True, slots=True)
class Read:
    """A call of `read`."""

    since: str | None


@dataclass(frozen=True, slots=True)
class Commit:
    """A call of `commit`."""

    base: str | None
    changes: tuple[tuple[str, bytes | None], ...]
    message: str


class _Unanswered(BaseException):
    """A writer has come to the end of what it was told."""


class _Script:
    """The branch as a writer sees it: calls are answered as they were before, and the first new one stops it.

    The unique ids of commits are others at each run, so messages are translated to those that were sent.
    """

    def __init__(self, told: Sequence[tuple[Read | Commit, Snapshot | Outcome]]) -> None:
        self.call: Read | Commit | None = None
        self._told = deque(told)
        self._sent: dict[str, str] = {}

    def read(self, since: str | None = None) -> Snapshot:
        asked, answer = self._answered(Read(since))
        assert isinstance(answer, Snapshot)
        assert asked == Read(since), "a writer is not determined by what it was told"
        ours = {sent: now for now, sent in self._sent.items()}
        return replace(answer, log=tuple(replace(e, message=ours.get(e.message, e.message)) for e in answer.log))

    def commit(self, base: str | None, changes: Mapping[str, bytes | None], message: str) -> str:
        call = Commit(base, tuple(changes.items()), self._sent.get(message, message))
        asked, answer = self._answered(call)
        assert isinstance(asked, Commit)
        assert replace(call, message=asked.message) == asked, "a writer is not determined by what it was told"
        self._sent[message] = asked.message
        if isinstance(answer, type):
            raise answer("as the schedule wants it")
        assert isinstance(answer, str)
        return answer

    def log(self, most: int, path: str = "") -> tuple[LogEntry, ...]:
        raise NotImplementedError

    def ancestry(self) -> Ancestry:
        raise NotImplementedError

    def _answered(self, call: Read | Commit) -> tuple[Read | Commit, Snapshot | Outcome]:
        if not self._told:
            self.call = call
            raise _Unanswered
        return self._told.popleft()


class Writer:
    """A writer who was told so much: the call that it waits at, or (no call) its results."""

    def __init__(self, work: Work, told: tuple[tuple[Read | Commit, Snapshot | Outcome], ...] = ()) -> None:
        self.results: Results = ()
        self._work = work
        self._told = told
        self._next: dict[Outcome | None, Writer] = {}
        script = _Script(told)
        with suppress(_Unanswered):
            self.results = work(script)
        self.call = script.call

    def after(self, answer: Snapshot | Outcome) -> "Writer":
        """The same writer, with an answer to the call that it waits at."""
        assert self.call is not None
        key = answer.version if isinstance(answer, Snapshot) else answer
        if key not in self._next:
            self._next[key] = Writer(self._work, (*self._told, (self.call, answer)))
        return self._next[key]


class Ground:
    """A branch, at any head that it ever had."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self._reads: dict[tuple[str | None, str | None], Snapshot] = {}
        self._commits: dict[tuple[str | None, Commit], tuple[str | None, Outcome]] = {}
        self._at = adapter.branch.read().version

    def read(self, head: str | None, since: str | None = None) -> Snapshot:
        if (head, since) not in self._reads:
            self._go_to(head)
            self._reads[head, since] = self._adapter.branch.read(since)
        return self._reads[head, since]

    def commit(self, head: str | None, call: Commit) -> tuple[str | None, Outcome]:
        """The head after a commit has arrived, and what its sender would be told."""
        if (head, call) not in self._commits:
            self._go_to(head)
            self._commits[head, call] = self._send(head, call)
            self._at, _ = self._commits[head, call]
        return self._commits[head, call]

    def history(self, head: str) -> list[Snapshot]:
        """Every commit back to the first, oldest first, which have to be one line."""
        self._go_to(head)
        parents = self._adapter.parents()
        assert [len(each) for each in parents] == [*(1 for _ in parents[1:]), 0]
        versions = [head, *(parent for each in parents for parent in each)]
        return [self.read(version) for version in reversed(versions)]

    def _go_to(self, head: str | None) -> None:
        if head != self._at:
            self._adapter.reset(head)
            self._at = head

    def _send(self, head: str | None, call: Commit) -> tuple[str | None, Outcome]:
        try:
            version = self._adapter.branch.commit(call.base, dict(call.changes), call.message)
        except BranchError as error:
            return head, type(error)
        return version, version


@dataclass(frozen=True, slots=True)
class World:
    """One moment: where the branch is, where each writer is, and what is on its way.

    `arrived` has, for each writer, what came of its commit and is not answered yet; `under_way` has commits
    that will arrive some time, and whose senders have heard that nobody knows. `losses` answers may be lost yet.
    """

    head: str | None
    writers: tuple[Writer, ...]
    arrived: tuple[Outcome | None, ...]
    under_way: tuple[Commit, ...] = ()
    losses: int = 0

    def told(self, number: int, answer: Snapshot | Outcome) -> "World":
        """The world after a writer has heard an answer."""
        writer = self.writers[number].after(answer)
        return replace(self, writers=_put(self.writers, number, writer), arrived=_put(self.arrived, number, None))

    def lost(self, number: int, call: Commit) -> "World":
        """The world after a writer has heard that nobody knows what came of its commit."""
        late = (call,) if self.arrived[number] is None else ()
        after = replace(self, losses=self.losses - 1, under_way=self.under_way + late)
        return after.told(number, CommitInDoubt)


@dataclass(frozen=True, slots=True)
class Meeting:
    """Writers on one branch, and which moves there are.

    A read is one move: what is on its way to a writer who does nothing meanwhile cannot matter. A commit is
    two: it arrives, and it is answered. While `losses` are left, either can be lost: nobody hears the answer,
    and a commit that has not arrived does so at any later move. (One that never does is one that comes last
    of all, when its sender has seen to it.)
    """

    ground: Ground

    def begin(self, works: Iterable[Work], *, losses: int = 0, head: str | None = None) -> World:
        """The world in which nobody has been answered yet."""
        writers = tuple(map(Writer, works))
        return World(head, writers, (None,) * len(writers), losses=losses)

    def moves(self, world: World) -> list[Move[World]]:
        """All moves, by what happens."""
        each = [move for number in range(len(world.writers)) for move in self._moves_of(world, number)]
        late = [(f"commit {n} comes late", partial(self._late, world, n)) for n in range(len(world.under_way))]
        return each + late

    def _moves_of(self, world: World, number: int) -> Iterator[Move[World]]:
        call, outcome = world.writers[number].call, world.arrived[number]
        if isinstance(call, Read):
            yield f"{number} reads", lambda: world.told(number, self.ground.read(world.head, call.since))
        elif outcome is not None:
            yield f"{number} hears", lambda: world.told(number, outcome)
        elif call is not None:
            yield f"{number} commits", lambda: self._arrive(world, number, call)
        if isinstance(call, Commit) and world.losses:
            yield f"{number} hears nothing", lambda: world.lost(number, call)

    def _arrive(self, world: World, number: int, call: Commit) -> World:
        head, outcome = self.ground.commit(world.head, call)
        return replace(world, head=head, arrived=_put(world.arrived, number, outcome))

    def _late(self, world: World, place: int) -> World:
        head, _ = self.ground.commit(world.head, world.under_way[place])
        return replace(world, head=head, under_way=world.under_way[:place] + world.under_way[place + 1 :])


def _put(items: tuple[U, ...], place: int, item: U) -> tuple[U, ...]:
    return (*items[:place], item, *items[place + 1 :])


def every_schedule(
    moves: Callable[[T], Sequence[Move[T]]], world: T, check: Callable[[T, Sequence[str]], object]
) -> int:
    """Follow every schedule to its end, depth first; return how many there are.

    Each world is followed once, and `check` sees each last one, with the moves of one schedule to it.
    """
    known: dict[T, int] = {}

    def follow(world: T, story: tuple[str, ...]) -> int:
        if world not in known:
            choices = moves(world)
            if not choices:
                check(world, story)
            known[world] = sum(follow(go(), (*story, what)) for what, go in choices) if choices else 1
        return known[world]

    return follow(world, ())


def one_schedule(moves: Callable[[T], Sequence[Move[T]]], world: T, choose: Choose) -> tuple[T, list[str]]:
    """Follow one schedule; return the world at its end, and the moves."""
    story: list[str] = []
    while choices := moves(world):
        what, go = choices[choose(len(choices)) if len(choices) > 1 else 0]
        story.append(what)
        world = go()
    return world, story
