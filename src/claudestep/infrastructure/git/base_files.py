"""ClaudeStep's own files of one commit: specs, configurations and templates."""

from claudestep.domain.naming import ROOT
from claudestep.domain.observation import BaseTree
from claudestep.infrastructure.git.command import Git
from claudestep.infrastructure.git.objects import ObjectReader

_READ = (".md", ".yml")


def base_files(git: Git, commit: str, branch: str) -> BaseTree | None:
    """The files of a commit by any of its names; None where there is none. Raises RepositoryError."""
    with ObjectReader(git) as objects:
        head = objects.find(commit)
        if head is None:
            return None
        folder = objects.folder(objects.tree_of(head), ROOT)
        files = objects.files(folder, f"{ROOT}/", wanted=lambda path: path.endswith(_READ)) if folder else {}
    return BaseTree(branch, head.id, files)
