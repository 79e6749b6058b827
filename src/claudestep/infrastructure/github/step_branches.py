"""The step branches that a repository has.

https://docs.github.com/en/rest/git/refs#list-matching-references
"""

from claudestep.domain.naming import STEP_BRANCH_PREFIX
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.refs import HEADS
from claudestep.infrastructure.github.replies import Reply

_PAGE = 100


class _Ref(Reply, frozen=True):
    ref: str


def step_branches(github: GitHub) -> frozenset[str]:
    """Their names, a hundred in a request. Raises HostError."""
    found: set[str] = set()
    place = f"/repos/{github.repository}/git/matching-refs/{HEADS.removeprefix('refs/')}{STEP_BRANCH_PREFIX}"
    for page in range(1, 1000):
        answer = github.rest("GET", f"{place}?per_page={_PAGE}&page={page}", list[_Ref]).data
        names = {one.ref.removeprefix(HEADS) for one in answer}
        if len(answer) < _PAGE or names <= found:  # GitHub says nothing of pages here, and may give all at once
            return frozenset(found | names)
        found |= names
    return frozenset(found)
