"""Everything that a run decides from, in one request: documents, specs, pull requests, the time."""

import logging

from claudestep.domain.errors import RepositoryError
from claudestep.domain.naming import LABEL
from claudestep.domain.observation import Observation
from claudestep.infrastructure.github.asking import ask_of_repository, ask_with_texts, require
from claudestep.infrastructure.github.bases import base_tree
from claudestep.infrastructure.github.client import GitHub
from claudestep.infrastructure.github.documents import document
from claudestep.infrastructure.github.known import Known
from claudestep.infrastructure.github.pull_requests import ours
from claudestep.infrastructure.github.refs import METADATA_REF
from claudestep.infrastructure.github.replies import BaseRef, Framed, ObservedRepository, OpenPulls, Page, Pull
from claudestep.infrastructure.github.snapshots import snapshot

logger = logging.getLogger(__name__)


def observe(github: GitHub, known: Known, since: str | None) -> Observation:
    """See everything at once; what GitHub cuts off or leaves out costs more requests, which are counted aloud.

    Raises HostError; RepositoryError where there is no commit yet.
    """
    before = github.requests
    variables = {"metadata": METADATA_REF, "label": LABEL, "log": since is not None}
    answer = ask_with_texts(github, document("observe"), variables, Framed[ObservedRepository])
    repository = require(github, answer.data.repository)
    known.learn_rights(repository)
    default = _default_branch(github, repository)
    known.default_branch = default.name
    observation = Observation(
        now=answer.at,
        snapshot=snapshot(github, repository.metadata, since),
        default_branch=default.name,
        bases={default.name: base_tree(github, default.name, default.target)},
        pull_requests=ours([*repository.ended.items, *_open(github, repository.open)]),
    )
    logger.info("seen with %d requests to GitHub", github.requests - before)
    return observation


def _default_branch(github: GitHub, repository: ObservedRepository) -> BaseRef:
    if repository.default_branch_ref is None:
        raise RepositoryError(
            f"the repository {github.repository} has no commit yet on its default branch",
            remedy="Push the first one: git push -u origin HEAD",
        )
    return repository.default_branch_ref


def _open(github: GitHub, first: Page[Pull]) -> list[Pull]:
    """All that are open, a hundred in a request; of one that moved between two pages, the later sight."""
    found = list(first.items)
    page = first
    while page.page_info.next:
        variables = {"label": LABEL, "after": page.page_info.next}
        page = ask_of_repository(github, "open_pulls", variables, Framed[OpenPulls]).open
        found += page.items
    return found
