"""Serve the recommender over HTTP: FastAPI, server-sent events, LangServe and the documentation pages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache, partial
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles

from ... import __version__
from ...core.background import stop
from ...core.settings import Settings, load_settings
from ...graphs.evaluation.desk import EvaluationDesk
from ...graphs.releases.desk import ReleaseDesk
from ...graphs.retention import EVERY_S, Expires, RetentionSweep
from ..a2a.door import add_a2a
from ..auth.gate import AuthGate, Doorkeeper
from ..auth.guarded_service import GuardedService
from ..openai.routes import add_openai_routes
from ..openai.wire import OpenAIErrors
from ..service import Service, ServiceFactory
from ..studio.routes import add_studio
from ..telemetry import set_up_tracing
from ..traced_service import with_traces
from ..web.pages import add_web
from ..web.recent_requests import Observed, RecentRequests
from ..webhooks.notifying_service import with_webhooks
from .admission import AdmissionGate
from .check import add_check_route
from .errors import add_error_handlers
from .evaluations import add_evaluation_routes, watch_rollouts
from .events import add_event_routes
from .forget import add_forget_routes
from .json_body import BoundedRoute
from .langserve import add_langserve
from .live import add_live_route
from .metrics import Measured, Metrics, add_metrics_route
from .middleware import BodyLimit, RequestContext
from .openapi_examples import DESCRIPTION, TAGS, describe_errors_and_streams
from .optional_doors import McpDoor, add_optional_doors
from .recommend import add_routes
from .recommend_form import add_form_route
from .releases import add_release_routes
from .reviews import add_review_routes
from .rules_and_why_not import add_rules_routes
from .search import add_search_routes

WITHOUT_MEDIA = frozenset({"/feedback", "/events", "/rules/check", "/reviews"})
_SWAGGER = "fastapi_offline"  # carries Swagger UI's files; only its folder is used


def create_app(
    recommender_factory: ServiceFactory | None = None,
    settings: Settings | None = None,
    warmed: Callable[[], None] | None = None,
) -> FastAPI:
    """Build the application; the recommender is opened when it starts and closed when it stops.

    Args:
        recommender_factory: opens the recommender; default ``Recommender.open(settings)``.
        settings: default from environment and ``tastemaker.toml``.
        warmed: called once the models of the common path are loaded.

    Raises:
        ConfigurationError: wrong settings.
    """
    chosen = settings or load_settings()
    app = FastAPI(
        title="Tastemaker",
        version=__version__,
        summary="Agentic, multimodal recommendations",
        description=DESCRIPTION,
        openapi_tags=list(TAGS),
        lifespan=partial(_opened, open_recommender=recommender_factory or _opener(chosen), warmed=warmed),
        docs_url=None,
        redoc_url=None,
    )
    state = app.state
    state.settings, state.doorkeeper, state.metrics = chosen, Doorkeeper(chosen), Metrics()
    state.desk = ReleaseDesk.at(chosen)
    state.evaluations = EvaluationDesk.at(chosen, state.desk)
    state.recent = RecentRequests(told=state.metrics.answered)
    app.router.route_class = BoundedRoute
    _add_middleware(app, chosen, state.doorkeeper)
    add_error_handlers(app)
    state.mcp_door = _add_doors(app, chosen)
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        schema = plain()
        describe_errors_and_streams(schema)
        return schema

    app.openapi = openapi  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _opened(
    app: FastAPI, open_recommender: ServiceFactory, warmed: Callable[[], None] | None
) -> AsyncIterator[None]:
    """Open the recommender and what is kept beside it, and close all of it in the end."""
    state, settings = app.state, app.state.settings
    await state.doorkeeper.start()
    set_up_tracing(settings)
    opened = await open_recommender()
    state.asked, state.monitor = opened, watch_rollouts(opened, state.desk, settings)
    recommender = await with_webhooks(await with_traces(opened, settings), settings)
    state.recommender = GuardedService(Observed(recommender, state.recent))
    sweep = _sweep_of(opened)
    warming = asyncio.create_task(_warm(recommender, warmed))
    try:
        yield
    finally:
        await stop(warming)
        parts = (sweep, state.mcp_door, state.evaluations, state.monitor, recommender, state.doorkeeper, state.desk)
        for part in parts:
            if part is not None:
                await part.close()


def _add_doors(app: FastAPI, settings: Settings) -> McpDoor:
    app.router.routes.extend(_same_routes())
    add_live_route(app)
    _add_docs(app)
    add_web(app, settings)
    if settings.web.enabled:
        add_studio(app)

    def for_caller() -> Service:
        service: GuardedService = app.state.recommender
        return service.bound()

    add_langserve(app)
    add_a2a(app, for_caller)
    return add_optional_doors(app, for_caller, settings)


@cache
def _same_routes() -> tuple[BaseRoute, ...]:
    """Return the routes that every application of this process has, read once: they find their service in ``request.app.state``.

    FastAPI takes some milliseconds to read the types of each.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.router.route_class = BoundedRoute
    for add in (
        add_routes,
        add_form_route,
        add_rules_routes,
        add_release_routes,
        add_evaluation_routes,
        add_search_routes,
        add_check_route,
        add_review_routes,
        add_forget_routes,
        add_metrics_route,
        add_openai_routes,
        add_event_routes,
    ):
        add(app)
    return tuple(app.router.routes)


def _add_middleware(app: FastAPI, settings: Settings, doorkeeper: Doorkeeper) -> None:
    """Wrap the application; the last one added sees a request first."""
    app.add_middleware(AdmissionGate, limits=settings.serve, metrics=app.state.metrics)
    app.add_middleware(AuthGate, doorkeeper=doorkeeper)
    app.add_middleware(BodyLimit, max_bytes=settings.limits.max_body_bytes, without_media=WITHOUT_MEDIA)
    app.add_middleware(RequestContext)
    app.add_middleware(Measured, metrics=app.state.metrics)
    app.add_middleware(OpenAIErrors)


async def _warm(recommender: Service, warmed: Callable[[], None] | None) -> None:
    await recommender.warm()
    if warmed is not None:
        warmed()


def _sweep_of(service: Service) -> RetentionSweep | None:
    """Begin to remove what is too old, where the service keeps anything."""
    if not isinstance(service, Expires):
        return None
    sweep = RetentionSweep(service.expire, EVERY_S)
    sweep.start()
    return sweep


def _opener(settings: Settings) -> ServiceFactory:
    async def open_it() -> Service:
        from ...graphs.recommender import Recommender

        return await Recommender.open(settings)

    return open_it


def _add_docs(app: FastAPI) -> None:
    # The page works without the internet: Swagger UI's files come from an installed package, not from a CDN.
    local = find_spec(_SWAGGER) is not None
    if local:
        app.mount("/docs/assets", StaticFiles(directory=str(files(_SWAGGER) / "static")), name="docs-assets")

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        root = str(request.scope.get("root_path", "")).rstrip("/")
        assets = f"{root}/docs/assets"
        parameters = {"defaultModelsExpandDepth": 0, "displayRequestDuration": True, "tryItOutEnabled": True}
        title, openapi = f"{app.title} API", f"{root}/openapi.json"
        if not local:
            return get_swagger_ui_html(openapi_url=openapi, title=title, swagger_ui_parameters=parameters)
        return get_swagger_ui_html(
            openapi_url=openapi,
            title=title,
            swagger_js_url=f"{assets}/swagger-ui-bundle.js",
            swagger_css_url=f"{assets}/swagger-ui.css",
            swagger_favicon_url=f"{assets}/favicon.png",
            swagger_ui_parameters=parameters,
        )
