"""Pull requests as GitHub has them, as the domain has them."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from claudestep.domain.adopting import fits
from claudestep.domain.models import PullRequestState
from claudestep.domain.naming import LABEL
from claudestep.domain.observation import PullRequest, StepRecord
from claudestep.infrastructure.github.replies import Mergeable, Pull, State
from claudestep.infrastructure.hosting import record_block

_STATES: dict[State, PullRequestState] = {"OPEN": "open", "CLOSED": "closed", "MERGED": "merged"}

_CONFLICTING: dict[Mergeable, bool | None] = {"MERGEABLE": False, "CONFLICTING": True, "UNKNOWN": None}


def ours(pulls: Iterable[Pull]) -> tuple[PullRequest, ...]:
    """Those that were not sent from a fork: anybody may name a branch there as we do. By number, each once."""
    found = {pull.number: pull_request(pull) for pull in pulls if not pull.is_cross_repository}
    return tuple(found[number] for number in sorted(found))


def pull_request(pull: Pull) -> PullRequest:
    """The pull request, without a record."""
    assignees = tuple(user.login for user in pull.assignees.items)
    return PullRequest(
        number=pull.number,
        branch=pull.head_ref_name,
        state=_STATES[pull.state],
        head_commit=pull.head_ref_oid,
        created_at=pull.created_at,
        updated_at=pull.updated_at,
        merged_at=pull.merged_at,
        closed_at=pull.closed_at,
        reviewer=next(iter(assignees), None),
        title=pull.title,
        assignees=assignees,
        base_branch=pull.base_ref_name,
        conflicting=_CONFLICTING[pull.mergeable] if pull.state == "OPEN" else False,
        id=pull.id,
        url=pull.url,
    )


def with_records(pulls: Iterable[Pull], trusted: Collection[str] = ()) -> tuple[PullRequest, ...]:
    """Those that are ours, with their records; `trusted` are branches that claims gave out."""
    seen = list(pulls)
    records = {pull.number: _record(pull, trusted) for pull in seen}
    return tuple(replace(pull, record=records[pull.number]) for pull in ours(seen))


def _record(pull: Pull, trusted: Collection[str]) -> StepRecord | None:
    """The record that its body carries.

    Anybody who may comment can write such a body; a label, or a branch in the repository itself, takes the right to
    write. And what it says must fit its branch.
    """
    labels = {label.name.casefold() for label in pull.labels.items} if pull.labels else set()
    if LABEL not in labels and pull.head_ref_name not in trusted:
        return None
    record = record_block.read(pull.body)
    return record if record and fits(record, pull.head_ref_name) else None
