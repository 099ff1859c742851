"""Make the page of benchmarks and its plots: ``tastemaker bench report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .options import guarded


def report(
    saved: Annotated[Path, typer.Argument(help="Folder that `tastemaker bench --save FOLDER NAME` wrote into.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for benchmarks.md and plots/.")] = Path("docs"),
) -> None:
    """Draw one plot per saved benchmark and write the page of benchmarks."""
    from ...evals.reporting.page import write_page

    for path in guarded(lambda: write_page(saved, out)):
        typer.echo(path)
