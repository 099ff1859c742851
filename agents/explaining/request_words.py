"""Find the words of a request that a record holds, and sentences of its text to quote word for word."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

from ...core.language.small_words import small_words
from ...core.ranking.refused_in_text import denies, refused_thing, texts_of
from ...core.schemas import Brief, Item, Language, Understanding
from ...core.text.chinese import han_pairs, is_chinese, parts_of
from ...core.text.word_lists import CLASS_NOUNS
from ...core.text.words import content_words, has_part, plain_text, sentences, shorten, stem, stems, tokens
from .clauses import YES, clauses_of
from .field_words import is_prose
from .own_words import refuses

MAX_QUOTE = 120
MIN_QUOTED_WORD = 4
"""Shorter words are no reason to quote a text: they are found everywhere."""
_CLAUSES = re.compile(r"[,;.!?()，。；！？、]")
_REFUSES = re.compile(
    r"n['’]t\b|\b(?:(?:do|does|did|is|are|was|were|ca|wo|would|should|could|have|has)nt|no|not|none|never|cannot|without|free|except|apart|other than|anything but|hate\w*|dislike|avoid|allerg\w+|boring|rid|"
    r"kein\w*|nicht|ohne)\b|[不无没别免非除忌]",
    re.IGNORECASE,
)
"""A clause of a request that refuses something: none of its words is held up as met."""
NO_STORY = re.compile(
    r"\b(?:no|not|have any|without|missing)\W+(?:\w+\W+){0,3}(?:description|summar(?:y|ies)|plot|synopsis|details?)\b|lorem ipsum|\bbe the first to\b|^add (?:a|your) (?:plot|description|review)\b|\bcoming soon\b",
    re.IGNORECASE,
)
"""What stands in for a description that is missing."""
_FIGURE = re.compile(r"\d")
_NAY = frozenset("不没无非未勿")
"""Characters before a Chinese word that deny it."""
_ENDS = re.compile(r"[\s.;,。，；]+$")


def free_words(text: str, understood: Understanding, language: Language) -> list[str]:
    """Return the words of a request, as written, that no condition shows; none it refuses."""
    text = " , ".join(c for c in _CLAUSES.split(text) if not _REFUSES.search(c))
    if (
        understood.reading.conditions or understood.reading.query
    ):  # what was read leaves out words that mean nothing alone
        text = (
            " ".join(w for w in tokens(text) if stem(w) in stems(understood.reading.query))
            if language != "zh"
            else text
        )
    held, read = understood.constraints, [c.words for c in understood.reading.conditions]
    if language == "zh":
        named = " ".join([*(str(c.value) for c in held), *read])
        for word in small_words()["zh"]:
            text = text.replace(word, " ")
        return [p for p in han_pairs(text) if p not in named]
    known = set(content_words(text)) - CLASS_NOUNS
    free = [w for w in tokens(text) if w.lower() in known]
    taken = {s for c in held for s in stems(f"{c.field} {c.value}")} | stems(" ".join(read))
    return [w for w in dict.fromkeys(free) if stem(w) not in taken]


def untitled(words: Collection[str], item: Item, language: Language) -> list[str]:
    """Return the words that the item's title does not show."""
    if language == "zh":
        return [w for w in words if w not in item.title]
    return [w for w in words if stem(w) not in stems(item.title)]


def quote_with(wanted: Sequence[str], item: Item, language: Language) -> tuple[str, list[str]]:
    """Return the first sentence of the item's text that affirms a word of the request, and which; empty if there is none."""
    beginnings = [w[:MIN_QUOTED_WORD].casefold() for w in wanted if language == "zh" or len(w) >= MIN_QUOTED_WORD]
    prose = prose_of(item)
    text = prose.casefold()
    if not any(b in text for b in beginnings):
        return "", []
    for sentence in _sentences(prose):
        if not any(b in sentence.casefold() for b in beginnings):
            continue
        affirmed = frozenset().union(*(c.holding(YES) for c in clauses_of(sentence)))
        if language == "zh":
            found = _joined_pairs([w for w in wanted if w in sentence], sentence)
        else:
            found = [w for w in wanted if len(w) >= MIN_QUOTED_WORD and _is_among(stem(w), affirmed, language)]
        quote = quoted(sentence)
        shown = [w for w in found if w.lower() in quote.lower()]
        if shown and quote:
            return quote, shown
    return "", []


def _is_among(word: str, held: Collection[str], language: Language) -> bool:
    """Say whether a word is among those held, in German also as a part of one."""
    return word in held or (language == "de" and any(has_part(key, word) for key in held))


def _joined_pairs(pairs: Sequence[str], sentence: str) -> list[str]:
    """Return pairs of characters with those that go on in the sentence as one: 爬山, 山背 as 爬山背."""
    found: list[str] = []
    for pair in pairs:
        if found and found[-1][-1] == pair[0] and found[-1] + pair[1] in sentence:
            found[-1] += pair[1]
        else:
            found.append(pair)
    return found


def first_quote(item: Item) -> str:
    """Return the first sentence of the item's text that is worth quoting; empty if there is none."""
    return _first_quote(prose_of(item))


def prose_of(item: Item) -> str:
    """Return the item's text and its values that are sentences: a column of blurbs of which many items have the same."""
    told = [v for v in item.attributes.values() if isinstance(v, str) and is_prose(v)]
    return "\n".join([item.text, *told]) if told else item.text


@lru_cache(maxsize=4096)
def _first_quote(text: str) -> str:
    return next((q for s in _sentences(text) if (q := quoted(s))), "")


@lru_cache(maxsize=4096)
def _sentences(text: str) -> tuple[str, ...]:
    return tuple(sentences(plain_text(text)))


def quoted(sentence: str) -> str:
    """Return a sentence to be quoted, an ellipsis where it is cut; empty where it is no sentence."""
    if NO_STORY.search(sentence):
        return ""
    plain = _ENDS.sub("", sentence.replace("“", "‘").replace("”", "’").replace('"', "'"))
    return plain if 8 <= len(plain) <= MAX_QUOTE else f"{shorten(plain, MAX_QUOTE)}…" if plain[8:] else ""


def left_over(brief: Brief) -> list[str]:
    """Return the words that no condition expresses, each once, as the request writes them."""
    said = brief.text.casefold()
    found = [w.strip() for w in dict.fromkeys(brief.understanding.unparsed) if w.strip()]
    places = [said.find(w.casefold()) if len(said) == len(brief.text) else -1 for w in found]
    return [w if at < 0 else brief.text[at : at + len(w)] for w, at in zip(found, places, strict=True)]


def spoken_of(brief: Brief, language: Language) -> dict[str, int]:
    """Return those of the words left over that records of the list hold, or deny where they refuse something, with in how many; none that count."""
    wishes = [w for w in left_over(brief) if not _FIGURE.search(w)]
    held = {
        w: sum(_answers(w, brief.understanding.query, ranked.item, language) for ranked in brief.items) for w in wishes
    }
    return {wish: count for wish, count in held.items() if count}


def part_spoken_of(wish: str, brief: Brief) -> str:
    """Return the longest part of a Chinese wish, half of it or more, that a record of the list holds: 薄荷 of 薄荷糖; else nothing."""
    if not is_chinese(wish) or refuses(wish):
        return ""
    held = [text for ranked in brief.items for text in _texts(ranked.item)]
    return next((part for part in parts_of(wish) if any(_holds(part, text) for text in held)), "")


def in_how_many(part: str, brief: Brief) -> int:
    """Return how many records of the list hold a part of a Chinese wish."""
    return sum(any(_holds(part, text) for text in _texts(ranked.item)) for ranked in brief.items)


def _answers(wish: str, query: str, item: Item, language: Language) -> bool:
    """Say whether a record holds what is wished for, or says that it is without what is refused."""
    if language == "zh" and len(wish) > MIN_QUOTED_WORD - 1 and any(wish in text for text in _texts(item)):
        return True
    thing = refused_thing(wish, query)
    if thing is not None:
        return any(denies(text, thing) for text in texts_of(item))
    return not refuses(wish) and _speaks_of(wish, item, language)


def _speaks_of(wish: str, item: Item, language: Language) -> bool:
    """Say whether one sentence or value of a record holds every word of a wish and denies nothing."""
    if language == "zh":
        return any(_holds(wish, text) for text in _texts(item))
    wanted = stems(wish)
    if language == "de":
        told = [stems(text) for text in _texts(item) if not refuses(text)]
        return bool(wanted) and any(all(any(has_part(k, w) for k in keys) for w in wanted) for keys in told)
    return bool(wanted) and any(wanted <= stems(text) and _affirms(wanted, text) for text in _texts(item))


def _affirms(wanted: frozenset[str], text: str) -> bool:
    return any(wanted <= clause.holding(YES) for clause in clauses_of(text))


def _holds(wish: str, text: str) -> bool:
    return any(text[:start][-1:] not in _NAY for start in _places(wish, text))


def _places(wish: str, text: str) -> Iterator[int]:
    return (found.start() for found in re.finditer(re.escape(wish), text))


def _texts(item: Item) -> Iterator[str]:
    yield item.title
    yield from sentences(plain_text(item.text))
    for value in item.attributes.values():
        yield from [value] if isinstance(value, str) else value if isinstance(value, list) else ()
