"""Find known catalogue values in a sentence, tolerating plural, case, hyphens and common synonyms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from ..schemas import CatalogueField, CatalogueSchema
from .field_names import is_closed

TAKEN = "\x02"
"""Stands in a text for a character whose meaning was read already."""
MAX_WORDS = 4
_IRREGULAR = {
    "people": "person", "persons": "person", "human": "person", "humans": "person", "men": "man", "mens": "man",
    "male": "man", "males": "man", "gents": "man", "gentlemen": "man", "women": "woman", "womens": "woman",
    "ladies": "woman", "lady": "woman", "female": "woman", "females": "woman", "children": "child", "childrens": "child",
    "kids": "child", "kid": "child", "mice": "mouse", "feet": "foot", "knives": "knife", "buses": "bus", "bus": "bus",
    "grey": "gray", "colour": "color", "scifi": "sciencefiction", "movies": "movie", "cookies": "cookie",
    "romantic": "romance", "romances": "romance", "animated": "animation", "cartoon": "animation",
    "cartoons": "animation", "sofa": "couch", "wolves": "wolf", "leaves": "leaf", "series": "series",
}  # fmt: skip
_JOINED = {"scifi": "sciencefiction", "scifus": "sciencefiction"}
_CHINESE = {
    "红": "red", "蓝": "blue", "绿": "green", "黑": "black", "白": "white", "黄": "yellow", "灰": "grey", "粉": "pink",
    "紫": "purple", "棕": "brown", "橙": "orange", "喜剧": "comedy", "恐怖": "horror", "爱情": "romance",
    "动作": "action", "科幻": "sci-fi", "动画": "animation", "战争": "war", "狗": "dog", "猫": "cat", "人": "person",
    "女": "women", "男": "men", "黑白": "black and white", "衬衫": "shirt", "手表": "watch", "裙": "dress", "牛仔裤": "jeans",
    "鞋": "shoes", "海": "sea", "城市": "city", "食物": "food", "动物": "animals", "船": "boat", "山": "mountain",
    "厨房": "kitchen", "客厅": "living room", "卧室": "bedroom", "横": "landscape", "竖": "portrait",
}  # fmt: skip
_CHINESE_WORD = re.compile(rf"({'|'.join(sorted(_CHINESE, key=len, reverse=True))})(?:色|性|片|士|子)?")
_EUROPEAN = {
    "rot": "red", "rote": "red", "roten": "red", "rotes": "red", "rouge": "red", "blau": "blue", "blaue": "blue",
    "bleu": "blue", "schwarz": "black", "schwarze": "black", "noir": "black", "weiß": "white", "blanc": "white",
    "grün": "green", "grüne": "green", "vert": "green", "hund": "dog", "chien": "dog", "katze": "cat", "chat": "cat",
}  # fmt: skip
_MEANINGLESS = frozenset(
    {"other", "others", "unknown", "na", "none", "misc", "all", "any", "no", "yes", "new", "item", "the"}
)
_TOKEN = re.compile(r"[a-z0-9à-öø-ÿ]+(?:'s(?![a-z]))?|s(?='(?![a-z]))")


@dataclass(frozen=True)
class Mention:
    """Catalogue values named by the words at ``start:end``; several when more than one field has the value.

    ``exact`` are those spelled just so, where there are any; a plain wish means these, a refusal means them all.
    """

    start: int
    end: int
    entries: tuple[tuple[CatalogueField, str], ...]
    exact: tuple[tuple[CatalogueField, str], ...]


def stem(word: str) -> str:
    """Reduce a lower-case word to a form shared by its singular and plural."""
    word = word.removesuffix("'s")
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith("ss") and len(word) > 3:
        return word[:-1]
    return word


def key_of(text: str) -> str:
    """Return the spelling-tolerant key of a value or of a few words: ``T-shirts`` and ``tshirt`` are one."""
    joined = "".join(stem(m[0]) for m in _TOKEN.finditer(text.lower().replace("’", "'")))
    return _JOINED.get(joined, joined)


@lru_cache(maxsize=16)
def value_index(schema: CatalogueSchema) -> Mapping[str, tuple[tuple[CatalogueField, str], ...]]:
    """Map every key to the (field, value) pairs it names; bool fields are named by their own name."""
    index: dict[str, list[tuple[CatalogueField, str]]] = {}
    for field in schema.fields:
        names = field.values if field.type in ("text", "list") else (field.name,) if field.type == "bool" else ()
        for value in names:
            key = key_of(value.replace("_", " "))
            if len(key) > 1 and key not in _MEANINGLESS and value.lower() not in _MEANINGLESS:
                index.setdefault(key, []).append((field, value))
    return {key: tuple(entries) for key, entries in index.items()}


def find_mentions(low: str, schema: CatalogueSchema) -> list[Mention]:
    """Return the longest value mentions of a normalised sentence, left to right, without overlaps."""
    index = value_index(schema)
    found: list[Mention] = []
    tokens = [(m.start(), m.end()) for m in _TOKEN.finditer(low)]
    i = 0
    while i < len(tokens):
        mention, used = _longest(low, tokens, i, index)
        if mention:
            found.append(mention)
        i += used
    return sorted(found + _chinese(low, index), key=lambda m: m.start)


def _longest(
    low: str, tokens: list[tuple[int, int]], i: int, index: Mapping[str, tuple[tuple[CatalogueField, str], ...]]
) -> tuple[Mention | None, int]:
    for n in range(min(MAX_WORDS, len(tokens) - i), 0, -1):
        start, end = tokens[i][0], tokens[i + n - 1][1]
        surface = low[start:end]
        if not re.fullmatch(r"[\w' \-&/]+", surface):
            continue
        entries = index.get(key_of(surface)) or (index.get(_EUROPEAN.get(surface, "")) if n == 1 else None)
        if entries:
            return Mention(start, end, entries, _exact(surface, entries)), n
    return None, 1


def _exact(surface: str, entries: tuple[tuple[CatalogueField, str], ...]) -> tuple[tuple[CatalogueField, str], ...]:
    """Prefer values spelled just so over inflected ones, and of each field its most frequent spelling."""
    same = [e for e in entries if e[1].lower() == surface]
    chosen: dict[str, tuple[CatalogueField, str]] = {}
    for field, value in same or entries:
        chosen.setdefault(field.name, (field, value))
    return tuple(chosen.values())


def _chinese(low: str, index: Mapping[str, tuple[tuple[CatalogueField, str], ...]]) -> list[Mention]:
    if low.isascii():
        return []
    found = []
    for match in _CHINESE_WORD.finditer(low):
        english = _CHINESE[match[1]]
        entries = index.get(key_of(english))
        if entries:
            found.append(Mention(match.start(), match.end(), entries, _exact(english, entries)))
    return found


def find_sizes(plain: str, low: str, schema: CatalogueSchema) -> list[Mention]:
    """Return mentions of values that hold numbers ("40 x 60 cm"), which the marks on ``low`` hide."""
    pattern, known = _size_index(schema)
    found = []
    for match in pattern.finditer(plain):
        if TAKEN not in low[match.start() : match.end()]:
            entries = known[_size_key(match[0])]
            found.append(Mention(match.start(), match.end(), entries, entries))
    return found


@lru_cache(maxsize=16)
def _size_index(schema: CatalogueSchema) -> tuple[re.Pattern[str], dict[str, tuple[tuple[CatalogueField, str], ...]]]:
    known: dict[str, list[tuple[CatalogueField, str]]] = {}
    for field in schema.fields:
        for value in field.values if is_closed(field) else ():
            if re.search(r"\d", value) and re.search(r"\D", value):
                known.setdefault(_size_key(value), []).append((field, value))
    shapes = [r"\s*".join("[x×*]" if c == "x" else re.escape(c) for c in key) for key in sorted(known, key=len)[::-1]]
    pattern = rf"(?<![a-z0-9])(?:{'|'.join(shapes)})(?![a-z0-9])" if shapes else r"(?!)"
    return re.compile(pattern), {key: tuple(entries) for key, entries in known.items()}


def _size_key(text: str) -> str:
    return re.sub(r"\s+", "", text.lower()).replace("×", "x").replace("*", "x")


def closed_entries(mention: Mention) -> tuple[tuple[CatalogueField, str], ...]:
    """Return the exact entries of fields whose vocabulary is small, or that are flags."""
    return tuple(e for e in mention.exact if is_closed(e[0]) or e[0].type == "bool")
