"""Values of invented shops with the forms in which people say them, and the sign that a reading gives one of them."""

from __future__ import annotations

from typing import NamedTuple

from tastemaker.agents.understanding.reader import read

from .loader import SHOPS


class Probe(NamedTuple):
    """A value of one shop's field with how people say it: as an adjective before ``noun``, as a noun with "with", or by itself."""

    shop: str
    field: str
    value: str
    said: str
    noun: str = "one"
    lang: str = "en"


PROBES = [
    Probe("books", "genre", "Horror", "horror", "novel"),
    Probe("books", "genre", "Romance", "romance", "book"),
    Probe("books", "binding", "Paperback", "paperback", "edition"),
    Probe("books", "language", "German", "German", "book"),
    Probe("books", "author", "Stephen King", "Stephen King", "book"),
    Probe("hotels", "amenities", "Sauna", "sauna", "hotel"),
    Probe("hotels", "amenities", "Balcony", "balcony", "room"),
    Probe("hotels", "city", "Berlin", "Berlin", "hotel"),
    Probe("wines", "type", "White", "white", "wine"),
    Probe("wines", "grape", "Merlot", "merlot", "bottle"),
    Probe("wines", "country", "Italy", "Italian", "wine"),
    Probe("wines", "sweetness", "Sweet", "sweet", "wine"),
    Probe("laptops", "brand", "Dell", "Dell", "laptop"),
    Probe("laptops", "colour", "Silver", "silver", "laptop"),
    Probe("laptops", "ports", "HDMI", "HDMI", "laptop"),
    Probe("laptops", "os", "Linux", "Linux", "laptop"),
    Probe("recipes", "allergens", "Milk", "milk", "recipe"),
    Probe("recipes", "allergens", "Shellfish", "shellfish", "dish"),
    Probe("recipes", "ingredients", "Coriander", "coriander", "dish"),
    Probe("recipes", "ingredients", "Mushrooms", "mushrooms", "dish"),
    Probe("recipes", "cuisine", "Thai", "Thai", "dish"),
    Probe("jobs", "place", "Remote", "remote", "job"),
    Probe("jobs", "contract", "Part-time", "part-time", "job"),
    Probe("jobs", "field", "Sales", "sales", "job"),
    Probe("flats", "features", "Garden", "garden", "flat"),
    Probe("flats", "features", "Lift", "lift", "flat"),
    Probe("flats", "heating", "Oil", "oil", "heating"),
    Probe("games", "category", "Strategy", "strategy", "game"),
    Probe("games", "theme", "Zombies", "zombies", "game"),
    Probe("moebel", "farbe", "Rot", "rot", "Sofa", "de"),
    Probe("moebel", "farbe", "Schwarz", "schwarz", "Regal", "de"),
    Probe("moebel", "material", "Leder", "Leder", "Sofa", "de"),
    Probe("moebel", "material", "Glas", "Glas", "Tisch", "de"),
    Probe("moebel", "ausstattung", "Armlehnen", "Armlehnen", "Stuhl", "de"),
    Probe("moebel", "ausstattung", "Schubladen", "Schubladen", "Schrank", "de"),
    Probe("手机店", "颜色", "红色", "红色", "手机", "zh"),
    Probe("手机店", "品牌", "苹果", "苹果", "手机", "zh"),
    Probe("手机店", "功能", "指纹识别", "指纹识别", "手机", "zh"),
    Probe("手机店", "系统", "鸿蒙", "鸿蒙", "手机", "zh"),
    Probe("零食店", "口味", "麻辣", "麻辣", "零食", "zh"),
    Probe("零食店", "过敏原", "麸质", "麸质", "零食", "zh"),
    Probe("零食店", "类别", "坚果", "坚果", "零食", "zh"),
    Probe("零食店", "产地", "四川", "四川", "零食", "zh"),
]


def sign_of(shop: str, text: str, field: str, value: str) -> int:
    """Return 1 where the reading of ``text`` wants the value, -1 where it refuses it, 0 where it does neither, 9 where both."""
    signs = set()
    for c in read(text, SHOPS[shop]).conditions:
        values = c.value if isinstance(c.value, list) else [c.value]
        if c.field == field and value in values:
            signs.add(-1 if c.op in ("!=", "not in", "not contains") else 1)
    return 9 if len(signs) > 1 else next(iter(signs), 0)
