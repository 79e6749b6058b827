"""The state machines, each for a while, at every run of the tests."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from tests.fakes.lives import KINDS, Kind
from tests.fuzz.chain import Chain
from tests.fuzz.chain_machine import ChainMachine
from tests.fuzz.scene import PROJECTS
from tests.fuzz.store_machine import StoreMachine


def _play(machine: type[RuleBasedStateMachine], examples: int, steps: int) -> None:
    some = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=some)


def test_whoever_writes_and_whatever_goes_wrong_the_store_is_what_they_were_told() -> None:
    _play(StoreMachine, 60, 20)


def test_whoever_dies_and_whatever_people_do_the_chain_goes_on_and_every_cost_is_recorded() -> None:
    _play(ChainMachine, 25, 15)


CALLS = 11
"""Of a run that nothing happens to."""


def test_a_run_has_so_many_calls() -> None:
    chain = Chain()
    life = chain.life()
    chain.run("p", "done", life)
    chain.close()
    assert len(life.calls) == CALLS


@pytest.mark.parametrize("disk_is_lost", [False, True], ids=["the disk is left", "the disk is lost"])
@pytest.mark.parametrize("kind", KINDS)
def test_wherever_a_run_ends_the_chain_goes_on_and_every_cost_is_recorded(
    kind: Kind, *, disk_is_lost: bool
) -> None:
    for call in range(1, CALLS + 1):
        chain = Chain()
        chain.run("p", "done", chain.life({call: kind}, disk_is_lost=disk_is_lost))
        chain.check()
        chain.settle_all()
        chain.close()


@pytest.mark.parametrize("name", PROJECTS)
def test_wherever_another_run_comes_between_nobody_gets_more_than_they_have_room_for(name: str) -> None:
    for call in range(1, CALLS + 1):
        chain = Chain()
        chain.run("p", "done", chain.life(meanwhile={call: lambda chain=chain: chain.run(name)}))  # type: ignore[misc]
        chain.run("p")
        chain.check()
        chain.settle_all()
        chain.close()
