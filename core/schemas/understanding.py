"""What a request was taken to mean, what is known of the user, and what is worth asking."""

from __future__ import annotations

from typing import Literal

from pydantic import (
    Field,
)

from .catalogue import Event, Frozen
from .reading import Condition, Reading
from .request import Constraint, Preference

Language = Literal["en", "de", "zh"]
"""Languages that requests are answered in."""
RouteName = Literal["direct", "deliberate"]
MoodName = Literal["cheerful", "sad", "tired", "stressed", "bored", "romantic", "nostalgic"]
Intent = Literal["recommend", "similar", "compare", "plan", "refine", "browse"]


class Choice(Frozen):
    """One answer that a question offers; without ``preference``, the choice of something else."""

    choice_id: str = Field(description="Send it back as the answer.")
    text: str = Field(description="What to show.")
    preference: Preference | None = Field(default=None, description="What choosing it says.")


class Question(Frozen):
    """A question whose answer would improve the list; whoever does not answer it loses nothing."""

    question_id: str = Field(description="Identifies the question within its thread.")
    about: str = Field(description="Catalogue field, or part of the title, that it is about.")
    text: str = Field(description="The question in words.")
    choices: tuple[Choice, ...] = Field(description="The answers to choose from.")
    skippable: Literal[True] = Field(default=True, description="Always true.")
    gain_bits: float = Field(description="What the answer is expected to tell about the wanted item, in bits.")


class Answered(Frozen):
    """What was offered and which of it was chosen, by position; None for something else."""

    offered: tuple[Preference, ...]
    chosen: int | None = None


class HistoryProfile(Frozen):
    """What is known of a user: the latest events (newest first) and the ids already consumed (purchase or rating).

    ``liked_titles`` are those of the newest likes that the catalogue still has, at most five; ``stated`` are remembered
    preferences; ``elsewhere`` and ``elsewhere_vector``, of unit length, sum up likes in the
    catalogues of other tenants, where that is allowed.
    """

    user_id: str
    known: bool
    events: tuple[Event, ...] = ()
    consumed: frozenset[str] = frozenset()
    liked: tuple[str, ...] = ()
    liked_titles: tuple[str, ...] = ()
    disliked: frozenset[str] = frozenset()
    stated: tuple[Preference, ...] = ()
    elsewhere: tuple[Preference, ...] = ()
    elsewhere_vector: tuple[float, ...] = ()


class Mood(Frozen):
    """How somebody says they feel; a soft preference for items that suit it."""

    name: MoodName | None = Field(default=None, description="The strongest mood; absent if only a mood was denied.")
    sentiment: float = Field(ge=-1, le=1, description="From -1, unhappy, to 1, happy.")
    words: tuple[str, ...] = Field(default=(), description="The words it was read from.")


class Understanding(Frozen):
    """A request in terms the store and rankers understand.

    ``query`` merges text, captions and transcripts; ``like_item_ids`` are anchors ("more like the second");
    ``exclude_item_ids`` were refused ("not that one"); ``unparsed`` holds wishes that rules could not turn into predicates.
    """

    query: str = Field(default="", description="The merged query text.")
    intent: Intent = Field(default="browse", description="What the user wants done.")
    constraints: tuple[Constraint, ...] = Field(default=(), description="Hard constraints in force.")
    conditions: tuple[Condition, ...] = Field(
        default=(),
        description="The hard constraints in force with the words that made them; strike or edit one by its id in `corrections`.",
    )
    dropped: tuple[Constraint, ...] = Field(default=(), description="Constraints of earlier turns dropped in this one.")
    preferences: tuple[str, ...] = Field(default=(), description="Soft preferences.")
    like_item_ids: tuple[str, ...] = Field(default=(), description="Items to be similar to.")
    exclude_item_ids: tuple[str, ...] = Field(default=(), description="Items refused in this thread.")
    include_consumed: bool = Field(default=False, description="The user asked for items they already have.")
    unparsed: tuple[str, ...] = Field(default=(), description="Wishes that no catalogue field expresses.")
    budget: Constraint | None = Field(
        default=None,
        description="The most that the items of a plan may cost together; no limit on a single item's wish.",
    )
    mood: Mood | None = Field(default=None, description="How the user says they feel, if they do.")
    question: str | None = Field(default=None, description="A question the request left open.")
    reading: Reading = Field(default_factory=Reading, description="What this turn's words say, word by word.")
    language: Language | None = Field(default=None, description="Language of the thread, in which it is answered.")


class Route(Frozen):
    """Which route was taken, why, and who decided (``rule``, ``model`` or ``caller``)."""

    name: RouteName = Field(description="`direct` or `deliberate`.")
    why: str = Field(description="One sentence.")
    decided_by: Literal["rule", "model", "caller"] = Field(description="Who decided.")
