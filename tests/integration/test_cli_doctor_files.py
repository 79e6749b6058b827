"""claudestep doctor: workflows, files of projects, the metadata branch, and this machine."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from claudestep.application import scaffold
from claudestep.infrastructure.owner import current_owner
from tests.github_server.fixture import Fault, GitHubServer
from tests.integration.doctor import CLAUDE, REVIEWERS, STARTS, WORKFLOW, examine, finding, healthy, install_claude
from tests.integration.github_clone import GitHubClone
from tests.integration.repository import WRITES_A_FILE, Repository

CONFIGURATION = "claude-step/p/configuration.yml"
SPEC = "claude-step/p/spec.md"
OVER = "2025-01-15T10:30:00Z"
LATER = "2099-01-15T10:30:00Z"


@pytest.fixture
def clone(github: GitHubServer, tmp_path: Path) -> GitHubClone:
    return healthy(github, tmp_path)


@pytest.fixture
def local(tmp_path: Path) -> Repository:
    """A repository without a server, whose agent is a command."""
    return Repository(tmp_path).begin()


# Workflows


@pytest.mark.parametrize(
    ("was", "instead", "status", "words"),
    [
        ("types: [closed]", "types: [opened]", "problem", "it does not start when a pull request is closed"),
        ("contents: write, ", "", "problem", "its permissions lack contents: write"),
        ("pull-requests: write", "pull-requests: read", "problem", "its permissions lack pull-requests: write"),
        (", queue: max", "", "warning", "its concurrency has no `queue: max`"),
        (
            "permissions: {contents: write, pull-requests: write, issues: write}\n",
            "",
            "problem",
            "only let it read",
        ),
    ],
)
def test_a_workflow_that_lacks_something(
    clone: GitHubClone, was: str, instead: str, status: str, words: str
) -> None:
    assert was in STARTS
    clone.write(WORKFLOW, STARTS.replace(was, instead))
    clone.commit()
    finding(clone, "workflow", status, words, where=WORKFLOW)


def test_a_workflow_whose_permissions_are_those_of_the_repository(clone: GitHubClone) -> None:
    clone.write(WORKFLOW, STARTS.replace("permissions: {contents", "env: {contents"))
    clone.commit()
    clone.remote.configure(settings={"workflows_may_write": True})
    assert examine(clone).named("workflow")[0]["status"] == "ok"


def test_no_workflow(clone: GitHubClone) -> None:
    """Who runs it by hand needs none, nor the secret; a comment and the report of statistics are none."""
    clone.write(WORKFLOW, "# uses: claudestep/claudestep@v1\non: push\njobs: {}\n")
    report = "on: push\njobs:\n  s:\n    steps:\n      - uses: claudestep/claudestep/statistics@v1\n"
    clone.write(".github/workflows/report.yaml", report)
    clone.commit()
    finding(clone, "workflow", "warning", "no workflow on main uses claudestep/claudestep", "runs by hand")
    clone.remote.configure(secrets=[], settings={"actions_may_open_pulls": False})
    assert examine(clone).with_status("problem") == []


@pytest.mark.parametrize("hardened", [False, True])
def test_the_workflows_that_init_writes(clone: GitHubClone, hardened: bool) -> None:  # noqa: FBT001
    """Also where one calls another, and where the action is that of a fork."""
    clone.git("rm", "--quiet", WORKFLOW)
    for path, text in scaffold.workflow_files("main", f"our-fork/claudestep@{'0' * 40}", hardened=hardened).items():
        clone.write(path, text)
    clone.commit()
    assert examine(clone).with_status("problem", "warning", "unknown") == []
    clone.remote.configure(secrets=["OTHER"])
    finding(clone, "secret", "problem", "there is no secret ANTHROPIC_API_KEY")


def test_a_workflow_that_nothing_calls(clone: GitHubClone) -> None:
    clone.write(WORKFLOW, STARTS.replace("pull_request: {types: [closed]}", "workflow_call:"))
    clone.commit()
    finding(clone, "workflow", "problem", "it does not start when a pull request is closed", where=WORKFLOW)


def test_a_workflow_that_is_not_committed(clone: GitHubClone) -> None:
    clone.git("rm", "--quiet", WORKFLOW)
    clone.commit()
    clone.write(WORKFLOW, STARTS)
    words = ("in the work tree and not committed", "not on main on GitHub", "commit it, push it")
    finding(clone, "workflow", "problem", *words, where=WORKFLOW)


def test_a_workflow_on_another_branch(clone: GitHubClone) -> None:
    clone.git("branch", "with-workflow")
    clone.git("rm", "--quiet", WORKFLOW)
    clone.commit()
    finding(clone, "workflow", "problem", "it is on the branch with-workflow", "Bring it to main", where=WORKFLOW)
    clone.git("checkout", "--quiet", "with-workflow")
    finding(clone, "workflow", "problem", "on the branch with-workflow of this clone", where=WORKFLOW)


def test_a_workflow_that_is_no_yaml(clone: GitHubClone) -> None:
    clone.write(WORKFLOW, STARTS.replace("jobs:\n", "jobs: [\n"))
    clone.commit()
    found = examine(clone)
    [workflow] = found.named("workflow")
    assert workflow["status"] == "problem"
    assert "it is not YAML" in workflow["message"]
    assert workflow["where"].startswith(f"{WORKFLOW}:")


# Files of the projects


def test_a_mistake_in_a_configuration(clone: GitHubClone) -> None:
    clone.write(CONFIGURATION, CLAUDE + REVIEWERS + "maxAttemps: 3\n")
    clone.commit()
    found = examine(clone)
    [mistake] = found.named("configuration")
    assert (mistake["status"], mistake["where"]) == ("problem", f"{CONFIGURATION}:5")
    assert mistake["message"] == "unknown key 'maxAttemps'; did you mean 'maxAttempts'?"
    assert "docs/configuration.md" in mistake["remedy"]
    assert (found.with_status("problem"), found.with_status("unknown")) == (["configuration"], ["reviewers"])


def test_a_mistake_in_the_configuration_of_all(clone: GitHubClone) -> None:
    """It is said once, and not for each project."""
    clone.add_project("q")
    clone.write("claude-step/configuration.yml", "defaults:\n  paused: true\n  labels: 3\n")
    clone.commit()
    found = examine(clone)
    [mistake] = found.named("configuration")
    assert (mistake["status"], mistake["where"]) == ("problem", "claude-step/configuration.yml:3")
    assert "a list" in mistake["message"]
    assert found.with_status("problem") == ["configuration"]


def test_a_spec_that_is_no_text(clone: GitHubClone) -> None:
    clone.write(SPEC, b"# Steps\n\n- [ ] Caf\xe9\n")
    clone.commit()
    finding(clone, "specs", "problem", "not text in UTF-8", "Save it as UTF-8", where=f"{SPEC}:3")


def test_a_configuration_and_a_spec_that_are_both_wrong(clone: GitHubClone) -> None:
    """One does not hide the other."""
    clone.write(SPEC, b"- [ ] Caf\xe9\n")
    clone.write(CONFIGURATION, "maxAttemps: 3\n")
    clone.commit()
    found = examine(clone)
    assert found.with_status("problem") == ["configuration", "specs"]


def test_a_spec_without_steps(clone: GitHubClone) -> None:
    clone.write(SPEC, "# Steps\n\n- One\n- Two\n")
    clone.commit()
    finding(clone, "specs", "problem", "it has no steps", "- [ ] What to do", where=SPEC)


def test_a_base_branch_that_is_not_there(clone: GitHubClone) -> None:
    clone.write(CONFIGURATION, CLAUDE + "baseBranch: develop\n")
    clone.commit()
    finding(clone, "specs", "problem", "there is no branch develop", "Make it, and push it")


def test_a_spec_that_is_not_pushed(clone: GitHubClone) -> None:
    clone.git("rm", "--quiet", "-r", "claude-step")
    clone.commit()
    clone.write(SPEC, "- [ ] One\n")
    clone.git("add", SPEC)
    clone.git("commit", "--quiet", "--message", "Not pushed")
    words = ("there is no claude-step/*/spec.md on main", "not on GitHub: git push origin main")
    finding(clone, "specs", "problem", *words)


def test_a_project_of_which_only_the_configuration_is_pushed(clone: GitHubClone) -> None:
    clone.write("claude-step/q/configuration.yml", CLAUDE)
    clone.commit()
    words = ("there is no claude-step/q/spec.md beside it", "claudestep init q")
    finding(clone, "specs", "warning", *words, where="claude-step/q/configuration.yml")


def test_a_tight_list(clone: GitHubClone) -> None:
    """Only lines that touch conflict: with a line of details between them they do not."""
    clone.write(SPEC, "- [x] Done\n- [ ] One\n- [ ] Two\n  More of it\n- [ ] Three\n")
    clone.commit()
    finding(clone, "task_lists", "warning", "(once)", "Leave a blank line between steps", where=f"{SPEC}:2")


# The metadata branch


def claimed(repository: Repository, **claim: object) -> None:
    """Plant a document with a claim, as a run that died leaves it."""
    owner = {"host": "elsewhere", "boot_id": "b", "pid": 7, "started": "1"}
    whole = {
        "id": "c1", "owner": owner, "branch": "claude-step-p-1", "agent": "command", "stage": "working",
        "until": LATER, **claim,
    }  # fmt: skip
    plant(repository, {"claim": whole, "attempts": 1})


def plant(repository: Repository, step: dict[str, Any]) -> None:
    """A metadata branch with one step in one document, all else as the program itself wrote it."""
    assert repository.run("run", "p").code == 0
    document = repository.document()
    first, *others = document["steps"]
    first = {**first, **step}
    if "claim" in step:
        for name in ("pr_number", "pr_state", "branch_name", "created_at", "completed_at"):
            first.pop(name, None)
    document["steps"] = [first, *others]
    repository.put_on_metadata_branch("projects/p.json", json.dumps(document))


def test_a_claim_whose_time_is_over(local: Repository) -> None:
    claimed(local, until=OVER)
    found = examine(local, claims=True)
    [claim] = found.named("claims")
    assert (claim["status"], claim["where"]) == ("warning", "projects/p.json")
    assert "step 1 is held by a run that is no more (it ended 2025-01-15 10:30 UTC)" in claim["message"]
    assert claim["remedy"] == "The next run releases it and counts one failed attempt: claudestep run p"


def test_a_claim_whose_branch_is_published(local: Repository) -> None:
    """Nobody is paid for it again, if the branch is that of the claim."""
    claimed(local, until=OVER, stage="publishing")
    assert "releases it" in examine(local, claims=True).named("claims")[0]["remedy"]
    trailer = local.git("log", "-1", "--format=%(trailers:key=ClaudeStep-Claim,valueonly)", "claude-step-p-1")
    amend(local, id=trailer.strip())
    assert "The next run finishes its pull request" in examine(local, claims=True).named("claims")[0]["remedy"]


def amend(repository: Repository, **claim: object) -> None:
    """Change the claim of the first step."""
    document = repository.document()
    document["steps"][0]["claim"] |= claim
    repository.put_on_metadata_branch("projects/p.json", json.dumps(document))


def test_a_claim_of_a_process_that_is_gone(local: Repository) -> None:
    here = current_owner()
    claimed(local, owner={"host": here.host, "boot_id": here.boot_id, "pid": 2**22 + 1, "started": "1"})
    [claim] = examine(local, claims=True).named("claims")
    assert (claim["status"], "its process is gone" in claim["message"]) == ("warning", True)


def test_a_claim_that_goes_on_is_none_of_ours(local: Repository) -> None:
    claimed(local)
    [claim] = examine(local, claims=True).named("claims")
    assert (claim["status"], claim["message"]) == ("ok", "1 of runs that go on")


def test_a_document_that_cannot_be_read(clone: GitHubClone) -> None:
    clone.remote.commit("claudestep-metadata", {"projects/p.json": "{"})
    found = examine(clone)
    [broken] = [check for check in found.named("metadata") if check["status"] == "problem"]
    assert broken["where"] == "projects/p.json"
    assert "Repair it there" in broken["remedy"]
    assert found.result.code == 1


def test_a_document_that_is_nearly_too_large(local: Repository) -> None:
    plant(local, {"failure_reason": "x" * 400_001})
    sizes = [check for check in examine(local).named("metadata") if "bytes;" in check["message"]]
    assert [(check["status"], "Split the spec" in check["remedy"]) for check in sizes] == [("warning", True)]


def test_a_branch_of_somebody_else(clone: GitHubClone) -> None:
    clone.remote.commit("claudestep-metadata", {"notes.txt": "mine"})
    found = examine(clone)
    assert found.with_status("problem") == ["metadata"]
    assert "is not ClaudeStep's" in found.named("metadata")[0]["message"]
    assert "Rename that branch" in found.named("metadata")[0]["remedy"]
    assert found.with_status("unknown") == ["claims"]


def test_a_metadata_branch_that_was_lost(clone: GitHubClone) -> None:
    clone.configure(WRITES_A_FILE)
    clone.commit()
    assert clone.run("run", "p").code == 0
    clone.remote.delete_branch("claudestep-metadata")
    found = examine(clone)
    assert found.with_status("problem") == ["metadata"]
    assert "claudestep metadata rebuild" in found.named("metadata")[0]["remedy"]


# This machine


def test_claude_code_is_not_installed(clone: GitHubClone) -> None:
    """Workflows bring their own; without one it is a problem."""
    only_git(clone)
    finding(clone, "claude_code", "warning", "is not installed", "npm install -g @anthropic-ai/claude-code")
    clone.git("rm", "--quiet", WORKFLOW)
    clone.commit()
    assert examine(clone).with_status("problem") == ["claude_code"]


def only_git(repository: Repository) -> None:
    """A PATH on which there is nothing else."""
    tools = repository.place / "few"
    tools.mkdir()
    for name in ("git", "sh"):
        (tools / name).symlink_to(str(shutil.which(name)))
    repository.environment["PATH"] = str(tools)


def test_an_old_claude_code(clone: GitHubClone) -> None:
    install_claude(clone, "1.0.128 (Claude Code)")
    finding(clone, "claude_code", "problem", "Claude Code 1.0.128 is too old; 2.0.0 is the least", "claude update")


def test_a_claude_that_says_nothing_of_use(clone: GitHubClone) -> None:
    install_claude(clone, "who is there?")
    finding(clone, "claude_code", "unknown", "names no version", "claude --version")


def test_nobody_asks_for_claude_code_where_a_command_does_the_work(clone: GitHubClone) -> None:
    clone.configure(WRITES_A_FILE)
    clone.commit()
    only_git(clone)
    clone.remote.configure(secrets=[])
    found = examine(clone)
    assert (found.named("claude_code"), found.named("secret"), found.result.code) == ([], [], 0)


def test_a_git_that_is_too_old(clone: GitHubClone) -> None:
    real = shutil.which("git")
    tools = clone.place / "tools"
    (tools / "git").write_text(
        f'#!/bin/sh\ncase "$*" in *--version) echo "git version 2.25.1";; *) exec {real} "$@";; esac\n'
    )
    (tools / "git").chmod(0o755)
    finding(clone, "git", "problem", "git 2.25.1 is too old", "Install git 2.38 or newer")


SECRET = "ghs_0123456789abcdefghijABCDEFGHIJ012345"  # noqa: S105  of nobody


@pytest.mark.parametrize(
    ("key", "value", "setting"),
    [
        ("remote.backup.url", f"https://x-access-token:{SECRET}@example.org/o/r.git", "remote.backup.url"),
        ("remote.backup.pushurl", f"https://{SECRET}@example.org/o/r.git", "remote.backup.pushurl"),
        (f"url.https://u:{SECRET}@example.org/.insteadOf", "https://example.org/", "url.<address>.insteadof"),
        ("http.https://example.org/.extraheader", f"AUTHORIZATION: basic {SECRET}", "http.<address>.extraheader"),
    ],
)
def test_a_token_in_the_settings_of_git(clone: GitHubClone, key: str, value: str, setting: str) -> None:
    """As actions/checkout leaves it, and people; the token is never shown."""
    clone.git("config", key, value)
    words = (f"{setting} holds a token", "persist-credentials: false")
    found = finding(clone, "credentials", "problem", *words, where=".git/config")
    assert SECRET not in found.text + found.result.out + found.result.err


def test_a_token_in_a_file_that_the_settings_of_git_include(clone: GitHubClone) -> None:
    """As actions/checkout leaves it from v6 on."""
    file = clone.place / "git-credentials.config"
    file.write_text(f'[http "{clone.remote.server.url}/"]\n\textraheader = AUTHORIZATION: basic {SECRET}\n')
    clone.git("config", f"includeIf.gitdir:{clone.path}/.git.path", str(file))
    found = finding(clone, "credentials", "problem", "http.<address>.extraheader", where=str(file))
    assert SECRET not in found.text + found.result.out + found.result.err


def test_addresses_without_a_secret_are_none(clone: GitHubClone) -> None:
    clone.git("remote", "add", "ssh", "git@example.org:o/r.git")
    clone.git("remote", "add", "named", "https://alice@example.org/o/r.git")
    clone.git("config", "http.https://example.org/.extraheader", "X-Trace: 1")
    assert examine(clone).with_status("problem", "warning", "unknown") == []


def test_what_ended_runs_left(clone: GitHubClone) -> None:
    """It is news and no fault."""
    left = clone.git_folder / "claudestep/patches/c1.patch"
    left.parent.mkdir(parents=True)
    left.write_text("diff\n")
    found = examine(clone)
    [leftover] = found.named("leftovers")
    assert (leftover["status"], leftover["where"]) == ("ok", str(left))
    assert "git apply --stat" in leftover["remedy"]
    assert found.result.code == 0


# Without a server


def test_a_repository_without_a_server(local: Repository) -> None:
    """What is on GitHub is not asked and not listed."""
    found = examine(local)
    assert [check["name"] for check in found.checks] == [
        "git", "credentials", "repository", "configuration", "specs", "task_lists", "metadata", "claims",
        "leftovers",
    ]  # fmt: skip
    assert found.with_status("ok") == [check["name"] for check in found.checks]
    assert local.run("run", "p").code == 0
    assert examine(local).with_status("problem", "warning", "unknown") == []


def test_a_clone_of_github_without_github(clone: GitHubClone) -> None:
    clone.environment |= {"GITHUB_TOKEN": ""}
    found = examine(clone, "--local")
    assert (found.named("token"), found.result.code) == ([], 0)


def test_a_repository_without_a_commit(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.git("init", "--quiet")
    found = examine(repository)
    assert "repository" in found.with_status("problem")
    assert {"specs", "metadata"} <= set(found.with_status("unknown"))


def test_metadata_that_two_runs_began_apart(local: Repository) -> None:
    assert local.run("run", "p").code == 0
    other = local.git("commit-tree", local.git("write-tree"), "-m", "Another root")
    local.git("update-ref", "refs/remotes/origin/claudestep-metadata", other)
    found = examine(local)
    assert [check["status"] for check in found.named("metadata")] == ["problem"]
    assert "shares no commit with it" in found.named("metadata")[0]["message"]


def test_metadata_that_only_a_remote_has(local: Repository) -> None:
    """What is on GitHub is not listed here, either."""
    local.git("update-ref", "refs/remotes/origin/claudestep-metadata", "HEAD")
    found = examine(local)
    assert (found.with_status("problem"), found.with_status("warning")) == (["repository"], ["claude_code"])
    assert "Take it over first: git branch claudestep-metadata" in found.named("repository")[0]["remedy"]
    assert found.with_status("unknown") == ["configuration", "specs", "task_lists", "metadata", "claims"]


def test_outside_of_a_repository(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    result = repository.run("doctor", cwd=repository.home)
    assert (result.code, "is not inside a git repository" in result.err) == (1, True)


# What cannot be asked

ASKED = {
    "GET */actions/permissions/workflow": ["actions"],
    "GET */rules/branches/claudestep-metadata": ["metadata_rules"],
    "GET */rules/branches/claude-step-p-1": ["step_rules"],
    "GET */actions/secrets": ["secret"],
    "graphql query Diagnose": ["permissions", "workflow", "secret", "label", "reviewers"],
    "graphql query Observe": [
        "repository",
        "reviewers",
        "configuration",
        "specs",
        "task_lists",
        "metadata",
        "claims",
    ],
}


@pytest.mark.parametrize("kind", ["status", "forbidden"])
@pytest.mark.parametrize("request_", ASKED)
def test_what_cannot_be_asked_is_unknown_and_nothing_else(clone: GitHubClone, request_: str, kind: Any) -> None:
    """An error is never taken for good, and stops no other check."""
    clone.remote.fault(Fault(kind=kind, on=request_, status=500, times=None))
    found = examine(clone)
    clone.remote.clear_faults()
    refused = request_ == "graphql query Observe" and kind == "forbidden"
    expected = [name for name in ASKED[request_] if not (refused and name == "repository")]
    assert found.with_status("unknown") == expected, found.text
    assert found.with_status("problem", "warning") == (["repository"] if refused else [])
    whys = [check["message"] for check in found.checks if check["status"] == "unknown"]
    assert all("could not be found out: " in why for why in whys)


def test_in_a_workflow(github: GitHubServer, clone: GitHubClone) -> None:
    """Its token may not look at settings and secrets; that is unknown and no problem."""
    github.add_user("", "token-of-a-workflow", "actions")
    clone.environment |= {"GITHUB_TOKEN": "token-of-a-workflow"}
    found = examine(clone)
    assert (found.with_status("unknown"), found.with_status("problem", "warning")) == (["actions", "secret"], [])
    assert "administration=read" in found.named("actions")[0]["message"]
    assert "Look yourself: " in found.named("actions")[0]["remedy"]


def test_secrets_of_the_organization_that_cannot_be_asked(clone: GitHubClone) -> None:
    clone.remote.configure(secrets=[])
    clone.remote.fault(Fault(kind="forbidden", on="GET */actions/organization-secrets", times=None))
    found = examine(clone)
    clone.remote.clear_faults()
    assert (found.with_status("unknown"), found.with_status("problem")) == (["secret"], [])


def test_a_ruleset_that_cannot_be_asked_is_in_the_way(clone: GitHubClone) -> None:
    clone.remote.configure(rules=[{"pattern": "claudestep-metadata", "kind": "update", "bypass": True}])
    clone.remote.fault(Fault(kind="forbidden", on="GET */rulesets/1", times=None))
    found = examine(clone)
    clone.remote.clear_faults()
    assert found.with_status("problem") == ["metadata_rules"]


def test_a_server_that_is_not_there(clone: GitHubClone) -> None:
    """Nothing stands in the way that anybody knows of, and nothing is in order: that is a failure, told once."""
    clone.environment |= {
        "GITHUB_API_URL": "http://127.0.0.1:1",
        "GITHUB_GRAPHQL_URL": "http://127.0.0.1:1/graphql",
    }
    found = examine(clone)
    assert {"token", "rate", "secret", "specs"} <= set(found.with_status("unknown"))
    assert found.with_status("problem") == ["repository"]
    assert found.result.code == 1
    assert found.text.count("cannot be reached") == 1
    assert "unknown  15 checks " in found.text
    assert "see repository: token, permissions, " in found.text


def test_a_server_that_answers_nothing_of_use(clone: GitHubClone) -> None:
    """Where one of the two great questions is answered, the repository can be asked."""
    clone.remote.fault(Fault(kind="status", on="graphql query Observe", status=502, times=None))
    assert examine(clone).result.code == 0
    clone.remote.fault(Fault(kind="status", on="graphql query Diagnose", status=502, times=None))
    found = examine(clone)
    clone.remote.clear_faults()
    assert found.with_status("problem") == ["repository"]
    [workflow] = found.named("workflow")
    assert workflow["remedy"].endswith(f"/{clone.remote.name}/tree/HEAD/.github/workflows")
