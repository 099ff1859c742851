"""Invent two catalogues from a seed: a Chinese shop for tea and snacks, and films to stream with length, rating and cast."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

SEED = 11
TEA_ITEMS, FILM_ITEMS = 300, 240
Row = dict[str, Any]

_TEAS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "绿茶": (("西湖龙井", "碧螺春", "黄山毛峰", "信阳毛尖"), ("浙江", "江苏", "安徽", "河南"), ("清香", "鲜爽")),
    "红茶": (("正山小种", "祁门红茶", "滇红", "金骏眉"), ("福建", "安徽", "云南"), ("浓郁", "甜")),
    "乌龙茶": (("铁观音", "大红袍", "凤凰单丛", "冻顶乌龙"), ("福建", "广东", "台湾"), ("清香", "浓郁", "花香")),
    "白茶": (("白毫银针", "白牡丹", "寿眉"), ("福建",), ("清香", "甜")),
    "普洱茶": (("普洱生茶", "普洱熟茶", "老班章"), ("云南",), ("浓郁", "醇厚")),
    "花茶": (("茉莉花茶", "玫瑰花茶", "菊花茶", "桂花茶"), ("福建", "广西", "浙江"), ("花香", "清香")),
}
_SNACKS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    "坚果": (("腰果", "开心果", "核桃仁", "夏威夷果", "花生米"), ("咸", "原味", "辣"), ("坚果", "花生")),
    "饼干": (("苏打饼干", "曲奇", "威化饼", "蛋卷"), ("甜", "咸", "原味"), ("小麦", "牛奶", "鸡蛋")),
    "果干": (("芒果干", "葡萄干", "草莓干", "话梅"), ("甜", "酸"), ()),
    "巧克力": (("黑巧克力", "牛奶巧克力", "榛子巧克力", "白巧克力"), ("甜", "苦"), ("牛奶", "大豆", "坚果")),
    "糖果": (("牛轧糖", "水果软糖", "花生糖", "薄荷糖"), ("甜", "酸", "薄荷"), ("牛奶", "花生")),
    "肉脯": (("猪肉脯", "牛肉干", "鸭脖", "鱼片"), ("辣", "咸", "甜"), ("大豆", "鱼")),
    "蜜饯糕点": (("绿豆糕", "凤梨酥", "月饼", "桂花糕"), ("甜", "原味"), ("小麦", "鸡蛋", "牛奶")),
}
_BRANDS = ("山里人", "清风堂", "老茶铺", "月半弯", "好时光", "一口鲜", "松果屋", "福满园")
_PACKS = ("礼盒", "罐装", "袋装", "散装")
_NOTES = ("手工制作", "口感细腻", "适合送礼", "下午茶好伴侣", "办公室常备", "回味悠长", "老少皆宜", "传统工艺")


def tea_shop() -> list[Row]:
    """Return the items of the Chinese shop: all field names and values but numbers in Chinese, prices in yuan."""
    rng = random.Random(SEED)  # noqa: S311
    rows = []
    kinds = [*_TEAS, *_SNACKS]
    for number in range(TEA_ITEMS):
        kind = kinds[number % len(kinds)]
        brand, pack = rng.choice(_BRANDS), rng.choice(_PACKS)
        grams = rng.choice((50, 100, 150, 200, 250, 500, 1000))
        if kind in _TEAS:
            names, places, tastes = _TEAS[kind]
            allergens: list[str] = []
            per_gram = rng.uniform(0.25, 2.4)
        else:
            names, tastes, possible = _SNACKS[kind]
            places = ("浙江", "江苏", "广东", "四川", "山东", "新疆", "台湾", "进口")
            allergens = sorted(rng.sample(possible, rng.randint(min(1, len(possible)), len(possible))))
            per_gram = rng.uniform(0.06, 0.4)
        name = rng.choice(names)
        if name.startswith("花生"):
            allergens = ["花生"]
        rows.append(
            {
                "商品编号": f"tea-{number:03}",
                "名称": f"{brand}{name}{pack}{grams}克",
                "描述": "，".join(rng.sample(_NOTES, 2)) + "。",
                "类别": kind,
                "品牌": brand,
                "产地": rng.choice(places),
                "口味": sorted(rng.sample(tastes, rng.randint(1, min(2, len(tastes))))),
                "包装": pack,
                "过敏原": allergens,
                "净含量": grams,
                "价格": max(6, round(per_gram * grams + rng.choice((0, 0, 20)) * (pack == "礼盒"))),
                "评分": round(rng.uniform(3.0, 5.0), 1),
                "有机": rng.random() < 0.3,
            }
        )
    return rows


_FIRST = ("Midnight", "Golden", "Silent", "Broken", "Paper", "Electric", "Last", "Hidden", "Winter", "Crimson")
_SECOND = ("Harbour", "Letters", "Garden", "Highway", "Witness", "Orchard", "Signal", "Station", "Detective", "Waltz")
_PEOPLE = (
    "Zoé Marchetti", "Dario Okafor", "Lena Fischer", "Tomás Herrera", "Aiko Tanaka", "Grace Whitlock", "Björn Lindqvist",
    "Priya Raman", "Marcus Bell", "Chiara Donati", "Sean O'Malley", "Nadia Haddad", "Viktor Petrov", "Hannah Cole",
    "Julien Moreau", "Mei-Ling Chou",
)  # fmt: skip
_DIRECTORS = ("Ingrid Solberg", "Paul Okonkwo", "Sofía Beltrán", "Henry Castellan", "Yuki Mori", "Ana Duarte")
_GENRES = ("Action", "Comedy", "Drama", "Horror", "Romance", "Science Fiction", "Thriller", "Documentary", "Animation")
_SERVICES = ("Netflix", "Hulu", "Prime Video", "Disney+", "HBO Max", "Apple TV+")
_LANGUAGES = ("English", "English", "English", "French", "Spanish", "German", "Japanese", "Korean", "Italian")
_RATINGS = ("G", "PG", "PG-13", "R")
_FAMILY = frozenset({"Animation", "Comedy", "Documentary", "Romance"})


def streaming_films() -> list[Row]:
    """Return films that do not exist, each with what people filter films by."""
    rng = random.Random(SEED)  # noqa: S311
    titles = [f"{first} {second}" for first in _FIRST for second in _SECOND]
    titles += [f"The {second} of {name.split()[0]}" for second in _SECOND for name in _PEOPLE]
    rows = []
    for number, title in enumerate(rng.sample(titles, FILM_ITEMS)):
        genres = rng.sample(_GENRES, rng.randint(1, 2))
        family = _FAMILY.issuperset(genres)
        cast = rng.sample(_PEOPLE, 3)
        rows.append(
            {
                "id": f"film-{number:03}",
                "title": title,
                "description": f"{cast[0]} and {cast[1]} in a {genres[0].lower()} by the director of other quiet successes.",
                "genres": genres,
                "year": rng.randint(1965, 2024),
                "runtime_minutes": rng.randint(71, 192),
                "rating": round(rng.uniform(3.5, 9.4), 1),
                "age_rating": rng.choice(_RATINGS if not family else _RATINGS[:3]),
                "services": sorted(rng.sample(_SERVICES, rng.randint(1, 3))),
                "language": rng.choice(_LANGUAGES),
                "director": rng.choice(_DIRECTORS),
                "cast": cast,
                "awards": rng.choice((0, 0, 0, 1, 2, 5)),
            }
        )
    return rows
