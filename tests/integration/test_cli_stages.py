"""prepare, agent and finalize: the three parts of a run as commands of their own."""

import json
import signal
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from claudestep.application.finalize_stage import FinalizeStage
from claudestep.cli.settings import Settings
from claudestep.cli.wiring import Wanted, connect
from claudestep.infrastructure.handover import Handover
from claudestep.infrastructure.metadata.store import MetadataStore
from claudestep.infrastructure.retry import Patience
from tests.integration.repository import PROJECT, Repository, Result, eventually

USAGE = json.dumps({"type": "PRCreation", "model": "m", "cost_usd": 0.25, "created_at": "2026-01-01T00:00:00Z"})
SPENDS = f"echo '{USAGE}' > \"$CLAUDESTEP_USAGE_FILE\"\n"
WRITES = "echo $CLAUDESTEP_STEP_INDEX > file-$CLAUDESTEP_STEP_INDEX.txt\n"


@dataclass
class Staged(Repository):
    """A repository in which claims outlive a command."""

    def _judged(self, args: Iterable[str], before: object, result: Result) -> Result:
        del args, before
        assert result.code in (0, 1, 2, 130), result
        assert "Traceback" not in result.err
        assert not list(self.temporary.glob("claudestep-*"))
        return result

    @property
    def handover(self) -> Path:
        return self.path / ".git/claudestep/handover"

    def claims(self) -> list[Any]:
        return [step["claim"] for document in self.documents() for step in document["steps"] if "claim" in step]

    def report(self) -> list[Any]:
        found: list[Any] = json.loads((self.handover / "report.json").read_text())
        return found

    def stages(self, *args: str) -> list[int]:
        """All three, one after the other; their exit codes."""
        return [self.run("prepare", PROJECT, *args).code, self.run("agent").code, self.run("finalize").code]


@pytest.fixture
def repository(tmp_path: Path) -> Staged:
    repository = Staged(tmp_path)
    repository.begin(command=WRITES)
    return repository


def test_a_step_in_three_commands(repository: Staged) -> None:
    assert repository.run("prepare", PROJECT).code == 0
    (claim,) = repository.claims()
    assert (claim["stage"], "pid" in claim["owner"]) == ("working", False)
    assert repository.branches() == []

    done = repository.run("agent")
    assert (done.code, "step 1: done" in done.out) == (0, True)
    assert repository.branches() == []

    done = repository.run("finalize")
    assert done.code == 0
    assert "pull request #1 is open: 2 files, +2 -1" in done.out
    assert repository.claims() == []
    assert repository.changed_files("claude-step-p-1") == ["claude-step/p/spec.md", "file-1.txt"]
    assert repository.ticked("claude-step-p-1") == repository.ticked() + 1
    (told,) = repository.report()
    assert (told["outcome"], told["pr_number"], told["step_index"]) == ("opened", 1, 1)


def test_the_claim_holds_while_nobody_works_under_it(repository: Staged) -> None:
    repository.run("prepare", PROJECT)

    other = repository.run("run", PROJECT)

    assert (other.code, "Nothing more can begin" in other.out) == (0, True)
    assert len(repository.claims()) == 1


def test_the_commit_is_the_one_that_a_run_makes(repository: Staged, tmp_path: Path) -> None:
    repository.stages()
    other = Repository(tmp_path / "other")
    other.begin(command=WRITES)
    other.run("run", PROJECT)

    tree = "claude-step-p-1^{tree}"
    assert repository.git("rev-parse", tree) == other.git("rev-parse", tree)


def test_several_steps_are_worked_on_one_after_the_other(repository: Staged) -> None:
    repository.configure(WRITES, more="reviewers: [{username: alice, maxOpenPRs: 5}]")
    repository.commit()

    assert repository.stages("--max-steps", "2") == [0, 0, 0]

    assert repository.branches() == ["claude-step-p-1", "claude-step-p-2"]
    for number in (1, 2):
        assert repository.changed_files(f"claude-step-p-{number}") == [
            "claude-step/p/spec.md",
            f"file-{number}.txt",
        ]
    first, second = (step["claim"] for step in _claimed_before(repository))
    assert first["until"] < second["until"]


def _claimed_before(repository: Staged) -> list[Any]:
    """The steps as they were when the second one was claimed."""
    log = repository.git("log", "--format=%H", "--grep=Claim step 2", "claudestep-metadata").splitlines()
    return [step for step in json.loads(repository.show(f"{log[0]}:projects/p.json"))["steps"] if "claim" in step]


def test_nothing_to_do_is_no_error(repository: Staged) -> None:
    repository.stages()

    assert repository.stages() == [0, 0, 0]

    (told,) = repository.report()
    assert (told["outcome"], told["reason"]) == ("nothing_to_do", "steps_in_progress")


@pytest.mark.parametrize(
    ("command", "reason", "failures"),
    [
        ("exit 3", "agent.command failed with exit status 3", 1),
        ("true", "the agent changed nothing", 1),
        ("no-such-program", "agent.command (in a checkout of what is committed) failed", 0),
    ],
)
def test_an_agent_that_fails(repository: Staged, command: str, reason: str, failures: int) -> None:
    repository.configure(f"{SPENDS if failures else ''}{command}")
    repository.commit()

    assert repository.stages() == [0, 0, 1]

    step = repository.step(1)
    assert repository.claims() == []
    assert step.get("failures", 0) == failures
    assert [task["cost_usd"] for task in step["ai_tasks"]] == [0.25] * failures
    (told,) = repository.report()
    assert (told["outcome"], told["message"].startswith(reason)) == ("failed", True)


def test_an_agent_that_never_ran_costs_the_step_nothing(repository: Staged) -> None:
    repository.run("prepare", PROJECT)

    done = repository.run("finalize")

    assert (done.code, "the agent did not run" in done.out) == (1, True)
    assert (repository.claims(), repository.step(1).get("failures", 0)) == ([], 0)


def test_finalize_may_come_twice(repository: Staged) -> None:
    repository.stages()
    before = repository.document()

    done = repository.run("finalize")

    assert (done.code, done.out) == (0, "every claim is ended already\n")
    assert repository.document()["steps"] == before["steps"]


def test_finalize_may_come_twice_on_another_machine(repository: Staged) -> None:
    repository.run("prepare", PROJECT)
    claims = (repository.handover / "claims.json").read_text()
    repository.run("agent")
    repository.run("finalize")
    before = repository.document()

    done = repository.run("finalize", "--claims", claims)

    assert (done.code, "pull request #1 was opened of it before" in done.out) == (0, True)
    assert repository.document()["steps"] == before["steps"]
    assert repository.report()[-1]["reason"] == "already_published"


def test_claims_that_are_not_ended_are_not_forgotten(repository: Staged) -> None:
    repository.run("prepare", PROJECT)

    done = repository.run("prepare", PROJECT)

    assert (done.code, "End their claims first: claudestep finalize" in done.err) == (2, True)
    assert repository.run("agent").code == repository.run("finalize").code == 0
    assert repository.claims() == []


def test_an_agent_works_once(repository: Staged) -> None:
    repository.configure(SPENDS + WRITES)
    repository.commit()
    repository.run("prepare", PROJECT)
    repository.run("agent")

    assert "was worked on already" in repository.run("agent").out

    repository.run("finalize")
    assert "nothing is claimed" in repository.run("agent").out
    assert [task["cost_usd"] for task in repository.step(1)["ai_tasks"]] == [0.25]


def test_an_agent_that_was_killed_and_begun_again_has_cost_both_times(repository: Staged) -> None:
    marker = repository.place / "begun"
    repository.configure(f"{SPENDS}test -e '{marker}' || {{ touch '{marker}'; sleep 60; }}\n{WRITES}")
    repository.commit()
    repository.run("prepare", PROJECT)
    with repository.start("agent") as process:
        eventually(marker.exists)
        process.kill()
        process.communicate(timeout=30)

    assert "done" in repository.run("agent").out
    assert repository.run("finalize").code == 0

    assert [task["cost_usd"] for task in repository.step(1)["ai_tasks"]] == [0.25, 0.25]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["interrupted", "killed"])
def test_an_agent_that_is_broken_off(repository: Staged, number: signal.Signals) -> None:
    marker = repository.place / "begun"
    repository.configure(f"{SPENDS}touch '{marker}'\nsleep 60")
    repository.commit()
    repository.run("prepare", PROJECT)

    with repository.start("agent") as process:
        eventually(marker.exists)
        process.send_signal(number)
        process.communicate(timeout=30)
    done = repository.run("finalize")

    assert done.code == 1
    step = repository.step(1)
    assert (repository.claims(), step.get("failures", 0)) == ([], 0 if number is signal.SIGINT else 1)
    assert [task["cost_usd"] for task in step["ai_tasks"]] == [0.25]


def test_a_prepare_that_died_with_its_claim(repository: Staged) -> None:
    repository.run("prepare", PROJECT)
    file = repository.handover / "claims.json"
    told = json.loads(file.read_text())
    assert [one["claim"] for one in told["begun"]] == [repository.claims()[0]["id"]]
    file.write_text(json.dumps({**told, "claims": []}))

    assert repository.run("finalize").code == 0

    assert (repository.claims(), repository.step(1).get("failures", 0)) == ([], 0)


@pytest.mark.parametrize("command", ["agent", "finalize"])
def test_without_a_prepare(repository: Staged, command: str) -> None:
    done = repository.run(command)

    assert (done.code, "claudestep prepare PROJECT" in done.err) == (2, True)


@pytest.mark.parametrize(
    "claims",
    ["no JSON", "[]", '{"claims": [{}]}', '{"claims": 5}', "{" * 5000],
)
def test_claims_that_are_none(repository: Staged, claims: str) -> None:
    repository.run("prepare", PROJECT)
    (repository.handover / "claims.json").write_text(claims)

    for command in ("agent", "finalize"):
        done = repository.run(command)
        assert (done.code, "claims.json of the handover cannot be read" in done.err) == (2, True)


def _with_claim(repository: Staged, **changes: object) -> str:
    told = json.loads((repository.handover / "claims.json").read_text())
    claim = told["claims"][0]
    for name, value in changes.items():
        inside = claim["step"]["claim"] if name == "id" else claim
        inside[name] = value
    return json.dumps(told)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "../../../../x"},
        {"id": ""},
        {"base_commit": "--upload-pack=x"},
        {"project": "../p"},
        {"before": "HEAD"},
    ],
    ids=str,
)
def test_a_claim_names_files_and_commits_of_its_own_only(repository: Staged, changes: dict[str, object]) -> None:
    repository.run("prepare", PROJECT)

    done = repository.run("agent", "--claims", _with_claim(repository, **changes))

    assert (done.code, "of the handover cannot be read" in done.err) == (2, True)


def test_what_is_forbidden_is_refused_where_the_agent_works_and_where_it_is_published(repository: Staged) -> None:
    repository.configure("mkdir -p .github; echo x > .github/x.yml; echo y > y.txt")
    repository.commit()

    assert repository.stages() == [0, 0, 1]

    (told,) = repository.report()
    assert ".github/x.yml" in told["message"]
    assert ".github/x.yml" in Path(told["patch"]).read_text()
    assert (repository.branches(), repository.step(1)["failures"]) == ([], 1)


def test_a_patch_that_somebody_changed_on_the_way(repository: Staged) -> None:
    repository.run("prepare", PROJECT)
    repository.run("agent")
    (patch,) = (repository.handover / "patches").glob("*.patch")
    patch.write_text(patch.read_text().replace("file-1.txt", ".github/workflows/x.yml"))

    done = repository.run("finalize")

    assert done.code == 1
    (told,) = repository.report()
    assert ".github/workflows/x.yml" in told["message"]
    assert repository.branches() == []


def forged(path: str, mode: str, line: str) -> str:
    """A patch that makes this file."""
    return (
        f"diff --git a/{path} b/{path}\nnew file mode {mode}\n--- /dev/null\n+++ b/{path}\n"
        f"@@ -0,0 +1 @@\n+{line}\n\\ No newline at end of file\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "no patch",
        forged("../x", "100644", "x"),
        forged(".git/config", "100644", "x"),
        forged("a", "120000", "/etc/passwd"),
        forged("s", "160000", f"Subproject commit {'1' * 40}"),
    ],
    ids=["none", "outside", "git", "link", "submodule"],
)
def test_a_patch_that_is_forged(repository: Staged, text: str) -> None:
    repository.run("prepare", PROJECT)
    repository.run("agent")
    (patch,) = (repository.handover / "patches").glob("*.patch")
    patch.write_text(text)

    assert repository.run("finalize").code == 1

    assert (repository.branches(), repository.claims(), repository.step(1)["failures"]) == ([], [], 1)
    assert not (repository.path.parent / "x").exists()


def test_in_place(repository: Staged) -> None:
    repository.write("package-lock.json", "committed\n")
    repository.write(".gitignore", "node_modules\n")
    repository.configure(
        "test -f node_modules/x && test -f notes.txt && git add -A && git switch -qc own && " + WRITES
    )
    repository.commit()
    repository.write("package-lock.json", "changed by an earlier step\n")
    repository.write("notes.txt", "from an earlier step\n")
    repository.write("node_modules/x", "installed\n")
    base = repository.git("rev-parse", "HEAD")

    assert repository.run("prepare", PROJECT).code == 0
    done = repository.run("agent", "--in-place")
    assert (done.code, "done" in done.out) == (0, True), done
    assert repository.run("finalize").code == 0

    assert repository.changed_files("claude-step-p-1") == ["claude-step/p/spec.md", "file-1.txt"]
    assert repository.git("status", "--porcelain").splitlines() == ["M package-lock.json", "?? notes.txt"]
    assert repository.git("rev-parse", "HEAD") == base


def test_in_place_where_a_change_is_in_the_way(repository: Staged) -> None:
    repository.run("prepare", PROJECT)
    repository.git("checkout", "--quiet", "--orphan", "elsewhere")
    repository.git("rm", "-rq", "--cached", ".")

    done = repository.run("agent", "--in-place")

    assert (done.code, "cannot be brought to the commit" in done.out) == (0, True)
    assert repository.run("finalize").code == 1
    assert (repository.claims(), repository.step(1).get("failures", 0)) == ([], 0)


ATTEMPT = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "1"}


def test_a_later_attempt_of_a_workflow(repository: Staged) -> None:
    repository.run("prepare", PROJECT, env=ATTEMPT)
    assert repository.claims()[0]["owner"] == {"run_id": 7, "run_attempt": 1}
    later = ATTEMPT | {"GITHUB_RUN_ATTEMPT": "2"}

    done = repository.run("agent", env=later)
    assert "Re-run all jobs" in done.out

    repository.run("prepare", PROJECT, env=later)
    (claim,) = repository.claims()
    assert claim["owner"] == {"run_id": 7, "run_attempt": 2}
    assert repository.run("agent", env=later).code == repository.run("finalize", env=later).code == 0
    assert repository.branches() == ["claude-step-p-1.2"]


def test_a_workflow_of_another_run_waits_for_a_claim(repository: Staged) -> None:
    repository.run("prepare", PROJECT, env=ATTEMPT)

    repository.run("prepare", PROJECT, env=ATTEMPT | {"GITHUB_RUN_ID": "8", "GITHUB_RUN_ATTEMPT": "2"})

    assert [claim["owner"]["run_id"] for claim in repository.claims()] == [7]


EXECUTION = [
    {"type": "system", "subtype": "init", "model": "claude-x"},
    {"type": "assistant", "message": {"id": "m1", "content": [{"type": "text", "text": "I did."}]}},
    {
        "type": "result", "subtype": "success", "is_error": False, "result": "Done", "total_cost_usd": 0.5,
        "duration_ms": 1500, "modelUsage": {"claude-x": {"inputTokens": 10, "outputTokens": 20, "costUSD": 0.5}},
    },
]  # fmt: skip


@pytest.mark.parametrize(
    ("messages", "costs"),
    [(EXECUTION, [0.5]), (EXECUTION[:2], [None]), (None, [None])],
    ids=["whole", "cut", "none"],
)
def test_an_agent_of_ones_own(repository: Staged, messages: list[Any] | None, costs: list[float | None]) -> None:
    repository.write("left.txt", "by an earlier step\n")
    assert repository.run("prepare", PROJECT, "--check-out").code == 0
    repository.write("mine.txt", "by my own agent\n")
    file = repository.place / "execution.json"
    if messages is not None:
        file.write_text(json.dumps(messages))

    done = repository.run("finalize", "--execution-file", str(file))

    whole = costs == [0.5]
    assert done.code == (0 if whole else 1), done
    assert [task["cost_usd"] for task in repository.step(1)["ai_tasks"]] == costs
    assert repository.claims() == []
    if whole:
        assert repository.changed_files("claude-step-p-1") == ["claude-step/p/spec.md", "mine.txt"]
        assert [(t["tokens_input"], t["tokens_output"]) for t in repository.step(1)["ai_tasks"]] == [(10, 20)]


def test_costs_that_cannot_be_recorded_are_not_lost(repository: Staged) -> None:
    repository.configure(SPENDS + WRITES)
    repository.commit()
    repository.run("prepare", PROJECT)
    repository.run("agent")
    lock = repository.path / ".git/refs/heads/claudestep-metadata.lock"
    lock.touch()
    wanted = Wanted(handover=repository.handover)
    backend = connect(Settings(repository.environment), repository.path, wanted)
    store = MetadataStore(backend.host.branch, patience=Patience(total=0.3, cap=0.05))

    stage = FinalizeStage(backend=replace(backend, store=store), handover=Handover(repository.handover))
    (told,) = stage.finish()

    lock.unlink()
    assert (told.outcome, "could not be written" in told.message) == ("failed", True)
    kept = repository.place / "kept.json"
    kept.write_text(told.unrecorded)
    assert repository.run("metadata", "apply", str(kept)).code == 0
    assert [task["cost_usd"] for task in repository.step(1)["ai_tasks"]] == [0.25]
    assert "file-1.txt" in Path(told.patch).read_text()


def test_one_agent_of_ones_own_works_on_one_step(repository: Staged) -> None:
    repository.add_project("q")
    repository.commit()

    done = repository.run("prepare", "--check-out")

    assert (done.code, len(repository.claims())) == (0, 1)


def test_several_claims_and_one_execution_file(repository: Staged) -> None:
    repository.add_project("q")
    repository.commit()
    repository.run("prepare")
    repository.write("a.txt", "changed\n")
    file = repository.place / "execution.json"
    file.write_text(json.dumps(EXECUTION))

    done = repository.run("finalize", "--execution-file", str(file))

    assert (done.code, repository.branches(), repository.claims()) == (1, [], [])
    tasks = [task for document in repository.documents() for step in document["steps"] for task in step["ai_tasks"]]
    assert [task["cost_usd"] for task in tasks] == [0.5]


def test_a_lock_that_an_agent_leaves_costs_no_work(repository: Staged) -> None:
    repository.configure(f"touch .git/index.lock; {WRITES}")
    repository.commit()
    repository.run("prepare", PROJECT)

    assert repository.run("agent", "--in-place").code == 0

    assert repository.run("finalize").code == 0
    assert repository.changed_files("claude-step-p-1") == ["claude-step/p/spec.md", "file-1.txt"]
    assert repository.git("status", "--porcelain") == ""
    assert not (repository.path / ".git/index.lock").exists()


@pytest.mark.parametrize(
    ("left", "said"),
    [(-60, "the claim ended before the agent could begin"), (452, "was stopped at the time limit")],
    ids=["none", "two seconds"],
)
def test_an_agent_works_no_longer_than_its_claim_holds(repository: Staged, left: float, said: str) -> None:
    """Half of the quarter of an hour that a claim has more than its agent is kept for publishing."""
    repository.configure("echo x > x.txt; sleep 60")
    repository.commit()
    repository.run("prepare", PROJECT)
    told = json.loads((repository.handover / "claims.json").read_text())
    until = datetime.now(UTC) + timedelta(seconds=left)
    told["claims"][0]["step"]["claim"]["until"] = until.isoformat()
    (repository.handover / "claims.json").write_text(json.dumps(told))

    assert said in repository.run("agent").out
    assert repository.run("finalize").code == 1
    assert (repository.branches(), repository.claims()) == ([], [])


@pytest.mark.parametrize("broken", ["results", "unsent"])
def test_a_file_of_the_handover_that_is_cut_off(repository: Staged, broken: str) -> None:
    repository.configure(SPENDS + WRITES)
    repository.commit()
    repository.run("prepare", PROJECT)
    repository.run("agent")
    (path,) = (repository.handover / broken).glob("*.json")
    path.write_bytes(path.read_bytes()[:20])

    done = repository.run("finalize")

    costs = [task["cost_usd"] for task in repository.step(1)["ai_tasks"]]
    assert (done.code, costs) == ((1, [0.25]) if broken == "results" else (0, [None]))
    assert repository.claims() == []


@pytest.mark.parametrize("count", [51, 30_000])
def test_costs_that_somebody_made_up_do_not_fill_the_branch(repository: Staged, count: int) -> None:
    repository.configure(SPENDS + WRITES)
    repository.commit()
    repository.run("prepare", PROJECT)
    repository.run("agent")
    (path,) = (repository.handover / "unsent").glob("*.json")
    told = json.loads(path.read_text())
    claim = path.stem
    told["tasks"] = [told["tasks"][0] | {"id": f"{claim}-{number}"} for number in range(1, count + 1)]
    path.write_text(json.dumps(told))

    assert repository.run("finalize").code == 0

    assert [task["cost_usd"] for task in repository.step(1)["ai_tasks"]] == [None]
    assert list((repository.handover / "unsent").glob("*")) == []


def test_an_agent_that_was_killed_on_another_machine(repository: Staged) -> None:
    marker = repository.place / "begun"
    repository.configure(f"touch '{marker}'; sleep 60")
    repository.commit()
    repository.run("prepare", PROJECT)
    claims = (repository.handover / "claims.json").read_text()
    with repository.start("agent") as process:
        eventually(marker.exists)
        process.kill()
        process.communicate(timeout=30)
    (claim,) = repository.claims()
    spent = repository.handover / "spent" / f"{claim['id']}.json"
    spent.parent.mkdir(exist_ok=True)
    task = json.loads(USAGE) | {"id": f"{claim['id']}-1", "cost_usd": None}
    spent.write_text(json.dumps({"project": PROJECT, "step_index": 1, "tasks": [task]}))

    assert repository.run("finalize", "--claims", claims).code == 1

    step = repository.step(1)
    assert ([task["cost_usd"] for task in step["ai_tasks"]], step["failures"], repository.claims()) == (
        [None],
        1,
        [],
    )


def test_claims_that_cannot_be_read_block_no_later_prepare(repository: Staged) -> None:
    repository.handover.mkdir(parents=True)
    (repository.handover / "claims.json").write_text("{")

    done = repository.run("prepare", PROJECT)

    assert (done.code, "is set aside" in done.err, len(repository.claims())) == (0, True, 1)
