"""Compare who reads requests: the grammar, the language model, and both settled by the measured rules: ``tastemaker bench readers``.

A reading is judged by what it selects among the catalogue's records: F1 of the records that keep its conditions against those that
keep the truth's. Answers are kept in a file, so that rules can be measured again without a model.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from ...agents.prompt_files.library import PromptLibrary
from ...agents.understanding.by_model_checks import Checked, Checks, check
from ...agents.understanding.by_model_request import ModelAnswer, ask_to_read
from ...agents.understanding.by_model_rules import Difference, differences, measured_rules
from ...agents.understanding.reader import read
from ...core.language.catalogue_language import CatalogueLanguage
from ...core.predicates import holds
from ...core.protocols import ChatModel
from ...core.schemas import Condition, Constraint, Item, RecommendRequest
from ...core.settings import Settings
from ...models.llm.client import open_chat_model
from ..reporting.report import percentiles, report
from .cases import Case, fits
from .catalogues import Record, open_shop

AT_ONCE = 8
PATIENCE_S = 900.0
Say = Callable[[str], None]


@dataclass(frozen=True)
class Shelf:
    """A catalogue's language, its records, and the items that conditions are tried on."""

    language: CatalogueLanguage
    records: Mapping[str, Record]
    items: Mapping[str, Item]


@dataclass(frozen=True)
class Read:
    """One request as the grammar and the model read it, and the shelf to judge by."""

    case: Case
    grammar: tuple[Condition, ...]
    checks: Checks
    problem: str
    seconds: float
    shelf: Shelf


async def readers_run(
    settings: Settings, data: Path | None, cases: Sequence[Case], answers: Path, say: Say
) -> dict[str, Any]:
    """Return the figures of ``bench readers`` over the cases of one turn without an order or an empty list as truth."""
    asked = [c for c in cases if c.text and not c.first and not c.empty and (c.all or c.any or c.none)]
    known = _known(answers)
    model = open_chat_model(settings)
    done: list[Read] = []
    async with aclosing(model):
        name = model.name.partition(":")[2]
        for catalogue in dict.fromkeys(c.catalogue for c in asked):
            own = [c for c in asked if c.catalogue == catalogue]
            async with open_shop(catalogue, settings, data or settings.data) as shop:
                async with shop.recommender.services.lend(RecommendRequest().tenant) as opened:
                    language = await opened.catalogue.language()
                shelf = Shelf(language, shop.records, {i: _item(i, record) for i, record in shop.records.items()})
                say(f"{catalogue}: {len(own)} requests")
                read_ones = await _read_all(own, shelf, model, known, f"{name}|{catalogue}")
            done += read_ones
            _keep(answers, known)
    return report("readers", {"served": name, **_figures(done)}, n=len(done), targets={})


async def _read_all(
    cases: Sequence[Case], shelf: Shelf, model: ChatModel, known: dict[str, tuple[ModelAnswer, float]], key: str
) -> list[Read]:
    library, gate = PromptLibrary(None, {}), asyncio.Semaphore(AT_ONCE)

    async def one(case: Case) -> Read:
        own = f"{key}|{case.text}"
        if own not in known:
            async with gate:
                started = perf_counter()
                answer = await ask_to_read(model, library, case.text, shelf.language, timeout_s=PATIENCE_S)
                known[own] = (answer, round(perf_counter() - started, 2))
        answer, seconds = known[own]
        grammar = tuple(c for c in read(case.text, shelf.language).conditions if c.must)
        return Read(case, grammar, check(answer, case.text, shelf.language), answer.problem, seconds, shelf)

    return list(await asyncio.gather(*(one(case) for case in cases)))


def _item(item_id: str, record: Record) -> Item:
    plain = {k: float(v) if isinstance(v, int) and not isinstance(v, bool) else v for k, v in record.items()}
    kept = {k: v for k, v in plain.items() if isinstance(v, float | bool | str | list)}
    return Item(item_id=item_id, title=item_id, attributes=kept)


def selected(conditions: Iterable[Condition], items: Mapping[str, Item]) -> set[str]:
    """Return the ids of the items that keep all conditions."""
    where = [Constraint(field=c.field, op=c.op, value=c.value, either=c.either) for c in conditions]
    return {i for i, item in items.items() if all(holds(c, item) for c in where)}


def score(conditions: Iterable[Condition], one: Read) -> float:
    """Return F1 of what the conditions select, against the way of reading the request that it comes nearest to."""
    found = selected(conditions, one.shelf.items)
    best = 0.0
    for truth in one.case.truths:
        right = {i for i, record in one.shelf.records.items() if fits(record, truth)}
        best = max(best, 2 * len(found & right) / (len(found) + len(right) or 1))
    return best


def with_difference(grammar: Sequence[Condition], difference: Difference) -> list[Condition]:
    """Return the grammar's conditions with one of the model's in place of those of the same field that it differs from."""
    mine = difference.checked.condition
    return [*(c for c in grammar if c not in difference.against or c.field != mine.field), mine]


def both(one: Read) -> list[Condition]:
    """Return the conditions as the measured rules settle them."""
    found = list(one.grammar)
    for difference in differences(one.grammar, one.checks, measured_rules()):
        if difference.winner == "model":
            found = with_difference(found, difference)
    return found


def _figures(done: Sequence[Read]) -> dict[str, Any]:
    rules = measured_rules()
    table: dict[str, Counter[str]] = {}
    refused: Counter[str] = Counter(r.partition(": ")[2] for one in done for r in one.checks.refused)
    for one in done:
        base = score(one.grammar, one)
        for d in differences(one.grammar, one.checks, rules):
            gain = score(with_difference(one.grammar, d), one) - base
            word = "better" if gain > 1e-9 else "worse" if gain < -1e-9 else "same"
            table.setdefault(f"{d.checked.construct}, {d.case}", Counter())[word] += 1
    return {
        **_readers(done),
        "by_language": _grouped(done, lambda case: case.language),
        "by_construct": _grouped(done, lambda case: case.kind),
        "if_the_model_is_believed": {key: dict(found) for key, found in sorted(table.items())},
        "refused": dict(refused.most_common()),
        "no_answer": sum(bool(one.problem) for one in done),
        "seconds": percentiles([one.seconds for one in done]),
    }


def _readers(done: Sequence[Read]) -> dict[str, Any]:
    """Return the share of requests that each reader selects exactly right, and its mean F1."""
    ways: dict[str, Callable[[Read], Sequence[Condition]]] = {
        "grammar": lambda one: one.grammar,
        "model": lambda one: _alone(one.checks.conditions),
        "both": both,
    }
    figures: dict[str, Any] = {}
    for name, way in ways.items():
        scores = [score(way(one), one) for one in done]
        n = max(1, len(scores))
        figures[name] = {
            "exact": round(sum(s > 1 - 1e-9 for s in scores) / n, 4),
            "f1": round(sum(scores) / n, 4),
        }
    return figures


def _alone(checked: Sequence[Checked]) -> list[Condition]:
    return [c.condition for c in checked]


def _grouped(done: Sequence[Read], key: Callable[[Case], str]) -> dict[str, Any]:
    groups: dict[str, list[Read]] = {}
    for one in done:
        groups.setdefault(key(one.case), []).append(one)
    return {name: {**_readers(group), "n": len(group)} for name, group in sorted(groups.items())}


def _known(path: Path) -> dict[str, tuple[ModelAnswer, float]]:
    if not path.is_file():
        return {}
    rows = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return {row["key"]: (ModelAnswer.model_validate(row["answer"]), row["seconds"]) for row in rows}


def _keep(path: Path, known: Mapping[str, tuple[ModelAnswer, float]]) -> None:
    rows = (
        {"key": key, "answer": answer.model_dump(mode="json"), "seconds": seconds}
        for key, (answer, seconds) in known.items()
        if not answer.problem
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
