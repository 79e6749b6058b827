"""Slack, by an incoming webhook. Its address is a secret: whoever has it can write there.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

import msgspec

from claudestep.domain.errors import ClaudeStepError, HostError, Transient, UsageError
from claudestep.domain.redaction import REDACTED, redacted
from claudestep.domain.spec import fold
from claudestep.domain.text import printable, shortened
from claudestep.infrastructure.clock import Clock
from claudestep.infrastructure.github.api.endpoints import is_loopback
from claudestep.infrastructure.github.api.protocol import Reply, Request
from claudestep.infrastructure.github.api.transport import Transport
from claudestep.version import __version__

NAME = "Slack"
"""What it is called in errors: its address is not shown, and no part of it."""
LARGEST_REPLY = 65_536

_PAUSE = 1.0
_LONGEST_PAUSE = 10.0
_LONGEST_REPLY = 200
_ADDRESS = re.compile(r"https?://[!-~]+")
_NEW_ONE = "Make a new webhook, and put its address in the place of this one."
_LATER = "The next message may come through."
_REMEDIES = {
    400: "That is a mistake of ClaudeStep; please report it.",
    403: _NEW_ONE,
    404: _NEW_ONE,
    410: "The channel of the webhook is archived or gone. Make a new one for another channel.",
    429: _LATER,
}


class NotTold(ClaudeStepError):
    """Slack would not take a message, or could not be reached; nothing of its address is in the error."""


def check_address(text: str) -> str:
    """The address of a webhook, which is never shown. Raises UsageError where it is none, or unencrypted."""
    url = text.strip()
    split = _split(url)
    if split is None:
        raise UsageError(
            "SLACK_WEBHOOK_URL is no address of a webhook",
            remedy="It is what Slack shows, and begins with https://hooks.slack.com/",
        )
    if split.scheme != "https" and not is_loopback(split.hostname or ""):
        raise UsageError("SLACK_WEBHOOK_URL would be sent unencrypted", remedy="Use https.")
    return url


def _split(url: str) -> SplitResult | None:
    """An address in its parts; None where it is none that can be used."""
    try:
        split = urlsplit(url)
        usable = _ADDRESS.fullmatch(url) and split.hostname and split.port != 0 and split.username is None
    except ValueError:
        return None
    return split if usable else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """An incoming webhook. `timeout` is for one try, in seconds; there are two at the most."""

    url: str = field(repr=False)
    transport: Transport
    clock: Clock
    timeout: float = 10.0

    def post(self, message: Mapping[str, object]) -> None:
        """Send a message. Raises NotTold, after one more try where the first surely was not taken."""
        request = Request(
            "POST",
            self.url,
            {"Content-Type": "application/json", "User-Agent": f"claudestep/{__version__}"},
            msgspec.json.encode(message),
        )
        pause = self._try(request, is_last=False)
        if pause is not None:
            self.clock.sleep(pause)
            self._try(request, is_last=True)

    def _try(self, request: Request, *, is_last: bool) -> float | None:
        """Send it; None where it was taken, else the seconds after which to send it again. Raises NotTold."""
        try:
            reply = self.transport.send(request, timeout=self.timeout)
        except HostError as error:
            surely_unheard = isinstance(error, Transient) and not error.sent
            if surely_unheard and not is_last:
                return _PAUSE
            raise NotTold(str(error), remedy=error.remedy) from error
        if 200 <= reply.status < 300:
            return None
        pause = None if is_last else _pause_after(reply)
        if pause is None:
            raise NotTold(f"{NAME} said {reply.status}{self._said(reply)}", remedy=_remedy(reply.status))
        return pause

    def _said(self, reply: Reply) -> str:
        """The words of a reply, which are data: on one line, short, and without the address and any part of it."""
        text = redacted(reply.body.decode(errors="replace"), (self.url,))
        split = urlsplit(self.url)
        parts = {
            self.url,
            split.netloc,
            split.hostname or "",
            *split.path.split("/"),
            split.query,
            split.fragment,
        } - {""}
        pattern = "|".join(re.escape(part) for part in sorted(parts, key=len, reverse=True))
        shown = re.sub(pattern, REDACTED, text, flags=re.IGNORECASE)
        line = shortened(printable(fold(shown)), _LONGEST_REPLY)
        return f" ({line})" if line else ""


def _pause_after(reply: Reply) -> float | None:
    """How long to wait before a message that was refused is sent again; None where it is not."""
    if reply.status == 429:
        after = reply.headers.get("retry-after", "").strip()
        seconds = float(after) if after.isascii() and after.isdecimal() and len(after) < 5 else None
        return seconds if seconds is not None and seconds <= _LONGEST_PAUSE else None
    return _PAUSE if reply.status >= 500 else None


def _remedy(status: int) -> str:
    if 300 <= status < 400:
        return "It sends elsewhere, which is not followed. Is the address of the webhook the whole one?"
    return _REMEDIES.get(status, _LATER if status >= 500 else _NEW_ONE)
