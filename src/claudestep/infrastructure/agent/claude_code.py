"""Claude Code as the agent: `claude -p` in the tree, the prompt on its standard input."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import IO

import msgspec

from claudestep.domain.ai_tasks import UNKNOWN_MODEL, AITask
from claudestep.domain.config import ClaudeCodeAgent
from claudestep.domain.settling import CLAUDE_CODE
from claudestep.domain.spec import fold
from claudestep.domain.text import shortened
from claudestep.infrastructure.agent.discretion import discretion
from claudestep.infrastructure.agent.program import NO_GIT_CONFIGURATION, Program, ending, passed, tail
from claudestep.infrastructure.agent.runner import AgentResult, AgentTask, Progress
from claudestep.infrastructure.agent.transcript import Denial, Transcript
from claudestep.infrastructure.clock import Clock

PROGRAM = "claude"
PASSED = (
    "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL", "ANTHROPIC_CUSTOM_HEADERS",
    "API_TIMEOUT_MS", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "CLAUDE_CODE_MAX_RETRIES",
    "CLAUDE_CODE_OAUTH_TOKEN", "CLAUDE_CONFIG_DIR", "DISABLE_ERROR_REPORTING", "DISABLE_TELEMETRY",
    "HTTPS_PROXY", "HTTP_PROXY", "IS_SANDBOX", "NODE_EXTRA_CA_CERTS", "NO_PROXY", "SSL_CERT_FILE",
    "XDG_CONFIG_HOME",
)  # fmt: skip
"""Of the user's environment it sees these, what every agent sees, and `agent.env`: never a GitHub token."""

_SWITCHED_OFF = {
    "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",  # a run would wait for them, to its time limit
    "CLAUDE_CODE_DISABLE_FILE_MENTIONS": "1",  # `@/path` in a spec or in the output of a check reads any file
    "DISABLE_AUTOUPDATER": "1",
}
_LONGEST_REASON = 300
_EDITING = {"Edit", "MultiEdit", "NotebookEdit", "Write"}
_TURNS_FOR_AN_ANSWER = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaudeCode:
    """An `Agent` that runs the command line tool of Claude Code."""

    config: ClaudeCodeAgent
    environment: Mapping[str, str]
    clock: Clock

    @property
    def name(self) -> str:
        """What a claim calls it."""
        return CLAUDE_CODE

    @property
    def model(self) -> str:
        """The model that is asked for: every run is paid for."""
        return self.config.model or UNKNOWN_MODEL

    def obstacle(self) -> str | None:
        """Whether it is installed at all; whether it is logged in only a run can tell."""
        if self._program() is not None:
            return None
        return (
            "Claude Code is not installed: there is no `claude` on the PATH. Install it (npm install -g "
            "@anthropic-ai/claude-code), or name another program: `agent: {command: ./codemod.sh}`"
        )

    def run(self, task: AgentTask, progress: Progress) -> AgentResult:
        """Run it to its result. What it used is told to `task.spent` also where an interrupt breaks it off."""
        blank = AITask(type=task.operation, model=self.model, cost_usd=None, created_at=self.clock.now())
        say = discretion(self.environment)
        transcript = Transcript(root=f"{task.tree}/", say=say)
        program = Program(
            argv=self._arguments(task), environment=self._environment(), tree=task.tree, mark=task.scratch.name,
            stdin=task.prompt, timeout=task.timeout, started=task.started, interruptible=True,
        )  # fmt: skip

        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:

            def watch(since: timedelta, out: IO[bytes]) -> None:
                transcript.read(out)
                progress(since, transcript.progress)

            try:
                status = program.run(output, errors, self.clock, watch)
            finally:
                transcript.finish(output)
                task.spent(transcript.tasks(blank))
            said = say(tail(errors))
        return _judge(task.tree, transcript, status, said)

    def _program(self) -> str | None:
        return shutil.which(PROGRAM, path=self.environment.get("PATH"))

    def _environment(self) -> Mapping[str, str]:
        given = {name: value for name, value in passed(self.environment, PASSED).items() if value}
        return {**given, **passed(self.environment, self.config.env), **NO_GIT_CONFIGURATION, **_SWITCHED_OFF}

    def _arguments(self, task: AgentTask) -> list[str]:
        arguments = [
            self._program() or PROGRAM, "-p", "--output-format=stream-json", "--verbose",
            "--no-session-persistence", f"--permission-mode={self.config.permission_mode}",
        ]  # fmt: skip
        if self.config.model:
            arguments.append(f"--model={self.config.model}")
        if task.budget_usd is not None:
            arguments.append(f"--max-budget-usd={task.budget_usd:.4f}")
        if task.answer is not None:
            schema = msgspec.json.encode(task.answer).decode()
            return [*arguments, f"--max-turns={_TURNS_FOR_AN_ANSWER}", f"--json-schema={schema}", "--tools", ""]
        if self.config.max_turns is not None:
            arguments.append(f"--max-turns={self.config.max_turns}")
        if self.config.allowed_tools:
            arguments += ["--allowedTools", *self.config.allowed_tools]
        return arguments


def _judge(tree: Path, transcript: Transcript, status: int | None, said: str) -> AgentResult:
    """Whether it did what it was asked: exit status 0, a result, no error in it, and no edit that was refused."""
    result = transcript.result
    denials = result.permission_denials if result else []
    refused = [denial for denial in denials if _would_edit(denial, tree)]
    failure = _failure(transcript, status, said)
    if failure is None and refused:
        what = refused[0].describe(transcript.root)
        failure = f"Claude Code was not allowed to edit: {what} (agent.permissionMode, agent.allowedTools)"
    return AgentResult(
        failure=failure,
        output=said if result is None else result.result or "",
        counts=not (failure and _took_nothing(transcript)),
        answer=result.structured_output if result else None,
        warnings=tuple(
            f"Claude Code was refused {one.describe(transcript.root)} (agent.allowedTools)" for one in denials
        ),
    )


def _failure(transcript: Transcript, status: int | None, said: str) -> str | None:
    result = transcript.result
    if status is None:
        return "Claude Code was stopped at the time limit (timeoutMinutes)"
    if result is None:
        return ending("Claude Code", status, said) if status else "Claude Code ended without a result"
    if result.failure is not None:
        return f"Claude Code: {shortened(fold(result.failure), _LONGEST_REASON)}"
    return ending("Claude Code", status, said) if status else None


def _took_nothing(transcript: Transcript) -> bool:
    return transcript.result.took_nothing if transcript.result else not transcript.began


def _would_edit(denial: Denial, tree: Path) -> bool:
    """Whether a refused tool would have changed a file of the tree: what is outside of it does not matter."""
    path = denial.tool_input.get("file_path") or denial.tool_input.get("notebook_path")
    if denial.tool_name not in _EDITING or not isinstance(path, str):
        return False
    return (tree / path).resolve().is_relative_to(tree.resolve())
