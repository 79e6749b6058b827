"""What is to be done after `init`, in its order."""

from collections.abc import Iterable, Iterator

from claudestep.application.init_plan import Plan

_SWITCH = (
    "on GitHub, Settings > Actions > General: tick\n     Allow GitHub Actions to create and approve pull requests"
)


def render(plan: Plan, more: Iterable[str], *, pushes: bool) -> str:
    """Numbered lines; `more` is to be committed, too, and `pushes`: a push brings it to GitHub."""
    steps = [*_spec(plan), *_settings(plan), _commit(plan, more, pushes=pushes), *_first_run(plan)]
    return "Next:\n" + "".join(f"  {number}. {step}\n" for number, step in enumerate(steps, 1))


def _spec(plan: Plan) -> Iterator[str]:
    if plan.wanted is not None:
        verb = "look over the steps" if plan.wanted.steps else "write the steps"
        yield f"{verb}: claude-step/{plan.wanted.project}/spec.md"


def _settings(plan: Plan) -> Iterator[str]:
    """What a workflow needs besides its file, once for a repository."""
    if plan.new_workflow is not None:
        needs_key = plan.wanted is None or plan.wanted.command is None
        yield f"gh secret set ANTHROPIC_API_KEY, and {_SWITCH}" if needs_key else _SWITCH


def _commit(plan: Plan, more: Iterable[str], *, pushes: bool) -> str:
    folders = [*(["claude-step"] if plan.wanted else []), *([".github"] if plan.workflow else [])]
    message = f"Steps of {plan.wanted.project}" if plan.wanted else "The workflow of ClaudeStep"
    push = " && git push" if pushes else ""
    command = f'git add {" ".join([*folders, *more])} && git commit -m "{message}"{push}'
    if plan.wanted is None or plan.workflow is None:
        return command
    branch = plan.new_workflow.branch if plan.new_workflow else "the default branch"
    return f"{command}\n     A push to {branch} starts it."


def _first_run(plan: Plan) -> Iterator[str]:
    if plan.workflow is not None:
        yield "claudestep doctor, which says what is still missing"
    elif plan.wanted is not None:
        yield f"claudestep run {plan.wanted.project} --dry-run, and without --dry-run when that is right"
