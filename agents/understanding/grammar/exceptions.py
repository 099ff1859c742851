"""Tell the "but" and "save" of "all languages but English" from those that join, and the 除了 that adds from the one that excepts."""

from __future__ import annotations

from ....core.language.keys import key_of
from ....core.language.word_groups import around_han
from .sentence import Sentence

REACH = 8
"""Segments behind 除了 among which the word stands that makes it "besides"."""


def besides(sentence: Sentence) -> None:
    """Take a 除了 behind whose values one says what comes on top as no exception: 除了珍珠还要椰果."""
    for i, s in enumerate(sentence.segments):
        if "except" not in s.roles or not s.text.startswith("除"):
            continue
        rest = sentence.segments[i + 1 : i + REACH]
        stop = next((n for n, p in enumerate(rest) if p.text in around_han()["adding"]), None)
        if stop is None or any(p.text.startswith(("都", "其", "别", "什么", "不")) for p in rest[: stop + 2]):
            continue
        if any(p.is_word or "not" in p.roles for p in rest[:stop]) or not any(p.entries for p in rest[:stop]):
            continue
        s.roles = frozenset(["filler"])
        for p in rest[:stop]:
            p.roles -= {"except_after", "free"}


def exceptions_with_but(sentence: Sentence) -> None:
    """Read "but" and "save" as "except" after "any", "all" or "everything": "all languages but English"."""
    wide = frozenset(
        [
            "all",
            "every",
            "everything",
            "anything",
            "everyone",
            "anyone",
            "everywhere",
            "anywhere",
            "wherever",
            "whatever",
            "whichever",
            "none",
            "nothing",
            "nowhere",
            "any",
            "alles",
            "jede",
            "jeder",
            "jedes",
            "uberall",
            "irgendwo",
        ]
    )
    for i, s in enumerate(sentence.segments):
        if (
            key_of(s.text) not in ("but", "save", "except", "just not", "only not", "aber nicht", "nur nicht")
            or s.used
            or s.entries
        ):
            continue
        j = i - 1
        while (
            j >= 0
            and not sentence.segments[j].mark
            and key_of(sentence.segments[j].text) not in wide
            and "any" not in sentence.segments[j].roles
        ):
            j -= 1
        if j < 0 or sentence.segments[j].mark:
            continue
        k = i + 1
        while k < len(sentence.segments) and sentence.article_at(k):
            k += 1
        if sentence.value_at(k) or (k < len(sentence.segments) and sentence.segments[k].amount is not None):
            s.roles = frozenset(["except"])
