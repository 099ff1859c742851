"""Draw queries and what they find as one picture: ``tastemaker bench contact-sheet``.

The products of ``data/fashion`` are ingested with alignment once into a folder of the cache; the searches are those of
`tastemaker search`: words, a photo, a photo with words, within limits, and items whose words fit a photo.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from ...api.aligning import align_to
from ...api.stock import stock
from ...core.errors import InvalidRequestError
from ...core.ranking.cross_modal import Hit, SearchRequest
from ...core.schemas import Constraint, Recommendation
from ...core.settings import CatalogueSettings, Settings
from ...graphs.recommender import Recommender
from ...models.alignment.versions import PACKAGED, Alignments
from ..reporting.report import report

CELL, LABEL, GAP, HEAD = 150, 34, 6, 230
SHOWN = 8
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Query:
    """One row of the sheet: what is said, which product's photo is shown, what is compared, limits.

    Where it is ``asked``, recommendations are made instead of a search.
    """

    text: str = ""
    photo: str = ""
    look_at: str = "both"
    where: tuple[Constraint, ...] = ()
    photo_weight: float = 1.0
    asked: bool = False

    @property
    def label(self) -> str:
        """Return the query in words."""
        parts = [f"“{self.text}”"] if self.text else []
        parts += ["this photo"] if self.photo else []
        parts += ["recommendations"] if self.asked else []
        limits = [f"{c.field} {c.op} {c.value}" for c in self.where]
        only = {"image": "pictures only", "text": "words only"}.get(self.look_at, "")
        return "; ".join(filter(None, [" + ".join(parts), only, *limits]))


def queries(ids: Sequence[str]) -> list[Query]:
    """Return the rows of the sheet; ``ids`` are a shoe, a shirt, a bag and a watch of the catalogue."""
    shoe, shirt, bag, watch = ids
    women = Constraint(field="gender", op="=", value="Women")
    return [
        Query("red dress", look_at="image"),
        Query("black leather handbag", look_at="image"),
        Query("running shoes for men"),
        Query("something for a rainy day at the beach"),
        Query(photo=shoe),
        Query(photo=watch),
        Query("in red", photo=shoe, photo_weight=1.5),
        Query("in blue", photo=shirt, photo_weight=1.5),
        Query("brown", photo=bag, photo_weight=1.5),
        Query(photo=shirt, look_at="text"),
        Query("casual shoes", where=(women,)),
        Query(photo=shoe, where=(women,)),
        Query("like this photo, but in red", photo=shoe, asked=True),
        Query("something like this in blue", photo=shirt, asked=True),
        Query("like this photo, but brown", photo=bag, asked=True),
    ]


async def contact_sheet(settings: Settings, data: Path | None, out: Path, say: Say) -> dict[str, Any]:
    """Write the sheet to ``out`` and return its queries with the titles found.

    Raises:
        InvalidRequestError: ``fashion`` is not in the data folder.
    """
    fashion = (data or settings.data) / "fashion"
    if not (fashion / "products.csv").is_file():
        raise InvalidRequestError("--data", f"{fashion} holds no products.csv; name the folder that holds fashion/")
    home = settings.cache / "bench" / "fashion"
    own = settings.model_copy(update={"home": home, "catalogue": CatalogueSettings()})
    await _prepare(own, fashion / "products.csv", say)
    async with Recommender(own) as recommender:
        asked = queries(await _examples(recommender))
        rows = [(query, await _found(recommender, query, fashion)) for query in asked]
    await asyncio.to_thread(draw, rows, fashion, out)
    shown = [{"query": q.label, "found": [h.title for h in hits]} for q, hits in rows]
    return report("contact-sheet", {"sheet": str(out), "queries": shown}, n=len(rows), targets={})


async def _prepare(settings: Settings, source: Path, say: Say) -> None:
    settings.home.mkdir(parents=True, exist_ok=True)
    if Alignments(settings.home).current() == PACKAGED:
        aligned = await asyncio.to_thread(align_to, settings, source, progress=say)
        say(f"aligned: {aligned.model_dump_json()}")
    done = await stock(settings, source, rejects=settings.home / "rejects.jsonl", progress=lambda n, m: say(f"{n}/{m}"))
    say(f"ingested: {done.model_dump_json()}")


async def _examples(recommender: Recommender) -> list[str]:
    ids = []
    for kind in ("Sports Shoes", "Shirts", "Handbags", "Watches"):
        where = [Constraint(field="articleType", op="=", value=kind)]
        found = await recommender.search(text=kind, constraints=where, n=3)
        ids.append(found.hits[-1].item_id)
    return ids


async def _found(recommender: Recommender, query: Query, fashion: Path) -> Sequence[Hit | Recommendation]:
    images = [{"path": str(fashion / "images" / f"{query.photo}.webp")}] if query.photo else []
    if query.asked:
        return (await recommender.recommend(text=query.text, images=images, n=SHOWN)).items
    return (await recommender.search(_request(query, images))).hits


def _request(query: Query, images: list[dict[str, str]]) -> SearchRequest:
    fields: dict[str, Any] = {"text": query.text, "look_at": query.look_at, "images": images, "n": SHOWN}
    fields |= {"constraints": list(query.where), "weights": {"images": query.photo_weight}}
    return SearchRequest.model_validate(fields)


def draw(rows: Sequence[tuple[Query, Sequence[Hit | Recommendation]]], folder: Path, out: Path) -> None:
    """Draw one row per query: its words and photo on the left, then what was found, best first."""
    height = CELL + LABEL + GAP
    sheet = Image.new("RGB", (HEAD + SHOWN * (CELL + GAP) + GAP, len(rows) * height + GAP), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for number, (query, hits) in enumerate(rows):
        top = GAP + number * height
        pen.multiline_text((GAP, top), _folded(query.label, 30), fill="black", font=font)
        if query.photo:
            _paste(sheet, folder / "images" / f"{query.photo}.webp", (GAP, top + 50), 110)
        for place, hit in enumerate(hits[:SHOWN]):
            left = HEAD + place * (CELL + GAP)
            if hit.image:
                _paste(sheet, folder / hit.image, (left, top), CELL)
            pen.multiline_text((left, top + CELL + 2), _folded(hit.title, 24), fill="black", font=font)
    out.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(out)


def _paste(sheet: Image.Image, path: Path, at: tuple[int, int], side: int) -> None:
    with Image.open(path) as image:
        picture = image.convert("RGB")
    picture.thumbnail((side, side))
    sheet.paste(picture, at)


def _folded(text: str, width: int) -> str:
    """Break a text into at most two lines of about ``width`` characters."""
    if len(text) <= width:
        return text
    cut = text.rfind(" ", 0, width + 1)
    cut = cut if cut > 0 else width
    rest = text[cut:].strip()
    return f"{text[:cut]}\n{rest if len(rest) <= width else rest[: width - 1] + '…'}"
