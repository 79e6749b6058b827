"""What an agent did is looked at before anybody publishes it."""

from claudestep.application.backend import Workshop
from claudestep.application.world import Plan
from claudestep.domain import guarding
from claudestep.domain.naming import spec_path
from claudestep.domain.redaction import holds_secret


def refusal(workshop: Workshop, plan: Plan, commit: str) -> str | None:
    """Why the commit of a step must not be published: where it went, how large it is, or a secret of ours in it."""
    base = plan.base.commit
    changed = (one for one in workshop.git.changes(base, commit) if one.path != spec_path(plan.name))
    refused = guarding.refusal(tuple(changed), plan.config.limits)
    if refused is None and holds_secret(workshop.git.patch(base, commit), workshop.secrets):
        return "the agent wrote a secret of its environment into a file; nothing of it is published"
    return refused
