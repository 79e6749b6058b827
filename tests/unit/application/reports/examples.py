"""Reports that the text and the JSON of them are both tested on."""

from claudestep.application.status import ProjectStatus, StatusReport
from claudestep.domain.chain import Decision, Start, Wait, step_states
from claudestep.domain.config import Config
from claudestep.domain.errors import ClaudeStepError, InvalidDocument
from claudestep.domain.models import Project
from claudestep.domain.reasons import Reason
from claudestep.domain.reviews import open_reviews
from claudestep.domain.statistics import summarize
from tests.unit.builders import NOW, at, claimed, closed, done, in_review, lines, merged, project, step, task

AUTH = project(
    merged(1, completed_at=at(-1), reviewer="alice", ai_tasks=(task(1.25, model="big"),)),
    in_review(2, reviewer="bob", ai_tasks=(task(0.5, model="small", type="PRSummary"), task(None, model="big"))),
    closed(3, orphaned_at=at(-1), reviewer="alice"),
    name="auth",
    last_updated=NOW,
)
LOGGING = project(done(1), step(2), step(3), name="logging")
STATISTICS = summarize([AUTH, LOGGING], NOW)

STEPS = project(
    done(1, "Move login", ai_tasks=(task(0.5),)),
    in_review(2, "Move logout", reviewer="alice", ai_tasks=(task(None),)),
    claimed(3, "Move sessions", reviewer="bob"),
    step(4, "x" * 100, failures=2, attempts=2, failure_reason="the tests fail"),
    step(5, "Removed", orphaned_at=at(-1)),
    name="auth",
)
START = Start(step(2, "Move logout"), lines("Move logout")[0], "alice", 1, "claude-step-auth-2")
BROKEN = InvalidDocument("projects/old.json", "not JSON", remedy="Mend it.")


def status(known: Project | None, decision: Decision | ClaudeStepError, name: str = "auth") -> ProjectStatus:
    config = Config()
    if known is None:
        return ProjectStatus(name, None, (), {}, decision)
    reviews = tuple(open_reviews(known, NOW, config.stale_after))
    return ProjectStatus(name, known, reviews, step_states(known, config), decision)


def report(*found: ProjectStatus) -> StatusReport:
    return StatusReport(NOW, "main", "v1", found)


STATUS = report(
    status(STEPS, Wait(Reason.STEPS_IN_PROGRESS, "step 2 in review as #102")), status(None, BROKEN, "old")
)
