"""doctor: everything that is looked at, in the order in which it is told; no check waits for another one."""

from dataclasses import dataclass

from claudestep.application.doctor import access, machine, metadata, people, rules, specs, workflows
from claudestep.application.doctor.facts import Facts, gather
from claudestep.application.doctor.sight import Sight, attempt, see
from claudestep.application.doctor.workflows import Workflows
from claudestep.domain.diagnosis import Check, Diagnosis, failed
from claudestep.domain.errors import ClaudeStepError, Transient
from claudestep.domain.naming import LABEL
from claudestep.domain.settling import IsGone
from claudestep.infrastructure.hosting.examination import Examiner, Overview
from claudestep.infrastructure.hosting.port import Host
from claudestep.infrastructure.machine import Machine
from claudestep.infrastructure.runs import Runs

_OF_A_SERVER = (
    "token", "repository", "permissions", "metadata_rules", "step_rules", "workflow", "actions", "secret", "label",
    "reviewers", "rate",
)  # fmt: skip
_OF_FILES = ("configuration", "specs", "task_lists", "metadata", "claims")


@dataclass(frozen=True, slots=True)
class Connected:
    """A repository that can be asked; `examiner` is None where there is no server."""

    host: Host
    examiner: Examiner | None


@dataclass(frozen=True, slots=True)
class NotConnected:
    """Nobody can be asked, for `check` found this; `on_server`: there is one, or may be."""

    check: str
    error: ClaudeStepError
    on_server: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What is examined."""

    machine: Machine
    runs: Runs
    is_gone: IsGone
    connection: Connected | NotConnected


def diagnose(patient: Patient) -> Diagnosis:
    """Look at everything once, and write nothing. What cannot be asked is unknown, and stops no other check."""
    here = [machine.check_git(patient.machine), *machine.check_credentials(patient.machine)]
    left = machine.check_leftovers(patient.runs)
    checks = _connected(patient, patient.connection)
    return Diagnosis((*here, *checks, *left))


def _connected(patient: Patient, connection: Connected | NotConnected) -> list[Check]:
    """What the repository and its server say."""
    if isinstance(connection, NotConnected):
        return [*_unasked(connection), machine.check_claude(patient.machine, needed=False)]
    sight = see(connection.host, patient.is_gone)
    if isinstance(sight.observation, Transient) and not sight.observation.sent:
        return _connected(patient, NotConnected("repository", sight.observation, on_server=True))
    if connection.examiner is None:
        return _locally(patient, connection.host, sight)
    return _with_server(patient, connection.host, connection.examiner, sight)


def _unasked(connection: NotConnected) -> list[Check]:
    """Where nobody can be asked, that is the only finding."""
    reason = f"it could not be found out: nobody can be asked, see {connection.check}"
    names = (*(_OF_A_SERVER if connection.on_server else ()), *_OF_FILES)
    rest = (name for name in names if name != connection.check)
    others = (Check(name, "unknown", reason, connection.error.remedy) for name in rest)
    return [failed(connection.check, connection.error), *others]


def _locally(patient: Patient, host: Host, sight: Sight) -> list[Check]:
    seen = sight.observation
    if isinstance(seen, ClaudeStepError):
        repository = failed("repository", seen)
    else:
        repository = Check("repository", "ok", f"git alone, whose default branch is {seen.default_branch}")
    return [repository, *_of_projects(patient, host, sight, elsewhere=False, deep=True)]


def _of_projects(patient: Patient, host: Host, sight: Sight, *, elsewhere: bool, deep: bool) -> list[Check]:
    """What is looked at wherever pull requests are."""
    needed = sight.has_projects and not elsewhere
    claude = [machine.check_claude(patient.machine, needed=needed)] if sight.wants_claude else []
    return [*claude, *specs.check_projects(host, sight), *metadata.check_metadata(host, sight, deep=deep)]


def _with_server(patient: Patient, host: Host, examiner: Examiner, sight: Sight) -> list[Check]:
    facts = gather(examiner, sight, people.reviewers(sight))
    overview = facts.overview
    ours = workflows.read_workflows(overview) if isinstance(overview, Overview) else Workflows()
    return [
        access.check_token(facts, sight),
        access.check_repository(facts, sight),
        *access.check_permissions(facts),
        *_rules(facts, ours),
        *_workflows(patient, examiner, facts, ours, sight),
        access.check_label(facts, name=LABEL, can_be_made=ours.can_make_labels),
        *people.check_reviewers(facts, sight),
        *access.check_rate(facts),
        *_of_projects(patient, host, sight, elsewhere=bool(ours.found), deep=False),
    ]


def _rules(facts: Facts, ours: Workflows) -> list[Check]:
    begun = isinstance(facts.overview, Overview) and facts.overview.has_metadata_branch
    in_workflows = bool(ours.found)
    return [
        *rules.check_metadata_rules(facts, begun=begun, in_workflows=in_workflows),
        *rules.check_step_rules(facts, in_workflows=in_workflows),
    ]


def _workflows(patient: Patient, examiner: Examiner, facts: Facts, ours: Workflows, sight: Sight) -> list[Check]:
    """The workflow, and what it takes; where there is none, the clone is looked through for one."""
    local = () if ours.found else attempt(patient.machine.workflows)
    files = () if isinstance(local, ClaudeStepError) else local
    found = workflows.check_workflow(facts, ours, files, sight.default_branch)
    found.append(workflows.check_switch(facts, ours))
    if sight.wants_claude:
        found.append(workflows.check_secret(examiner, facts, ours))
    return found
