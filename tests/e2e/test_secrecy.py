"""No token of GitHub reaches the agent, whatever it looks at in its environment, its processes and its git."""

from pathlib import Path

from tests.e2e.bench import DOES_IT, DONE, KEY, MODEL, STEP, Bench, bash, once, writes
from tests.e2e.conftest import SetUp
from tests.fakes.messages_api import ANSWER_TOOL, Fault, Scenario, Turn

AGENT = f"agent:\n  model: {MODEL}\n  allowedTools: [Bash]\n  env: [NPM_SETTING]\nsummary: false\n"
PREFIX = "ghs_secret"
VARIABLES = ("GITHUB_TOKEN", "GH_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "ACTIONS_RUNTIME_TOKEN")
LOOKS = """\
{ echo "# environment"; env
  echo "# ancestors"; pid=$$
  while [ "$pid" -gt 1 ]; do ps -ww -o args= -p "$pid"; pid=$(ps -o ppid= -p "$pid" | tr -d ' '); done
  echo "# processes"; ps axww -o args; cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '
  echo "# git"; git config --list --show-origin; git remote -v; git ls-remote 2>&1
  git -c alias.x='!env' x
  echo "# end"
} > "%s"
"""


def hide_tokens(bench: Bench) -> None:
    """A token in each place where a user or a workflow keeps one."""
    repository = bench.repository
    repository.environment |= {name: f"{PREFIX}_{name}" for name in VARIABLES}
    repository.environment["NPM_SETTING"] = "of the user"
    repository.git("config", "http.https://github.com/.extraheader", f"AUTHORIZATION: basic {PREFIX}_header")
    repository.git("remote", "add", "origin", f"https://x-access-token:{PREFIX}_remote@github.com/o/r.git")
    repository.git("config", f"url.https://x:{PREFIX}_url@github.com/.insteadOf", "https://github.com/")
    repository.git("config", "--global", "http.extraheader", f"AUTHORIZATION: basic {PREFIX}_home")


def test_an_agent_that_looks_everywhere_sees_no_token(set_up: SetUp, tmp_path: Path) -> None:
    seen, ours = tmp_path / "seen", tmp_path / "ours"
    commands = f"setup: env > '{ours}'\nverify: env >> '{ours}'\n"
    plays = once(bash(LOOKS % seen), bash("cat .git/config; git remote -v; env | sort"), *DOES_IT)
    bench = set_up(plays, AGENT + commands)
    hide_tokens(bench)

    assert bench.run().code == 0

    text = seen.read_text(encoding="utf-8")
    assert text.endswith("# end\n")
    for there in (
        "NPM_SETTING=of the user",
        "-m claudestep --local run p",
        "file:.git/config\tuser.name=ClaudeStep",
    ):
        assert there in text, "it did look"
    said = "".join(request.text for request in bench.api.requests)
    own = ours.read_text(encoding="utf-8")
    for shown in (text, said, own):
        assert "NPM_SETTING=of the user" in shown
        assert PREFIX not in shown
    assert own.count("NPM_SETTING=") == 2


def test_a_file_that_a_check_or_a_diff_mentions_is_not_read(set_up: SetUp, tmp_path: Path) -> None:
    """What a check prints and what an agent wrote is data; the file stands outside of the tree."""
    (tmp_path / "private.txt").write_text("the private text\n", encoding="utf-8")
    mention = f"see @{tmp_path}/private.txt"
    check = f"verify: \"test -e two.txt || {{ echo '{mention}'; exit 1; }}\"\n"
    plays = Scenario(runs=[(writes(content=f"{mention}\n"), DONE), (writes("two.txt"), DONE)])
    bench = set_up(plays, STEP.replace("false", "true") + check)
    assert bench.run().code == 0
    assert all(mention in prompt for prompt in [bench.api.prompts()[1], *bench.api.prompts("summary")])
    assert not [request.kind for request in bench.api.requests if "the private text" in request.text]


def test_a_key_that_the_agent_says_is_in_no_line_and_no_pull_request(set_up: SetUp) -> None:
    """It says it in its text, in a command that is refused, and to the reviewer."""
    says = Turn(text=f"I know {KEY}", tool="Bash", input={"command": f"curl -H {KEY} localhost"})
    answer = {"what_changed": f"It writes a file, and {KEY}.", "how_to_review": [f"Read {KEY}."], "risks": []}
    summary = (Turn(tool=ANSWER_TOOL, input=answer), DONE)
    bench = set_up(Scenario(runs=[(says, *DOES_IT)], summary=summary), STEP.replace("false", "true"))

    result = bench.run()

    assert result.code == 0
    body = bench.repository.git("log", "-1", "--format=%B", "refs/claudestep/pulls/1")
    assert "It writes a file, and [redacted]." in body
    assert "- Read [redacted]." in body
    assert "Claude Code was refused Bash curl -H [redacted] localhost" in result.out
    assert KEY not in result.out + result.err + body


def test_a_key_in_the_reason_of_a_failure_is_not_told(set_up: SetUp) -> None:
    bench = set_up(once(Turn(fault=Fault(status=400, kind="invalid_request_error", message=f"no {KEY}"))))
    result = bench.run()
    assert "API Error: 400 no [redacted]" in result.out
    assert KEY not in result.out + result.err
