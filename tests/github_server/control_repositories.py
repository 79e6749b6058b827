"""Commands of the control API about repositories: what their owners and people in the web editor do."""

import base64
import os
import subprocess

import msgspec

from tests.github_server.authoring import commit_files
from tests.github_server.issues import create_label
from tests.github_server.problems import Problem
from tests.github_server.refs import Following
from tests.github_server.rules import Rule
from tests.github_server.state import Host, Repository

# Content of files: text as it is, bytes as {"base64": ...}, None to delete.
Content = str | dict[str, str] | None


_FIELDS = (
    "private", "archived", "collaborators", "rules", "secrets", "organization_secrets", "default_branch",
)  # fmt: skip


class Named(msgspec.Struct):
    """A repository by its full name."""

    repository: str


class NewRepository(msgspec.Struct):
    name: str
    files: dict[str, Content] = {}
    private: bool = False
    archived: bool = False
    default_branch: str = "main"
    collaborators: list[str] = []
    labels: list[str] = []
    fork_of: str = ""
    message: str = "First commit"


class Configuration(msgspec.Struct):
    """What to change of a repository; what is None stays."""

    repository: str
    name: str | None = None
    private: bool | None = None
    archived: bool | None = None
    default_branch: str | None = None
    collaborators: dict[str, str] | None = None
    rules: list[Rule] | None = None
    secrets: list[str] | None = None
    organization_secrets: list[str] | None = None
    settings: dict[str, bool] = {}


class Commit(msgspec.Struct):
    repository: str
    branch: str
    files: dict[str, Content]
    message: str = "Edit in the web editor"
    author: str = "alice"


class Git(msgspec.Struct):
    repository: str
    args: list[str]
    stdin: str = ""


def named(host: Host, full_name: str) -> Repository:
    """The repository of a full name."""
    owner, _, name = full_name.partition("/")
    return host.repository(owner, name)


def create(host: Host, wanted: NewRepository) -> dict[str, object]:
    owner, _, name = wanted.name.partition("/")
    parent = named(host, wanted.fork_of) if wanted.fork_of else None
    repository = host.create_repository(owner, name, default_branch=wanted.default_branch, parent=parent)
    repository.private = wanted.private
    repository.collaborators = dict.fromkeys(wanted.collaborators, "write")
    for label in wanted.labels:
        create_label(repository, label)
    if parent is not None:
        _copy_branches(repository, parent)
    if wanted.files:
        commit_files(repository, wanted.default_branch, _decoded(wanted.files), wanted.message)
    repository.archived = wanted.archived
    repository.journal.clear()  # for reads that lag behind, it has always been so
    return describe(host, Named(wanted.name))


def _copy_branches(fork: Repository, parent: Repository) -> None:
    with Following(fork):
        for name, oid in parent.objects.refs("refs/heads/").items():
            fork.objects.fetch(parent.objects, oid)
            fork.objects.set_ref(name, oid)


def configure(host: Host, wanted: Configuration) -> dict[str, object]:
    repository = named(host, wanted.repository)
    if wanted.name is not None:
        host.rename(repository, wanted.name)
    for field in _FIELDS:
        value = getattr(wanted, field)
        if value is not None:
            setattr(repository, field, value)
    if wanted.default_branch is not None:
        repository.objects.set_head(wanted.default_branch)
    for name, allowed in wanted.settings.items():
        if not hasattr(repository.settings, name):
            raise Problem(f"there is no setting {name}")
        setattr(repository.settings, name, allowed)
    return describe(host, Named(repository.full_name))


def describe(host: Host, wanted: Named) -> dict[str, object]:
    """What a fixture needs to know of a repository."""
    repository = named(host, wanted.repository)
    return {
        "id": repository.id,
        "name": repository.full_name,
        "path": str(repository.objects.path.resolve()),
        "default_branch": repository.default_branch,
        "refs": repository.objects.refs(),
        "labels": [label.name for label in repository.labels],
    }


def commit(host: Host, wanted: Commit) -> dict[str, str]:
    repository = named(host, wanted.repository)
    author = host.user(wanted.author)
    return {"oid": commit_files(repository, wanted.branch, _decoded(wanted.files), wanted.message, author)}


def git(host: Host, wanted: Git) -> dict[str, object]:
    """Run git in the bare repository under its lock; pull requests follow what it did to branches."""
    repository = named(host, wanted.repository)
    person = {"GIT_AUTHOR_NAME": "Alice", "GIT_AUTHOR_EMAIL": "alice@example.org"}
    environment = {
        **os.environ, **person, "GIT_COMMITTER_NAME": "Alice", "GIT_COMMITTER_EMAIL": "alice@example.org",
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull,
    }  # fmt: skip
    command = ["git", "-C", str(repository.objects.path), *wanted.args]
    with Following(repository):
        done = subprocess.run(
            command, input=wanted.stdin.encode(), capture_output=True, check=False, env=environment
        )
    return {"code": done.returncode, "out": done.stdout.decode(errors="replace"), "err": done.stderr.decode()}


def _decoded(files: dict[str, Content]) -> dict[str, str | bytes | None]:
    return {
        path: base64.b64decode(content["base64"]) if isinstance(content, dict) else content
        for path, content in files.items()
    }
