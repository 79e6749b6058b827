"""What Claude Code prints, line by line."""

import json
from tempfile import TemporaryFile
from typing import Any

from claudestep.domain.ai_tasks import AITask
from claudestep.infrastructure.agent.transcript import Transcript
from tests.unit.builders import task

BLANK = task(None, model="opus")


def line(**values: Any) -> bytes:
    return json.dumps(values, ensure_ascii=False).encode() + b"\n"


def use(**values: Any) -> dict[str, Any]:
    """What one model took."""
    return {
        "inputTokens": 10,
        "outputTokens": 20,
        "cacheReadInputTokens": 300,
        "cacheCreationInputTokens": 4000,
        "costUSD": 0.5,
        **values,
    }


def result(**values: Any) -> bytes:
    """The last line of a run that went well with one model; None leaves a key out."""
    full = {
        "type": "result",
        "subtype": "success",
        "is_error": False,
        "result": "Done.",
        "total_cost_usd": 0.5,
        "duration_ms": 1500,
        "modelUsage": {"claude-opus-4": use()},
        **values,
    }
    return line(**{key: value for key, value in full.items() if value is not None})


def turn(number: int, *blocks: dict[str, Any]) -> bytes:
    return line(type="assistant", message={"id": f"msg_{number}", "content": list(blocks)})


def tool(name: str, **given_values: Any) -> dict[str, Any]:
    return {"type": "tool_use", "name": name, "input": given_values}


INIT = line(type="system", subtype="init", model="claude-opus-4-init", tools=["Bash"])
RESULT = result()
USED = AITask(
    type="PRCreation",
    model="claude-opus-4",
    cost_usd=0.5,
    created_at=BLANK.created_at,
    tokens_input=10,
    tokens_output=20,
    tokens_cache_read=300,
    tokens_cache_write=4000,
    duration_seconds=1.5,
)


def read(*parts: bytes) -> Transcript:
    """What is read of a run that printed these parts, looking after each of them."""
    transcript = Transcript()
    with TemporaryFile() as output:
        for part in parts:
            output.write(part)
            output.flush()
            transcript.read(output)
        transcript.finish(output)
    return transcript
