"""Serve the pictures of items, made small once for each size."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from enum import IntEnum
from io import BytesIO
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi import Path as InPath
from starlette.exceptions import HTTPException
from starlette.responses import Response

from ...core.media.pictures import BROKEN, TooLarge, open_picture, size_problem, to_rgb
from ...core.schemas import ItemId
from ...core.settings import Settings
from ...stores.ingest.pictures import ImageProblem, PictureAddress, locate
from ..auth.caller import CallerOf
from ..http.forget import Tenant
from ..http.recommend import error_responses, service_of


class Width(IntEnum):
    """Longest sides in pixels that pictures are made for."""

    SMALL = 160
    CARD = 320
    LARGE = 640
    FULL = 960


KEPT_BYTES = 32_000_000
QUALITY = 82
AT_ONCE = 2
_HEADERS = {
    "Cache-Control": "public, max-age=3600",
    "Content-Security-Policy": "default-src 'none'",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
}


class Thumbnails:
    """Pictures in WebP that fit a square of so many pixels; the ones asked for last are kept, ``KEPT_BYTES`` in all."""

    def __init__(self, root: Path, max_px: int) -> None:
        self._root, self._max_px = root, max_px
        self._kept: OrderedDict[tuple[Path, int, int], bytes] = OrderedDict()
        self._bytes = 0
        self._places = asyncio.Semaphore(AT_ONCE)

    async def get(self, name: str, width: int) -> bytes:
        """Return the picture of that name in the media folder.

        Raises:
            ImageProblem, PictureAddress: there is no such file in the folder, or it is no picture that is ever decoded.
        """
        path = await asyncio.to_thread(locate, name, self._root)
        key = (path, path.stat().st_mtime_ns, width)
        if key not in self._kept:
            async with self._places:
                made = await asyncio.to_thread(small, path, width, self._max_px)
            if key not in self._kept:
                self._kept[key] = made
                self._bytes += len(made)
            while self._bytes > KEPT_BYTES and len(self._kept) > 1:
                self._bytes -= len(self._kept.popitem(last=False)[1])
        self._kept.move_to_end(key)
        return self._kept[key]


def small(path: Path, width: int, max_px: int) -> bytes:
    """Return a picture as WebP without metadata, no side longer than ``width`` pixels.

    Raises:
        ImageProblem: it cannot be decoded, or has more than ``max_px`` pixels.
    """
    try:
        with open_picture(path) as image:
            if problem := size_problem(*image.size, max_px):
                raise ImageProblem(problem)
            image.draft("RGB", (width, width))
            upright = to_rgb(image)
            upright.thumbnail((width, width))
            out = BytesIO()
            upright.save(out, "WEBP", quality=QUALITY)
            return out.getvalue()
    except (TooLarge, *BROKEN) as error:
        raise ImageProblem("cannot be decoded") from error


def add_picture_route(app: FastAPI, settings: Settings) -> None:
    """Register the route; without a media folder there are no pictures."""
    root = settings.catalogue.media_root
    thumbnails = Thumbnails(Path(root), settings.limits.max_image_px) if root else None

    async def picture(
        request: Request,
        caller: CallerOf,
        item_id: Annotated[ItemId, InPath(description="Catalogue id.", examples=["print-17"])],
        width: Annotated[Width, Query(description="Longest side in pixels.")] = Width.CARD,
        tenant: Tenant = None,
    ) -> Response:
        """Return an item's picture as WebP, no side longer than `width` pixels."""
        found = await service_of(request).items([item_id], tenant=caller.tenant_of(tenant))
        name = found[0].image if found else None
        if thumbnails is None or not name:
            raise HTTPException(404, "this item has no picture here")
        try:
            content = await thumbnails.get(name, width)
        except (ImageProblem, PictureAddress, OSError) as error:
            raise HTTPException(404, "this item has no picture here") from error
        etag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
        headers = {**_HEADERS, "ETag": etag}
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(content, media_type="image/webp", headers=headers)

    app.get(
        "/pictures/{item_id:path}",
        tags=["catalogue"],
        summary="An item's picture",
        response_class=Response,
        responses={
            200: {"content": {"image/webp": {}}, "description": "The picture."},
            **error_responses(404, 422, 500, 503),
        },
    )(picture)
