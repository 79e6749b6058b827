"""What an agent says, without what looks like a secret and without the secrets of our own environment."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

from claudestep.domain.ai_tasks import AITask, ModelUsage
from claudestep.domain.redaction import redacted, secret_values

Say = Callable[[str], str]
"""Gives back a text without its secrets. It comes before any cutting: a piece of a token does not look like one."""


def discretion(environment: Mapping[str, str]) -> Say:
    """How to say what a program says, which may have come by any secret of `environment`."""
    return partial(redacted, secrets=secret_values(environment))


def cleaned(value: object, say: Say) -> object:
    """A value of JSON with all its texts and keys said."""
    if isinstance(value, str):
        return say(value)
    if isinstance(value, Mapping):
        return cleaned_mapping(value, say)
    return [cleaned(item, say) for item in value] if isinstance(value, (list, tuple)) else value


def cleaned_mapping(value: Mapping[str, object], say: Say) -> dict[str, object]:
    """The same for a mapping."""
    return {say(key): cleaned(item, say) for key, item in value.items()}


def cleaned_tasks(tasks: Iterable[AITask], say: Say) -> tuple[AITask, ...]:
    """What was used, as a program wrote it, with all its texts said."""
    return tuple(
        replace(
            task,
            type=say(task.type),
            model=say(task.model),
            id=None if task.id is None else say(task.id),
            usage_by_model={say(name): _cleaned_usage(usage, say) for name, usage in task.usage_by_model.items()},
            extra=cleaned_mapping(task.extra, say),
        )
        for task in tasks
    )


def _cleaned_usage(usage: ModelUsage, say: Say) -> ModelUsage:
    return replace(usage, extra=cleaned_mapping(usage.extra, say))
