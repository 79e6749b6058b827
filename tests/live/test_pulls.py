"""What GitHub says of pull requests: when they are shown, merged, closed, labelled and assigned."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pytest

from claudestep.domain.naming import LABEL
from claudestep.domain.observation import PullRequest, Questions
from claudestep.infrastructure.hosting.port import Draft, Dress, MergeRefused
from tests.live.findings import Notes
from tests.live.ground import Ground
from tests.live.raw import Raw, good, told
from tests.live.sweep import close_pull_requests

BY_LABEL = """query($owner: String!, $name: String!, $label: String!) { repository(owner: $owner, name: $name) {
  pullRequests(labels: [$label], states: [OPEN], first: 100, orderBy: {field: CREATED_AT, direction: DESC}) {
    nodes { number } } } }"""
BY_HEAD = """query($owner: String!, $name: String!, $head: String!) { repository(owner: $owner, name: $name) {
  pullRequests(headRefName: $head, first: 20) { nodes { number } } } }"""
MERGEABLE = """query($owner: String!, $name: String!, $number: Int!) { repository(owner: $owner, name: $name) {
  pullRequest(number: $number) { mergeable } } }"""


@pytest.fixture(autouse=True)
def closed(ground: Ground) -> Iterator[None]:
    """Each test leaves its pull requests closed, and without the label: no other test sees them."""
    yield
    close_pull_requests(ground)


def numbers(raw: Raw, query: str, **variables: str) -> set[int]:
    told_of = good(raw.ask(query, **variables)).json["data"]["repository"]["pullRequests"]["nodes"]
    return {one["number"] for one in told_of}


def opened(ground: Ground, draft: Draft | None = None) -> PullRequest:
    """A pull request of a step, as finalize opens and dresses it."""
    host = ground.host()
    pull = host.open_pull_request(draft or ground.draft())
    assert host.dress(pull, Dress()) == ()
    return pull


def assignees(ground: Ground, pull: PullRequest) -> set[str]:
    return {one["login"] for one in good(ground.raw.get(f"/issues/{pull.number}")).json["assignees"]}


def comments(ground: Ground, pull: PullRequest) -> list[str]:
    return [one["body"] for one in good(ground.raw.get(f"/issues/{pull.number}/comments")).json]


def state(ground: Ground, pull: PullRequest) -> str:
    """`open`, `closed` or `merged`."""
    now = good(ground.raw.get(f"/pulls/{pull.number}")).json
    return "merged" if now["merged"] else str(now["state"])


def _has(ground: Ground, pull: PullRequest, label: str) -> bool:
    return label in ground.labels_of(pull.number)


def test_how_long_until_a_labelled_pull_request_is_listed(ground: Ground, found: Notes) -> None:
    """Until then it is asked for by its number, which every run knows from the document."""
    pull = opened(ground)

    looked_up = ground.host().look_up(Questions(numbers=frozenset({pull.number}))).pull_requests
    by_label = ground.seen(lambda: pull.number in numbers(ground.raw, BY_LABEL, label=LABEL))
    listed = ground.seen(lambda: pull.number in {one.number for one in ground.host().observe().pull_requests})

    found("pullRequests(labels:) shows it", by_label)
    found("the observation shows it", listed)
    assert [(one.number, one.state) for one in looked_up] == [(pull.number, "open")]


def test_how_long_until_a_pull_request_is_found_by_its_branch(ground: Ground, found: Notes) -> None:
    """Opening it once more, as a run does that was killed in between, makes no second one."""
    draft = ground.draft()
    first = ground.host().open_pull_request(draft)
    again = ground.host().open_pull_request(draft)

    found("pullRequests(headRefName:) shows it", ground.seen(
        lambda: first.number in numbers(ground.raw, BY_HEAD, head=draft.branch)
    ))  # fmt: skip
    second = ground.raw.post("/pulls", title="Second", head=draft.branch, base=ground.base)
    found("a second pull request of a branch", told(second))
    assert again.number == first.number
    assert second.status == 422


def test_how_long_until_it_is_known_whether_it_conflicts(ground: Ground, found: Notes) -> None:
    pull = opened(ground)

    def mergeable() -> str:
        told_of = good(ground.raw.ask(MERGEABLE, number=pull.number)).json["data"]["repository"]["pullRequest"]
        return str(told_of["mergeable"])

    found("mergeable at once", mergeable())
    observed = ground.seen(
        lambda: {one.number: one for one in ground.host().observe().pull_requests}.get(pull.number)
    )
    assert observed.what.conflicting in (None, False)
    found("mergeable is known", ground.seen(lambda: mergeable() != "UNKNOWN"))
    assert mergeable() in ("MERGEABLE", "UNKNOWN")


def test_two_runs_make_one_label_at_once(ground: Ground, found: Notes) -> None:
    """At once, which is the fact itself: two requests, and no pace."""
    pulls = [opened(ground), opened(ground)]
    name = ground.named("label")

    def dress(pull: PullRequest) -> tuple[str, ...]:
        return ground.host(paced=False).dress(pull, Dress(labels=(name,)))

    with ThreadPoolExecutor(2) as pool:
        warnings = list(pool.map(dress, pulls))

    found("warnings of both", warnings)
    for pull, said in zip(pulls, warnings, strict=True):
        if not said:
            ground.seen(partial(_has, ground, pull, name))
    ground.seen(lambda: [one["name"] for one in ground.raw.pages("/labels")].count(name) == 1)


def test_nobody_is_asked_to_review_their_own(ground: Ground, found: Notes) -> None:
    viewer = good(ground.raw.graphql("{ viewer { login id } }")).json["data"]["viewer"]
    host = ground.host()
    pull = host.open_pull_request(ground.draft())

    asked = ground.raw.mutate("requestReviews", "clientMutationId", pullRequestId=pull.id, userIds=[viewer["id"]])
    warnings = host.dress(pull, Dress(reviewer=viewer["login"]))

    found("requestReviews of oneself", told(asked))
    found(f"warnings of dressing, as {'a bot' if '[bot]' in viewer['login'] else 'a user'}", warnings)
    ground.seen(lambda: LABEL in ground.labels_of(pull.number))
    if not warnings:
        ground.seen(lambda: viewer["login"] in assignees(ground, pull))


def test_a_pull_request_is_merged_right_after_it_was_opened(ground: Ground, found: Notes) -> None:
    pull = opened(ground)

    commit = ground.host().merge(pull, ground.base)

    shown = ground.seen(lambda: state(ground, pull) == "merged")
    found("REST shows the merge", shown)
    found("the base branch shows it", ground.seen(lambda: ground.head(ground.base) == commit))
    assert commit != pull.head_commit


def test_another_head_than_the_one_that_was_seen_is_not_merged(ground: Ground, found: Notes) -> None:
    pull = opened(ground)
    moved = ground.commit({f"{ground.project}/moved.txt": "moved\n"}, pull.head_commit)
    good(ground.raw.patch(f"/git/refs/heads/{pull.branch}", sha=moved, force=False))
    ground.seen(lambda: good(ground.raw.get(f"/pulls/{pull.number}")).json["head"]["sha"] == moved)

    with pytest.raises(MergeRefused) as refusal:
        ground.host().merge(pull, ground.base)

    found("mergePullRequest with a former head", refusal.value)
    assert state(ground, pull) == "open"


def test_a_pull_request_is_closed_with_its_reason_and_once_more(ground: Ground, found: Notes) -> None:
    pull = opened(ground)
    host = ground.host()

    host.comment(pull, "Keep the old name.")
    host.close(pull)
    found("closePullRequest of a closed one", told(ground.raw.mutate(
        "closePullRequest", "pullRequest { state }", pullRequestId=pull.id
    )))  # fmt: skip
    host.close(pull)

    ground.seen(lambda: comments(ground, pull) == ["Keep the old name."])
    ground.seen(lambda: state(ground, pull) == "closed")


def test_a_branch_of_which_nothing_is_new_cannot_be_opened(ground: Ground, found: Notes) -> None:
    """A branch without a commit of its own: the words that tell a final refusal from one that may pass."""
    draft = ground.draft()
    empty = f"{draft.branch}.2"
    good(
        ground.raw.post(
            "/git/refs", ref=f"refs/heads/{empty}", sha=ground.seen(lambda: ground.head(ground.base)).what
        )
    )

    with pytest.raises(Exception, match=r".") as refusal:
        ground.host().open_pull_request(replace(draft, branch=empty))

    found("a pull request without commits", f"{type(refusal.value).__name__}: {refusal.value}")
    assert not numbers(ground.raw, BY_HEAD, head=empty)
