"""Wrap a recommender as a LangChain runnable, for LangServe and for chains in process."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, cast

from langchain_core.runnables import ConfigurableFieldSpec, Runnable, RunnableConfig, RunnableGenerator, RunnableLambda
from langchain_core.runnables.config import get_config_list
from pydantic import ValidationError

from ...core.errors import InvalidRequestError
from ...core.schemas import RecommendRequest, RecommendResponse, StreamEvent, ThreadId, UserId
from ...core.validation import invalid_request
from ..service import Service, refuse_paths
from ..shared_recommender import SharedRecommender
from .event_stream import failure, stop

MAX_BATCH = 32
_CONCURRENCY = 4
_CONFIGURABLE: tuple[tuple[str, Any, str], ...] = (
    ("thread_id", ThreadId, "Conversation to continue, where the input does not name it."),
    ("user_id", UserId, "Who asks, where the input does not say."),
)


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
    paths are refused, as over HTTP. ``configurable.thread_id`` and ``configurable.user_id`` of the config, LangGraph's names,
    stand for the request's fields.
    """

    name = "recommend"

    def __init__(self, recommender: Callable[[], Service | SharedRecommender]) -> None:
        self._recommender = recommender
        self._answers = RunnableLambda(self._answer, name=self.name)
        self._streams: Runnable[Any, Any] = RunnableGenerator(cast(Any, self._stream), name=self.name)

    @property
    def InputType(self) -> type[RecommendRequest]:  # noqa: N802 - LangChain's name
        """Return the type of the input."""
        return PlainRequest

    @property
    def OutputType(self) -> type[RecommendResponse]:  # noqa: N802 - LangChain's name
        """Return the type of the output of ``ainvoke``."""
        return RecommendResponse

    @property
    def config_specs(self) -> list[ConfigurableFieldSpec]:
        """Return what a config may hold under ``configurable``."""
        return [
            ConfigurableFieldSpec(id=name, annotation=kind | None, default=None, description=text)
            for name, kind, text in _CONFIGURABLE
        ]

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        """Answer one request of synchronous code, with a ``SharedRecommender``.

        Raises:
            TypeError: the recommender belongs to the event loop that opened it.
            InvalidRequestError: the input is wrong.
        """
        shared = self._recommender()
        if not isinstance(shared, SharedRecommender):
            raise TypeError("this recommender is asynchronous: call ainvoke, or give a SharedRecommender")
        return shared.wait(lambda _: self.ainvoke(input, config, **kwargs))

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
        """Answer several requests, a few at a time; ``config`` is one for all, or a list with one for each.

        Raises:
            InvalidRequestError: there are more than ``MAX_BATCH``, one of them is wrong, or the list of configs has another length.
        """
        if len(inputs) > MAX_BATCH:
            raise InvalidRequestError("inputs", f"a batch may hold at most {MAX_BATCH} requests")
        try:
            configs = get_config_list(config, len(inputs))
        except ValueError as error:
            raise InvalidRequestError("config", "give one config, or a list with one for each input") from error
        for its in configs:
            its["max_concurrency"] = min(its.get("max_concurrency") or _CONCURRENCY, _CONCURRENCY)
        return await super().abatch(inputs, configs, return_exceptions=return_exceptions, **kwargs)

    async def _answer(self, value: Any, config: RunnableConfig) -> dict[str, Any]:
        asked = _request(value, config)
        response = await _detached(self._recommender().recommend(asked, allow_paths=False))
        return response.model_dump(mode="json")

    async def _stream(self, values: AsyncIterator[Any], config: RunnableConfig) -> AsyncIterator[dict[str, Any]]:
        async for value in values:
            async for event in _events(self._recommender(), value, config):
                yield event.model_dump(mode="json")


def _request(value: Any, config: RunnableConfig) -> RecommendRequest:
    """Return the request of an input, with what the config says of thread and user.

    Raises:
        InvalidRequestError: a field is wrong, or input and config name different threads or users.
    """
    try:
        asked = RecommendRequest.model_validate(value)
        said = {name: config.get("configurable", {}).get(name) for name, _, _ in _CONFIGURABLE}
        added = {name: given for name, given in said.items() if given is not None}
        for name, given in added.items():
            if getattr(asked, name) not in (None, given):
                raise InvalidRequestError(name, f"differs from config.configurable.{name}; give one of them")
        return refuse_paths(RecommendRequest.model_validate({**asked.model_dump(exclude_unset=True), **added}))
    except ValidationError as error:
        raise invalid_request(error, "input") from error


async def _detached(work: Coroutine[Any, Any, RecommendResponse]) -> RecommendResponse:
    # A fresh context keeps the inner graph's run out of LangServe's callbacks, which would publish its internal state.
    task = asyncio.create_task(work, context=contextvars.Context())
    try:
        return await asyncio.shield(task)
    finally:
        await stop(task)


async def _events(
    service: Service | SharedRecommender, value: Any, config: RunnableConfig
) -> AsyncIterator[StreamEvent]:
    queue: asyncio.Queue[StreamEvent | None] = asyncio.Queue(16)

    async def pump() -> None:
        try:
            async for event in service.stream(_request(value, config), allow_paths=False):
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
