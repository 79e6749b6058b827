"""Why no step is begun: every reason, with a sentence for the user and what can be done about it."""

from enum import StrEnum


class Reason(StrEnum):
    """Why no step is begun."""

    ALL_STEPS_DONE = "all_steps_done"
    STEPS_IN_PROGRESS = "steps_in_progress"
    NO_REVIEWER_CAPACITY = "no_reviewer_capacity"
    PAUSED = "paused"
    BUDGET_SPENT = "budget_spent"
    SPEC_MISSING = "spec_missing"
    SPEC_WITHOUT_STEPS = "spec_without_steps"
    REWORDED_IN_REVIEW = "reworded_in_review"
    METADATA_BROKEN = "metadata_broken"
    PUBLISHING_REFUSED = "publishing_refused"
    STOPPED_BY_FAILURE = "stopped_by_failure"
    STEPS_FAILED = "steps_failed"
    STEPS_CLOSED = "steps_closed"
    STEPS_UNTICKED = "steps_unticked"

    @property
    def sentence(self) -> str:
        """What it means."""
        return _SENTENCES[self]

    def remedy(self, project: str) -> str:
        """What can be done about it; empty where nothing has to be."""
        return _REMEDIES[self].format(project=project)


_SENTENCES = {
    Reason.ALL_STEPS_DONE: "All steps are done.",
    Reason.STEPS_IN_PROGRESS: "Nothing more can begin until a pull request is merged.",
    Reason.NO_REVIEWER_CAPACITY: "No reviewer has room for one more pull request.",
    Reason.PAUSED: "Paused by the configuration.",
    Reason.BUDGET_SPENT: "The budget of the project does not reach for another step.",
    Reason.SPEC_MISSING: "There is no spec.md for this project on the base branch.",
    Reason.SPEC_WITHOUT_STEPS: "The spec.md has no steps: write them as task items, `- [ ] What to do`.",
    Reason.REWORDED_IN_REVIEW: (
        "The next line may be a new wording of a step that is in review; it waits until that is merged or closed."
    ),
    Reason.METADATA_BROKEN: "A document on the metadata branch cannot be read, so nothing is decided on it.",
    Reason.PUBLISHING_REFUSED: "A step was done, and its branch was refused; another attempt would end like it.",
    Reason.STOPPED_BY_FAILURE: "A step has failed too often, and `onFailure: stop` holds the chain.",
    Reason.STEPS_FAILED: "No step can begin: what is left was set aside, for it failed too often.",
    Reason.STEPS_CLOSED: "No step can begin: what is left was set aside, for its pull request was turned down.",
    Reason.STEPS_UNTICKED: "No step can begin: what is left was merged, and its box is unticked now.",
}

_AGAIN = "Try it again: claudestep retry {project} STEP; leave it out: claudestep skip {project} STEP; "
_REMEDIES = {
    Reason.ALL_STEPS_DONE: "Nothing. New lines in spec.md are new steps.",
    Reason.STEPS_IN_PROGRESS: "Review and merge what is open, or turn it down: claudestep close NUMBER",
    Reason.NO_REVIEWER_CAPACITY: (
        "Review and merge what is open, or give somebody more room: maxOpenPRs in "
        "claude-step/{project}/configuration.yml"
    ),
    Reason.PAUSED: "Take `paused: true` out of that file, and commit it.",
    Reason.BUDGET_SPENT: "Change `budget` in claude-step/{project}/configuration.yml, and commit it.",
    Reason.SPEC_MISSING: "Write claude-step/{project}/spec.md (claudestep init {project}), and commit it.",
    Reason.SPEC_WITHOUT_STEPS: "Write them into claude-step/{project}/spec.md, and commit it.",
    Reason.REWORDED_IN_REVIEW: "Merge the old step's pull request, or turn it down: claudestep close NUMBER",
    Reason.METADATA_BROKEN: "See what is wrong with it: claudestep metadata fsck",
    Reason.PUBLISHING_REFUSED: (
        "Allow what was refused, then try it again: claudestep retry {project} STEP; or leave it out: "
        "claudestep skip {project} STEP"
    ),
    Reason.STOPPED_BY_FAILURE: f"{_AGAIN}or let the chain go on: onFailure: continue",
    Reason.STEPS_FAILED: f"{_AGAIN}or word its line anew, which makes it a new step.",
    Reason.STEPS_CLOSED: f"{_AGAIN}or word its line anew, which makes it a new step.",
    Reason.STEPS_UNTICKED: (
        "Tick them in spec.md to call them done; do them again: claudestep retry {project} STEP; "
        "leave them out: claudestep skip {project} STEP"
    ),
}
