"""Measure reading and obeying requests in words: ``tastemaker bench requests``."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...core.schemas import RecommendResponse
from ...core.settings import Settings
from ...graphs.recommender import Recommender
from ..reporting.report import percentiles, report
from .cases import Case
from .catalogues import open_shop
from .judging import Answer, Verdict, judge

N = 10
READING_STEP = "understand"
TARGETS = {
    "obeyed": 0.95,
    "obeyed zh": 0.9,
    "inverted": 0,
    "silent": 0,
    "empty": 0,
    "reading p95_ms": 5,
}
Say = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """One case with the answer to its last turn, the verdict on it and on search alone, and seconds of reading per turn."""

    case: Case
    answer: Answer
    verdict: Verdict
    search: Verdict
    reading_s: tuple[float, ...]


async def requests_run(
    settings: Settings, data: Path | None, cases: Sequence[Case], out: Path | None, say: Say
) -> dict[str, Any]:
    """Return the figures of ``bench requests``; ``out`` gets a JSON line for each request that was not obeyed.

    Raises:
        InvalidRequestError: a catalogue is unknown or not in the data folder.
    """
    done: list[Asked] = []
    for catalogue in dict.fromkeys(case.catalogue for case in cases):
        own = [case for case in cases if case.catalogue == catalogue]
        say(f"{catalogue}: {len(own)} requests")
        done += await asked_of(catalogue, own, settings, data or settings.data)
    if out is not None:
        lines = "".join(_line(one) for one in done if _faulty(one.verdict))
        await asyncio.to_thread(out.write_text, lines, encoding="utf-8")
    figures = {
        **_figures(done),
        "search_alone": _figures(done, search=True),
        "by_language": _grouped(done, lambda case: case.language),
        "by_catalogue": _grouped(done, lambda case: case.catalogue),
        "by_construct": _grouped(done, lambda case: case.kind),
        "reading": percentiles([s for one in done for s in one.reading_s]),
    }
    return report("requests", figures, n=len(done), targets=TARGETS)


async def asked_of(name: str, cases: Sequence[Case], settings: Settings, data: Path) -> list[Asked]:
    """Ask all cases of one catalogue, each in a thread of its own."""
    done = []
    async with open_shop(name, settings, data) as shop:
        for case in cases:
            responses = await _conversation(shop.recommender, case.texts)
            answer = answer_of(responses[-1])
            hits = (await shop.recommender.search(text=" ".join(case.texts), n=N)).hits
            alone = judge(case, Answer([hit.item_id for hit in hits]), shop.records)
            times = tuple(t.seconds for r in responses for t in r.timings if t.step == READING_STEP)
            done.append(Asked(case, answer, judge(case, answer, shop.records), alone, times))
    return done


async def _conversation(recommender: Recommender, texts: Iterable[str]) -> list[RecommendResponse]:
    thread = uuid.uuid4().hex
    return [await recommender.recommend(text=text, thread_id=thread, n=N, words=False) for text in texts]


def answer_of(response: RecommendResponse) -> Answer:
    """Return what is judged of a response."""
    understood = response.understanding
    ids = [item.item_id for item in response.items]
    return Answer(ids, understood.constraints, understood.unparsed, response.message)


def _figures(done: Sequence[Asked], *, search: bool = False) -> dict[str, Any]:
    verdicts = [one.search if search else one.verdict for one in done]
    n = max(1, len(verdicts))
    found: dict[str, Any] = {
        "obeyed": round(sum(v.obeyed for v in verdicts) / n, 4),
        "precision_at_5": round(sum(v.precision for v in verdicts) / n, 4),
    }
    if search:
        return found
    return {
        **found,
        "inverted": sum(v.inverted for v in verdicts),
        "silent": sum(v.silent for v in verdicts),
        "empty": sum(v.empty for v in verdicts),
        "unsaid": sum(v.unsaid for v in verdicts),
    }


def _grouped(done: Sequence[Asked], key: Callable[[Case], str]) -> dict[str, Mapping[str, Any]]:
    groups: dict[str, list[Asked]] = {}
    for one in done:
        groups.setdefault(key(one.case), []).append(one)
    return {name: {**_figures(group), "n": len(group)} for name, group in sorted(groups.items())}


def _faulty(verdict: Verdict) -> bool:
    return not verdict.obeyed or bool(verdict.inverted or verdict.silent)


def _line(one: Asked) -> str:
    told = {
        **one.case.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "verdict": asdict(one.verdict),
        "read": [f"{c.field} {c.op} {c.value}" for c in one.answer.constraints],
        "not_applied": list(one.answer.not_applied),
        "message": one.answer.message,
        "shown": list(one.answer.item_ids[: one.case.k]),
    }
    return json.dumps(told, ensure_ascii=False) + "\n"
