"""Tell the "but" and "save" of "all languages but English" from those that join."""

from __future__ import annotations

from ....core.language.word_data import key_of
from .sentence import Sentence


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
