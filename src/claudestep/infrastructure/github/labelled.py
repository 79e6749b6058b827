"""Pull requests with our label: all of those that are open, and those that ended as far as they matter."""

from collections.abc import Iterator

from claudestep.domain.naming import LABEL
from claudestep.domain.observation import PullRequest, is_ours
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.asking import ask_of_repository
from claudestep.infrastructure.github.pull_requests import ours, with_records
from claudestep.infrastructure.github.replies import Framed, ObservedRepository, Page, Pull, Reply


class LabelledPulls(Reply, frozen=True):
    """The answer to `labelled_pulls`, and to `recorded_pulls`."""

    pull_requests: Page[Pull]


def labelled(github: GitHub, seen: ObservedRepository, *, every: bool) -> tuple[PullRequest, ...]:
    """All that are open, and of those that ended the hundred that changed last. Raises HostError.

    With `every`, all of them with their records; also where there is no metadata branch: its documents may be
    lost, and what they said is read off the records.
    """
    found = [*seen.ended.items, *seen.open.items]
    if found and (every or seen.metadata is None):
        return with_records(_pages(github, "recorded_pulls", None))
    if seen.open.page_info.next:
        found += _pages(github, "labelled_pulls", seen.open.page_info.next)
    return ours(found)


def has_any(github: GitHub) -> bool:
    """Whether any of a step is there, in whatever state, in one request for most. Raises HostError."""
    return any(is_ours(pull) for one in _pages(github, "recorded_pulls", None) for pull in ours([one]))


def _pages(github: GitHub, query: str, after: str | None) -> Iterator[Pull]:
    """A hundred in a request; of one that moved between two pages, the later sight."""
    while True:
        asked = {"label": LABEL, "after": after}
        page = ask_of_repository(github, query, asked, Framed[LabelledPulls]).pull_requests
        yield from page.items
        after = page.page_info.next
        if after is None:
            return
