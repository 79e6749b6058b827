"""init: which files are written and which stay as they are, decided before the first of them is written."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from claudestep.application import scaffold
from claudestep.application.scaffold import STEP_WORKFLOW, WORKFLOW, Wanted
from claudestep.domain import naming
from claudestep.domain.errors import ConfigurationError, UsageError
from claudestep.infrastructure.config_file import read_config
from claudestep.infrastructure.spec_file import read_spec
from claudestep.infrastructure.workflow_file import Workflow, read_workflow

Read = Callable[[str], bytes | None]
"""The content of a file of the work tree by its path; None where there is none."""

_MADE_BY_INIT = b"# Made by `claudestep init"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedWorkflow:
    """What the workflow shall be.

    `is_known_branch`: the clone knows that `branch` is the default one. `is_named`: the workflow was asked for by
    name; else each of ClaudeStep's will do.
    """

    branch: str
    is_known_branch: bool
    action: str
    hardened: bool
    is_named: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """What is wanted (None: not that), the files to write for it, by path, and those that are there and stay."""

    wanted: Wanted | None
    workflow: WantedWorkflow | None
    written: Mapping[str, str]
    left: tuple[str, ...]

    @property
    def new_workflow(self) -> WantedWorkflow | None:
        """The workflow, where it was not there already."""
        return self.workflow if WORKFLOW in self.written else None


def plan(wanted: Wanted | None, workflow: WantedWorkflow | None, read: Read, *, force: bool) -> Plan:
    """All of it, or UsageError, also InvalidSpec, where one file stands in the way."""
    project = {} if wanted is None else _project(wanted, read, force=force)
    files, left = ({}, ()) if workflow is None else _workflow_files(workflow, read, force=force)
    return Plan(wanted, workflow, {**project, **files}, left)


def _project(wanted: Wanted, read: Read, *, force: bool) -> Mapping[str, str]:
    """All files of a project. Raises UsageError where one is there, or would be wrong; InvalidSpec."""
    files = scaffold.files(wanted)
    configuration = naming.configuration_path(wanted.project)
    read_config(configuration, files[configuration].encode())
    there = [path for path in files if path != naming.CONFIGURATION_SCHEMA and read(path) is not None]
    if there and not force:
        raise UsageError(f"{there[0]} is there already", remedy="Name another project, or write over it: --force")
    _check_spec(naming.spec_path(wanted.project), read)
    return files


def _check_spec(path: str, read: Read) -> None:
    """Steps are nobody's to write over: what is done of them stands nowhere else in the files."""
    count = len(read_spec(path, read(path) or b"").steps)
    if count:
        raise UsageError(
            f"{path} has {count} step{'' if count == 1 else 's'}, and --force writes over none",
            remedy="Delete the file first if that is meant; the workflow alone is written by --workflow-only.",
        )


def _workflow_files(
    wanted: WantedWorkflow, read: Read, *, force: bool
) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Those to write, and those that stay. Raises UsageError where one is there that is not what is wanted."""
    there, is_ours = read(WORKFLOW), _is_hardened(read)
    replaces = force and (wanted.is_named or (there is not None and is_ours is None))
    if there is not None and not replaces:
        _check_kind(wanted, hardened=is_ours)
    hardened = wanted.hardened or (bool(is_ours) and not wanted.is_named)
    if hardened and not replaces:
        _check_called(read)
    files = scaffold.workflow_files(wanted.branch, wanted.action, hardened=hardened)
    left = () if replaces else tuple(path for path in files if read(path) is not None)
    return {path: text for path, text in files.items() if path not in left}, left


def _is_hardened(read: Read) -> bool | None:
    """Whether the workflow that is there calls the one with three jobs; None where it is not ClaudeStep's."""
    content = read(WORKFLOW) or b""
    workflow = _workflow(WORKFLOW, content, (STEP_WORKFLOW,))
    if workflow is None:
        return False if content.startswith(_MADE_BY_INIT) else None
    return STEP_WORKFLOW in workflow.calls


def _check_kind(wanted: WantedWorkflow, *, hardened: bool | None) -> None:
    """Raises UsageError where the workflow that is there is somebody else's, or of the other kind."""
    if hardened is None:
        raise _foreign(WORKFLOW)
    if wanted.is_named and wanted.hardened != hardened:
        kind, more = ("not the hardened", " --hardened") if wanted.hardened else ("the hardened", "")
        raise UsageError(
            f"{WORKFLOW} is there, and is {kind} one",
            remedy=f"Write over it, and over what you changed there: claudestep init --workflow-only{more} --force",
        )


def _check_called(read: Read) -> None:
    """Raises UsageError where the file that the hardened workflow calls is another one."""
    content = read(STEP_WORKFLOW)
    if content is None or content.startswith(_MADE_BY_INIT):
        return
    workflow = _workflow(STEP_WORKFLOW, content)
    if workflow is None or not workflow.is_called:
        raise _foreign(STEP_WORKFLOW)


def _foreign(path: str) -> UsageError:
    return UsageError(
        f"{path} is there, and is no workflow of ClaudeStep",
        remedy="Give that file another name, or write over it: --force. The project alone: --no-workflow",
    )


def _workflow(path: str, content: bytes, called: Collection[str] = ()) -> Workflow | None:
    """The workflow of a file; None where it is not ClaudeStep's, or nobody can read it."""
    try:
        return read_workflow(path, content, called)
    except ConfigurationError:
        return None
