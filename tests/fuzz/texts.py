"""What programs print and environments hold: targets."""

import tempfile
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from claudestep.application.pull_request import our_part
from claudestep.application.summary import read_summary
from claudestep.domain import commit_message, naming
from claudestep.domain.ai_tasks import AITask
from claudestep.infrastructure.agent.transcript import Transcript
from claudestep.infrastructure.agent.usage import take_usage
from claudestep.infrastructure.git import server_errors
from claudestep.infrastructure.github.api.endpoints import Endpoints, repository_of_remote
from claudestep.infrastructure.github.api.proxies import proxy_of
from claudestep.infrastructure.github.api.token import find_token
from claudestep.infrastructure.hosting import marked_part, record_block
from claudestep.infrastructure.metadata import codec
from claudestep.infrastructure.process import CommandFailed, Completed
from claudestep.infrastructure.runs import Runs
from tests.fakes.clock import FakeClock
from tests.fuzz import samples
from tests.fuzz.mutation import BYTES, Mutation, mutants, mutate_bytes, mutate_json, mutate_lines
from tests.fuzz.target import READ, Target
from tests.unit.builders import NOW, project, step, task

_URL = "https://github.com/o/r.git"


def _transcript(case: bytes) -> str:
    transcript = Transcript("/tree/")
    with tempfile.TemporaryFile() as output:
        output.write(case[: len(case) // 2])
        output.flush()
        transcript.read(output)
        output.write(case[len(case) // 2 :])
        output.flush()
        transcript.finish(output)
    used = transcript.tasks(task(None))
    _assert_can_be_recorded(used)
    assert isinstance(transcript.progress, str)
    found = transcript.result
    if found is None:
        return "begun" if transcript.began else "nothing"
    assert used or found.took_nothing, "what may have cost something is recorded"
    read_summary(found.structured_output)
    for denial in found.permission_denials:
        denial.describe("/tree")
    return "failed" if found.failure else READ


def _assert_can_be_recorded(tasks: tuple[AITask, ...]) -> None:
    """A cost that was paid always finds its way into a document, and into a pull request."""
    for one in tasks:
        assert codec.decode_ai_tasks("usage", codec.encode_ai_task(one)) == (one,)
    held = project(step(1, ai_tasks=tasks))
    assert codec.decode("projects/p.json", codec.encode(held)) == held
    assert our_part(held.steps[0], samples.RECORD)


def _usage(case: bytes) -> str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "usage.json")
        path.write_bytes(case)
        used = take_usage(path, "PRCreation", NOW)
        assert not path.exists()
    _assert_can_be_recorded(used)
    return "unknown" if [one.model for one in used] == ["unknown"] else READ


def _body(case: bytes) -> str:
    body = case.decode(errors="replace")
    found = record_block.read(body)
    part = marked_part.replace(body, "ours")
    assert marked_part.replace(part, "ours") == part
    if found is None:
        return "no record"
    assert record_block.read(record_block.write(found)) == found
    _assert_can_be_recorded(found.ai_tasks)
    return READ


def _message(case: bytes) -> str:
    text = case.decode(errors="replace")
    told = commit_message.read(text)
    claim = commit_message.claim_of(text)
    again = commit_message.compose(told.subject, told.story, author=told.by, unique_id="n")
    assert commit_message.read(again).story == told.story
    found = naming.parse_step_branch(text.split("\n", 1)[0])
    if found is not None:
        assert found.step_index < 1 << 63
        assert found.attempt < 1 << 63
    return READ if told.ours or claim else "by hand"


def _git(case: bytes) -> str:
    stdout, _, stderr = case.decode(errors="replace").partition("\n---\n")
    failed = CommandFailed(["git", "push"], 1, stdout=stdout, stderr=stderr)
    for error in (server_errors.refusal(failed, _URL), server_errors.explained(failed, _URL)):
        assert str(error).strip()
        assert "\x1b" not in error.explained
    return type(error).__name__


def _environment(case: bytes) -> str:
    lines = case.decode("utf-8", "surrogateescape").split("\n")
    environment = dict(line.partition("=")[::2] for line in lines)
    endpoints = Endpoints.read(environment)
    repository_of_remote(environment.get("REMOTE", ""), endpoints.server)
    for url in (endpoints.api, endpoints.graphql, endpoints.server):
        assert url.startswith(("https://", "http://"))
        proxy_of(url, environment)
    token = find_token(environment, endpoints.server, _no_gh)
    token.reveal().encode("ascii")
    return READ


def _no_gh(argv: Sequence[str], *, env: Mapping[str, str], timeout: float | None) -> Completed:
    del argv, env, timeout
    raise CommandFailed(["gh"], None, "not there")


def _kept(case: bytes) -> str:
    """Costs that wait on disk for their record: `metadata apply` and every run read them."""
    with tempfile.TemporaryDirectory() as folder:
        runs = Runs(Path(folder), FakeClock())
        path = Path(folder, "unsent", "c.json")
        path.parent.mkdir()
        path.write_bytes(case)
        listed = runs.unsent()
        found = runs.read_unsent(path)
    assert [one.record for one in listed] == [found.record]
    _assert_can_be_recorded(found.record.tasks)
    codec.encode(found.record.apply(project(step(1))))
    return READ


def _note(case: bytes) -> str:
    with tempfile.TemporaryDirectory() as folder:
        runs = Runs(Path(folder), FakeClock())
        path = Path(folder, "runs", "c.json")
        path.parent.mkdir()
        path.write_bytes(case)
        return READ if runs._notes() else "no note"


_STDERR = (
    b"!\trefs/heads/x:refs/heads/y\t[remote rejected] (pre-receive hook declined)\nDone\n---\n"
    b"remote: error: GH006: Protected branch update failed.\nremote: \nerror: failed to push some refs to 'u'\n",
    b"\n---\nfatal: unable to access 'https://github.com/o/r.git/': The requested URL returned error: 403\n",
    b"!\ta:b\t[rejected] (fetch first)\n---\nhint: x\n",
    b"\n---\nremote: Repository not found.\nfatal: repository 'https://github.com/o/r.git/' not found\n",
    b"!\ta:b\t[remote failure] (remote failed to report status)\n---\nfatal: the remote end hung up unexpectedly\n",
)
_ENVIRONMENTS = (
    b"GITHUB_API_URL=https://ghe.example.com/api/v3\nGITHUB_TOKEN=ghs_x\nREMOTE=git@ghe.example.com:o/r.git\n"
    b"HTTPS_PROXY=http://u:p@proxy:3128\nNO_PROXY=localhost,.example.org",
    b"GITHUB_SERVER_URL=https://github.com\nGH_TOKEN=x\nREMOTE=https://u@github.com/o/r.git/",
    b"GITHUB_API_URL=http://127.0.0.1:80\nGITHUB_GRAPHQL_URL=http://localhost/graphql\nGITHUB_TOKEN= y ",
    b"GITHUB_SERVER_URL=https://x.ghe.com\nGITHUB_ENTERPRISE_TOKEN=x\nREMOTE=ssh://git@x.ghe.com:22/o/r",
)
_ADDRESS_WORDS = (
    b"https://", b"http://", b"[::1]", b"[::1", b"[v1.a]", b"[fe80::1%25eth0]", b"::", b":0", b":99999", b":x",
    b"@", b"//", b"?q", b"#f", b"\xc2\xad", b"\xe2\x84\x80", b"\xef\xbc\x8f", b"xn--a", b"..", b"%2f", b"\\",
    b"\t", b"://", b"ssh://", b"file:///", b"GITHUB_TOKEN=", b"HTTPS_PROXY=", b"no_proxy=*", b"localhost",
    *BYTES,
)  # fmt: skip
_MESSAGES = (
    commit_message.compose(
        "Claim step 1 of p", ["One", "Two - three"], author="alice@host pid 7", unique_id="abc"
    ).encode(),
    b"ClaudeStep: One\n\nClaudeStep-Claim: c1\n",
    b"claude-step-p-1.2\n\nwords\n",
)
_KEPT = b'{"project": "p", "step_index": 1, "tasks": [' + samples.USAGES[1] + b"]}"
_NOTE = (
    b'{"claim": "c", "project": "p", "folder": "/tmp/none", "owner": {"host": "h", "pid": 5, "started": "1"},'
    b' "until": "2025-01-15T10:30:00Z", "step_index": 1}'
)


def _json_lines(data: bytes, steps: Sequence[Mutation]) -> bytes:
    """One of the lines, each of them JSON, with its nodes spoiled."""
    lines = data.splitlines()
    for one in steps:
        at = one[0] % len(lines)
        try:
            lines[at] = mutate_json(lines[at], [(one[1], one[1] >> 5, one[2])])
        except ValueError:  # spoiled before
            continue
    return b"\n".join(lines) + b"\n"


def _record_json(data: bytes, steps: Sequence[Mutation]) -> bytes:
    """The JSON inside of a record's block spoiled."""
    before, _, rest = data.partition(b"claudestep:record ")
    text, _, after = rest.partition(b" -->")
    return before + b"claudestep:record " + mutate_json(text, steps).replace(b">", b"\\u003e") + b" -->" + after


TARGETS = (
    Target("transcript", mutants(samples.TRANSCRIPTS, _json_lines, mutate_bytes), _transcript),
    Target("usage file", mutants(samples.USAGES, mutate_json, mutate_bytes), _usage),
    Target("kept costs", mutants((_KEPT,), mutate_json, mutate_bytes), _kept),
    Target("note of a run", mutants((_NOTE,), mutate_json, mutate_bytes), _note),
    Target("body of a pull request", mutants(samples.BODIES, _record_json, mutate_bytes), _body),
    Target("commit message", mutants(_MESSAGES, mutate_lines, mutate_bytes), _message),
    Target("git's words", mutants(_STDERR, mutate_bytes, mutate_lines), _git),
    Target("environment", mutants(_ENVIRONMENTS, partial(mutate_bytes, words=_ADDRESS_WORDS)), _environment),
)
