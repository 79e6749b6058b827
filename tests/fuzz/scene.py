"""The repository in which the chain is played: two projects, and reviewers with room for so many."""

from typing import Literal

from claudestep.application.run import Listener

Ending = Literal["done", "failed", "free", "unknown"]
ENDINGS: tuple[Ending, ...] = ("done", "done", "done", "failed", "free", "unknown")
NOBODY = Listener(settled=lambda _: None, started=lambda _: None, progress=lambda *_: None, finished=lambda _: None)
PROJECTS = ("p", "q")
MOST = {("p", "alice"): 1, ("p", "bob"): 1, ("q", "alice"): 2}
MOST_EVERYWHERE = 2
CONFIGURATION = "summary: false\nmaxRepairs: 0\nreviewers:\n"
FILES = {
    "claude-step/configuration.yml": f"maxOpenPRsPerReviewer: {MOST_EVERYWHERE}\n",
    "claude-step/p/configuration.yml": f"{CONFIGURATION}  - username: alice\n  - username: bob\n",
    "claude-step/q/configuration.yml": f"{CONFIGURATION}  - {{username: alice, maxOpenPRs: 2}}\n",
    "claude-step/p/spec.md": "- [ ] One\n\n- [ ] Two\n\n- [ ] Three\n",
    "claude-step/q/spec.md": "- [ ] One\n\n- [ ] Other\n",
}
