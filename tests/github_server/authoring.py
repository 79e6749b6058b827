"""Commits that are made on the host itself: in the web editor, or by createCommitOnBranch."""

from collections.abc import Mapping

from tests.github_server import refs
from tests.github_server.objects import Signature
from tests.github_server.people import User
from tests.github_server.state import Repository


def signed_commit(repository: Repository, tree: str, parents: list[str], message: str, author: User) -> str:
    """Store a commit as GitHub makes it: author is who asked, committer and signer is GitHub."""
    now = repository.host.clock.now()
    return repository.objects.add_commit(
        tree,
        parents,
        message,
        author=Signature(author.name or author.login, author.email, now),
        committer=Signature("GitHub", "noreply@github.com", now),
        signed=True,
    )


def commit_files(
    repository: Repository,
    branch: str,
    files: Mapping[str, str | bytes | None],
    message: str,
    author: User | None = None,
) -> str:
    """Commit files (None deletes) upon a branch, past its rules; a branch that is not there begins with them."""
    with repository.lock:
        objects, ref = repository.objects, f"refs/heads/{branch}"
        parent = objects.ref(ref)
        commit = objects.commit(parent) if parent else None
        data = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        tree = objects.with_files(str(commit.tree.id) if commit else None, data)
        by = author or repository.host.user("alice")
        oid = signed_commit(repository, tree, [parent] if parent else [], message, by)
        refs.change(repository, refs.RefChange(ref, oid), writer="merge")
        return oid
