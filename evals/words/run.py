"""Measure the words of answers: ``tastemaker bench words``."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ...core.schemas import RecommendResponse
from ...core.settings import Settings
from ..reporting.report import report
from ..requests.cases import load_cases
from ..requests.catalogues import Shop, open_shop
from .judge import Faults, judge, summary
from .sentence_labels import SETS, measure

CATALOGUES = ("cars", "films", "fashion", "tea")
LIST = 5
TARGETS = {
    "false": 0,
    "leaks": 0,
    "empty_share": "<= 0.02",
    "repeated_stem": 0,
    "false_accepts": 0,
    "false_reject_share": "<= 0.1",
}
Say = Callable[[str], None]


async def words_run(
    settings: Settings,
    data: Path | None,
    n: int,
    seed: int,
    say: Say,
    *,
    out: Path | None = None,
    written: bool = False,
) -> dict[str, Any]:
    """Return the figures of ``bench words``: ``n`` reasons, rendered and, with ``written``, of the model that serves.

    Of ``shown`` reasons the model's were accepted by ``accepted_share``; the rest was rendered in their place.

    ``out`` gets one JSON line for each reason with what was found wrong, to be read by a person.

    Raises:
        InvalidRequestError: a catalogue is not in the data folder.
    """
    figures: dict[str, Any] = {}
    lines: list[str] = []
    for who in ("rendered", "written") if written else ("rendered",):
        by_catalogue: dict[str, list[list[Faults]]] = {}
        shown = 0
        for name in CATALOGUES:
            say(f"{who}: {name}")
            lists = n // LIST // len(CATALOGUES)
            texts = [c.text for c in load_cases(part="dev", catalogues=[name]) if c.text]
            random.Random(seed).shuffle(texts)  # noqa: S311
            async with open_shop(name, settings, data or settings.data) as shop:
                by_catalogue[name] = await _judged(shop, texts, lists, lines, written=who == "written")
                shown += LIST * len(by_catalogue[name])
        told = summary([f for lists in by_catalogue.values() for f in lists])
        accepted = {"shown": shown, "accepted_share": round(told["reasons"] / max(1, shown), 3)}
        figures[who] = {
            **(accepted if who == "written" else {}),
            **told,
            "by_catalogue": {name: summary(lists) for name, lists in by_catalogue.items()},
        }
    if out is not None:
        await asyncio.to_thread(out.write_text, "".join(lines), encoding="utf-8")
    checks = {name: measure(name) for name in SETS}
    for found in checks.values():
        found.pop("wrong")
    return report("words", figures | {"sentence_check": checks}, n=n, targets=TARGETS, seed=seed)


async def _judged(
    shop: Shop, texts: Sequence[str], lists: int, lines: list[str], *, written: bool
) -> list[list[Faults]]:
    """Ask requests until so many lists of five came back, and judge their reasons."""
    held = {i: ". ".join(_flat(record)) for i, record in shop.records.items()}
    judged: list[list[Faults]] = []
    for text in texts:
        if len(judged) == lists:
            break
        response = await shop.recommender.recommend(text=text, n=LIST, words=written)
        if len(response.items) < LIST:
            continue
        found = [judge(i, held, response.items, text, response.understanding.constraints) for i in response.items]
        by = "model" if written else "data"
        judged.append([f for i, f in zip(response.items, found, strict=True) if i.reason and i.reason.by == by])
        lines += [_line(text, response, place, faults) for place, faults in enumerate(found)]
    return judged


def _flat(record: object) -> list[str]:
    if isinstance(record, dict):
        return [s for v in record.values() for s in _flat(v)]
    return [s for v in record for s in _flat(v)] if isinstance(record, list | tuple) else [f"{record}"]


def _line(text: str, response: RecommendResponse, place: int, faults: Faults) -> str:
    item = response.items[place]
    said = {"reason": item.reason.text, "by": item.reason.by} if item.reason else {}
    row = {"request": text, "opening": response.message, "title": item.title, **said, **vars(faults)}
    return json.dumps(row, ensure_ascii=False) + "\n"
