"""Tastemaker: an agentic, multimodal recommendation orchestrator.

Import cost is kept low: graphs and model libraries load on first use.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

# ONNX Runtime, where it is loaded later, writes a device id and tells its maker of each session unless this is set before.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"
__all__ = [
    "AsyncClient",
    "Client",
    "RecommendRequest",
    "RecommendResponse",
    "Recommender",
    "Settings",
    "StreamEvent",
    "__version__",
    "load_settings",
]

if TYPE_CHECKING:
    from .api.client.http_client import AsyncClient, Client
    from .core.schemas import RecommendRequest, RecommendResponse, StreamEvent
    from .core.settings import Settings, load_settings
    from .graphs.recommender import Recommender

_HOMES = {
    "AsyncClient": "api.client.http_client",
    "Client": "api.client.http_client",
    "Recommender": "graphs.recommender",
    "RecommendRequest": "core.schemas",
    "RecommendResponse": "core.schemas",
    "StreamEvent": "core.schemas",
    "Settings": "core.settings",
    "load_settings": "core.settings",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
