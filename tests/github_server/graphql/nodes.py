"""Values that resolvers hand to each other: git things that know their repository, and the names of types."""

from dataclasses import dataclass
from datetime import datetime

import pygit2

from tests.github_server.objects import untagged
from tests.github_server.people import User
from tests.github_server.state import Repository
from tests.github_server.threads import Comment, Issue, Label, PullRequest


@dataclass(frozen=True, slots=True)
class RefNode:
    """A ref as it was when it was read."""

    repository: Repository
    name: str
    oid: str

    @property
    def prefix(self) -> str:
        """The namespace: "refs/heads/", "refs/tags/" ..."""
        return "/".join(self.name.split("/")[:2]) + "/"


@dataclass(frozen=True, slots=True)
class CommitNode:
    repository: Repository
    git: pygit2.Commit


@dataclass(frozen=True, slots=True)
class TreeNode:
    """A tree; `path` is where it stands, as far as is known."""

    repository: Repository
    git: pygit2.Tree
    path: str = ""


@dataclass(frozen=True, slots=True)
class BlobNode:
    repository: Repository
    git: pygit2.Blob


@dataclass(frozen=True, slots=True)
class EntryNode:
    """An entry of a tree."""

    repository: Repository
    path: str
    git: pygit2.Object


@dataclass(frozen=True, slots=True)
class Person:
    """Author or committer of a commit, with the user whose address it is."""

    name: str
    email: str
    when: datetime
    user: User | None


GitNode = CommitNode | TreeNode | BlobNode
_TYPES: dict[type, str] = {
    Repository: "Repository",
    PullRequest: "PullRequest",
    Issue: "Issue",
    Label: "Label",
    Comment: "IssueComment",
    RefNode: "Ref",
    CommitNode: "Commit",
    TreeNode: "Tree",
    BlobNode: "Blob",
}


def type_name(value: object) -> str:
    """The GraphQL type of a value, for fields that promise an interface or a union only."""
    return value.kind if isinstance(value, User) else _TYPES[type(value)]


def git_node(repository: Repository, found: object, path: str = "") -> GitNode | None:
    """A git object as a value of GraphQL; tags are followed."""
    match untagged(found):
        case pygit2.Commit() as commit:
            return CommitNode(repository, commit)
        case pygit2.Tree() as tree:
            return TreeNode(repository, tree, path)
        case pygit2.Blob() as blob:
            return BlobNode(repository, blob)
        case None:
            return None


def commit_node(repository: Repository, oid: str | None) -> CommitNode | None:
    """A commit by its id."""
    found = repository.objects.commit(oid) if oid else None
    return CommitNode(repository, found) if found else None
