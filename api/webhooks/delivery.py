"""Deliver queued messages to webhooks: signed, in time, again after a failure, and never to a private network unless it is named.

Signed by the Standard Webhooks specification: ``webhook-signature`` is ``v1,`` and the base64 of HMAC-SHA256 over
``id.timestamp.body``; who receives it should refuse a ``webhook-timestamp`` that is older than some minutes.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import logging
import time
from collections.abc import Callable, Sequence

import httpx

from ...core.background import stop
from ...core.errors import StoreError
from ...core.settings import WebhookSettings, WebhookTarget
from ...stores.webhook_queue import Message, WebhookQueue
from ...tools.media.https_fetch import Resolver, is_public, resolve

log = logging.getLogger("tastemaker.webhooks")
DELAYS_S = (5.0, 30.0, 120.0, 600.0, 3600.0, 4 * 3600.0, 12 * 3600.0)
"""Seconds before each further try; the last one again and again."""
POLL_S = 1.0
AT_ONCE = 8


class Refused(Exception):
    """Report an address that may not be called."""


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the signature of a message."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return f"v1,{base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()}"


class Deliverer:
    """Takes messages out of the queue and posts them, until it is closed.

    Args:
        settings: the targets, and which hosts may be called without https or on a private network.
        queue: where the messages wait.
        resolver: looks a host up.
        transport: an httpx transport, for tests.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        settings: WebhookSettings,
        queue: WebhookQueue,
        *,
        resolver: Resolver = resolve,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings, self._queue = settings, queue
        self._targets = {t.name: t for t in settings.targets}
        self._resolve, self._clock = resolver, clock
        self._client = httpx.AsyncClient(
            transport=transport, trust_env=False, follow_redirects=False, timeout=settings.timeout_s
        )
        self._work: asyncio.Task[None] | None = None
        self._called = asyncio.Event()

    def start(self) -> None:
        """Begin to deliver."""
        self._work = asyncio.create_task(self._run())

    def call(self) -> None:
        """Say that there is something new to deliver."""
        self._called.set()

    async def close(self) -> None:
        """Stop; what waits stays in the queue."""
        await stop(self._work)
        await self._client.aclose()

    async def deliver_due(self) -> int:
        """Try every message that is due, once; return how many were delivered.

        Raises:
            StoreError: the queue cannot be used.
        """
        lease_s = 2 * self._settings.timeout_s + 5
        messages = await self._queue.claim(self._clock(), lease_s, AT_ONCE)
        return sum(await asyncio.gather(*(self._try(m) for m in messages)))

    async def _run(self) -> None:
        while True:
            try:
                if await self.deliver_due():
                    continue
            except StoreError as error:
                log.warning("webhooks wait: %s", error)
            self._called.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._called.wait(), POLL_S)

    async def _try(self, message: Message) -> bool:
        target = self._targets.get(message.target)
        if target is None:
            log.warning("a message to the webhook %s is dropped: it is in the settings no more", message.target)
            await self._queue.remove(message)
            return False
        try:
            why = await self._post(target, message)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError, TimeoutError, Refused) as error:
            why = f"{type(error).__name__}: {error}" if isinstance(error, Refused) else type(error).__name__
        if not why:
            await self._queue.remove(message)
            return True
        if message.attempts >= self._settings.max_attempts:
            log.error("the webhook %s got message %s in none of %d tries (%s); it is given up",
                      target.name, message.message_id, message.attempts, why)  # fmt: skip
            await self._queue.remove(message)
            return False
        delay = DELAYS_S[min(message.attempts, len(DELAYS_S)) - 1]
        log.warning(
            "the webhook %s did not take message %s (%s); again in %.0f s", target.name, message.message_id, why, delay
        )
        await self._queue.postpone(message, self._clock() + delay)
        return False

    async def _post(self, target: WebhookTarget, message: Message) -> str:
        """Post a message; return why it was not taken, or nothing."""
        body, now = message.body.encode(), int(self._clock())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "tastemaker",
            "webhook-id": message.message_id,
            "webhook-timestamp": str(now),
            "webhook-signature": signature(target.secret.get_secret_value(), message.message_id, now, body),
        }
        async with asyncio.timeout(self._settings.timeout_s):
            request = await self._checked(target, body, headers)
            response = await self._client.send(request, stream=True)
            await response.aclose()
        return "" if response.is_success else f"HTTP {response.status_code}"

    async def _checked(self, target: WebhookTarget, body: bytes, headers: dict[str, str]) -> httpx.Request:
        """Return the request to an address that was looked up and checked, so that no later look-up can lead elsewhere.

        Raises:
            Refused: it is neither https to a public host nor a host that the settings name.
        """
        url = httpx.URL(target.url)
        port = url.port or (443 if url.scheme == "https" else 80)
        if f"{url.host}:{port}" in self._settings.hosts or url.host in self._settings.hosts:
            return self._client.build_request("POST", url, content=body, headers=headers)
        if url.scheme != "https":
            raise Refused("only https is called, or a host in webhooks.hosts")
        addresses = await self._resolve(url.host, port)
        if not addresses or not all(is_public(address) for address in addresses):
            raise Refused("the host is not on the public internet; webhooks.hosts can name it")
        return self._client.build_request(
            "POST",
            url.copy_with(host=addresses[0]),
            content=body,
            headers={**headers, "Host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
        )


def messages_to(targets: Sequence[WebhookTarget], kind: str, tenant: str, message_id: str, body: str) -> list[Message]:
    """Return one message for each target that wants this kind from this tenant."""
    wanted = [t for t in targets if kind in t.kinds and t.tenant in ("", tenant)]
    return [Message(message_id, t.name, body) for t in wanted]
