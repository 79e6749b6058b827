"""The workflow of three jobs, and what its last job makes of what the one with the agent hands it."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.workflows.chain import STEP_WORKFLOW, Chain, does, errors, project, set_chain, shipped
from tests.workflows.conftest import SetStage
from tests.workflows.journal import Done

FINAL = "step / finalize/claudestep"
SEES = (
    "ours() { tr '\\0' '\\n' < /proc/$PPID/environ | grep -v ^INPUT_; }; ours | cut -d= -f1 > ours.txt; "
    "ours | grep -c ghs_ > tokens.txt; env | cut -d= -f1 > mine.txt; "
    "git config --get-regexp 'extraheader|insteadof' > config.txt; true"
)
"""A program that writes down what it, and its parent, which is our agent command, have in their environment.

(act gives each step of an action its inputs as INPUT_..., which GitHub does not.)
"""


def told(done: Done, *names: str) -> tuple[str, ...]:
    """Outputs of the last job."""
    return tuple(done.outputs[FINAL][name] for name in names)


def test_a_chain(set_stage: SetStage, tmp_path: Path) -> None:
    files = shipped(tmp_path, "--hardened") | project("auth", "One", "Two", command="")
    chain = set_chain(set_stage, files, does(2))

    first = chain.by_hand("auth", run_id=31)
    second = chain.merge(1, run_id=32)
    last = chain.merge(2, run_id=33)

    assert first.exit_code == 0, first
    assert first.jobs == {"step / prepare": "success", "step / agent": "success", "step / finalize": "success"}
    assert told(first, "outcome", "pr_number", "step_index") == ("opened", "1", "1")
    assert told(second, "outcome", "pr_number", "step_index") == ("opened", "2", "2"), second
    assert "### Pull request #2: auth" in second.summary
    assert last.exit_code == 0, last
    assert last.jobs["step / agent"] == last.jobs["step / finalize"] == "skipped"
    assert last.outputs["step / prepare/prepare"]["reason"] == "all_steps_done"
    assert chain.states("auth") == [(1, "merged"), (2, "merged")]
    tasks = [task for step in chain.steps("auth") for task in step["ai_tasks"]]
    assert [task["workflow_run_id"] for task in tasks] == [31, 31, 32, 32]
    assert all(task["cost_usd"] > 0 for task in tasks)
    assert chain.stage.remote.show("claude-step/auth/spec.md").count("- [x]") == 2


def test_what_the_job_of_the_agent_has(set_stage: SetStage, tmp_path: Path) -> None:
    files = shipped(tmp_path, "--hardened") | project("auth", "One", command=SEES)
    chain = set_chain(set_stage, files)

    done = chain.by_hand("auth")

    assert told(done, "outcome") == ("opened",), done
    branch = chain.stage.remote.pull(1)["head"]
    ours, mine = (set(chain.stage.remote.show(name, branch).split()) for name in ("ours.txt", "mine.txt"))
    seen = {"ANTHROPIC_API_KEY", "PYTHONPATH", "RUNNER_TEMP"} & ours
    assert len(seen) == (3 if os.geteuid() == 0 else 0)  # another user's agent cannot look at all
    assert {"GITHUB_TOKEN", "GH_TOKEN", "SLACK_WEBHOOK_URL", "ACTIONS_RUNTIME_TOKEN"} & ours == set()
    assert "CLAUDESTEP_STEP_INDEX" in mine
    assert [name for name in mine if name.startswith(("GITHUB", "ANTHROPIC", "RUNNER", "INPUT", "ACTIONS"))] == []
    assert chain.stage.remote.show("tokens.txt", branch) == "0\n"
    assert chain.stage.remote.show("config.txt", branch) == ""
    jobs = yaml.safe_load(files[STEP_WORKFLOW])["jobs"]
    assert jobs["agent"]["permissions"] == {"contents": "read"}
    assert "secrets.slack_webhook_url" not in json.dumps(jobs["agent"])
    assert "anthropic_api_key" not in json.dumps([jobs["prepare"], jobs["finalize"]])
    assert done.steps["step / agent/Install Claude Code"] == "skipped"


def test_a_step_of_the_users_breaks_before_the_agent(set_stage: SetStage, tmp_path: Path) -> None:
    """The job of the agent has nothing to hand on; the claim is given back, unblamed."""
    files = shipped(tmp_path, "--hardened") | project("auth", "One")
    here = "      # What the agent needs to run your tests goes here, such as actions/setup-node and `npm ci`.\n"
    assert files[STEP_WORKFLOW].count(here) == 1
    files[STEP_WORKFLOW] = files[STEP_WORKFLOW].replace(here, "      - run: exit 9\n")
    chain = set_chain(set_stage, files)

    done = chain.by_hand("auth")

    assert done.exit_code == 1
    assert (done.jobs["step / agent"], done.jobs["step / finalize"]) == ("failure", "failure"), done
    assert told(done, "outcome", "reason", "pr_number") == ("failed", "not_the_steps_fault", "")
    assert "auth: the agent did not run" in errors(done)
    assert chain.states("auth") == [(None, None)]
    assert chain.steps("auth")[0].get("failures", 0) == 0
    assert chain.steps("auth")[0]["ai_tasks"] == []


def test_a_broken_configuration_beside_others(set_stage: SetStage, tmp_path: Path) -> None:
    """The first job is red and the others go on with what it has claimed."""
    files = shipped(tmp_path, "--hardened") | project("auth", "One") | project("logs", "First")
    files["claude-step/broken/spec.md"] = "- [ ] One\n"
    files["claude-step/broken/configuration.yml"] = "reviewrs: []\n"
    chain = set_chain(set_stage, files)

    done = chain.stage.run("schedule")

    assert done.exit_code == 1
    assert done.jobs == {"step / prepare": "failure", "step / agent": "success", "step / finalize": "success"}, done
    assert (chain.states("auth"), chain.states("logs")) == ([(1, "open")], [(2, "open")])
    assert [(one["project"], one["pr_number"]) for one in json.loads(told(done, "outcomes")[0])] == [
        ("auth", 1), ("logs", 2),
    ]  # fmt: skip
    assert [(one.file, one.line) for one in done.annotations if one.file] == [
        ("claude-step/broken/configuration.yml", 1)
    ]


# What the last job is handed

TAMPERS = "      - id: claudestep\n"


@pytest.fixture
def tampered(set_stage: SetStage, tmp_path: Path) -> "Tampered":
    """A hardened workflow for many steps at once, in which somebody edits the artifact between two jobs."""
    files = shipped(tmp_path, "--hardened")
    text = files[STEP_WORKFLOW]
    steps = "          project_name: ${{ inputs.project }}\n"
    assert (text.count(TAMPERS), text.count(steps)) == (1, 1)
    text = text.replace(steps, f"{steps}          max_steps: 6\n")
    script = tmp_path / "tamper.sh"
    edits = f'      - run: cd "$RUNNER_TEMP/claudestep" && sh {script}\n'
    text = text.replace(TAMPERS, edits + TAMPERS)
    six = [f"Step {number}" for number in range(1, 7)]
    files |= {STEP_WORKFLOW: text} | project("auth", *six, room=9)
    return Tampered(set_chain(set_stage, files), script)


class Tampered:
    """The chain, and the script that edits what the last job gets."""

    def __init__(self, chain: Chain, script: Path) -> None:
        self.chain, self._script = chain, script

    def run(self, script: str) -> tuple[Done, dict[int, dict[str, Any]]]:
        """Run it with these edits; what came of each step. `claim N` in the script is the claim of step N."""
        finds = 'claim() { python3 -c "$FINDS" "$1"; }'
        asks = (
            "import json, sys; steps = [one['step'] for one in json.load(open('claims.json'))['claims']]; "
            "print(next(step['claim']['id'] for step in steps if step['step_index'] == int(sys.argv[1])))"
        )
        self._script.write_text(f'set -e\nFINDS="{asks}"\n{finds}\n{script}')
        done = self.chain.by_hand("auth", run_id=41)
        assert done.jobs["step / finalize"] in ("success", "failure"), done
        outcomes = json.loads(told(done, "outcomes")[0])
        assert [one["step_index"] for one in outcomes] == [1, 2, 3, 4, 5, 6], outcomes
        return done, {one["step_index"]: one for one in outcomes}


def _patch(path: str, line: str, mode: str = "100644") -> str:
    """A patch that makes a file."""
    end = "\n\\ No newline at end of file" if mode == "120000" else ""
    return (
        f"diff --git a/{path} b/{path}\nnew file mode {mode}\nindex 0000000..1111111\n"
        f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+{line}{end}\n"
    )


PATCHES = {
    1: _patch(".github/workflows/x.yml", "on: push"),
    3: _patch("../outside", "it"),
    4: _patch("link", "/etc/passwd", "120000"),
    5: _patch("module", f"Subproject commit {'5' * 40}", "160000"),
}
CONFIGURED = """\
diff --git a/claude-step/auth/configuration.yml b/claude-step/auth/configuration.yml
--- a/claude-step/auth/configuration.yml
+++ b/claude-step/auth/configuration.yml
@@ -4 +4 @@ reviewers:
-    maxOpenPRs: 9
+    maxOpenPRs: 99
"""


def test_a_patch_that_is_another_one(tampered: Tampered, tmp_path: Path) -> None:
    lines = (tampered.chain.stage.remote.show("claude-step/auth/configuration.yml")).splitlines()
    at = lines.index("    maxOpenPRs: 9") + 1
    patches = PATCHES | {2: CONFIGURED.replace("-4 +4", f"-{at} +{at}")}
    script = ""
    for number, patch in patches.items():
        (tmp_path / f"{number}.patch").write_text(patch)
        script += f'cp {tmp_path}/{number}.patch "patches/$(claim {number}).patch"\n'

    done, ends = tampered.run(script)

    assert (done.exit_code, done.jobs["step / finalize"]) == (1, "failure"), done
    assert {number: one["outcome"] for number, one in ends.items()} == {
        **dict.fromkeys(range(1, 6), "failed"), 6: "opened",
    }  # fmt: skip
    for number, part in ((1, ".github/workflows/x.yml"), (2, "claude-step/auth/configuration.yml"), (4, "link")):
        assert part in ends[number]["message"], ends[number]
    chain = tampered.chain
    assert chain.states("auth") == [(None, None)] * 5 + [(1, "open")]
    assert [step.get("failures", 0) for step in chain.steps("auth")] == [1] * 5 + [0]
    assert [name for name in chain.stage.remote.refs() if "claude-step-auth" in name] == [
        "refs/heads/claude-step-auth-6"
    ]
    assert len([message for message in errors(done) if message.startswith("auth: ")]) == 5
    artifacts = chain.stage.place / "machine-1/artifacts"
    kept = "".join(path.read_text() for path in artifacts.glob("claudestep-patches-*/**/*.patch"))
    for line in ("+on: push", "+    maxOpenPRs: 99", "+it", "+/etc/passwd", "+Subproject commit 5555"):
        assert f"\n{line}" in kept, kept
    assert not list(chain.stage.place.rglob("outside"))


@pytest.fixture
def victim(tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that nobody may end, and in whose folder nobody may delete."""
    folder = tmp_path / "claudestep-auth-0123456789abcdef"
    folder.mkdir()
    (folder / "file").touch()
    os.utime(folder / "file", (1, 1))
    process = subprocess.Popen(["sleep", "600"], cwd=folder, start_new_session=True)
    yield process
    process.kill()
    process.wait()


def test_forged_results(tampered: Tampered, tmp_path: Path, victim: "subprocess.Popen[bytes]") -> None:
    folder = tmp_path / "claudestep-auth-0123456789abcdef"
    started = Path(f"/proc/{victim.pid}/stat").read_text().rpartition(")")[2].split()[19]
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    agent = {"host": os.uname().nodename, "boot_id": boot, "pid": victim.pid, "started": started}
    note = {
        "claim": "0123456789abcdef", "project": "auth", "folder": str(folder), "step_index": 1,
        "owner": {**agent, "pid": 999999999, "started": "1"}, "agent": agent, "until": "2020-01-01T00:00:00Z",
    }  # fmt: skip
    (tmp_path / "note.json").write_text(json.dumps(note))
    (tmp_path / "secret").write_text("a secret of the machine\n")
    script = f"""\
printf '{{"reason": 5, "notes": "x"}}' > "results/$(claim 1).json"
head -c 10000000 /dev/zero | tr '\\0' '[' > "results/$(claim 2).json"
ln -sf {tmp_path}/secret "results/$(claim 3).json"
ln -sf {tmp_path}/secret "patches/$(claim 4).patch"
rm "results/$(claim 5).json" && mkdir "results/$(claim 5).json"
mkdir -p runs unsent spent
cp {tmp_path}/note.json runs/0123456789abcdef.json
cp {tmp_path}/note.json "runs/$(claim 1).json"
printf '{{"project": "auth", "step_index": "one", "tasks": 7}}' > "unsent/$(claim 1).json"
printf '{{"project": "auth", "step_index": 6, "tasks": [{{"type": []}}]}}' > "unsent/$(claim 6).json"
ln -s {tmp_path}/secret report.json
ln -sf {tmp_path}/secret claims.json
"""

    done, ends = tampered.run(script)

    assert victim.poll() is None
    assert (folder / "file").is_file()
    assert (tmp_path / "secret").read_text() == "a secret of the machine\n"
    assert (done.exit_code, done.jobs["step / finalize"]) == (1, "failure"), done
    assert [ends[number]["outcome"] for number in range(1, 6)] == ["failed"] * 5
    assert "a secret of the machine" not in done.log + done.summary
    states = tampered.chain.states("auth")
    assert states[:5] == [(None, None)] * 5
    assert ends[6]["outcome"] == "opened", ends[6]
    assert tampered.chain.stage.remote.show("projects/auth.json", "claudestep-metadata").count("secret") == 0


def test_a_folder_for_scratch_that_is_somebody_elses(tampered: Tampered, tmp_path: Path) -> None:
    """Old files of a run are removed; these are no run's, and the claims are ended whatever stands there."""
    (tmp_path / "mine/folder").mkdir(parents=True)
    for path in (tmp_path / "mine/file", tmp_path / "mine/folder/file"):
        path.touch()
    for path in tmp_path.glob("mine/*"):
        os.utime(path, (1, 1))

    done, ends = tampered.run(f"ln -s {tmp_path}/mine tmp")

    assert done.exit_code == 0, done
    assert {one["outcome"] for one in ends.values()} == {"opened"}
    assert (tmp_path / "mine/file").is_file()
    assert (tmp_path / "mine/folder/file").is_file()
