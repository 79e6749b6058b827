"""What a server says of its own settings, asked once each; what it did not say is the error in its place."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from claudestep.application.doctor.sight import Sight, attempt
from claudestep.domain.branch_rules import BranchRule
from claudestep.domain.errors import ClaudeStepError, HostError, NotFound, Transient, Unauthorized
from claudestep.domain.naming import METADATA_BRANCH, step_branch
from claudestep.infrastructure.hosting.examination import Examiner, Overview, Share, WorkflowSettings

T = TypeVar("T")
Rules = tuple[BranchRule, ...]

AI_SECRETS = frozenset({"ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"})
_MOST_REVIEWERS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that was asked. `strangers` are the reviewers who cannot be assigned, in lower case."""

    name: str
    url: str
    token_source: str
    overview: Overview | ClaudeStepError
    settings: WorkflowSettings | ClaudeStepError
    metadata_rules: Rules | ClaudeStepError
    step_rules: Rules | ClaudeStepError
    strangers: frozenset[str] | ClaudeStepError
    scopes: frozenset[str] | None
    shares: tuple[Share, ...]


def gather(examiner: Examiner, sight: Sight, reviewers: Iterable[str]) -> Facts:
    """Ask everything once; nothing more once the token was refused, or there is no such repository."""
    branch = a_step_branch(sight)
    refused = _final(sight.observation)
    overview = _ask(refused, lambda: examiner.overview(branch))
    refused = refused or _final(overview)
    return Facts(
        overview=overview,
        settings=_ask(refused, examiner.workflow_settings),
        metadata_rules=_ask(refused, lambda: examiner.rules(METADATA_BRANCH)),
        step_rules=_ask(refused, lambda: examiner.rules(branch)),
        strangers=_strangers(examiner, overview, reviewers),
        name=examiner.name,
        url=examiner.url,
        token_source=examiner.token_source,
        scopes=examiner.scopes,
        shares=examiner.shares,
    )


def a_step_branch(sight: Sight) -> str:
    """The branch that stands for all of steps: that of an open pull request where there is one."""
    if isinstance(sight.world, ClaudeStepError):
        return step_branch("project", 1, 1)
    pulls = (pull.branch for pull in sight.world.observation.pull_requests if pull.state == "open")
    return next(pulls, step_branch(next(iter(sight.world.plans), "project"), 1, 1))


def find_secrets(examiner: Examiner, wanted: frozenset[str]) -> frozenset[str] | ClaudeStepError:
    """Which of these secrets there are; the organization is asked where the repository has none of them."""
    own = attempt(examiner.secrets)
    if isinstance(own, ClaudeStepError) or own & wanted:
        return own if isinstance(own, ClaudeStepError) else own & wanted
    shared = attempt(examiner.organization_secrets)
    return shared if isinstance(shared, ClaudeStepError) else shared & wanted


def _ask(refused: ClaudeStepError | None, ask: Callable[[], T]) -> T | ClaudeStepError:
    return attempt(ask) if refused is None else refused


def _final(answer: object) -> ClaudeStepError | None:
    """The error that every other question would get, too; where nobody can be reached, each would take its time."""
    if isinstance(answer, Transient) and not answer.sent:
        return answer
    return answer if isinstance(answer, Unauthorized | NotFound) else None


def _strangers(
    examiner: Examiner, overview: Overview | ClaudeStepError, reviewers: Iterable[str]
) -> frozenset[str] | ClaudeStepError:
    """The reviewers that a repository does not know; of very many people, only the first few are asked for."""
    if isinstance(overview, ClaudeStepError):
        return overview
    missing = [name for name in dict.fromkeys(map(str.casefold, reviewers)) if name not in overview.assignable]
    if overview.all_assignable:
        return frozenset(missing)
    return attempt(lambda: _asked_for(examiner, missing))


def _asked_for(examiner: Examiner, reviewers: list[str]) -> frozenset[str]:
    """Those of the first few who cannot be assigned. Raises HostError, also where nobody else was asked for."""
    found = frozenset(name for name in reviewers[:_MOST_REVIEWERS] if not examiner.is_assignable(name))
    if not found and len(reviewers) > _MOST_REVIEWERS:
        raise HostError(f"only the first {_MOST_REVIEWERS} of {len(reviewers)} reviewers were asked for")
    return found
