"""Open OpenTelemetry spans where its API is installed, and name the request that a task works for; nothing personal goes in."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from typing import Any

try:
    from opentelemetry import trace as _trace
except ImportError:  # the extra `telemetry` is not installed
    _trace = None  # type: ignore[assignment]

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the HTTP request that this task works for."""


def span(name: str, **attributes: str | int | float | bool) -> AbstractContextManager[Any]:
    """Return a span to work in; nothing is opened where no provider of spans is set up."""
    if _trace is None or isinstance(_trace.get_tracer_provider(), _trace.ProxyTracerProvider):
        return nullcontext()
    return _trace.get_tracer("tastemaker").start_as_current_span(name, attributes=attributes, record_exception=False)


def note(**attributes: str | int | float | bool) -> None:
    """Add attributes to the span that this task works in."""
    if _trace is not None:
        _trace.get_current_span().set_attributes(attributes)


def trace_id() -> str:
    """Return the id of the trace that this task works in, as 32 hexadecimal digits; empty where there is none."""
    if _trace is None:
        return ""
    context = _trace.get_current_span().get_span_context()
    return f"{context.trace_id:032x}" if context.is_valid else ""
