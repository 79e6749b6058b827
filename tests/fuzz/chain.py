"""The whole chain beside a model: runs that die anywhere, people who do as they like, and what must hold.

The host, git and the metadata branch are in memory, the use cases are the real ones.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from shutil import rmtree
from typing import Literal

from claudestep.application.backend import Backend
from claudestep.application.close import close
from claudestep.application.run import Options, run
from claudestep.application.steps import retry, skip
from claudestep.application.sync import sync
from claudestep.application.why import why
from claudestep.domain.ai_tasks import AITask
from claudestep.domain.chain import StepState, step_states
from claudestep.domain.config import Config
from claudestep.domain.errors import ClaudeStepError
from claudestep.domain.models import Owner, Project, Step
from claudestep.domain.naming import parse_step_branch, spec_path
from claudestep.infrastructure.agent.runner import AgentResult, AgentTask, Progress
from claudestep.infrastructure.metadata.documents import read_documents
from claudestep.infrastructure.metadata.store import MetadataStore
from claudestep.infrastructure.retry import Patience
from claudestep.infrastructure.runs import Runs
from claudestep.infrastructure.spec_file import read_spec
from tests.fakes.clock import FakeClock
from tests.fakes.lives import Killed, Kind, Life, LivingBranch, LivingHost
from tests.fakes.memory_repository import MemoryRepository
from tests.fuzz.scene import FILES, MOST, MOST_EVERYWHERE, NOBODY, PROJECTS, Ending

_ROUNDS = 60


@dataclass
class Agent:
    """An agent that ends as it is told, and what it was paid."""

    chain: "Chain"
    life: Life
    ending: Ending
    name: str = "claude-code"
    model: str | None = "m"

    def obstacle(self) -> None:
        return None

    def run(self, task: AgentTask, progress: Progress) -> AgentResult:
        del progress
        operation = f"{task.tree.parent.name.rpartition('-')[2]}-1"
        self.life.step("agent.begins", lambda: self.chain.agent_begins(self.life, task, operation))
        cost = {"free": None, "unknown": None}.get(self.ending, 0.25)
        if self.ending != "free":
            self.chain.paid[operation] = None
            self.life.step("agent.works", lambda: None)
            spent = AITask(type=task.operation, model="m", cost_usd=cost, created_at=self.chain.clock.now())
            task.spent((spent,))
            self.chain.paid[operation] = cost
        else:
            task.spent(())
        self.chain.at_work.discard((task.project, task.step_index))
        if self.ending == "done":
            return AgentResult(failure=None)
        return AgentResult(failure="it failed", counts=self.ending != "free")


@dataclass
class Chain:
    """A repository with two projects, everybody who acts on it, and what is known of all that."""

    clock: FakeClock = field(default_factory=FakeClock)
    paid: dict[str, float | None] = field(default_factory=dict)
    """What was paid for, by the id that it has to be recorded under."""
    at_work: set[tuple[str, int]] = field(default_factory=set)
    excused: bool = False
    """Whether somebody gave a reviewer more than they had room for: reopened a pull request, or came too late."""
    merged: set[int] = field(default_factory=set)
    edits: int = 0

    def __post_init__(self) -> None:
        self.disk = Path(tempfile.mkdtemp())
        self.host = MemoryRepository(self.clock, {path: text.encode() for path, text in FILES.items()})
        self._lives: list[Life] = []
        self._final: set[int] = set()

    def close(self) -> None:
        rmtree(self.disk)

    # Runs

    def backend(self, life: Life, ending: Ending) -> Backend:
        living = LivingHost(self.host, life, lambda branch: self.is_published(life, branch))
        agent = Agent(self, life, ending)
        return Backend(
            host=living,
            git=living,
            store=MetadataStore(LivingBranch(self.host, life), clock=self.clock, patience=Patience(draw=max)),
            runs=Runs(self.disk, self.clock),
            clock=self.clock,
            owner=life.owner,
            is_gone=self._is_gone,
            agent_of=lambda _: agent,
            command_of=lambda *_: agent,
        )

    def life(
        self,
        incidents: Mapping[int, Kind] | None = None,
        meanwhile: Mapping[int, Callable[[], None]] | None = None,
        *,
        disk_is_lost: bool = False,
    ) -> Life:
        owner = Owner(host="elsewhere", boot_id="b", pid=len(self._lives) + 1, started="1")
        life = Life(owner, self.disk, incidents or {}, meanwhile or {}, disk_is_lost=disk_is_lost)
        self._lives.append(life)
        return life

    def run(self, name: str, ending: Ending = "done", life: Life | None = None) -> None:
        """A run of a project, to whatever end it comes."""
        life = life or self.life()
        self._act(life, lambda backend: run(backend, name, Options(), NOBODY), ending)

    def do(self, act: Callable[[Backend], object], life: Life | None = None) -> None:
        """Any other command."""
        self._act(life or self.life(), act, "done")

    def _act(self, life: Life, act: Callable[[Backend], object], ending: Ending) -> None:
        before = set(self.at_work)
        try:
            act(self.backend(life, ending))
        except Killed:
            life.bury()
            if life.disk_is_lost:
                self._lose_disk()
        except ClaudeStepError as error:
            assert str(error)  # noqa: PT017  any of them is fine, and says something
        life.dead = True
        self.at_work &= before
        self.host.branch.deliver_late()

    def _lose_disk(self) -> None:
        """A workflow's machine is gone with all that was on it: what a claim that is left cost is unknown."""
        rmtree(self.disk)
        self.disk.mkdir()
        claims = {step.claim.id for _, step in self._steps() if step.claim}
        recorded = {str(task.id): task.cost_usd for _, step in self._steps() for task in step.ai_tasks}
        for operation in [one for one, cost in self.paid.items() if one not in recorded or recorded[one] != cost]:
            self.paid[operation] = None
            if operation not in recorded and operation.rpartition("-")[0] not in claims:
                del self.paid[operation]

    def _is_gone(self, owner: Owner) -> bool:
        return any(life.dead for life in self._lives if life.owner == owner)

    # What must hold at any moment

    def agent_begins(self, life: Life, task: AgentTask, operation: str) -> None:
        """Nobody is paid for a step that another works on, or that is in review."""
        place = (task.project, task.step_index)
        assert place not in self.at_work, f"two agents work on {place}"
        self.at_work.add(place)
        if self.excused:
            return
        step = self.projects()[task.project].find(task.step_index)
        assert step is not None
        assert step.claim is not None, "an agent works without a claim"
        assert step.claim.owner == life.owner
        assert operation.startswith(step.claim.id)
        for pull in self.host.pulls.values():
            branch = parse_step_branch(pull.branch)
            assert branch is not None
            is_open = pull.state == "open" and (branch.project, branch.step_index) == place
            assert not is_open, f"step {place} is begun again, and #{pull.number} is open"

    def is_published(self, life: Life, branch: str) -> None:
        """A branch is only created under a claim that publishes."""
        if self.excused:
            return
        claims = [step.claim for project in self.projects().values() for step in project.steps if step.claim]
        held = [claim for claim in claims if claim.branch == branch and claim.stage == "publishing"]
        assert [claim.owner for claim in held] == [life.owner], f"{branch} is published without a claim"

    def check(self) -> None:
        """Between two commands."""
        documents = read_documents(self.host.branch.read())
        assert not documents.broken
        self._check_branches(self._steps())
        self._check_finality()
        if not self.excused:
            self._check_load()

    def _check_branches(self, steps: list[tuple[str, Step]]) -> None:
        """A branch belongs to one claim, and so to one step; a cost to one operation."""
        used = [p.branch_name for _, step in steps for p in step.pull_requests()]
        used += [step.claim.branch for _, step in steps if step.claim and step.claim.branch not in used]
        assert max(Counter(used).values(), default=1) == 1
        ids = Counter(task.id for _, step in steps for task in step.ai_tasks)
        assert max(ids.values(), default=1) == 1, f"recorded twice: {ids.most_common(1)}"

    def _check_finality(self) -> None:
        """What is recorded merged stays so."""
        states = {p.pr_number: p.pr_state for _, step in self._steps() for p in step.pull_requests()}
        assert {number: states.get(number) for number in self._final} == dict.fromkeys(self._final, "merged")
        self._final = {number for number, state in states.items() if state == "merged"}

    def _check_load(self) -> None:
        here: Counter[tuple[str, str | None]] = Counter()
        for branch, reviewer in self._load().items():
            parsed = parse_step_branch(branch)
            here[parsed.project if parsed else "", reviewer] += 1
        for (name, reviewer), most in MOST.items():
            assert here[name, reviewer] <= most, f"{reviewer} has {here[name, reviewer]} of {name}"
            everywhere = sum(count for (_, who), count in here.items() if who == reviewer)
            assert everywhere <= MOST_EVERYWHERE, f"{reviewer} has {everywhere}"

    def _load(self) -> dict[str, str | None]:
        """Whose each claim, and each open pull request that a claim was given for, is."""
        found = {pull.branch: pull.reviewer for pull in self.host.pulls.values() if pull.state == "open"}
        for _, step in self._steps():
            if step.claim is not None:
                found[step.claim.branch] = step.claim.reviewer
        return found

    def projects(self) -> Mapping[str, Project]:
        return read_documents(self.host.branch.read()).require_whole()

    def _steps(self) -> list[tuple[str, Step]]:
        return [(name, step) for name, project in self.projects().items() for step in project.steps]

    # What people do

    def advance(self, minutes: float) -> None:
        self.clock.advance(minutes * 60)

    def merge(self, place: int) -> None:
        self._set(place, "merged")

    def turn_down(self, place: int) -> None:
        self._set(place, "closed")

    def _set(self, place: int, state: Literal["merged", "closed"]) -> None:
        listed = [pull.number for pull in self.host.pulls.values() if pull.state == "open"]
        if listed:
            number = listed[place % len(listed)]
            self.host.set_state(number, state)
            if state == "merged":
                self.merged.add(number)

    def reopen(self, place: int) -> None:
        closed = [pull.number for pull in self.host.pulls.values() if pull.state == "closed"]
        if closed:
            self.excused = True
            self.clock.advance(60)
            self.host.set_state(closed[place % len(closed)], "open")

    def edit(self, name: str, how: str, place: int) -> None:
        """Somebody edits spec.md."""
        lines = self.host.files[spec_path(name)].decode().splitlines()
        steps = [number for number, line in enumerate(lines) if line.startswith("- [")]
        if not steps:
            return
        at = steps[place % len(steps)]
        self.edits += 1
        if how == "reword":
            lines[at] = f"{lines[at]} anew {self.edits}"
        elif how == "move":
            lines.append(lines.pop(at))
        elif how == "remove" and len(steps) > 1:
            del lines[at]
        elif how == "add":
            lines.insert(at, f"- [ ] Added {self.edits}")
        elif how == "tick":
            lines[at] = lines[at].replace("[ ]", "[x]")
        elif how == "untick":
            lines[at] = lines[at].replace("[x]", "[ ]")
        self.host.files[spec_path(name)] = "\n".join(lines).encode() + b"\n"

    def decide(self, name: str, how: str, place: int) -> None:
        """`retry`, `skip`, `close` and `sync`, as people type them."""
        project = self.projects().get(name)
        if how == "sync":
            self.do(lambda backend: sync(backend, dry_run=False))
        elif how == "close" and self.host.pulls:
            self.do(lambda backend: close(backend, place % len(self.host.pulls) + 1, "no"))
        elif how in ("retry", "skip") and project and project.steps:
            number = project.steps[place % len(project.steps)].step_index
            act = retry if how == "retry" else skip
            self.do(lambda backend: act(backend, name, [number]))

    # The end

    def settle_all(self) -> None:
        """From now on all goes well: the chain comes to its end, and everything is recorded."""
        self.host.branch.faults.clear()
        for _ in range(_ROUNDS):
            self.advance(120)
            for name in PROJECTS:
                self.run(name)
                self.check()
            if self._is_done():
                break
            self._help()
        else:
            raise AssertionError(f"the chain does not go on: {[self._why(name) for name in PROJECTS]}")
        self.do(lambda backend: sync(backend, dry_run=False))
        self._check_costs()
        self._check_merged()

    def _is_done(self) -> bool:
        projects = self.projects()
        done = {step.step_description for p in projects.values() for step in p.steps if step.is_skipped}
        open_lines = [
            line.text
            for name in PROJECTS
            for line in read_spec(spec_path(name), self.host.files[spec_path(name)]).steps
            if not line.ticked and line.text not in done
        ]
        in_review = any(pull.state == "open" for pull in self.host.pulls.values())
        busy = any(step.claim for _, step in self._steps())
        return not (open_lines or in_review or busy)

    def _help(self) -> None:
        """Reviewers merge, and people retry what was set aside."""
        for pull in list(self.host.pulls.values()):
            if pull.state == "open":
                self.merge(0)
        for name in PROJECTS:
            wanted = (StepState.FAILED, StepState.REFUSED, StepState.CLOSED, StepState.UNTICKED)
            states = step_states(self.projects().get(name, Project(project=name)), Config())
            numbers = [number for number, state in states.items() if state in wanted]
            for number in numbers:
                self.do(lambda backend, name=name, number=number: retry(backend, name, [number]))  # type: ignore[misc]

    def _why(self, name: str) -> str:
        return str(why(self.backend(self.life(), "done"), name))

    def _check_costs(self) -> None:
        recorded = {str(task.id): task.cost_usd for _, step in self._steps() for task in step.ai_tasks}
        missing = self.paid.keys() - recorded.keys()
        assert not missing, f"paid and not recorded: {missing}"
        wrong = {one: (cost, recorded[one]) for one, cost in self.paid.items() if recorded[one] != cost}
        assert not wrong, f"paid and recorded: {wrong}"

    def _check_merged(self) -> None:
        states = {p.pr_number: p.pr_state for _, step in self._steps() for p in step.pull_requests()}
        assert {number: states.get(number) for number in self.merged} == dict.fromkeys(self.merged, "merged")
