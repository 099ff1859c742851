"""Give ``tastemaker bench`` its commands about the language model in recommendation: harm, order."""

from __future__ import annotations

from typing import Annotated

import typer

from ...core.settings import load_settings
from .bench_options import DataOption, JsonOption, SeedOption, print_figures

AskedOption = Annotated[int, typer.Option("--llm-n", min=1, help="Rows to ask the language model about.")]
BudgetOption = Annotated[
    float, typer.Option("--budget-s", min=0, help="Seconds for new questions; kept answers are free.")
]


def harm(
    *,
    data: DataOption = None,
    n: Annotated[int, typer.Option(min=1, help="Rows to report.")] = 2500,
    fit_n: Annotated[int, typer.Option(min=1, help="Rows of other users to fit weights on.")] = 2000,
    llm_n: AskedOption = 100,
    llm_fit_n: Annotated[
        int, typer.Option("--llm-fit-n", min=1, help="Rows of other users to ask it about, to fit its weight on.")
    ] = 100,
    budget_s: BudgetOption = 600.0,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Compare lists with the language model's re-rank on and off: by group, strategy and model."""
    from ...evals.games.llm_harm import run

    sizes = {"n": n, "fit_n": fit_n, "llm_n": llm_n, "llm_fit_n": llm_fit_n}
    print_figures(run(load_settings(), data, budget_s=budget_s, seed=seed, say=_say, **sizes), as_json)


def order(
    *,
    data: DataOption = None,
    n: Annotated[int, typer.Option(min=1, help="Rows to report.")] = 200,
    llm_n: AskedOption = 20,
    budget_s: BudgetOption = 600.0,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Show the wanted candidate at each place: how much the final list and plain LLM ranking depend on it."""
    from ...evals.games.llm_order import run

    print_figures(run(load_settings(), data, n=n, llm_n=llm_n, budget_s=budget_s, seed=seed, say=_say), as_json)


def _say(line: str) -> None:
    typer.echo(line, err=True)
