"""Run the HTTP service until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging.config
import os
import socket
from typing import Annotated, Any

import typer
import uvicorn

from ...core.errors import ConfigurationError
from ...core.redaction import RedactingFormatter
from ...core.settings import Settings, load_settings
from ..service import Service
from .options import guarded

_GRACE_S = 10


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
        logging.config.dictConfig(log_config(log_level))
        if workers > 1:
            _serve_many(chosen, workers, log_level)
        else:
            asyncio.run(_serve_one(chosen, log_level))

    guarded(body)


def log_config(level: str) -> dict[str, Any]:
    """Return the logging of this process and of its workers: one form, to standard error, without credentials.

    Raises:
        ConfigurationError: no such level.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ConfigurationError(f"--log-level: no level {level!r}; use debug, info, warning or error")
    form = {"()": RedactingFormatter, "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"plain": form},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "plain"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {"tastemaker": {"level": number}},
    }


def _announce(settings: Settings) -> None:
    host = f"[{settings.serve.host}]" if ":" in settings.serve.host else settings.serve.host
    base = f"http://{host}:{settings.serve.port}"
    typer.secho(f"Tastemaker serves at {base}", bold=True)
    typer.echo(f"  documentation  {base}/docs")
    typer.echo(f"  readiness      {base}/ready")


class _Server(uvicorn.Server):
    """Say where it serves once it does."""

    def __init__(self, config: uvicorn.Config, settings: Settings) -> None:
        super().__init__(config)
        self._settings = settings

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the addresses."""
        await super().startup(sockets)
        if self.started:
            _announce(self._settings)


def settle() -> None:
    """Take what is loaded by now out of later garbage collections: a full one would hold up a request for a tenth of a second."""
    gc.collect()
    gc.freeze()


async def _serve_one(settings: Settings, log_level: str) -> None:
    from ...graphs.recommender import Recommender
    from ..http.app import create_app

    recommender = await Recommender.open(settings)  # here, so that a wrong setting is one line and not a traceback

    async def opened() -> Service:
        return recommender

    config = uvicorn.Config(
        create_app(opened, settings, settle),
        host=settings.serve.host,
        port=settings.serve.port,
        log_level="warning" if log_level.lower() == "info" else log_level.lower(),
        log_config=log_config(log_level),
        access_log=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    await _Server(config, settings).serve()


def _serve_many(settings: Settings, workers: int, log_level: str) -> None:
    # Workers are new processes: they read the settings again, from the same environment and file.
    os.environ["TASTEMAKER_SERVE__HOST"] = settings.serve.host
    os.environ["TASTEMAKER_SERVE__PORT"] = str(settings.serve.port)
    _announce(settings)
    uvicorn.run(
        "tastemaker.api.http.app:create_app",
        factory=True,
        host=settings.serve.host,
        port=settings.serve.port,
        workers=workers,
        log_level=log_level.lower(),
        log_config=log_config(log_level),
        access_log=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
