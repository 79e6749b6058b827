"""Statistics over many projects on GitHub: one request."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from claudestep import AITask, Change, Project, Step, open_store
from tests.github_server.fixture import GitHubServer
from tests.integration.github_clone import GitHubClone
from tests.integration.repository import PROJECT

PROJECTS, STEPS = 20, 50
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def finished(name: str, first: int) -> Project:
    """A project whose steps were all merged, in the pull requests from number `first` on."""
    return Project(project=name, steps=tuple(_merged(name, index, first + index) for index in range(1, STEPS + 1)))


def _merged(name: str, index: int, number: int) -> Step:
    begun = BEGAN + timedelta(hours=number)
    return Step(
        step_index=index,
        step_description=f"Step {index}",
        branch_name=f"claude-step-{name}-{index}",
        reviewer="alice",
        pr_number=number,
        pr_state="merged",
        created_at=begun,
        merged_at=begun + timedelta(hours=1),
        completed_at=begun + timedelta(hours=1),
        attempts=1,
        ai_tasks=(AITask(type="PRCreation", model="m", cost_usd=0.5, created_at=begun),),
    )


def test_statistics_over_many_projects_is_one_request(github: GitHubServer, tmp_path: Path) -> None:
    """ "`statistics`, 20 projects x 50 steps, all with pull requests: 1 GitHub request"."""
    clone = GitHubClone.of(github, tmp_path)
    names = [f"project-{number:02}" for number in range(PROJECTS)]
    lines = "\n".join(f"- [x] Step {index}\n" for index in range(1, STEPS + 1))
    for name in names:
        clone.write(f"claude-step/{name}/spec.md", lines)
    clone.commit("Specs")
    documents = {name: finished(name, number * STEPS) for number, name in enumerate(names)}
    open_store(clone.backend, local=True).transact(lambda *_: Change(documents, "Fill", None))

    result, requests = clone.counted("statistics", "--json")

    assert requests == ["Observe"]
    done = {one["project"]: one["done"] for one in result.json["projects"]}
    assert done == dict.fromkeys(names, STEPS) | {PROJECT: 0}
    assert result.json["cost"]["usd"] == PROJECTS * STEPS * 0.5
