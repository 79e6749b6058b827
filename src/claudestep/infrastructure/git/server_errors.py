"""What git says of a server that refused or could not be reached, as errors: decided in one place.

The texts are those of git itself in English (remote-curl.c, http.c, send-pack.c) and, behind `remote:`, GitHub's.
"""

import re
from collections.abc import Callable
from urllib.parse import urlsplit

from claudestep.domain.errors import (
    ClaudeStepError,
    Forbidden,
    HostError,
    NotFound,
    RepositoryError,
    RulesetViolation,
    Stale,
    Transient,
    Unauthorized,
    Unprocessable,
)
from claudestep.domain.text import printable, shortened
from claudestep.infrastructure.git.command import CannotWrite
from claudestep.infrastructure.process import CommandFailed

_LONGEST = 500
_SAID = re.compile(r"^remote: ?(?:error: ?)?(.*?)\s*$", re.MULTILINE)
_REASON = re.compile(r"^(?:fatal|error): (?:unable to access '[^']*': )?(.*)$", re.MULTILINE)
_STATUS = re.compile(r"^(?P<flag>[ =*+!-])\t[^\t]*\t\[(?P<summary>[^]]*)\](?: \((?P<reason>.*)\))?$", re.MULTILINE)
"""A line of `git push --porcelain`: https://git-scm.com/docs/git-push#_output"""
_RULE = re.compile(r"GH006|GH013|rule violation|protected branch|pre-receive hook|hook declined", re.IGNORECASE)
_CONTENT = re.compile(r"GH001|GH009|secret|large file|file (?:size|path|extension)|maximum path", re.IGNORECASE)
"""Rules about what is in a commit: https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/managing-rulesets/available-rules-for-rulesets#push-rulesets"""
_NAMES = re.compile(r"https?://\S+|refs/heads/\S+")
_EMAIL = re.compile(r"GH007|email privacy", re.IGNORECASE)
_WORKFLOW = re.compile(r"refusing to allow .* without .workflow")

_WORKFLOWS = "workflows=write"
_WRITE = "Give the token the right to write contents (in a workflow: permissions: contents: write)."


def explained(error: CommandFailed, url: str) -> ClaudeStepError:
    """The error of a git command that talks to the server at `url`; one that is the machine's own stays."""
    if isinstance(error, CannotWrite) or error.returncode is None:
        return error
    for pattern, make in _TABLE:
        if pattern.search(error.stderr):
            return make(error.stderr, url)
    reason = _reason(error.stderr) or said(error.stderr) or "it does not say why"
    return RepositoryError(f"git could not finish: {reason}")


def refusal(error: CommandFailed, url: str) -> ClaudeStepError:
    """The error of a `git push --porcelain` of one branch."""
    status = _STATUS.search(error.stdout)
    if status is None or status["flag"] != "!":
        return explained(error, url)
    if status["summary"] == "remote failure":
        return Transient(f"{_host(url)} did not say what became of the branch")
    reason = printable(status["reason"] or status["summary"])
    if status["summary"] == "rejected":
        return Stale(f"it is there already ({reason})")
    return _ruled(said(error.stderr), reason)


def concerns_every_branch(error: ClaudeStepError) -> bool:
    """Whether a push of other work would be refused likewise: for the token's rights, or a rule of branches."""
    if isinstance(error, RulesetViolation):
        return not _CONTENT.search(_NAMES.sub("", error.host_text))
    if isinstance(error, Forbidden):
        return error.permission != _WORKFLOWS
    return isinstance(error, (Unauthorized, NotFound))


def said(stderr: str) -> str:
    """The server's own words, in one line, made harmless."""
    lines = (line for line in _SAID.findall(stderr) if line)
    return printable(shortened(" ".join(lines), _LONGEST))


def _ruled(words: str, reason: str) -> HostError:
    text = shortened(f"{words} ({reason})" if words else reason, _LONGEST)
    if _WORKFLOW.search(reason):
        remedy = (
            "A step that changes workflows needs a token that may (workflows: write of an app, scope `workflow`"
            " of a person); the token of a workflow never may."
        )
        return Forbidden(text, remedy=remedy, host_text=text, permission=_WORKFLOWS)
    if _EMAIL.search(text):
        remedy = (
            "Commit with the address that GitHub gives out: git config user.email ID+NAME@users.noreply.github.com"
        )
        return RulesetViolation(text, remedy=remedy, host_text=text)
    if _RULE.search(f"{words} {reason}"):
        remedy = "Mend what it names, or exempt the branches claude-step-* or the token's owner from that rule."
        return RulesetViolation(text, remedy=remedy, host_text=text)
    return Unprocessable(text, host_text=text)


def _unauthorized(stderr: str, url: str) -> HostError:
    return Unauthorized(
        f"{_host(url)} does not accept the token",
        remedy="It is wrong, has expired or was revoked; set GITHUB_TOKEN to one that holds.",
        host_text=said(stderr),
    )


def _archived(stderr: str, url: str) -> HostError:
    return Forbidden(f"{_name(url)} is archived", remedy="Unarchive it to go on.", host_text=said(stderr))


def _forbidden(stderr: str, url: str) -> HostError:
    words = said(stderr)
    message = f"{_host(url)} does not allow it{f': {words}' if words else ''}"
    return Forbidden(message, remedy=_WRITE, host_text=words, permission="contents=write")


def _not_found(stderr: str, url: str) -> HostError:
    return NotFound(
        f"{_host(url)} has no repository {_name(url)}, or the token may not see it",
        remedy="Check the name, and that the token has access to this repository.",
        host_text=said(stderr),
    )


def _moved(_: str, url: str) -> HostError:
    return NotFound(
        f"{_name(url)} has moved: {_host(url)} leads on to another address, and the token is not sent there",
        remedy="Name the new address: git remote set-url origin URL",
    )


def _no_commit(_: str, url: str) -> HostError:
    return NotFound(
        f"{_name(url)} does not have the commit that the step begins with (any more)",
        remedy="Run it again; it begins with the branch as it is by then.",
    )


def _untrusted(_: str, url: str) -> HostError:
    return HostError(
        f"the certificate of {_host(url)} is not trusted",
        remedy="Where the network has a certificate authority of its own, name its file: "
        "git config --global http.sslCAInfo FILE",
    )


def _busy(_: str, url: str) -> HostError:
    return Transient(f"{_host(url)} is asked too often", sent=False)


def _unreached(stderr: str, url: str) -> HostError:
    """It asks for the refs first, and nothing else was sent yet."""
    return Transient(
        f"{_host(url)} cannot be reached by git: {_reason(stderr)}",
        sent=False,
        remedy="Check the network (and the proxy, where there is one), then run it again.",
    )


def _cut_off(stderr: str, url: str) -> HostError:
    return Transient(f"the connection to {_host(url)} broke off: {_reason(stderr)}")


def _reason(stderr: str) -> str:
    found = _REASON.search(stderr)
    return printable(shortened(found[1].strip(), _LONGEST)) if found else ""


def _host(url: str) -> str:
    return urlsplit(url).netloc


def _name(url: str) -> str:
    return urlsplit(url).path.strip("/").removesuffix(".git")


_TABLE: tuple[tuple[re.Pattern[str], Callable[[str, str], HostError]], ...] = tuple(
    (re.compile(pattern), make)
    for pattern, make in (
        (r"could not read (Username|Password) for|Authentication failed for|error: 401|HTTP 401", _unauthorized),
        (r"was archived so it is read-only", _archived),
        (r"error: 403|HTTP 403", _forbidden),
        (r"repository '.*' not found|error: 404|HTTP 404", _not_found),
        (r"error: 30[1278]|HTTP 30[1278]", _moved),
        (r"error: 429|HTTP 429", _busy),
        (r"not our ref|unadvertised object", _no_commit),
        (r"SSL certificate|certificate verification|CAfile", _untrusted),
        (r"unable to access '", _unreached),
        (
            r"RPC failed|hung up|early EOF|disconnect|[Cc]onnection|HTTP 5\d\d|HTTP/2 stream|bad line length",
            _cut_off,
        ),
    )
)
"""The first that fits decides."""
