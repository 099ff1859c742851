"""Run a command body the same way everywhere: one red line for an error, exit status 2 for wrong input, else 1."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import Annotated, Any, TypeVar

import typer
from pydantic import TypeAdapter, ValidationError

from ...core.errors import ConfigurationError, InvalidRequestError, TastemakerError
from ...core.redaction import redact
from ...core.schemas import TenantId

T = TypeVar("T")
Words = Annotated[str | None, typer.Argument(metavar="WORDS", help="What is asked for, in words.")]
WordsOption = Annotated[str | None, typer.Option("--text", help="The words as an option.")]
_debug = False


def set_debug(value: bool) -> None:
    """Show tracebacks of errors from now on."""
    global _debug  # noqa: PLW0603 - a process-wide option of the command line
    _debug = value


def report(error: TastemakerError) -> int:
    """Print one red line without credentials on standard error and return the exit status."""
    message = redact(" ".join(str(error).split()))
    typer.secho(f"error: {message}", fg=typer.colors.RED, err=True)
    return 2 if isinstance(error, ConfigurationError | InvalidRequestError) else 1


def guarded(body: Callable[[], T]) -> T:
    """Call ``body``; an error of ours ends the process with its status, without a traceback unless ``--debug``.

    Raises:
        typer.Exit: on an error of ours.
    """
    try:
        return body()
    except TastemakerError as error:
        if _debug:
            raise
        raise typer.Exit(report(error)) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise typer.Exit(1) from None


def run_async(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine function as a command body."""
    return guarded(lambda: asyncio.run(work()))


def parse_mapping(pairs: list[str], option: str = "--map") -> dict[str, str]:
    """Return target -> column from the ``TARGET=COLUMN`` pairs of ``option``.

    Raises:
        InvalidRequestError: a pair without ``=``, or a target twice.
    """
    mapping: dict[str, str] = {}
    for pair in pairs:
        target, equals, column = pair.rpartition("=") if option == "--as" else pair.partition("=")
        if not (target and equals and column) or target in mapping:
            raise InvalidRequestError(option, f"{pair!r} must be NAME=VALUE, each name once")
        mapping[target] = column
    return mapping


def words_of(words: str | None, text: str | None) -> str | None:
    """Return the words of a request, given as an argument or as ``--text``.

    Raises:
        InvalidRequestError: they are given both ways.
    """
    if words is not None and text is not None:
        raise InvalidRequestError("--text", "the words are given already, before it")
    return words if text is None else text


def tenant_of(name: str) -> str:
    """Return a tenant's name.

    Raises:
        InvalidRequestError: it is not one.
    """
    try:
        return TypeAdapter(TenantId).validate_python(name)
    except ValidationError as error:
        raise InvalidRequestError("--tenant", "1 to 64 of a-z, 0-9, _ and -, not starting with _ or -") from error
