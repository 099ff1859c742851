"""Run two versions of a prompt over the same requests and set what they said side by side."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from ...core.errors import InvalidRequestError, TastemakerError
from ...core.schemas import Frozen, RecommendRequest, RecommendResponse

Recommend = Callable[[RecommendRequest, Mapping[str, str]], Awaitable[RecommendResponse]]


class TrialLine(Frozen):
    """One item of one answer: its id, title and the sentence with its author (``model`` or ``data``)."""

    item_id: str
    title: str
    text: str
    by: str


class TrialRun(Frozen):
    """What one version answered to one request. ``seconds`` is the whole request; ``error`` is empty if it worked."""

    request: int
    text: str
    version: str
    prompt: str = ""
    message: str = ""
    message_by: str = ""
    lines: tuple[TrialLine, ...] = ()
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    degraded: tuple[str, ...] = ()
    error: str = ""


class TrialSummary(Frozen):
    """One version over all requests: ``written`` of ``sentences`` came from the model and passed every check."""

    version: str
    requests: int
    failed: int
    sentences: int
    written: int
    prompt_tokens: int
    completion_tokens: int
    seconds: float


async def trial(
    recommend: Recommend, name: str, versions: Sequence[str], requests: Iterable[RecommendRequest]
) -> list[TrialRun]:
    """Answer every request with every version of prompt ``name``, one after the other; return the runs in that order.

    Each run gets a thread of its own, so that no version sees what another one showed.
    """
    runs: list[TrialRun] = []
    for number, request in enumerate(requests, 1):
        for version in versions:
            fresh = request.model_copy(update={"thread_id": None})
            runs.append(await _run(recommend, name, version, number, fresh))
    return runs


async def _run(recommend: Recommend, name: str, version: str, number: int, request: RecommendRequest) -> TrialRun:
    start = time.perf_counter()
    run = TrialRun(request=number, text=request.text or "", version=version)
    try:
        response = await recommend(request, {name: version})
    except TastemakerError as error:
        return run.model_copy(update={"error": str(error), "seconds": time.perf_counter() - start})
    lines = tuple(
        TrialLine(
            item_id=i.item_id, title=i.title, text=i.reason.text if i.reason else "", by=i.reason.by if i.reason else ""
        )
        for i in response.items
    )
    return run.model_copy(
        update={
            "prompt": next((p for p in response.prompts if p.startswith(f"{name}@")), ""),
            "message": response.message,
            "message_by": response.message_by,
            "lines": lines,
            "prompt_tokens": response.usage.prompt_tokens,
            "completion_tokens": response.usage.completion_tokens,
            "seconds": time.perf_counter() - start,
            "degraded": tuple(f"{d.what}: {d.why}" for d in response.degraded),
        }
    )


def summarise(runs: Sequence[TrialRun]) -> list[TrialSummary]:
    """Return one summary per version, in the order in which the versions first ran."""
    return [_summary(v, [r for r in runs if r.version == v]) for v in dict.fromkeys(r.version for r in runs)]


def _summary(version: str, runs: Sequence[TrialRun]) -> TrialSummary:
    authors = [a for r in runs if not r.error for a in (r.message_by, *(line.by for line in r.lines))]
    return TrialSummary(
        version=version,
        requests=len(runs),
        failed=sum(bool(r.error) for r in runs),
        sentences=len(authors),
        written=authors.count("model"),
        prompt_tokens=sum(r.prompt_tokens for r in runs),
        completion_tokens=sum(r.completion_tokens for r in runs),
        seconds=sum(r.seconds for r in runs),
    )


def read_requests(path: Path) -> list[RecommendRequest]:
    """Return the requests of a JSON Lines file; a line that is a JSON string is taken as the request's text.

    Raises:
        InvalidRequestError: a line is wrong, or there is none; names the line.
    """
    requests = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
            requests.append(RecommendRequest.model_validate({"text": value} if isinstance(value, str) else value))
        except ValidationError as error:
            first = error.errors(include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise InvalidRequestError(f"{path.name} line {number}", f"{where}: {first['msg']}") from error
        except ValueError as error:
            raise InvalidRequestError(f"{path.name} line {number}", f"is not JSON: {error}") from error
    if not requests:
        raise InvalidRequestError(path.name, "holds no requests; write one JSON object on each line")
    return requests
