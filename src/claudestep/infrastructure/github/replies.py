"""What GitHub answers to our queries, field by field; each reply is decoded once, into these."""

from typing import Generic, Literal, TypeVar

from msgspec import Struct

from claudestep.infrastructure.github.times import Moment

T = TypeVar("T")


class Reply(Struct, frozen=True, rename="camel"):
    """The names are GitHub's, in our spelling."""


class PageInfo(Reply, frozen=True):
    """Where the next page begins."""

    has_next_page: bool
    end_cursor: str | None = None

    @property
    def next(self) -> str | None:
        """The cursor of the next page, None at the end."""
        return self.end_cursor if self.has_next_page else None


class Page(Reply, Generic[T], frozen=True):
    """A page of a connection; GitHub leaves holes where something must not be seen."""

    nodes: list[T | None]
    page_info: PageInfo = PageInfo(has_next_page=False)

    @property
    def items(self) -> list[T]:
        """What is there."""
        return [node for node in self.nodes if node is not None]


class Oid(Reply, frozen=True):
    """An object, by its id."""

    oid: str


class GitObject(Reply, frozen=True):
    """What an entry of a tree leads to: a blob's text (None: binary), or the entries of a tree."""

    oid: str = ""
    text: str | None = None
    entries: "list[Entry] | None" = None


class Entry(Reply, frozen=True):
    """An entry of a tree; `object` is there where it was asked for."""

    name: str
    type: str
    oid: str
    object: GitObject | None = None


class Folder(Reply, frozen=True):
    """An entry that was asked for by its path."""

    object: GitObject | None = None

    @property
    def entries(self) -> list[Entry]:
        """What is in it; nothing where it is a file."""
        return (self.object and self.object.entries) or []


class Author(Reply, frozen=True):
    """Who a commit says made it."""

    name: str | None = None


class Commit(Reply, frozen=True):
    """A commit in a history."""

    oid: str
    message: str
    committed_date: Moment
    author: Author | None = None


class MetadataCommit(Reply, frozen=True):
    """One commit of the metadata branch; `history` where it was asked for."""

    oid: str
    tree: GitObject
    projects: Folder | None = None
    history: Page[Commit] | None = None


class BaseCommit(Reply, frozen=True):
    """One commit of a base branch."""

    oid: str
    folder: Folder | None = None


class MetadataRef(Reply, frozen=True):
    """The metadata branch."""

    target: MetadataCommit


class BaseRef(Reply, frozen=True):
    """A base branch."""

    target: BaseCommit
    name: str = ""


class User(Reply, frozen=True):
    """Somebody."""

    login: str
    id: str = ""


class Label(Reply, frozen=True):
    """A label."""

    name: str
    id: str = ""


State = Literal["OPEN", "CLOSED", "MERGED"]
Mergeable = Literal["MERGEABLE", "CONFLICTING", "UNKNOWN"]
"""UNKNOWN until GitHub has tried it, once asked: https://docs.github.com/en/graphql/reference/enums#mergeablestate"""


class Pull(Reply, frozen=True):
    """A pull request, with what it was asked for."""

    id: str
    number: int
    title: str
    state: State
    url: str
    created_at: Moment
    updated_at: Moment
    head_ref_name: str
    head_ref_oid: str
    base_ref_name: str
    is_cross_repository: bool
    assignees: Page[User]
    merged_at: Moment | None = None
    closed_at: Moment | None = None
    body: str = ""
    labels: Page[Label] | None = None
    mergeable: Mergeable = "MERGEABLE"


class Rights(Reply, frozen=True):
    """What may be done in the repository, and how it merges."""

    id: str
    is_archived: bool
    merge_commit_allowed: bool
    squash_merge_allowed: bool
    rebase_merge_allowed: bool
    viewer_permission: str | None = None


class Wardrobe(Reply, frozen=True):
    """What dressing needs; `assignable_users` where a reviewer was asked for."""

    labels: Page[Label] | None = None
    assignable_users: Page[User] | None = None


class ObservedRepository(Rights, frozen=True, kw_only=True):
    """The answer to `observe`, but for its frame."""

    name_with_owner: str
    is_empty: bool
    open: Page[Pull]
    ended: Page[Pull]
    metadata: MetadataRef | None = None
    default_branch_ref: BaseRef | None = None


class Framed(Reply, Generic[T], frozen=True):
    """The frame of most answers: a repository that the token may not see is None."""

    repository: T | None = None


class Done(Reply, frozen=True):
    """The answer to a mutation of which only its success matters."""
