"""Refs, commits, trees and blobs."""

import itertools
from datetime import datetime

import pygit2

from tests.github_server.clock import iso
from tests.github_server.graphql.connections import Cut, Edge, Page, decode_cursor, encode_cursor, page
from tests.github_server.graphql.nodes import (
    BlobNode,
    CommitNode,
    EntryNode,
    GitNode,
    Person,
    RefNode,
    TreeNode,
    git_node,
)
from tests.github_server.graphql.registry import Info, attributes, resolves
from tests.github_server.objects import when
from tests.github_server.state import Repository, ref_id

attributes(
    "Ref",
    {
        "id": lambda ref: ref_id(ref.repository, ref.name),
        "name": lambda ref: ref.name.removeprefix(ref.prefix),
        "prefix": lambda ref: ref.prefix,
        "repository": lambda ref: ref.repository,
        "target": lambda ref: git_node(ref.repository, ref.repository.objects.get(ref.oid)),
    },
)


@resolves("Ref.refUpdateRule")
def ref_update_rule(ref: RefNode, _info: Info) -> dict[str, object] | None:
    """Protections of the older kind; rulesets are not among them."""
    branch = ref.name.removeprefix("refs/heads/")
    rules = [rule for rule in ref.repository.rules if rule.classic and rule.fits(branch)]
    if not rules:
        return None
    kinds = {rule.kind for rule in rules}
    return {
        "pattern": rules[0].pattern,
        "requiredApprovingReviewCount": 1 if "pull_request" in kinds else None,
        "requiresSignatures": "required_signatures" in kinds,
        "requiresLinearHistory": False,
        "requiredStatusCheckContexts": [],
        "viewerCanPush": "update" not in kinds,
    }


def person(repository: Repository, signature: pygit2.Signature) -> Person:
    users = repository.host.users.values()
    user = next((user for user in users if user.email == signature.email), None)
    return Person(signature.name, signature.email, when(signature.time), user)


for _name in ("Commit", "Tree", "Blob"):
    attributes(
        _name,
        {
            "id": lambda node: f"{type(node).__name__[0]}_{node.repository.id}_{node.git.id}",
            "oid": lambda node: str(node.git.id),
            "abbreviatedOid": lambda node: str(node.git.id)[:7],
            "repository": lambda node: node.repository,
        },
    )
attributes(
    "Commit",
    {
        "message": lambda node: node.git.message.rstrip("\n"),
        "messageHeadline": lambda node: node.git.message.partition("\n")[0],
        "messageBody": lambda node: node.git.message.partition("\n")[2].strip(),
        "author": lambda node: person(node.repository, node.git.author),
        "committer": lambda node: person(node.repository, node.git.committer),
        "authoredDate": lambda node: iso(when(node.git.author.time)),
        "committedDate": lambda node: iso(when(node.git.commit_time)),
        "tree": lambda node: TreeNode(node.repository, node.git.tree),
        "url": lambda node: f"https://github.com/{node.repository.full_name}/commit/{node.git.id}",
        "commitUrl": lambda node: f"https://github.com/{node.repository.full_name}/commit/{node.git.id}",
    },
)


@resolves("Commit.parents")
def parents(node: CommitNode, _info: Info, **cut: object) -> Page:
    found = [CommitNode(node.repository, parent) for parent in node.git.parents]
    return page("parents", found, Cut.of(cut))


@resolves("Commit.history")
def history(
    node: CommitNode,
    _info: Info,
    *,
    first: int | None = None,
    after: str | None = None,
    path: str | None = None,
    since: str | None = None,
    **_others: object,
) -> Page:
    """Newest first. A cursor carries the commit that the list began with and the place in it, as GitHub's does."""
    cut = Cut(first=first).checked("history")
    start, place = (str(node.git.id), 0) if after is None else _place(after)
    objects = node.repository.objects
    earliest = datetime.fromisoformat(since) if since else None

    def listed() -> "itertools.chain[pygit2.Commit]":
        return itertools.chain(objects.log(start, path=path or "", since=earliest))

    wanted = list(itertools.islice(listed(), place, place + (cut.first or 0) + 1))
    shown = wanted[: cut.first]
    edges = [
        Edge(CommitNode(node.repository, commit), encode_cursor([start, place + index]))
        for index, commit in enumerate(shown)
    ]
    return Page(edges, len(wanted) > len(shown), place > 0, lambda: sum(1 for _ in listed()))


def _place(cursor: str) -> tuple[str, int]:
    start, index = decode_cursor(cursor)
    return str(start), int(index) + 1


@resolves("Commit.file")
def file_at(node: CommitNode, _info: Info, *, path: str) -> EntryNode | None:
    found = node.repository.objects.entry(node.git.tree, path)
    return EntryNode(node.repository, path.strip("/"), found) if found is not None and path else None


@resolves("Tree.entries")
def entries(node: TreeNode, _info: Info) -> list[EntryNode]:
    before = f"{node.path}/" if node.path else ""
    return [EntryNode(node.repository, before + (each.name or ""), each) for each in node.git]


def _inside(entry: EntryNode) -> GitNode | None:
    return git_node(entry.repository, entry.git, entry.path)


attributes(
    "TreeEntry",
    {
        "name": lambda entry: entry.git.name,
        "path": lambda entry: entry.path,
        "mode": lambda entry: int(entry.git.filemode),
        "type": lambda entry: entry.git.type_str,
        "oid": lambda entry: str(entry.git.id),
        "size": lambda entry: entry.git.size if isinstance(entry.git, pygit2.Blob) else 0,
        "object": _inside,
        "extension": lambda entry: f".{entry.git.name.rpartition('.')[2]}" if "." in entry.git.name else "",
        "isGenerated": lambda _: False,
        "repository": lambda entry: entry.repository,
    },
)
attributes("Blob", {"byteSize": lambda node: node.git.size, "isBinary": lambda node: node.git.is_binary})


@resolves("Blob.isTruncated")
def is_truncated(node: BlobNode, info: Info) -> bool:
    return node.git.size > info.context.blob_limit


@resolves("Blob.text")
def text(node: BlobNode, info: Info) -> str | None:
    return _texts(node.git, info.context.blob_limit)


class _Texts:
    """Texts of small blobs, kept: an id never means anything else, and clients read the same documents again."""

    _MOST, _SMALL = 20_000, 65_536

    def __init__(self) -> None:
        self._kept: dict[tuple[str, int], str | None] = {}

    def __call__(self, blob: pygit2.Blob, limit: int) -> str | None:
        """The text, cut without a word after `limit` bytes, which may be inside of a character; None if binary."""
        key = (str(blob.id), limit)
        if key in self._kept:
            return self._kept[key]
        found = None if blob.is_binary else blob.data[:limit].decode(errors="replace")
        if blob.size <= self._SMALL and len(self._kept) < self._MOST:
            self._kept[key] = found
        return found


_texts = _Texts()


def ref_node(repository: Repository, name: str, info: Info) -> RefNode | None:
    """A ref as this reader sees it."""
    oid = info.context.read_ref(repository, name)
    return RefNode(repository, name, oid) if oid else None


def by_expression(repository: Repository, expression: str, info: Info) -> GitNode | None:
    """What `<revision>` or `<revision>:<path>` means; branches and tags are read as this reader sees them."""
    revision, colon, path = expression.partition(":")
    oid = next(
        (oid for name in _candidates(revision) if (oid := info.context.read_ref(repository, name))), revision
    )
    found = repository.objects.parse(f"{oid}{colon}{path.strip('/')}")
    return git_node(repository, found, path.strip("/"))


def _candidates(revision: str) -> tuple[str, ...]:
    if revision.startswith("refs/"):
        return (revision,)
    if revision == "HEAD":
        return ()
    return (f"refs/heads/{revision}", f"refs/tags/{revision}")
