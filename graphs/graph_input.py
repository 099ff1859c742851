"""Build a request from fields, and say what starts the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langgraph.types import Command
from pydantic import ValidationError

from ..core.errors import InvalidRequestError
from ..core.schemas import RecommendRequest


def graph_input(request: RecommendRequest, *, resumes: bool) -> Any:
    """Return what starts the graph, or what goes on where it waits for the answer to a question."""
    if request.answer is None or not resumes:
        return {"request": request}
    return Command(resume=request.answer.model_dump(), update={"request": request})


def as_request(request: RecommendRequest | None, fields: Mapping[str, Any]) -> RecommendRequest:
    """Return the request, built or changed from fields if need be.

    Raises:
        InvalidRequestError: the first field that is wrong.
    """
    if request is not None and not fields:
        return request
    try:
        return RecommendRequest.model_validate({**(request.model_dump() if request else {}), **fields})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        path = "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in first["loc"]).lstrip(".")
        raise InvalidRequestError(path or "request", first["msg"]) from error
