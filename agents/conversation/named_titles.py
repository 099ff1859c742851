"""Find titles that a request says it knows or does not want: "I've seen Star Wars", "similar to Psycho, but not Psycho"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ...core.text.titles import spoken, title_key

MAX_TITLE_WORDS = 8
_LEADS = re.compile(
    r"(?P<known>\b(?:i|we)(?:'ve|ve| have)?(?: already| just)* (?:seen|saw|watched|read|finished|played|bought|own|know)\b|我(?:已经)?看过|看过)\s*"
    r"|(?P<like>\b(?:like|similar to|along the lines of|in the vein of)\b)\s*"
    r"|(?P<refused>\b(?:but not|please not|not|except(?: for)?|anything but|other than)\b|不要)\s*",
    re.IGNORECASE,
)
_LIKE_IT = re.compile(r"\b(like|similar to) (?:it|that one|that|this)\b", re.IGNORECASE)
_END = re.compile(
    r"[,.;!?，。；！？\n]|\s(?:but|so|what|please|itself|already|before|and (?:i|want|would|need))\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Named:
    """Words after "I've seen", "like" or "not" that may be a title; ``start`` and ``end`` bound the words with their lead."""

    start: int
    first: int
    end: int
    words: tuple[str, ...]
    cut: bool


def named(text: str) -> list[Named]:
    """Return what may be titles, in order."""
    found = []
    for match in _LEADS.finditer(text.replace("’", "'")):
        after = text[match.end() :]
        stop = _END.search(after)
        phrase = after[: stop.start()] if stop else after
        words = tuple(phrase.split()[:MAX_TITLE_WORDS])
        if words and (words[0][:1].isupper() or not words[0].isascii() or len(words) > 1):
            found.append(
                Named(match.start(), match.end(), match.end() + len(phrase.rstrip()), words, not match["like"])
            )
    return found


def title_keys(titles: Mapping[str, str]) -> dict[str, list[str]]:
    """Return key -> item ids of titles as they are said."""
    found: dict[str, list[str]] = {}
    for item_id, title in titles.items():
        found.setdefault(title_key(spoken(title)), []).append(item_id)
    return found


def resolved(text: str, candidates: list[Named], titles: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Return the text without what is said of titles that are known or not wanted, and the ids of all that are named."""
    keys, ids = title_keys(titles), list[str]()
    for candidate in reversed(candidates):
        for n in range(len(candidate.words), 0, -1):
            phrase = " ".join(candidate.words[:n])
            known = keys.get(title_key(spoken(phrase)))
            if not known or len(phrase) < 3:
                continue
            ids += known
            if candidate.cut:
                at = candidate.first
                for word in candidate.words[:n]:
                    at = text.index(word, at) + len(word)
                text = f"{text[: candidate.start].rstrip(' ,')} {text[at:].lstrip(' ,.')}".strip()
                text = _LIKE_IT.sub("\\1 " + phrase.replace("\\", " "), text)
            break
    return text, tuple(dict.fromkeys(ids))
