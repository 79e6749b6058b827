"""The chain as a state machine: hypothesis plays everybody."""

from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.fakes.lives import KINDS, Kind
from tests.fakes.memory_branch import Fault
from tests.fuzz.chain import Chain
from tests.fuzz.scene import ENDINGS, PROJECTS, Ending

_CALLS = st.integers(1, 24)
_PLACES = st.integers(0, 7)
_MINUTES = st.sampled_from([1, 5, 16, 50, 100])
_EDITS = st.sampled_from(["reword", "move", "remove", "add", "tick", "untick"])
_DECISIONS = st.sampled_from(["retry", "skip", "close", "sync"])
_FAULTS = st.sampled_from([Fault.STALE, Fault.APPLIED, Fault.LOST, Fault.LATE, Fault.REFUSED])
_OTHERS = st.tuples(
    st.sampled_from(["run", "merge", "turn down", "edit", "decide"]), st.sampled_from(PROJECTS), _PLACES
)
Other = tuple[str, str, int]


class ChainMachine(RuleBasedStateMachine):
    """Every rule is one command or one thing that somebody does; `Chain` knows what has to hold."""

    calm = True
    """Nobody stalls and nobody reopens anything: what must never happen then is watched most closely."""

    @initialize(calm=st.booleans())
    def begin(self, *, calm: bool) -> None:
        self.chain = Chain()
        self.calm = calm

    @rule(name=st.sampled_from(PROJECTS), ending=st.sampled_from(ENDINGS))
    def run_undisturbed(self, name: str, ending: Ending) -> None:
        self.chain.run(name, ending)

    @rule(
        name=st.sampled_from(PROJECTS),
        ending=st.sampled_from(ENDINGS),
        incidents=st.dictionaries(_CALLS, st.sampled_from(KINDS), max_size=2),
        others=st.dictionaries(_CALLS, _OTHERS, max_size=2),
        disk_is_lost=st.booleans(),
    )
    def run_disturbed(
        self,
        name: str,
        ending: Ending,
        incidents: dict[int, Kind],
        others: dict[int, Other],
        *,
        disk_is_lost: bool,
    ) -> None:
        meanwhile = {call: self._other(other) for call, other in others.items()}
        self.chain.run(name, ending, self.chain.life(incidents, meanwhile, disk_is_lost=disk_is_lost))

    def _other(self, other: Other) -> Callable[[], None]:
        what, name, place = other
        acts: dict[str, Callable[[], None]] = {
            "run": lambda: self.chain.run(name),
            "merge": lambda: self.chain.merge(place),
            "turn down": lambda: self.chain.turn_down(place),
            "edit": lambda: self.chain.edit(name, ("reword", "move", "remove", "tick")[place % 4], place),
            "decide": lambda: self.chain.decide(name, ("retry", "skip", "close", "sync")[place % 4], place),
        }
        return acts[what]

    @precondition(lambda self: not self.calm)
    @rule(name=st.sampled_from(PROJECTS), minutes=_MINUTES, call=_CALLS)
    def run_that_stalls(self, name: str, minutes: float, call: int) -> None:
        """So long that its claim may have been settled by another, who counts it then."""
        self.chain.excused = True
        self.chain.run(name, "done", self.chain.life(meanwhile={call: lambda: self._stall(name, minutes)}))

    def _stall(self, name: str, minutes: float) -> None:
        self.chain.advance(minutes)
        self.chain.at_work.clear()
        self.chain.run(name)

    @rule(faults=st.lists(_FAULTS, min_size=1, max_size=3))
    def branch_has_bad_days(self, faults: list[Fault]) -> None:
        self.chain.host.branch.faults.extend(faults)

    @rule(place=_PLACES)
    def merge(self, place: int) -> None:
        self.chain.merge(place)

    @rule(place=_PLACES)
    def turn_down(self, place: int) -> None:
        self.chain.turn_down(place)

    @precondition(lambda self: not self.calm)
    @rule(place=_PLACES)
    def reopen(self, place: int) -> None:
        self.chain.reopen(place)

    @rule(minutes=_MINUTES)
    def time_passes(self, minutes: float) -> None:
        self.chain.advance(minutes)

    @rule(name=st.sampled_from(PROJECTS), how=_EDITS, place=_PLACES)
    def edit(self, name: str, how: str, place: int) -> None:
        self.chain.edit(name, how, place)

    @rule(name=st.sampled_from(PROJECTS), how=_DECISIONS, place=_PLACES)
    def decide(self, name: str, how: str, place: int) -> None:
        self.chain.decide(name, how, place)

    @invariant()
    def everything_holds(self) -> None:
        if hasattr(self, "chain"):
            self.chain.check()

    def teardown(self) -> None:
        if hasattr(self, "chain"):
            try:
                self.chain.settle_all()
            finally:
                self.chain.close()
