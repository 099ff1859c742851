"""Find things by needs in other languages that share no word with them: ``tastemaker bench languages``.

Two small shops, one in Chinese and one in German, with forty needs each, written before anything was fitted. A need is answered where its own
item is shown first, or among the first five.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np

from ...core.settings import Settings
from ...graphs.recommender import Recommender
from ...models.image_text.embedded import EmbeddedImageText
from ...stores.ingest.digest import embedding_text
from ..reporting.report import report
from .catalogues import opened
from .run import Say

LANGUAGES = {"zh": "Chinese", "de": "German"}
FIRST, N = (1, 5), 5
TARGETS: dict[str, float] = {}


class Need(NamedTuple):
    """An item of a shop and what somebody says who needs it; nothing where nobody asks for it."""

    item_id: str
    title: str
    text: str
    need: str


def needs(language: str) -> Iterator[Need]:
    """Yield the items of the shop in a language."""
    lines = (files(__package__) / "data" / "needs" / f"{language}.tsv").read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        yield Need(f"{language}-{number}", *line.split("\t"))


async def languages_run(settings: Settings, say: Say) -> dict[str, Any]:
    """Return the figures of ``bench languages``: recall of the whole list, of words only, and of the vectors with and without the larger network."""
    figures: dict[str, Any] = {}
    for language, name in LANGUAGES.items():
        shop = list(needs(language))
        asked = [need for need in shop if need.need]
        say(f"{name}: {len(asked)} needs over {len(shop)} items")
        rows = [{"id": n.item_id, "title": n.title, "text": n.text} for n in shop]
        async with opened(f"languages-{language}", rows, settings) as recommender:
            ranks: dict[str, list[int]] = {"list": [], "words_only": []}
            for need in asked:
                for way, ids in (await _lists(recommender, need)).items():
                    ranks[way].append(_rank(need.item_id, ids))
            rows_of = await _texts(recommender, [need.item_id for need in shop])
        figures[name.lower()] = {
            way: _recalls(found) for way, found in {**ranks, **_vectors(settings, asked, rows_of)}.items()
        }
    return report("languages", figures, n=len(asked) * len(LANGUAGES), seed=0, targets=TARGETS)


async def _lists(recommender: Recommender, need: Need) -> dict[str, list[str]]:
    shop = await recommender.services.shop("default")
    response = await recommender.recommend(text=need.need, n=N, words=False)
    return {
        "list": [item.item_id for item in response.items],
        "words_only": [c.item_id for c in await shop.catalogue.search_text(need.need, N)],
    }


async def _texts(recommender: Recommender, item_ids: list[str]) -> Mapping[str, str]:
    """Return what was embedded of each item."""
    shop = await recommender.services.shop("default")
    return {item.item_id: embedding_text(item) for item in await shop.catalogue.get(item_ids)}


def _vectors(settings: Settings, asked: list[Need], texts: Mapping[str, str]) -> dict[str, list[int]]:
    """Return the rank of each need's item by cosine alone, by what is served and by MiniLM."""
    model = EmbeddedImageText(settings.cache, precision=settings.models.text_precision)
    ids, found = list(texts), {}
    for way, embed in (("vectors", model.encode_texts), ("vectors_of_minilm", model.encode_english)):
        cosines = embed([need.need for need in asked]) @ embed(list(texts.values())).T
        order = np.argsort(-cosines, axis=1)
        found[way] = [_rank(need.item_id, [ids[i] for i in row]) for need, row in zip(asked, order, strict=True)]
    return found


def _rank(item_id: str, ids: list[str]) -> int:
    """Return the place of an item in a list from 1, or 0 where it is not in it."""
    return ids.index(item_id) + 1 if item_id in ids else 0


def _recalls(ranks: list[int]) -> dict[str, float]:
    return {f"recall_at_{k}": round(sum(0 < rank <= k for rank in ranks) / max(1, len(ranks)), 4) for k in FIRST}
