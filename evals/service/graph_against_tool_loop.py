"""Compare a request through the graph with a plain tool-calling loop: same tools, same media, same model, same server.

Measured for each request, in one process: the language model's calls, the prompt tokens that its server reports, and the
seconds from the request to the whole answer, with media checked and decoded in both. The graph and the loop take turns at
going first, so that neither always finds the server's prefix cache filled by the other. A loop that fails keeps its cost
until then and is counted apart; ``seconds_ratio`` is the graph's median over the loop's median, over the requests that the
loop finished. How good the answers are is not measured, but ``loop_names_an_item`` says how many of the loop's answers
name an item that its searches returned.

The loop needs a server that accepts tools: vLLM does with ``--enable-auto-tool-choice --tool-call-parser hermes``.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from ...core.errors import TastemakerError
from ...core.schemas import MediaInput, RecommendRequest
from ...graphs.recommender import Recommender
from ..reporting.report import report
from .tool_loop import Meter, through_loop

TARGETS = {"llm_calls": 1, "prompt_tokens": 1500, "seconds_ratio": 1 / 3}
WISHES = ("a funny film about robots", "a war film from 1980 on", "something like Star Wars", "a quiet love story")
USERS = 943  # of MovieLens-100k


async def run(recommender: Recommender, requests: Sequence[RecommendRequest], seed: int = 0) -> dict[str, Any]:
    """Return medians of calls, prompt tokens and seconds of both.

    Raises:
        ConfigurationError: the extra ``bench`` is missing.
        TastemakerError: no language model answers.
    """
    if not await recommender.services.chat.health():
        raise TastemakerError("no language model answers; start it with `tastemaker llm up`")
    ours: list[Meter] = []
    loops: list[Meter] = []
    for number, request in enumerate(requests):
        for takes_graph in (True, False) if number % 2 == 0 else (False, True):
            if takes_graph:
                ours.append(await through_graph(recommender, request))
            else:
                loops.append(await through_loop(recommender, request))
    model = recommender.services.chat.name
    return report("turn", {"model": model, **compare(ours, loops)}, n=len(requests), seed=seed, targets=TARGETS)


async def through_graph(recommender: Recommender, request: RecommendRequest) -> Meter:
    """Return what the request costs through the graph."""
    started = time.perf_counter()
    response = await recommender.recommend(request)
    seconds = time.perf_counter() - started
    usage = response.usage
    return Meter(llm_calls=usage.llm_calls, prompt_tokens=usage.prompt_tokens, seconds=seconds)


def compare(ours: Sequence[Meter], loops: Sequence[Meter]) -> dict[str, Any]:
    """Return the figures of both; the two sequences are of the same requests in the same order."""
    figures: dict[str, Any] = {"graph": summary(ours)}
    finished = [(graph, loop) for graph, loop in zip(ours, loops, strict=True) if not loop.failure]
    failed = [loop for loop in loops if loop.failure]
    if finished:
        figures["loop"] = summary([loop for _, loop in finished])
        figures["loop_names_an_item"] = sum(loop.names_an_item for _, loop in finished)
        figures["seconds_ratio"] = round(
            median(graph.seconds for graph, _ in finished) / median(loop.seconds for _, loop in finished), 3
        )
    figures["loop_failures"] = len(failed)
    if failed:
        figures["loop_until_failure"] = summary(failed)
        figures["last_loop_failure"] = failed[-1].failure
    return figures


def summary(costs: Sequence[Meter]) -> dict[str, float]:
    """Return medians, and the most calls."""
    return {
        "llm_calls": median(c.llm_calls for c in costs),
        "max_llm_calls": max(c.llm_calls for c in costs),
        "prompt_tokens": median(c.prompt_tokens for c in costs),
        "seconds": round(median(c.seconds for c in costs), 3),
        "tool_calls": median(c.tool_calls for c in costs),
    }


def requests_for(n: int, photos: Sequence[Path], voices: Sequence[Path], seed: int) -> list[RecommendRequest]:
    """Return ``n`` requests of known shoppers over films: each with text and a photo, every second one with voice."""
    rng = random.Random(seed)  # noqa: S311  repeatability, not secrecy
    return [
        RecommendRequest(
            user_id=str(rng.randint(1, USERS)),
            text=WISHES[number % len(WISHES)],
            images=[MediaInput(path=str(rng.choice(photos)))],
            audio=[MediaInput(path=str(rng.choice(voices)))] if number % 2 else [],
            n=5,
        )
        for number in range(n)
    ]
