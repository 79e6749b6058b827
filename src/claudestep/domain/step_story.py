"""What happened to one step, in sentences."""

from collections.abc import Callable, Iterator

from claudestep.domain.ai_tasks import AITask
from claudestep.domain.models import Claim, Step

Sentences = Iterator[str]


def step_differences(before: Step, after: Step) -> list[str]:
    """Say what changed between two states of a step, in the order of a step's life; [] where nothing did."""
    if before == after:
        return []
    told = [sentence for tell in _TELLERS for sentence in tell(before, after)]
    return told or [f"details of step {after.step_index} changed"]


def money(usd: float) -> str:
    """US dollars, with as many as four places: `$0.25`, `$0.0195`."""
    if 0 < usd < 0.0001:
        return "under $0.0001"
    text = f"{usd:.4f}"
    return f"${text[:-2]}{text[-2:].rstrip('0')}"


def _line(before: Step, after: Step) -> Sentences:
    number = after.step_index
    if before.step_description != after.step_description:
        yield f"line of step {number} reworded"
    if before.orphaned_at is None and after.orphaned_at is not None:
        yield f"line of step {number} removed"
    if before.orphaned_at is not None and after.orphaned_at is None:
        yield f"line of step {number} is back"
    if before.waits_for != after.waits_for:
        awaited = ", ".join(map(str, after.waits_for))
        yield f"step {number} waits for step {awaited}" if awaited else f"step {number} waits no longer"


def _claim(before: Step, after: Step) -> Sentences:
    was, now = before.claim, after.claim
    if was == now:
        return
    if now is None:
        ends_otherwise = after.pr_number != before.pr_number or after.failures > before.failures or after.refused_at
        if not ends_otherwise:
            yield f"claim of step {after.step_index} released"
    elif was is None or was.id != now.id:
        whom = f" for {now.reviewer}" if now.reviewer else ""
        yield f"step {after.step_index} claimed{whom} ({now.branch})"
    else:
        yield _claim_went_on(after.step_index, was, now)


def _claim_went_on(number: int, was: Claim, now: Claim) -> str:
    if was.owner != now.owner:
        return f"claim of step {number} taken over from a run that ended"
    if was.stage != now.stage:
        return f"step {number}: publishing begins" if now.stage == "publishing" else f"step {number}: back to work"
    return f"claim of step {number} changed"


def _tasks(before: Step, after: Step) -> Sentences:
    known = {task.id: task for task in before.ai_tasks if task.id}
    for task in after.ai_tasks:
        was = known.get(task.id or "")
        if was is None and task not in before.ai_tasks:
            yield f"step {after.step_index}: {describe_task(task)}"
        elif was is not None and was.cost_usd != task.cost_usd:
            yield f"step {after.step_index}: {describe_task(task)} (it was {_cost(was)})"
    gone = len(before.ai_tasks) - len(after.ai_tasks)
    if gone > 0:
        yield f"step {after.step_index}: {gone} AI operation{_s(gone)} taken out"


def describe_task(task: AITask) -> str:
    """`PRCreation, claude-sonnet-4-5, $0.0195`, or `PRSummary, cost unknown`."""
    model = "" if task.cost_usd is None and task.model == "unknown" else f", {task.model}"
    return f"{task.type}{model}, {_cost(task)}"


def _cost(task: AITask) -> str:
    return "cost unknown" if task.cost_usd is None else money(task.cost_usd)


def _pull_request(before: Step, after: Step) -> Sentences:
    number, was = after.pr_number, before.pr_number
    if number is None:
        if was is not None:
            yield f"step {after.step_index}: #{was} set aside"
    elif (number, after.branch_name) == (was, before.branch_name):
        yield from _same_pull_request(before, after)
    elif after.pr_state == "open":
        yield f"step {after.step_index}: pull request #{number} opened"
    else:
        yield f"step {after.step_index}: pull request #{number} recorded ({after.pr_state or 'state unknown'})"


def _same_pull_request(before: Step, after: Step) -> Sentences:
    if before.pr_state != after.pr_state:
        yield f"step {after.step_index}: #{after.pr_number} {_became(after.pr_state)}"
    if before.reviewer != after.reviewer:
        yield f"step {after.step_index}: #{after.pr_number} is for {after.reviewer or 'nobody'} now"


def _conflict(before: Step, after: Step) -> Sentences:
    if after.conflict_told and before.conflict_told != after.conflict_told:
        yield f"step {after.step_index}: #{after.pr_number} conflicts, and that takes a person"


def _became(state: str | None) -> str:
    return {"open": "reopened", None: "of unknown state"}.get(state, str(state))


def _earlier(before: Step, after: Step) -> Sentences:
    known = {one.key: one for one in before.previous_pull_requests}
    told = {one.key for one in before.pull_requests()}
    for one in after.previous_pull_requests:
        was = known.get(one.key)
        if one.key not in told:
            yield f"step {after.step_index}: #{one.pr_number} recorded as an earlier attempt ({one.pr_state})"
        elif was is not None and was.pr_state != one.pr_state:
            yield f"step {after.step_index}: #{one.pr_number} {_became(one.pr_state)}"
    yield from _closing_reasons(before, after)


def _closing_reasons(before: Step, after: Step) -> Sentences:
    known = {one.key: one.closed_reason for one in before.pull_requests()}
    for one in after.pull_requests():
        if one.closed_reason and known.get(one.key) != one.closed_reason:
            yield f"step {after.step_index}: #{one.pr_number} was closed because: {one.closed_reason}"


def _end(before: Step, after: Step) -> Sentences:
    number = after.step_index
    if after.failures > before.failures:
        yield f"step {number} failed: {after.failure_reason or 'no reason is known'}"
    if before.refused_at is None and after.refused_at is not None:
        yield f"step {number} refused: {after.failure_reason or 'no reason is known'}"
    if after.failures < before.failures or (before.refused_at and not after.refused_at and not after.pr_number):
        yield f"step {number} may be tried again"
    if before.completed_at is None and after.completed_at is not None:
        yield f"step {number} done"
    if before.completed_at is not None and after.completed_at is None:
        yield f"step {number} is unticked"
    if before.skipped_at is None and after.skipped_at is not None:
        yield f"step {number} skipped"
    if before.skipped_at is not None and after.skipped_at is None:
        yield f"step {number} is skipped no longer"


def _others(before: Step, after: Step) -> Sentences:
    if before.extra != after.extra:
        yield f"step {after.step_index}: other keys changed"


def _s(count: int) -> str:
    return "" if count == 1 else "s"


_TELLERS: tuple[Callable[[Step, Step], Sentences], ...] = (
    _line,
    _tasks,
    _claim,
    _pull_request,
    _conflict,
    _earlier,
    _end,
    _others,
)
