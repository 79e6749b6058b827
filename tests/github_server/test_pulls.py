"""Pull requests: opening, following their branches, merging, and what GitHub refuses."""

from typing import Any

import pytest

from tests.github_server.asking import Asker
from tests.github_server.fixture import GitHubServer, RemoteRepository

_FIELDS = """id number title state isDraft merged mergeable headRefName headRefOid baseRefName
  isCrossRepository author{login} mergeCommit{oid} labels(first:9){nodes{name}} assignees(first:9){nodes{login}}
  reviewRequests(first:9){nodes{requestedReviewer{... on User{login}}}} comments(first:9){nodes{body}}"""
_PULL = f"pullRequest{{{_FIELDS}}}"


def _create(ask: Asker, remote: RemoteRepository, head: str, base: str = "main", **more: object) -> Any:
    given = {"repositoryId": remote.id, "baseRefName": base, "headRefName": head, "title": "A title", **more}
    return ask.mutate("createPullRequest", _PULL, **given)


@pytest.fixture
def step(remote: RemoteRepository) -> str:
    """A branch with one commit upon main."""
    remote.branch("step")
    remote.commit("step", {"step.txt": "done\n"})
    return "step"


def _user_id(ask: Asker, login: str) -> str:
    return str(ask.data("query($login:String!){user(login:$login){id}}", login=login)["user"]["id"])


def test_a_pull_request_is_opened(remote: RemoteRepository, ask: Asker, step: str) -> None:
    pull = _create(ask, remote, step, draft=True, body="Text").json["data"]["createPullRequest"]["pullRequest"]
    assert (pull["number"], pull["state"], pull["isDraft"], pull["mergeable"]) == (1, "OPEN", True, "MERGEABLE")
    assert (pull["headRefName"], pull["headRefOid"]) == (step, remote.head(step))
    assert (pull["author"]["login"], pull["isCrossRepository"]) == ("octo-dev", False)
    assert remote.refs()["refs/pull/1/head"] == remote.head(step)


def test_a_second_one_is_refused(remote: RemoteRepository, ask: Asker, step: str) -> None:
    _create(ask, remote, step)
    refused = _create(ask, remote, step).error
    assert refused["type"] == "UNPROCESSABLE"
    assert refused["message"] == f"A pull request already exists for o:{step}."


def test_nothing_to_merge_and_missing_branches_are_refused(remote: RemoteRepository, ask: Asker) -> None:
    remote.branch("same")
    assert _create(ask, remote, "same").error["message"] == "No commits between main and same"
    assert "Head ref must be a branch" in _create(ask, remote, "absent").error["message"]
    assert "Base ref must be a branch" in _create(ask, remote, "same", "absent").error["message"]
    assert [name for name in remote.refs() if name.startswith("refs/pull/")] == []


@pytest.mark.parametrize(("length", "fine"), [(65_536, True), (65_537, False)])
def test_a_body_has_a_most_length(
    remote: RemoteRepository, ask: Asker, step: str, length: int, *, fine: bool
) -> None:
    heard = _create(ask, remote, step, body="ä" * length)
    messages = [error["message"] for error in heard.json.get("errors", [])]
    assert messages == ([] if fine else ["Body is too long (maximum is 65536 characters)"])


def test_a_workflow_may_be_forbidden_to_open_them(
    github: GitHubServer, remote: RemoteRepository, step: str
) -> None:
    github.add_user("", "workflow", "actions")
    remote.configure(settings={"actions_may_open_pulls": False})
    refused = _create(Asker(github, "workflow"), remote, step).error
    assert refused["message"] == "GitHub Actions is not permitted to create or approve pull requests"
    assert refused["path"] == ["createPullRequest"]
    remote.configure(settings={"actions_may_open_pulls": True})
    made = _create(Asker(github, "workflow"), remote, step).json["data"]["createPullRequest"]["pullRequest"]
    assert made["author"]["login"] == "github-actions[bot]"


def test_the_head_follows_its_branch_until_that_goes(remote: RemoteRepository, ask: Asker, step: str) -> None:
    number = remote.open_pull(step)["number"]
    newer = remote.commit(step, {"more": "x"})
    assert remote.pull(number)["head_oid"] == newer
    remote.delete_branch(step)
    gone = remote.pull(number)
    assert (gone["state"], gone["head_oid"]) == ("CLOSED", newer)
    refused = ask.mutate("reopenPullRequest", "clientMutationId", pullRequestId=gone["id"])
    assert refused.error["message"] == "Could not open the pull request."
    remote.git("update-ref", f"refs/heads/{step}", newer)
    assert remote.reopen(number)["state"] == "OPEN"


@pytest.mark.parametrize(("method", "commits"), [("MERGE", 3), ("SQUASH", 2), ("REBASE", 2)])
def test_merging(remote: RemoteRepository, ask: Asker, step: str, method: str, commits: int) -> None:
    pull = remote.open_pull(step)
    heard = ask.mutate("mergePullRequest", _PULL, pullRequestId=pull["id"], mergeMethod=method)
    merged = heard.json["data"]["mergePullRequest"]["pullRequest"]
    assert (merged["state"], merged["merged"], merged["mergeable"]) == ("MERGED", True, "UNKNOWN")
    assert merged["mergeCommit"]["oid"] == remote.head()
    assert remote.git("rev-list", "--count", "main") == str(commits)
    assert remote.show("step.txt") == "done\n"


def test_merges_that_are_refused(remote: RemoteRepository, ask: Asker, step: str) -> None:
    pull = remote.open_pull(step)

    def refusal(**more: object) -> str:
        heard = ask.mutate("mergePullRequest", "clientMutationId", pullRequestId=pull["id"], **more)
        return str(heard.error["message"])

    assert refusal(expectedHeadOid=remote.head()) == "Head branch was modified. Review and try the merge again."
    remote.configure(settings={"squash_merge": False})
    assert refusal(mergeMethod="SQUASH") == "Squash merges are not allowed on this repository."
    remote.commit("main", {"step.txt": "otherwise\n"})
    assert refusal() == "Pull Request is not mergeable"
    query = "query($id:ID!){node(id:$id){... on PullRequest{mergeable}}}"
    assert ask.data(query, id=pull["id"])["node"]["mergeable"] == "CONFLICTING"


def test_conflicts_are_looked_for_once_somebody_has_asked(remote: RemoteRepository, ask: Asker, step: str) -> None:
    pull = remote.open_pull(step)
    remote.configure(settings={"lazy_mergeable": True})

    def told() -> str:
        query = "query($id:ID!){node(id:$id){... on PullRequest{mergeable}}}"
        return str(ask.data(query, id=pull["id"])["node"]["mergeable"])

    assert (told(), told()) == ("UNKNOWN", "MERGEABLE")
    remote.commit("main", {"step.txt": "otherwise\n"})
    assert (told(), told()) == ("UNKNOWN", "CONFLICTING")
    remote.commit(step, {"step.txt": "otherwise\n"})
    assert (told(), told()) == ("UNKNOWN", "MERGEABLE")


def test_a_push_of_its_commits_merges_it(remote: RemoteRepository, step: str) -> None:
    number = remote.open_pull(step)["number"]
    remote.git("update-ref", "refs/heads/main", f"refs/heads/{step}")
    assert remote.pull(number)["state"] == "MERGED"


def test_a_stacked_one_moves_on_when_its_base_is_merged_and_deleted(remote: RemoteRepository, step: str) -> None:
    remote.branch("upper", step)
    remote.commit("upper", {"upper": "x"})
    lower, upper = remote.open_pull(step), remote.open_pull("upper", step)
    remote.merge(lower["number"])
    remote.delete_branch(step)
    assert (remote.pull(upper["number"])["base"], remote.pull(upper["number"])["state"]) == ("main", "OPEN")


def test_people_and_labels(remote: RemoteRepository, ask: Asker, step: str) -> None:
    pull = remote.open_pull(step)
    made = ask.mutate("createLabel", "label{id}", repositoryId=remote.id, name="claudestep", color="00ff00")
    label = made.json["data"]["createLabel"]["label"]["id"]
    again = ask.mutate("createLabel", "clientMutationId", repositoryId=remote.id, name="ClaudeStep", color="00ff00")
    assert again.error["message"] == "Name has already been taken"
    alice = _user_id(ask, "alice")
    for name, given in {
        "addLabelsToLabelable": {"labelableId": pull["id"], "labelIds": [label]},
        "addAssigneesToAssignable": {"assignableId": pull["id"], "assigneeIds": [alice]},
        "requestReviews": {"pullRequestId": pull["id"], "userIds": [alice]},
        "addComment": {"subjectId": pull["id"], "body": "Nice"},
    }.items():
        assert "errors" not in ask.mutate(name, "clientMutationId", **given).json
    query = f"query($id:ID!){{node(id:$id){{... on PullRequest{{{_FIELDS}}}}}}}"
    found = ask.data(query, id=pull["id"])["node"]
    assert found["labels"]["nodes"] == [{"name": "claudestep"}]
    assert found["assignees"]["nodes"] == [{"login": "alice"}]
    assert found["reviewRequests"]["nodes"] == [{"requestedReviewer": {"login": "alice"}}]
    assert found["comments"]["nodes"] == [{"body": "Nice"}]


def test_who_cannot_review_or_be_assigned(
    github: GitHubServer, remote: RemoteRepository, ask: Asker, step: str
) -> None:
    github.add_user("stranger", "stranger", "outsider")
    pull = remote.open_pull(step)
    author, stranger = _user_id(ask, "octo-dev"), _user_id(ask, "stranger")
    asked = ask.mutate("requestReviews", "clientMutationId", pullRequestId=pull["id"], userIds=[author])
    assert asked.error["message"] == "Review cannot be requested from pull request author."
    asked = ask.mutate("requestReviews", "clientMutationId", pullRequestId=pull["id"], userIds=[stranger])
    assert "not a collaborator" in asked.error["message"]
    given = {"assignableId": pull["id"], "assigneeIds": [stranger]}
    assert "stranger" in ask.mutate("addAssigneesToAssignable", "clientMutationId", **given).error["message"]


def test_lists_are_sorted_filtered_and_paged(remote: RemoteRepository, ask: Asker) -> None:
    for number in range(5):
        remote.branch(f"b{number}")
        remote.commit(f"b{number}", {f"{number}": "x"})
        remote.open_pull(f"b{number}", labels=["ours"] if number % 2 == 0 else [])
    remote.close(1)
    query = """query($owner:String!,$name:String!,$after:String,$states:[PullRequestState!],$labels:[String!]){
      repository(owner:$owner,name:$name){pullRequests(first:2,after:$after,states:$states,labels:$labels,
        orderBy:{field:UPDATED_AT,direction:DESC}){totalCount pageInfo{hasNextPage endCursor} nodes{number}}}}"""
    owner, _, name = remote.name.partition("/")

    def page(**more: object) -> tuple[list[int], int, str]:
        found = ask.data(query, owner=owner, name=name, **more)["repository"]["pullRequests"]
        more_follow = found["pageInfo"]["endCursor"] if found["pageInfo"]["hasNextPage"] else ""
        return [node["number"] for node in found["nodes"]], found["totalCount"], more_follow

    first, total, cursor = page()
    assert (first, total) == ([1, 5], 5)
    assert page(after=cursor)[0] == [4, 3]
    remote.comment(5, "moves to the front")
    assert page(after=cursor)[0] == [4, 3]
    assert page(states=["OPEN"], labels=["ours"])[:2] == ([5, 3], 2)


def test_a_pull_request_from_a_fork(github: GitHubServer, remote: RemoteRepository) -> None:
    fork = github.new_repository(name=f"forker/{remote.name.partition('/')[2]}", fork_of=remote.name)
    fork.branch("theirs")
    first = fork.commit("theirs", {"x": "y"})
    pull = remote.open_pull("forker:theirs")
    assert (pull["cross_repository"], pull["head"], pull["head_oid"]) == (True, "theirs", first)
    newer = fork.commit("theirs", {"x": "z"})
    assert remote.refs()["refs/pull/1/head"] == newer
    assert remote.merge(1)["state"] == "MERGED"
    assert remote.show("x") == "z"
