"""The answer to "why is there no new pull request?"."""

from claudestep.application.reports import json_text
from claudestep.application.reports.status_text import next_sentence, reworded, set_aside
from claudestep.application.why import Explanation
from claudestep.domain.chain import Wait
from claudestep.domain.reviews import OpenReview
from claudestep.domain.text import printable


def render(found: Explanation) -> str:
    """The reason, what to do about it, and what it was decided from."""
    lines = [f"{found.project}: {next_sentence(found.decision)}", f"  what to do: {remedy(found)}"]
    lines += set_aside(found.project, found.states, found.decision).splitlines()
    lines += reworded(found.states, found.open, found.decision).splitlines()
    if found.open:
        lines.append(f"  open: {', '.join(map(str, found.open))}")
    lines += [f"  not to be found: {one}. {one.remedy}" for one in found.not_found]
    if found.rooms:
        lines.append(f"  reviewers: {', '.join(map(str, found.rooms))}")
    lines += [f"  {label}: {text}" for label, text in _money(found)]
    return printable("\n".join(lines) + "\n")


def render_json(found: Explanation) -> str:
    """The same for programs."""
    account = found.account
    content = {
        "project": found.project,
        "outcome": "wait" if isinstance(found.decision, Wait) else "start",
        "reason": str(found.decision.reason) if isinstance(found.decision, Wait) else None,
        "sentence": next_sentence(found.decision),
        "remedy": remedy(found),
        "open": [_review(review) for review in found.open],
        "not_found": [one.pull.pr_number for one in found.not_found],
        "budget": {
            "spent": json_text.cost(account.spent),
            "reserved_usd": account.reserved,
            "left_usd": account.left,
            "per_step_usd": account.budget.per_step_usd,
            "project_usd": account.budget.project_usd,
        },
    }
    return json_text.render("why", content)


def remedy(found: Explanation) -> str:
    """What can be done about it."""
    if isinstance(found.decision, Wait):
        return found.decision.reason.remedy(found.project)
    return found.obstacle or f"Nothing stops it: claudestep run {found.project}"


def _money(found: Explanation) -> list[tuple[str, str]]:
    account = found.account
    lines = []
    if account.left is not None:
        lines.append(
            (
                "budget",
                f"{account.spent} of ${account.budget.project_usd:.2f} spent, ${account.reserved:.2f} reserved",
            )
        )
    forecast = account.forecast(found.steps_left)
    return [*lines, ("forecast", forecast)] if forecast else lines


def _review(review: OpenReview) -> dict[str, object]:
    return {
        "pr_number": review.number,
        "step_index": review.step_index,
        "reviewer": review.reviewer,
        "days": review.age.days if review.age else None,
        "stale": review.is_stale,
        "conflicts": review.conflicts,
    }
