"""Serve the page, the widget, the console's page and what the widget asks first; scripts and styles come from this package only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Query, Request
from pydantic import Field
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from ...core.schemas import Frozen
from ...core.settings import Settings
from ..auth.caller import CallerOf
from ..http.forget import Tenant
from ..http.recommend import service_of
from .console import add_console_routes
from .pictures import add_picture_route
from .samples import LanguageName, Sample, samples

STATIC = Path(str(files(__package__) / "static"))
_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "media-src blob:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
)
"""What our own pages may load: nothing from elsewhere but pictures of named hosts, no script or style between the tags."""
_PAGE = {
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
_PUBLIC = {
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
"""The widget's files hold no data: any page may load them. They are asked for anew each time, and answered by 304."""


class Price(Frozen):
    """Which attribute is the price."""

    field: str = Field(description="Name of the attribute.")
    unit: str = Field(default="", description="Currency, such as EUR; empty if the catalogue names none.")


class MediaLimits(Frozen):
    """What a request may carry."""

    images: int = Field(description="Photos.")
    audio: int = Field(description="Voice clips.")
    video: int = Field(description="Video clips.")
    image_bytes: int = Field(description="Bytes of a photo.")
    audio_bytes: int = Field(description="Bytes of a voice clip.")
    video_bytes: int = Field(description="Bytes of a video clip.")
    audio_s: float = Field(description="Seconds of a voice clip.")


class WidgetStart(Frozen):
    """What the widget needs before the first request."""

    title: str = Field(default="", description="The shop's name.")
    count: int = Field(description="Items in the catalogue.")
    price: Price | None = Field(default=None, description="The price's attribute, if there is one.")
    samples: tuple[Sample, ...] = Field(default=(), description="Requests that this catalogue can answer.")
    shoppers: tuple[str, ...] = Field(default=(), description="Users whom a demonstration may be tried as.")
    picture_hosts: tuple[str, ...] = Field(default=(), description="Hosts from which pictures may be loaded.")
    limits: MediaLimits = Field(description="What a request may carry.")


def add_web(app: FastAPI, settings: Settings) -> None:
    """Register the pages, the widget's files, the pictures and the console, and let the allowed origins in."""
    if settings.web.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.web.origins),
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=["Retry-After", "X-Request-ID"],
            max_age=600,
        )
    if not settings.web.enabled:
        return
    pictures = " ".join(["img-src 'self' blob: data:", *(f"https://{host}" for host in settings.web.picture_hosts)])
    page = _PAGE | {"Content-Security-Policy": "; ".join([*_POLICY, pictures])}
    app.get("/", include_in_schema=False)(_sender("page.html", page))
    app.get("/console", include_in_schema=False)(_sender("console.html", page))
    app.get("/widget.js", include_in_schema=False)(_sender("widget.js", _PUBLIC))
    app.get("/favicon.ico", include_in_schema=False)(_sender("icon.svg", _PUBLIC))
    app.get("/widget/start", include_in_schema=False)(start)
    add_picture_route(app, settings)
    add_console_routes(app)
    app.mount("/web", GZipMiddleware(_PublicFiles(directory=STATIC), minimum_size=500), name="web")


class _PublicFiles(StaticFiles):
    """Static files that any page may load."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file with the headers of public ones."""
        response = await super().get_response(path, scope)
        response.headers.update(_PUBLIC)
        return response


def _sender(name: str, headers: dict[str, str]) -> Callable[[Request], Awaitable[Response]]:
    public = _PublicFiles(directory=STATIC)

    async def send(request: Request) -> Response:
        response = await public.get_response(name, request.scope)
        if isinstance(response, FileResponse) or response.status_code == 304:
            for header in _PUBLIC:
                del response.headers[header]
            response.headers.update(headers)
        return response

    return send


async def start(
    request: Request,
    caller: CallerOf,
    lang: Annotated[LanguageName, Query(description="Language of the samples.")] = "en",
    tenant: Tenant = None,
) -> WidgetStart:
    """Return what the widget needs before the first request: samples from the catalogue, limits, the price's field."""
    settings: Settings = request.app.state.settings
    service, shop = service_of(request), caller.tenant_of(tenant)
    language = await service.language(shop)
    price, limits = language.schema.price, settings.limits
    return WidgetStart(
        title=settings.web.title,
        count=language.schema.count,
        price=Price(field=price.name, unit=price.unit) if price else None,
        samples=samples(language, await service.known_items(shop), lang),
        shoppers=settings.web.shoppers,
        picture_hosts=settings.web.picture_hosts,
        limits=MediaLimits(
            images=limits.max_images,
            audio=limits.max_audio,
            video=limits.max_video,
            image_bytes=limits.max_image_bytes,
            audio_bytes=limits.max_audio_bytes,
            video_bytes=limits.max_video_bytes,
            audio_s=limits.max_audio_s,
        ),
    )
