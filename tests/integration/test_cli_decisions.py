"""claudestep retry, skip and close: what a person decides about a step."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from claudestep import open_store
from claudestep.domain.changes import GiveClaim
from claudestep.domain.models import Claim, Owner
from tests.integration.repository import METADATA, PROJECT, THREE_STEPS, Repository, eventually

FAILS = "echo broken >&2\nexit 3"
FAILS_ON_ONE = f'[ "$CLAUDESTEP_STEP_INDEX" = 1 ] && {{ {FAILS}; }}\necho x > "$CLAUDESTEP_STEP_INDEX.txt"'.replace(
    "\nexit", "; exit"
)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path).begin()


def merge(repository: Repository, branch: str) -> None:
    repository.git("merge", "--quiet", "--no-edit", branch)


class TestRetry:
    def test_a_step_that_failed_too_often_is_begun_again(self, tmp_path: Path) -> None:
        repository = Repository(tmp_path).begin(command=FAILS)
        for _ in range(2):
            assert repository.run("run", PROJECT).code == 1
        assert repository.states()[1] == "failed"

        result = repository.run("retry", PROJECT, "1")

        assert result.code == 0
        assert "step 1 was failed and is to be done again: One" in result.out
        step = repository.step(1)
        assert (step["attempts"], "failures" in step, "failure_reason" in step) == (2, False, False)
        repository.configure("echo x > one.txt")
        repository.commit()
        assert "attempt 3" in repository.run("run", PROJECT).out
        assert repository.branches() == ["claude-step-p-1.3"]

    def test_one_failure_is_forgotten_before_it_becomes_too_many(self, tmp_path: Path) -> None:
        repository = Repository(tmp_path).begin(command=FAILS)
        repository.run("run", PROJECT)
        assert repository.run("retry", PROJECT, "1").code == 0
        assert repository.states()[1] == "to_do"
        repository.run("run", PROJECT)
        assert repository.states()[1] == "to_do", "the count began anew"

    def test_a_closed_step_is_begun_again_and_its_first_pull_request_is_remembered(
        self, repository: Repository
    ) -> None:
        repository.run("run", PROJECT)
        repository.run("close", "1", "--reason", "wrong file")
        repository.run("retry", PROJECT, "1")
        repository.run("run", PROJECT)
        step = repository.step(1)
        assert (step["pr_number"], step["branch_name"], step["pr_state"]) == (2, "claude-step-p-1.2", "open")
        (earlier,) = step["previous_pull_requests"]
        assert (earlier["pr_number"], earlier["pr_state"], earlier["closed_reason"]) == (1, "closed", "wrong file")

    def test_a_step_that_lost_its_tick_is_done_again(self, repository: Repository) -> None:
        repository.run("run", PROJECT)
        merge(repository, "claude-step-p-1")
        repository.git("rm", "--quiet", "1.txt")
        repository.edit_spec("- [x] One", "- [ ] One")
        repository.run("run", PROJECT)
        assert repository.states()[1] == "unticked"
        assert repository.run("retry", PROJECT, "1").code == 0
        assert repository.states()[1] == "to_do"
        merge(repository, "claude-step-p-2")
        repository.run("run", PROJECT)
        assert repository.step(1)["branch_name"] == "claude-step-p-1.2"

    def test_all_steps_that_are_named_or_none(self, tmp_path: Path) -> None:
        repository = Repository(tmp_path).begin(command=FAILS)
        for _ in range(2):
            repository.run("run", PROJECT)
        before = repository.refs()[METADATA]
        result = repository.run("retry", PROJECT, "1", "2")
        assert result.code == 2
        assert "step 2 is to do and cannot be retried" in result.err
        assert repository.refs()[METADATA] == before
        assert repository.run("retry", PROJECT, "1", "1").code == 0

    @pytest.mark.parametrize(
        ("arguments", "says"),
        [
            (("nothing", "1"), "there is no claude-step/nothing/spec.md"),
            ((PROJECT, "9"), "p has no step 9"),
            ((PROJECT, "0"), "p has no step 0"),
            ((PROJECT, "one"), "'one' is not a valid int"),
            ((PROJECT,), "STEP"),
            (("../p", "1"), "cannot be the name of a project"),
        ],
    )
    def test_what_is_not_there_is_refused_in_a_sentence(
        self, repository: Repository, arguments: tuple[str, ...], says: str
    ) -> None:
        result = repository.run("retry", *arguments)
        assert result.code == 2
        assert says in result.err
        assert METADATA not in repository.refs()


class TestSkip:
    def test_the_chain_goes_on_without_it_and_ends(self, repository: Repository) -> None:
        assert repository.run("skip", PROJECT, "1", "3").code == 0
        repository.run("run", PROJECT)
        assert repository.branches() == ["claude-step-p-2"]
        merge(repository, "claude-step-p-2")
        done = repository.run("run", PROJECT)
        assert "All steps are done. (2 skipped)" in done.out
        assert repository.states() == {1: "skipped", 2: "done", 3: "skipped"}
        assert "1 of 1" in repository.run("status").out

    def test_it_is_taken_back_by_retry(self, repository: Repository) -> None:
        repository.run("skip", PROJECT, "1")
        first = repository.step(1)["skipped_at"]
        repository.run("skip", PROJECT, "1")
        assert repository.step(1)["skipped_at"] == first
        repository.run("retry", PROJECT, "1")
        repository.run("run", PROJECT)
        assert repository.branches() == ["claude-step-p-1"]

    def test_a_tick_makes_it_done_all_the_same(self, repository: Repository) -> None:
        repository.run("skip", PROJECT, "1")
        repository.edit_spec("- [ ] One", "- [x] One")
        assert repository.states()[1] == "done"

    def test_a_step_in_review_is_not_skipped(self, repository: Repository) -> None:
        repository.run("run", PROJECT)
        result = repository.run("skip", PROJECT, "1")
        assert result.code == 2
        assert "claudestep close 1" in result.err
        assert repository.states()[1] == "in_review"

    def test_a_done_step_is_not_skipped(self, tmp_path: Path) -> None:
        repository = Repository(tmp_path).begin(spec=THREE_STEPS.replace("[ ] One", "[x] One"))
        result = repository.run("skip", PROJECT, "1")
        assert (result.code, "its box is ticked" in result.err) == (2, True)

    def test_a_skipped_step_that_is_being_worked_on_is_not_published_and_its_work_is_kept(
        self, tmp_path: Path
    ) -> None:
        marker = tmp_path / "started"
        go_on = tmp_path / "go"
        repository = Repository(tmp_path).begin(
            command=f"touch {marker}\nwhile [ ! -e {go_on} ]; do sleep 0.05; done\necho x > one.txt"
        )
        with repository.start("run", PROJECT) as process:
            eventually(marker.exists)
            with repository.start("skip", PROJECT, "1") as skipping:
                assert skipping.wait(60) == 0
            go_on.touch()
            out, _ = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "nothing was published" in out
        assert "git apply" in out
        assert repository.branches() == []
        assert repository.states()[1] == "skipped"
        assert "failures" not in repository.step(1)

    def test_a_step_that_is_being_published_is_not_skipped(self, repository: Repository) -> None:
        repository.run("skip", PROJECT, "3")
        claim = Claim(
            id="c", owner=Owner(run_id=7, run_attempt=1), branch="claude-step-p-1", agent="command",
            stage="publishing", until=datetime(2099, 1, 1, tzinfo=UTC),
        )  # fmt: skip
        open_store(repository.path).update(PROJECT, GiveClaim(1, 1, claim).apply)
        with repository.start("skip", PROJECT, "1") as process:
            _, err = process.communicate(timeout=60)
        assert (process.returncode, "step 1 is being published" in err) == (2, True)
        assert "skipped_at" not in repository.step(1)


class TestClose:
    def test_the_branch_goes_and_the_work_stays(self, repository: Repository) -> None:
        repository.run("run", PROJECT)
        head = repository.git("rev-parse", "claude-step-p-1")
        result = repository.run("close", "1", "--reason", "not now")
        assert result.code == 0
        assert f"git show {head[:12]}" in result.out
        assert "claudestep retry p 1" in result.out
        assert repository.branches() == []
        assert repository.git("rev-parse", "refs/claudestep/pulls/1^") == head
        step = repository.step(1)
        assert (step["pr_state"], step["closed_reason"]) == ("closed", "not now")
        assert "step 1 was closed: not now" in repository.run("status", PROJECT).out
        repository.run("run", PROJECT)
        assert repository.branches() == ["claude-step-p-2"]

    def test_with_retry_closed_it_is_done_again_and_told_why(self, tmp_path: Path) -> None:
        repository = Repository(tmp_path).begin(command="cat > prompt.txt", more="retryClosed: true\n")
        repository.run("run", PROJECT)
        repository.run("close", "1", "--reason", "keep the old name")
        repository.run("run", PROJECT)
        assert repository.branches() == ["claude-step-p-1.2"]
        prompt = repository.show("claude-step-p-1.2:prompt.txt")
        assert "turned down pull request #1, saying: keep the old name" in prompt
        assert "turned down" not in repository.show("refs/claudestep/pulls/1^:prompt.txt")

    def test_a_pull_request_that_is_merged_or_closed_is_not_closed_again(self, repository: Repository) -> None:
        repository.run("run", PROJECT)
        merge(repository, "claude-step-p-1")
        assert "pull request #1 is merged already" in repository.run("close", "1").err
        repository.run("run", PROJECT)
        repository.run("close", "2")
        result = repository.run("close", "2")
        assert (result.code, "pull request #2 is closed already" in result.err) == (2, True)

    def test_a_branch_that_somebody_uses_or_has_moved_is_left(self, repository: Repository) -> None:
        repository.run("run", PROJECT)
        repository.git("switch", "--quiet", "claude-step-p-1")
        on_it = repository.run("close", "1")
        assert (on_it.code, "is checked out in" in on_it.err) == (1, True)
        repository.write("mine.txt", "mine\n")
        repository.commit("Mine")
        repository.git("switch", "--quiet", "main")
        moved = repository.run("close", "1")
        assert (moved.code, "git branch -D claude-step-p-1" in moved.err) == (1, True)
        assert repository.branches() == ["claude-step-p-1"]
        assert repository.states()[1] == "in_review"

    @pytest.mark.parametrize(("number", "says"), [("7", "there is no pull request #7"), ("x", "not a valid int")])
    def test_a_number_that_is_none_is_refused(self, repository: Repository, number: str, says: str) -> None:
        repository.run("run", PROJECT)
        result = repository.run("close", number)
        assert (result.code, says in result.err) == (2, True)


def test_on_failure_stop_holds_the_chain_until_the_step_is_retried_or_skipped(tmp_path: Path) -> None:
    repository = Repository(tmp_path).begin(command=FAILS_ON_ONE, more="onFailure: stop\nmaxAttempts: 1\n")
    first = repository.run("run", PROJECT)
    assert (first.code, "the chain stops" in first.out) == (1, True)
    held = repository.run("run", PROJECT)
    assert (held.code, "`onFailure: stop` holds the chain" in held.out) == (0, True)
    assert repository.next()["reason"] == "stopped_by_failure"
    repository.run("skip", PROJECT, "1")
    repository.run("run", PROJECT)
    assert repository.branches() == ["claude-step-p-2"]
