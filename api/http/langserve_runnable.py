"""Wrap a recommender as a LangChain runnable, for LangServe and for chains in process."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig, RunnableGenerator, RunnableLambda
from pydantic import ValidationError

from ...core.errors import InvalidRequestError
from ...core.schemas import RecommendRequest, RecommendResponse, StreamEvent
from ..service import Service, refuse_paths
from .errors import validation_details
from .event_stream import failure, stop

MAX_BATCH = 32
_CONCURRENCY = 4


class PlainRequest(RecommendRequest):
    """A RecommendRequest whose JSON schema spells optional fields without ``null``, which LangServe's playground needs."""

    @classmethod
    def model_json_schema(cls, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return pydantic's schema without ``{"type": "null"}``; null is still accepted."""
        plain: dict[str, Any] = _without_null(super().model_json_schema(*args, **kwargs))
        return plain


def _without_null(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_null(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _without_null(value) for key, value in schema.items() if not (key == "default" and value is None)}
    branches = [branch for branch in plain.get("anyOf", ()) if branch != {"type": "null"}]
    if len(branches) == 1:
        del plain["anyOf"]
        return {**branches[0], **plain}
    return plain


class RecommendRunnable(Runnable[Any, Any]):
    """Map a RecommendRequest to a RecommendResponse, asynchronously.

    ``ainvoke`` returns the response as JSON-ready values, ``astream`` yields the stream's events as dictionaries. Local
    paths are refused, as over HTTP.
    """

    name = "recommend"

    def __init__(self, recommender: Callable[[], Service]) -> None:
        self._recommender = recommender
        self._answers = RunnableLambda(self._answer, name=self.name)
        self._streams = RunnableGenerator(self._stream, name=self.name)

    @property
    def InputType(self) -> type[RecommendRequest]:  # noqa: N802 - LangChain's name
        """Return the type of the input."""
        return PlainRequest

    @property
    def OutputType(self) -> type[RecommendResponse]:  # noqa: N802 - LangChain's name
        """Return the type of the output of ``ainvoke``."""
        return RecommendResponse

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        """Refuse: the recommender belongs to one event loop.

        Raises:
            TypeError: always.
        """
        raise TypeError("the recommender is asynchronous: call ainvoke")

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        """Answer one request.

        Raises:
            InvalidRequestError: the input is wrong.
        """
        return await self._answers.ainvoke(input, config, **kwargs)

    async def astream(
        self,
        input: Any,  # noqa: A002
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[Any]:
        """Yield events; an error, wrong input included, is the last one."""
        async for event in self._streams.astream(input, config, **kwargs):
            yield event

    async def abatch(
        self,
        inputs: list[Any],
        config: RunnableConfig | list[RunnableConfig] | None = None,
        *,
        return_exceptions: bool = False,
        **kwargs: Any,
    ) -> list[Any]:
        """Answer several requests, a few at a time.

        Raises:
            InvalidRequestError: there are more than ``MAX_BATCH``, or one of them is wrong.
        """
        if len(inputs) > MAX_BATCH:
            raise InvalidRequestError("inputs", f"a batch may hold at most {MAX_BATCH} requests")
        gate = asyncio.Semaphore(_CONCURRENCY)
        configs = config if isinstance(config, list) else [config] * len(inputs)

        async def one(value: Any, its_config: RunnableConfig | None) -> Any:
            async with gate:
                return await self.ainvoke(value, its_config)

        return list(await asyncio.gather(*map(one, inputs, configs), return_exceptions=return_exceptions))

    async def _answer(self, value: Any) -> dict[str, Any]:
        response = await _detached(self._recommender().recommend(_request(value), allow_paths=False))
        return response.model_dump(mode="json")

    async def _stream(self, values: AsyncIterator[Any]) -> AsyncIterator[dict[str, Any]]:
        async for value in values:
            async for event in _events(self._recommender(), value):
                yield event.model_dump(mode="json")


def _request(value: Any) -> RecommendRequest:
    try:
        return refuse_paths(RecommendRequest.model_validate(value))
    except ValidationError as error:
        detail = validation_details(error.errors(include_input=False))[0]
        raise InvalidRequestError(detail.field or "input", detail.message) from error


async def _detached(work: Coroutine[Any, Any, RecommendResponse]) -> RecommendResponse:
    # A fresh context keeps the inner graph's run out of LangServe's callbacks, which would publish its internal state.
    task = asyncio.create_task(work, context=contextvars.Context())
    try:
        return await asyncio.shield(task)
    finally:
        await stop(task)


async def _events(service: Service, value: Any) -> AsyncIterator[StreamEvent]:
    queue: asyncio.Queue[StreamEvent | None] = asyncio.Queue(16)

    async def pump() -> None:
        try:
            async for event in service.stream(_request(value), allow_paths=False):
                await queue.put(event)
        except Exception as error:  # noqa: BLE001 - reported as an event, without internals
            await queue.put(failure(error, ""))
        await queue.put(None)

    task = asyncio.create_task(pump(), context=contextvars.Context())
    try:
        while (event := await queue.get()) is not None:
            yield event
    finally:
        await stop(task)
