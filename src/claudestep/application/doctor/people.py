"""The reviewers: whether the repository knows them, and where each of them is named."""

from collections.abc import Iterator, Mapping

from claudestep.application.doctor.facts import Facts
from claudestep.application.doctor.sight import Sight
from claudestep.application.world import World
from claudestep.domain.diagnosis import Check, or_fine, unknown
from claudestep.domain.errors import ClaudeStepError, ConfigurationError
from claudestep.domain.naming import REPOSITORY_CONFIGURATION, configuration_path
from claudestep.infrastructure.yaml_file import YamlFile


def reviewers(sight: Sight) -> list[str]:
    """Everybody who is named as a reviewer, once."""
    if isinstance(sight.world, ClaudeStepError):
        return []
    named = (one.username for plan in sight.world.plans.values() for one in plan.config.reviewers)
    return list({name.casefold(): name for name in named}.values())


def check_reviewers(facts: Facts, sight: Sight) -> list[Check]:
    """Whether all of them can be assigned a pull request."""
    world = sight.world
    if isinstance(world, ClaudeStepError):
        return [unknown("reviewers", world)]
    names = reviewers(sight)
    unread = [plan.name for plan in world.plans.values() if isinstance(plan.problem, ConfigurationError)]
    if unread:
        problem = f"it could not be found out: the configuration of {', '.join(unread)} cannot be read"
        return [Check("reviewers", "unknown", problem, "Correct that first.")]
    if not names:
        return [Check("reviewers", "ok", "no project names any: one pull request is open at a time")]
    if isinstance(facts.strangers, ClaudeStepError):
        return [unknown("reviewers", facts.strangers, f"Look yourself: {facts.url}/settings/access")]
    places = _places(world)
    strangers = [name for name in names if name.casefold() in facts.strangers]
    found = [_stranger(name, places.get(name.casefold(), ""), facts) for name in strangers]
    return or_fine("reviewers", found, f"all can be assigned: {', '.join(names)}")


def _stranger(name: str, where: str, facts: Facts) -> Check:
    problem = f"{name} cannot be assigned in {facts.name}: there is no such user, or they may not read it"
    remedy = f"Correct the name, or invite them: {facts.url}/settings/access"
    return Check("reviewers", "problem", problem, remedy, where)


def _places(world: World) -> Mapping[str, str]:
    """Where each reviewer is named first, as `path:line`."""
    found: dict[str, str] = {}
    files = world.observation.bases[world.observation.default_branch].files
    for path in (*map(configuration_path, world.plans), REPOSITORY_CONFIGURATION):
        for name, where in _named_in(path, files.get(path)):
            found.setdefault(name, where)
    return found


def _named_in(path: str, content: bytes | None) -> Iterator[tuple[str, str]]:
    try:
        file = YamlFile(path, content)
    except ClaudeStepError:  # told of by another check
        return
    place = ("defaults",) if path == REPOSITORY_CONFIGURATION else ()
    value = file.value
    for key in (*place, "reviewers"):
        value = value.get(key) if isinstance(value, dict) else None
    for position, one in enumerate(value if isinstance(value, list) else ()):
        if isinstance(one, dict) and isinstance(name := one.get("username"), str):
            yield name.casefold(), f"{path}:{file.lines[*place, 'reviewers', position]}"
