"""Show a stream of events in a terminal, as they happen."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console, Group
from rich.padding import Padding
from rich.panel import Panel
from rich.status import Status
from rich.table import Table
from rich.text import Text

from ...core.schemas import RecommendRequest, StreamEvent

_KINDS = {
    "text": "wrote",
    "caption": "saw",
    "transcript": "heard",
    "history": "knows",
    "preference": "prefers",
    "credential": "signed",
}
_VERDICTS = {"verified": ("✓", "green"), "conflict": ("✗", "red")}
_OTHER_PRICE = re.compile(r"price_[a-z]{3}")
_LABEL = 11
NAMED_SOURCES = 2
_BAR = 24
_CONTROL = dict.fromkeys((*range(32), *range(127, 160)), " ")


def clean(value: Any) -> str:
    """Return text that cannot steer a terminal: no control characters, one line."""
    return str(value).translate(_CONTROL).strip()


class TerminalRenderer:
    """Print each event as it comes; ``handle`` takes them in order, ``close`` stops the spinner in any case.

    Args:
        console: where to print; colours and the spinner only appear on a terminal.
        spinner: show that work goes on; never in a recording.
    """

    def __init__(self, console: Console, *, spinner: bool = True) -> None:
        self.console = console
        self._spinner = spinner and console.is_terminal and not console.record
        self._started = time.perf_counter()
        self._titles: dict[str, tuple[int, str]] = {}
        self._steps: list[tuple[str, float]] = []
        self._named: list[str] = []
        self._degraded: list[tuple[str, str]] = []
        self._last = ""
        self._status: Status | None = None

    def start(self, request: RecommendRequest) -> None:
        """Print what is asked, and start the clock."""
        self._started = time.perf_counter()
        said = Text()
        if request.text:
            said.append(f"“{clean(request.text)}”", style="bold")
        media = ((request.images, "photo"), (request.audio, "voice clip"), (request.video, "video clip"))
        parts = [f"{len(found)} {name}{'s' if len(found) > 1 else ''}" for found, name in media if found]
        parts += [f"{c.field} {c.op} {_value(c.value)}" for c in request.constraints]
        if request.thread_id:
            parts.append(f"thread {request.thread_id}")
        details = Text(" · ".join(map(clean, parts)), style="cyan")
        lines = [line for line in (said, details) if line.plain] or [Text("whatever is good", style="bold")]
        who = clean(request.user_id) if request.user_id else "a stranger"
        self.console.print(
            Panel(Group(*lines), title=f"[bold]{_escape(who)}[/] asks", title_align="left", box=box.ROUNDED)
        )
        self._wait("working")

    def handle(self, event: StreamEvent) -> None:
        """Print one event."""
        show = {
            "route": self._route,
            "reading": self._reading,
            "evidence": self._evidence,
            "partial": self._partial,
            "consistency": self._consistency,
            "items": self._items,
            "words": self._words,
            "degraded": self._degradation,
            "step": self._step,
            "done": self._done,
            "error": self._error,
        }[event.event]
        show(event.data)

    def close(self) -> None:
        """Stop the spinner."""
        if self._status is not None:
            self._status.stop()
            self._status = None

    # --- one method per kind of event ------------------------------------------------------------

    def _route(self, data: Mapping[str, Any]) -> None:
        name = Text(clean(data["name"]), style="bold magenta")
        self._line("route", Text.assemble(name, "  ", clean(data["why"])), f"by {clean(data['decided_by'])}")

    def _reading(self, data: Mapping[str, Any]) -> None:
        """Print each condition with the words that made it, the order, and what is not applied."""
        for condition in data.get("conditions") or ():
            words = clean(condition.get("words") or "")
            style = "red" if condition.get("refused") else "green"
            said = Text.assemble((clean(condition["condition_id"]), style), f"  “{words}”" if words else "")
            self._line("read", said, "")
        if order := data.get("order"):
            way = "highest first" if order["descending"] else "lowest first"
            self._line(
                "order", Text.assemble((f"{clean(order['field'])}, {way}", "green"), f"  “{clean(order['words'])}”"), ""
            )
        self._not_applied(data.get("not_applied") or ())

    def _not_applied(self, words: Sequence[str]) -> None:
        """Print the words that are not applied, each once: some are known only when no item that was found holds them."""
        new = [w for w in map(clean, words) if w not in self._named]
        self._named += new
        if new:
            self._line("not applied", Text(", ".join(new), style="yellow"), "")

    def _evidence(self, data: Mapping[str, Any]) -> None:
        kind = _KINDS.get(str(data["kind"]), str(data["kind"]))
        confidence = float(data["confidence"])
        source = Text(clean(data["source"]), style="cyan")
        quoted = data["kind"] in {"text", "transcript"}
        content = clean(data["content"]) or "nothing"
        words = Text.assemble(source, "  ", f"“{content}”" if quoted else content)
        back_end = clean(data.get("back_end") or "")
        right = Text.assemble((_gauge(confidence), "green" if confidence >= 0.5 else "yellow"), f" {confidence:.2f}")
        self._line(kind, words, right)
        notes = [back_end] if back_end else []
        notes += [f"language {clean(data['language'])}"] if data.get("language") else []
        notes += [clean(data["sound"])] if data.get("sound") and not data["content"] else []
        notes += [
            " ".join(f"{clean(t['label'])} {float(t['confidence']):.2f}" for t in list(data.get("tags") or ())[:5])
        ]
        note = " · ".join(filter(None, notes))
        if note:
            self._line("", Text(note, style="dim"), "")

    def _partial(self, data: Mapping[str, Any]) -> None:
        self._wait(f"hearing “{clean(data['segment']['text'])[-60:]}”")

    def _consistency(self, data: Mapping[str, Any]) -> None:
        """Print what was found, a line each, and fold into one line the checks that found nothing either way."""
        checks = list(data.get("checks") or ())
        told = [check for check in checks if check["state"] != "no evidence"]
        names = dict.fromkeys(clean(c["check"]).replace("_", " ") for c in checks if c["state"] == "no evidence")
        lines = [self._check(check) for check in told]
        if names:
            lines.append(Text(f"○ nothing either way: {', '.join(names)}", style="dim"))
        for number, line in enumerate(lines):
            self._line("" if number else "trust", line, "")
        if data.get("distrusted"):
            trusted_less = f"weighs less: {', '.join(map(clean, data['distrusted']))}"
            self._line("", Text(trusted_less, style="yellow"), "")

    def _check(self, check: Mapping[str, Any]) -> Text:
        sign, style = _VERDICTS.get(str(check["state"]), ("?", "yellow"))
        about = f" ({', '.join(map(clean, check['about']))})" if check.get("about") else ""
        name = clean(check["check"]).replace("_", " ")
        return Text.assemble((f"{sign} ", style), (f"{name}{about}: ", "cyan"), clean(check["reason"]))

    def _items(self, data: Mapping[str, Any]) -> None:
        items: Sequence[Mapping[str, Any]] = data["items"]
        self._titles = {str(item["item_id"]): (int(item["rank"]), clean(item["title"])) for item in items}
        title = f"{len(items)} item{'' if len(items) == 1 else 's'} after {time.perf_counter() - self._started:.2f} s"
        self._print(Text())
        self._print(
            _item_table(items, title, str(data.get("price") or "price"), str(data.get("currency") or ""))
            if items
            else Text("no item satisfies every constraint", style="yellow")
        )
        if data.get("note"):
            self._line("note", Text(clean(data["note"])), "")
        for close in data.get("close") or ():
            broken = ", ".join(clean(b["words"]) for b in close["breaks"])
            self._line("comes close", Text.assemble(clean(close["title"]), "  ", (broken, "yellow")), "")
        if data.get("cold_start"):
            self._line("cold start", Text(clean(data["cold_start"]), style="yellow"), "")
        if data.get("question"):
            self._line("question", Text(clean(data["question"]), style="bold"), "you may skip it")
        self._last = "items"
        self._wait("writing")

    def _words(self, data: Mapping[str, Any]) -> None:
        if self._last != "words":
            self._print(Text())
        self._last = "words"
        by = Text("model", style="green") if data.get("by") == "model" else Text("data")
        cited = Text("".join(f" [{clean(each)}]" for each in data.get("evidence_ids") or ()), style="dim cyan")
        item_id = data.get("item_id")
        if item_id is None:
            self._line("in short", Text.assemble((clean(data["text"]), "bold"), cited), by)
            return
        rank, title = self._titles.get(str(item_id), (0, clean(item_id)))
        self._line(f"{rank:>3}" if rank else "", Text.assemble((title, "bold"), "  ", clean(data["text"]), cited), by)

    def _degradation(self, data: Mapping[str, Any]) -> None:
        entry = (clean(data["what"]), clean(data["why"]))
        if entry not in self._degraded:
            self._degraded.append(entry)
            self._line("without", Text.assemble((entry[0], "bold yellow"), "  ", (entry[1], "yellow")), "")

    def _step(self, data: Mapping[str, Any]) -> None:
        self._steps.append((clean(data["step"]), float(data["seconds"])))

    def _done(self, data: Mapping[str, Any]) -> None:
        self.close()
        for missed in data.get("degraded") or ():
            self._degradation(missed)
        self._not_applied((data.get("understanding") or {}).get("unparsed") or ())
        self._print(Text())
        steps = self._steps or [(clean(t["step"]), float(t["seconds"])) for t in data.get("timings") or ()]
        self._print(_step_table(steps))
        usage = data.get("usage") or {}
        calls, written = int(usage.get("llm_calls") or 0), int(usage.get("completion_tokens") or 0)
        read, cached = int(usage.get("prompt_tokens") or 0), int(usage.get("cached_tokens") or 0)
        facts = [
            f"{time.perf_counter() - self._started:.2f} s in all",
            f"{calls} model call{'' if calls == 1 else 's'}",
        ]
        if calls:
            facts.append(f"{read} tokens read ({cached} cached), {written} written")
        facts += [clean(prompt) for prompt in data.get("prompts") or ()]
        self._line("total", Text(" · ".join(facts)), "")
        self._line("thread", Text(clean(data["thread_id"]), style="cyan"), "continue with --thread")

    def _error(self, data: Mapping[str, Any]) -> None:
        self.close()
        field = f"{clean(data['field'])}: " if data.get("field") else ""
        self._line("error", Text(f"{field}{clean(data.get('message', 'unknown'))}", style="bold red"), "")

    # --- layout ----------------------------------------------------------------------------------

    def _line(self, label: str, body: Text, right: Text | str) -> None:
        grid = Table.grid(padding=(0, 1), expand=True)
        grid.add_column(width=_LABEL, justify="right", style="bold dodger_blue2", no_wrap=True)
        grid.add_column(ratio=1)
        grid.add_column(justify="right", no_wrap=True, style="dim")
        grid.add_row(label, body, right)
        self._print(grid)

    def _print(self, what: Any) -> None:
        self.console.print(what)

    def _wait(self, doing: str) -> None:
        if not self._spinner:
            return
        if self._status is None:
            self._status = self.console.status(f"[dim]{doing} …[/]", spinner="dots")
            self._status.start()
        else:
            self._status.update(f"[dim]{doing} …[/]")


def _item_table(items: Sequence[Mapping[str, Any]], title: str, price: str, currency: str) -> Padding:
    """Return the items as rows with what the field ``price`` holds; where prices are in several currencies, those of ``currency`` have its code as well."""
    prices = {_price(item["attributes"], price) for item in items} - {""}
    priced, own = bool(prices), currency if prices - {price} else ""
    rated = any(item.get("predicted_rating") is not None for item in items)
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold green", expand=True)
    table.add_column("#", justify="right", style="bold")
    table.add_column("Title", ratio=4, overflow="fold")
    if priced:
        table.add_column("Price", justify="right", style="green", no_wrap=True)
    if rated:
        table.add_column("For you", justify="right", style="yellow", no_wrap=True)
    table.add_column("About", ratio=3, style="dim", no_wrap=True, overflow="ellipsis")
    table.add_column("Found by", ratio=4, style="cyan", overflow="fold")
    for item in items:
        attributes: Mapping[str, Any] = item["attributes"]
        costs = _price(attributes, price)
        paid = [_money(attributes[costs], own if costs == price else costs[-3:].upper()) if costs else "–"]
        about = " · ".join(
            _value(value) for name, value in attributes.items() if name != costs and value not in ("", [])
        )
        rating = [_rating(item.get("predicted_rating"))] if rated else []
        found_by = _found_by(item.get("sources") or ())
        cells = [str(item["rank"]), clean(item["title"]), *(paid if priced else ()), *rating, about, found_by]
        table.add_row(*map(Text, cells))
    return Padding(table, (0, 0, 0, 1))


def _price(attributes: Mapping[str, Any], field: str) -> str:
    """Return the attribute that holds the price: ``field``, or ``price_usd`` of an item that has one in another currency only."""
    other = (n for n, v in attributes.items() if _OTHER_PRICE.fullmatch(n) and isinstance(v, int | float))
    return field if field in attributes else next(other, "")


def _money(amount: Any, code: str) -> str:
    return f"{_value(amount)} {code}".strip()


def _rating(value: float | None) -> str:
    """Return the rating that the user is expected to give."""
    return "–" if value is None else f"{value:.1f}"


def _found_by(sources: Sequence[Mapping[str, Any]]) -> str:
    """Return the ``NAMED_SOURCES`` sources that placed the item highest, and how many others found it."""
    best = sorted(sources, key=lambda s: int(s["rank"]))
    named = [f"{clean(s['source']).replace('_', ' ')} #{s['rank']}" for s in best[:NAMED_SOURCES]]
    return ", ".join(named) + (f" +{len(best) - NAMED_SOURCES}" if len(best) > NAMED_SOURCES else "")


def _step_table(steps: Sequence[tuple[str, float]]) -> Table:
    longest = max((seconds for _, seconds in steps), default=0.0) or 1.0
    grid = Table.grid(padding=(0, 1))
    grid.add_column(width=_LABEL, justify="right", style="bold dodger_blue2")
    grid.add_column(style="dim")
    grid.add_column(justify="right")
    grid.add_column(style="magenta")
    for position, (name, seconds) in enumerate(steps):
        bar = "━" * max(1, round(_BAR * seconds / longest))
        grid.add_row("steps" if not position else "", Text(name.replace("_", " ")), f"{seconds:.3f} s", bar)
    return grid


def _gauge(confidence: float) -> str:
    full = round(max(0.0, min(1.0, confidence)) * 5)
    return "▰" * full + "▱" * (5 - full)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.2f}" if value % 1 else f"{value:.0f}"
    if isinstance(value, list | tuple):
        return ", ".join(clean(part) for part in value)
    return clean(value)


def _escape(text: str) -> str:
    return text.replace("[", r"\[")
