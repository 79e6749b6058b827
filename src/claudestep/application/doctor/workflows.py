"""The workflow that starts steps by itself: whether it counts, and has all that it needs."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from claudestep.application.doctor.facts import AI_SECRETS, Facts, find_secrets
from claudestep.domain.diagnosis import Check, Status, or_fine, unknown
from claudestep.domain.errors import ClaudeStepError, ConfigurationError
from claudestep.infrastructure.git.clone_facts import LocalFile
from claudestep.infrastructure.hosting.examination import Examiner, Overview
from claudestep.infrastructure.workflow_file import ACTION, Workflow, read_workflow

_NEEDED = ("contents", "pull-requests")
_GENERAL = "settings/actions"
_TICK = "tick 'Allow GitHub Actions to create and approve pull requests'"


@dataclass(frozen=True, slots=True)
class Workflows:
    """The files of the default branch that use the action, and those of them that are no YAML.

    `called` are those that others of them call.
    """

    found: tuple[Workflow, ...] = ()
    called: tuple[Workflow, ...] = ()
    broken: tuple[ConfigurationError, ...] = ()

    @property
    def open_with_own_token(self) -> bool:
        """Whether the token of none of them is the usual one."""
        return bool(self.found) and all(workflow.has_own_token for workflow in self.found)

    @property
    def can_make_labels(self) -> bool:
        """Whether each of them may make a label."""
        return all(workflow.may_write("issues") or workflow.has_own_token for workflow in self.found)


def read_workflows(overview: Overview) -> Workflows:
    """Those that use the action, also by calling each other."""
    files = overview.workflows
    first = [_read(path, text) for path, text in files.items()]
    callable_ = {one.path for one in first if isinstance(one, Workflow) and one.is_called}
    read = [_read(path, text, callable_) for path, text in files.items()]
    found = [one for one in read if isinstance(one, Workflow)]
    called = frozenset[str]().union(*(one.calls for one in found))
    return Workflows(
        tuple(one for one in found if one.path not in called),
        tuple(one for one in found if one.path in called),
        tuple(one for one in read if isinstance(one, ConfigurationError)),
    )


def _read(path: str, content: bytes, called: Collection[str] = ()) -> Workflow | ConfigurationError | None:
    try:
        return read_workflow(path, content, called)
    except ConfigurationError as error:
        return error


def check_workflow(facts: Facts, workflows: Workflows, local: Iterable[LocalFile], branch: str) -> list[Check]:
    """The workflow on the default branch, or where else there is one."""
    if isinstance(facts.overview, ClaudeStepError):
        return [unknown("workflow", facts.overview, f"Look yourself: {facts.url}/tree/HEAD/.github/workflows")]
    found = [_broken(error) for error in workflows.broken]
    if not workflows.found:
        return found or [_none_on(branch, local)]
    found += [check for workflow in workflows.found for check in _mistakes(workflow, facts)]
    found += [check for workflow in workflows.called for check in _permissions(workflow, facts)]
    return or_fine("workflow", found, f"{', '.join(one.path for one in workflows.found)} on {branch}")


def _broken(error: ConfigurationError) -> Check:
    where = error.path if error.line is None else f"{error.path}:{error.line}"
    return Check("workflow", "problem", error.problem, "Correct it there: GitHub does not start it.", where)


def _none_on(branch: str, local: Iterable[LocalFile]) -> Check:
    """No workflow counts; one that is elsewhere was meant to."""
    for file in local:
        if isinstance(_read(file.path, file.content), Workflow):
            problem = f"it is {file.place}, and not on {branch} on GitHub: only there GitHub starts it"
            remedy = f"Bring it to {branch}: commit it, push it, and merge it where that takes a pull request."
            return Check("workflow", "problem", problem, remedy, file.path)
    problem = f"no workflow on {branch} uses {ACTION}: steps begin only where somebody runs claudestep"
    remedy = (
        "That is all right for runs by hand. Otherwise: claudestep init --workflow-only, and push what it writes."
    )
    return Check("workflow", "warning", problem, remedy)


def _mistakes(workflow: Workflow, facts: Facts) -> Iterator[Check]:
    if not workflow.on_closed:
        problem = "it does not start when a pull request is closed: the next step would not begin after a merge"
        yield Check("workflow", "problem", problem, "on:\n  pull_request: {types: [closed]}", workflow.path)
    yield from _permissions(workflow, facts)
    if not workflow.queues_all:
        problem = "its concurrency has no `queue: max`: of several merges at once, GitHub drops all but one"
        yield Check("workflow", "warning", problem, "concurrency: {group: claudestep, queue: max}", workflow.path)


def _permissions(workflow: Workflow, facts: Facts) -> Iterator[Check]:
    """Those of the usual token; another one has its own."""
    if workflow.has_own_token:
        return
    if workflow.permissions is None:
        yield from _permissions_of_repository(workflow, facts)
        return
    for what in _NEEDED:
        if not workflow.may_write(what):
            problem = f"its permissions lack {what}: write"
            yield Check("workflow", "problem", problem, f"permissions:\n  {what}: write", workflow.path)


def _permissions_of_repository(workflow: Workflow, facts: Facts) -> Iterator[Check]:
    """A workflow that says nothing gets what the repository's settings say."""
    remedy = "permissions: {contents: write, pull-requests: write, issues: write}"
    if isinstance(facts.settings, ClaudeStepError):
        problem = f"it names no permissions, and those of the repository are not known: {facts.settings}"
        yield Check("workflow", "unknown", problem, remedy, workflow.path)
    elif not facts.settings.may_write:
        problem = "it names no permissions, and those of the repository only let it read"
        yield Check("workflow", "problem", problem, remedy, workflow.path)


def check_switch(facts: Facts, workflows: Workflows) -> Check:
    """Whether workflows may open pull requests with their usual token."""
    where = f"{facts.url}/{_GENERAL}"
    if isinstance(facts.settings, ClaudeStepError):
        return unknown("actions", facts.settings, f"Look yourself: {where}, Workflow permissions: {_TICK}")
    if facts.settings.may_open_pull_requests:
        return Check("actions", "ok", "workflows may open pull requests")
    problem = "GitHub Actions may not open pull requests in this repository"
    matters = bool(workflows.found) and not workflows.open_with_own_token
    remedy = f"{where}, Workflow permissions: {_TICK}. An organization can forbid it for all."
    return Check("actions", "problem" if matters else "warning", problem, remedy)


def check_secret(examiner: Examiner, facts: Facts, workflows: Workflows) -> Check:
    """Whether there is a key for Claude that a workflow could use."""
    named = frozenset(key.upper() for workflow in workflows.found for key in workflow.keys)
    wanted = named or AI_SECRETS
    listed = " or ".join(sorted(wanted))
    remedy = f"gh secret set {min(wanted)} --repo {facts.name}, or: {facts.url}/settings/secrets/actions"
    refused = facts.overview if isinstance(facts.overview, ClaudeStepError) else None
    found = refused or find_secrets(examiner, wanted)
    if isinstance(found, ClaudeStepError):
        return unknown(
            "secret", found, f"Look yourself whether {listed} is there: {facts.url}/settings/secrets/actions"
        )
    if found:
        return Check("secret", "ok", f"{', '.join(sorted(found))} is there")
    if any(workflow.has_environment for workflow in workflows.found):
        problem = f"there is no {listed}; an environment of the workflow may have one, which is not asked"
        return Check("secret", "unknown", problem, remedy)
    status: Status = "problem" if workflows.found else "warning"
    return Check(
        "secret", status, f"there is no secret {listed}: Claude Code could not log in in a workflow", remedy
    )
