"""A repository on the test server, its host, and what was asked of the server."""

from dataclasses import dataclass, field

from claudestep.domain.observation import PullRequest, StepRecord
from claudestep.infrastructure.github.api.client import GitHub
from claudestep.infrastructure.github.host import GitHubHost
from claudestep.infrastructure.hosting import record_block
from claudestep.infrastructure.hosting.port import Draft
from tests.fakes.clock import FakeClock
from tests.github_client import client_of
from tests.github_server.fixture import DEFAULT_TOKEN, GitHubServer, RemoteRepository

SPEC = "claude-step/auth/spec.md"
FILES = {SPEC: "- [ ] One\n\n- [ ] Two\n", "code.py": "print()\n"}
TRAILER = "ClaudeStep-Claim: c1"


@dataclass
class Stage:
    """A repository, a host that looks at it, and the people around."""

    repository: RemoteRepository
    token: str = DEFAULT_TOKEN
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        self.client: GitHub = client_of(self.repository, token=self.token, clock=self.clock)
        self.host = GitHubHost(self.client, self.clock)

    def again(self, token: str = DEFAULT_TOKEN) -> "Stage":
        """Another process, which knows nothing yet."""
        return Stage(self.repository, token)

    def asked(self) -> list[str]:
        """The requests since the last time, by their operation, without those to the host of archives."""
        logged = [one for one in self.repository.requests() if "/legacy.tar.gz/" not in one.path]
        self.repository.forget_requests()
        found = [one.operation or f"{one.method} {one.path}" for one in logged]
        return [one.replace(f"/repos/{self.repository.name}", "") for one in found]

    def push(self, branch: str = "claude-step-auth-1", message: str = f"ClaudeStep: One\n\n{TRAILER}\n") -> str:
        """A step's branch, as git publishes it."""
        self.repository.branch(branch)
        return self.repository.commit(branch, {"code.py": f"print({branch!r})\n"}, message)

    def draft(self, branch: str = "claude-step-auth-1", **changes: object) -> Draft:
        """What finalize would send for a branch that is there."""
        record = step_record(branch, **changes)
        return Draft(
            title="ClaudeStep: One",
            body=f"One\n\n{record_block.write(record)}",
            branch=branch,
            head_commit=self.repository.head(branch),
            record=record,
        )

    def open(self, branch: str = "claude-step-auth-1") -> PullRequest:
        """A pull request of ours; the requests that it took are forgotten."""
        self.push(branch)
        pull = self.host.open_pull_request(self.draft(branch))
        self.repository.forget_requests()
        return pull


def step_record(branch: str = "claude-step-auth-1", **changes: object) -> StepRecord:
    """The record of a step's branch."""
    index = int(branch.partition(".")[0].rpartition("-")[2])
    values = {"project": "auth", "step_index": index, "step_description": "One", "base_branch": "main"}
    return StepRecord(**{**values, **changes})  # type: ignore[arg-type]


def new_stage(server: GitHubServer, *, default_branch: str = "main", private: bool = False) -> Stage:
    repository = server.new_repository(FILES, labels=["claudestep"], default_branch=default_branch, private=private)
    return Stage(repository)
