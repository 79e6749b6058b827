"""What started a workflow, as far as it says which projects are meant."""

from dataclasses import dataclass

PULL_REQUEST_EVENTS = ("pull_request", "pull_request_target")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event of a workflow. `name` is "" outside of one.

    `number` and `branch` are of the pull request that it is about; `base_repository` and `head_repository` are
    where that comes from and goes to. `ref`, `before` and `after` are of a push.
    """

    name: str = ""
    action: str = ""
    number: int = 0
    branch: str = ""
    head_repository: str = ""
    base_repository: str = ""
    ref: str = ""
    before: str = ""
    after: str = ""

    @property
    def is_about_a_pull_request(self) -> bool:
        """Whether it tells of a pull request."""
        return self.name in PULL_REQUEST_EVENTS

    @property
    def is_from_a_fork(self) -> bool:
        """Whether it tells of a pull request from another repository, or of one that is gone."""
        return self.is_about_a_pull_request and self.head_repository != self.base_repository
