"""Show a catalogue's compiled language and give it words of its own: ``tastemaker language show|edit``."""

from __future__ import annotations

import json
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ...core.language.own_words import checked_place
from ...core.language.vocabulary import FieldVocabulary, Word, vocabulary_of
from ...core.settings import load_settings
from ...stores.catalogue.lance_catalogue import LanceCatalogue
from .options import run_async, tenant_of

app = typer.Typer(no_args_is_help=True, help="Show what a catalogue's words mean, and give it words of its own.")
TenantOption = Annotated[str, typer.Option(help="Which shop.")]
WordsOption = Annotated[list[str] | None, typer.Option(help="A word or phrase; give the option again for more.")]


@app.command()
def show(
    field: Annotated[str, typer.Argument(help="Only this field.")] = "",
    *,
    most: Annotated[int, typer.Option("--values", min=1, help="Values of each field, the most usual first.")] = 30,
    tenant: TenantOption = "default",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a field.")] = False,
) -> None:
    """Print each field and value with what they are called, and where each word comes from: own, list or lexicon."""

    async def work() -> list[FieldVocabulary]:
        catalogue = await _open(tenant)
        if field:
            checked_place(await catalogue.schema(), {}, field, "")
        found = vocabulary_of(await catalogue.language(), catalogue.own_words.read(), most)
        return [v for v in found if field in ("", v.field)]

    for found in run_async(work):
        if as_json:
            typer.echo(json.dumps(_object(found), ensure_ascii=False))
        else:
            Console().print(_table(found))


@app.command()
def edit(
    field: Annotated[str, typer.Argument(help="A field of the catalogue.")],
    *,
    value: Annotated[str, typer.Option(help="A value of the field; without it the words are for the field.")] = "",
    add: WordsOption = None,
    remove: WordsOption = None,
    tenant: TenantOption = "default",
) -> None:
    """Add words to a field or value, or take some of yours away; they are kept beside the catalogue, whatever is ingested."""

    async def work() -> tuple[str, ...]:
        catalogue = await _open(tenant)
        place = checked_place(await catalogue.schema(), (await catalogue.language()).counts, field, value)
        changed = catalogue.own_words.read().changed(field, place, tuple(add or ()), tuple(remove or ()))
        catalogue.own_words.write(changed)
        return changed.of(field, place)

    words = run_async(work)
    typer.echo(f"{value or field}: {', '.join(words) if words else 'no words of your own'}")


async def _open(tenant: str) -> LanceCatalogue:
    settings = load_settings()
    return await LanceCatalogue.open(settings.catalogue_uri, tenant_of(tenant), settings.catalogue.exact_below)


def _object(found: FieldVocabulary) -> dict[str, object]:
    values = [{"value": v.value, "items": v.items, "words": [w._asdict() for w in v.words]} for v in found.values]
    return {**found._asdict(), "words": [w._asdict() for w in found.words], "values": values}


def _table(found: FieldVocabulary) -> Table:
    about = ", ".join(x for x in (found.concept, found.measure) if x)
    table = Table(escape(found.field), "items", "your words", "word lists", "lexicon", title_justify="left")
    table.add_row(f"[dim]the field{f' ({escape(about)})' if about else ''}[/]", "", *_columns(found.words))
    for v in found.values:
        table.add_row(escape(v.value), str(v.items), *_columns(v.words))
    return table


def _columns(words: tuple[Word, ...]) -> list[str]:
    return [escape(", ".join(w.word for w in words if w.source == s)) for s in ("own", "list", "lexicon")]
