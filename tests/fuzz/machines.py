"""The state machines, by name, and how they are played for a long time."""

import logging
import time
import traceback
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.fuzz.chain_machine import ChainMachine
from tests.fuzz.store_machine import StoreMachine

MACHINES: dict[str, type[RuleBasedStateMachine]] = {"store": StoreMachine, "chain": ChainMachine}
_STEPS = 25


@dataclass(frozen=True)
class Played:
    """How long it took, and the shortest story that ends badly, if any does."""

    name: str
    examples: int
    seconds: float
    trace: str = ""

    def __str__(self) -> str:
        told = "a bug" if self.trace else f"{self.examples:,} stories of up to {_STEPS} steps, no bug"
        return f"machine {self.name}: {told} in {self.seconds:.1f} s"


def play(name: str, examples: int, start: int) -> Played:
    """Play so many stories, or as many as there are to the first bug, which is then made short."""
    many = settings(
        max_examples=examples,
        stateful_step_count=_STEPS,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    began, trace = time.monotonic(), ""
    logging.disable()
    try:
        run_state_machine_as_test(seed(start)(MACHINES[name]), settings=many)
    except Exception:  # noqa: BLE001  whatever it raises is a bug that is to be shown
        trace = traceback.format_exc()
    finally:
        logging.disable(logging.NOTSET)
    return Played(name, examples, time.monotonic() - began, trace)
