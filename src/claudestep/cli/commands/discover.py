"""claudestep discover"""

import sys

import typer

from claudestep.cli.options import BaseBranch, Json, Session


def command(context: typer.Context, *, as_json: Json = False, base_branch: BaseBranch = None) -> None:
    """Say which projects the workflow's event is about; outside of a workflow, every one.

    `prepare` without a project does the same. In a workflow the output `projects` is a JSON array, for a matrix.
    Writes nothing.
    """
    import msgspec

    from claudestep.application.discover import Discovered, discover, nothing_to_do
    from claudestep.domain.text import printable
    from claudestep.infrastructure.actions.commands import set_outputs

    session: Session = context.obj
    event = session.event()
    found: Discovered = nothing_to_do(event) or discover(session.connect(base_branch), event)
    names = msgspec.json.encode(found.names).decode()
    workflow = session.settings.workflow()
    if workflow is not None and workflow.outputs is not None:
        set_outputs(workflow.outputs, {"projects": names, "reason": found.reason, "message": found.message})
    if as_json:
        told = {"version": 1, "projects": found.names, "reason": found.reason, "message": found.message}
        sys.stdout.write(msgspec.json.encode(told).decode() + "\n")
    else:
        sys.stdout.write(printable("".join(f"{name}\n" for name in found.names) or f"{found.message}\n"))
