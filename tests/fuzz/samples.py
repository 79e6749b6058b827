"""Valid things from outside, which the fuzzing then spoils."""

from dataclasses import replace
from datetime import timedelta

from claudestep.domain.ai_tasks import ModelUsage
from claudestep.infrastructure.hosting import marked_part, record_block
from claudestep.infrastructure.metadata import codec
from tests.unit.builders import (
    NOW,
    at,
    claimed,
    closed,
    done,
    in_review,
    merged,
    previous,
    project,
    record,
    skipped,
    step,
    task,
)
from tests.unit.infrastructure.agent.printed import INIT, result, tool, turn, use

SPECS = (
    b"# Migrate\n\n- [ ] One\n\n- [x] Two\n  with a second line\n  - [ ] Nested `code`\n\n* [X] Three\n1. [ ] Four\n",
    b"\xef\xbb\xbf- [ ] First\r\n- [ ] Second\r\n\r\n```\r\n- [ ] no step\r\n```\r\n<!--\r\n- [ ] none\r\n-->\r\n- [ ] Third\r\n",
    b"> - [ ] quoted\n\n1) [ ] a\n   1) [x] b\n      > - [ ] c\n\n- [ ] same\n- [ ] same\n- [x] same\n\ttabbed\n",
    "- [ ] Ümlaut – “quotes” \N{WHITE HEAVY CHECK MARK}\n+ [\t] Tab box\n-   [ ]   spaces   inside\n".encode(),
)
SPEC_WORDS = (
    b"- [ ] One", b"- [x] One", b"  - [ ] deeper", b"- [ ]", b"- [ ] ", b"-\t[ ]\ttab", b"```", b"~~~ x",
    b"<!--", b"-->", b"> ", b"> - [ ] q", b"    code", b"<div>", b"", b"---", b"===", b"| a |",
    b"- [ ] a\r- [ ] b", b"- [ ] a\x0bb", b"- [ ] a\xc2\x85b", b"- [ ] a\xe2\x80\xa8b", b"- [ ] \x00",
    b"1. [ ] n", b"10) [ ] n", b"- - - [ ] n", b"[a]: b", b"* * *", b"-", b"- \\[ ] n", b"- &#91; ] n",
    b"- [ ] a \\", b"- [ ] \xef\xbb\xbf", b"- [ ] `[ ]`", b"-\n  [ ] n", b"- [ ]\xc2\xa0nbsp",
    b"- [ ]\xe3\x80\x80wide", b"- [ ] " + b"[" * 200, b">" * 150 + b" - [ ] q", b"  " * 90 + b"- [ ] n",
)  # fmt: skip

CONFIGURATIONS = (
    b"""# ours
reviewers:
  - username: alice
    maxOpenPRs: 2
  - {username: "bob-[bot]"}
baseBranch: develop/next
agent:
  model: claude-sonnet-4-5
  allowedTools: ["Bash(npm test:*)", WebFetch]
  permissionMode: acceptEdits
  maxTurns: 20
  env: [NPM_TOKEN]
setup: |
  npm ci
verify: npm test
maxRepairs: 1
summary: false
timeoutMinutes: 22.5
maxAttempts: 3
onFailure: stop
retryClosed: true
budget: {perStepUsd: 1.5, projectUsd: 40}
stalePRDays: 3
labels: [refactoring, "Good first"]
paused: no
""",
    b"agent:\n  command: python codemod.py\n  env: [A_B]\nsetup: make\nmaxRepairs: 0\n",
    b"{}\n",
    b"",
)
REPOSITORY_CONFIGURATION = (
    b"paused: false\nmaxOpenPRsPerReviewer: 3\ndefaults:\n  reviewers: [{username: carol}]\n"
    b"  budget: {perStepUsd: 2}\n  agent: {model: m}\n"
)
YAML_WORDS = (
    b"null", b"~", b"yes", b"1", b"-1", b"0", b"1e999", b".nan", b".inf", b"-.inf", b"0x_", b"0b", b"1_000",
    b"1:60:60", b'!!int ""', b'!!int "x"', b'!!float ""', b'!!bool "perhaps"', b'!!timestamp "never"',
    b"!!binary //", b"!!set {a}", b"!!omap [a]", b"!!pairs [a]", b"!!python/object:os.system x", b"!own x",
    b"2026-13-45", b"2025-01-15", b"2025-01-15T10:30:00Z", b"<<: {a: 1}", b"<<: [1]", b"&a x", b"*a", b"[",
    b"]", b"{", b"}", b"? a", b"? [a]\n: b", b"---", b"--- a", b"...", b"%YAML 9.9", b"%TAG ! x", b'"\\ud800"',
    b'"\\x"', b"'", b"|", b">", b"| -", b"- a", b"a: b", b"=", b"reviewers: 1", b"paused: true", b"paused: [",
    b"agent: {command: }", b"budget: 5", b"timeoutMinutes: .nan", b"@x", b"maxAttempts: " + b"9" * 5000,
    b"labels: [" + b"[" * 300, b"\tpaused: true", b"1: 2", b"true: 1", b"null: 1", b"2025-01-01: 1", b'"": 1',
    b'"a.b": 1', b'"[0]": 1', b"'` - at `$.x`': 1", b"agent: {'`': 1}", b"defaults: null", b"defaults: []",
)  # fmt: skip

RICH = project(
    done(1, "One", ai_tasks=(task(0.25, id="c1-1", tokens_input=5), task(None, id="c1-2")), pr_number=5, pr_state="merged",
         branch_name="claude-step-p-1", merged_at=at(-2), attempts=1, extra={"later": [1, {"a": None}]}),
    in_review(2, "Two", reviewer="alice", previous_pull_requests=(previous(90), previous(91, "open", reviewer="bob"))),
    claimed(3, "Three", reviewer="bob", reserved_usd=1.5, base_branch="main", extra={"x": 1}),
    claimed(4, "Four", claim_id="c4", stage="publishing", until=at(-1)),
    skipped(5, "Five"),
    closed(6, "Six", failures=1, failure_reason="it broke\nbadly", closed_reason="no"),
    merged(7, "Seven"),
    step(8, "Eight", waits_for=(9,), failures=2, attempts=2),
    step(9, "Nine", orphaned_at=at(-3), attempts=1, ai_tasks=(
        task(1.0, id="c9-1", usage_by_model={"m": ModelUsage(cost_usd=1.0), "n": ModelUsage(tokens_input=3)}),)),
    created_at=at(-100),
    last_updated=NOW - timedelta(minutes=1),
    extra={"unknown": {"deep": ["kept", 1.5, True]}},
)  # fmt: skip
PLAIN = project(step(1, "One"), step(2, "Two"))
DOCUMENTS = (codec.encode(RICH), codec.encode(PLAIN), codec.encode(project()))

RECORD = record(1, "One -- > <!-- x", reviewer="alice", base_branch="main", ai_tasks=RICH.steps[0].ai_tasks)
BODIES = (
    f"One\n\n{marked_part.marked(record_block.write(RECORD))}\n".encode(),
    f"{record_block.write(replace(RECORD, ai_tasks=()))}\n\nwords\n".encode(),
)

TRANSCRIPTS = (
    INIT
    + turn(1, tool("Edit", file_path="/tree/a.py"), {"type": "text", "text": "Now\nthe next"})
    + turn(2, tool("Bash", command="make test"))
    + result(
        modelUsage={"a": use(), "b": use(costUSD=0.75)},
        permission_denials=[{"tool_name": "Edit", "tool_input": {"a": 1}}],
    ),
    INIT + b'{"type": "system", "subtype": "api_retry", "attempt": 2}\n' + result() + result(total_cost_usd=0.75),
    INIT
    + result(
        subtype="error_max_turns",
        is_error=True,
        result=None,
        errors=["too many", "turns"],
        structured_output={"a": 1},
    ),
    result(modelUsage={}, total_cost_usd=0, is_error=True),
)
USAGES = (
    b"[" + codec.encode_ai_task(task(0.5, id="x")) + b"]",
    codec.encode_ai_task(RICH.steps[8].ai_tasks[0]),
)
