"""claudestep doctor: one fault at a time, each planted where it really comes from, and what is said about it."""

import http.client
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.github_server.fixture import DEFAULT_TOKEN, GitHubServer
from tests.integration.doctor import CLAUDE, REVIEWERS, STARTS, WORKFLOW, examine, finding, healthy
from tests.integration.github_clone import GitHubClone

ALL_CHECKS = [
    "git", "credentials", "token", "repository", "permissions", "metadata_rules", "step_rules", "workflow",
    "actions", "secret", "label", "reviewers", "rate", "claude_code", "configuration", "specs", "task_lists",
    "metadata", "claims", "leftovers",
]  # fmt: skip


@pytest.fixture
def clone(github: GitHubServer, tmp_path: Path) -> GitHubClone:
    return healthy(github, tmp_path)


def test_a_repository_in_order(clone: GitHubClone) -> None:
    """Every check is ok, in six requests; nothing is written."""
    clone.remote.forget_requests()
    result = clone.run("doctor", "--json")
    assert (result.code, result.err) == (0, "")
    assert {check["status"] for check in result.json["checks"]} == {"ok"}, result.out
    assert [check["name"] for check in result.json["checks"]] == ALL_CHECKS
    assert result.json["version"] == 1
    assert result.json["ok"] is True
    asked = [request.operation.replace(clone.remote.name, "o/r") for request in clone.requests()]
    assert asked == [
        "Observe",
        "Diagnose",
        "GET /repos/o/r/actions/permissions/workflow",
        "GET /repos/o/r/rules/branches/claudestep-metadata",
        "GET /repos/o/r/rules/branches/claude-step-p-1",
        "GET /repos/o/r/actions/secrets",
    ]
    assert "20 checks: nothing stands in the way\n" in examine(clone).text


# The token and the repository


def test_a_token_that_github_refuses(github: GitHubServer, clone: GitHubClone) -> None:
    """One request finds it out, and no other one is made."""
    github.add_user("ann", "token-that-expired", "expired")
    clone.environment |= {"GITHUB_TOKEN": "token-that-expired"}
    clone.remote.forget_requests()
    found = examine(clone)
    [token] = found.named("token")
    assert token["status"] == "problem"
    assert "GitHub does not accept the token" in token["message"]
    assert "GITHUB_TOKEN" in token["message"]
    assert "gh auth login" in token["remedy"]
    assert found.with_status("problem") == ["token"]
    assert found.with_status("ok") == ["git", "credentials", "claude_code", "leftovers"]
    assert len(clone.requests()) == 2  # doctor was started twice


def test_no_token(clone: GitHubClone) -> None:
    clone.environment |= {"GITHUB_TOKEN": ""}
    found = examine(clone)
    [token] = found.named("token")
    assert (token["status"], "there is no token" in token["message"]) == ("problem", True)
    assert "Set GITHUB_TOKEN or run: gh auth login" in token["remedy"]
    assert found.with_status("problem") == ["token"]
    assert found.with_status("unknown") == [name for name in ALL_CHECKS[3:-1] if name != "claude_code"]
    assert found.text.count("gh auth login") == 1
    assert "unknown  15 checks " in found.text


def test_a_token_that_may_only_read(github: GitHubServer, clone: GitHubClone) -> None:
    """What it may not even look at is unknown; its rights are the problem."""
    github.add_user("reader", "token-to-read", "read")
    clone.environment |= {"GITHUB_TOKEN": "token-to-read"}
    found = examine(clone)
    [rights] = found.named("permissions")
    assert rights["status"] == "problem"
    assert "reader may not write to the repository (READ)" in rights["message"]
    assert "somebody who may write" in rights["remedy"]
    assert found.with_status("unknown") == ["actions", "secret"]


@pytest.mark.parametrize(
    ("scopes", "status", "lacks"),
    [("repo, read:org", "warning", "workflow"), ("gist, workflow", "problem", "repo")],
)
def test_a_classic_token_without_a_scope(
    github: GitHubServer, clone: GitHubClone, scopes: str, status: str, lacks: str
) -> None:
    github.add_user("octo-dev", f"token-{lacks}", scopes=scopes)
    clone.environment |= {"GITHUB_TOKEN": f"token-{lacks}"}
    words = (f"has not the scope {lacks}", f"gh auth refresh --scopes {lacks}")
    finding(clone, "permissions", status, *words)


def test_a_token_without_scopes_is_no_fault(github: GitHubServer, clone: GitHubClone) -> None:
    """As those of the newer kind are: then nothing says beforehand what the token itself may."""
    github.add_user("octo-dev", "token-fine-grained", scopes="")
    clone.environment |= {"GITHUB_TOKEN": "token-fine-grained"}
    found = examine(clone)
    [rights] = found.named("permissions")
    assert (rights["status"], "seen only when it is used" in rights["message"]) == ("ok", True)
    assert found.result.code == 0


def test_an_archived_repository(clone: GitHubClone) -> None:
    clone.remote.configure(archived=True)
    finding(clone, "repository", "problem", "is archived", "settings")


def test_a_repository_that_is_not_there(github: GitHubServer, clone: GitHubClone) -> None:
    clone.git("remote", "set-url", "origin", f"{github.url}/o/absent.git")
    found = examine(clone)
    assert found.with_status("problem") == ["repository"]
    assert "there is no repository o/absent" in found.text
    assert "Check the name" in found.text


def test_a_clone_of_several_repositories(github: GitHubServer, clone: GitHubClone) -> None:
    clone.git("remote", "rename", "origin", "one")
    clone.git("remote", "add", "two", github.new_repository({"a": "b"}).git_url())
    found = examine(clone)
    assert found.with_status("problem") == ["repository"]
    assert "this clone has several remotes on GitHub" in found.text
    assert "--repo OWNER/NAME" in found.text
    assert examine(clone, "--repo", clone.remote.name).with_status("problem") == []


def test_hardly_any_request_is_left(github: GitHubServer, clone: GitHubClone) -> None:
    github.add_user("octo-dev", "token-busy")
    clone.environment |= {"GITHUB_TOKEN": "token-busy"}
    github.set_limit(used=4900, resource="graphql", token="token-busy")  # noqa: S106
    finding(clone, "rate", "warning", "graphql", "of 5,000 requests are left", "UTC")


def test_no_request_is_left(github: GitHubServer, clone: GitHubClone) -> None:
    """Nobody waits for the hour to be over: that it is used up is the answer, and REST has a share of its own."""
    github.add_user("octo-dev", "token-too-busy")
    clone.environment |= {"GITHUB_TOKEN": "token-too-busy"}
    github.set_limit(used=5000, resource="graphql", token="token-too-busy", seconds=30)  # noqa: S106
    found = examine(clone)
    assert "GitHub's rate limit is used up" in found.text
    assert {"token", "repository", "specs", "label"} <= set(found.with_status("unknown"))
    assert {"actions", "metadata_rules"} <= set(found.with_status("ok"))


# Settings on GitHub


def test_actions_may_not_open_pull_requests(clone: GitHubClone) -> None:
    clone.remote.configure(settings={"actions_may_open_pulls": False})
    words = ("GitHub Actions may not open pull requests", "settings/actions", "Allow GitHub Actions to create")
    finding(clone, "actions", "problem", *words)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("pull_request", "changes have to go through a pull request"),
        ("update", "branches may not be changed"),
        ("merge_queue", "the merge queue"),
        ("creation", "branches may not be created"),
        ("required_signatures", "commits have to be signed"),
    ],
)
def test_a_rule_on_the_metadata_branch(clone: GitHubClone, kind: str, words: str) -> None:
    clone.remote.configure(rules=[{"pattern": "claudestep-metadata", "kind": kind}])
    words_of_remedy = ("Exempt claudestep-metadata", "/rules")
    finding(
        clone, "metadata_rules", "problem", words, kind, "ruleset 1", *words_of_remedy, where="claudestep-metadata"
    )


def test_rules_that_only_the_first_commit_of_the_metadata_branch_breaks(clone: GitHubClone) -> None:
    """GitHub itself signs every other one."""
    clone.remote.commit("claudestep-metadata", {"projects/.keep": ""})
    clone.remote.configure(
        rules=[{"pattern": "claudestep-metadata", "kind": kind} for kind in ("creation", "required_signatures")]
    )
    assert examine(clone).with_status("problem") == []


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("creation", "problem"),
        ("required_signatures", "problem"),
        ("pull_request", "warning"),
        ("update", "warning"),
    ],
)
def test_a_rule_on_the_branches_of_steps(clone: GitHubClone, kind: str, status: str) -> None:
    clone.remote.configure(rules=[{"pattern": "claude-step-*", "kind": kind}])
    finding(clone, "step_rules", status, kind, "Exempt claude-step-*", where="claude-step-*")


def test_a_rule_against_deleting_is_in_nobodys_way(clone: GitHubClone) -> None:
    clone.remote.configure(rules=[{"pattern": "~ALL", "kind": "deletion"}])
    assert examine(clone).with_status("problem", "warning", "unknown") == []


def test_a_rule_that_this_token_may_bypass(clone: GitHubClone) -> None:
    """That of the workflow may not; without one, it is in nobody's way."""
    clone.remote.configure(rules=[{"pattern": "claudestep-metadata", "kind": "update", "bypass": True}])
    finding(
        clone, "metadata_rules", "warning", "may bypass it, and that of your workflow perhaps not",
        where="claudestep-metadata",
    )  # fmt: skip
    clone.git("rm", "--quiet", WORKFLOW)
    clone.commit()
    assert examine(clone).named("metadata_rules")[0]["status"] == "ok"


def test_a_branch_protection_of_the_older_kind(clone: GitHubClone) -> None:
    """It is shown for branches that are there; the list of rules does not have it."""
    clone.remote.commit("claudestep-metadata", {"projects/.keep": ""})
    clone.remote.configure(rules=[{"pattern": "claudestep*", "kind": "pull_request", "classic": True}])
    found = examine(clone)
    [rule] = found.named("metadata_rules")
    assert rule["status"] == "problem"
    assert "branch protection claudestep*" in rule["message"]


@pytest.mark.parametrize(
    ("kind", "status"), [("required_signatures", "problem"), ("pull_request", "warning"), ("update", "warning")]
)
def test_a_branch_protection_of_the_older_kind_on_a_step(clone: GitHubClone, kind: str, status: str) -> None:
    clone.remote.branch("claude-step-p-1")
    clone.remote.configure(rules=[{"pattern": "claude-step-*", "kind": kind, "classic": True}])
    words = (kind, "branch protection claude-step-*", "/rules")
    finding(clone, "step_rules", status, *words, where="claude-step-*")


def test_no_secret(clone: GitHubClone) -> None:
    clone.remote.configure(secrets=["OTHER"])
    words = ("there is no secret ANTHROPIC_API_KEY", "gh secret set ANTHROPIC_API_KEY --repo")
    finding(clone, "secret", "problem", *words)


def test_a_secret_of_the_organization(clone: GitHubClone) -> None:
    clone.remote.configure(secrets=[], organization_secrets=["ANTHROPIC_API_KEY"])
    assert examine(clone).named("secret")[0]["status"] == "ok"


def test_a_secret_by_another_name(clone: GitHubClone) -> None:
    """What counts is what the workflow gives the action."""
    clone.write(WORKFLOW, STARTS.replace("secrets.ANTHROPIC_API_KEY", "secrets.OUR_KEY"))
    clone.commit()
    finding(clone, "secret", "problem", "there is no secret OUR_KEY")
    clone.remote.configure(secrets=["OUR_KEY"])
    assert examine(clone).named("secret")[0]["status"] == "ok"


def test_a_secret_that_an_environment_may_have(clone: GitHubClone) -> None:
    clone.write(WORKFLOW, STARTS.replace("    steps:\n", "    environment: ai\n    steps:\n"))
    clone.commit()
    clone.remote.configure(secrets=[])
    finding(clone, "secret", "unknown", "an environment of the workflow may have one")


def test_no_label_and_nobody_to_make_it(clone: GitHubClone) -> None:
    clone.write(WORKFLOW, STARTS.replace(", issues: write", ""))
    clone.commit()
    assert examine(clone).with_status("problem", "warning") == []
    without_label(clone)
    words = ("the label claudestep is not there", f"gh label create claudestep --repo {clone.remote.name}")
    finding(clone, "label", "warning", *words)


def test_no_label_yet(clone: GitHubClone) -> None:
    without_label(clone)
    [label] = examine(clone).named("label")
    assert (label["status"], "the first pull request makes it" in label["message"]) == ("ok", True)


def without_label(clone: GitHubClone) -> None:
    """Delete it, as a person does on GitHub's page of labels."""
    deleting = http.client.HTTPConnection(urlsplit(clone.remote.server.url).netloc, timeout=60)
    headers = {"Authorization": f"Bearer {DEFAULT_TOKEN}", "User-Agent": "a browser"}
    deleting.request("DELETE", f"/repos/{clone.remote.name}/labels/claudestep", headers=headers)
    assert deleting.getresponse().status == 204
    deleting.close()


def test_a_reviewer_whom_nobody_knows(clone: GitHubClone) -> None:
    clone.write("claude-step/p/configuration.yml", CLAUDE + REVIEWERS.replace("bob", "bobb"))
    clone.commit()
    words = ("bobb cannot be assigned", "Correct the name, or invite them")
    finding(clone, "reviewers", "problem", *words, where="claude-step/p/configuration.yml:4")


def test_a_reviewer_of_the_defaults_whom_nobody_knows(clone: GitHubClone) -> None:
    clone.write("claude-step/configuration.yml", "defaults:\n  reviewers: [{username: Carla}]\n")
    clone.write("claude-step/p/configuration.yml", CLAUDE)
    clone.commit()
    finding(clone, "reviewers", "problem", "Carla cannot be", where="claude-step/configuration.yml:2")


def test_reviewers_among_more_people_than_one_look_shows(clone: GitHubClone) -> None:
    """Those who were not seen are asked for one by one, and no more than ten of them."""
    crowd = {f"a{number:03}": "write" for number in range(100)}
    clone.remote.configure(collaborators={**crowd, "zoe": "write"})
    clone.write("claude-step/p/configuration.yml", CLAUDE + "reviewers: [{username: a001}, {username: Zoe}]\n")
    clone.commit()
    clone.remote.server.add_user("zoe", "token-of-zoe")
    clone.remote.forget_requests()
    assert examine(clone).named("reviewers")[0]["status"] == "ok"
    asked = [request.path for request in clone.requests() if "/assignees/" in request.path]
    assert asked == [f"/repos/{clone.remote.name}/assignees/zoe"] * 2
    clone.write("claude-step/p/configuration.yml", CLAUDE + "reviewers: [{username: nobody-at-all}]\n")
    clone.commit()
    finding(clone, "reviewers", "problem", "nobody-at-all", where="claude-step/p/configuration.yml:2")
