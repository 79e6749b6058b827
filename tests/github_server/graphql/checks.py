"""What GitHub says about checks and reviews: there are none on this host."""

from tests.github_server import merging
from tests.github_server.graphql.connections import Cut, Page, page
from tests.github_server.graphql.registry import Info, attributes, constants, resolves
from tests.github_server.threads import PullRequest

_MERGE_STATES = {"MERGEABLE": "CLEAN", "CONFLICTING": "DIRTY"}


def merge_state(pull: PullRequest) -> str:
    """Whether the merge button is green."""
    if pull.draft and pull.open:
        return "DRAFT"
    return _MERGE_STATES.get(merging.mergeable(pull), "UNKNOWN")


attributes("PullRequest", {"mergeStateStatus": merge_state})
constants("Commit", {"statusCheckRollup": None})
constants("PullRequest", {"statusCheckRollup": None, "viewerLatestReview": None})


@resolves("PullRequest.reviews", "PullRequest.latestReviews", "PullRequest.reviewThreads")
def none(_pull: PullRequest, info: Info, **asked: object) -> Page:
    return page(info.field_name, [], Cut.of(asked))
