"""Search from the command line: `tastemaker search --text "in red" --image shoe.jpg --weight images=2`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from ...core.errors import InvalidRequestError
from ...core.ranking.cross_modal import Hit, SearchResponse, SearchWeights
from ...core.settings import load_settings
from .options import Words, WordsOption, run_async, words_of
from .recommend import parse_context, parse_where


def search_command(
    words: Words = None,
    *,
    text: WordsOption = None,
    image: Annotated[list[Path] | None, typer.Option(help="A photo; repeatable.", dir_okay=False)] = None,
    audio: Annotated[list[Path] | None, typer.Option(help="A voice clip; repeatable.", dir_okay=False)] = None,
    video: Annotated[list[Path] | None, typer.Option(help="A video clip.", dir_okay=False)] = None,
    weight: Annotated[
        list[str] | None, typer.Option(help="How much a part counts, such as images=2; repeatable.")
    ] = None,
    look_at: Annotated[str, typer.Option("--in", help="What of the items is compared: image, text or both.")] = "both",
    where: Annotated[
        list[str] | None, typer.Option(help="Such as 'price<=40' or 'theme in sea,boats'; repeatable.")
    ] = None,
    context: Annotated[
        list[str] | None, typer.Option(help="What rules may look at, such as age=16; repeatable.")
    ] = None,
    n: Annotated[int, typer.Option("--n", "-n", help="How many items, 1 to 100.")] = 10,
    tenant: Annotated[str, typer.Option(help="Which shop.")] = "default",
    as_json: Annotated[bool, typer.Option("--json", help="Print the response as one JSON object.")] = False,
) -> None:
    """Find items by words, photos, voice or clips, or a mixture such as "like this photo, but in red"."""

    async def work() -> SearchResponse:
        from ...graphs.recommender import Recommender

        fields: dict[str, Any] = {"text": words_of(words, text) or "", "look_at": look_at, "n": n, "tenant": tenant}
        fields |= {"weights": parse_weights(weight or []), "constraints": [parse_where(w) for w in where or ()]}
        fields["context"] = parse_context(context or ())
        for name, files in (("images", image), ("audio", audio), ("video", video)):
            fields[name] = [{"path": str(file)} for file in files or ()]
        async with Recommender(load_settings()) as recommender:
            return await recommender.search(**fields)

    found = run_async(work)
    if as_json:
        typer.echo(found.model_dump_json())
    else:
        _show(found, Console())


def parse_weights(pairs: list[str]) -> dict[str, float]:
    """Return part -> weight from ``images=2``.

    Raises:
        InvalidRequestError: another form, or a part that does not exist.
    """
    weights: dict[str, float] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        try:
            weights[name] = float(value)
        except ValueError as error:
            raise InvalidRequestError("--weight", f"{pair!r} must look like images=2") from error
        if name not in SearchWeights.model_fields:
            raise InvalidRequestError("--weight", f"{name!r} is none of {', '.join(SearchWeights.model_fields)}")
    return weights


def _show(found: SearchResponse, console: Console) -> None:
    for piece in found.evidence:
        console.print(f"{piece.source}: {piece.content}", markup=False)
    for part in found.degraded:
        console.print(f"without {part.what}: {part.why}", style="yellow", markup=False)
    table = Table("", "item", "title", "score", "nearness")
    for hit in found.hits:
        table.add_row(str(hit.rank), hit.item_id, hit.title, f"{hit.score:.2f}", _nearness(hit))
    console.print(table if found.hits else "nothing was found within the limits")


def _nearness(hit: Hit) -> str:
    return ", ".join(f"{part.part}~{part.against} {part.score:.2f}" for part in hit.parts)
