"""Pull requests on GitHub: rewritten, commented, closed and merged."""

import pytest

from claudestep.domain.errors import Forbidden, Unprocessable
from claudestep.infrastructure.hosting import marked_part
from claudestep.infrastructure.hosting.port import CloseRefused, MergeRefused, Obstacle
from tests.github_server.fixture import Fault, GitHubServer
from tests.integration.github_host import Stage, new_stage

TWICE = 2


@pytest.fixture
def stage(github: GitHubServer) -> Stage:
    return new_stage(github)


# What it says


def test_only_our_part_of_the_text_is_rewritten(stage: Stage) -> None:
    pull = stage.open()
    body = stage.repository.pull(pull.number)["body"]
    stage.repository.change_pull(pull.number, body=f"Before\r\n{body}\r\nAfter")
    stage.host.rewrite(pull, "New")
    assert stage.repository.pull(pull.number)["body"] == f"Before\r\n{marked_part.marked('New')}\r\nAfter"
    stage.repository.forget_requests()
    stage.host.rewrite(pull, "New")
    assert stage.asked() == ["PullNow"]


def test_a_text_that_would_be_too_long_is_left_as_it_is(stage: Stage) -> None:
    pull = stage.open()
    stage.repository.change_pull(pull.number, body="x" * 65_500)
    with pytest.raises(Unprocessable, match="longer than GitHub takes"):
        stage.host.rewrite(pull, "New part of ours")
    assert stage.repository.pull(pull.number)["body"] == "x" * 65_500


def test_a_comment_is_written(stage: Stage) -> None:
    pull = stage.open()
    stage.host.comment(pull, 'Conflicts with "main" \N{SNOWMAN}')
    assert 'Conflicts with "main" \N{SNOWMAN}' in str(stage.repository.pull(pull.number)["comments"])


# The end


def test_closing_is_closing_once(stage: Stage) -> None:
    pull = stage.open()
    for _ in range(TWICE):
        stage.host.close(pull)
    assert stage.repository.pull(pull.number)["state"].lower() == "closed"
    assert stage.repository.head(pull.branch) == pull.head_commit


def test_what_is_merged_is_not_closed(stage: Stage) -> None:
    pull = stage.open()
    stage.repository.merge(pull.number)
    with pytest.raises(CloseRefused, match="merged"):
        stage.host.close(pull)


def test_closing_without_the_right_says_why(github: GitHubServer, stage: Stage) -> None:
    pull = stage.open()
    github.add_user("reader", "token-of-a-reader", "read")
    with pytest.raises(CloseRefused, match="was not closed"):
        stage.again("token-of-a-reader").host.close(pull)


@pytest.mark.parametrize(
    ("settings", "parents"),
    [({}, 2), ({"merge_commit": False}, 1), ({"merge_commit": False, "squash_merge": False}, 1)],
    ids=["merge", "squash", "rebase"],
)
def test_it_is_merged_in_a_way_that_the_repository_allows(
    stage: Stage, settings: dict[str, bool], parents: int
) -> None:
    stage.repository.configure(settings=settings)
    pull = stage.open()
    stage.host.observe()
    assert stage.host.merge_obstacle("main") is None
    commit = stage.host.merge(pull, "main")
    assert commit == stage.repository.head("main")
    assert len(stage.repository.git("rev-list", "--parents", "-1", commit).split()) == 1 + parents
    assert stage.host.merge(pull, "main") == commit


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_merge_without_an_answer_is_looked_for(stage: Stage, when: str) -> None:
    pull = stage.open()
    stage.repository.fault(Fault(kind="status", when=when, on="graphql mutation mergePullRequest"))  # type: ignore[arg-type]
    assert stage.host.merge(pull, "main") == stage.repository.head("main")
    assert stage.repository.pending_faults() == []


def test_a_head_that_moved_is_not_merged(stage: Stage) -> None:
    pull = stage.open()
    stage.repository.commit(pull.branch, {"code.py": "by hand\n"})
    with pytest.raises(MergeRefused, match="#1 was not merged: Head branch was modified"):
        stage.host.merge(pull, "main")
    assert stage.repository.pull(pull.number)["state"].lower() == "open"


def test_a_rule_that_forbids_the_merge_is_quoted(stage: Stage) -> None:
    pull = stage.open()
    stage.repository.configure(rules=[{"pattern": "main", "kind": "update"}])
    with pytest.raises(MergeRefused, match="was not merged"):
        stage.host.merge(pull, "main")


def told(obstacle: Obstacle | None) -> str:
    """The reason of an obstacle, which has a remedy."""
    assert obstacle is None or obstacle.remedy
    return obstacle.reason if obstacle else ""


def test_what_stands_against_a_merge_or_a_write_is_known_before(github: GitHubServer, stage: Stage) -> None:
    github.add_user("reader", "token-of-a-reader", "read")
    reader = stage.again("token-of-a-reader").host
    assert "may not write" in told(reader.merge_obstacle("main"))
    assert "may not write" in told(reader.write_obstacle())
    stage.repository.configure(settings={"merge_commit": False, "squash_merge": False, "rebase_merge": False})
    assert "allows no way" in told(stage.again().host.merge_obstacle("main"))
    assert stage.again().host.write_obstacle() is None
    stage.repository.configure(archived=True)
    assert "archived" in told(stage.again().host.merge_obstacle("main"))
    assert "archived" in told(stage.again().host.write_obstacle())


def test_what_a_workflow_may_do_is_found_out_when_it_is_tried(github: GitHubServer, stage: Stage) -> None:
    """viewerPermission is about people."""
    github.add_user("", "token-of-a-workflow", "actions")
    assert stage.again("token-of-a-workflow").host.write_obstacle() is None


def test_an_archived_repository_is_read_and_not_written(stage: Stage) -> None:
    pull = stage.open()
    stage.repository.configure(archived=True)
    assert stage.again().host.observe().default_branch == "main"
    with pytest.raises(Forbidden, match="archived"):
        stage.again().host.comment(pull, "Hello")


def test_a_spec_that_is_missing_has_to_be_pushed(stage: Stage) -> None:
    stage.host.observe()
    assert (
        stage.host.spec_hint("claude-step/x/spec.md")
        == "Write it, commit it and push it to main: claude-step/x/spec.md"
    )
