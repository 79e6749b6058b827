"""Search for issues and pull requests: `gh pr list --label` is one.

GitHub answers it from an index that lags behind by seconds to hours (github-facts, section 3): a fault of the kind
"lag" leaves out what has changed in its last seconds.
"""

import shlex
from collections.abc import Callable, Iterator

from tests.github_server import access
from tests.github_server.call import Call
from tests.github_server.graphql.connections import Cut, Page, page
from tests.github_server.graphql.registry import Info, attributes, resolves
from tests.github_server.people import User
from tests.github_server.threads import Issue, PullRequest

Test = Callable[[Issue, str], bool]


def _logins(users: list[User]) -> list[str]:
    return [user.login.lower() for user in users]


def _state(thread: Issue, value: str) -> bool:
    return value == thread.state.lower() or (value == "closed" and not thread.open)


def _is(thread: Issue, value: str) -> bool:
    kinds = {"pr": isinstance(thread, PullRequest), "pull-request": isinstance(thread, PullRequest)}
    kinds |= {"issue": not kinds["pr"], "draft": isinstance(thread, PullRequest) and thread.draft}
    return kinds[value] if value in kinds else _state(thread, value)


_TESTS: dict[str, Test] = {
    "repo": lambda thread, value: thread.repository.full_name.lower() == value,
    "is": _is,
    "type": _is,
    "state": _state,
    "label": lambda thread, value: value in [label.name.lower() for label in thread.labels],
    "author": lambda thread, value: thread.author.login.lower() == value,
    "assignee": lambda thread, value: value in _logins(thread.assignees),
    "review-requested": lambda thread, value: (
        isinstance(thread, PullRequest) and value in _logins(thread.reviewers)
    ),
    "base": lambda thread, value: isinstance(thread, PullRequest) and thread.base.lower() == value,
    "head": lambda thread, value: isinstance(thread, PullRequest) and thread.head.lower() == value,
    "draft": lambda thread, value: isinstance(thread, PullRequest) and thread.draft == (value == "true"),
}


@resolves("Query.search")
def search(_root: object, info: Info, *, query: str, **asked: object) -> Page:
    found = [thread for thread in _known(info.context) if matches(thread, query)]
    found.sort(key=lambda thread: thread.created_at, reverse=True)
    return page("search", found, Cut.of(asked))


attributes("SearchResultItemConnection", {"issueCount": lambda found: found.total()})


def _known(call: Call) -> Iterator[Issue]:
    """What the index has of what the asker may see."""
    now = call.host.clock.now()
    lag = max((fault.seconds for fault in call.faults if fault.kind == "lag"), default=0.0)
    for repository in call.host.repositories():
        if access.role(call.token, repository):
            for thread in list(repository.threads.values()):
                if (now - thread.updated_at).total_seconds() >= lag:
                    yield thread


def matches(thread: Issue, query: str) -> bool:
    """Whether it fits all terms: `name:value`, words of title and body; "-" before a term turns it round."""
    terms = shlex.split(query.replace("(", " ").replace(")", " ").lower())
    return all(_fits(thread, term.removeprefix("-")) != term.startswith("-") for term in terms)


def _fits(thread: Issue, term: str) -> bool:
    name, colon, value = term.partition(":")
    if colon and name in ("sort", "archived"):
        return True
    if colon and name in _TESTS:
        return _TESTS[name](thread, value)
    return term in f"{thread.title}\n{thread.body}".lower()
