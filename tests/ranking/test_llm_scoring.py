"""Test generative scoring and embeddings over a real socket, against a stand-in that speaks the servers' formats."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from tastemaker.core.errors import BackEndUnavailable, BadBackEndResponse
from tastemaker.core.protocols import ScoringModel, TextEmbedder
from tastemaker.core.schemas.chat import ScoreRequest
from tastemaker.core.settings import LLMSettings, Settings
from tastemaker.models.llm.client import OpenAICompatible, open_chat_model, open_client
from tastemaker.models.llm.embeddings import ServedEmbeddings, open_embeddings, parse_embeddings
from tastemaker.models.llm.scoring import GenerativeScoring, parse_scores

from ..live_server import serving

ASK = ScoreRequest(query="Is it blue? ", items=("sky", "grass"), labels=(" yes", " no"))


class Server:
    """Answer as vLLM does, and remember what was asked; ``scores`` False: a server that has no such path."""

    def __init__(self, *, scores: bool = True) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.app = FastAPI()
        self.app.post("/tokenize")(self.tokenize)
        self.app.post("/v1/embeddings")(self.embed)
        if scores:
            self.app.post("/generative_scoring")(self.score)

    async def tokenize(self, request: Request) -> Response:
        body = await self._body("tokenize", request)
        return JSONResponse({"count": 1, "max_model_len": 99, "tokens": [{" yes": 7, " no": 8}[body["prompt"]]]})

    async def score(self, request: Request) -> Response:
        body = await self._body("score", request)
        data = [{"index": i, "object": "score", "score": 0.9 - i / 10} for i in range(len(body["items"]))]
        usage = {"prompt_tokens": 12, "total_tokens": 14, "completion_tokens": 2}
        return JSONResponse({"id": "g", "object": "list", "created": 0, "model": "m", "data": data, "usage": usage})

    async def embed(self, request: Request) -> Response:
        body = await self._body("embed", request)
        rows = [
            {"index": i, "object": "embedding", "embedding": [float(len(text)), 2.0]}
            for i, text in reversed(list(enumerate(body["input"])))
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return JSONResponse({"object": "list", "data": rows, "model": "e", "usage": usage})

    async def _body(self, name: str, request: Request) -> dict[str, Any]:
        body: dict[str, Any] = await request.json()
        self.asked.append((name, body))
        return body


def client(url: str, **llm: Any) -> OpenAICompatible:
    settings = LLMSettings(**{"timeout_s": 5.0, **llm})
    return OpenAICompatible(lambda: open_client(f"{url}/v1", settings), "m", settings)


@pytest_asyncio.fixture
async def server() -> AsyncIterator[tuple[Server, str]]:
    made = Server()
    async with serving(made.app) as url:
        yield made, url


async def test_items_are_scored_in_one_request_and_labels_looked_up_once(server: tuple[Server, str]) -> None:
    made, url = server
    model = client(url)
    scoring = GenerativeScoring(model)
    assert isinstance(scoring, ScoringModel)
    reply = await scoring.score(ASK)
    assert reply.scores == (0.9, 0.8)
    assert reply.usage.prompt_tokens == 12
    await scoring.score(ASK)
    names = [name for name, _ in made.asked]
    assert names == ["tokenize", "tokenize", "score", "score"]
    body = made.asked[2][1]
    assert body == {"model": "m", "query": ASK.query, "items": ["sky", "grass"], "label_token_ids": [7, 8]}
    assert (await scoring.score(ScoreRequest(query="q", items=(), labels=(" yes", " no")))).scores == ()
    await model.aclose()


async def test_a_server_without_the_path_is_not_asked_each_time() -> None:
    made = Server(scores=False)
    now = [0.0]
    async with serving(made.app) as url:
        model = client(url)
        scoring = GenerativeScoring(model, clock=lambda: now[0])
        for _ in range(2):
            with pytest.raises(BadBackEndResponse):
                await scoring.score(ASK)
        assert len(made.asked) == 2, "the two labels, the first time"
        now[0] = 1000.0
        with pytest.raises(BadBackEndResponse, match="404"):
            await scoring.score(ASK)
        await model.aclose()


async def test_a_server_that_is_down_is_unavailable() -> None:
    model = client("http://127.0.0.1:9", connect_timeout_s=0.5)
    with pytest.raises(BackEndUnavailable):
        await GenerativeScoring(model).score(ASK)
    await model.aclose()


@pytest.mark.parametrize(
    "data", [None, [], [{"index": 0, "score": 0.5}], [{"index": 0, "score": 2}, {"index": 1, "score": 0.1}], ["x", 1]]
)
def test_scores_that_are_not_all_there_are_refused(data: Any) -> None:
    with pytest.raises(BadBackEndResponse):
        parse_scores({"data": data}, 2)


async def test_embeddings_come_in_order_with_unit_length(server: tuple[Server, str]) -> None:
    made, url = server
    embedder = ServedEmbeddings(client(url))
    assert isinstance(embedder, TextEmbedder)
    rows = await embedder.embed_texts(["ab", "abcd", ""])
    assert rows.shape == (3, 2)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1)
    assert rows[1, 0] > rows[0, 0] > rows[2, 0]
    assert made.asked[0][1]["encoding_format"] == "float"
    many = await embedder.embed_texts(["x"] * 130)
    assert many.shape == (130, 2)
    assert len(made.asked) == 4
    await embedder.aclose()


@pytest.mark.parametrize("data", [None, [{"index": 0, "embedding": [1.0]}], [{"index": 0, "embedding": "x"}] * 2])
def test_embeddings_that_are_not_vectors_are_refused(data: Any) -> None:
    with pytest.raises(BadBackEndResponse):
        parse_embeddings({"data": data}, 2)


async def test_the_settings_say_whether_a_server_embeds() -> None:
    assert open_embeddings(Settings()) is None
    opened = open_embeddings(Settings(llm=LLMSettings(embeddings_model="e5", embeddings_url="http://127.0.0.1:9/v1")))
    assert opened is not None
    assert opened.name == "vllm:e5"
    await opened.aclose()


@pytest.mark.slow
@pytest.mark.vllm
@pytest.mark.timeout(1200)
async def test_a_real_vllm_scores_what_fits_higher(vllm_server: Settings) -> None:
    model = open_chat_model(vllm_server)
    query = "Question: is the colour of this thing green? Answer yes or no. Thing:"
    items = tuple(f" {thing}. Answer:" for thing in ("grass", "a frog", "snow", "milk"))
    reply = await GenerativeScoring(model).score(
        ScoreRequest(query=query, items=items, labels=(" yes", " no"), timeout_s=300)
    )
    assert len(reply.scores) == 4
    assert all(0 < s < 1 for s in reply.scores)
    assert len(set(reply.scores)) == 4
    assert reply.usage.prompt_tokens > 40
    await model.aclose()
