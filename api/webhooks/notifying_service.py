"""Put messages about answers and events into the queue of webhooks, behind the answer."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from ...core.background import stop
from ...core.errors import StoreError
from ...core.learning.exposures import REQUEST_KEY
from ...core.schemas import Erased, Event, RecommendRequest, RecommendResponse, StreamEvent
from ...core.settings import Settings
from ...stores.webhook_queue import WebhookQueue
from ..service import Service
from .delivery import Deliverer, messages_to

log = logging.getLogger("tastemaker.webhooks")
WAITING = 1_000


async def with_webhooks(service: Service, settings: Settings) -> Service:
    """Return the service, telling the webhooks of the settings if there are any; without their queue the service still answers."""
    file = settings.home / "webhooks.db"
    if not settings.webhooks.targets and not await asyncio.to_thread(file.exists):  # what still waits there is dropped
        return service
    try:
        queue = await WebhookQueue.open(file, settings.webhooks.max_queued)
    except StoreError as error:
        log.error("no webhook is told anything: %s", error)
        return service
    return cast(Service, NotifyingService(service, settings, queue))


class NotifyingService:
    """A recommender that tells webhooks of lists that were shown (``recommendation``) and of new events (``events``).

    Every other method is the recommender's own. A message never holds up or fails an answer.
    """

    def __init__(self, service: Service, settings: Settings, queue: WebhookQueue) -> None:
        self._service, self._targets, self._queue = service, settings.webhooks.targets, queue
        self._told: asyncio.Queue[tuple[str, str, dict[str, Any]]] = asyncio.Queue(WAITING)
        self._deliverer = Deliverer(settings.webhooks, queue)
        self._deliverer.start()
        self._writer = asyncio.create_task(self._write())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._service, name)

    async def recommend(self, request: RecommendRequest | None = None, **fields: Any) -> RecommendResponse:
        """Answer one request."""
        response = await self._service.recommend(request, **fields)
        if fields.get("shows", True):
            self._tell_list(request or RecommendRequest(**fields), response)
        return response

    async def stream(self, request: RecommendRequest | None = None, **fields: Any) -> AsyncIterator[StreamEvent]:
        """Answer one request event by event."""
        async for event in self._service.stream(request, **fields):
            yield event
            if event.event == "done":
                self._tell_list(request or RecommendRequest(**fields), RecommendResponse.model_validate(event.data))

    async def feedback(self, events: Sequence[Event], tenant: str = "default") -> int:
        """Store what users did."""
        stored = await self._service.feedback(events, tenant=tenant)
        if stored:
            told = [
                {
                    "event_id": e.event_id,
                    "user_id": e.user_id,
                    "item_id": e.item_id,
                    "kind": e.kind,
                    "at": e.at.isoformat(),
                    "value": e.value,
                    "request_id": e.context.get(REQUEST_KEY),
                }
                for e in events
            ]
            self._tell("events", tenant, {"stored": stored, "events": told})
        return stored

    async def erase_user(self, user_id: str, tenant: str = "default") -> Erased:
        """Erase all that is kept of a user, and what waits to be told of them.

        Raises:
            StoreError: a store cannot be written; to erase again goes on.
        """
        erased = await self._service.erase_user(user_id, tenant=tenant)
        await self._told.join()
        return erased.model_copy(update={"messages": await self._queue.erase(tenant, user_id)})

    async def close(self) -> None:
        """Write what is to be told, stop delivering, and close the recommender."""
        try:
            await asyncio.wait_for(self._told.join(), 2.0)
        except TimeoutError:
            log.warning("%d messages to webhooks were not queued", self._told.qsize())
        await stop(self._writer)
        await self._deliverer.close()
        await self._queue.close()
        await self._service.close()

    def _tell_list(self, request: RecommendRequest, response: RecommendResponse) -> None:
        data = {
            "request_id": response.request_id,
            "thread_id": response.thread_id,
            "user_id": request.user_id,
            "item_ids": [item.item_id for item in response.items],
            "strategy": response.strategy,
            "degraded": sorted({label.what for label in response.degraded}),
        }
        self._tell("recommendation", request.tenant, data)

    def _tell(self, kind: str, tenant: str, data: dict[str, Any]) -> None:
        try:
            self._told.put_nowait((kind, tenant, data))
        except asyncio.QueueFull:
            log.warning("a message of the kind %s was not queued: too many wait to be written", kind)

    async def _write(self) -> None:
        while True:
            kind, tenant, data = await self._told.get()
            identifier = f"msg_{uuid.uuid4().hex}"
            body = {
                "id": identifier,
                "type": kind,
                "timestamp": datetime.now(UTC).isoformat(),
                "tenant": tenant,
                "data": data,
            }
            text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
            try:
                dropped = await self._queue.add(messages_to(self._targets, kind, tenant, identifier, text), time.time())
                if dropped:
                    log.error("%d messages to webhooks were dropped: the queue is full", dropped)
                self._deliverer.call()
            except StoreError as error:
                log.error("a message to webhooks was not queued: %s", error)
            finally:
                self._told.task_done()
