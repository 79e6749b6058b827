from dataclasses import replace

import pytest

from claudestep.domain.capacity import Load, Room, choose, loads, rooms
from claudestep.domain.config import Config, RepositoryConfig, Reviewer
from claudestep.domain.models import Project, Step
from claudestep.domain.observation import PullRequest
from tests.unit.builders import (
    at,
    claim,
    claimed,
    closed,
    done,
    in_review,
    merged,
    previous,
    project,
    pull,
    record,
    step,
)

ALICE, BOB = Reviewer("alice", 1), Reviewer("bob", 2)
NO_LIMIT = RepositoryConfig()


def known(*steps: Step, name: str = "p") -> dict[str, Project]:
    return {name: project(*steps, name=name)}


def load(reviewer: str | None, number: int = 1, name: str = "p") -> Load:
    return Load(name, reviewer, f"claude-step-{name}-{number}")


# What is load: "load = open pull requests (what GitHub or the records call open, ...; orphans and earlier
# attempts too) + claims"


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (step(1), ()),
        (done(1), ()),
        (merged(1, reviewer="alice"), ()),
        (closed(1, reviewer="alice"), ()),
        (in_review(1, reviewer="alice"), (load("alice"),)),
        (in_review(1), (load(None),)),
        (in_review(1, reviewer="alice", orphaned_at=at(-1)), (load("alice"),)),
        (in_review(1, reviewer="alice", completed_at=at(-1)), (load("alice"),)),
        (claimed(1, reviewer="alice"), (load("alice"),)),
        (claimed(1, reviewer="alice", until=at(-9)), (load("alice"),)),
        (replace(closed(1, reviewer="alice"), claim=claim(reviewer="bob")), (load("bob"),)),
        (step(1, previous_pull_requests=(previous(101, "open", reviewer="alice"),)), (load("alice"),)),
        (step(1, previous_pull_requests=(previous(101, "merged", reviewer="alice"),)), ()),
        (
            in_review(2, reviewer="bob", previous_pull_requests=(previous(101, "open", reviewer="alice"),)),
            (load("bob", 2), load("alice", 1)),
        ),
    ],
)
def test_load_is_what_the_documents_call_open_and_what_is_claimed(one: Step, expected: tuple[Load, ...]) -> None:
    assert loads(known(one), []) == expected


def test_an_open_pull_request_is_load_when_no_document_knows_it() -> None:
    strays = [
        pull(101, reviewer="alice"),
        pull(102, record=record(2, reviewer="bob")),
        pull(103, branch="claude-step-q-api-3"),
    ]
    assert loads({}, strays) == (load("alice"), load("bob", 2), load(None, 3, "q-api"))
    assert loads(known(step(1)), strays[:1]) == (load("alice"),)


@pytest.mark.parametrize(
    "stray",
    [pull(101, "closed"), pull(101, "merged"), pull(101, branch="feature"), pull(101, branch="claude-step-p")],
)
def test_a_pull_request_is_no_load_when_it_is_over_or_not_ours(stray: PullRequest) -> None:
    assert loads(known(step(1)), [stray]) == ()


def test_a_branch_counts_once_when_document_and_host_and_claim_have_it() -> None:
    both = replace(in_review(1, reviewer="alice"), claim=claim(reviewer="alice"))
    assert loads(known(both), [pull(101, reviewer="alice")]) == (load("alice"),)


def test_the_documents_reviewer_counts_when_the_host_has_none() -> None:
    assert loads(known(in_review(1, reviewer="alice")), [pull(101)]) == (load("alice"),)


@pytest.mark.parametrize("over", [merged(1, reviewer="alice"), closed(1, reviewer="alice")])
def test_a_pull_request_is_no_load_when_its_reconciled_document_calls_it_over(over: Step) -> None:
    assert loads(known(over), [pull(101, "open", reviewer="alice", inferred=True)]) == ()


def test_a_pull_request_is_load_when_only_another_projects_document_calls_its_branch_over() -> None:
    documents = known(closed(1)) | known(closed(1, branch_name="claude-step-p-7"), name="q")
    assert loads(documents, [pull(107, reviewer="alice")]) == (load("alice", 7),)


def test_a_renamed_project_decides_about_the_branches_of_its_old_name() -> None:
    over = known(
        merged(1, branch_name="claude-step-old-1"), in_review(2, branch_name="claude-step-old-2"), name="q"
    )
    pulls = [pull(101, branch="claude-step-old-1"), pull(102, branch="claude-step-old-2", reviewer="alice")]
    assert loads(over, pulls) == (Load("q", None, "claude-step-old-2"),)


def test_load_is_that_of_all_projects() -> None:
    documents = known(in_review(1, reviewer="alice")) | known(claimed(1, branch="claude-step-q-1"), name="q")
    assert loads(documents, []) == (load("alice"), load(None, 1, "q"))


def test_an_open_pull_request_is_load_when_its_branch_is_not_recorded() -> None:
    """ "what ... the records call open, by number"; `branch_name` is optional."""
    (only,) = loads(known(step(1, pr_number=101, pr_state="open", reviewer="alice")), [])
    assert only.reviewer == "alice"


def test_an_open_pull_request_counts_once_when_only_the_host_knows_its_branch() -> None:
    """ "what GitHub or the records call open, by number"."""
    assert len(loads(known(step(1, pr_number=101, pr_state="open")), [pull(101)])) == 1


# Who has room: "within the project against `maxOpenPRs`, and over the repository against an optional limit"


def room(reviewer: Reviewer, *found: Load, limit: int | None = None) -> Room:
    (only,) = rooms("p", Config(reviewers=(reviewer,)), RepositoryConfig(max_open_prs_per_reviewer=limit), found)
    return only


def test_room_counts_a_reviewers_load_here_and_everywhere() -> None:
    found = [load("bob", 1), load("bob", 1, "q"), load("bob", 2, "q"), load("alice", 2), load(None, 3)]
    assert room(BOB, *found, limit=9) == Room(BOB, here=1, everywhere=3, limit_everywhere=9)


@pytest.mark.parametrize(
    ("here", "elsewhere", "limit", "free"),
    [
        (0, 0, None, True),
        (1, 0, None, True),
        (2, 0, None, False),
        (3, 0, None, False),
        (0, 9, None, True),
        (0, 1, 2, True),
        (0, 2, 2, False),
        (1, 1, 2, False),
        (1, 1, 3, True),
        (2, 0, 3, False),
    ],
)
def test_room_is_free_when_both_limits_allow_one_more(
    here: int, elsewhere: int, limit: int | None, *, free: bool
) -> None:
    found = [load("bob", n) for n in range(here)] + [load("bob", n, "q") for n in range(elsewhere)]
    assert room(BOB, *found, limit=limit).is_free is free


def test_a_reviewer_is_the_same_when_the_name_is_written_in_other_letters() -> None:
    assert room(Reviewer("Alice"), load("aLICE")).here == 1


def test_load_of_nobody_is_nobodys() -> None:
    assert room(ALICE, load(None)).here == 0


def test_rooms_come_in_the_order_of_the_configuration() -> None:
    found = rooms("p", Config(reviewers=(BOB, ALICE)), NO_LIMIT, [])
    assert [one.reviewer for one in found] == [BOB, ALICE]


@pytest.mark.parametrize(
    ("counts", "chosen"),
    [
        ({"a": (0, 0), "b": (0, 0)}, "a"),
        ({"b": (0, 0), "a": (0, 0)}, "b"),
        ({"a": (1, 1), "b": (0, 5)}, "b"),
        ({"a": (0, 5), "b": (0, 1)}, "b"),
        ({"a": (2, 2), "b": (1, 1)}, "b"),
        ({"a": (2, 2), "b": (2, 2)}, None),
        ({}, None),
    ],
)
def test_the_least_loaded_reviewer_with_room_is_chosen(
    counts: dict[str, tuple[int, int]], chosen: str | None
) -> None:
    """ "The least loaded is taken, ties in the order of the configuration"."""
    candidates = [Room(Reviewer(name, 2), here, everywhere, None) for name, (here, everywhere) in counts.items()]
    reviewer = choose(candidates)
    assert (reviewer and reviewer.username) == chosen


@pytest.mark.parametrize(
    ("limit", "text"), [(None, "bob has 1 of 2"), (5, "bob has 1 of 2 (3 of 5 in the repository)")]
)
def test_room_says_both_limits_when_there_are_two(limit: int | None, text: str) -> None:
    assert str(Room(BOB, here=1, everywhere=3, limit_everywhere=limit)) == text
