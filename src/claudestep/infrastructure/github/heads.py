"""The pull requests of a branch, by its name: the branch itself may be gone by now."""

from collections.abc import Sequence

from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.asking import ask_of_repository
from claudestep.infrastructure.github.replies import Framed, Page, Pull, Reply


class PullsOfHead(Reply, frozen=True):
    """The answer to `pulls_of_head`."""

    pull_requests: Page[Pull]


def pulls_of(github: GitHub, branch: str, page: Page[Pull] | None = None) -> Sequence[Pull]:
    """The newest pull requests of a branch of the repository itself: those on the first page that has any.

    Branches of forks have the same names, and anybody may open pull requests from as many as they like.
    `page` is the first page where it came along with something else. Raises HostError.
    """
    page = page or _page(github, branch, None)
    while True:
        own = [pull for pull in page.items if not pull.is_cross_repository]
        after = page.page_info.next
        if own or after is None:
            return own
        page = _page(github, branch, after)


def _page(github: GitHub, branch: str, after: str | None) -> Page[Pull]:
    asked = {"head": branch, "after": after}
    return ask_of_repository(github, "pulls_of_head", asked, Framed[PullsOfHead]).pull_requests
