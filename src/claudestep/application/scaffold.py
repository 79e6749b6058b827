"""init: the files of a new project, as text; writing them is another's matter."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from claudestep.application import prompts
from claudestep.application.template import fill
from claudestep.domain import naming
from claudestep.domain.config import Reviewer
from claudestep.infrastructure.config_keys import configuration_schema
from claudestep.infrastructure.workflow_file import FOLDER

WORKFLOW = f"{FOLDER}/claudestep.yml"
STEP_WORKFLOW = f"{FOLDER}/claudestep-step.yml"
"""What the hardened one calls."""

_TEMPLATES = Path(__file__).parent / "templates"

_NO_STEPS_YET = """Steps look like this; what stands in a code block is none yet:

```
- [ ] Convert `path/to/first_file.py`: say what to change

- [ ] Convert `path/to/second_file.py`
  - What is nested below a step belongs to it.
```
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a new project shall be. `command` None: Claude Code does the steps."""

    project: str
    steps: tuple[str, ...] = ()
    reviewers: tuple[Reviewer, ...] = ()
    command: str | None = None
    model: str | None = None


def files(wanted: Wanted) -> Mapping[str, str]:
    """The files by path: spec, configuration, prompt template, and the schema that editors complete from."""
    name = wanted.project
    return {
        naming.spec_path(name): _spec(wanted),
        naming.configuration_path(name): _configuration(wanted),
        naming.prompt_path(name): prompts.template(),
        naming.CONFIGURATION_SCHEMA: json.dumps(configuration_schema(), indent=2) + "\n",
    }


def workflow_files(branch: str, action: str, *, hardened: bool) -> Mapping[str, str]:
    """The workflow files by path: for pull requests into `branch`, with the action as `uses` names it."""
    names = {WORKFLOW: "hardened.yml", STEP_WORKFLOW: "hardened-step.yml"}
    chosen = names if hardened else {WORKFLOW: "claudestep.yml"}
    values = {"BRANCH": json.dumps(branch), "ACTION": action}
    return {path: fill(_workflow(template), values) for path, template in chosen.items()}


def _workflow(name: str) -> str:
    return (_TEMPLATES / "workflows" / name).read_text(encoding="utf-8")


def _spec(wanted: Wanted) -> str:
    steps = "\n".join(f"- [ ] {' '.join(step.split())}\n" for step in wanted.steps) or _NO_STEPS_YET
    return f"""# {wanted.project}

Say here what the migration is about, what has to stay as it is, and how one sees that a step is right. All of this
file is told to the agent with each step.

Every task item is a step: one small pull request. A blank line between two steps lets their pull requests merge in
any order. What is nested below a step belongs to it.

{steps}"""


def _configuration(wanted: Wanted) -> str:
    parts = [
        f"# yaml-language-server: $schema=../{naming.CONFIGURATION_SCHEMA.rpartition('/')[2]}",
        "# All keys: docs/configuration.md of ClaudeStep; an editor with a YAML language server completes them.",
        "",
        _agent(wanted),
        "",
        _reviewers(wanted.reviewers),
        "",
        "# verify: make test          # has to pass before a pull request is opened",
    ]
    if wanted.command is None:
        parts += [
            "# budget:",
            "#   perStepUsd: 2.00         # the most that one attempt at a step may cost",
            "#   projectUsd: 50.00",
        ]
    return "\n".join(parts) + "\n"


def _agent(wanted: Wanted) -> str:
    if wanted.command is not None:
        return f"agent:\n  command: {json.dumps(wanted.command)}"
    model = (
        f"  model: {wanted.model}"
        if wanted.model
        else "  # model: claude-sonnet-4-5   # a full id: an alias moves with the version, and its price with it"
    )
    return (
        "agent:                       # Claude Code\n"
        f"{model}\n"
        '  allowedTools: []           # besides reading and editing files; for example ["Bash(npm test:*)"]'
    )


def _reviewers(reviewers: tuple[Reviewer, ...]) -> str:
    if not reviewers:
        return (
            "# reviewers:                 # without any, there is one pull request at a time\n"
            "#   - username: alice\n#     maxOpenPRs: 1"
        )
    lines = (f"  - username: {one.username}\n    maxOpenPRs: {one.max_open_prs}" for one in reviewers)
    return "\n".join(["reviewers:", *lines])
