"""The files of ClaudeStep's folder at one commit of a base branch: specs, configurations and templates."""

from claudestep.domain.naming import ROOT
from claudestep.domain.observation import BaseTree
from claudestep.infrastructure.github import blobs
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.replies import BaseCommit, Entry

_READ = (".md", ".yml")


def base_tree(github: GitHub, branch: str, commit: BaseCommit) -> BaseTree:
    """The folder at this commit; of a branch without it, none. Raises HostError."""
    entries = _ours(commit.folder.entries, ROOT) if commit.folder else {}
    return BaseTree(branch, commit.oid, blobs.read_all(github, entries))


def _ours(entries: list[Entry], folder: str) -> dict[str, Entry]:
    """The files that count, by path; two levels came along."""
    found: dict[str, Entry] = {}
    for entry in entries:
        path = f"{folder}/{entry.name}"
        if entry.type == "blob" and path.endswith(_READ):
            found[path] = entry
        elif entry.type == "tree" and entry.object is not None:
            found |= _ours(entry.object.entries or [], path)
    return found
