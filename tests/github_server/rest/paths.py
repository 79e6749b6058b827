"""Checks of paths, object ids and revisions, in GitHub's words."""

import re

import pygit2

from tests.github_server.problems import NotFound, Unprocessable
from tests.github_server.rest.ask import Ask
from tests.github_server.state import Repository

_SHA = re.compile("[0-9a-f]{40}")


def check_sha(text: str) -> str:
    """A full object id."""
    if not _SHA.fullmatch(text):
        raise Unprocessable("The sha parameter must be exactly 40 characters and contain only [0-9a-f].")
    return text


def check_path(path: str, field: str = "path") -> None:
    """Unprocessable: git could not keep a file there."""
    if path.startswith("/"):
        raise Unprocessable(f"{field} cannot start with a slash")
    if any(part in ("", ".", "..") or part.lower() == ".git" for part in path.split("/")):
        raise Unprocessable(f"{field} contains a malformed path component")


def find_commit(ask: Ask, repository: Repository, ref: str) -> pygit2.Commit:
    """The commit of a branch, a tag, a ref by its full name or an id. NotFound: there is none."""
    for name in (f"refs/heads/{ref}", f"refs/tags/{ref}", ref):
        oid = ask.call.read_ref(repository, name) if name.startswith("refs/") else None
        if oid is not None and (commit := repository.objects.commit(oid)) is not None:
            return commit
    found = repository.objects.parse(ref) if re.fullmatch("[0-9a-f]{7,40}", ref) else None
    commit = repository.objects.commit(str(found.id)) if found is not None else None
    if commit is None:
        raise NotFound(message=f"No commit found for the ref {ref}")
    return commit
