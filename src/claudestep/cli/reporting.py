"""What `prepare`, `agent` and `finalize` tell: a person, a workflow, and the command that follows."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from claudestep.application import outcome
from claudestep.application.finalize import Published
from claudestep.application.outcome import Outcome
from claudestep.application.prepare import Prepared
from claudestep.application.prompts import creation
from claudestep.application.reports import outcome_markdown, outcome_outputs, outcome_text, run_text
from claudestep.application.update import Updated
from claudestep.application.work import GivenUp, Work
from claudestep.cli import errors
from claudestep.cli.progress import Progress
from claudestep.cli.settings import Settings
from claudestep.domain.errors import ClaudeStepError
from claudestep.domain.settling import CLAUDE_CODE
from claudestep.domain.text import printable, shortened
from claudestep.infrastructure.actions.commands import add_summary, set_outputs
from claudestep.infrastructure.handover import Handed, Handover

_LONGEST = 100
_LONGEST_PROMPT = 100_000


class Reporter:
    """Says what happens as it happens, and at the end what all of it came to."""

    def __init__(self, settings: Settings, handover: Handover) -> None:
        self._workflow = settings.workflow()
        self._handover = handover
        self._progress = Progress(live=settings.interactive)
        self._new: list[Outcome] = []
        self._claims = 0
        self._prompt = ""
        self._needs_claude_code = False

    def settled(self, published: Published) -> None:
        """A dead run had begun something, and this one has finished it."""
        self._say(run_text.settled("an earlier run", published))

    def updated(self, what: Updated) -> None:
        """A branch conflicted."""
        self._say(run_text.updated(what))

    def claimed(self, prepared: Prepared) -> None:
        """A step is claimed."""
        self._claims += 1
        self._prompt = creation(prepared) if self._claims == 1 else ""
        self._needs_claude_code |= prepared.claim.agent == CLAUDE_CODE
        self._say(run_text.started(prepared))

    def left_to_do(self, claims: Sequence[Handed]) -> Iterator[Handed]:
        """The claims that no agent has worked on yet; of others it is said."""
        if not claims:
            self._say("nothing is claimed, so there is nothing to work on\n")
        for handed in claims:
            if self._handover.result(handed.claim.id) is None:
                yield handed
            else:
                self._say(f"{handed.project}: step {handed.step.step_index} was worked on already\n")

    def begun(self, handed: Handed) -> None:
        """An agent begins."""
        step = handed.step
        text = shortened(step.step_description, _LONGEST)
        self._progress.begin()
        self._say(f"{handed.project}: step {step.step_index}: {text}\n")

    def progress(self, since: timedelta, doing: str) -> None:
        """An agent is at work."""
        self._progress.tell(since, doing)

    def worked(self, handed: Handed, work: Work | GivenUp) -> None:
        """An agent has ended."""
        said = f"not done: {work.reason}" if isinstance(work, GivenUp) else "done"
        self._say(f"{handed.project}: step {handed.step.step_index}: {said}\n")

    def nothing(self, reason: str, message: str) -> int:
        """No project is meant."""
        self.ended(outcome.of_nothing(reason, message))
        return self.prepared()

    def ended(self, one: Outcome) -> None:
        """It ended for one project."""
        self._new.append(one)
        self._say(outcome_text.render(one, in_workflow=self._workflow is not None))
        if one.outcome == "failed":
            self._annotate(one)

    @contextmanager
    def telling(self, project: str, finish: Callable[[], int]) -> Iterator[None]:
        """What breaks everything off is an outcome, too, for whoever reads the report; then it goes on its way."""
        try:
            yield
        except ClaudeStepError as error:
            self._new.append(outcome.of_error(project, error))
            finish()
            raise

    def prepared(self) -> int:
        """All is claimed that could be. Returns the exit code."""
        claims = self._handover.as_text()
        needs = str(self._needs_claude_code).lower()
        first = next((handed.claim.id for handed in self._handover.claims()), "")
        more = {"claimed": str(self._claims), "claims": claims, "claim_id": first, "needs_claude_code": needs}
        return self._finish({**more, "prompt": shortened(self._prompt, _LONGEST_PROMPT)})

    def nothing_left(self) -> None:
        """Say so where there was no claim to end."""
        if not self._new:
            self._say("every claim is ended already\n")

    def finalized(self) -> int:
        """All claims are ended. Returns the exit code."""
        kept = any(one.patch for one in self._new)
        return self._finish({"kept_patches": str(kept).lower()})

    def _finish(self, more: dict[str, str]) -> int:
        before = self._handover.report()
        every = [*(outcome.decode(before) if before else ()), *self._new]
        self._handover.keep_report(outcome.encode(every))
        workflow = self._workflow
        if workflow is not None and workflow.outputs is not None:
            set_outputs(workflow.outputs, {**outcome_outputs.outputs(every), **more})
        if workflow is not None and workflow.summary is not None and self._new:
            add_summary(workflow.summary, outcome_markdown.render(self._new))
        return max(map(_exit_code, self._new), default=errors.OK)

    def _annotate(self, one: Outcome) -> None:
        if self._workflow is not None:
            errors.tell_workflow("error", f"{one.project}: {one.message}", path=one.path, line=one.line)

    def _say(self, text: str) -> None:
        self._progress.clear()
        sys.stdout.write(printable(text))
        sys.stdout.flush()


def _exit_code(one: Outcome) -> int:
    if one.outcome != "failed":
        return errors.OK
    return errors.WRONG_USE if one.reason == "configuration" else errors.FAILED
