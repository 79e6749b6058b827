"""The files of a commit by REST, each proven by the id that its tree names; none is read twice."""

import logging
from collections.abc import Mapping

from claudestep.domain.errors import Forbidden, NotFound, Transient, UnreadableReply
from claudestep.infrastructure.github import git_data
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.archive import unpack
from claudestep.infrastructure.github.blobs import FEW
from claudestep.infrastructure.github.git_data import Listing
from claudestep.infrastructure.metadata.documents import blob_id

logger = logging.getLogger(__name__)

_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
"""What git calls a tree of nothing; a server may keep none."""


class Files:
    """The trees and files of one branch, as far as they are known: objects of git never change.

    Only those of the commit that was read last are kept, and those that were written since.
    """

    def __init__(self, github: GitHub) -> None:
        self._github = github
        self._trees: dict[str, str] = {}
        self._listings: dict[str, Listing] = {}
        self._blobs: dict[str, bytes] = {}
        self._has_archives = True

    def at(self, commit: str) -> Mapping[str, bytes]:
        """All files of a commit. Raises HostError."""
        tree = self.tree(commit)
        listing = self.listing(tree)
        files = self._listed(commit, tree, listing) if listing is not None else self._archived(commit, tree)
        self._trees = {commit: tree}
        self._listings = {} if listing is None else {tree: listing}
        self._blobs = {} if listing is None else {listing[path]: data for path, data in files.items()}
        return files

    def tree(self, commit: str) -> str:
        """The tree of a commit. Raises HostError."""
        if commit not in self._trees:
            self._trees[commit] = git_data.tree_of(self._github, commit)
        return self._trees[commit]

    def listing(self, tree: str) -> Listing | None:
        """The files of a tree; None where GitHub does not list all of them. Raises HostError."""
        if tree == _EMPTY_TREE:
            return {}
        if tree not in self._listings and (found := git_data.listing(self._github, tree)) is not None:
            self._listings[tree] = found
        return self._listings.get(tree)

    def learn(self, commit: str, tree: str, changes: Mapping[str, bytes | None]) -> None:
        """Keep what was written."""
        self._trees[commit] = tree
        self._blobs |= {blob_id(data): data for data in changes.values() if data is not None}

    def _listed(self, commit: str, tree: str, listing: Listing) -> Mapping[str, bytes]:
        unknown = set(listing.values()) - self._blobs.keys()
        if len(unknown) > FEW and self._has_archives:
            try:
                return self._archived(commit, tree)
            except (NotFound, Forbidden, Transient, UnreadableReply) as error:
                self._has_archives = False
                logger.info("reading %d files of the metadata branch one by one: %s", len(unknown), error)
        known = self._blobs | {oid: git_data.blob(self._github, oid) for oid in sorted(unknown)}
        return {path: known[oid] for path, oid in listing.items()}

    def _archived(self, commit: str, tree: str) -> Mapping[str, bytes]:
        """All of them in two requests; the commit's id in the address makes it this commit and no other."""
        return unpack(self._github.download(f"/repos/{self._github.repository}/tarball/{commit}"), tree)
