"""What GitHub says of a token: what it may do, what is left of its hour, and what it lacks."""

import pytest

from claudestep.domain.naming import METADATA_BRANCH
from claudestep.infrastructure.github.api.protocol import RateLimit
from claudestep.infrastructure.github.branch import GitHubMetadataBranch
from claudestep.infrastructure.github.documents import document
from claudestep.infrastructure.metadata.branch import Refused
from tests.live.findings import Notes
from tests.live.ground import Ground
from tests.live.raw import good, told

HEADERS = ("limit", "remaining", "used", "reset", "resource")


def test_what_the_token_may_do(ground: Ground, found: Notes) -> None:
    rights = good(ground.raw.ask(document("rights"))).json["data"]["repository"]
    host = ground.host()
    host.observe()

    found("viewerPermission", rights["viewerPermission"])
    assert (host.write_obstacle(), host.merge_obstacle(ground.base)) == (None, None)


def test_replies_tell_what_is_left_of_the_hour(ground: Ground, found: Notes) -> None:
    """Where they do not, nothing is waited for: no number is made up."""
    for way, heard in (("REST", ground.raw.get("")), ("GraphQL", ground.raw.graphql("{ viewer { login } }"))):
        told_of = {name: heard.headers.get(f"x-ratelimit-{name}") for name in HEADERS}
        found(way, {name: value for name, value in told_of.items() if name != "reset"})
        limit = RateLimit.read(heard.headers)
        assert (limit is None) is any(told_of[name] is None for name in ("limit", "remaining", "reset"))


def test_a_token_that_may_only_read_is_refused(
    ground: Ground, metadata: GitHubMetadataBranch, found: Notes
) -> None:
    if ground.reader is None:
        pytest.skip("set CLAUDESTEP_LIVE_READONLY_TOKEN to a token that may only read the repository")
    head = metadata.commit(None, {f"projects/{ground.project}.json": b"{}\n"}, "First")
    reader = ground.asker(ground.reader)

    refused = reader.post("/git/refs", ref=f"refs/heads/{ground.named('reader')}", sha=head)
    found("POST of a ref by a reader", told(refused))
    found("x-accepted-github-permissions", refused.headers.get("x-accepted-github-permissions"))
    rights = good(reader.ask(document("rights"))).json["data"]["repository"]
    found("viewerPermission of a reader", rights["viewerPermission"])
    with pytest.raises(Refused) as refusal:
        GitHubMetadataBranch(ground.github(ground.reader), ground.clock).commit(head, {"x": b"x"}, "Read only")
    found("what the program says", f"{refusal.value} {refusal.value.remedy}")
    assert refused.status in (403, 404)
    ground.seen(lambda: ground.head(METADATA_BRANCH) == head)
