"""Start and stop what a demonstration needs, as processes of its own: the language model's server and the API."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from ...core.background import stop
from ...core.errors import BackEndTimeout, BackEndUnavailable
from ...core.settings import PREFIX, Settings
from ...models.vllm.server import VLLMServer

POLL_S = 0.2
PROBE_S = 5.0
STOP_S = 15.0
API_START_S = 120.0
TAIL_LINES = 5
NOBODY = "http://127.0.0.1:9/v1"  # the discard port: where the demo without a language model looks for one
Say = Callable[[str], None]


class Service(NamedTuple):
    """A running ``tastemaker serve``; ``pid`` is also its process group."""

    url: str
    pid: int


@dataclass
class LanguageModel:
    """A language model's server that is on its way: ``ready`` ends when it answers, or raises why it cannot."""

    url: str
    ready: asyncio.Task[None]


def free_port(host: str, wished: int = 0) -> int:
    """Return ``wished`` if it can be bound on ``host``, else any free port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in (wished, 0):
        with socket.socket(family) as probe, contextlib.suppress(OSError):
            probe.bind((host, port))
            return int(probe.getsockname()[1])
    raise BackEndUnavailable(f"no port can be bound on {host}", back_end="api")


@asynccontextmanager
async def language_model(user: Settings, demo: Settings, say: Say) -> AsyncIterator[LanguageModel]:
    """Start the language model's server in the background, and stop it at the end if it was started here.

    A server that ``llm.base_url`` names, or that the user runs already, is used and left running.
    """
    running = await asyncio.to_thread(VLLMServer(user).status)
    if running.external or running.state == "running":
        say(f"using the language model at {running.url}")
        async with _background(_check(running.state, running.why)) as ready:
            yield LanguageModel(running.url, ready)
        return
    demo = await asyncio.to_thread(_with_port, demo)
    server = VLLMServer(demo)
    command = [sys.executable, "-m", "tastemaker", "llm", "up", "--no-supervise"]
    try:
        async with _background(_run(command, environ(demo), "language model", say)) as ready:
            yield LanguageModel(server.url, ready)
    finally:
        if await asyncio.to_thread(server.down):
            say("language model stopped")


@asynccontextmanager
async def _background(work: Coroutine[Any, Any, None]) -> AsyncIterator[asyncio.Task[None]]:
    """Run ``work`` beside the block; what is left of it at the end is cancelled."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        await stop(task)


async def _check(state: str, why: str) -> None:
    if state != "running":
        raise BackEndUnavailable(why or "the language model's server does not answer", back_end="llm")


def _with_port(demo: Settings) -> Settings:
    """Return the settings with the port of the demo's own server if it still runs, else with a free one."""
    left = VLLMServer(demo).status()
    port = int(left.url.rsplit(":", 1)[1].split("/")[0]) if left.state != "stopped" else 0
    llm = demo.llm.model_copy(update={"port": port or free_port(demo.llm.host, demo.llm.port)})
    return demo.model_copy(update={"llm": llm})


@asynccontextmanager
async def service(
    home: Path,
    *,
    settings: Mapping[str, str] | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
    workers: int = 1,
) -> AsyncIterator[Service]:
    """Run ``tastemaker serve`` over ``home`` in a process of its own, yield it once it is ready, and stop it at the end.

    Args:
        home: the data folder; the service's log is ``logs/api.log`` in it.
        settings: environment variables over those of this process.
        host: the address to bind.
        port: the port to bind; 0 takes a free one.
        workers: how many processes serve.

    Raises:
        BackEndUnavailable: it ended while starting; the message shows its last lines.
        BackEndTimeout: it was not ready within API_START_S seconds.
    """
    port = port or free_port(host)
    log = home / "logs" / "api.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tastemaker", "serve", "--host", host, "--port", str(port)]
    command += ["--workers", str(workers), "--log-level", "warning"] if workers > 1 else []
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=out,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **(settings or {}), f"{PREFIX}HOME": str(home)},
            start_new_session=True,
        )
    url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    try:
        await _until_ready(url, process, log)
        yield Service(url, process.pid)
    finally:
        await _stop(process)


async def _until_ready(url: str, process: asyncio.subprocess.Process, log: Path) -> None:
    end = time.monotonic() + API_START_S
    async with httpx.AsyncClient(timeout=PROBE_S, trust_env=False) as client:
        while time.monotonic() < end:
            if process.returncode is not None:
                raise BackEndUnavailable(f"the API ended while starting: {_tail(log)}", back_end="api")
            with contextlib.suppress(httpx.HTTPError):
                if (await client.get(f"{url}/ready")).is_success:
                    return
            await asyncio.sleep(POLL_S)
    raise BackEndTimeout(f"the API was not ready within {API_START_S:g} s: {_tail(log)}", back_end="api")


async def _run(command: list[str], environment: Mapping[str, str], name: str, say: Say) -> None:
    """Run a command of ours to its end and say each of its lines; cancelling stops it with everything it runs."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=environment,
        start_new_session=True,
    )
    last = ""
    try:
        assert process.stdout is not None
        async for raw in process.stdout:
            last = raw.decode("utf-8", "replace").strip() or last
            say(f"{name}: {last}")
        status = await process.wait()
    finally:
        await _stop(process)
    if status:
        raise BackEndUnavailable(last.removeprefix("error: ") or f"{name} ended with status {status}", back_end="llm")


async def _stop(process: asyncio.subprocess.Process) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), STOP_S)


def environ(settings: Settings) -> dict[str, str]:
    """Return an environment in which a command of ours reads ``home``, media folder and ports of ``settings``."""
    return {
        **os.environ,
        f"{PREFIX}HOME": str(settings.home),
        f"{PREFIX}CACHE": str(settings.cache),
        f"{PREFIX}CATALOGUE__URI": settings.catalogue_uri,
        f"{PREFIX}CATALOGUE__MEDIA_ROOT": settings.catalogue.media_root,
        f"{PREFIX}HISTORY__URL": settings.history_url,
        f"{PREFIX}WEB__TITLE": settings.web.title,
        f"{PREFIX}WEB__SHOPPERS": json.dumps(settings.web.shoppers),
        f"{PREFIX}LLM__HOST": settings.llm.host,
        f"{PREFIX}LLM__PORT": str(settings.llm.port),
    }


def _tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return " | ".join(line for line in lines[-TAIL_LINES:] if line.strip()) or "its log is empty"
