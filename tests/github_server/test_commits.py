"""createCommitOnBranch and refs: github-facts, sections 3 and 7."""

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.github_server.asking import Asker
from tests.github_server.fixture import GitHubServer, RemoteRepository

ZERO = "0" * 40
HI = base64.b64encode(b"hi\n").decode()


def test_a_commit_is_made_by_the_token_and_signed_by_github(remote: RemoteRepository, ask: Asker) -> None:
    before = remote.head()
    heard = ask.commit(remote.name, "main", before, {"a/b.txt": HI})
    made = heard.json["data"]["createCommitOnBranch"]
    assert made["commit"]["oid"] == remote.head() == made["ref"]["target"]["oid"]
    assert remote.show("a/b.txt") == "hi\n"
    assert remote.git("log", "-1", "--format=%an %cn %P", "main") == f"octo-dev GitHub {before}"
    assert "gpgsig" in remote.git("cat-file", "commit", "main")


def test_a_stale_head_is_an_error_in_a_200(remote: RemoteRepository, ask: Asker) -> None:
    old = remote.head()
    remote.commit("main", {"other": "x"})
    heard = ask.commit(remote.name, "main", old, {"a": HI})
    assert heard.status == 200
    assert heard.json["data"] == {"createCommitOnBranch": None}
    assert heard.error["type"] == "STALE_DATA"
    assert heard.error["path"] == ["createCommitOnBranch"]
    assert heard.error["message"] == f'Expected branch to point to "{old}" but it did not.  Pull and try again.'


def test_of_many_writers_at_once_one_gets_through(remote: RemoteRepository, ask: Asker) -> None:
    head = remote.head()
    with ThreadPoolExecutor(16) as pool:
        heard = list(pool.map(lambda n: ask.commit(remote.name, "main", head, {f"{n}": HI}), range(16)))
    types = [reply.json.get("errors", [{"type": "made"}])[0]["type"] for reply in heard]
    assert sorted(types) == ["STALE_DATA"] * 15 + ["made"]
    assert remote.git("rev-list", "--count", "main") == "2"


def test_deleting_what_is_not_there_aborts_all(remote: RemoteRepository, ask: Asker) -> None:
    head = remote.head()
    heard = ask.commit(remote.name, "main", head, {"new": HI, "missing/file": None})
    assert "deletion which does not exist" in heard.error["message"]
    assert remote.head() == head


def test_a_deleted_file_takes_its_empty_folder_along(remote: RemoteRepository, ask: Asker) -> None:
    head = remote.commit("main", {"folder/inner/file": "x"})
    ask.commit(remote.name, "main", head, {"folder/inner/file": None})
    assert remote.git("ls-tree", "-r", "-t", "--name-only", "main") == "README.md"


def test_the_branch_must_be_there(remote: RemoteRepository, ask: Asker) -> None:
    assert ask.commit(remote.name, "absent", remote.head(), {"a": HI}).error["type"] == "NOT_FOUND"


@pytest.mark.malformed("null for a head")
def test_an_expected_head_of_null_is_refused_before_execution(remote: RemoteRepository, ask: Asker) -> None:
    heard = ask.mutate(
        "createCommitOnBranch",
        "clientMutationId",
        branch={"repositoryNameWithOwner": remote.name, "branchName": "main"},
        expectedHeadOid=None,
        message={"headline": "x"},
    )
    assert heard.status == 200
    assert "expectedHeadOid" in heard.error["message"]


def test_refs_are_made_moved_and_deleted(remote: RemoteRepository, ask: Asker) -> None:
    head = remote.head()
    made = ask.mutate("createRef", "ref{id name prefix}", repositoryId=remote.id, name="refs/heads/b", oid=head)
    ref = made.json["data"]["createRef"]["ref"]
    assert (ref["name"], ref["prefix"]) == ("b", "refs/heads/")
    again = ask.mutate("createRef", "clientMutationId", repositoryId=remote.id, name="refs/heads/b", oid=head)
    assert again.error["message"] == 'A ref named "refs/heads/b" already exists in the repository.'
    other = remote.commit("main", {"x": "y"})
    assert "errors" not in ask.mutate("updateRef", "ref{target{oid}}", refId=ref["id"], oid=other).json
    refused = ask.mutate("updateRef", "clientMutationId", refId=ref["id"], oid=head)
    assert refused.error["message"] == "Update is not a fast forward"
    assert "errors" not in ask.mutate("deleteRef", "clientMutationId", refId=ref["id"]).json
    assert "refs/heads/b" not in remote.refs()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("refs/heads/a..b", "is not a valid ref name."),
        ("refs/heads/main/below", "Reference update failed"),
        ("refs/x", "is not a valid ref name."),
    ],
)
def test_names_that_git_does_not_take(remote: RemoteRepository, ask: Asker, name: str, words: str) -> None:
    given = {"repositoryId": remote.id, "name": name, "oid": remote.head()}
    assert words in ask.mutate("createRef", "clientMutationId", **given).error["message"]


def test_many_refs_move_together_or_not_at_all(remote: RemoteRepository, ask: Asker) -> None:
    head = remote.head()
    wanted = [
        {"name": "refs/heads/new", "beforeOid": ZERO, "afterOid": head},
        {"name": "refs/heads/main", "beforeOid": ZERO, "afterOid": head},
    ]
    refused = ask.mutate("updateRefs", "clientMutationId", repositoryId=remote.id, refUpdates=wanted)
    assert refused.error["type"] == "STALE_DATA"
    assert "refs/heads/new" not in remote.refs()
    made = ask.mutate("updateRefs", "clientMutationId", repositoryId=remote.id, refUpdates=wanted[:1])
    assert "errors" not in made.json
    assert remote.head("new") == head


@pytest.mark.parametrize(
    ("rule", "type_", "words"),
    [
        (
            {"kind": "pull_request", "classic": True},
            "BRANCH_PROTECTION_RULE_VIOLATION",
            "must be made through a pull",
        ),
        (
            {"kind": "pull_request"},
            "UNPROCESSABLE",
            "Repository rule violations found\n\nChanges must be made through",
        ),
        ({"kind": "pull_request", "type": "RULES"}, "RULES", "Repository rule violations found"),
        ({"kind": "merge_queue"}, "UNPROCESSABLE", "Changes must be made through the merge queue"),
    ],
)
def test_rules_keep_commits_from_a_branch(
    remote: RemoteRepository, ask: Asker, rule: dict[str, object], type_: str, words: str
) -> None:
    remote.configure(rules=[{"pattern": "ma*", **rule}])
    heard = ask.commit(remote.name, "main", remote.head(), {"a": HI})
    assert heard.error["type"] == type_
    assert words in heard.error["message"]
    remote.branch("free")
    assert "errors" not in ask.commit(remote.name, "free", remote.head("free"), {"a": HI}).json


def test_a_rule_of_signatures_lets_githubs_own_commits_through(remote: RemoteRepository, ask: Asker) -> None:
    remote.configure(rules=[{"pattern": "~ALL", "kind": "required_signatures"}])
    head = remote.head()
    assert "errors" not in ask.commit(remote.name, "main", head, {"a": HI}).json
    refused = ask.mutate("createRef", "clientMutationId", repositoryId=remote.id, name="refs/heads/b", oid=head)
    assert refused.error["message"] == "Reference update failed"


def test_an_archived_repository_takes_no_commits(github: GitHubServer, ask: Asker) -> None:
    remote = github.new_repository({"a": "b"}, archived=True)
    heard = ask.commit(remote.name, "main", remote.head(), {"a": HI})
    assert heard.error["message"] == "Repository was archived so is read-only."
