"""Count and time what the service does, for Prometheus: every label has few values, and nothing is about a person."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Protocol

from fastapi import FastAPI, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...core.schemas import Degradation, StepTime, Usage

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
MAX_VALUES = 64
"""Different values of a label; what comes after is ``other``."""
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})


class SaysOfItself(Protocol):
    """An answer, as far as it is counted."""

    timings: Sequence[StepTime]
    degraded: Sequence[Degradation]
    usage: Usage


class Queue(Protocol):
    """What lets requests in."""

    active: int

    @property
    def waiting(self) -> int:
        """Return how many wait."""
        ...


class Metrics:
    """The metrics of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

        def of(kind: Any, name: str, text: str, *labels: str, **options: Any) -> Any:
            return kind(f"tastemaker_{name}", text, labels, registry=self.registry, **options)

        self.requests = of(Counter, "requests", "Requests by route, method and status.", "route", "method", "status")
        self.seconds = of(Histogram, "request_seconds", "Seconds to the end of an answer.", "route", buckets=SECONDS)
        self.active: Gauge = of(Gauge, "requests_active", "Requests that have a place.")
        self.waiting: Gauge = of(Gauge, "requests_waiting", "Requests that wait for a place.")
        self.steps = of(Histogram, "step_seconds", "Seconds of a step.", "step", buckets=SECONDS)
        self.degraded = of(Counter, "degraded", "Answers without a part.", "part")
        self.tokens = of(Counter, "llm_tokens", "Tokens of the language model.", "kind")
        self.cost = of(Counter, "llm_cost", "What the language model cost, in the unit of llm.prompt_price.")
        self._values: dict[str, set[str]] = {}

    def answered(self, response: SaysOfItself) -> None:
        """Count what an answer says of itself."""
        for step in response.timings:
            self.steps.labels(self._few("step", step.step)).observe(step.seconds)
        for part in {label.what for label in response.degraded}:
            self.degraded.labels(self._few("part", part)).inc()
        usage = response.usage
        self.tokens.labels("prompt").inc(usage.prompt_tokens)
        self.tokens.labels("cached").inc(usage.cached_tokens)
        self.tokens.labels("completion").inc(usage.completion_tokens)
        self.cost.inc(usage.cost)

    def watch(self, queue: Queue) -> None:
        """Read how many have a place and how many wait whenever it is asked for."""
        self.active.set_function(lambda: queue.active)
        self.waiting.set_function(lambda: queue.waiting)

    def served(self, scope: Scope, status: int, seconds: float) -> None:
        """Count one HTTP request."""
        route = str(getattr(scope.get("route"), "path", "other"))
        method = scope["method"] if scope["method"] in METHODS else "other"
        self.requests.labels(route, method, str(status or 499)).inc()
        self.seconds.labels(route).observe(seconds)

    def _few(self, label: str, value: str) -> str:
        known = self._values.setdefault(label, set())
        if value not in known and len(known) >= MAX_VALUES:
            return "other"
        known.add(value)
        return value


class Measured:
    """Count every HTTP request of an application."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), 0

        async def send_noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_noted)
        finally:
            self.metrics.served(scope, status, time.perf_counter() - began)


def add_metrics_route(app: FastAPI) -> None:
    """Register the route."""
    text: dict[int | str, dict[str, Any]] = {
        200: {"description": "Prometheus's text format.", "content": {"text/plain": {}}}
    }
    app.get("/metrics", tags=["operations"], summary="Metrics for Prometheus", response_class=Response, responses=text)(
        metrics
    )


async def metrics(request: Request) -> Response:
    """Return the metrics of this process in Prometheus's text format."""
    counted: Metrics = request.app.state.metrics
    return Response(generate_latest(counted.registry), media_type=CONTENT_TYPE_LATEST)
