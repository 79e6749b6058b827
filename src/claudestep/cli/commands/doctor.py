"""claudestep doctor"""

import sys

import typer

from claudestep.cli import errors
from claudestep.cli.options import Json, Session


def command(context: typer.Context, *, as_json: Json = False) -> None:
    """Look for everything that stands in the way of a run, and say what to do about it. Writes nothing.

    Token, rights, rules, workflow, secret, agent, files, metadata: exit code 1 where one of it is a problem.

    Examples:
      claudestep doctor
      claudestep doctor --json
    """
    from claudestep.application.doctor.diagnose import diagnose
    from claudestep.application.reports import doctor_json, doctor_text
    from claudestep.cli.wiring import Wanted
    from claudestep.cli.wiring.doctor import patient

    session: Session = context.obj
    wanted = Wanted(local=session.local, repository=session.named, api=session.api)
    diagnosis = diagnose(patient(session.settings, session.repository, wanted))
    sys.stdout.write(doctor_json.render(diagnosis) if as_json else doctor_text.render(diagnosis))
    raise typer.Exit(errors.OK if diagnosis.ok else errors.FAILED)
