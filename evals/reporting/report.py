"""Put a benchmark's figures into one JSON object with what is needed to repeat it."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

PACKAGES = (
    "tastemaker",
    "langgraph",
    "lancedb",
    "onnxruntime",
    "faster-whisper",
    "implicit",
    "lightfm-next",
    "numpy",
    "scipy",
    "torch",
    "openai",
    "langchain",
)


def percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """Return p50, p95 and max in milliseconds, and n."""
    values = np.asarray(seconds, dtype=float) * 1000
    return {
        "p50_ms": round(float(np.percentile(values, 50)), 2),
        "p95_ms": round(float(np.percentile(values, 95)), 2),
        "max_ms": round(float(values.max()), 2),
        "n": len(values),
    }


def versions() -> dict[str, str]:
    """Return the versions of what is measured."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def report(
    name: str, figures: Mapping[str, Any], *, n: int, targets: Mapping[str, Any], seed: int | None = None
) -> dict[str, Any]:
    """Return the JSON object of a benchmark run; ``seed`` is there only if something was drawn with it."""
    return {
        "bench": name,
        **figures,
        "targets": dict(targets),
        "n": n,
        **({} if seed is None else {"seed": seed}),
        "cores": os.cpu_count(),
        "versions": versions(),
    }
