"""Slack, where there is a webhook."""

from claudestep.cli.settings import Settings
from claudestep.infrastructure.clock import SystemClock
from claudestep.infrastructure.github.api.transport import Urllib3Transport
from claudestep.infrastructure.slack import LARGEST_REPLY, NAME, Webhook, check_address


def webhook(settings: Settings) -> Webhook | None:
    """The webhook of the environment; None where there is none. Raises UsageError where it is no address."""
    text = settings.environment.get("SLACK_WEBHOOK_URL", "")
    if not text.strip():
        return None
    transport = Urllib3Transport(settings.environment, largest=LARGEST_REPLY, shown=NAME)
    return Webhook(url=check_address(text), transport=transport, clock=SystemClock())
