"""Any history of a repository: what runs, people on the pages and writers of specs do to it, one after another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hypothesis import strategies as st

from claudestep.application import close, finalize, steps, sync
from claudestep.application.backend import Backend
from claudestep.application.prepare import Prepared, prepare
from claudestep.domain.ai_tasks import AITask
from claudestep.domain.changes import RecordTasks
from claudestep.domain.errors import ClaudeStepError
from claudestep.domain.models import Owner, Project
from claudestep.domain.naming import configuration_path, spec_path
from claudestep.infrastructure.agent.runner import AgentResult, AgentTask, Progress
from claudestep.infrastructure.metadata.store import MetadataStore
from claudestep.infrastructure.runs import Runs
from tests.fakes.memory_branch import MemoryBranch
from tests.fakes.memory_host import MemoryHost

PROJECTS = ("a", "a-b")
PEOPLE = ("alice", "bob")
CONFIGURATION = (
    b"maxAttempts: 9\nreviewers:\n- {username: alice, maxOpenPRs: 3}\n- {username: bob, maxOpenPRs: 3}\n"
)
KINDS = (
    "run", "run", "run", "run of nothing", "merge", "merge", "close", "close", "assign", "reword", "add", "move",
    "remove", "tick", "skip", "retry", "retry", "retry", "sync",
)  # fmt: skip


@dataclass(frozen=True)
class Deed:
    """Something that happens; `where`, `what` and `other` choose among what is there then."""

    kind: str
    where: int
    what: int
    other: int


def deeds() -> st.SearchStrategy[list[Deed]]:
    small = st.integers(0, 6)
    deed = st.builds(Deed, st.sampled_from(KINDS), small, small, small)
    return st.lists(deed, min_size=10, max_size=40)


class _NoAgent:
    """An agent that is always there; the history says what it does."""

    name = "claude-code"
    model = None

    def obstacle(self) -> None:
        return None

    def run(self, task: AgentTask, progress: Progress) -> AgentResult:
        raise NotImplementedError


@dataclass
class Town:
    """A repository with two projects, in memory."""

    folder: Path
    infers: bool
    host: MemoryHost = field(init=False)
    backend: Backend = field(init=False)
    specs: dict[str, list[tuple[str, bool]]] = field(default_factory=dict)
    lines: int = 0
    claims: int = 0

    def __post_init__(self) -> None:
        self.host = MemoryHost(infers=self.infers)
        for name in PROJECTS:
            self.host.files[configuration_path(name)] = CONFIGURATION
            self.specs[name] = [(self._line(), False) for _ in range(3)]
            self._write(name)
        self.backend = self._new_backend()

    def _new_backend(self) -> Backend:
        host, clock = self.host, self.host.clock
        return Backend(
            host=host,
            git=None,  # type: ignore[arg-type]
            store=MetadataStore(host.branch, clock=clock, has_pull_requests=host.has_pull_requests),
            runs=Runs(self.folder, clock),
            clock=clock,
            owner=Owner(host="here", boot_id="b", pid=1, started="1"),
            is_gone=lambda _: False,
            agent_of=lambda _: _NoAgent(),
            command_of=lambda *_: _NoAgent(),
        )

    def lose(self) -> MemoryBranch:
        """Delete the metadata branch; return what it was. Another process goes on."""
        was = replace_branch(self.host)
        self.backend = self._new_backend()
        return was

    def documents(self) -> dict[str, Project]:
        return dict(self.backend.store.all().require_whole())

    def live(self, history: Sequence[Deed]) -> None:
        """All of it, and then somebody looks what came of it."""
        ways: dict[str, Callable[[Deed, str], None]] = {
            "run": self._run, "run of nothing": self._run, "merge": self._merge, "close": self._close,
            "assign": self._assign, "reword": self._reword, "add": self._add, "move": self._move,
            "remove": self._remove, "tick": self._tick, "skip": self._skip, "retry": self._retry,
        }  # fmt: skip
        for deed in history:
            self.host.clock.advance(60)
            if deed.kind != "sync":
                ways[deed.kind](deed, PROJECTS[deed.where % len(PROJECTS)])
                self._write(PROJECTS[deed.where % len(PROJECTS)])
            if deed.kind == "sync" or self.infers:  # git alone forgets who was merged and who was closed
                sync.sync(self.backend, dry_run=False)
        self.host.clock.advance(60)
        sync.sync(self.backend, dry_run=False)
        self.host.clock.advance(60)

    # Runs

    def _run(self, deed: Deed, name: str) -> None:
        self.claims += 1
        claim = f"c{self.claims}"
        prepared = prepare(self.backend, name, claim)
        if not isinstance(prepared, Prepared):
            return
        index = prepared.start.step.step_index
        cost = None if deed.what == 0 else deed.what / 4
        tasks = tuple(
            AITask(type="PRCreation", model="m", cost_usd=cost, created_at=self.host.clock.now(), id=f"{claim}-{n}")
            for n in range(deed.other % 3)
        )
        spent = finalize.Spent(claim, name, RecordTasks(index, tasks))
        if deed.kind == "run of nothing":
            finalize.fail(self.backend, spent, "it went wrong")
            return
        held = finalize.begin_publishing(self.backend, spent)
        assert isinstance(held, finalize.Held)
        self.host.clock.advance(60)
        ready = replace(held, base="main", commit=f"{self.claims:040x}")
        finalize.open_and_record(self.backend, ready, claim)

    # People on the pages

    def _open_ones(self) -> list[int]:
        return [number for number, pull in self.host.pulls.items() if pull.state == "open"]

    def _merge(self, deed: Deed, name: str) -> None:
        del name
        for number in self._open_ones()[deed.what : deed.what + 1]:
            project, text = self._step_of(number)
            self.host.end(number, "merged")
            spec = self.specs[project]
            self.specs[project] = [(line, ticked or line == text) for line, ticked in spec]
            self._write(project)

    def _close(self, deed: Deed, name: str) -> None:
        del name
        for number in self._open_ones()[deed.what : deed.what + 1]:
            if deed.other % 2:
                close.close(self.backend, number, "no" if deed.other % 3 else None)
            else:
                self.host.end(number, "closed")

    def _assign(self, deed: Deed, name: str) -> None:
        del name
        for number in self._open_ones()[deed.what : deed.what + 1]:
            if not self.infers:
                self.host.assign(number, PEOPLE[deed.other % 2])

    def _skip(self, deed: Deed, name: str) -> None:
        self._decide(steps.skip, name, deed.what)

    def _retry(self, deed: Deed, name: str) -> None:
        sync.sync(self.backend, dry_run=False)
        project = self.documents().get(name)
        wanted = [s.step_index for s in project.steps if s.pr_state == "closed" or s.is_skipped] if project else []
        for number in wanted[: deed.what + 1]:
            self._decide(steps.retry, name, number)

    def _decide(self, how: Callable[[Backend, str, list[int]], object], name: str, number: int) -> None:
        try:
            how(self.backend, name, [number])
        except ClaudeStepError:
            return

    # Writers of specs

    def _reword(self, deed: Deed, name: str) -> None:
        at = deed.what % len(self.specs[name])
        self.specs[name][at] = (self._line(), False)

    def _add(self, deed: Deed, name: str) -> None:
        self.specs[name].insert(deed.what, (self._line(), False))

    def _move(self, deed: Deed, name: str) -> None:
        spec = self.specs[name]
        spec.insert(deed.other, spec.pop(deed.what % len(spec)))

    def _remove(self, deed: Deed, name: str) -> None:
        if len(self.specs[name]) > 1:
            self.specs[name].pop(deed.what % len(self.specs[name]))

    def _tick(self, deed: Deed, name: str) -> None:
        """By hand; git alone would take a closed pull request of that step for a merged one."""
        at = deed.what % len(self.specs[name])
        text, ticked = self.specs[name][at]
        if not self.infers:
            self.specs[name][at] = (text, not ticked)

    def _write(self, name: str) -> None:
        lines = (f"- [{'x' if ticked else ' '}] {text}\n\n" for text, ticked in self.specs[name])
        self.host.files[spec_path(name)] = "".join(lines).encode()

    def _line(self) -> str:
        self.lines += 1
        return f"Line {self.lines}"

    def _step_of(self, number: int) -> tuple[str, str]:
        record = self.host.seen(number).record
        assert record is not None
        return record.project, record.step_description


def replace_branch(host: MemoryHost) -> MemoryBranch:
    """Another, empty branch in the place of the one that there was."""
    was, host.branch = host.branch, MemoryBranch()
    return was
