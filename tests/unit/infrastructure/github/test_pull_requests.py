"""Pull requests from replies, and which records are believed."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from claudestep.domain.observation import StepRecord
from claudestep.infrastructure.github.pull_requests import ours, with_records
from claudestep.infrastructure.github.replies import Label, Page, Pull, User
from claudestep.infrastructure.hosting import record_block

WHEN = datetime(2025, 1, 15, 10, 30, tzinfo=UTC)
RECORD = StepRecord(project="auth", step_index=3, step_description="Do", reviewer="alice", base_branch="main")
PULL = Pull(
    id="PR_1",
    number=7,
    title="Title",
    state="OPEN",
    url="https://github.com/o/r/pull/7",
    created_at=WHEN,
    updated_at=WHEN,
    head_ref_name="claude-step-auth-3.2",
    head_ref_oid="c0ffee",
    base_ref_name="main",
    is_cross_repository=False,
    assignees=Page([User(login="alice"), None, User(login="bob")]),
    body=f"Text\n\n{record_block.write(RECORD)}",
    labels=Page([Label(name="ClaudeStep")]),
)


def test_a_pull_request_comes_with_all_that_the_domain_knows() -> None:
    (pull,) = ours([PULL])
    assert (pull.number, pull.branch, pull.base_branch, pull.state) == (7, "claude-step-auth-3.2", "main", "open")
    assert (pull.reviewer, pull.assignees) == ("alice", ("alice", "bob"))
    assert (pull.id, pull.url, pull.head_commit) == ("PR_1", "https://github.com/o/r/pull/7", "c0ffee")
    assert pull.record is None
    assert not pull.inferred


def test_of_one_seen_twice_the_later_sight_counts_and_forks_do_not() -> None:
    other = replace(PULL, number=3)
    fork = replace(PULL, number=4, is_cross_repository=True)
    merged = replace(PULL, state="MERGED", merged_at=WHEN)
    assert [(p.number, p.state) for p in ours([PULL, fork, other, merged])] == [(3, "open"), (7, "merged")]


def test_the_record_of_a_labelled_pull_request_is_believed() -> None:
    assert [pull.record for pull in with_records([PULL])] == [RECORD]


@pytest.mark.parametrize(
    "change",
    [
        {"labels": Page[Label]([])},
        {"labels": None},
        {"labels": Page([Label(name="claudestep2")])},
        {"head_ref_name": "feature"},
        {"head_ref_name": "claude-step-auth-4"},
        {"head_ref_name": "claude-step-other-3"},
        {"body": "no record"},
        {"body": "<!-- claudestep:record {} -->"},
    ],
    ids=[
        "no label",
        "not asked",
        "another label",
        "another branch",
        "another step",
        "another project",
        "none",
        "empty",
    ],
)
def test_a_record_that_does_not_fit_is_none(change: dict[str, object]) -> None:
    assert [pull.record for pull in with_records([replace(PULL, **change)])] == [None]


def test_without_a_label_the_branch_of_a_claim_is_believed() -> None:
    bare = replace(PULL, labels=Page[Label]([]))
    assert [pull.record for pull in with_records([bare], trusted={PULL.head_ref_name})] == [RECORD]
    assert [pull.record for pull in with_records([bare], trusted={"claude-step-auth-3"})] == [None]


def test_a_fork_is_believed_nothing() -> None:
    fork = replace(PULL, is_cross_repository=True)
    assert with_records([fork], trusted={PULL.head_ref_name}) == ()
