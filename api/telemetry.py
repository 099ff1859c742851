"""Set up what leaves the process about its work: traces over OTLP, and logs as text or JSON with request and trace ids."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from ..core.errors import ConfigurationError
from ..core.redaction import RedactingFormatter
from ..core.settings import Settings
from ..core.tracing import REQUEST_ID, trace_id


class JsonFormatter(RedactingFormatter):
    """One JSON object a line, without secrets and personal data."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as JSON."""
        about: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": super().format(record),
        }
        ids = {"request_id": REQUEST_ID.get(), "trace_id": trace_id()}
        return json.dumps({**about, **{name: value for name, value in ids.items() if value}}, ensure_ascii=False)


def set_up_tracing(settings: Settings, exporter: Any = None) -> Any:
    """Send spans to ``telemetry.otlp_url``, or to an exporter; return the provider, which sends the last ones when the process ends, or None.

    Raises:
        ConfigurationError: the extra is not installed.
    """
    url = settings.telemetry.otlp_url
    if not url and exporter is None:
        return None
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ConfigurationError("telemetry.otlp_url needs the extra: pip install 'tastemaker[telemetry]'") from error
    provider = TracerProvider(resource=Resource.create({"service.name": settings.telemetry.service}))
    provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter(endpoint=url)))
    trace.set_tracer_provider(provider)
    return provider
