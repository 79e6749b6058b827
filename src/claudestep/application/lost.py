"""What is shown where the metadata branch is lost: the documents as the pull requests tell them."""

from dataclasses import replace

from claudestep.application.backend import Backend
from claudestep.infrastructure.metadata.documents import Documents


def recorded_or_told(backend: Backend) -> Documents:
    """The documents of the branch; where there is none, those that the pull requests would make. Writes nothing."""
    documents = backend.store.all()
    if documents.version is not None or not backend.host.has_pull_requests():
        return documents
    world = backend.see()
    told = {name: p for name, p in world.projects.items() if any(step.pull_requests() for step in p.steps)}
    return replace(world.documents, projects={**world.documents.projects, **told})
