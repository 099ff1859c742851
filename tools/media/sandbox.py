"""Read untrusted sound, video and unusual pictures in a short-lived process with bounded memory, processor time and output."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from ...core.errors import ToolError

WORKER = Path(__file__).with_name("sandbox_worker.py")
MEMORY_BYTES = 2_000_000_000
PICTURE_MEMORY_BYTES = 1_500_000_000
PICTURE_SIDE_PX = 2048
FILE_BYTES = 100_000_000
KEPT_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR", "TEMP")


async def read_av(task: str, path: Path, demuxer: str, *, timeout_s: float, **job: Any) -> dict[str, Any]:
    """Run ``task`` (``probe``, ``frames`` or ``sound`` of ``sandbox_worker.py``) on ``path``.

    Returns:
        The worker's result; ``{"refused": reason}`` when the file is not acceptable, which includes files that make
        the decoder crash, run out of memory or take longer than ``timeout_s`` seconds.

    Raises:
        ToolError: the worker could not be started.
    """
    job |= {
        "task": task,
        "path": str(path),
        "demuxer": demuxer,
        "memory_bytes": MEMORY_BYTES,
        "cpu_s": int(timeout_s) + 1,
        "file_bytes": FILE_BYTES,
    }
    return await run_worker(WORKER, job, timeout_s=timeout_s)


async def read_picture(path: Path, out: Path, *, max_px: int, timeout_s: float) -> dict[str, Any]:
    """Write the picture at ``path``, upright and at most ``PICTURE_SIDE_PX`` a side, as a JPEG to ``out``; as ``read_av``.

    Raises:
        ToolError: the worker could not be started.
    """
    job = {"task": "picture", "path": str(path), "out": str(out), "max_px": max_px, "max_side_px": PICTURE_SIDE_PX}
    limits = {"memory_bytes": PICTURE_MEMORY_BYTES, "cpu_s": int(timeout_s) + 1, "file_bytes": FILE_BYTES}
    root = Path(import_module("tastemaker").__file__ or "").parents[1]
    return await run_worker(WORKER, {**job, **limits, "package_root": str(root)}, timeout_s=timeout_s)


async def run_worker(script: Path, job: dict[str, Any], *, timeout_s: float) -> dict[str, Any]:
    """Run ``script`` with ``job`` as JSON in a process of its own and return the JSON it prints; see ``read_av``."""
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(script),
            json.dumps(job),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={name: os.environ[name] for name in KEPT_ENVIRONMENT if name in os.environ},
        )
    except OSError as error:
        raise ToolError(f"could not start a process to read media: {error.strerror}") from error
    try:
        output, _ = await asyncio.wait_for(process.communicate(), timeout_s)
    except TimeoutError:
        return {"refused": f"it takes longer than {timeout_s:g} seconds to read"}
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return _parse(output)


def _parse(output: bytes) -> dict[str, Any]:
    try:
        result = json.loads(output)
    except ValueError:
        return {"refused": "reading it failed"}
    return result if isinstance(result, dict) else {"refused": "reading it failed"}
