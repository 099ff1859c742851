"""Run the benchmarks: ``tastemaker bench NAME --data DIR --json`` prints one JSON object."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ...core.settings import load_settings
from .bench_media import contact_sheet, exports, ingest, speech, trust_av, trust_c2pa, trust_tamper, trust_text, vision
from .bench_options import CountOption, DataOption, JsonOption, SeedOption, keep_figures, print_figures
from .bench_recommendation import (
    beyond,
    elicit,
    games,
    games_cold,
    games_retrieved,
    harm,
    ml100k,
    ml100k_cold_item,
    ml100k_cold_user,
    order,
    progress,
)
from .bench_requests import conversation, languages, personal, readers, relevance, requests, words
from .options import guarded

app = typer.Typer(
    no_args_is_help=True,
    help="Measure the bars: overhead, first-item, turn, valid, speech, games, elicit, harm, order.",
)

app.callback()(keep_figures)
app.command("requests")(requests)
app.command("readers")(readers)
app.command("words")(words)
app.command("conversation")(conversation)
app.command("relevance")(relevance)
app.command("personal")(personal)
app.command("languages")(languages)
app.command("speech")(speech)
app.command("elicit")(elicit)
app.command("beyond")(beyond)
app.command("harm")(harm)
app.command("order")(order)
app.command("vision")(vision)
app.command("ingest")(ingest)
app.command("exports")(exports)
app.command("trust-c2pa")(trust_c2pa)
app.command("trust-tamper")(trust_tamper)
app.command("trust-text")(trust_text)
app.command("trust-av")(trust_av)
app.command("contact-sheet")(contact_sheet)
app.command("games")(games)
app.command("games-retrieved")(games_retrieved)
app.command("games-cold")(games_cold)
app.command("ml100k")(ml100k)
app.command("ml100k-cold-user")(ml100k_cold_user)
app.command("ml100k-cold-item")(ml100k_cold_item)


@app.command()
def overhead(n: CountOption = 300, as_json: JsonOption = False) -> None:
    """Measure the graph alone, with every model and store replaced by a constant."""
    from ...evals.service.overhead import run

    print_figures(run(n), as_json)


@app.command("first-item")
def first_item(data: DataOption = None, n: CountOption = 40, seed: SeedOption = 0, as_json: JsonOption = False) -> None:
    """Measure the time to the first ranked items at an HTTP client: text; + photo; + 6 s of voice."""
    from ...evals.service.prepared_shops import first_item_run

    print_figures(first_item_run(load_settings(), data, n, seed), as_json)


@app.command()
def load(
    seconds: Annotated[float, typer.Option(min=1, help="Seconds at each concurrency.")] = 10,
    workers: Annotated[int, typer.Option(min=1, help="Processes that serve.")] = 1,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Measure requests a second over HTTP at 1 to 128 at once, beside two floors, and goodput at twice the sustained rate."""
    from ...evals.service.prepared_shops import load_run

    print_figures(load_run(load_settings(), seconds, workers, seed), as_json)


@app.command()
def soak(
    seconds: Annotated[float, typer.Option(min=10, help="Seconds at twice the sustained rate.")] = 600,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Hold the service at twice the rate it sustains for minutes: refusals, times, memory; then 200 streams at once."""
    from ...evals.service.prepared_shops import soak_run

    print_figures(soak_run(load_settings(), seconds, seed), as_json)


@app.command()
def faults(
    pairs: Annotated[bool, typer.Option(help="Break two parts at once as well.")] = True, as_json: JsonOption = False
) -> None:
    """Break every dependency in turn and in pairs under light load: answers in time, within the conditions, labelled, recovered."""
    from ...evals.service.faults import run

    print_figures(run(pairs=pairs), as_json)


@app.command()
def attacks(n: CountOption = 150, seed: SeedOption = 0, as_json: JsonOption = False) -> None:
    """Put hostile texts into items, photos, voice, history and requests, and count what the served language model makes of them."""
    from ...evals.service.attacks import run

    print_figures(run(load_settings(), n, seed), as_json)


@app.command()
def footprint(data: DataOption = None, n: CountOption = 32, seed: SeedOption = 0, as_json: JsonOption = False) -> None:
    """Measure the service's peak memory without a language model, and photo requests that come at once."""
    from ...evals.service.prepared_shops import footprint_run

    print_figures(footprint_run(load_settings(), data, n, seed), as_json)


@app.command()
def turn(data: DataOption = None, n: CountOption = 4, seed: SeedOption = 0, as_json: JsonOption = False) -> None:
    """Compare the graph with a plain tool-calling loop: same tools, same media, same model server."""
    from ...evals.service.prepared_shops import turn_run

    print_figures(turn_run(load_settings(), data, n, seed), as_json)


@app.command()
def valid(
    data: DataOption = None,
    n: CountOption = 1000,
    llm_requests: Annotated[int, typer.Option(min=0, help="Requests to repeat with the real language model.")] = 20,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
) -> None:
    """Count broken promises over many requests, with hostile item text and a hostile language model."""
    from ...evals.service.prepared_shops import valid_run

    print_figures(valid_run(load_settings(), data, n, llm_requests, seed), as_json)


@app.command()
def rollout(n: CountOption = 1000, seed: SeedOption = 0, as_json: JsonOption = False) -> None:
    """Simulate N rollouts that are looked at daily: false alarms, and how soon a fifth fewer or more clicks are seen."""
    from ...evals.service.rollouts import run

    print_figures(run(n, seed, progress()), as_json)


@app.command()
def report(
    saved: Annotated[Path, typer.Argument(help="Folder that `tastemaker bench --save FOLDER NAME` wrote into.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for benchmarks.md, plots/ and figures/.")] = Path("docs"),
) -> None:
    """Draw one plot per saved benchmark and write the page of benchmarks."""
    from ...evals.reporting.page import write_page

    for path in guarded(lambda: write_page(saved, out)):
        typer.echo(path)


@app.command()
def serving(data: DataOption = None, n: CountOption = 100, seed: SeedOption = 0, as_json: JsonOption = False) -> None:
    """Train on MovieLens-100k, then time ranking and whole requests with and without the trained version."""
    from ...evals.service.trained_against_untrained import run

    print_figures(run(load_settings(), data, n, seed, progress()), as_json)
