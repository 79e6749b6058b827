"""Writers that take turns: each call of the branch waits until a schedule lets it go on.

Every writer runs in a thread of its own, and only one of them runs at a time, so that a run is determined by
the choices that were made in it. An unanswered commit is under way until the schedule delivers it.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from claudestep.domain.observation import Snapshot
from claudestep.infrastructure.metadata.branch import BranchError, CommitInDoubt, MetadataBranch
from tests.fakes.memory_branch import MemoryBranch, Sent

Choose = Callable[[int], int]
"""Which of so many moves is made: a number from 0 on."""


class _Turn:
    """One writer's thread: it runs only between `go` and the next call that it waits at."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.waits_at = ""
        self.error: BaseException | None = None
        self._go = threading.Semaphore(0)
        self._parked = threading.Semaphore(0)
        self._work = work
        self.move = ""
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._parked.acquire()

    def go(self, move: str) -> None:
        """Let it make the call that it waits at, and run to the next."""
        self.move = move
        self._go.release()
        self._parked.acquire()

    def wait(self, call: str) -> str:
        """(In the thread.) Wait at this call; the move that was chosen for it comes back."""
        self.waits_at = call
        self._parked.release()
        self._go.acquire()
        return self.move

    def _run(self) -> None:
        try:
            self.wait("start")
            self._work()
        except BaseException as error:  # noqa: BLE001  it is raised again by the scheduler
            self.error = error
        self.waits_at = ""
        self._parked.release()


@dataclass
class _Stepped:
    """The branch as one writer sees it."""

    branch: MemoryBranch
    under_way: list[Sent]
    turn: list[_Turn] = field(default_factory=list)

    def read(self, since: str | None = None) -> Snapshot:
        self.turn[0].wait("read")
        return self.branch.read(since)

    def commit(self, base: str | None, changes: Mapping[str, bytes | None], message: str) -> str:
        if self.turn[0].wait("commit") == "lose the answer":
            self.under_way.append(Sent(base, changes, message))
            raise CommitInDoubt("no answer")
        return self.branch.commit(base, changes, message)


def run_together(
    branch: MemoryBranch,
    writers: Sequence[Callable[[MetadataBranch], object]],
    choose: Choose,
    *,
    lost_answers: int = 0,
) -> list[str]:
    """Run all writers to their end in the order that `choose` decides, and return the moves.

    So many answers to commits may be lost, each where `choose` decides; such a commit arrives at any later
    move, and at the latest after the end. Raises what a writer raises.
    """
    under_way: list[Sent] = []
    turns = [_start(branch, writer, under_way) for writer in writers]
    moves: list[str] = []
    while moves_now := _moves(turns, under_way, lost_answers):
        move, turn = moves_now[choose(len(moves_now)) if len(moves_now) > 1 else 0]
        moves.append(move)
        if turn is None:
            deliver(branch, under_way.pop(0))
            continue
        lost_answers -= move == "lose the answer"
        turn.go(move)
        if turn.error is not None:
            raise turn.error
    return moves


def _start(branch: MemoryBranch, writer: Callable[[MetadataBranch], object], under_way: list[Sent]) -> _Turn:
    stepped = _Stepped(branch, under_way)
    turn = _Turn(lambda: writer(stepped))
    stepped.turn.append(turn)
    turn.go("start")
    return turn


def _moves(turns: list[_Turn], under_way: list[Sent], lost_answers: int) -> list[tuple[str, _Turn | None]]:
    moves: list[tuple[str, _Turn | None]] = []
    for turn in turns:
        if turn.waits_at:
            moves.append((turn.waits_at, turn))
        if turn.waits_at == "commit" and lost_answers:
            moves.append(("lose the answer", turn))
    if under_way:
        moves.append(("deliver", None))
    return moves


def deliver(branch: MemoryBranch, sent: Sent) -> None:
    """A commit arrives late; nobody hears the answer."""
    try:
        branch.commit(sent.base, sent.changes, sent.message)
    except BranchError:
        return


def every_choice(run: Callable[[Choose], object]) -> int:
    """Call `run` once for every sequence of choices that there is; return how many there are."""
    path: list[list[int]] = []
    count = 0
    while True:
        position = 0

        def choose(width: int) -> int:
            nonlocal position
            if position == len(path):
                path.append([0, width])
            chosen, before = path[position]
            assert before == width, "a run is not determined by its choices"
            position += 1
            return chosen

        run(choose)
        count += 1
        while path and path[-1][0] + 1 == path[-1][1]:
            path.pop()
        if not path:
            return count
        path[-1][0] += 1
