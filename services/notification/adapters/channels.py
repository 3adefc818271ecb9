"""The ways to people: fixed webhooks, webhooks of the allow-list, and everything Apprise can do."""

import asyncio
import re
from collections.abc import Mapping
from urllib.parse import quote

from services.notification.adapters.push import WebPush
from services.notification.adapters.webhook import Webhook
from services.notification.domain.model import Delivery, Result

WEBHOOK = "webhook"
PUSH = "push"
PREFIX = "webhook:"
APPRISE_LIMIT_S = 20.0
# Addresses go into an Apprise URL: nothing that could change where it leads.
ADDRESS = re.compile(r"[A-Za-z0-9+@._-]{1,128}\Z")


class ConfiguredChannels:
    """Channels by name; `urls` are settings: `webhook:<url>` or an Apprise URL with `{address}`.

    An address of the channel `push`, where there is one, is the id of a browser's subscription.
    """

    def __init__(self, urls: Mapping[str, str], webhook: Webhook, push: WebPush | None = None) -> None:
        self._urls = dict(urls)
        self._webhook = webhook
        self._push = push
        for name, url in self._urls.items():
            if not url.startswith(PREFIX) and not _known(url):
                raise ValueError(f"Apprise does not know the URL of channel {name}")
        self.names = frozenset(self._urls) | {WEBHOOK} | ({PUSH} if push else set())

    def lane(self, channel: str, address: str) -> str:
        """Return the origin of a webhook, or the channel."""
        try:
            return str(self._webhook.check(address)) if channel == WEBHOOK else channel
        except ValueError:
            return channel

    def check(self, channel: str, address: str) -> None:
        """Raise ValueError when nothing can or may be sent there."""
        if channel not in self.names:
            raise ValueError(f"there is no channel {channel}")
        if channel == WEBHOOK:
            self._webhook.check(address)
        elif not ADDRESS.match(address):
            raise ValueError("not an address of this channel")

    async def send(self, delivery: Delivery) -> Result:
        """Try once; never raises."""
        url = self._urls.get(delivery.channel)
        if delivery.channel == PUSH and self._push is not None:
            return await self._push.send(delivery.address, delivery)
        if delivery.channel == WEBHOOK:
            return await self._webhook.send(delivery.address, delivery)
        if url is None or not ADDRESS.match(delivery.address):
            return Result(delivered=False, detail="no such channel or address", final=True)
        if url.startswith(PREFIX):
            return await self._webhook.send(url.removeprefix(PREFIX), delivery)
        return await _by_apprise(url.replace("{address}", quote(delivery.address, safe="")), delivery)


def _known(url: str) -> bool:
    """Return whether Apprise can use a URL; loads its plugins, at start, because that takes long."""
    import apprise  # only where a channel needs it: it is large

    return bool(apprise.Apprise().add(url.replace("{address}", "0")))


async def _by_apprise(url: str, delivery: Delivery) -> Result:
    """Hand over to Apprise, which knows some hundred services; it carries no idempotency key."""
    import apprise

    service = apprise.Apprise()
    if not service.add(url):
        return Result(delivered=False, detail="Apprise does not know this channel's URL", final=True)
    try:
        async with asyncio.timeout(APPRISE_LIMIT_S):
            sent = await service.async_notify(title=delivery.title, body=delivery.body)
    except Exception as error:  # noqa: BLE001 - a hundred plugins, and one that breaks must not stop the rest
        return Result(delivered=False, detail=type(error).__name__)
    return Result(bool(sent), "" if sent else "the service did not take it")
