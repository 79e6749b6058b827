"""Two workflows at the same moment."""

from pathlib import Path

from tests.workflows.chain import Held, project, set_chain, shipped, told, until
from tests.workflows.conftest import SetStage


def test_with_room_for_one(set_stage: SetStage, tmp_path: Path) -> None:
    """They race for it; who has lost ends while the other one's agent is still at work."""
    held = Held(tmp_path)
    chain = set_chain(set_stage, shipped(tmp_path) | project("auth", "One", "Two", command=held.command))
    runs = [chain.stage.start("workflow_dispatch", inputs={"project": "auth"}) for _ in range(2)]
    try:
        until(lambda: held.begun() > 0 and not all(run.is_alive() for run in runs), "the end of one of them")
        assert held.begun() == 1
    finally:
        held.let_go()
    done = [run.wait() for run in runs]

    assert [one.exit_code for one in done] == [0, 0], done
    assert sorted(told(one, "outcome", "reason", "pr_number") for one in done) == [
        ("nothing_to_do", "no_reviewer_capacity", ""),
        ("opened", "opened", "1"),
    ]
    assert chain.states("auth") == [(1, "open"), (None, None)]
    assert chain.steps("auth")[0]["attempts"] == 1


def test_with_room_for_two(set_stage: SetStage, tmp_path: Path) -> None:
    """Neither ends before both are at work."""
    held = Held(tmp_path)
    files = shipped(tmp_path) | project("auth", "One", "Two", "Three", command=held.command, room=2)
    chain = set_chain(set_stage, files)
    runs = [chain.stage.start("workflow_dispatch", inputs={"project": "auth"}) for _ in range(2)]
    try:
        until(lambda: held.begun() == 2, "that both are at work")
    finally:
        held.let_go()
    done = [run.wait() for run in runs]

    assert [one.exit_code for one in done] == [0, 0], done
    assert sorted(told(one, "outcome", "step_index")[1] for one in done) == ["1", "2"]
    assert sorted(told(one, "outcome", "pr_number") for one in done) == [("opened", "1"), ("opened", "2")]
    assert {state for _, state in chain.states("auth")} == {"open", None}
    assert [step.get("attempts", 0) for step in chain.steps("auth")] == [1, 1, 0]
    assert chain.open() == [1, 2]
