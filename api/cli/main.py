"""Start the command line: `tastemaker COMMAND`; each command's modules are imported when it is called."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NamedTuple

import typer

from ... import __version__
from ...core.errors import TastemakerError
from .options import report, set_debug


class Lazy(NamedTuple):
    """Where a command lives: a Typer application, or a function that becomes one command."""

    module: str
    attribute: str
    help: str


COMMANDS = {
    "recommend": Lazy("recommend", "recommend_command", "Recommend, printing as it happens."),
    "read": Lazy("read", "read_command", "Show what the words of a request are taken to mean."),
    "language": Lazy("language", "app", "Show what a catalogue's words mean, and give it words of its own."),
    "search": Lazy("search", "search_command", "Find items by words, photos, voice or clips."),
    "check": Lazy("check", "check_command", "Examine photos, voice and video for forgery."),
    "why-not": Lazy("why_not", "why_not_command", "Say which step drops an item from a list."),
    "mcp": Lazy("mcp", "mcp_command", "Serve an agent over the Model Context Protocol."),
    "serve": Lazy("serve", "serve_command", "Serve the HTTP API."),
    "demo": Lazy("demo", "demo_command", "Show the whole thing on bundled data."),
    "setup": Lazy("setup", "setup_command", "Fetch weights and prepare everything that is missing."),
    "doctor": Lazy("doctor", "doctor_command", "Tell what is installed, what serves each slot, what is missing."),
    "ingest": Lazy("ingest", "ingest_command", "Read a catalogue and its interactions."),
    "tracks": Lazy("tracks", "tracks_command", "Learn how a catalogue's tracks sound."),
    "train": Lazy("train", "train_command", "Train the recommender on the events, list its versions, go back."),
    "feedback": Lazy("feedback", "feedback_command", "Store what a user did with an item."),
    "items": Lazy("forget", "items_app", "Delete items from a catalogue."),
    "preferences": Lazy("forget", "preferences_app", "Forget what users agreed to have remembered."),
    "expire": Lazy("expire", "expire_command", "Remove what is kept longer than the settings say."),
    "off-policy": Lazy("off_policy", "off_policy_command", "Compare policies from the log of what was shown."),
    "llm": Lazy("llm", "app", "Start, watch and stop the language model's server."),
    "keys": Lazy("keys", "app", "Make, list, rotate and revoke API keys."),
    "prompts": Lazy("releases", "app", "Try, release and roll back prompts, phrases, rules and weights."),
    "review": Lazy("review", "app", "List, accept and reject items held for review."),
    "rules": Lazy("rules", "app", "Check, show and try business rules."),
    "align": Lazy("align", "align_command", "Train the image-text projection."),
    "fairness": Lazy(
        "bench_recommendation", "fairness_command", "Report on fairness between groups of items and users."
    ),
    "describe": Lazy("describe", "describe_command", "Describe items in plain words with the language model."),
    "fit-senses": Lazy("fit", "fit_senses_command", "Fit how much words, photos and sound count."),
    "train-tamper": Lazy("train_tamper", "train_tamper_command", "Train the model that finds spliced parts of photos."),
    "fit-llm": Lazy("fit", "fit_llm_command", "Fit how far a language model may move the lists."),
    "bench": Lazy("bench", "app", "Run the benchmarks."),
}


def build_app(arguments: Sequence[str]) -> typer.Typer:
    """Return the application, in which only the command that ``arguments`` name is imported; the others have their help."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    app.callback()(_options)
    called = next((word for word in arguments if not word.startswith("-")), None)
    for name, lazy in COMMANDS.items():
        target = _load(name, lazy) if name == called else _only_help
        if isinstance(target, typer.Typer):
            app.add_typer(target, name=name, help=lazy.help)
        elif name == called:
            app.command(name)(target)
        else:
            app.command(name, help=lazy.help)(target)
    return app


def main() -> None:
    """Run the command line; this is the `tastemaker` script."""
    try:
        build_app(sys.argv[1:])()
    except TastemakerError as error:
        if "--debug" in sys.argv:
            raise
        sys.exit(report(error))


def _load(name: str, lazy: Lazy) -> typer.Typer | Callable[..., Any]:
    try:
        module = import_module(f".{lazy.module}", __package__)
    except ModuleNotFoundError as error:
        if error.name != f"{__package__}.{lazy.module}":
            raise
        raise TastemakerError(f"{name!r} is not part of this installation") from error
    target: typer.Typer | Callable[..., Any] = getattr(module, lazy.attribute)
    return target


def _only_help() -> None:
    """Stand for a command that was not called, on the help page."""


def _version(value: bool) -> None:
    if value:
        typer.echo(f"tastemaker {__version__}")
        raise typer.Exit


def _options(
    debug: bool = typer.Option(False, "--debug", help="Show tracebacks of errors."),
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Text, photos and voice in; grounded recommendations out."""
    set_debug(debug)


if __name__ == "__main__":
    main()
