"""Prepare a fashion shop with photos and invented prices, and ask it in thirteen ways what has a known right answer."""

from __future__ import annotations

import contextlib
import csv
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import InvalidRequestError
from ...core.settings import Settings
from ...graphs.recommender import Recommender
from .cases import Predicate, satisfies
from .catalogues import Record, opened

HELD_OUT = 150
"""Products that are not in the shop: their photos are shown as a customer's."""
ENOUGH = 5
PER_GROUP = 16
SEED = 7
_BASE_PRICES = {"Topwear": 25, "Shoes": 70, "Bags": 60, "Watches": 120, "Bottomwear": 45, "Eyewear": 50}
Where = tuple[tuple[Predicate, bool], ...]


@dataclass(frozen=True)
class Query:
    """One request: its group, words, a photo of a product that the shop does not have, and what a right item satisfies."""

    group: str
    text: str
    where: Where
    photo: Path | None = None

    def fits(self, record: Record) -> bool:
        """Say whether an item is a right answer."""
        return all(satisfies(record, predicate) == wanted for predicate, wanted in self.where)


@dataclass(frozen=True)
class FashionShop:
    """What the shop sells by item id, the products whose photos customers bring, and the folder of all photos."""

    records: Mapping[str, Record]
    brought: Sequence[Record]
    folder: Path


def fashion_shop(data: Path) -> FashionShop:
    """Return what the shop sells and does not sell.

    Raises:
        InvalidRequestError: ``fashion`` is not in ``data``.
    """
    folder = data / "fashion"
    if not (folder / "products.csv").is_file():
        raise InvalidRequestError("--data", f"{folder} holds no products.csv; name the folder that holds fashion/")
    rows = list(_rows(folder / "products.csv"))
    random.Random(SEED).shuffle(rows)  # noqa: S311
    return FashionShop({row["id"]: row for row in rows[HELD_OUT:]}, rows[:HELD_OUT], folder)


def open_fashion_shop(asked: FashionShop, settings: Settings) -> contextlib.AbstractAsyncContextManager[Recommender]:
    """Return the shop with its photos, ready to be asked, without any history."""
    return opened("fashion-shop", asked.records.values(), settings, media=asked.folder.resolve())


def _rows(source: Path) -> Iterator[dict[str, Any]]:
    rng = random.Random(SEED)  # noqa: S311
    with source.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            price = round(_BASE_PRICES.get(row["subCategory"], 20) * rng.lognormvariate(0, 0.5), 2)
            yield {**row, "year": int(row["year"]), "price": price}


def queries(asked: FashionShop, seed: int, per_group: int = PER_GROUP) -> list[Query]:
    """Return up to ``per_group`` requests of each group, each with at least ``ENOUGH`` right answers in the shop."""
    records = list(asked.records.values())
    made: list[Query] = []
    for group, make in _GROUPS.items():
        rng = random.Random(f"{seed}-{group}")  # noqa: S311
        found = (Query(group, *parts) for parts in make(records, asked, rng))
        seen: dict[tuple[str, Path | None], Query] = {}
        for query in found:
            if len(seen) == per_group:
                break
            if ENOUGH <= sum(query.fits(r) for r in records) < len(records) / 2:
                seen.setdefault((query.text, query.photo), query)
        made += seen.values()
    return made


Parts = tuple[str, Where] | tuple[str, Where, Path]
Maker = Callable[[Sequence[Record], FashionShop, random.Random], Iterator[Parts]]
_TRIES = 2_000


def _is(field: str, *values: str) -> tuple[Predicate, bool]:
    return ((field, "in", values), True)


def _of(record: Record, *fields: str) -> Where:
    return tuple(_is(field, str(record[field])) for field in fields)


def _drawn(make: Callable[[Record, random.Random], Parts]) -> Maker:
    """Return a maker that builds requests from drawn products."""

    def maker(records: Sequence[Record], _: FashionShop, rng: random.Random) -> Iterator[Parts]:
        return (make(rng.choice(records), rng) for _ in range(_TRIES))

    return maker


def _listed(pairs: Sequence[tuple[str, Where]]) -> Maker:
    """Return a maker of written requests."""
    return lambda _records, _shop, _rng: iter(pairs)


def _plain(record: Record, _: random.Random) -> Parts:
    return f"{record['baseColour']} {record['articleType']}".lower(), _of(record, "baseColour", "articleType")


def _price(record: Record, rng: random.Random) -> Parts:
    limit = float(-(-float(record["price"]) // 10) * 10)
    words = rng.choice(("{} under {:.0f}", "{}, not more than {:.0f}", "{} for less than {:.0f}"))
    op = "<=" if "more" in words else "<"
    text = words.format(str(record["articleType"]).lower(), limit)
    return text, (*_of(record, "articleType"), (("price", op, limit), True))


def _style(record: Record, rng: random.Random) -> Parts:
    words = rng.choice(("{} {}", "{} {} please", "I need {} {}"))
    return words.format(record["usage"], record["articleType"]).lower(), _of(record, "usage", "articleType")


def _typo(record: Record, rng: random.Random) -> Parts:
    text, where = _plain(record, rng)[:2]
    word = max(text.split(), key=len)
    at = rng.randrange(1, len(word) - 2)
    wrong = rng.choice((word[:at] + word[at + 1 :], word[:at] + word[at + 1] + word[at] + word[at + 2 :]))
    return text.replace(word, wrong), where


def _negation(record: Record, rng: random.Random) -> Parts:
    colour = rng.choice(("Black", "Blue", "White", "Brown", "Red", "Grey"))
    words = rng.choice(("{} but not {}", "{}, no {}", "{} in any colour except {}", "{}, {} doesn't suit me"))
    text = words.format(str(record["articleType"]).lower(), colour.lower())
    return text, (*_of(record, "articleType"), (("baseColour", "contains", colour), False))


_BRANDS = ("Puma", "Nike", "ADIDAS", "Wrangler", "Arrow", "Baggit", "Catwalk", "Lee", "Reid & Taylor", "Fila",
           "Scullers", "Locomotive", "Spykar", "Clarks", "Timberland", "Fastrack", "Levis", "Lino Perros")  # fmt: skip


def _brand(record: Record, rng: random.Random) -> Parts:
    brand = next((b for b in _BRANDS if b in str(record["productDisplayName"])), "Nike")
    words = rng.choice(("{} {}", "{1} by {0}", "{} {} please"))
    where = (*_of(record, "articleType"), (("productDisplayName", "contains", brand), True))
    return words.format(brand, str(record["articleType"]).lower()), where


def _sentence(record: Record, rng: random.Random) -> Parts:
    who = {"Men": ("my husband", "Men"), "Women": ("my wife", "Women")}.get(str(record["gender"]), ("a friend", ""))
    words = rng.choice(
        (
            "Hello, my {2} is next week and I am looking for {1} for {0}, ideally in {3}. Can you help?",
            "I lost a bet and now I owe {0} some {1}; {3} would be the right colour.",
            "We were at the {2} yesterday and {0} saw {3} {1} there, do you have anything like that?",
        )
    )
    occasion = rng.choice(("anniversary", "birthday party", "holiday"))
    text = words.format(who[0], str(record["articleType"]).lower(), occasion, str(record["baseColour"]).lower())
    wanted = (_is("gender", who[1], "Unisex"),) if who[1] else ()
    return text, (*wanted, *_of(record, "articleType", "baseColour"))


def _photo(_: Sequence[Record], asked: FashionShop, rng: random.Random) -> Iterator[Parts]:
    for product in rng.sample(asked.brought, len(asked.brought)):
        yield "", _of(product, "articleType", "gender"), asked.folder / product["image"]


def _photo_and_words(records: Sequence[Record], asked: FashionShop, rng: random.Random) -> Iterator[Parts]:
    for product in rng.sample(asked.brought, len(asked.brought)):
        others = [r for r in records if r["articleType"] == product["articleType"]]
        colour = str(rng.choice(others)["baseColour"]) if others else ""
        if colour and colour != product["baseColour"]:
            words = rng.choice(("like this, but in {}", "the same in {}", "something like this in {}"))
            where = (*_of(product, "articleType"), _is("baseColour", colour))
            yield words.format(colour.lower()), where, asked.folder / product["image"]


_WOMEN, _MEN = _is("gender", "Women", "Unisex"), _is("gender", "Men", "Unisex")


def _type(*values: str) -> tuple[Predicate, bool]:
    return _is("articleType", *values)


_SYNONYMS: Sequence[tuple[str, Where]] = (
    ("sneakers", (_type("Sports Shoes", "Casual Shoes"),)), ("rucksack", (_type("Backpacks"),)),
    ("shades", (_type("Sunglasses"),)), ("pullover", (_type("Sweaters", "Sweatshirts"),)),
    ("hoodie", (_type("Sweatshirts"),)), ("tee", (_type("Tshirts"),)), ("pants", (_type("Trousers", "Track Pants", "Jeans"),)),
    ("denims", (_type("Jeans"),)), ("purse", (_type("Handbags", "Clutches", "Wallets"),)), ("billfold", (_type("Wallets"),)),
    ("timepiece", (_type("Watches"),)), ("stilettos", (_type("Heels"),)), ("joggers", (_type("Track Pants"),)),
    ("trainers for men", (_type("Sports Shoes", "Casual Shoes"), _MEN)), ("blouse", (_type("Tops", "Shirts"), _WOMEN)),
    ("dress shoes", (_type("Formal Shoes"),)),
)  # fmt: skip
_CHINESE: Sequence[tuple[str, Where]] = (
    ("黑色衬衫", (_type("Shirts"), _is("baseColour", "Black"))), ("女士手提包", (_type("Handbags"), _WOMEN)),
    ("男士手表", (_type("Watches"), _MEN)), ("运动鞋", (_type("Sports Shoes"),)), ("太阳镜", (_type("Sunglasses"),)),
    ("白色T恤", (_type("Tshirts"), _is("baseColour", "White"))), ("高跟鞋", (_type("Heels"),)), ("牛仔裤", (_type("Jeans"),)),
    ("棕色皮带", (_type("Belts"), _is("baseColour", "Brown"))), ("背包", (_type("Backpacks"),)), ("袜子", (_type("Socks"),)),
    ("灰色毛衣", (_type("Sweaters", "Sweatshirts"), _is("baseColour", "Grey"))), ("钱包,不要黑色", (_type("Wallets"), (("baseColour", "=", "Black"), False))),
    ("给我丈夫的领带", (_type("Ties"),)), ("夹克", (_type("Jackets"),)), ("人字拖", (_type("Flip Flops"),)),
)  # fmt: skip
_OPEN: Sequence[tuple[str, Where]] = (
    ("a gift for my wife", (_WOMEN,)), ("something nice for my father", (_MEN,)), ("something for the gym", (_is("usage", "Sports"),)),
    ("what do you have for little girls?", (_is("gender", "Girls"),)), ("I need to look good at the office, I am a man", (_is("usage", "Formal", "Smart Casual"), _MEN)),
    ("something purple", (_is("baseColour", "Purple", "Lavender", "Mauve"),)), ("accessories for women", (_is("masterCategory", "Accessories"), _WOMEN)),
    ("anything in gold or silver", (_is("baseColour", "Gold", "Silver"),)), ("summer footwear for women", (_is("masterCategory", "Footwear"), _WOMEN)),
    ("clothes for boys", (_is("gender", "Boys"),)), ("sportswear for women", (_is("usage", "Sports"), _WOMEN)),
    ("Indian ethnic wear", (_is("usage", "Ethnic"),)), ("green stuff", (_is("baseColour", "Green", "Olive", "Fluorescent Green"),)),
    ("something under 10", ((("price", "<", 10.0), True),)), ("a present for a boy", (_is("gender", "Boys"),)), ("footwear that is not casual", (_is("masterCategory", "Footwear"), (("usage", "=", "Casual"), False))),
)  # fmt: skip
_VAGUE: Sequence[tuple[str, Where]] = (
    ("shoes", (_is("masterCategory", "Footwear"),)), ("a bag", (_is("subCategory", "Bags"),)), ("a watch", (_type("Watches"),)),
    ("something warm", (_type("Sweaters", "Sweatshirts", "Jackets", "Mufflers", "Scarves", "Gloves", "Shrug"),)),
    ("something for the beach", (_type("Flip Flops", "Sandals", "Shorts", "Sunglasses", "Caps", "Sports Sandals"),)),
    ("for the office", (_is("usage", "Formal", "Smart Casual"),)), ("workout clothes", (_is("usage", "Sports"),)),
    ("for running", (_is("usage", "Sports"),)), ("to carry my laptop", (_type("Laptop Bag", "Backpacks", "Messenger Bag"),)),
    ("against the sun", (_type("Sunglasses", "Caps", "Umbrellas"),)), ("underwear", (_is("subCategory", "Innerwear"),)),
    ("to keep my money in", (_type("Wallets", "Handbags", "Clutches"),)), ("it is cold outside", (_type("Sweaters", "Sweatshirts", "Jackets", "Mufflers", "Scarves", "Gloves", "Shrug"),)),
    ("smells good", (_is("subCategory", "Fragrance"),)), ("to wear on my head", (_type("Caps"),)), ("festival kurta look", (_is("usage", "Ethnic"),)),
)  # fmt: skip
_GROUPS: Mapping[str, Maker] = {
    "plain": _drawn(_plain),
    "price": _drawn(_price),
    "style": _drawn(_style),
    "synonym": _listed(_SYNONYMS),
    "typo": _drawn(_typo),
    "negation": _drawn(_negation),
    "brand": _drawn(_brand),
    "sentence": _drawn(_sentence),
    "chinese": _listed(_CHINESE),
    "open": _listed(_OPEN),
    "vague": _listed(_VAGUE),
    "photo": _photo,
    "photo_and_words": _photo_and_words,
}
GROUPS = tuple(_GROUPS)
