"""Where the action runs: what the repository holds, which Python there is, which folder it works in."""

from pathlib import Path

import pytest

from tests.workflows.chain import WORKFLOW, Chain, does, errors, project, set_chain, shipped, told
from tests.workflows.conftest import SetStage

SHADOWS = (
    "typer.py", "yaml.py", "claudestep/__init__.py", "claudestep/__main__.py", "sitecustomize.py",
    "usercustomize.py", "hashlib.py", "pathlib.py", "sysconfig.py", "msgspec.py", "urllib3/__init__.py",
    "pip/__init__.py", "encodings.py", "action/python.py",
)  # fmt: skip


def test_nothing_of_the_repository_is_imported(set_stage: SetStage, tmp_path: Path) -> None:
    """Files that would shadow ours write down that they were: in no step of the action, with Claude Code too."""
    imported = tmp_path / "imported"
    tells = f"with open({str(imported)!r}, 'a') as file: file.write(__file__ + '\\n')\n"
    files = shipped(tmp_path) | project("auth", "One", command="") | dict.fromkeys(SHADOWS, tells)
    chain = set_chain(set_stage, files, does(1))

    done = chain.by_hand("auth")

    assert done.exit_code == 0, done
    assert told(done, "outcome", "pr_number") == ("opened", "1")
    assert not imported.exists(), imported.read_text()


OLD = """\
#!/bin/sh
# A python3 that says to the action that it is too old, and to the stand-in of setup-python that it is new.
case "$*" in
  *"sys.version_info < (3, 11)"*) exit 1 ;;
  *platform.python_version*) echo {python}; echo 3.13.0; exit ;;
esac
exec {python} "$@"
"""


@pytest.fixture
def without_npm(set_stage: SetStage, tmp_path: Path) -> Chain:
    """A runner that has npm, which says when it is asked."""
    chain = set_chain(set_stage, shipped(tmp_path) | project("auth", "One"))
    npm = chain.stage.bin / "npm"
    npm.write_text(f"#!/bin/sh\necho \"$@\" >> '{tmp_path}/npm-was-asked'\nexit 1\n")
    npm.chmod(0o755)
    return chain


def test_a_program_needs_no_claude_code(without_npm: Chain, tmp_path: Path) -> None:
    done = without_npm.by_hand("auth")

    assert done.exit_code == 0, done
    assert told(done, "outcome", "pr_number") == ("opened", "1")
    assert (done.steps["Look for Claude Code"], done.steps["Install Claude Code"]) == ("skipped", "skipped")
    assert (done.steps["Set up Python"], done.steps["Look at that Python"]) == ("skipped", "skipped")
    assert not Path(tmp_path / "npm-was-asked").exists()
    assert without_npm.stage.api.requests == []


def test_claude_code_is_asked_for_where_it_is_needed(without_npm: Chain, tmp_path: Path) -> None:
    """The other way round, so that the test above means something; the claim is given back unblamed."""
    without_npm.stage.remote.commit("main", {"claude-step/auth/configuration.yml": None})
    (without_npm.stage.bin / "claude").unlink()

    done = without_npm.by_hand("auth")

    assert (done.exit_code, done.steps["Install Claude Code"]) == (1, "failure"), done
    assert "ci --prefix" in Path(tmp_path / "npm-was-asked").read_text()
    assert told(done, "outcome", "reason") == ("failed", "not_the_steps_fault")
    assert without_npm.states("auth") == [(None, None)]
    assert without_npm.steps("auth")[0].get("failures", 0) == 0


def test_a_python_that_is_too_old(set_stage: SetStage, tmp_path: Path) -> None:
    chain = set_chain(set_stage, shipped(tmp_path) | project("auth", "One"))
    for name in ("python3", "python"):
        program = chain.stage.bin / name
        python = program.resolve()
        program.unlink()
        program.write_text(OLD.format(python=python))
        program.chmod(0o755)

    done = chain.by_hand("auth")
    programs = [chain.stage.bin / name for name in ("python3", "python")]

    assert done.outputs["claudestep/python"]["found"] == "false"
    assert (done.steps["Set up Python"], done.steps["Look at that Python"]) == ("success", "success")
    assert done.outputs["claudestep/other-python"]["path"] not in map(str, programs)
    assert done.exit_code == 0, done
    assert told(done, "outcome", "pr_number") == ("opened", "1")


def test_another_folder(set_stage: SetStage, tmp_path: Path) -> None:
    files = shipped(tmp_path)
    text = files[WORKFLOW]
    for at, more in (
        ("          persist-credentials: false\n", "          path: under/here\n"),
        ("          project_name: ${{ inputs.project }}\n", "          working_directory: under/here\n"),
    ):
        assert text.count(at) == 1
        text = text.replace(at, at + more)
    chain = set_chain(set_stage, files | {WORKFLOW: text} | project("auth", "One", "Two"))

    done = chain.by_hand("auth")
    after = chain.merge(1)

    assert (done.exit_code, after.exit_code) == (0, 0), (done, after)
    assert (told(done, "outcome", "pr_number"), told(after, "outcome", "pr_number")) == (
        ("opened", "1"), ("opened", "2"),
    )  # fmt: skip
    assert chain.states("auth") == [(1, "merged"), (2, "open")]
    branch = chain.stage.remote.pull(2)["head"]
    changed = chain.stage.remote.git("diff", "--name-only", f"main...{branch}").split()
    assert changed == ["auth-2.txt", "claude-step/auth/spec.md"]
    assert errors(done) == []
