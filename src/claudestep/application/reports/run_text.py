"""What a run says, as it goes."""

from claudestep.application.ending import Failed, Opened, StepOutcome
from claudestep.application.finalize import Published
from claudestep.application.prepare import Outcome, Prepared
from claudestep.application.update import Updated
from claudestep.domain.ai_tasks import CostTotal
from claudestep.domain.chain import Wait
from claudestep.domain.text import shortened

_TAIL_LINES = 20
_LONGEST = 100


def started(prepared: Prepared) -> str:
    """The step that is begun."""
    return f"{_step(prepared)}\n"


def settled(name: str, published: Published) -> str:
    """What a dead run had begun, and this one has finished."""
    pull = published.pull
    head = f"{name}: finished what an earlier run had begun: pull request #{pull.number}"
    return "\n".join([head, *(f"  note: {warning}" for warning in published.warnings)]) + "\n"


def updated(outcome: Updated) -> str:
    """What came of a branch that conflicted."""
    return f"{outcome}\n"


def preview(name: str, outcome: Outcome) -> str:
    """What a run would do."""
    if isinstance(outcome, Wait):
        return _waits(name, outcome)
    would = f"would run the {outcome.agent.name} agent and open a pull request from {outcome.claim.branch}"
    limit = outcome.claim.reserved_usd
    most = f"  it may cost ${limit:.2f} at the most\n" if limit is not None else ""
    obstacle = outcome.agent.obstacle()
    note = f"  but not yet: {obstacle}\n" if obstacle else ""
    return f"{_step(outcome)}\n  {would}\n{most}{note}"


def finished(name: str, outcome: StepOutcome) -> str:
    """How a step ended, and what to do next."""
    if isinstance(outcome, Wait):
        return _waits(name, outcome)
    if isinstance(outcome, Failed):
        return _failed(outcome)
    return _opened(outcome)


def _step(prepared: Prepared) -> str:
    step = prepared.start.step
    whom = f", for {prepared.start.reviewer}" if prepared.start.reviewer else ""
    again = f", attempt {prepared.start.attempt}" if prepared.start.attempt > 1 else ""
    return (
        f"{prepared.plan.name}: step {step.step_index}{whom}{again}: {shortened(step.step_description, _LONGEST)}"
    )


def _waits(name: str, wait: Wait) -> str:
    return f"{name}: {wait}\n"


def _opened(outcome: Opened) -> str:
    branch, base = outcome.pull.branch, outcome.prepared.plan.base.branch
    merged = f", merged into {base}" if outcome.merge_commit else ""
    pull = f"  pull request #{outcome.pull.number} from {branch}: {outcome.size}{_spent(outcome.cost)}{merged}"
    head = "\n".join([pull, *(f"  note: {note}" for note in outcome.notes)])
    if outcome.merge_commit:
        return f"{head}\n"
    if outcome.not_merged:
        return f"{head}\n  not merged: {outcome.not_merged}\n"
    if outcome.pull.url:
        return f"{head}\n  review it: {outcome.pull.url}\n"
    return (
        f"{head}\n  its text:  git show --no-patch refs/claudestep/pulls/{outcome.pull.number}\n"
        f"  review it: git diff {base}...{branch}\n  merge it:  git switch {base} && git merge {branch}\n"
    )


def _spent(cost: CostTotal) -> str:
    return f", {cost}" if cost.usd or cost.unknown else ""


def counted(outcome: Failed) -> str:
    """Which failure this is, and what comes after it."""
    name, index = outcome.prepared.plan.name, outcome.prepared.start.step.step_index
    if outcome.refused:
        return (
            f"no further step of {name} begins; when it is allowed, try it again: claudestep retry {name} {index}"
        )
    if outcome.counts is None:
        return "whether this counts as a failure is seen by the next run: not if anything was published"
    if not outcome.counts:
        return "the step is not to blame, so this does not count: mend that, or try again later"
    step, config = outcome.prepared.start.step, outcome.prepared.plan.config
    failures = step.failures + 1
    if failures < config.max_attempts:
        return f"failure {failures} of {config.max_attempts}: the next run tries again"
    goes_on = (
        "the next run goes on without it" if config.on_failure == "continue" else "the chain stops (onFailure)"
    )
    again = f"claudestep retry {name} {index}"
    return f"failure {failures} of {config.max_attempts}: set aside, and {goes_on}; to try it again: {again}"


def _failed(outcome: Failed) -> str:
    lines = [f"  failed: {outcome.reason}"]
    if outcome.cost.usd or outcome.cost.unknown:
        lines.append(f"  it cost {outcome.cost}")
    if not outcome.over:
        lines.append(f"  {counted(outcome)}")
    if outcome.output.strip() and not outcome.reason.endswith(outcome.output.strip()):
        lines.append("  the last that it printed:")
        lines += [f"    {line}" for line in outcome.output.strip().splitlines()[-_TAIL_LINES:]]
    if outcome.kept:
        lines.append(f"  the work is kept: git apply {outcome.kept}")
    return "\n".join(lines) + "\n"
