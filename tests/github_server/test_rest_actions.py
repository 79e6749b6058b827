"""Settings of a repository that only some may see: what workflows may do, names of secrets, rulesets, scopes."""

import pytest

from tests.github_server.fixture import GitHubServer, RemoteRepository
from tests.github_server.rest_client import Rest, said

SETTINGS = "/actions/permissions/workflow"
NOT_FOR_IT = (403, "Resource not accessible by integration")


@pytest.fixture
def repository(github: GitHubServer) -> RemoteRepository:
    return github.new_repository({"README.md": "hello\n"})


def test_what_workflows_may_do(repository: RemoteRepository) -> None:
    rest = Rest.of(repository)
    assert rest.get(SETTINGS).json == {
        "default_workflow_permissions": "read",
        "can_approve_pull_request_reviews": True,
    }
    repository.configure(settings={"actions_may_open_pulls": False, "workflows_may_write": True})
    assert rest.get(SETTINGS).json == {
        "default_workflow_permissions": "write",
        "can_approve_pull_request_reviews": False,
    }


@pytest.mark.parametrize("kind", ["write", "read", "actions"])
def test_only_administrators_may_look_at_it(github: GitHubServer, repository: RemoteRepository, kind: str) -> None:
    github.add_user("somebody", f"token-{kind}", kind)
    reply = Rest.of(repository, f"token-{kind}").get(SETTINGS)
    assert said(reply) == NOT_FOR_IT
    assert reply.headers["x-accepted-github-permissions"] == "administration=read"


def test_the_names_of_secrets(github: GitHubServer, repository: RemoteRepository) -> None:
    repository.configure(secrets=["B", "A"], organization_secrets=["C"])
    for path, names in {"/actions/secrets": ["A", "B"], "/actions/organization-secrets": ["C"]}.items():
        told = Rest.of(repository).get(path).json
        assert (told["total_count"], [secret["name"] for secret in told["secrets"]]) == (len(names), names)
        for kind in ("read", "actions"):
            github.add_user("somebody", f"token-{kind}", kind)
            assert said(Rest.of(repository, f"token-{kind}").get(path)) == NOT_FOR_IT


def test_whether_a_ruleset_may_be_bypassed(repository: RemoteRepository) -> None:
    """Who may pass is refused nothing."""
    repository.configure(
        rules=[{"pattern": "main", "kind": "update"}, {"pattern": "free", "kind": "update", "bypass": True}]
    )
    rest = Rest.of(repository)
    assert [rule["ruleset_id"] for rule in rest.get("/rules/branches/free").json] == [2]
    bypasses = [rest.get(f"/rulesets/{number}").json["current_user_can_bypass"] for number in (1, 2)]
    assert bypasses == ["never", "always"]
    assert rest.get("/rulesets/3").status == 404
    head = repository.branch("free")
    commit = rest.post("/git/commits", message="x", tree=rest.get(f"/git/commits/{head}").json["tree"]["sha"])
    assert said(rest.patch("/git/refs/heads/main", sha=head))[0] == 422
    assert rest.patch("/git/refs/heads/free", sha=commit.json["sha"], force=True).status == 200


def test_scopes_stand_in_every_reply_to_a_token_of_the_older_kind(
    github: GitHubServer, repository: RemoteRepository
) -> None:
    github.add_user("old", "token-old", scopes="repo, gist")
    github.add_user("new", "token-new", scopes="")
    github.add_user("", "token-workflow", "actions")
    told = [Rest.of(repository, f"token-{name}").get("").headers.get("x-oauth-scopes") for name in ("old", "new")]
    assert told == ["repo, gist", None]
    assert "x-oauth-scopes" not in Rest.of(repository, "token-workflow").get("").headers
    assert "x-oauth-scopes" not in Rest.nobody(github).get(f"/repos/{repository.name}").headers
