"""Git objects and refs as REST shows them."""

import base64

import pygit2

from tests.github_server.clock import iso
from tests.github_server.objects import when
from tests.github_server.people import User
from tests.github_server.rest import views
from tests.github_server.rest.ask import Ask
from tests.github_server.rest.views import Shape
from tests.github_server.state import Repository

KINDS = {pygit2.Commit: "commit", pygit2.Tree: "tree", pygit2.Blob: "blob", pygit2.Tag: "tag"}


def kind(found: pygit2.Object) -> str:
    """The type of an object in git's words."""
    return KINDS[type(found)]


def in_base64(data: bytes) -> str:
    """Base64 in lines of 60 characters, as GitHub writes it."""
    text = base64.b64encode(data).decode()
    return "".join(f"{text[start : start + 60]}\n" for start in range(0, len(text), 60))


def ref(ask: Ask, repository: Repository, name: str, oid: str) -> Shape:
    found = repository.objects.get(oid)
    type_ = kind(found) if found is not None else "commit"
    return {
        "ref": name,
        "node_id": f"REF_{name}",
        "url": ask.links.repo(repository, "git", name),
        "object": {"type": type_, "sha": oid, "url": ask.links.repo(repository, "git", f"{type_}s", oid)},
    }


def person(signature: pygit2.Signature) -> Shape:
    return {"name": signature.name, "email": signature.email, "date": iso(when(signature.time))}


def verification(repository: Repository, oid: str) -> Shape:
    """Whether GitHub has signed a commit."""
    signed = repository.objects.is_signed(oid)
    return {
        "verified": signed,
        "reason": "valid" if signed else "unsigned",
        "signature": None,
        "payload": None,
        "verified_at": None,
    }


def git_commit(ask: Ask, repository: Repository, commit: pygit2.Commit) -> Shape:
    """A commit as an object of git."""
    oid, tree = str(commit.id), str(commit.tree.id)
    return {
        "sha": oid,
        "node_id": f"C_{oid}",
        "url": ask.links.repo(repository, "git", "commits", oid),
        "html_url": ask.links.web(repository, "commit", oid),
        "author": person(commit.author),
        "committer": person(commit.committer),
        "message": commit.message.rstrip("\n"),
        "tree": {"sha": tree, "url": ask.links.repo(repository, "git", "trees", tree)},
        "parents": [_parent(ask, repository, str(each)) for each in commit.parent_ids],
        "verification": verification(repository, oid),
    }


def commit(ask: Ask, repository: Repository, what: pygit2.Commit) -> Shape:
    """A commit as a page of the repository: the people are users, where they are known."""
    inner = git_commit(ask, repository, what)
    oid = str(what.id)
    kept = {key: inner[key] for key in ("author", "committer", "message", "tree", "verification")}
    return {
        "sha": oid,
        "node_id": f"C_{oid}",
        "url": ask.links.repo(repository, "commits", oid),
        "html_url": inner["html_url"],
        "comments_url": ask.links.repo(repository, "commits", oid, "comments"),
        "commit": kept | {"url": inner["url"], "comment_count": 0},
        "author": _known(ask, what.author),
        "committer": _known(ask, what.committer),
        "parents": inner["parents"],
    }


def _parent(ask: Ask, repository: Repository, oid: str) -> Shape:
    return {
        "sha": oid,
        "url": ask.links.repo(repository, "git", "commits", oid),
        "html_url": ask.links.web(repository, "commit", oid),
    }


def _known(ask: Ask, signature: pygit2.Signature) -> Shape | None:
    found: User | None = next((each for each in ask.host.users.values() if each.email == signature.email), None)
    return views.user(ask, found) if found else None
