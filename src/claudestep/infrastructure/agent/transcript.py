"""What Claude Code prints with `--output-format stream-json`: one JSON object a line, the last of type `result`.

https://docs.claude.com/en/docs/claude-code/sdk/sdk-headless; seen with versions 2.1.197 and 2.1.330. Everything
in it is data from outside: a line that does not fit is passed over, and what is missing is unknown, never 0.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO

import msgspec

from claudestep.domain.ai_tasks import UNKNOWN_MODEL, AITask, ModelUsage
from claudestep.domain.checks import MOST
from claudestep.domain.redaction import redacted
from claudestep.domain.text import shortened
from claudestep.infrastructure.agent.discretion import Say, cleaned_mapping

_CHUNK = 1 << 20
_LONGEST_LINE = 32 << 20
_LONGEST_SHOWN = 80


class _Block(msgspec.Struct, frozen=True):
    """A part of an assistant's message: text, or the use of a tool."""

    type: str = ""
    name: str = ""
    text: str = ""
    input: dict[str, object] = {}


class _Message(msgspec.Struct, frozen=True):
    id: str = ""
    content: list[_Block] = []


class _Line(msgspec.Struct, frozen=True):
    """Any line: only its kind, and the model that the first one names."""

    type: str = ""
    subtype: str = ""
    model: str = ""
    attempt: int = 0


class _Turn(msgspec.Struct, frozen=True):
    message: _Message


class ModelUse(msgspec.Struct, frozen=True, rename="camel"):
    """`modelUsage`: what one model took. `costBasis` is `unknown` where the price was only guessed."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_input_tokens: int = 0
    cache_creation_input_tokens: int = 0
    cost_usd: float | None = msgspec.field(default=None, name="costUSD")
    cost_basis: str = "list"

    @property
    def known_cost(self) -> float | None:
        """The cost in US dollars; None where the price of the model is not known."""
        return None if self.cost_basis == "unknown" else _amount(self.cost_usd)


class Denial(msgspec.Struct, frozen=True):
    """A use of a tool that the permissions did not allow."""

    tool_name: str = ""
    tool_input: dict[str, object] = {}

    def describe(self, root: str) -> str:
        """The tool and what it was to be used on, seen from `root`."""
        return _describe(self.tool_name, self.tool_input, root, redacted)


class Result(msgspec.Struct, frozen=True):
    """The last line. `result` is missing where `errors` say what went wrong; `subtype` alone is no success."""

    subtype: str = ""
    is_error: bool = False
    result: str | None = None
    errors: list[str] = []
    total_cost_usd: float | None = None
    duration_ms: float | None = None
    model_usage: dict[str, ModelUse] = msgspec.field(default={}, name="modelUsage")
    permission_denials: list[Denial] = []
    structured_output: dict[str, object] | None = None

    @property
    def failure(self) -> str | None:
        """What went wrong; None for a success."""
        if self.subtype == "success" and not self.is_error:
            return None
        return self.result or "; ".join(self.errors) or self.subtype or "it gave no reason"

    @property
    def took_nothing(self) -> bool:
        """Whether the service surely charged nothing: it says so, and names no model."""
        return not self.model_usage and self.total_cost_usd == 0

    @property
    def cost_usd(self) -> float | None:
        """The whole cost; None where it, or the price of a model, is not known."""
        known = all(use.known_cost is not None for use in self.model_usage.values())
        return _amount(self.total_cost_usd) if known else None


@dataclass(slots=True)
class Transcript:
    """A transcript that is read while it is being written; `root` is the folder that paths are shown from.

    What is taken from it goes through `say`, which takes the secrets out.
    """

    root: str = ""
    say: Say = redacted
    began: bool = False
    model: str = ""
    doing: str = ""
    result: Result | None = None
    _turns: set[str] = field(default_factory=set)
    _offset: int = 0
    _rest: bytes = b""

    def read(self, output: IO[bytes]) -> None:
        """Read what has been written since the last time."""
        for line in self._lines(output.fileno()):
            self.take(line)

    def take(self, line: bytes) -> None:
        """Take one line, or one message of a file that holds them all; what does not fit is passed over."""
        with suppress(msgspec.MsgspecError, UnicodeError, RecursionError):
            self._take(line)

    def finish(self, output: IO[bytes]) -> None:
        """Read the rest; the last line may lack its end."""
        self.read(output)
        self._rest += b"\n"
        self.read(output)

    def _lines(self, fd: int) -> Iterator[bytes]:
        while True:
            chunk = os.pread(fd, _CHUNK, self._offset)
            self._offset += len(chunk)
            *whole, self._rest = (self._rest + chunk).split(b"\n")
            yield from whole
            if len(self._rest) > _LONGEST_LINE:
                self._rest = b""
            if not chunk:
                return

    def _take(self, line: bytes) -> None:
        head = msgspec.json.decode(line, type=_Line)
        if head.type == "system" and head.subtype == "init":
            self.began = True
            self.model = self.say(head.model)
        elif head.type == "system" and head.subtype == "api_retry":
            self.doing = f"waiting for the API, try {head.attempt + 1}"
        elif head.type == "assistant":
            self._take_turn(msgspec.json.decode(line, type=_Turn).message)
            self.began = True
        elif head.type == "result":
            self.result = _after(self.result, _cleaned(msgspec.json.decode(line, type=Result), self.say))

    def _take_turn(self, message: _Message) -> None:
        self._turns.add(message.id)
        for block in message.content:
            if block.type == "tool_use":
                self.doing = _describe(block.name, block.input, self.root, self.say)
            elif block.type == "text" and block.text.strip():
                self.doing = self.say(block.text.strip()).splitlines()[0]

    @property
    def progress(self) -> str:
        """`turn 3: Edit app/models.py`."""
        return f"turn {len(self._turns)}: {self.doing}" if self._turns else self.doing

    def tasks(self, blank: AITask) -> tuple[AITask, ...]:
        """What the run used, on the lines of `blank`: nothing, or one operation, its cost null when unknown."""
        if self.result is None:
            return (_without_figures(blank, self.model),) if self.began else ()
        if self.result.took_nothing:
            return ()
        return (_with_figures(blank, self.model, self.result),)


def _cleaned(result: Result, say: Say) -> Result:
    """The result with all its texts said."""
    answer = result.structured_output
    return msgspec.structs.replace(
        result,
        subtype=say(result.subtype),
        result=None if result.result is None else say(result.result),
        errors=[say(error) for error in result.errors],
        model_usage={say(name): use for name, use in result.model_usage.items()},
        permission_denials=[
            Denial(say(denial.tool_name), cleaned_mapping(denial.tool_input, say))
            for denial in result.permission_denials
        ],
        structured_output=None if answer is None else cleaned_mapping(answer, say),
    )


def _after(before: Result | None, result: Result) -> Result:
    """A result that follows another: its costs and tokens hold those before it, its time and denials do not."""
    if before is None:
        return result
    return msgspec.structs.replace(
        result,
        duration_ms=(before.duration_ms or 0.0) + (result.duration_ms or 0.0),
        permission_denials=[*before.permission_denials, *result.permission_denials],
    )


def _without_figures(blank: AITask, model: str) -> AITask:
    return AITask(type=blank.type, model=model or UNKNOWN_MODEL, cost_usd=None, created_at=blank.created_at)


def _with_figures(blank: AITask, model: str, result: Result) -> AITask:
    uses = result.model_usage
    dearest = max(uses, key=lambda name: uses[name].cost_usd or 0.0, default=model or UNKNOWN_MODEL)
    return AITask(
        type=blank.type,
        model=dearest,
        cost_usd=result.cost_usd,
        created_at=blank.created_at,
        tokens_input=_total(use.input_tokens for use in uses.values()),
        tokens_output=_total(use.output_tokens for use in uses.values()),
        tokens_cache_read=_total(use.cache_read_input_tokens for use in uses.values()),
        tokens_cache_write=_total(use.cache_creation_input_tokens for use in uses.values()),
        duration_seconds=None if _amount(result.duration_ms) is None else (result.duration_ms or 0.0) / 1000,
        usage_by_model={name: _usage(use) for name, use in uses.items()} if len(uses) > 1 else {},
    )


def _total(tokens: Iterable[int]) -> int | None:
    """The sum; None of nothing, for that is not known to be 0, and of what cannot be."""
    listed = list(tokens)
    return sum(listed) if listed and min(listed) >= 0 and sum(listed) <= MOST else None


def _usage(use: ModelUse) -> ModelUsage:
    return ModelUsage(
        cost_usd=use.known_cost,
        tokens_input=_total([use.input_tokens]),
        tokens_output=_total([use.output_tokens]),
        tokens_cache_read=_total([use.cache_read_input_tokens]),
        tokens_cache_write=_total([use.cache_creation_input_tokens]),
    )


def _amount(figure: float | None) -> float | None:
    """A figure; None where it is one that cannot be."""
    return figure if figure is not None and 0 <= figure <= MOST else None


def _describe(tool: str, given: Mapping[str, object], root: str, say: Say) -> str:
    """`Edit app/models.py`, `Bash make test`: a tool, and the one thing that says what it is used on."""
    keys = ("file_path", "notebook_path", "command", "pattern", "path", "url", "description")
    about = next((str(given[key]) for key in keys if given.get(key)), "")
    return shortened(" ".join(say(f"{tool} {about.removeprefix(root)}").split()), _LONGEST_SHOWN)
