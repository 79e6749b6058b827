"""prepare, agent and finalize on GitHub: what they ask of it, and what each of them is given."""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.github_server.fixture import DEFAULT_TOKEN, GitHubServer
from tests.integration.github_clone import GitHubClone
from tests.integration.repository import PROJECT, Result

WRITES = "echo $CLAUDESTEP_STEP_INDEX > file-$CLAUDESTEP_STEP_INDEX.txt\n"


@dataclass
class Staged(GitHubClone):
    """A clone in which claims outlive a command."""

    def _judged(self, args: Iterable[str], before: object, result: Result) -> Result:
        del args, before
        assert result.code in (0, 1, 2, 130), result
        assert "Traceback" not in result.err
        assert not list(self.temporary.glob("claudestep-*"))
        assert DEFAULT_TOKEN not in result.out + result.err
        return result

    def belongings(self) -> tuple[object, ...]:
        """Not looked at: git would, and does what the clone's settings say."""
        return ()

    def asked(self) -> list[str]:
        """What was asked since the last time, without what git asks."""
        logged = [one for one in self.remote.requests() if ".git/" not in one.path]
        self.remote.forget_requests()
        return [one.operation or f"{one.method} {one.path}" for one in logged]


@pytest.fixture
def clone(github: GitHubServer, tmp_path: Path) -> Staged:
    clone = Staged.of(github, tmp_path, command=WRITES, labels=["claudestep"])
    assert isinstance(clone, Staged)
    clone.remote.forget_requests()
    return clone


def test_what_each_of_them_asks(clone: Staged) -> None:
    clone.run("prepare", PROJECT)
    assert clone.asked()[0] == "Observe"  # and the branch is begun
    clone.run("agent", env={"GITHUB_TOKEN": "", "GITHUB_API_URL": "http://127.0.0.1:9"})
    assert clone.asked() == []
    assert clone.run("finalize").code == 0
    assert clone.asked() == ["Observe", "CreateCommit", "CreatePullRequest", "Dress", "CreateCommit"]

    clone.remote.merge(1)
    clone.remote.forget_requests()
    clone.run("prepare", PROJECT)
    assert clone.asked() == ["Observe", "CreateCommit"]


def test_an_agent_without_a_token_works_on_a_base_that_the_clone_did_not_have(clone: Staged) -> None:
    clone.remote.commit("main", {"new.txt": "pushed by somebody else\n"})
    clone.run("prepare", PROJECT)

    done = clone.run("agent", env={"GITHUB_TOKEN": "", "GITHUB_API_URL": "http://127.0.0.1:9"})

    assert (done.code, "done" in done.out) == (0, True), done
    assert clone.run("finalize").code == 0
    assert clone.remote.show("new.txt", "claude-step-p-1") == "pushed by somebody else\n"


def test_settings_that_an_agent_makes_lead_finalize_nowhere(clone: Staged, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    evil = f"#!/bin/sh\ntouch '{marker}'\ncat\n"
    clone.configure(
        f"""cat > evil.sh <<'END'
{evil}END
chmod +x evil.sh; evil="$PWD/evil.sh"; cp evil.sh '{tmp_path}/evil.sh'; rm evil.sh
git config --local core.fsmonitor '{tmp_path}/evil.sh'
git config --local core.sshCommand '{tmp_path}/evil.sh'
git config --local credential.helper '!{tmp_path}/evil.sh'
git config --local filter.evil.clean '{tmp_path}/evil.sh'
git config --local diff.external '{tmp_path}/evil.sh'
git config --local core.hooksPath '{tmp_path}/hooks'
git config --local "url.http://127.0.0.1:9/.insteadOf" "{clone.remote.server.url}/"
mkdir -p '{tmp_path}/hooks'
for name in pre-push reference-transaction post-commit pre-commit post-checkout; do
  cp '{tmp_path}/evil.sh' "{tmp_path}/hooks/$name"; cp '{tmp_path}/evil.sh' ".git/hooks/$name" 2>/dev/null
done
echo '* filter=evil' > .gitattributes
{WRITES}"""
    )
    clone.commit()
    clone.run("prepare", PROJECT)
    done = clone.run("agent", "--in-place", env={"GITHUB_TOKEN": ""})
    assert "done" in done.out, done
    marker.unlink(missing_ok=True)

    done = clone.run("finalize")

    assert (done.code, marker.exists()) == (0, False), done
    assert clone.remote.show("file-1.txt", "claude-step-p-1") == "1\n"


def test_an_agent_of_ones_own_that_makes_settings(clone: Staged, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    evil = tmp_path / "evil.sh"
    evil.write_text(f"#!/bin/sh\ntouch '{marker}'\ncat\n")
    evil.chmod(0o755)
    clone.run("prepare", PROJECT, "--check-out")
    for name in ("core.fsmonitor", "filter.evil.clean", "diff.external", "credential.helper", "core.sshCommand"):
        subprocess.run(["git", "-C", str(clone.path), "config", name, str(evil)], check=True)
    (clone.path / ".gitattributes").write_text("*.enc filter=evil\n")
    (clone.path / "mine.txt").write_text("mine\n")
    execution = tmp_path / "execution.json"
    execution.write_text('[{"type": "result", "subtype": "success", "total_cost_usd": 0.1}]')

    done = clone.run("finalize", "--execution-file", str(execution))

    assert (done.code, marker.exists()) == (0, False), done
    assert clone.remote.show("mine.txt", "claude-step-p-1") == "mine\n"


def test_a_file_that_is_kept_encrypted_is_not_published_in_the_open(clone: Staged, tmp_path: Path) -> None:
    clone.write(".gitattributes", "*.enc filter=turn\n")
    for name in ("clean", "smudge"):
        clone.git("config", f"filter.turn.{name}", "tr a-z n-za-m")
    clone.write("secret.enc", "password\n")
    clone.commit()
    assert clone.remote.show("secret.enc") == "cnffjbeq\n"
    clone.run("prepare", PROJECT, "--check-out")
    clone.write("mine.txt", "mine\n")
    execution = tmp_path / "execution.json"
    execution.write_text('[{"type": "result", "subtype": "success", "total_cost_usd": 0.1}]')

    done = clone.run("finalize", "--execution-file", str(execution))

    assert (done.code, "through the filter turn" in done.out) == (1, True), done
    assert "password" not in "".join(clone.remote.git("log", "--all", "-p"))
