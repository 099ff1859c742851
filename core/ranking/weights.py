"""Say of every candidate source, in one table, how much it counts in each kind of request, and what it is.

To change how much the photo counts, change the rows of ``image_vector`` and ``image_to_text``. ``fusion.source_weights`` says which
kinds a request is of; a row's weights of those kinds are added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from ..releases.in_force import WEIGHTS, in_force
from ..schemas import SourceScore

Kind = Literal[
    "said",  # the user's own words ask for more than the conditions that were read from them
    "captioned",  # the words are those of captions alone
    "shown",  # a photo; its trust from 0 to 1 counts
    "pointed",  # words point at the photo: "like this"; they only break ties
    "changed",  # words say what is to be different from the photo: "like this, but in red"
    "heard",  # a clip of music
    "anchored",  # items are pointed at or named
    "described",  # a language model wrote words for the user's taste; as far as held-out events let it count
    "asked",  # any of the above: the request itself leads, what else is known of the user stays behind it
    "likes",  # else: items are liked
    "stated",  # else: likes were stated, or a question answered
    "session",  # else: items were looked at
    "elsewhere",  # else: items were liked in another shop
    "stranger",  # else: nothing is known
]
Medium = Literal["words", "photo", "sound"]


@dataclass(frozen=True)
class SourceRow:
    """A source of candidates, or a scorer that places them.

    ``reason`` names the family of sentences that it gives, ``medium`` what it searches with. ``learnt`` tells whether the trained
    recommender has learnt from the same and replaces it, by its share.
    """

    name: str
    reason: str
    weights: Mapping[Kind, float] = field(default_factory=dict)
    medium: Medium | None = None
    learnt: bool = False


SOURCES: Mapping[str, SourceRow] = MappingProxyType(
    {
        row.name: row
        for row in (
            SourceRow(
                "text_vector", "words", {"said": 1.0, "captioned": 0.25, "pointed": 0.1, "changed": 0.1}, "words"
            ),
            SourceRow(
                "full_text", "words", {"said": 0.7, "captioned": 0.175, "pointed": 0.07, "changed": 0.07}, "words"
            ),
            SourceRow(
                "text_to_image", "picture", {"said": 0.5, "captioned": 0.125, "pointed": 0.05, "changed": 0.05}, "words"
            ),
            SourceRow("image_vector", "photo", {"shown": 1.2, "pointed": 2.4, "changed": 0.3}, "photo"),
            SourceRow("image_to_text", "photo", {"shown": 0.1, "pointed": 0.1, "changed": 0.1}, "photo"),
            SourceRow("photo_and_words", "photo", {"changed": 2.4}),
            SourceRow("similar_to_shown", "anchor", {"anchored": 2.0}),
            SourceRow("track", "sound", {"heard": 1.5}, "sound"),
            SourceRow("described", "described", {"described": 0.3}),
            SourceRow(
                "stated_preferences",
                "stated",
                {"asked": 0.5, "likes": 0.5, "stated": 1.0, "elsewhere": 0.6},
            ),
            SourceRow("other_domain", "elsewhere", {"elsewhere": 1.0}),
            SourceRow("new_items", "profile", {"likes": 0.1}),
            SourceRow(
                "co_occurrence", "taste", {"asked": 0.2, "likes": 1.0, "stated": 1.0, "session": 0.8}, learnt=True
            ),
            SourceRow(
                "profile_vector", "profile", {"asked": 0.1, "likes": 0.4, "stated": 0.4, "session": 0.4}, learnt=True
            ),
            SourceRow(
                "popularity",
                "popular",
                {"asked": 0.1, "likes": 0.2, "stated": 0.5, "session": 0.4, "elsewhere": 0.3, "stranger": 1.0},
                learnt=True,
            ),
            # what stands beside them: places that are drawn, and the scorers of the trained recommender
            SourceRow("exploration", "new"),
            SourceRow("trend", "popular"),
            SourceRow("segments", "popular"),
            SourceRow("cooccurrence", "taste"),
            SourceRow("user_knn", "taste"),
            SourceRow("transitions", "taste"),
            SourceRow("graph", "profile"),
            SourceRow("als", "profile"),
            SourceRow("bpr", "profile"),
            SourceRow("ease", "profile"),
            SourceRow("sequential", "profile"),
            SourceRow("text-vectors", "profile"),
            SourceRow("titles", "profile"),
        )
    }
)
CLEAR_RANK = 30
"""A source's word counts as a reason down to this rank in its own list; co-occurrence and anchors at any rank."""
LEARNED = "learned"
"""The list of the trained recommender, which placed the whole pool."""
LEARNED_BARE, LEARNED_ASKED = 1.0, 0.4
"""Its weight in a bare request, and where the request itself leads, against 1 for words."""


def weights_of(kinds: Mapping[Kind, float]) -> dict[str, float]:
    """Return the weight of every source for a request of these kinds, each with its strength; as released for the request, else as above."""
    released: Mapping[str, Mapping[Kind, float]] | None = in_force(WEIGHTS)
    found = {}
    for name, row in SOURCES.items():
        if row.weights:
            weights = row.weights if released is None else released.get(name, {})
            found[name] = sum(strength * weights.get(kind, 0.0) for kind, strength in kinds.items())
    return found


def reason_of(source: str) -> str:
    """Return the family of reasons that a source gives; ``other`` for one that is not in the table."""
    return SOURCES[source].reason if source in SOURCES else "other"


def families_of(sources: Sequence[SourceScore]) -> set[str]:
    """Return the families of reasons that the sources of an item give, each where its word is clear."""
    found = set[str]()
    for placed in sources:
        family = "slot" if placed.source.startswith("deliberate:") else reason_of(placed.source)
        if placed.score > 0 and (placed.rank <= CLEAR_RANK or family in {"taste", "anchor", "slot"}):
            found.add(family)
    return found
