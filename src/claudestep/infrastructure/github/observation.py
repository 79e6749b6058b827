"""Everything that a run decides from, in one request: documents, specs, pull requests, the time."""

import logging

from claudestep.domain.errors import RepositoryError
from claudestep.domain.naming import LABEL
from claudestep.domain.observation import Observation
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.api.endpoints import RepositoryName
from claudestep.infrastructure.github.asking import require
from claudestep.infrastructure.github.bases import base_tree
from claudestep.infrastructure.github.documents import document
from claudestep.infrastructure.github.known import Known
from claudestep.infrastructure.github.labelled import labelled
from claudestep.infrastructure.github.refs import METADATA_REF
from claudestep.infrastructure.github.replies import BaseRef, Framed, ObservedRepository
from claudestep.infrastructure.github.snapshots import snapshot
from claudestep.infrastructure.github.step_branches import step_branches
from claudestep.infrastructure.github.texts import ask_with_texts

logger = logging.getLogger(__name__)


def observe(github: GitHub, known: Known, since: str | None, *, every: bool) -> Observation:
    """See everything at once; what GitHub cuts off or leaves out costs more requests, which are counted aloud.

    With `every`, all pull requests of ours with their records, and all step branches, in further ones.

    Raises HostError; RepositoryError where there is no commit yet.
    """
    before = github.requests
    variables = {"metadata": METADATA_REF, "label": LABEL, "log": since is not None}
    answer = ask_with_texts(github, document("observe"), variables, Framed[ObservedRepository])
    repository = require(github, answer.data.repository)
    _follow(github, repository.name_with_owner)
    known.learn_rights(repository)
    default = _default_branch(github, repository)
    known.default_branch = default.name
    observation = Observation(
        now=answer.at,
        snapshot=snapshot(github, repository.metadata, since),
        default_branch=default.name,
        bases={default.name: base_tree(github, default.name, default.target)},
        pull_requests=labelled(github, repository, every=every),
        branches=step_branches(github) if every else frozenset(),
    )
    logger.info("seen with %d requests to GitHub", github.requests - before)
    return observation


def _follow(github: GitHub, called: str) -> None:
    """Go on under the name that the repository has now: GraphQL knows the former one, git and writes do not."""
    if called.casefold() == str(github.repository).casefold():
        return
    former, now = github.repository, RepositoryName.parse(called)
    github.follow(now)
    url = github.endpoints.git_url(now)
    logger.warning("the repository %s is called %s now: git remote set-url origin %s", former, now, url)


def _default_branch(github: GitHub, repository: ObservedRepository) -> BaseRef:
    if repository.default_branch_ref is None:
        raise RepositoryError(
            f"the repository {github.repository} has no commit yet on its default branch",
            remedy="Push the first one: git push -u origin HEAD",
        )
    return repository.default_branch_ref
