"""The metadata branch as GitHub shows it: one commit, its files and its log."""

import logging
from collections.abc import Mapping

from claudestep.domain.observation import Snapshot
from claudestep.infrastructure.github import blobs, history
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.archive import unpack
from claudestep.infrastructure.github.blobs import Entries
from claudestep.infrastructure.github.replies import Entry, MetadataCommit, MetadataRef

logger = logging.getLogger(__name__)

_FOLDER = "projects"


def snapshot(github: GitHub, ref: MetadataRef | None, since: str | None) -> Snapshot:
    """What is on the branch, with the log back to `since`, which must have been asked for. Raises HostError."""
    if ref is None:
        return Snapshot(None, {}, log_complete=not since)
    commit = ref.target
    files = _files(github, commit)
    if since is None or commit.history is None:
        return Snapshot(commit.oid, files)
    log, complete = history.log_since(github, commit.oid, commit.history, since)
    return Snapshot(commit.oid, files, log, complete)


def _files(github: GitHub, commit: MetadataCommit) -> Mapping[str, bytes]:
    listed = _listed(commit)
    if listed is None:
        logger.info("the metadata branch has folders that are not ClaudeStep's: reading all of it")
        return _from_archive(github, commit)
    found = blobs.proven(listed)
    missing = listed.keys() - found.keys()
    if len(missing) > blobs.FEW:
        logger.info("%d files of the metadata branch did not come along: reading all of it", len(missing))
        return _from_archive(github, commit)
    return found | {path: blobs.read_one(github, listed[path].oid) for path in sorted(missing)}


def _from_archive(github: GitHub, commit: MetadataCommit) -> Mapping[str, bytes]:
    """All files in two requests; the commit's id in the address makes it this commit and no other."""
    archive = github.download(f"/repos/{github.repository}/tarball/{commit.oid}")
    return unpack(archive, commit.tree.oid)


def _listed(commit: MetadataCommit) -> Entries | None:
    """The files of the branch, None where it has other folders than ours: those are not in the answer."""
    top = commit.tree.entries or []
    below = commit.projects.entries if commit.projects else []
    is_plain = all(e.type == "blob" or (e.type == "tree" and e.name == _FOLDER) for e in top)
    if not is_plain or any(entry.type != "blob" for entry in below):
        return None
    return _files_in(top) | {f"{_FOLDER}/{name}": entry for name, entry in _files_in(below).items()}


def _files_in(entries: list[Entry]) -> dict[str, Entry]:
    return {entry.name: entry for entry in entries if entry.type == "blob"}
