"""What a user is told on a bad day: one sentence, for people, and what to do about it."""

import json
import re
from collections.abc import Callable, Mapping
from threading import Thread
from typing import Any

from tests.github_server.fixture import DEFAULT_TOKEN, Fault
from tests.integration.github_clone import METADATA, PROJECT, GitHubClone
from tests.integration.repository import Result, eventually

TWO = "reviewers:\n  - username: alice\n  - username: bob\n"
PAID = 'echo paid >> "$HOME/paid"; echo x > "$CLAUDESTEP_STEP_INDEX.txt"'
DOCUMENT = f"projects/{PROJECT}.json"
_SENTENCE = re.compile(r"^(?:error: |  failed: |  not merged: )(.*)$", re.MULTILINE)
_NOT_FOR_PEOPLE = ("Traceback", '{"', "x-access-token", DEFAULT_TOKEN)


def told(result: Result, code: int, *words: str) -> None:
    """It says once what is wrong; these words stand in it or in what it says to do."""
    text = result.out + result.err
    assert result.code == code, result
    assert len(_SENTENCE.findall(text)) == 1, text
    assert [word for word in words if word not in text] == [], text
    assert [word for word in _NOT_FOR_PEOPLE if word in text] == [], text


def broken_off(clone: GitHubClone, *args: str, env: Mapping[str, str] | None = None) -> Result:
    """Run the program where it may leave a claim to the next run."""
    with clone.start(*args, env=env) as process:
        out, err = process.communicate(timeout=60)
    return Result(process.returncode, out, err)


def meanwhile(clone: GitHubClone, held: str, act: Callable[[], object], *args: str) -> Result:
    """Run the program, and do something while its first request of this kind waits."""
    clone.remote.fault(Fault(kind="hold", on=f"graphql mutation {held}", when="before"))
    results: list[Result] = []
    thread = Thread(target=lambda: results.append(broken_off(clone, *args)))
    thread.start()
    try:
        eventually(lambda: bool(clone.remote.held()) or not thread.is_alive())
        act()
    finally:
        clone.remote.let_go()
        thread.join()
    return results[0]


def times_paid(clone: GitHubClone) -> int:
    """How often the agent `PAID` has run."""
    file = clone.home / "paid"
    return len(file.read_text().splitlines()) if file.exists() else 0


def kept_patches(clone: GitHubClone) -> int:
    """How many patches of work that came to no pull request are there."""
    return len(list(clone.git_folder.glob("claudestep/patches/*.patch")))


def write_by_hand(clone: GitHubClone, content: str | None) -> None:
    """Somebody edits the document of the project in the web editor; None deletes it."""
    clone.remote.commit(METADATA.removeprefix("refs/heads/"), {DOCUMENT: content})


def claim_of(clone: GitHubClone, index: int = 1) -> Any:
    """The claim on a step, None without one."""
    return clone.step(index).get("claim")


def as_if_elsewhere(clone: GitHubClone) -> None:
    """Make the claims those of another machine, as every run on GitHub's own runners has one."""
    document = clone.document()
    for step in document["steps"]:
        if "claim" in step:
            step["claim"]["owner"]["host"] = "another-runner"
    write_by_hand(clone, json.dumps(document))
