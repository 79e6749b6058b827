"""The workflow that this program runs in, by the variables and the event that GitHub gives it.

https://docs.github.com/en/actions/reference/workflows-and-actions/variables
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from claudestep.domain.errors import UsageError
from claudestep.domain.events import Event
from claudestep.domain.models import Owner

_LARGEST_EVENT = 32 << 20


class _Repository(msgspec.Struct, frozen=True):
    full_name: str = ""


class _End(msgspec.Struct, frozen=True):
    ref: str = ""
    repo: _Repository | None = None


class _PullRequest(msgspec.Struct, frozen=True):
    number: int = 0
    head: _End = _End()
    base: _End = _End()


class _Payload(msgspec.Struct, frozen=True):
    """Of an event: https://docs.github.com/en/webhooks/webhook-events-and-payloads"""

    action: str | None = None
    ref: str | None = None
    before: str | None = None
    after: str | None = None
    pull_request: _PullRequest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """A run of a workflow, and the files by which it is told something."""

    run_id: int
    run_attempt: int
    event: Event
    temporary: Path | None = None
    outputs: Path | None = None
    summary: Path | None = None
    url: str = ""

    @property
    def holder(self) -> Owner:
        """Who holds claims here."""
        return Owner(run_id=self.run_id, run_attempt=self.run_attempt)


def read_workflow(environment: Mapping[str, str]) -> Workflow | None:
    """The workflow of this environment; None outside of one. Raises UsageError for an event that is none."""
    if environment.get("GITHUB_ACTIONS") != "true":
        return None
    run_id = _number(environment, "GITHUB_RUN_ID")
    server, repository = environment.get("GITHUB_SERVER_URL", ""), environment.get("GITHUB_REPOSITORY", "")
    return Workflow(
        run_id=run_id,
        run_attempt=_number(environment, "GITHUB_RUN_ATTEMPT"),
        event=_event(environment),
        temporary=_path(environment, "RUNNER_TEMP"),
        outputs=_path(environment, "GITHUB_OUTPUT"),
        summary=_path(environment, "GITHUB_STEP_SUMMARY"),
        url=f"{server}/{repository}/actions/runs/{run_id}" if server and repository and run_id else "",
    )


def _number(environment: Mapping[str, str], name: str) -> int:
    text = environment.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


def _path(environment: Mapping[str, str], name: str) -> Path | None:
    return Path(environment[name]) if environment.get(name) else None


def _event(environment: Mapping[str, str]) -> Event:
    name, path = environment.get("GITHUB_EVENT_NAME", ""), environment.get("GITHUB_EVENT_PATH", "")
    payload = _payload(Path(path)) if path else _Payload()
    pull = payload.pull_request or _PullRequest()
    return Event(
        name=name,
        action=payload.action or "",
        number=pull.number,
        branch=pull.head.ref,
        head_repository=pull.head.repo.full_name if pull.head.repo else "",
        base_repository=pull.base.repo.full_name if pull.base.repo else "",
        ref=payload.ref or "",
        before=payload.before or "",
        after=payload.after or "",
    )


def _payload(path: Path) -> _Payload:
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(_LARGEST_EVENT), type=_Payload)
    except FileNotFoundError:
        return _Payload()
    except (OSError, msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise UsageError(
            f"the event of the workflow cannot be read ({path.name}): {error}",
            remedy="Name the project: the input project_name, or claudestep prepare PROJECT.",
        ) from error
