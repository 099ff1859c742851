"""Bring the spellings of a catalogue value to one key, tolerating plural, case, hyphens and common synonyms."""

from __future__ import annotations

import re
from functools import lru_cache

TAKEN = "\x02"
"""Stands in a text for a character whose meaning was read already."""
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
_TOKEN = re.compile(r"[a-z0-9à-öø-ÿ]+(?:'s(?![a-z]))?|s(?='(?![a-z]))")


def singular(word: str) -> str:
    """Return the form that a lower-case word shares with its plural and its nearest synonyms; no stem, which "animal" and "animation" share."""
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


@lru_cache(maxsize=16_384)
def key_of(text: str) -> str:
    """Return the spelling-tolerant key of a value or of a few words: ``T-shirts`` and ``tshirt`` are one."""
    joined = "".join(singular(m[0]) for m in _TOKEN.finditer(text.lower().replace("’", "'")))
    return _JOINED.get(joined, joined)
