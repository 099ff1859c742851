"""Give ``tastemaker llm`` its commands: up, status, down, logs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from ...core.errors import TastemakerError
from ...core.settings import load_settings
from ...models.vllm.server import ServerStatus, VLLMServer

app = typer.Typer(help="The language-model server (vLLM): start, watch, stop.", no_args_is_help=True)
EXIT_STOPPED = 3


@app.command()
def up(
    wait: Annotated[bool, typer.Option(help="Return only when the server answers.")] = True,
    restart: Annotated[bool, typer.Option(help="Replace a server that has another model.")] = False,
    supervise: Annotated[bool, typer.Option(help="Start the server again when it dies.")] = True,
) -> None:
    """Start the server; the first time, also install vLLM and fetch the model."""
    with _errors():
        _show(_server().up(wait, lambda line: typer.echo(line, err=True), restart=restart, watch=supervise))


@app.command()
def status(
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say how the server is; exit status 3 when it is stopped."""
    with _errors():
        found = _server().status()
    if json:
        typer.echo(found.model_dump_json(indent=2))
    else:
        _show(found)
    if found.state == "stopped":
        raise typer.Exit(EXIT_STOPPED)


@app.command()
def down() -> None:
    """Stop the server and everything it started."""
    with _errors():
        stopped = _server().down()
    typer.echo("stopped" if stopped else "no server was running")


@app.command()
def logs(
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many lines.")] = 50,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on while the server runs.")] = False,
) -> None:
    """Print the server's log."""
    with _errors():
        for line in _server().logs(lines, follow):
            typer.echo(line)


def _server() -> VLLMServer:
    return VLLMServer(load_settings())


def _show(found: ServerStatus) -> None:
    typer.echo(f"{found.state}: {found.model or 'no model'} at {found.url}")
    if found.pid is not None:
        watched = "supervised" if found.supervised else "not supervised"
        typer.echo(f"process {found.pid}, {watched}, {found.restarts} restarts, log {found.log}")
    if found.external:
        typer.echo("run by others: llm.base_url is set")
    if found.why:
        typer.echo(found.why)


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except TastemakerError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
