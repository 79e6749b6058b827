"""Pull requests with our label: all of those that are open, and those that ended as far as they matter."""

import logging
from collections.abc import Iterator

from claudestep.domain.naming import LABEL, METADATA_BRANCH
from claudestep.domain.observation import PullRequest
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.asking import ask_of_repository
from claudestep.infrastructure.github.pull_requests import ours
from claudestep.infrastructure.github.replies import Framed, ObservedRepository, Page, Pull, Reply, State

logger = logging.getLogger(__name__)


class LabelledPulls(Reply, frozen=True):
    """The answer to `labelled_pulls`."""

    pull_requests: Page[Pull]


def labelled(github: GitHub, seen: ObservedRepository) -> tuple[PullRequest, ...]:
    """All that are open, and of those that ended the hundred that changed last. Raises HostError.

    All of these too where there is no metadata branch: its documents may be lost, and are made anew from them.
    """
    found = [*seen.ended.items, *seen.open.items]
    if seen.metadata is None and seen.ended.page_info.next:
        found += _pages(github, ("CLOSED", "MERGED"))
    if seen.open.page_info.next:
        found += _pages(github, ("OPEN",), after=seen.open.page_info.next)
    pulls = ours(found)
    if seen.metadata is None and pulls:
        words = "there is no branch %s; what is known of %d pull requests is made anew from themselves"
        logger.warning(words, METADATA_BRANCH, len(pulls))
    return pulls


def _pages(github: GitHub, states: tuple[State, ...], after: str | None = None) -> Iterator[Pull]:
    """A hundred in a request; of one that moved between two pages, the later sight."""
    while True:
        asked = {"label": LABEL, "states": states, "after": after}
        page = ask_of_repository(github, "labelled_pulls", asked, Framed[LabelledPulls]).pull_requests
        yield from page.items
        after = page.page_info.next
        if after is None:
            return
