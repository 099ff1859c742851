"""Run the HTTP service until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging.config
import os
import socket
from typing import Annotated, Any, Literal

import typer
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.loops.auto import auto_loop_factory
from uvicorn.supervisors import Multiprocess

from ...core.errors import ConfigurationError, TastemakerError
from ...core.redaction import RedactingFormatter
from ...core.settings import ServeSettings, Settings, load_settings
from ..service import Service
from ..telemetry import JsonFormatter
from .options import guarded

GARBAGE = (5_000, 20, 20)
"""Thresholds of Python's garbage collector, the first raised from 700: 2 % of the processor time of a request."""


def serve_command(
    host: Annotated[str | None, typer.Option(help="Address to bind; default from the settings.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to bind; default from the settings.", min=1, max=65535)] = None,
    workers: Annotated[int, typer.Option(help="Processes.", min=1, max=64)] = 1,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Serve the API; stops gracefully on Ctrl-C or SIGTERM."""

    def body() -> None:
        settings = load_settings()
        serve = settings.serve.model_copy(update={k: v for k, v in (("host", host), ("port", port)) if v is not None})
        chosen = settings.model_copy(update={"serve": serve})
        logging.config.dictConfig(log_config(log_level, settings.telemetry.logs))
        closed = asyncio.run(_asks_for_keys(chosen))
        with bind(serve) as listener:
            if workers > 1:
                _serve_many(chosen, workers, log_level, listener, closed=closed)
            else:
                with asyncio.Runner(loop_factory=auto_loop_factory()) as runner:  # uvloop's, as that of workers is
                    runner.run(_serve_one(chosen, log_level, listener, closed=closed))

    guarded(body)


def log_config(level: str, form: Literal["plain", "json"] = "plain") -> dict[str, Any]:
    """Return the logging of this process and of its workers: one form, to standard error, without credentials.

    Raises:
        ConfigurationError: no such level.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ConfigurationError(f"--log-level: no level {level!r}; use debug, info, warning or error")
    plain = {"()": RedactingFormatter, "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"plain": plain if form == "plain" else {"()": JsonFormatter, "fmt": "%(message)s"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {"tastemaker": {"level": number}},
    }


def _announce(settings: Settings, *, closed: bool) -> None:
    host = f"[{settings.serve.host}]" if ":" in settings.serve.host else settings.serve.host
    base = f"http://{host}:{settings.serve.port}"
    typer.secho(f"Tastemaker serves at {base}", bold=True)
    if settings.web.enabled:
        typer.echo(f"  page           {base}/")
        typer.echo(f"  console        {base}/console")
        typer.echo(f"  studio         {base}/studio")
    typer.echo(f"  documentation  {base}/docs")
    typer.echo(f"  readiness      {base}/ready")
    if not closed:
        typer.echo(
            "  keys           off, anybody who reaches this address may ask; `tastemaker keys create` turns them on"
        )


class _Server(uvicorn.Server):
    """Say where it serves once it does."""

    def __init__(self, config: uvicorn.Config, settings: Settings, *, closed: bool) -> None:
        super().__init__(config)
        self._settings, self._closed = settings, closed

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the addresses."""
        await super().startup(sockets)
        if self.started:
            _announce(self._settings, closed=self._closed)


class _Workers(Multiprocess):
    """Say where it serves once the first worker does."""

    def __init__(
        self, config: uvicorn.Config, sockets: list[socket.socket], settings: Settings, *, closed: bool
    ) -> None:
        super().__init__(config, sockets)
        self._settings, self._closed = settings, closed
        self._announced = False

    def keep_subprocess_alive(self) -> None:
        """Look after the workers, then print the addresses if that is due."""
        super().keep_subprocess_alive()
        if not self._announced and not self.should_exit.is_set() and any(p.is_ready(1) for p in self.processes):
            self._announced = True
            _announce(self._settings, closed=self._closed)


def bind(settings: ServeSettings) -> socket.socket:
    """Return a socket bound to where the service listens.

    Its protocol is named, so that asyncio, which looks at it, switches Nagle's delay off on every connection: without that each
    answer on a kept connection waits 40 ms.

    Raises:
        ConfigurationError: the address cannot be bound.
    """
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, _, _, address = found[0]
        with contextlib.ExitStack() as stack:
            listener = stack.enter_context(socket.socket(family, kind, socket.IPPROTO_TCP))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            stack.pop_all()
    except OSError as error:
        where = f"{settings.host} port {settings.port}"
        raise ConfigurationError(f"cannot serve at {where}: {error.strerror}; choose another with --port") from error
    return listener


def settle() -> None:
    """Take what is loaded by now out of later garbage collections: a full one would hold up a request for a tenth of a second.

    What a request leaves behind is looked through after some requests and not several times in each.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GARBAGE)


async def _asks_for_keys(settings: Settings) -> bool:
    """Tell whether callers must show a key.

    Raises:
        ConfigurationError: there is none, and others than this machine can reach the address.
    """
    from ..auth.gate import Doorkeeper

    doorkeeper = Doorkeeper(settings)
    try:
        await doorkeeper.start()
        return doorkeeper.closed
    finally:
        await doorkeeper.close()


async def _serve_one(settings: Settings, log_level: str, listener: socket.socket, *, closed: bool) -> None:
    from ...graphs.recommender import Recommender
    from ..http.app import create_app

    recommender = await Recommender.open(settings)  # here, so that a wrong setting is one line and not a traceback

    async def opened() -> Service:
        return recommender

    config = _config(create_app(opened, settings, settle), settings, log_level)
    await _Server(config, settings, closed=closed).serve([listener])


def _serve_many(settings: Settings, workers: int, log_level: str, listener: socket.socket, *, closed: bool) -> None:
    # Workers are new processes: they read the settings again, from the same environment and file.
    os.environ["TASTEMAKER_SERVE__HOST"] = settings.serve.host
    os.environ["TASTEMAKER_SERVE__PORT"] = str(settings.serve.port)
    config = _config("tastemaker.api.http.app:create_app", settings, log_level, factory=True, workers=workers)
    listener.set_inheritable(True)
    running = _Workers(config, [listener], settings, closed=closed)
    running.run()
    if any(process.exitcode == STARTUP_FAILURE for process in running.processes):
        raise TastemakerError("a worker could not start; its log says why")


def _config(app: Any, settings: Settings, log_level: str, **options: Any) -> uvicorn.Config:
    from ..http.connection import PatientHttp

    return uvicorn.Config(
        app,
        log_level="warning" if log_level.lower() == "info" else log_level.lower(),
        log_config=log_config(log_level, settings.telemetry.logs),
        access_log=False,
        timeout_keep_alive=settings.serve.keep_alive_s,
        timeout_graceful_shutdown=settings.serve.grace_s,
        http=PatientHttp,
        limit_concurrency=settings.serve.max_connections,
        **options,
    )
