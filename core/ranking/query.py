"""The question put to every candidate source, and what it leaves out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ..language.foreign import is_foreign, without_small_words
from ..predicates import NEGATED
from ..protocols import Records, Vectors
from ..rules.effects import NO_EFFECTS, Effects
from ..schemas import Answered, CatalogueSchema, Constraint, HistoryProfile, Preference, Understanding
from ..text.catalogue_values import key_of
from ..text.words import content_words
from .diversity import MILD, Spread
from .learnt_attention import NO_ATTENTION

NOISE = 0.1
"""Share of answers to questions that do not mean what they say."""


SEGMENT_KEY = "segment"
SESSION_KINDS = ("view", "click")
SESSION_ITEMS = 10
MAX_LIKED = 50
"""Of more likes, the newest so many are learnt from."""


@dataclass(frozen=True, eq=False)
class CandidateQuery:
    """What candidates are wanted.

    ``text_vector`` has shape (dim,), ``image_vectors`` (m, dim), both with rows of unit length; ``image_weights`` holds m
    weights from 0 (ignore a distrusted photo) to 1, all 1 when empty. ``limit`` counts candidates per source. ``said`` is false
    when the query comes from captions alone, which then weigh less than the photo itself;
    ``gloss`` holds English words for a Chinese query, ``otherwise`` what its words are called in the shop's texts where those lack them, ``track_vector`` how a clip of music sounds. ``effects`` are the shop's rules,
    ``spread`` how varied the list is to be, ``stated`` and ``stated_item_ids`` likes and dislikes as told, and ``who`` is what
    may be used of who the user is; ``answers`` are those to questions of the thread, wrong with
    probability ``answer_noise``; ``changed`` tells whether the words ask for something else than is shown;
    ``taste`` holds a language model's words for what the user likes, which count by ``taste_weight``; ``attention`` holds learnt factors
    of the sources' weights by situation, ``schema`` the fields of the catalogue as the request first read them,
    ``liked`` the records of the newest likes, where they were read.
    """

    understanding: Understanding
    profile: HistoryProfile
    text_vector: Vectors | None = None
    image_vectors: Vectors | None = None
    image_weights: tuple[float, ...] = ()
    limit: int = 100
    exclude: frozenset[str] = frozenset()
    said: bool = True
    gloss: str = ""
    otherwise: tuple[str, ...] = ()
    track_vector: Vectors | None = None
    effects: Effects = NO_EFFECTS
    spread: Spread = MILD
    stated: tuple[Preference, ...] = ()
    stated_item_ids: tuple[str, ...] = ()
    who: Mapping[str, str] = field(default_factory=dict)
    answers: tuple[Answered, ...] = ()
    answer_noise: float = NOISE
    changed: bool = False
    taste: tuple[str, ...] = ()
    taste_weight: float = 0.0
    attention: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: NO_ATTENTION)
    schema: CatalogueSchema | None = None
    liked: Records | None = None

    @property
    def where(self) -> tuple[Constraint, ...]:
        """Return the hard constraints in force: the user's, then the shop's."""
        return (*self.understanding.constraints, *self.effects.where)

    @cached_property
    def excluded(self) -> frozenset[str]:
        """Return the ids never to offer: refused, disliked, anchors (unless compared) and, unless asked for, consumed or stated as liked."""
        wish = self.understanding
        out = self.exclude | frozenset(wish.exclude_item_ids) | self.profile.disliked
        if wish.intent != "compare":
            out |= frozenset(wish.like_item_ids)
        return out if wish.include_consumed else out | self.profile.consumed | frozenset(self.stated_item_ids)

    @cached_property
    def photos(self) -> tuple[tuple[Vectors, float], ...]:
        """Return (vector, weight) of every photo whose weight is above zero."""
        if self.image_vectors is None or not len(self.image_vectors):
            return ()
        weights = self.image_weights or (1.0,) * len(self.image_vectors)
        return tuple((v, w) for v, w in zip(self.image_vectors, weights, strict=True) if w > 0)

    @property
    def pointed(self) -> bool:
        """Tell whether the words point at a photo that nothing speaks against ("like this photo, but in red")."""
        return self.understanding.intent == "similar" and max((w for _, w in self.photos), default=0.0) == 1.0

    @property
    def changes_photo(self) -> bool:
        """Tell whether words beside a photo that is pointed at say what is to be different."""
        worded = self.changed and self.said and bool(self.understanding.query)
        return self.pointed and worded and self.text_vector is not None

    @property
    def may_name(self) -> bool:
        """Tell whether the words may name the item to be similar to: "something like Toy Story"."""
        wish = self.understanding
        return wish.intent == "similar" and bool(wish.query) and not wish.like_item_ids and not self.photos

    @cached_property
    def remaining(self) -> tuple[str, ...]:
        """Return the words that ask for more than the conditions, which every candidate meets anyway."""
        wish, reading = self.understanding, self.understanding.reading
        alike = (c.words for c in reading.conditions if c.must and len(c.words.split()) == 1)
        read = (reading.for_whom, reading.order.words if reading.order else "", *alike)
        return remaining_words(self.gloss or wish.query, wish.constraints, read)

    @property
    def words(self) -> str:
        """Return the words to search for: those that remain after the conditions, else the whole query; a Chinese one as it is, too."""
        said = " ".join(self.remaining) or self.gloss or self.understanding.query
        said = f"{said} {self.understanding.query}" if self.gloss else said
        return " ".join([said, *self.otherwise])

    @cached_property
    def leads(self) -> bool:
        """Tell whether the request says, shows or points at more than its conditions, so that it leads and taste follows."""
        wish = self.understanding
        return bool(self.remaining or wish.like_item_ids or self.photos or self.track_vector is not None)

    @property
    def is_concrete(self) -> bool:
        """Tell whether this request itself says, shows or points at something."""
        wish = self.understanding
        return bool(wish.query or wish.like_item_ids or self.photos or self.track_vector is not None)

    @cached_property
    def tastes(self) -> tuple[Preference, ...]:
        """Return the values that the user stated and, while nothing is liked here, those liked elsewhere."""
        return self.stated if self.profile.liked else (*self.stated, *self.profile.elsewhere)

    @cached_property
    def wanted(self) -> tuple[Preference, ...]:
        """Return the values that the user stated, chose in an answer or liked elsewhere."""
        chosen = (a.offered[a.chosen] for a in self.answers if a.chosen is not None)
        return (*self.tastes, *chosen)

    @cached_property
    def session(self) -> tuple[str, ...]:
        """Return the items that the user looked at last, newest first, leaving out disliked ones."""
        seen = (e.item_id for e in self.profile.events if e.kind in SESSION_KINDS)
        return tuple(i for i in dict.fromkeys(seen) if i not in self.profile.disliked)[:SESSION_ITEMS]

    @cached_property
    def likes(self) -> tuple[str, ...]:
        """Return the items to learn from, newest first: those liked, else those stated, else those looked at."""
        return self.profile.liked or self.stated_item_ids or self.session

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """Return the groups the user belongs to, nearest first: named segment, who they are, segment of their events.

        A group is a segment's name or ``name=value``, as ``protocols.Collaborative.popular`` takes it.
        """
        named = [self.who[SEGMENT_KEY]] if SEGMENT_KEY in self.who else []
        told = [f"{name}={value}" for name, value in self.who.items() if name != SEGMENT_KEY]
        seen = [s for e in self.profile.events if (s := e.context.get(SEGMENT_KEY))][:1]
        return tuple(dict.fromkeys((*named, *told, *seen)))

    @property
    def segment(self) -> str | None:
        """Return the nearest group the user belongs to, if any."""
        return next(iter(self.segments), None)


def remaining_words(query: str, conditions: Sequence[Constraint], read: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the content words of ``query`` that no condition has taken up by its value or field, and that were not ``read``."""
    taken = {key_of(word) for text in read for word in text.replace("-", " ").split()}
    for condition in conditions:
        values = _texts(condition.value)
        taken |= {key_of(text) for text in (condition.field.replace("_", " "), *values)}
        if condition.op not in NEGATED:
            taken |= {key_of(word) for text in values for word in text.replace("-", " ").split()}
    found = tuple(word for word in content_words(query) if key_of(word) not in taken)
    return without_small_words(found) if is_foreign(query) else found


def _texts(value: float | bool | str | list[str]) -> Sequence[str]:
    return value if isinstance(value, list) else (str(value),)
