"""Show the whole thing from the command line, on the bundled print shop or on MovieLens-100k."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ...core.errors import InvalidRequestError
from ...core.settings import load_settings
from .options import guarded

WIDTH = 110
"""Columns of a picture, and of output that goes to a file or a pipe."""


class Data(StrEnum):
    """What the demonstration can show."""

    SHOP = "shop"
    ML100K = "ml100k"


def demo_command(
    *,
    data: Annotated[Data, typer.Option(help="The bundled print shop, or MovieLens-100k from a folder.")] = Data.SHOP,
    folder: Annotated[
        Path | None, typer.Option(help="Folder of MovieLens-100k; default: ml100k in the data folder.", file_okay=False)
    ] = None,
    download: Annotated[bool, typer.Option("--download", help="Fetch MovieLens-100k first, from --url.")] = False,
    url: Annotated[str | None, typer.Option(help="Address of MovieLens-100k's zip file.")] = None,
    llm: Annotated[bool, typer.Option("--llm/--no-llm", help="Start the language model's server.")] = True,
    ask: Annotated[bool, typer.Option("--ask/--no-ask", help="Send the scripted requests.")] = True,
    keep: Annotated[bool, typer.Option("--keep", help="Keep serving until Ctrl-C.")] = False,
    svg: Annotated[
        Path | None, typer.Option(help="Also draw what is shown, up to the first answer.", dir_okay=False)
    ] = None,
) -> None:
    """Show the whole path: set up, ingest, start vLLM and the API, ask through HTTP, and stop everything."""

    def body() -> int:
        from ..demo.run import Options, run

        if download != (url is not None):
            raise InvalidRequestError(
                "--download", "needs --url, the address of MovieLens-100k's zip file, and it --download"
            )
        plain = svg is not None or not sys.stdout.isatty()
        console = Console(record=svg is not None, width=WIDTH if plain else None)
        options = Options(data=data.value, folder=folder, url=url, llm=llm, ask=ask, keep=keep, svg=svg)
        return run(load_settings(), options, console)

    raise typer.Exit(guarded(body))
