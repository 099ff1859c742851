"""Examine media from the command line: `tastemaker check photo.jpg --text "red canvas shoes" --html report.html`."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from ...core.errors import InvalidRequestError
from ...core.media.trust_report import TrustReport
from ...core.schemas import Check
from ...core.settings import load_settings
from ..trust_names import compared_files, with_file_names
from .options import run_async

STYLE = {"conflict": "bold red", "verified": "green", "no evidence": "dim"}
KINDS = {"image": "images", "audio": "audio", "video": "video"}


def check_command(
    files: Annotated[list[Path], typer.Argument(help="Photos, voice clips or video clips.", dir_okay=False)],
    *,
    text: Annotated[str, typer.Option(help="A title, description or request they should agree with.")] = "",
    html: Annotated[Path | None, typer.Option(help="Also write a report to look at.", dir_okay=False)] = None,
    tenant: Annotated[str, typer.Option(help="Whose policy applies.")] = "default",
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object.")] = False,
) -> None:
    """Look for traces of forgery, and whether media and text agree; status 1 if something conflicts."""
    sorted_files = {name: [file for file in files if _kind(file) == kind] for kind, name in KINDS.items()}

    async def work() -> TrustReport:
        from ...graphs.recommender import Recommender

        media: dict[str, Any] = {name: [{"path": str(file)} for file in found] for name, found in sorted_files.items()}
        async with Recommender(load_settings()) as recommender:
            return await recommender.check(text=text, maps=html is not None, tenant=tenant, **media)

    report = run_async(work)
    names = [file for found in sorted_files.values() for file in found]
    if html is not None:
        from ..trust_page import trust_page

        html.write_text(trust_page(report, names, text), encoding="utf-8")
    if as_json:
        typer.echo(report.model_dump_json(exclude_defaults=True))
    else:
        _show(with_file_names(report, names), names, Console())
        if html is not None:
            typer.echo(f"report: {html}")
    if report.state == "conflict":
        raise typer.Exit(1)


def _kind(file: Path) -> str:
    """Return which kind of medium a file is, by its ending.

    Raises:
        InvalidRequestError: by its ending it is none.
    """
    kind = (mimetypes.guess_type(file.name)[0] or "").partition("/")[0]
    if file.suffix.lower() in {".heic", ".heif", ".avif", ".webp"}:
        return "image"
    if kind not in KINDS:
        raise InvalidRequestError("files", f"{file.name} is no photo, sound or video by its ending")
    return kind


def _show(report: TrustReport, files: list[Path], console: Console) -> None:
    for medium, file in zip(report.media, files, strict=True):
        console.print(f"[bold]{escape(file.name)}[/bold] {_state(medium.state)}", highlight=False)
        if medium.forged_probability is not None:
            console.print(f"  forged: {medium.forged_probability:.0%}, where half of the photos are", highlight=False)
        for check in medium.checks:
            _line(check, console)
    if report.pairs:
        console.print("[bold]together[/bold]", highlight=False)
        for check in report.pairs:
            _line(check, console, compared_files(check, files))
    for effect in report.effects:
        about = ", ".join(effect.about)
        console.print(f"  policy for {effect.check} ({escape(about)}): {effect.action}", highlight=False)
    for label in report.degraded:
        console.print(f"[yellow]without {escape(label.what)}: {escape(label.why)}[/yellow]", soft_wrap=True)


def _line(check: Check, console: Console, about: str = "") -> None:
    of = f" ({escape(about)})" if about else ""
    console.print(f"  {_state(check.state)} {check.check}{of}: {escape(check.reason)}", highlight=False, soft_wrap=True)


def _state(state: str) -> str:
    return f"[{STYLE[state]}]{state}[/{STYLE[state]}]"
