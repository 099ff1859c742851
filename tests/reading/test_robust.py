"""No text makes the reader fail, blow up or slow down, whatever it is and however many read at once."""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tastemaker.agents.understanding.reader import read
from tastemaker.core.language.tokens import german_stem, stem

from ..shops.loader import SHOPS
from .hostile_texts import hostile_texts

READERS = [SHOPS[name] for name in ("town_bikes", "films", "three-moneys", "larder", "settees", "手机铺")]
FRAGMENTS = st.sampled_from(
    [
        "not",
        "no",
        "without",
        "red",
        "grey",
        "under",
        "30",
        "k",
        "euros",
        "-",
        ",",
        ".",
        "or",
        "and",
        "but",
        "不要",
        "红色",
        "以下",
        "的",
        "100",
        "half",
        "an",
        "hour",
        "more",
        "than",
        "cheapest",
        "except",
        "any",
        "colour",
        "I",
        "have",
        "doesn't",
        "suit",
        "me",
        "size",
        "43",
        "between",
        "20",
        "to",
        '"',
        "年代",
        "'80s",
        "leather",
        "allergic",
    ]
)


@example("part no 123.456.78")
@example("10.123.45.6 and 192.168.100.10")
@example("1,000,1 or $1,234,56")
@example("hundred " * 155)
@settings(max_examples=120, deadline=None)
@given(st.one_of(st.lists(FRAGMENTS, max_size=60).map(" ".join), st.text(max_size=300)))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    for language in READERS:
        reading = read(text, language)
        assert all(c.words for c in reading.conditions)


def test_no_text_takes_long() -> None:
    language = SHOPS["settees"]
    hostile = [
        "not " * 900,
        "except the 80s " * 266,
        "1 to " * 700,
        "red or " * 570,
        "不要灰色" * 900,
        "'80s " * 800,
        "leathr " * 500,
        "a" + " " * 4000 + "b",
    ]
    read("warm", language)
    for text in hostile:
        taken = []
        for _ in range(3):
            start = time.process_time()
            read(text, language)
            taken.append(time.process_time() - start)
        assert min(taken) < 0.06, text[:20]


def test_words_are_stemmed_alike_by_many_threads_at_once() -> None:
    words = [
        f"{start}{end}ingly" for start in ("walk", "happ", "nation", "runn", "cater") for end in map(str, range(200))
    ]
    words = [w.translate(str.maketrans("0123456789", "abcdefghij")) for w in words]
    alone = [stem.__wrapped__(word) for word in words]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(lambda _: [stem.__wrapped__(word) for word in words], range(8)))
    finally:
        sys.setswitchinterval(interval)
    assert all(found == alone for found in together)


LONGEST_TEXT = 4000
"""Characters of a request."""
MOST_S = 0.03
"""CPU seconds of a text: 20 ms are wanted, and slower machines exist."""


def _slowest(n: int) -> tuple[float, str]:
    """Read ``n`` hostile texts in one shop after the other; return the most CPU seconds that one took twice, and the text."""
    slowest, text = 0.0, ""
    for i, hostile in enumerate(hostile_texts(n)):
        language, taken = READERS[i % len(READERS)], []
        for _ in range(3):
            stem.cache_clear()
            german_stem.cache_clear()
            start = time.process_time()
            read(hostile[:LONGEST_TEXT], language)
            taken.append(time.process_time() - start)
            if taken[-1] <= slowest:
                break
        if min(taken) > slowest:
            slowest, text = min(taken), hostile
    return slowest, text


def test_hostile_texts_make_the_reader_neither_fail_nor_slow() -> None:
    slowest, text = _slowest(60)
    assert slowest < MOST_S, text[:80]


@pytest.mark.slow
def test_three_thousand_hostile_texts_take_no_longer_than_other_texts() -> None:
    slowest, text = _slowest(3000)
    assert slowest < MOST_S, text[:80]
