"""Check, show and try business rules from the terminal."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ...core.errors import InvalidRequestError, TastemakerError
from ...core.rules.doubts import doubts
from ...core.rules.file_format import told, unfit
from ...core.rules.model import RuleSet
from ...core.schemas import CatalogueSchema, Constraint, Recommendation, RecommendRequest
from ...core.settings import Settings, load_settings
from ...stores.rules import read_rules, rules_path
from .options import guarded, run_async
from .recommend import parse_context, parse_where

app = typer.Typer(help="Business rules: check, show, try.", no_args_is_help=True)
FileArgument = Annotated[Path | None, typer.Argument(help="A rules file; default: the tenant's.", dir_okay=False)]
TenantOption = Annotated[str, typer.Option(help="Which shop.")]


@app.command()
def check(file: FileArgument = None, tenant: TenantOption = "default") -> None:
    """Check a rules file and say by rule and field what is wrong; exit status 1 if anything is."""
    run_async(lambda: _check(load_settings(), file, tenant))


@app.command()
def show(
    file: FileArgument = None,
    tenant: TenantOption = "default",
    as_json: Annotated[bool, typer.Option("--json", help="Print the rules as JSON.")] = False,
) -> None:
    """Show a shop's rules, in the order in which they are applied."""
    rules = guarded(lambda: _rules(file or rules_path(load_settings().rules_dir, tenant)))
    if as_json:
        typer.echo(rules.model_dump_json(exclude_defaults=True))
        return
    table = Table("Rule", "Kind", "What", "When")
    for rule in rules.rules:
        about = rule.model_dump(mode="json", exclude_defaults=True, exclude={"id", "kind", "when", "enabled"})
        when = rule.when.model_dump(mode="json", exclude_defaults=True)
        state = _words(when) or "always"
        table.add_row(rule.id, rule.kind, escape(_words(about)), escape(state if rule.enabled else "switched off"))
    Console().print(table)


@app.command("try")
def try_rules(
    file: FileArgument = None,
    *,
    tenant: TenantOption = "default",
    user: Annotated[str | None, typer.Option(help="Who asks; omit for a stranger.")] = None,
    text: Annotated[str | None, typer.Option(help="What they typed.")] = None,
    context: Annotated[list[str] | None, typer.Option(help="Such as channel=web; repeatable.")] = None,
    where: Annotated[list[str] | None, typer.Option(help="Such as 'price<=40'; repeatable.")] = None,
    n: Annotated[int, typer.Option("--n", "-n", min=1, max=50, help="How many items.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print both lists as JSON and nothing else.")] = False,
) -> None:
    """Ask once without and once with the rules of a file that need not be in use yet, and show what they change."""

    def request() -> RecommendRequest:
        fields = {"user_id": user, "text": text, "tenant": tenant, "n": n, "words": False, "route": "direct"}
        limits: list[Constraint] = [parse_where(w) for w in where or ()]
        return RecommendRequest.model_validate(
            {**fields, "context": parse_context(context or ()), "constraints": limits}
        )

    settings = load_settings()
    rules = guarded(lambda: _rules(file or rules_path(settings.rules_dir, tenant)))
    without, with_them, problems = run_async(lambda: _compared(settings, rules, request()))
    if as_json:
        typer.echo(json.dumps({"without": _plain(without), "with": _plain(with_them), "problems": list(problems)}))
        return
    _print_compared(without, with_them, problems)


async def _check(settings: Settings, file: Path | None, tenant: str) -> None:
    path = file or rules_path(settings.rules_dir, tenant)
    rules, problems = await asyncio.to_thread(read_rules, path)
    schema = CatalogueSchema()
    with suppress(TastemakerError):
        schema = await _schema(settings, tenant)
    if rules is not None and schema.fields:
        problems += [f"{path.name}: {problem}" for problem in told(unfit(rules, schema))]
    console = Console()
    for problem in problems:
        console.print(f"[red]{escape(problem)}[/red]", soft_wrap=True)
    if problems or rules is None:
        raise typer.Exit(1)
    for doubt in doubts(rules, schema):
        console.print(f"[yellow]{escape(f'{path.name}: {doubt}')}[/yellow]", soft_wrap=True)
    fields = "fields checked" if schema.fields else f"fields not checked: no catalogue of {tenant!r}"
    console.print(f"{path.name}: {len(rules.rules)} rules in order; {fields}", highlight=False, soft_wrap=True)


async def _schema(settings: Settings, tenant: str) -> CatalogueSchema:
    from ...graphs.recommender import Recommender

    async with Recommender(settings) as recommender:
        return await (await recommender.services.shop(tenant)).catalogue.schema()


def _rules(path: Path) -> RuleSet:
    """Read a file.

    Raises:
        InvalidRequestError: it is wrong; the first problem.
    """
    rules, problems = read_rules(path)
    if rules is None:
        raise InvalidRequestError("rules", f"{problems[0]}; `tastemaker rules check` names every problem")
    return rules


async def _compared(
    settings: Settings, rules: RuleSet, request: RecommendRequest
) -> tuple[tuple[Recommendation, ...], tuple[Recommendation, ...], tuple[str, ...]]:
    from ...graphs.recommender import Recommender

    async with Recommender(settings) as recommender:
        without, with_them = await recommender.try_rules(rules, request)
        schema = (await recommender.language(request.tenant)).schema
    return without, with_them, told(unfit(rules, schema))


def _print_compared(
    without: tuple[Recommendation, ...], with_them: tuple[Recommendation, ...], problems: tuple[str, ...]
) -> None:
    console = Console()
    before = {item.item_id: item.rank for item in without}
    table = Table("Rank", "Item", "Without rules", "Placed by")
    for item in with_them:
        earlier = before.get(item.item_id)
        table.add_row(
            str(item.rank), escape(item.title), str(earlier) if earlier else "not listed", escape(", ".join(item.rules))
        )
    console.print(table)
    gone = [item for item in without if item.item_id not in {i.item_id for i in with_them}]
    for item in gone:
        console.print(f"no longer listed: {escape(item.title)} (was {item.rank})", highlight=False)
    for problem in problems:
        console.print(f"[yellow]not applied: {escape(problem)}[/yellow]", soft_wrap=True)


def _plain(items: tuple[Recommendation, ...]) -> list[dict[str, Any]]:
    return [i.model_dump(mode="json", include={"item_id", "rank", "title", "score", "rules"}) for i in items]


def _words(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_word(value)}" for name, value in values.items())


def _word(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(_word(v) for v in value.values()) if "op" in value else _words(value)
    if isinstance(value, list):
        shown = " and ".join(_word(v) for v in value[:5])
        return f"{shown} and {len(value) - 5} more" if len(value) > 5 else shown
    return f"{value:g}" if isinstance(value, float) else str(value)
