"""Serve the Model Context Protocol over standard input and output, for agents that start this command."""

from __future__ import annotations

import logging.config
from typing import Annotated

import typer

from ...core.errors import ConfigurationError
from ...core.settings import load_settings
from .options import run_async, tenant_of
from .serve import log_config


def mcp_command(
    tenant: Annotated[str, typer.Option(help="Which shop.")] = "default",
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error; to standard error.")] = "warning",
) -> None:
    """Serve recommend, search, why_not, feedback and check to one agent, until it closes standard input."""

    async def body() -> None:
        settings, shop = load_settings(), tenant_of(tenant)
        logging.config.dictConfig(log_config(log_level))
        try:
            from ..mcp.server import build_server, serve_stdio
        except ModuleNotFoundError as error:
            if error.name not in ("mcp", "mcp_types"):
                raise
            raise ConfigurationError("this needs the extra: pip install 'tastemaker[mcp]'") from error
        from ...graphs.recommender import Recommender

        async with await Recommender.open(settings) as recommender:
            await serve_stdio(build_server(lambda: recommender, lambda: shop))

    run_async(body)
