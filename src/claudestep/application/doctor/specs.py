"""What the files of the projects say: mistakes in configurations and specs, and lists that are too tight."""

from collections.abc import Iterator
from itertools import pairwise

from claudestep.application.doctor.sight import Sight
from claudestep.application.world import Plan, World
from claudestep.domain.diagnosis import Check, failed, or_fine, unknown
from claudestep.domain.errors import ClaudeStepError, ConfigurationError, InvalidSpec
from claudestep.domain.naming import ROOT, spec_path
from claudestep.domain.spec import SpecStep
from claudestep.infrastructure.hosting.port import Host
from claudestep.infrastructure.spec_file import read_spec


def check_projects(host: Host, sight: Sight) -> list[Check]:
    """The checks of all files below claude-step/."""
    world = sight.world
    if isinstance(world, ClaudeStepError):
        return [unknown(name, world) for name in ("configuration", "specs", "task_lists")]
    problems = list(_problems(world))
    wrong = [_configuration(error) for error in problems if isinstance(error, ConfigurationError)]
    specs = [_spec(error) for error in problems if not isinstance(error, ConfigurationError)]
    specs += [*_without_steps(world), *_missing(host, world)]
    count = len(world.plans)
    return [
        *or_fine("configuration", wrong, "every configuration can be read"),
        *or_fine("specs", specs, f"{count} project{'' if count == 1 else 's'}: {', '.join(world.plans)}"),
        *or_fine("task_lists", _tight(world), "no two steps stand on neighbouring lines"),
    ]


def _problems(world: World) -> list[ClaudeStepError]:
    """What is wrong with any file, each said once; a mistake of the defaults is that of every project."""
    found = [world.repository_problem, *(error for plan in world.plans.values() for error in _of_plan(plan))]
    return list({str(error): error for error in found if error is not None}.values())


def _of_plan(plan: Plan) -> Iterator[ClaudeStepError | None]:
    """The problem of a project, and that of its spec where another one hides it."""
    yield plan.problem
    content = plan.base.files.get(spec_path(plan.name))
    if plan.spec is None and content is not None:
        try:
            read_spec(spec_path(plan.name), content)
        except InvalidSpec as error:
            yield error


def _configuration(error: ConfigurationError) -> Check:
    where = error.path if error.line is None else f"{error.path}:{error.line}"
    remedy = error.remedy or "Correct it there; docs/configuration.md has every key."
    return Check("configuration", "problem", error.problem, remedy, where)


def _spec(error: ClaudeStepError) -> Check:
    if isinstance(error, InvalidSpec):
        return Check("specs", "problem", error.problem, error.remedy or "Correct it there.", error.path)
    return failed("specs", error)


def _without_steps(world: World) -> Iterator[Check]:
    for plan in world.plans.values():
        if plan.spec is not None and not plan.spec.steps:
            remedy = "Write them as task items: - [ ] What to do"
            yield Check("specs", "problem", "it has no steps", remedy, plan.spec.path)


def _missing(host: Host, world: World) -> Iterator[Check]:
    """Where there is no project at all, and folders with a configuration alone."""
    branch = world.observation.default_branch
    if not world.plans:
        yield Check("specs", "problem", f"there is no {spec_path('*')} on {branch}", host.spec_hint(spec_path("*")))
    for path in sorted(world.observation.bases[branch].files):
        parts = path.split("/")
        if len(parts) == 3 and parts[0] == ROOT and parts[2] == "configuration.yml" and parts[1] not in world.plans:
            spec = spec_path(parts[1])
            yield Check("specs", "warning", f"there is no {spec} beside it", host.spec_hint(spec), path)


def _tight(world: World) -> Iterator[Check]:
    for plan in world.plans.values():
        steps = plan.spec.steps if plan.spec else ()
        tight = [one.line for one, other in pairwise(steps) if _touch(one, other)]
        if tight:
            yield _too_tight(spec_path(plan.name), tight)


def _touch(one: SpecStep, other: SpecStep) -> bool:
    """Whether git would see one change where both are ticked apart."""
    return other.line == one.line + 1 and not one.ticked and not other.ticked


def _too_tight(path: str, lines: list[int]) -> Check:
    times = f"{len(lines)} times" if len(lines) > 1 else "once"
    problem = f"steps follow each other without a blank line ({times}): two open pull requests would conflict there"
    remedy = "Leave a blank line between steps. Runs mend such conflicts, but one is seldom worth it."
    return Check("task_lists", "warning", problem, remedy, f"{path}:{lines[0]}")
