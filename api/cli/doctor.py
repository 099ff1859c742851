"""Tell what is installed, which back-end serves each slot, what is missing and how to get it."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...core.settings import load_settings
from ..doctor.diagnosis import Diagnosis, diagnose
from ..doctor.packages import Finding
from .options import run_async

_SIGNS = {"ok": ("✓", "green"), "optional": ("○", "dim"), "missing": ("✗", "yellow"), "broken": ("✗", "red")}


def doctor_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Look at everything; exit status 1 only if the embedded default cannot work."""

    async def work() -> Diagnosis:
        return await diagnose(load_settings())

    found = run_async(work)
    if as_json:
        sys.stdout.write(found.model_dump_json(indent=2) + "\n")
    else:
        show(found, Console())
    if not found.works:
        raise typer.Exit(1)


def show(found: Diagnosis, console: Console) -> None:
    """Print a diagnosis for people."""
    console.print(Text.assemble(("Tastemaker ", "bold"), found.version, "  ·  Python ", found.python))
    console.print(Text(f"profile {found.profile}  ·  data {found.home}  ·  weights {found.cache}", style="dim"))
    wrong = tuple(f for f in found.packages if f.state != "ok")
    good = Finding(what="required", state="ok", detail=f"{len(found.packages)} packages at the versions needed")
    sections = (
        ("Packages", wrong or (good,)),
        ("Extras", found.extras),
        ("Slots", found.slots),
        ("Weights", found.weights),
        ("Machine", found.machine),
        ("Data", found.data),
    )
    for title, findings in sections:
        console.print()
        console.print(Text(title, style="bold"))
        console.print(_table(findings))
    fixes = list(dict.fromkeys(f.fix for f in found.findings if f.state in {"missing", "broken"} and f.fix))
    console.print()
    if fixes:
        console.print(Text("To get what is missing:", style="bold yellow"))
        for fix in fixes:
            console.print(Text(f"  {fix}"), soft_wrap=True)
    verdict = Text("Ready.", style="bold green") if not fixes else Text("Works; what is missing degrades answers.")
    console.print(verdict if found.works else Text("The embedded default cannot work like this.", style="bold red"))


def _table(findings: tuple[Finding, ...]) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(width=3, justify="right")
    table.add_column(min_width=20, no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        sign, style = _SIGNS[finding.state]
        optional = finding.fix if finding.state == "optional" else ""
        detail = Text.assemble(finding.detail, (f"  → {optional}", "dim cyan") if optional else "")
        table.add_row(Text(sign, style=style), Text(finding.what), detail)
    return table
