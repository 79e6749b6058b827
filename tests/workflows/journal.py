"""What a run said and did, read from the log that act writes as JSON.

A step is found by its name, by its ids (`build`, or `ours/build` for a step `build` inside of an action that is the
step `ours`), or, where several jobs have it, by the job as GitHub's page names it before that: `test (3.12)/build`.
What does not exist, and what is not the same everywhere, fails the test that asks for it.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")
_BEGINS = re.compile(r"⭐ Run (Pre|Main|Post) (.*)", re.DOTALL)
_SKIPS = re.compile(r"Skipping step '(.*)' due to ", re.DOTALL)
_LEVELS = ("error", "warning", "notice")


@dataclass(frozen=True)
class Annotation:
    """What a step has put on the page of its run."""

    level: str
    message: str
    title: str = ""
    file: str = ""
    line: int | None = None


@dataclass
class Step:
    """A step of a job, or of an action in it; `result` is its outcome, before continue-on-error."""

    job: str
    ids: tuple[str, ...]
    stage: str
    name: str = ""
    result: str = ""
    outputs: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def names(self) -> set[str]:
        """All that it may be asked for by."""
        if self.stage != "Main":
            return {f"{self.stage} {self.name}", f"{self.job}/{self.stage} {self.name}"}
        path = "/".join(self.ids)
        return {self.name, path, f"{self.job}/{path}", f"{self.job}/{self.name}"}


@dataclass(frozen=True)
class Steps(Generic[T]):
    """Something of each step, asked for by the step's name or ids."""

    all: Sequence[Step]
    look: Callable[[Step], T]

    def __getitem__(self, key: str) -> T:
        found = [self.look(step) for step in self.all if key in step.names]
        assert found, f"no step is {key!r}; there are: {sorted({'/'.join(s.ids) for s in self.all})}"
        assert all(one == found[0] for one in found), f"{key!r} is several steps: {found}; name the job before it"
        return found[0]

    def __contains__(self, key: str) -> bool:
        return any(key in step.names for step in self.all)


@dataclass
class Journal:
    """All lines of act's log, as far as it has come."""

    _steps: dict[tuple[str, tuple[str, ...], str], Step] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)
    """The result of each job that ended or was skipped, by the name that GitHub's page gives it."""
    lines: list[str] = field(default_factory=list)
    annotations: list[Annotation] = field(default_factory=list)
    summaries: list[str] = field(default_factory=list)
    _summarised: tuple[str, ...] = ()
    _called_by: dict[str, str] = field(default_factory=dict)
    trouble: list[str] = field(default_factory=list)
    """What act itself says and is no line of a job."""

    @property
    def steps(self) -> list[Step]:
        return list(self._steps.values())

    def read(self, text: str) -> None:
        """Take a line of the log in."""
        try:
            entry = json.loads(text)
        except ValueError:
            entry = None
        if not isinstance(entry, dict) or "jobID" not in entry:
            self.trouble.append(text.rstrip("\n"))
            return
        job = self._job(entry)
        if "jobResult" in entry:
            self.jobs[job] = entry["jobResult"]
        if "stepID" in entry:
            self._step(job, entry)

    def _job(self, entry: Mapping[str, Any]) -> str:
        """A job as GitHub's page names it; act has `Workflow/job-2`, in a called one `caller-2/file.yml/job`."""
        parts = str(entry.get("job", "")).strip().split("/")
        own = _own_name(entry)
        if len(parts) == 3:
            return f"{self._called_by.get(parts[0], parts[0])} / {own}"
        self._called_by[parts[-1]] = own
        return own

    def _step(self, job: str, entry: Mapping[str, Any]) -> None:
        key = (job, tuple(entry["stepID"]), entry.get("stage", "Main"))
        step = self._steps.setdefault(key, Step(*key))
        message = str(entry.get("msg", ""))
        named = _BEGINS.match(message) or _SKIPS.match(message)
        if named and not step.name:
            step.name = named[named.lastindex or 1].strip()
        step.result = entry.get("stepResult", step.result)
        step.seconds = entry.get("executionTime", 0) / 1e9 or step.seconds
        self._said(step, entry, message)

    def _said(self, step: Step, entry: Mapping[str, Any], message: str) -> None:
        command = entry.get("command", "")
        if command == "set-output":
            step.outputs[entry["name"]] = entry.get("arg", "")
        elif command == "summary":
            self._summary(step, entry["content"])
        elif command in _LEVELS:
            self.annotations.append(_annotation(command, entry))
            self._line(step, f"##[{command}]{entry.get('arg', '')}")
        elif entry.get("raw_output"):
            self._line(step, message.rstrip("\r\n"))
        elif entry.get("level") == "error":
            self._line(step, f"##[error]{message}")
        elif command == "ignored":
            self._line(step, str(entry.get("raw", message)).rstrip("\n"))

    def _summary(self, step: Step, text: str) -> None:
        """act tells what the last step of an action wrote a second time, for the step that the action is."""
        again = (self._summarised[: len(step.ids)], self.summaries[-1:]) == (step.ids, [text])
        if not again or self._summarised == step.ids:
            self.summaries.append(text)
        self._summarised = step.ids

    def _line(self, step: Step, text: str) -> None:
        step.lines.append(text)
        self.lines.append(text)


@dataclass(frozen=True)
class Done:
    """How a run ended. Only what steps print is masked as GitHub masks it: `***` is a secret that was printed."""

    exit_code: int
    journal: Journal
    leftovers: Sequence[str] = ()
    """The command lines of processes that the run left behind; they were ended."""

    @property
    def log(self) -> str:
        """What the page of the run shows."""
        return "\n".join(self.journal.lines)

    @property
    def steps(self) -> Steps[str]:
        """success, failure or skipped."""
        return Steps(self.journal.steps, lambda step: step.result)

    @property
    def outputs(self) -> Steps[dict[str, str]]:
        return Steps(self.journal.steps, lambda step: step.outputs)

    @property
    def logs(self) -> Steps[str]:
        """What each step said."""
        return Steps(self.journal.steps, lambda step: "\n".join(step.lines))

    @property
    def jobs(self) -> Mapping[str, str]:
        return self.journal.jobs

    @property
    def summary(self) -> str:
        """The markdown of all steps, in their order."""
        return "".join(self.journal.summaries)

    @property
    def annotations(self) -> list[Annotation]:
        return self.journal.annotations

    def __repr__(self) -> str:
        """What a failed assertion shows."""
        trouble = [line for line in self.journal.trouble if '"level":"debug"' not in line]
        results = [f"{step.job}/{'/'.join(step.ids)} {step.name!r}: {step.result}" for step in self.journal.steps]
        return "\n".join([f"exit code {self.exit_code}", *trouble, *results, str(self.jobs), self.log])


def _own_name(entry: Mapping[str, Any]) -> str:
    """A job with the values of its matrix."""
    matrix: Mapping[str, object] = entry.get("matrix") or {}
    values = f" ({', '.join(str(value) for value in matrix.values())})" if matrix else ""
    return f"{entry['jobID']}{values}"


def _annotation(level: str, entry: Mapping[str, Any]) -> Annotation:
    place: Mapping[str, str] = entry.get("kvPairs") or {}
    line = place.get("line", "")
    return Annotation(
        level,
        str(entry.get("arg", "")),
        place.get("title", ""),
        place.get("file", ""),
        int(line) if line.isdigit() else None,
    )
