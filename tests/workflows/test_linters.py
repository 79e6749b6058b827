"""What others lint actions and workflows with finds nothing in ours, and would find something."""

from pathlib import Path

import pytest

from tests.workflows import linting
from tests.workflows.release import ROOT
from tests.workflows.workflow_files import workflows

GOOD_WORKFLOW = """\
name: Good
on:
  pull_request:
    types: [closed]
permissions: {}
jobs:
  step:
    name: A step
    runs-on: ubuntu-latest
    timeout-minutes: 5
    permissions:
      contents: read # to check out
    concurrency:
      group: good
      cancel-in-progress: false
      queue: max
    steps:
      - uses: actions/checkout@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0
        with:
          persist-credentials: false
      - uses: claudestep/claudestep@0123456789abcdef0123456789abcdef01234567
        with:
          word: any
      - run: echo "$TITLE"
        env:
          TITLE: ${{ github.event.pull_request.title }}
"""
GOOD_ACTION = """\
name: Good
description: Says a word
inputs:
  word:
    description: Any word
    default: none
outputs:
  said:
    description: What was said
    value: ${{ steps.say.outputs.said }}
runs:
  using: composite
  steps:
    - id: say
      shell: bash
      run: echo "said=$WORD" >> "$GITHUB_OUTPUT"
      env:
        WORD: ${{ inputs.word }}
"""
FAULTS = [
    ("actionlint", "workflow", "pull_request.title }}", "pull_requset.titel }} ${{ github.evnet }}", "evnet"),
    ("actionlint", "workflow", "word: any", "wort: any", "wort"),
    ("actionlint", "action", "steps.say.", "steps.saw.", "saw"),
    ("zizmor", "workflow", "persist-credentials: false", "fetch-depth: 1", "artipacked"),
    ("zizmor", "workflow", 'run: echo "$TITLE"', "run: echo ${{ github.head_ref }}", "template-injection"),
    ("zizmor", "workflow", "@08c6903cd8c0fde910a37f88322edcfb5dd907a8 # v5.0.0", "@v5", "unpinned-uses"),
    ("zizmor", "action", 'echo "said=$WORD"', 'echo "said=${{ inputs.word }}"', "template-injection"),
    ("check-jsonschema", "workflow", "timeout-minutes: 5", "timeout-minutes: soon", "timeout-minutes"),
    ("check-jsonschema", "action", "using: composite", "using: composit", "'composit'"),
    ("act", "workflow", "- run: echo", "- runn: echo", "runn"),
]


def good() -> dict[str, str]:
    return {".github/workflows/workflow.yml": GOOD_WORKFLOW, "action.yml": GOOD_ACTION}


def test_there_is_something_to_lint() -> None:
    assert set(linting.files()) >= {"action.yml"}
    assert all((ROOT / name).is_file() for name in linting.files())


@pytest.mark.parametrize("tool", linting.TOOLS)
def test_nothing_is_found(tool: str, tmp_path: Path) -> None:
    found = linting.TOOLS[tool](linting.lay_out(tmp_path, linting.files()))

    assert not found, found


@pytest.mark.parametrize("options", [(), ("--command", "./codemod.sh"), ("--hardened",)], ids=" ".join)
@pytest.mark.parametrize("tool", linting.TOOLS)
def test_nothing_is_found_in_what_init_writes(tool: str, options: tuple[str, ...], tmp_path: Path) -> None:
    folder = linting.written_by_init(tmp_path, *options)
    assert workflows(folder)

    found = linting.TOOLS[tool](folder)

    assert not found, found


@pytest.mark.parametrize("tool", linting.TOOLS)
def test_nothing_is_found_in_what_is_good(tool: str, tmp_path: Path) -> None:
    found = linting.TOOLS[tool](linting.lay_out(tmp_path, good()))

    assert not found, found


@pytest.mark.parametrize(("tool", "kind", "right", "wrong", "said"), FAULTS)
def test_a_fault_is_found(tool: str, kind: str, right: str, wrong: str, said: str, tmp_path: Path) -> None:
    files = good()
    name = next(name for name in files if name.endswith(f"{kind}.yml"))
    assert right in files[name]
    files[name] = files[name].replace(right, wrong)

    assert said in linting.TOOLS[tool](linting.lay_out(tmp_path, files))
