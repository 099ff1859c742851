"""Judge a reason against the record without the check that ships: false, empty, leaking, or begun like another one.

Every number of a reason must be the record's, the request's, or their difference; every quotation must stand in the record; every
word that is not of the wording itself must be the record's or the request's; "the newest", "the only one" and "no heels here" are
worked out again from the records of the list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ...agents.explaining.wording import wording
from ...core.schemas import Constraint, Recommendation

_NUMBER = re.compile(r"\d+(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_QUOTE = re.compile(r"“([^”]+)”")
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_SENTENCE = re.compile(r"(?<=[.!?”])\s+(?=[A-Z“\d])|(?<=[。！？])(?=.)")
_REFUSED = re.compile(
    r"(?:^|\. )(?:No|Not|Instead of|Without|You ruled out) ([^:;,.]+?)(?: here)?[:;,]|没有(\S+?)，|避开了(\S+?)：|不要(\S+?)，"
)
_ONLY = re.compile(
    r"\bonly (?:this )?one\b|^No other|^Unlike the rest|^Alone among|\bonly this one\b|里只有它|唯独|与其他几款不同|仅此一款|别的都不是"
)
EXTREMES = {
    r"least expensive|最便宜": (("price", "价格"), min),
    r"newest|最新": (("year", "年份"), max),
    r"oldest|最早": (("year", "年份"), min),
    r"most powerful|动力最强": (("horsepower",), max),
    r"most economical": (("highway_mpg",), max),
    r"longest|最长": (("runtime_minutes",), max),
    r"shortest|最短": (("runtime_minutes",), min),
    r"highest rated|评分最高": (("rating", "评分"), max),
    r"most awarded": (("awards",), max),
    r"分量最多": (("净含量",), max),
}
_COUNTS = dict(
    zip(
        [
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "三",
            "四",
            "五",
            "六",
            "七",
            "八",
            "九",
            "十",
        ],
        [*range(3, 11)] * 2,
        strict=True,
    )
)


@dataclass
class Faults:
    """What is wrong with one reason, in words; ``starts`` is how each sentence begins, the record's and request's words left out."""

    false: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    empty: bool = False
    starts: tuple[str, ...] = ()


def judge(
    item: Recommendation,
    texts: Mapping[str, str],
    listed: Sequence[Recommendation],
    request: str,
    constraints: Sequence[Constraint],
) -> Faults:
    """Return the faults of the reason of ``item``; ``texts`` holds the whole record of each item as text, by id."""
    said = item.reason.text if item.reason else ""
    record = f"{item.title}. {texts[item.item_id]}. {' '.join(map(str, item.attributes.values()))}"
    asked = f"{request} {' '.join(str(c.value) for c in constraints)}"
    faults = Faults(starts=tuple(_start(s, f"{record} {asked}") for s in _SENTENCE.split(said) if s.strip()))
    faults.false = [
        *_numbers(said, item, f"{record} {asked} {len(listed)}", constraints),
        *_counts(said, len(listed)),
        *_quotations(said, record, asked),
        *_unknown_words(said, f"{record} {asked} {' '.join(map(_label, item.attributes))} {_translated(item)}"),
        *_extremes(said, item, listed),
        *_lonely(said, item, listed),
        *_refused(said, item),
    ]
    faults.leaks = _leaks(said, item)
    faults.empty = not _tells(said, item, record)
    return faults


def _numbers(said: str, item: Recommendation, held: str, constraints: Sequence[Constraint]) -> list[str]:
    known = {_value(m) for m in _NUMBER.findall(held)}
    known |= {float(v) for v in item.attributes.values() if isinstance(v, int | float)}
    for c in constraints:
        have = item.attributes.get(c.field)
        if isinstance(have, int | float) and isinstance(c.value, int | float):
            known |= {round(abs(float(have) - float(c.value)), 2)}
    return [
        f"number {m}"
        for m in _NUMBER.findall(_QUOTE.sub("", said))
        if not any(abs(_value(m) - k) < 0.006 for k in known)
    ]


def _counts(said: str, n: int) -> list[str]:
    named = re.findall(r"(?:these|the|Among the|Of these) (\w+)\b|这(.)款", _QUOTE.sub("", said))
    return [f"count {w}" for w in named if _COUNTS.get(w[0] or w[1], n) != n]


def _value(number: str) -> float:
    return float(number.replace(",", ""))


def _quotations(said: str, record: str, asked: str) -> list[str]:
    """Return quotations that nobody said; one of four words or more must begin where a sentence of the record does."""
    wrong = []
    for quote in _QUOTE.findall(said):
        plain = _folded(quote.rstrip("…"))
        starts = {
            _folded(record[m.end() :])[: len(plain)]
            for m in re.finditer(r"^|[.!?。！？:\n”\"]\s*|(?<=\w) (?=[A-Z“\"])", record)
        }
        long = len(quote.split()) >= 4 or (len(quote) > 8 and not quote.isascii())
        if not (plain in starts if long and plain not in _folded(asked) else plain in _folded(f"{record} {asked}")):
            wrong.append(f"quotation {quote}")
    return wrong


def _folded(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()


def _unknown_words(said: str, held: str) -> list[str]:
    """Return words that neither the wording nor the record nor the request has; Chinese runs are left to the other checks."""
    stock = (
        _wording_words()
        | {w.casefold() for w in _WORD.findall(held)}
        | {p.casefold() for w in _WORD.findall(held) for p in re.split(r"[-'’]", w)}
    )
    rest = [w for w in _WORD.findall(_QUOTE.sub("", said)) if w.isascii()]
    return [
        f"word {w}" for w in rest if w.casefold() not in stock and not set(re.split(r"[-'’]", w.casefold())) <= stock
    ]


@lru_cache(maxsize=1)
def _wording_words() -> frozenset[str]:
    """Return every word of the wording files, and counts in words; not what single values are called."""
    found: set[str] = {*_COUNTS, "a", "an"}

    def collect(node: object) -> None:
        if isinstance(node, str):
            found.update(w.casefold() for w in _WORD.findall(re.sub(r"\{\w+\}", " ", node)))
        for child in _said(node) if isinstance(node, dict) else node if isinstance(node, list) else ():
            collect(child)

    for language in ("en", "zh"):
        collect(wording("zh" if language == "zh" else "en").table)
    return frozenset(found)


def _said(table: Mapping[str, object]) -> Iterator[object]:
    return (child for name, child in table.items() if name not in {"values", "told", "names"})


def _translated(item: Recommendation) -> str:
    """Return what the values of a record are called in English."""
    held = ((n, v) for n, value in item.attributes.items() for v in (value if isinstance(value, list) else [value]))
    return " ".join(wording("en").value(name, value) for name, value in held if isinstance(value, str))


def _extremes(said: str, item: Recommendation, listed: Sequence[Recommendation]) -> list[str]:
    wrong = []
    for pattern, (fields, best) in EXTREMES.items():
        if not re.search(pattern, _QUOTE.sub("", said)):
            continue
        name = next((f for f in fields if f in item.attributes), "")
        values = [r.attributes.get(name) for r in listed]
        numbers = [float(v) for v in values if isinstance(v, int | float)]
        mine = item.attributes.get(name)
        if len(numbers) != len(listed) or mine != best(numbers) or numbers.count(best(numbers)) != 1:
            wrong.append(f"not {pattern}")
    return wrong


def _lonely(said: str, item: Recommendation, listed: Sequence[Recommendation]) -> list[str]:
    """Check "only this one ...": some value that the sentence names must be this item's alone."""
    wrong = []
    for sentence in _SENTENCE.split(said):
        if not _ONLY.search(sentence):
            continue
        alone = False
        for name, value in item.attributes.items():
            others = [r.attributes.get(name) for r in listed if r.item_id != item.item_id]
            if isinstance(value, str) and value not in others and _is_shown(name, value, sentence):
                alone = True
        if not alone:
            wrong.append(f"not alone: {sentence}")
    return wrong


def _is_shown(name: str, value: str, text: str) -> bool:
    """Say whether a text names a value, in the words of either language."""
    ways = {wording("en").value(name, value), wording("zh").value(name, value), value}
    return any(_folded(way) in _folded(text) for way in ways)


def _refused(said: str, item: Recommendation) -> list[str]:
    held = {
        str(v).casefold() for value in item.attributes.values() for v in (value if isinstance(value, list) else [value])
    }
    named = [p for match in _REFUSED.findall(said) for p in match if p]
    return [f"has {w}" for n in named for w in re.split(r", | or |、|或", n) if w.strip().casefold() in held]


def _leaks(said: str, item: Recommendation) -> list[str]:
    """Return names of fields that show: as code, of several words, or as "its colour is"."""
    plain = _QUOTE.sub("", said)
    found = re.findall(r"\b[a-z]+_[a-z_]+\b|\b[a-z]+[A-Z][a-zA-Z]+\b", re.sub(r"\biPhone|\beBay", "", plain))
    values = " ".join(str(v) for v in item.attributes.values())
    for name in item.attributes:
        label = _label(name)
        if re.search(
            rf"\bits {re.escape(label)} (?:is|are|include)|\b{re.escape(label)}(?: is |为)", plain, re.IGNORECASE
        ) or (" " in label and label in plain.lower()):
            found.append(label)
    return [f for f in found if f not in values]


def _label(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).lower()


def _tells(said: str, item: Recommendation, record: str) -> bool:
    """Say whether a reason names something of the item that its title does not: a number, a quotation or a value."""
    plain = _QUOTE.sub("", said)
    if _NUMBER.search(plain) or any(_folded(q.rstrip("…")) in _folded(record) for q in _QUOTE.findall(said)):
        return True
    values = [
        str(v)
        for value in item.attributes.values()
        for v in (value if isinstance(value, list) else [value])
        if v is not True
    ]
    title = {w.casefold() for w in _WORD.findall(item.title)}
    said_words = {w.casefold() for w in _WORD.findall(plain)}
    fresh = {w.casefold() for v in values for w in _WORD.findall(v)} - title
    translated = any(
        _is_shown(n, v, plain) for n, v in item.attributes.items() if isinstance(v, str) and v not in item.title
    )
    return bool(fresh & said_words) or translated or any(v in plain for v in values if not v.isascii())


def _start(sentence: str, held: str) -> str:
    """Return the first three words of a sentence, or four characters of a Chinese one, numbers and data masked."""
    masked = _NUMBER.sub("_", _QUOTE.sub("_", sentence.strip()))
    if re.search(r"[\u4e00-\u9fff]", masked):
        return masked[:4]
    names = {w for w in _WORD.findall(held) if w[:1].isupper()} - {
        "It",
        "The",
        "A",
        "In",
        "This",
        "You",
        "Your",
        "No",
        "With",
        "Of",
    }
    return " ".join("_" if w.strip(",:;.") in names else w.casefold() for w in masked.split()[:3])


def repeats(lists: Sequence[Sequence[Faults]]) -> int:
    """Return how many reasons hold a sentence that begins as an earlier one of their list does."""
    count = 0
    for faults in lists:
        seen: set[str] = set()
        for one in faults:
            count += bool(seen & set(one.starts))
            seen |= set(one.starts)
    return count


def summary(lists: Sequence[Sequence[Faults]]) -> dict[str, Any]:
    """Return the counts of several lists."""
    every = [f for faults in lists for f in faults]
    return {
        "reasons": len(every),
        "false": sum(bool(f.false) for f in every),
        "leaks": sum(bool(f.leaks) for f in every),
        "empty": sum(f.empty for f in every),
        "empty_share": round(sum(f.empty for f in every) / max(1, len(every)), 3),
        "repeated_stem": repeats(lists),
    }
