"""ClaudeStep: works through the steps of a migration, one small reviewed pull request at a time.

The public Python interface:

    store = claudestep.open_store("path/to/a/clone")
    store.list(), store.get(name), store.all(), store.update(name, change), store.transact(change), ...

Everything is loaded when it is first asked for, so that importing the package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from claudestep.version import __version__

if TYPE_CHECKING:
    from claudestep.cli.wiring import open_store as open_store
    from claudestep.domain.ai_tasks import AITask as AITask
    from claudestep.domain.ai_tasks import CostTotal as CostTotal
    from claudestep.domain.errors import BranchVanished as BranchVanished
    from claudestep.domain.errors import BrokenDocuments as BrokenDocuments
    from claudestep.domain.errors import ClaudeStepError as ClaudeStepError
    from claudestep.domain.errors import DocumentTooLarge as DocumentTooLarge
    from claudestep.domain.errors import ForeignBranch as ForeignBranch
    from claudestep.domain.errors import InvalidDocument as InvalidDocument
    from claudestep.domain.errors import MetadataLost as MetadataLost
    from claudestep.domain.errors import NewerDocument as NewerDocument
    from claudestep.domain.errors import RepositoryError as RepositoryError
    from claudestep.domain.errors import StaleDocument as StaleDocument
    from claudestep.domain.errors import StoreBusy as StoreBusy
    from claudestep.domain.errors import UnknownProject as UnknownProject
    from claudestep.domain.errors import UsageError as UsageError
    from claudestep.domain.models import Claim as Claim
    from claudestep.domain.models import Project as Project
    from claudestep.domain.models import Step as Step
    from claudestep.infrastructure.metadata.documents import Documents as Documents
    from claudestep.infrastructure.metadata.documents import Versioned as Versioned
    from claudestep.infrastructure.metadata.store import Change as Change
    from claudestep.infrastructure.metadata.store import Committed as Committed
    from claudestep.infrastructure.metadata.store import MetadataStore as MetadataStore

_HOMES = {
    "claudestep.cli.wiring": ("open_store",),
    "claudestep.domain.errors": (
        "BranchVanished", "BrokenDocuments", "ClaudeStepError", "DocumentTooLarge", "ForeignBranch",
        "InvalidDocument", "MetadataLost", "NewerDocument", "RepositoryError", "StaleDocument", "StoreBusy",
        "UnknownProject", "UsageError",
    ),
    "claudestep.domain.ai_tasks": ("AITask", "CostTotal"),
    "claudestep.domain.models": ("Claim", "Project", "Step"),
    "claudestep.infrastructure.metadata.documents": ("Documents", "Versioned"),
    "claudestep.infrastructure.metadata.store": ("Change", "Committed", "MetadataStore"),
}  # fmt: skip
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = ["__version__", *_HOME_OF]  # noqa: PLE0604  all of them are strings


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOME_OF[name]), name)
