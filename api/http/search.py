"""Define the HTTP route of cross-modal search."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, FastAPI, Request

from ...core.ranking.cross_modal import SearchRequest, SearchResponse
from ..service import refuse_paths
from .event_stream import until_disconnect
from .openapi_examples import tiny_photo
from .recommend import error_responses, service_of

EXAMPLES: dict[str, Any] = {
    "words": {"summary": "Words", "value": {"text": "a dog on a beach", "n": 5}},
    "mixture": {
        "summary": "Like this photo, but in red, under 40",
        "value": {
            "text": "in red",
            "images": [{"data": tiny_photo()}],
            "weights": {"text": 1, "images": 1.5},
            "constraints": [{"field": "price", "op": "<=", "value": 40}],
        },
    },
    "photo to words": {
        "summary": "Items whose words fit this photo",
        "value": {"images": [{"data": tiny_photo()}], "look_at": "text"},
    },
}


def add_search_routes(app: FastAPI) -> None:
    """Register the route."""
    app.post(
        "/search",
        tags=["search"],
        summary="Find items by words, photos, voice or clips",
        response_model=SearchResponse,
        responses=error_responses(413, 422, 500, 503),
    )(search)


async def search(request: Request, asked: Annotated[SearchRequest, Body(openapi_examples=EXAMPLES)]) -> SearchResponse:
    """Compare words, photos and clips, alone or mixed by weight, with the items' pictures and words.

    No history and no language model: what is nearest comes first, within the constraints, the shop's rules and its filters.
    """
    return await until_disconnect(request, service_of(request).search(refuse_paths(asked), allow_paths=False))
