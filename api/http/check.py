"""Define the HTTP route that examines media."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body, FastAPI, Request

from ...core.media.trust_report import CheckRequest, TrustReport
from ..service import refuse_paths
from .event_stream import until_disconnect
from .openapi_examples import tiny_photo
from .recommend import error_responses, service_of

EXAMPLES: dict[str, Any] = {
    "a listing": {
        "summary": "A photo and the title it is sold under",
        "value": {"text": "red canvas shoes", "images": [{"data": tiny_photo()}], "maps": True},
    }
}


def add_check_route(app: FastAPI) -> None:
    """Register the route."""
    app.post(
        "/check",
        tags=["check"],
        summary="Examine photos, voice and video for forgery and contradiction",
        response_model=TrustReport,
        responses=error_responses(413, 422, 500, 503),
    )(check)


async def check(request: Request, asked: Annotated[CheckRequest, Body(openapi_examples=EXAMPLES)]) -> TrustReport:
    """Say of each medium and each pair: verified, no evidence or conflict, with the reason, the method and its limits.

    Nothing is recommended or kept. A file without Content Credentials is no evidence of anything.
    """
    return await until_disconnect(request, service_of(request).check(refuse_paths(asked), allow_paths=False))
