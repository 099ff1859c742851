"""Answer a front end that speaks AG-UI, such as CopilotKit: the protocol's events over server-sent events, by ``ag-ui-langgraph``."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from ag_ui.core import RunAgentInput
from ag_ui.encoder import EventEncoder
from ag_ui_langgraph import LangGraphAgent
from starlette.requests import Request
from starlette.responses import StreamingResponse

from ...core.errors import InvalidRequestError, TastemakerError
from ...core.schemas import RecommendRequest, StreamEvent
from ...core.validation import checked
from ...graphs.chat_graph import ShopState, chat_graph_for_one_run
from ..http.errors import failure_details
from ..http.json_body import parse_json
from ..service import Service

MAX_MESSAGES = 200


class PublicError(TastemakerError):
    """Report to the front end what may be said of a failure."""


class _Answers:
    """A recommender whose failures say nothing of the inside."""

    def __init__(self, service: Service, identifier: str) -> None:
        self._service, self._identifier = service, identifier

    async def stream(self, request: RecommendRequest | None = None, **fields: Any) -> AsyncIterator[StreamEvent]:
        """Answer one request event by event."""
        try:
            async for event in self._service.stream(request, **fields):
                yield event
        except Exception as error:  # noqa: BLE001  told without internals
            _, detail = failure_details(error, self._identifier)
            raise PublicError(f"{detail.field}: {detail.message}" if detail.field else detail.message) from None


class _Agent(LangGraphAgent):  # type: ignore[misc]
    """The library's agent, told the graph's state in place of asking for it in a way that LangGraph gave up."""

    def get_schema_keys(self, config: Any) -> Any:
        """Return the names of the state that a front end may send and gets."""
        names = [*ShopState.__annotations__, *self.constant_schema_keys]
        return {"input": names, "output": names, "config": [], "context": []}


async def answer(request: Request, service: Service) -> StreamingResponse:
    """Run the graph over the conversation that was sent, of which the recommender keeps its own thread by the same id.

    Raises:
        InvalidRequestError: the body is not an input of a run.
    """
    try:
        body = parse_json(await request.body())
    except json.JSONDecodeError as error:
        raise InvalidRequestError("body", f"is not valid JSON: {error.msg}") from error
    given = checked(RunAgentInput, body)
    if len(given.messages) > MAX_MESSAGES:
        raise InvalidRequestError("messages", f"at most {MAX_MESSAGES} messages")
    answers = _Answers(service, str(getattr(request.state, "request_id", "")))
    agent = _Agent(
        name="tastemaker",
        description="Recommends items of the shop for what a person says, shows or speaks.",
        graph=chat_graph_for_one_run(lambda: answers),
        emit_raw_events=False,
    )
    encoder = EventEncoder(accept=request.headers.get("accept"))

    async def events() -> AsyncIterator[Any]:
        async for event in agent.run(given):
            yield encoder.encode(event)

    return StreamingResponse(events(), media_type=encoder.get_content_type(), headers={"Cache-Control": "no-cache"})
