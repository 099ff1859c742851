"""Measure what people say and get: ``tastemaker bench requests``, ``languages``, ``relevance`` and those like them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ...core.settings import load_settings
from .bench_options import CountOption, DataOption, JsonOption, SeedOption, print_figures
from .options import guarded

FilesOption = Annotated[
    list[Path] | None, typer.Option("--file", help="Ask these files instead; the format is that of data/requests.")
]
PartOption = Annotated[
    str,
    typer.Option(
        "--part",
        help="The project's own requests to ask: dev, held_out, or fresh, third, fourth, fifth, sixth, seventh, eighth or ninth with _dev or _kept.",
    ),
]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Write what was not obeyed, and how it was read, to this JSON Lines file.")
]


def requests(
    *,
    data: DataOption = None,
    file: FilesOption = None,
    part: PartOption = "dev",
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask requests in words over five to eleven catalogues: obeyed, precision, inverted and silent conditions, by construct."""
    from ...evals.requests.cases import load_cases
    from ...evals.requests.run import requests_run

    cases = guarded(lambda: load_cases(file or [], part))
    guarded(lambda: print_figures(requests_run(load_settings(), data, cases, out, _say), as_json))


def readers(
    *,
    data: DataOption = None,
    file: FilesOption = None,
    part: PartOption = "dev",
    n: CountOption = 60,
    seed: SeedOption = 0,
    answers: Annotated[
        Path | None, typer.Option("--answers", help="Keep the model's answers in this file; a second run asks nothing.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare the grammar, the language model and both as readers of N requests, and who is right where they differ."""
    import random

    from ...evals.requests.cases import load_cases
    from ...evals.requests.readers import readers_run

    settings = load_settings()
    cases = guarded(lambda: load_cases(file or [], part))
    drawn = sorted(random.Random(seed).sample(cases, min(n, len(cases))), key=lambda c: c.catalogue)  # noqa: S311
    kept = answers or settings.cache / "bench" / "readers.jsonl"
    guarded(lambda: print_figures(readers_run(settings, data, drawn, kept, _say), as_json))


def conversation(
    data: DataOption = None, n: CountOption = 40, seed: SeedOption = 0, as_json: JsonOption = False
) -> None:
    """Let a scripted person tell a wish bit by bit over five catalogues, N wishes each: solved, turns, empty lists."""
    from ...evals.requests.conversation import conversation_run

    guarded(lambda: print_figures(conversation_run(load_settings(), data, n, seed, _say), as_json))


PerGroupOption = Annotated[int, typer.Option("--n", min=1, help="Requests of each group, at most.")]


def relevance(
    data: DataOption = None, n: PerGroupOption = 16, seed: SeedOption = 0, as_json: JsonOption = False
) -> None:
    """Ask a fashion shop in thirteen ways, as a stranger and as two known people, against four searches."""
    from ...evals.requests.relevance import relevance_run

    guarded(lambda: print_figures(relevance_run(load_settings(), data, n, seed, _say), as_json))


def personal(
    data: DataOption = None, n: PerGroupOption = 16, seed: SeedOption = 0, as_json: JsonOption = False
) -> None:
    """Measure what history changes: what another taste costs, and how much of the same taste reaches the list."""
    from ...evals.requests.relevance import personal_run

    guarded(lambda: print_figures(personal_run(load_settings(), data, n, seed, _say), as_json))


def languages(as_json: JsonOption = False) -> None:
    """Ask a Chinese and a German shop for things by needs that share no word with them, forty each."""
    from ...evals.requests.other_languages import languages_run

    guarded(lambda: print_figures(languages_run(load_settings(), _say), as_json))


def words(
    *,
    data: DataOption = None,
    n: CountOption = 200,
    seed: SeedOption = 0,
    written: Annotated[bool, typer.Option(help="Also judge the sentences of the language model that serves.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Write every reason to this JSON Lines file.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Judge N reasons over four catalogues: false, empty, leaking, repeated; and the check of sentences on labelled ones."""
    from ...evals.words.run import words_run

    guarded(lambda: print_figures(words_run(load_settings(), data, n, seed, _say, out=out, written=written), as_json))


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
