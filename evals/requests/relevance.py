"""Measure the whole pipeline on a fashion shop against searches: ``tastemaker bench relevance`` and ``personal``."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from ...core.schemas import Constraint, Event
from ...core.settings import Settings
from ...graphs.recommender import Recommender
from ..reporting.intervals import difference_of, mean_of
from ..reporting.report import report
from .catalogues import Record
from .fashion_shop import FashionShop, Query, fashion_shop, open_fashion_shop, queries
from .run import Say

N = 10
LIKES = 8
PEOPLE = 20
RELEVANCE_TARGETS = {"precision_at_10": 0.88}
PERSONAL_TARGETS = {"other_taste": -0.005, "gender": 0.75, "colours": 0.5}
STRANGER = "stranger"
BASELINES = ("search", "full_text", "photo", "search_with_conditions")
SHARED_WISHES = {
    "shoes": Constraint(field="subCategory", op="=", value="Shoes"),
    "a watch": Constraint(field="articleType", op="=", value="Watches"),
    "a shirt": Constraint(field="articleType", op="=", value="Shirts"),
}
Lists = dict[str, list[str]]


async def relevance_run(settings: Settings, data: Path | None, per_group: int, seed: int, say: Say) -> dict[str, Any]:
    """Return the figures of ``bench relevance``.

    Raises:
        InvalidRequestError: ``fashion`` is not in the data folder.
    """
    asked = fashion_shop(data or settings.data)
    made = queries(asked, seed, per_group)
    say(f"{len(made)} requests")
    async with open_fashion_shop(asked, settings) as recommender:
        await recommender.feedback([e for i, query in enumerate(made) for e in likes_of_people(query, i, asked, seed)])
        lists = [await _all_lists(recommender, query, i) for i, query in enumerate(made)]
    groups = {
        group: figures_of([(q, found) for q, found in zip(made, lists, strict=True) if q.group == group], asked)
        for group in dict.fromkeys(query.group for query in made)
    }
    figures = {**figures_of(list(zip(made, lists, strict=True)), asked), "by_group": groups}
    return report("relevance", figures, n=len(made), seed=seed, targets=RELEVANCE_TARGETS)


async def personal_run(settings: Settings, data: Path | None, per_group: int, seed: int, say: Say) -> dict[str, Any]:
    """Return the figures of ``bench personal``: what another taste costs, and what the same taste brings. Raises as above."""
    asked = fashion_shop(data or settings.data)
    made = [query for query in queries(asked, seed, per_group) if query.photo is None]
    say(f"{len(made)} requests as a stranger and as a person of another taste")
    async with open_fashion_shop(asked, settings) as recommender:
        await recommender.feedback([e for i, query in enumerate(made) for e in likes_of_people(query, i, asked, seed)])
        alone = [precision(q, await _recommended(recommender, q, None), asked, N) for q in made]
        other = [precision(q, await _recommended(recommender, q, f"other-{i}"), asked, N) for i, q in enumerate(made)]
        say(f"{PEOPLE} people each who like women's things, and two colours")
        same = {
            "gender": await _shares(recommender, asked, [{"gender": ("Women", "Unisex")}] * PEOPLE, seed),
            "colours": await _shares(recommender, asked, _colours(asked, seed), seed),
        }
    figures = {"other_taste": difference_of(np.array(other), np.array(alone), seed), **same}
    return report("personal", figures, n=len(made), seed=seed, targets=PERSONAL_TARGETS)


async def _all_lists(recommender: Recommender, query: Query, number: int) -> Lists:
    """Return the ids that each way of asking lists."""
    images = [{"path": str(query.photo)}] if query.photo else []
    shop = await recommender.services.shop("default")
    response = await recommender.recommend(text=query.text or None, images=images, n=N, words=False)
    where = list(response.understanding.constraints)
    searched = await recommender.search(text=query.text, images=images, n=N)
    within = await recommender.search(text=query.text, images=images, constraints=where, n=N)
    pictured = await recommender.search(images=images, n=N) if images else None
    return {
        STRANGER: [item.item_id for item in response.items],
        "other_taste": await _recommended(recommender, query, f"other-{number}"),
        "same_taste": await _recommended(recommender, query, f"same-{number}"),
        "search": [hit.item_id for hit in searched.hits],
        "full_text": [c.item_id for c in await shop.catalogue.search_text(query.text, N)],
        "photo": [hit.item_id for hit in pictured.hits] if pictured else [],
        "search_with_conditions": [hit.item_id for hit in within.hits],
    }


async def _recommended(recommender: Recommender, query: Query, user_id: str | None) -> list[str]:
    images = [{"path": str(query.photo)}] if query.photo else []
    response = await recommender.recommend(user_id=user_id, text=query.text or None, images=images, n=N, words=False)
    return [item.item_id for item in response.items]


def likes_of_people(query: Query, number: int, asked: FashionShop, seed: int) -> list[Event]:
    """Return the likes of a person of another taste, all of one kind that does not fit, and of one of the same taste."""
    rng = random.Random(f"{seed}-{number}")  # noqa: S311
    records = asked.records
    fitting = [i for i, r in records.items() if query.fits(r)]
    kept = {str(records[i]["articleType"]) for i in fitting}
    strange = [r for r in records.values() if r["articleType"] not in kept]
    taste = rng.choice(strange or list(records.values()))
    alike = [i for i, r in records.items() if r["articleType"] == taste["articleType"] and not query.fits(r)]
    return [
        *_likes(f"other-{number}", rng.sample(alike, min(LIKES, len(alike)))),
        *_likes(f"same-{number}", rng.sample(fitting, min(LIKES, len(fitting)))),
    ]


def _likes(user_id: str, item_ids: Sequence[str]) -> list[Event]:
    now = datetime.now(UTC)
    return [
        Event(user_id=user_id, item_id=item_id, kind="like", at=now - timedelta(hours=hours))
        for hours, item_id in enumerate(item_ids, 1)
    ]


def _colours(asked: FashionShop, seed: int) -> list[dict[str, tuple[str, ...]]]:
    """Return the two colours that each person likes."""
    rng = random.Random(seed)  # noqa: S311
    known = [str(r["baseColour"]) for r in asked.records.values()]
    often = sorted({c for c in known if known.count(c) >= len(known) / 40})
    return [{"baseColour": tuple(rng.sample(often, 2))} for _ in range(PEOPLE)]


async def _shares(
    recommender: Recommender, asked: FashionShop, tastes: Sequence[Mapping[str, tuple[str, ...]]], seed: int
) -> dict[str, Any]:
    """Return the share of liked values among the first ten: asked in words, by a typed condition, and as a stranger."""
    found: dict[str, list[float]] = {"value": [], "typed_condition": [], STRANGER: []}
    for number, taste in enumerate(tastes):
        (field, values), *_ = taste.items()
        user = f"{field}-{number}"
        rng = random.Random(f"{seed}-{user}")  # noqa: S311
        liked = [i for i, r in asked.records.items() if r[field] in values and not _is_shared(r)]
        await recommender.feedback(_likes(user, rng.sample(liked, LIKES)))
        for text, condition in SHARED_WISHES.items():
            lists = {
                "value": await recommender.recommend(user_id=user, text=text, n=N, words=False),
                "typed_condition": await recommender.recommend(user_id=user, constraints=[condition], n=N, words=False),
                STRANGER: await recommender.recommend(text=text, n=N, words=False),
            }
            for name, response in lists.items():
                own = [asked.records[item.item_id][field] in values for item in response.items]
                found[name].append(sum(own) / max(1, len(own)))
    interval = mean_of(np.array(found.pop("value")), seed)
    return {**interval, **{name: round(float(np.mean(shares)), 4) for name, shares in found.items()}}


def _is_shared(record: Record) -> bool:
    """Say whether the record is of a kind that will be asked for, so that nobody has liked one before."""
    return any(record[c.field] == c.value for c in SHARED_WISHES.values())


def precision(query: Query, item_ids: Sequence[str], asked: FashionShop, k: int) -> float:
    """Return the share of right items among the first ``k``, or as many as there are."""
    right = sum(query.fits(r) for r in asked.records.values())
    return sum(query.fits(asked.records[i]) for i in item_ids[:k]) / min(k, right)


def _of_shown(query: Query, item_ids: Sequence[str], asked: FashionShop) -> float:
    """Return the share of right items among those shown, however few; 0 where none is."""
    return sum(query.fits(asked.records[i]) for i in item_ids) / max(1, len(item_ids))


def figures_of(answered: Sequence[tuple[Query, Lists]], asked: FashionShop) -> dict[str, Any]:
    """Return precision at 5 and 10 of each way of asking, and by how much the stranger's is above the best baseline's.

    Precision at 10 counts what a short list leaves out as wrong where more would fit; ``precision_of_shown`` counts what is shown.
    """
    figures: dict[str, Any] = {}
    shown = any(query.photo for query, _ in answered)
    for name in [name for name in answered[0][1] if shown or name != "photo"]:
        at = {k: [precision(query, lists[name], asked, k) for query, lists in answered] for k in (5, N)}
        figures[name] = {f"precision_at_{k}": round(float(np.mean(values)), 4) for k, values in at.items()}
    figures[STRANGER]["precision_of_shown"] = round(
        float(np.mean([_of_shown(q, found[STRANGER], asked) for q, found in answered])), 4
    )
    best = max(figures[name][f"precision_at_{N}"] for name in BASELINES if name in figures)
    figures["above_best_baseline"] = round(figures[STRANGER][f"precision_at_{N}"] - best, 4)
    return {**figures, "n": len(answered)}
