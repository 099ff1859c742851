"""Tell what an item's own text says of a thing that a request refuses and that no condition can leave out: it has it, or is without it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..language.foreign import is_foreign, without_small_words
from ..language.word_lists import listed, load_list
from ..predicates import TITLE
from ..schemas import Item, Understanding
from ..text.chinese import is_chinese
from ..text.words import content_words, has_part, plain_text, sentences, stem, tokens

MOST = 3
"""A refusal of more words than this says more than a thing."""
START = 3
"""Letters that a word and its stem have in common: a text without them is not read further."""
NEAR = 2
"""So many words after a thing "not" may stand and still deny it: "the bulb is not included"."""
_PARTS = re.compile(r"[.;:!?()\n。；：！？，、–—]+|,\s|\b(?:but|aber|sondern|yet)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Refused:
    """A thing refused that no field tells: as it was said, and the stems of its words, or itself in Chinese."""

    said: str
    words: tuple[str, ...]


def refused_things(understood: Understanding) -> tuple[Refused, ...]:
    """Return what the request refuses and no field tells: what is left of its words, and what only titles are held to."""
    named = [str(c.value) for c in understood.constraints if c.field == TITLE and c.op == "not contains"]
    found = [*map(_thing, named), *(refused_thing(span, understood.query) for span in understood.unparsed)]
    return tuple(dict.fromkeys(thing for thing in found if thing is not None))


def refused_thing(span: str, request: str = "") -> Refused | None:
    """Return the thing that a span of a request refuses, or the word of denial beside it; None where it refuses none, or only how much of it."""
    if thing := _thing(_refused(span)):
        return thing
    beside = re.search(rf"\b(\w+)\s+{re.escape(span)}\b", request, re.IGNORECASE)
    return _thing(_refused(beside[0])) if beside and beside[1].lower() in _list("around") else None


def _thing(said: str) -> Refused | None:
    words = _words_of(said) if said else ()
    return Refused(said, words) if words else None


def told_of(item: Item, thing: Refused) -> int:
    """Return 1 where the record of ``item`` says that it is without a thing, -1 where it has it somewhere, else 0."""
    found = [_text_told(text, thing.words) for text in texts_of(item)]
    return min(found) if -1 in found else max(found)


def told_of_all(items: Sequence[Item], understood: Understanding) -> NDArray[np.int8]:
    """Return of every item, shape (n,), -1 where it has something refused, 1 where it says that it is without, else 0."""
    things = refused_things(understood)
    rows = [[told_of(item, thing) for thing in things] for item in items] if things else []
    return np.array([-1 if -1 in row else max(row) for row in rows] or [0] * len(items), dtype=np.int8)


def texts_of(item: Item) -> Iterator[str]:
    """Yield the texts of a record: its title, the sentences of its text, and its values that are text."""
    yield item.title
    yield from sentences(plain_text(item.text))
    yield from (v for v in item.attributes.values() if isinstance(v, str))


def denies(text: str, thing: Refused) -> bool:
    """Say whether a text says that a thing is absent."""
    return _text_told(text, thing.words) > 0


@cache
def _list(name: str) -> tuple[str, ...]:
    lists: Mapping[str, object] = load_list("denials")
    return listed(lists[name])


def _refused(span: str) -> str:
    """Return the thing that a span of a request refuses; empty where it refuses none, or only how much of it."""
    if is_chinese(span):
        sign = next((s for s in _list("refusing") if s in span), "")
        thing = span.partition(sign)[2] if sign else ""
        return "" if thing.startswith(tuple(d for d in _list("degrees") if is_chinese(d))) else thing.rstrip("的了吗呢")
    said = [_plain(t) for t in tokens(span)]
    at = next((i for i, w in enumerate(said) if w in (*_list("around"), *_list("before"))), len(said))
    rest = said[at + 1 :] or (said[:at] if at < len(said) else [])
    return "" if set(rest) & set(_list("degrees")) or any(w[0].isdigit() for w in rest) else " ".join(rest)


def _plain(token: str) -> str:
    """Return a token in lower case; "n't" as "not"."""
    lower = token.lower().replace("’", "'")
    return "not" if lower.endswith("n't") else lower


def _words_of(thing: str) -> tuple[str, ...]:
    if is_chinese(thing):
        return (thing,) if 2 <= len(thing) <= 2 * MOST else ()
    words = tuple(stem(w) for w in without_small_words(content_words(thing)))
    return words if len(words) <= MOST else ()


def _text_told(text: str, words: tuple[str, ...]) -> int:
    """Return -1 where some clause of a text has the thing, else 1 where one denies it, else 0."""
    if text.isascii() and not all(w[:START] in text.lower() for w in words):
        return 0
    found = [0]
    for part in _PARTS.split(text):
        if is_chinese(words[0]):
            found += [1 if _denied_before(part, m.start()) else -1 for m in re.finditer(re.escape(words[0]), part)]
        elif (told := _clause_told(part, words)) != 0:
            found.append(told)
    return -1 if -1 in found else max(found)


def _denied_before(text: str, at: int) -> bool:
    """Say whether one of the two characters before a place, or a word of two before it, denies."""
    before = text[max(0, at - 3) : at]
    return any(before.endswith(sign) for sign in _list("refusing")) or any(c in _list("han") for c in before[-2:])


def _clause_told(clause: str, words: tuple[str, ...]) -> int:
    said = [_plain(t) for t in tokens(clause)]
    keys = [stem(_without_end(w)) for w in said]
    foreign = is_foreign(clause)
    places = [
        next((i for i, key in enumerate(keys) if (has_part(key, word) if foreign else key == word)), -1)
        for word in words
    ]
    if min(places) < 0:
        return 0
    first, after = min(places), max(places) + 1
    denied = set(said[:first]) & {*_list("before"), *_list("around")} or set(said[after : after + NEAR]) & set(
        _list("around")
    )
    ends = any(_without_end(w) != w for w in said[first:after]) or bool(
        set(said[after : after + 1]) & set(_list("ends"))
    )
    return 1 if denied or ends else -1


def _without_end(word: str) -> str:
    """Return what a word denies: "zucker" of "zuckerfrei"."""
    end = next((e for e in _list("ends") if word.endswith(e) and len(word) > len(e) + 2), "")
    return word.removesuffix(end)
