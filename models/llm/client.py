"""Talk to a language model behind an OpenAI-compatible server: pure request and answer, one place for retries.

The server is asked within one deadline per call, connection, retries and stream included. After a refused connection
calls fail at once for a few seconds, so that a dead server does not cost every request its connect timeout.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel

from ...core.errors import BackEndError, BackEndTimeout, BackEndUnavailable, BadBackEndResponse
from ...core.protocols import ChatModel
from ...core.schemas.chat import ChatDelta, ChatReply, ChatRequest, ChatUsage
from ...core.settings import LLMSettings, Settings
from ..slots import DEFAULTS, slot_id
from ..vllm.launch import reasoning_parser, served_name
from .wire import BACK_END, chat_body, parse_chunk, parse_reply, retry_delay_s, translate

if TYPE_CHECKING:
    from openai import AsyncOpenAI

OPEN_S = 3.0
KEEP_ALIVE_S = 2.0  # shorter than uvicorn's 5 s, so that no request meets a connection the server is closing
NOT_FOUND = 404
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
T = TypeVar("T")


class CircuitBreaker:
    """Remember a server that could not be reached for ``open_s`` seconds; then one call may try again."""

    def __init__(self, open_s: float = OPEN_S, clock: Callable[[], float] = time.monotonic) -> None:
        self._open_s, self._clock = open_s, clock
        self._until = 0.0
        self._why = ""

    def check(self) -> None:
        """Pass, or raise BackEndUnavailable while the circuit is open. The first caller after that becomes the trial."""
        now = self._clock()
        if not self._why:
            return
        if now < self._until:
            raise BackEndUnavailable(self._why, back_end=BACK_END)
        self._until = now + self._open_s

    def failed(self, why: str) -> None:
        """Open the circuit."""
        self._until, self._why = self._clock() + self._open_s, why

    def worked(self) -> None:
        """Close the circuit."""
        self._why = ""


class OpenAICompatible(ChatModel):
    """A ChatModel behind any server that speaks OpenAI's chat completions.

    Args:
        open_it: opens the SDK's client, its own retries off, on first use, since to import the SDK takes a third of a second.
        model: name the server knows.
        llm: patience and retries.
        thinks: the model reasons before it answers and can be told not to (Qwen3): asked not to.
        any_model: ask the server what it serves, and take its first model when it does not list ``model``.
        breaker: what fails fast; tests give one with their clock.
    """

    def __init__(
        self,
        open_it: Callable[[], AsyncOpenAI],
        model: str,
        llm: LLMSettings,
        *,
        thinks: bool = False,
        any_model: bool = False,
        breaker: CircuitBreaker | None = None,
    ) -> None:
        self._open, self._model, self._llm = open_it, model, llm
        self._thinks, self._any_model = thinks, any_model
        self._chosen = "" if any_model else model
        self._breaker = breaker or CircuitBreaker()
        self.name = f"vllm:{model}"

    @cached_property
    def _client(self) -> AsyncOpenAI:
        return self._open()

    async def complete(self, request: ChatRequest) -> ChatReply:
        """Return the whole answer.

        Raises:
            BackEndTimeout: none within ``request.timeout_s`` (default ``llm.timeout_s``) seconds.
            BackEndOverloaded: the server refused for load, retries included.
            BackEndUnavailable: it cannot be reached; start it with `tastemaker llm up`.
            BadBackEndResponse: it refused the request or answered in another form.
        """
        deadline = self._deadline(request)

        async def ask() -> ChatReply:
            body = chat_body(request, await self._served(), thinks=self._thinks)
            answer = await self._client.chat.completions.create(**body)
            return parse_reply(_fields(answer))

        return await self._with_retries(ask, deadline)

    async def stream(self, request: ChatRequest) -> AsyncGenerator[ChatDelta, None]:
        """Yield pieces of the answer as they come; the last one carries the usage. Raises as ``complete``.

        Only what fails before the first piece is retried. Leaving the loop early closes the connection, so that the
        server stops generating.
        """
        deadline = self._deadline(request)

        async def start() -> Any:
            body = chat_body(request, await self._served(), thinks=self._thinks, stream=True)
            return await self._client.chat.completions.create(**body)

        answer = await self._with_retries(start, deadline)
        usage, finished = ChatUsage(), False
        try:
            while (chunk := await self._guarded(self._next(answer), deadline)) is not None:
                delta, done = parse_chunk(_fields(chunk))
                finished = finished or done
                usage = delta.usage or usage
                if delta.text or delta.reasoning:
                    yield delta.model_copy(update={"usage": None})
            if not finished:
                raise BackEndUnavailable(
                    "the language model's answer broke off; see `tastemaker llm logs`", back_end=BACK_END
                )
            yield ChatDelta(usage=usage)
        finally:
            await answer.close()

    async def post(self, path: str, body: Mapping[str, Any], timeout_s: float | None = None) -> dict[str, Any]:
        """Send ``body``, with the model's name, to ``path`` of the server, not below ``/v1``; return its JSON object.

        Raises as ``complete``; BadBackEndResponse where the server has no such path.
        """
        root = str(self._client.base_url).rstrip("/").removesuffix("/v1")
        deadline = asyncio.get_running_loop().time() + (timeout_s or self._llm.timeout_s)

        async def ask() -> dict[str, Any]:
            wanted = {"model": await self._served(), **body}
            answer = await self._client.post(f"{root}{path}", body=wanted, cast_to=dict[str, Any])
            if not isinstance(answer, dict):
                raise BadBackEndResponse(f"the answer of {path} is not a JSON object", back_end=BACK_END)
            return answer

        return await self._with_retries(ask, deadline)

    async def health(self) -> bool:
        """Return whether the server answers within ``llm.connect_timeout_s`` seconds."""
        from openai import OpenAIError

        try:
            async with asyncio.timeout(self._llm.connect_timeout_s):
                await self._client.models.list()
        except (OpenAIError, OSError, TimeoutError):
            return False
        self._breaker.worked()
        return True

    async def served(self) -> str:
        """Return the model that requests go to, as the server names it. Raises as ``complete``."""
        return await self._with_retries(self._served, asyncio.get_running_loop().time() + self._llm.timeout_s)

    async def aclose(self) -> None:
        """Close the connections."""
        if "_client" in self.__dict__:
            await self._client.close()

    def _deadline(self, request: ChatRequest) -> float:
        return asyncio.get_running_loop().time() + (request.timeout_s or self._llm.timeout_s)

    async def _served(self) -> str:
        """Return the name to ask for; where any will do, at first and after a 404 the one wanted if listed, else the first."""
        if not self._chosen:
            listed = [model.id for model in (await self._client.models.list()).data]
            if not listed:
                raise BackEndUnavailable(f"{self._client.base_url} serves no model", back_end=BACK_END)
            self._chosen = self._model if self._model in listed else listed[0]
            self.name = f"vllm:{self._chosen}"
        return self._chosen

    async def _with_retries(self, ask: Callable[[], Awaitable[T]], deadline: float) -> T:
        """Ask, and ask again after a retryable failure while retries and time are left."""
        attempt = 0
        while True:
            self._breaker.check()
            try:
                return await self._guarded(ask(), deadline)
            except BackEndError as error:
                delay_s = retry_delay_s(error, attempt)
                late = asyncio.get_running_loop().time() + delay_s >= deadline
                if not error.retryable or attempt >= self._llm.max_retries or late:
                    raise
            attempt += 1
            await asyncio.sleep(delay_s)

    async def _guarded(self, work: Awaitable[T], deadline: float) -> T:
        """Await ``work`` until ``deadline``; translate what the SDK raises and tell the circuit breaker."""
        from openai import OpenAIError

        try:
            async with asyncio.timeout_at(deadline):
                result = await work
        except BackEndError as error:
            if isinstance(error, BadBackEndResponse):
                self._breaker.worked()
            raise
        except TimeoutError as error:
            raise BackEndTimeout("the language model did not answer in time", back_end=BACK_END) from error
        except (OpenAIError, OSError, ValueError) as error:
            failure = translate(error, str(self._client.base_url))
            self._learn(failure, getattr(error, "status_code", None))
            raise failure from error
        self._breaker.worked()
        return result

    def _learn(self, failure: BackEndError, status: int | None) -> None:
        """Open the circuit if nobody answered, close it if the server did; forget a chosen model it no longer serves."""
        if isinstance(failure, BackEndUnavailable):
            self._breaker.failed(str(failure))
        elif status is not None or isinstance(failure, BadBackEndResponse):
            self._breaker.worked()
        if status == NOT_FOUND and self._any_model:
            self._chosen = ""

    @staticmethod
    async def _next(answer: Any) -> Any | None:
        try:
            return await answer.__anext__()
        except StopAsyncIteration:
            return None


def _fields(answer: Any) -> dict[str, Any]:
    """Return the SDK's value as a dict; the SDK hands on bodies of another form as they are."""
    if not isinstance(answer, BaseModel):
        raise BadBackEndResponse("the language model's answer is not a chat completion", back_end=BACK_END)
    return answer.model_dump()


def open_client(base_url: str, llm: LLMSettings) -> AsyncOpenAI:
    """Return an SDK client without retries of its own; proxies of the environment are not used for this machine."""
    import httpx2
    from openai import AsyncOpenAI

    timeout = httpx2.Timeout(None, connect=llm.connect_timeout_s)
    local = urlsplit(base_url).hostname in LOOPBACK
    return AsyncOpenAI(
        base_url=base_url,
        api_key=llm.api_key.get_secret_value() or "none",
        max_retries=0,
        timeout=timeout,
        http_client=httpx2.AsyncClient(
            timeout=timeout, limits=httpx2.Limits(keepalive_expiry=KEEP_ALIVE_S), trust_env=not local
        ),
    )


def open_chat_model(settings: Settings) -> OpenAICompatible:
    """Return the language model of ``settings``: at ``llm.base_url``, or where `tastemaker llm up` serves it.

    Where ``llm.base_url`` is set and ``llm.model`` is left to the profile, whatever that server serves is used.
    """
    llm, model_id = settings.llm, slot_id(settings, "llm")
    base_url = llm.base_url or f"http://{llm.host}:{llm.port}/v1"
    return OpenAICompatible(
        partial(open_client, base_url, llm),
        served_name(model_id),
        llm,
        thinks=reasoning_parser(model_id) == "qwen3",
        any_model=bool(llm.base_url) and model_id == DEFAULTS[settings.profile]["llm"],
    )
