"""The stand-ins for the actions of others do what these do."""

import base64
import json
from pathlib import Path

from tests.fakes.messages_api import Scenario, Turn
from tests.workflows.conftest import SetStage
from tests.workflows.journal import Annotation
from tests.workflows.runner import API_KEY
from tests.workflows.test_runner import one_job

FILES = {"file.txt": "first\n"}
SHA = "0123456789012345678901234567890123456789"


def checked_out(arguments: str = "", then: str = "true") -> str:
    """Steps that check out with these arguments, and look at what is there."""
    look = """\
- id: look
  run: |
    cd "$FOLDER"
    echo "head=$(git rev-parse HEAD)" >> "$GITHUB_OUTPUT"
    echo "branch=$(git branch --show-current)" >> "$GITHUB_OUTPUT"
    echo "commits=$(git rev-list --count HEAD)" >> "$GITHUB_OUTPUT"
    echo "remotes=$(git for-each-ref --format='%(refname:short)' refs/remotes | paste -sd' ')" >> "$GITHUB_OUTPUT"
    echo "url=$(git remote get-url origin)" >> "$GITHUB_OUTPUT"
    echo "keys=$(git config --local --list --name-only | grep -c -i extraheader)" >> "$GITHUB_OUTPUT"
"""
    return f"- uses: actions/checkout@{SHA}\n  with: {{{arguments}}}\n{look}    {then}\n  env: {{FOLDER: .}}\n"


# checkout


def test_checkout_of_the_ref_of_the_run(set_stage: SetStage) -> None:
    stage = set_stage(FILES | one_job(checked_out(then="test -f file.txt")))
    stage.remote.commit("main", {"second.txt": "second\n"})

    done = stage.run("push")

    assert done.exit_code == 0, done
    assert done.outputs["look"] == {
        "head": stage.remote.head(), "branch": "main", "commits": "1", "remotes": "origin/main",
        "url": stage.remote.git_url().removesuffix(".git"), "keys": "1",
    }  # fmt: skip


def test_checkout_leaves_no_credentials_where_it_must_not(set_stage: SetStage) -> None:
    steps = checked_out("persist-credentials: false", "! grep -ri authorization .git")
    done = set_stage(FILES | one_job(steps)).run("push")

    assert done.exit_code == 0, done
    assert done.outputs["look"]["keys"] == "0"


def test_checkout_leaves_credentials_until_the_end_of_the_job(set_stage: SetStage) -> None:
    expected = 'git fetch --quiet && git config --get-regexp "extraheader" > "$KEPT"'
    stage = set_stage(FILES | one_job(checked_out(then=expected)))
    stage.environment["KEPT"] = str(stage.place / "kept")

    done = stage.run("push")

    assert done.exit_code == 0, done
    credentials = (stage.place / "kept").read_text(encoding="utf-8").split(" ")[-1]
    assert base64.b64decode(credentials).decode() == f"x-access-token:{stage.token}"


def test_checkout_of_a_commit_with_its_history(set_stage: SetStage) -> None:
    stage = set_stage({**FILES, **one_job("- run: echo")})
    first = stage.remote.head()
    stage.remote.branch("other")
    stage.remote.commit("main", one_job(checked_out(f"ref: {first}, fetch-depth: 0")))

    look = stage.run("push").outputs["look"]

    assert (look["head"], look["branch"], look["commits"]) == (first, "", "1")
    assert look["remotes"] == "origin/main origin/other"


def test_checkout_of_a_branch_into_a_folder(set_stage: SetStage) -> None:
    steps = checked_out("ref: other, path: below, fetch-depth: 2").replace("FOLDER: .", "FOLDER: below")
    stage = set_stage(FILES | one_job(steps))
    stage.remote.branch("other")
    stage.remote.commit("other", {"a.txt": "a\n"})
    stage.remote.commit("other", {"b.txt": "b\n"})

    look = stage.run("push").outputs["look"]

    assert (look["head"], look["branch"], look["commits"]) == (stage.remote.head("other"), "other", "2")


def test_checkout_of_what_is_not_there(set_stage: SetStage) -> None:
    done = set_stage(FILES | one_job(checked_out("ref: nowhere"))).run("push")

    assert done.exit_code == 1
    assert "couldn't find remote ref refs/heads/nowhere" in done.log


def test_checkout_with_a_token_that_may_not(set_stage: SetStage) -> None:
    stage = set_stage(FILES | one_job(checked_out("token: of-nobody")))
    stage.remote.configure(private=True)

    done = stage.run("push")

    assert done.steps["0"] == "failure"
    assert stage.token not in done.log


# cache

CACHES = f"""\
- id: cache
  uses: actions/cache@{SHA}
  with:
    path: |
      ~/kept
      here/file.txt
    key: ${{{{ vars.KEY }}}}
    restore-keys: |
      some-
- run: |
    mkdir -p ~/kept here
    test -e ~/kept/x || {{ echo one > ~/kept/x; ln -s x ~/kept/link; echo two > here/file.txt; }}
    test -L ~/kept/link && grep two here/file.txt
    exit ${{{{ vars.EXIT }}}}
"""


def test_a_cache_is_found_again(set_stage: SetStage) -> None:
    stage = set_stage(one_job(CACHES), variables={"KEY": "some-1", "EXIT": "0"})

    hits = [stage.run("push").outputs["cache"]["cache-hit"] for _ in range(2)]
    stage.variables["KEY"] = "some-2"
    other = stage.run("push")

    assert hits == ["", "true"]
    assert other.outputs["cache"] == {
        "cache-hit": "false",
        "cache-matched-key": "some-1",
        "cache-primary-key": "some-2",
    }


INSIDE = f"""\
name: Inside
description: A cache in an action
runs:
  using: composite
  steps:
    - id: cache
      uses: actions/cache@{SHA}
      with: {{path: "${{{{ runner.temp }}}}/kept", key: one}}
    - shell: bash
      run: mkdir -p "$RUNNER_TEMP/kept" && touch "$RUNNER_TEMP/kept/file"
"""


def test_a_cache_inside_of_an_action(set_stage: SetStage, tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours/action.yml").write_text(INSIDE, encoding="utf-8")
    steps = f"- id: ours\n  uses: claudestep/claudestep@{SHA}\n- run: test -f '${{{{ runner.temp }}}}/kept/file'\n"
    stage = set_stage(one_job(steps), ours=tmp_path / "ours")

    runs = [stage.run("push") for _ in range(2)]

    assert [done.exit_code for done in runs] == [0, 0], runs
    assert [done.outputs["ours/cache"]["cache-hit"] for done in runs] == ["", "true"]


def test_a_job_that_fails_saves_no_cache(set_stage: SetStage) -> None:
    stage = set_stage(one_job(CACHES), variables={"KEY": "some-1", "EXIT": "1"})

    hits = [stage.run("push").outputs["cache"]["cache-hit"] for _ in range(2)]

    assert hits == ["", ""]


# Artifacts


def uploads(arguments: str, name: str = "result") -> str:
    return f"- id: {name}\n  uses: actions/upload-artifact@{SHA}\n  with: {{name: {name}, {arguments}}}\n"


MAKES = """\
- run: |
    mkdir -p out/deep && echo one > out/deep/one.txt && echo two > out/.two && chmod 755 out/deep/one.txt
    mkdir -p "$RUNNER_TEMP/other" && echo three > "$RUNNER_TEMP/other/three.txt"
"""
LOOKS = """\
- id: look
  run: echo "files=$(cd got && find . -type f -printf '%P %m\\n' | sort | paste -sd' ')" >> "$GITHUB_OUTPUT"
"""


def downloads(arguments: str) -> str:
    return f"- uses: actions/download-artifact@{SHA}\n  with: {{path: got, {arguments}}}\n"


def test_an_artifact_goes_from_step_to_step(set_stage: SetStage) -> None:
    stage = set_stage(one_job(MAKES + uploads("path: out") + downloads("name: result") + LOOKS))

    done = stage.run("push", run_id=9)

    assert done.outputs["look"]["files"] == "deep/one.txt 644"
    told = done.outputs["result"]
    assert (told["artifact-id"], len(told["artifact-digest"])) == ("1", 64)
    assert told["artifact-url"] == f"{stage.remote.server.url}/{stage.remote.name}/actions/runs/9/artifacts/1"


def test_hidden_files_are_uploaded_on_demand(set_stage: SetStage) -> None:
    steps = MAKES + uploads("path: out, include-hidden-files: true") + downloads("name: result") + LOOKS

    assert set_stage(one_job(steps)).run("push").outputs["look"]["files"] == ".two 644 deep/one.txt 644"


def test_artifacts_are_downloaded_together(set_stage: SetStage) -> None:
    both = MAKES + uploads("path: out", "a-1") + uploads("path: '${{ runner.temp }}/other/three.txt'", "a-2")
    steps = both + uploads("path: out", "b") + downloads("pattern: a-*, merge-multiple: true") + LOOKS
    apart = both + downloads("") + LOOKS

    merged = set_stage(one_job(steps)).run("push")

    assert merged.outputs["look"]["files"] == "deep/one.txt 644 three.txt 644"
    assert (
        set_stage(one_job(apart)).run("push").outputs["look"]["files"] == "a-1/deep/one.txt 644 a-2/three.txt 644"
    )


def test_an_artifact_is_made_once(set_stage: SetStage) -> None:
    again = uploads("path: out").replace("id: result", "id: again")

    done = set_stage(one_job(MAKES + uploads("path: out") + again)).run("push")

    assert (done.steps["result"], done.steps["again"]) == ("success", "failure")
    assert "already exists on the workflow run" in done.annotations[0].message


def test_an_artifact_of_nothing(set_stage: SetStage) -> None:
    steps = uploads("path: nowhere") + uploads("path: nowhere, if-no-files-found: error", "strict")

    done = set_stage(one_job(steps)).run("push")

    said = "No files were found with the provided path: nowhere. No artifacts will be uploaded."
    assert done.annotations == [Annotation("warning", said), Annotation("error", said)]
    assert done.steps["strict"] == "failure"


def test_an_artifact_that_is_not_there(set_stage: SetStage) -> None:
    done = set_stage(one_job(downloads("name: nothing"))).run("push")

    assert done.annotations[0].message == "Unable to download artifact(s): Artifact not found for name: nothing"


# setup-python, setup-node


def test_python_is_there(set_stage: SetStage) -> None:
    steps = f"- id: python\n  uses: actions/setup-python@{SHA}\n  with: {{python-version: '3.11'}}\n"
    too_new = f"- id: new\n  uses: actions/setup-python@{SHA}\n  with: {{python-version: '3.99'}}\n"
    uses_it = "- run: '${{ steps.python.outputs.python-path }} -c 1'\n"

    done = set_stage(one_job(steps + uses_it + too_new)).run("push")

    assert (done.steps["python"], done.steps["1"], done.steps["new"]) == ("success", "success", "failure")
    assert done.annotations[0].message.startswith("Python 3.99 was asked for, and python3 on the PATH is 3.")


def test_node_is_there(set_stage: SetStage) -> None:
    done = set_stage(one_job(f"- id: node\n  uses: actions/setup-node@{SHA}\n")).run("push")

    assert done.outputs["node"]["node-version"].startswith("v")


# Claude Code


def test_claude_code_is_there_and_asks_the_stub(set_stage: SetStage) -> None:
    steps = """\
- id: claude
  env: {ANTHROPIC_API_KEY: "${{ secrets.ANTHROPIC_API_KEY }}"}
  run: claude -p 'Say it' --output-format json < /dev/null
"""
    stage = set_stage(one_job(steps), Scenario(runs=[[Turn(text="Done.")]], api_key=API_KEY))
    done = stage.run("push")

    assert done.exit_code == 0, done
    assert json.loads(done.logs["claude"])["subtype"] == "success"
    assert {request.key for request in stage.api.asked("step")} == {stage.secrets["ANTHROPIC_API_KEY"]}
