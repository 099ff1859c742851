"""Run a demonstration from nothing to answers: weights, catalogue, language model, API, requests; then stop it all."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import re
import signal
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, aclosing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from ...core.errors import BackEndError, BackEndUnavailable, ConfigurationError, TastemakerError
from ...core.schemas import RecommendRequest
from ...core.settings import PREFIX, Settings
from ...stores.ingest.plan import Choices
from ..client.http_client import stream_from_server
from ..client.terminal import TerminalRenderer
from .movielens import convert, download
from .processes import NOBODY, LanguageModel, environ, free_port, language_model, service
from .scripts import Ask, Demonstration, print_shop
from .train import learn

EXIT_INTERRUPTED = 130
EXIT_FAILED = 1
_WEB_FONTS = re.compile(r"@font-face\s*\{[^}]*\}|<!--.*?-->", re.DOTALL)
"""What a picture must not load from elsewhere."""


@dataclass(frozen=True)
class Options:
    """What to show. ``folder`` and ``url`` are for MovieLens; ``keep`` serves on; ``ask`` sends the scripted requests.

    ``svg`` is where a picture of the terminal up to the first answer goes; the console must record.
    """

    data: str = "shop"
    folder: Path | None = None
    url: str | None = None
    llm: bool = True
    ask: bool = True
    keep: bool = False
    svg: Path | None = None


def run(settings: Settings, options: Options, console: Console) -> int:
    """Show the demonstration and return the exit status: 0, 130 when interrupted, 1 if a part was missing.

    Raises:
        TastemakerError: a part without which there is nothing to show failed.
    """
    try:
        return asyncio.run(_main(settings, options, console))
    except asyncio.CancelledError:
        console.print("[yellow]interrupted; everything that was started is stopped[/]")
        return EXIT_INTERRUPTED


async def _main(settings: Settings, options: Options, console: Console) -> int:
    stopped = _cancel_on_signals()
    show = _Show(console)
    name = "ml100k" if options.data == "ml100k" else "print-shop"
    demo = settings.model_copy(update={"home": settings.home / "demo" / name})
    with _alone(demo.home):
        async with AsyncExitStack() as stack:
            llm = None
            if options.llm:
                llm = await stack.enter_async_context(language_model(settings, demo, show.say))
            source = await asyncio.to_thread(_source, settings, options, demo.home / "source")
            show.note(source.note)
            demo = _own_stores(demo, source)
            await _prepare(demo, source, show)
            wished = settings.serve.port if options.keep else 0
            port = free_port(settings.serve.host, wished)
            values = environ(demo) | {f"{PREFIX}LLM__BASE_URL": llm.url if llm else NOBODY}
            stack.callback(show.say, "API stopped")
            running = service(demo.home, settings=values, host=demo.serve.host, port=port)
            url = (await stack.enter_async_context(running)).url
            show.done("API", f"{url}  (documentation: {url}/docs)")
            status = await _await_llm(llm, show)
            if options.ask:
                await _ask_all(url, source, options.svg, console)
            if options.keep:
                status = await _serve_on(url, console, stopped)
    if not options.keep:
        address = f"http://{settings.serve.host}:{settings.serve.port}/"
        console.print(f"\nTo try it in a browser: [bold]make serve[/], then open {address}", highlight=False)
    return status


def _cancel_on_signals() -> asyncio.Event:
    """Cancel this task at the first SIGINT or SIGTERM, and set the returned event; later ones wait for the clean-up."""
    stopped = asyncio.Event()
    task = asyncio.current_task()
    assert task is not None
    main = task

    def stop() -> None:
        if not stopped.is_set():
            stopped.set()
            main.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    return stopped


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Hold the demonstration's folder, so that two demonstrations do not stop each other's servers.

    Raises:
        ConfigurationError: another one runs.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / "demo.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"another demonstration runs in {home}; wait for it, or set TASTEMAKER_HOME to another folder"
            ) from None
        yield


def _source(settings: Settings, options: Options, work: Path) -> Demonstration:
    if options.data != "ml100k":
        return print_shop()
    folder = options.folder or settings.data / "ml100k"
    if options.url:
        folder = download(options.url, options.folder or settings.home / "data" / "ml100k")
    return convert(folder.resolve(), work)


def _own_stores(demo: Settings, source: Demonstration) -> Settings:
    catalogue = demo.catalogue.model_copy(update={"uri": "", "media_root": str(source.media)})
    history = demo.history.model_copy(update={"url": ""})
    web = demo.web.model_copy(update={"title": demo.web.title or source.title, "shoppers": source.shoppers})
    return demo.model_copy(update={"catalogue": catalogue, "history": history, "web": web})


async def _prepare(demo: Settings, source: Demonstration, show: _Show) -> None:
    from ...models.slots import slot_id
    from ...models.weights.fetch import ensure_weights
    from ..doctor.diagnosis import needed_weights, useful_weights
    from ..stock import stock

    started = time.perf_counter()
    llm = slot_id(demo, "llm").partition(":")[2]
    names = [name for name in needed_weights(demo) if name != llm]
    for name in names:
        await asyncio.to_thread(ensure_weights, name, demo.cache, progress=show.say)
    for name in useful_weights(demo):
        with contextlib.suppress(BackEndUnavailable):  # what it cannot read then is labelled
            await asyncio.to_thread(ensure_weights, name, demo.cache, progress=show.say)
    show.done("weights", f"{', '.join(names)}: ready, {time.perf_counter() - started:.1f} s")
    report = await stock(
        demo,
        source.catalogue,
        choices=Choices(mapping=source.mapping),
        media=source.media,
        interactions=source.interactions,
        rejects=demo.home / "rejects.jsonl",
        progress=lambda done, total: show.say(f"catalogue: {done} of {total} items"),
    )
    show.done(
        "catalogue",
        f"{report.read} items ({report.inserted} new, {report.updated} changed, {report.unchanged} as before), "
        f"{report.events_added} new of {report.events_read} events, {report.seconds:.1f} s",
    )
    show.done("recommender", await learn(demo, show.say))


async def _await_llm(llm: LanguageModel | None, show: _Show) -> int:
    """Wait for the language model; without it the demonstration goes on, labelled, and ends with a failure."""
    if llm is None:
        show.done("language model", "left out (--no-llm): the reasons are rendered from data")
        return 0
    started = time.perf_counter()
    try:
        await llm.ready
    except BackEndError as error:
        show.failed("language model", f"{error}; going on without it")
        return EXIT_FAILED
    show.done("language model", f"{llm.url}, waited {time.perf_counter() - started:.1f} s")
    return 0


async def _ask_all(url: str, source: Demonstration, svg: Path | None, console: Console) -> None:
    thread: str | None = None
    for ask in source.asks:
        console.print()
        console.print(Rule(Text(ask.title, style="bold"), align="left"))
        thread = await _ask(url, ask, thread if ask.follows else None, console)
        if svg is not None and ask is source.asks[0]:
            _save_picture(console, svg)


def _save_picture(console: Console, svg: Path) -> None:
    svg.write_text(_WEB_FONTS.sub("", console.export_svg(title="make demo", clear=False)), encoding="utf-8")


async def _ask(url: str, ask: Ask, thread: str | None, console: Console) -> str:
    request = RecommendRequest.model_validate({**ask.fields, "thread_id": thread})
    renderer = TerminalRenderer(console)
    renderer.start(request)
    answer: dict[str, Any] | None = None
    try:
        async with aclosing(cast(Any, stream_from_server(url, request))) as events:
            async for event in events:
                renderer.handle(event)
                answer = event.data if event.event == "done" else answer
    finally:
        renderer.close()
    if answer is None:
        raise TastemakerError(f"no answer came from {url}; see its log")
    return str(answer["thread_id"])


async def _serve_on(url: str, console: Console, stopped: asyncio.Event) -> int:
    console.print()
    console.print(f"[bold]Tastemaker serves at {url}[/]", highlight=False)
    console.print(
        f"  page           {url}/\n  console        {url}/console\n  documentation  {url}/docs\n  readiness      {url}/ready\n"
        "  stop           Ctrl-C",
        highlight=False,
    )
    with contextlib.suppress(asyncio.CancelledError):
        await stopped.wait()
    return 0


class _Show:
    """Print the steps of the preparation: one line when a step is done, passing news beside a spinner on a terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said = ""
        self._started = time.perf_counter()

    def note(self, text: str) -> None:
        """Print what the demonstration is made of."""
        self._console.print(Text(text, style="dim"))

    def say(self, line: str) -> None:
        """Print passing news once."""
        if line != self._said:
            self._said = line
            self._line("·", "dim", Text(line, style="dim"))

    def done(self, step: str, result: str) -> None:
        """Print a step that is done."""
        self._line("✓", "green", Text.assemble((step, "bold"), "  ", result))

    def failed(self, step: str, why: str) -> None:
        """Print a step that failed."""
        self._line("✗", "red", Text.assemble((step, "bold red"), "  ", why))

    def _line(self, sign: str, style: str, text: Text) -> None:
        seconds = time.perf_counter() - self._started
        self._console.print(Text.assemble((f"{seconds:6.1f} s ", "dim"), (sign, style), " ", text))
