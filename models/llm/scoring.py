"""Score continuations through vLLM's ``POST /generative_scoring``: prompts only, nothing generated, the prefix cached.

The score of an item is the share of one label token against another as the next token after query and item. A server that
lacks the path (an OpenAI-compatible one that is not vLLM) is remembered for a while, so that it is not asked each time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from ...core.errors import BadBackEndResponse
from ...core.schemas.chat import ScoreReply, ScoreRequest
from .wire import BACK_END, parse_usage

SCORING = "/generative_scoring"
TOKENIZE = "/tokenize"
LACKING_S = 300.0


@runtime_checkable
class Posts(Protocol):
    """What is needed of a client: ``models.llm.OpenAICompatible`` has it."""

    name: str

    async def post(self, path: str, body: Mapping[str, Any], timeout_s: float | None = None) -> dict[str, Any]:
        """Send ``body`` to ``path`` and return the answer's JSON object."""
        ...


class GenerativeScoring:
    """A ScoringModel at a vLLM server."""

    def __init__(self, client: Posts, clock: Callable[[], float] = time.monotonic) -> None:
        self._client, self._clock = client, clock
        self._labels: dict[tuple[str, str], int] = {}
        self._lacking_until = 0.0

    @property
    def name(self) -> str:
        """Return the served model's name."""
        return self._client.name

    async def score(self, request: ScoreRequest) -> ScoreReply:
        """Return the share of the first label for each item.

        Raises:
            BadBackEndResponse: the server has no generative scoring, or answered in another form.
            BackEndError: as ``OpenAICompatible.complete``.
        """
        if not request.items:
            return ScoreReply(scores=())
        if self._clock() < self._lacking_until:
            raise BadBackEndResponse("the language model's server has no generative scoring", back_end=BACK_END)
        try:
            labels = [await self._token(label, request.timeout_s) for label in request.labels]
            body = {"query": request.query, "items": list(request.items), "label_token_ids": labels}
            answer = await self._client.post(SCORING, body, request.timeout_s)
        except BadBackEndResponse:
            self._lacking_until = self._clock() + LACKING_S
            raise
        return parse_scores(answer, len(request.items))

    async def _token(self, label: str, timeout_s: float | None) -> int:
        """Return the first token of ``label``, asked of the server once for each model."""
        key = (self._client.name, label)
        if key not in self._labels:
            body = {"prompt": label, "add_special_tokens": False}
            found = (await self._client.post(TOKENIZE, body, timeout_s)).get("tokens")
            if not isinstance(found, list) or not found or not isinstance(found[0], int):
                raise BadBackEndResponse("the server did not tokenize a label", back_end=BACK_END)
            self._labels[key] = found[0]
        return self._labels[key]


def parse_scores(answer: Mapping[str, Any], n: int) -> ScoreReply:
    """Read the scores of ``n`` items.

    Raises:
        BadBackEndResponse: there are not exactly ``n``, or one is not a share from 0 to 1.
    """
    rows: Sequence[Any] = answer.get("data") or []
    scores = [math.nan] * n
    for row in rows if isinstance(rows, list) else []:
        index, value = (row.get("index"), row.get("score")) if isinstance(row, dict) else (None, None)
        if isinstance(index, int) and 0 <= index < n and isinstance(value, int | float) and 0 <= value <= 1:
            scores[index] = float(value)
    if any(math.isnan(s) for s in scores):
        raise BadBackEndResponse("the server did not score every item", back_end=BACK_END)
    return ScoreReply(scores=tuple(scores), usage=parse_usage(answer.get("usage")))
