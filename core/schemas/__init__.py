"""The data that flows through a request: request -> evidence -> understanding -> candidates -> recommendation.

All values are frozen pydantic models. Media travel as references to files, never as bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

ItemId = Annotated[str, StringConstraints(min_length=1, max_length=128)]
UserId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f]+$")]
ThreadId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_.:-]+$")]
TenantId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[a-z0-9][a-z0-9_-]*$")]
ContextName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$")]
ContextValue = Annotated[str, StringConstraints(min_length=1, max_length=256)]
AttributeValue = str | float | bool | list[str]
MediaKind = Literal["image", "audio", "video"]
EventKind = Literal["view", "click", "like", "dislike", "skip", "purchase", "rating"]
Operator = Literal["<=", ">=", "<", ">", "=", "!=", "in", "not in", "contains", "not contains"]
FieldType = Literal["number", "text", "bool", "list"]
VerdictState = Literal["verified", "no evidence", "conflict"]
RouteName = Literal["direct", "deliberate"]
MoodName = Literal["cheerful", "sad", "tired", "stressed", "bored", "romantic", "nostalgic"]
SoundKind = Literal["", "speech", "silence", "noise", "music or tones", "unclear"]
SpreadName = Literal["none", "mmr", "dpp", "calibrated"]
LLMStrategy = Literal["embeddings", "profile", "score", "listwise", "generative"]
Intent = Literal["recommend", "similar", "compare", "plan", "refine", "browse"]


class Frozen(BaseModel):
    """Base of every value: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# --- catalogue -----------------------------------------------------------------------------------


class CatalogueField(Frozen):
    """A filterable attribute of the catalogue.

    ``values`` lists the distinct values of text and list fields, most frequent first, at most 200; ``minimum`` and
    ``maximum`` bound number fields. ``role`` marks the field that holds the price.
    """

    name: str
    type: FieldType
    role: Literal["price", "none"] = "none"
    unit: str = ""
    values: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None


class CatalogueSchema(Frozen):
    """What a catalogue holds: its filterable fields and its size in items."""

    fields: tuple[CatalogueField, ...] = ()
    count: int = 0

    def field(self, name: str) -> CatalogueField | None:
        """Return the field called ``name``, or None."""
        return next((f for f in self.fields if f.name == name), None)

    @property
    def price(self) -> CatalogueField | None:
        """Return the field with the role ``price``, or None."""
        return next((f for f in self.fields if f.role == "price"), None)


class Item(Frozen):
    """One catalogue item. ``image`` is a path relative to the media folder; ``url`` a link for people."""

    item_id: ItemId
    title: Annotated[str, StringConstraints(min_length=1, max_length=500)]
    text: Annotated[str, StringConstraints(max_length=20_000)] = ""
    attributes: dict[str, AttributeValue] = Field(default_factory=dict)
    image: str | None = None
    url: str | None = None


class Event(Frozen):
    """One interaction of a user with an item. ``value`` holds the rating; ``at`` is in UTC."""

    user_id: UserId
    item_id: ItemId
    kind: EventKind
    at: datetime
    value: float | None = None
    context: dict[str, str] = Field(default_factory=dict)


# --- request -------------------------------------------------------------------------------------


class Constraint(Frozen):
    """A hard predicate over one catalogue field, enforced in the store and never by a prompt.

    ``value`` is a number for ordering operators, a string, number or bool for ``=`` and ``!=``, a list of strings for
    ``in`` and ``not in``, a string for ``contains`` and ``not contains`` (membership in list fields, case-insensitive
    substring in text fields). ``source`` says where it was stated: ``request`` (typed field), ``text``,
    ``transcript:<evidence id>``, ``caption:<evidence id>``, ``thread`` or ``model``.
    """

    field: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(
        description="Catalogue field the predicate is about.", examples=["price"]
    )
    op: Operator = Field(description="Comparison operator.", examples=["<="])
    value: FiniteFloat | bool | str | list[str] = Field(description="Value to compare with.", examples=[40])
    source: str = Field(default="request", description="Where the constraint was stated.")
    confidence: float = Field(default=1.0, ge=0, le=1, description="How sure we are that it was meant, 0 to 1.")

    @field_validator("value")
    @classmethod
    def _fits_operator(cls, value: float | bool | str | list[str], info: ValidationInfo) -> Any:
        """Refuse what no field could satisfy; whether value and field fit is for ``predicates.canonical`` to say."""
        op = info.data.get("op")
        if op in ("in", "not in"):
            if not isinstance(value, list) or not value:
                raise ValueError(f"{op} needs a list of at least one string")
        elif isinstance(value, list):
            raise ValueError(f"{op} needs one value, not a list; use in or not in")
        elif op in ("<=", ">=", "<", ">") and (isinstance(value, bool) or not isinstance(value, float)):
            raise ValueError(f"{op} needs a number")
        elif op in ("contains", "not contains") and not isinstance(value, str):
            raise ValueError(f"{op} needs a string")
        return value


class MediaInput(Frozen):
    """A photo, voice clip or video: exactly one of ``data`` (base64), ``url`` (if the server allows it) or ``path``
    (in-process callers only; refused over HTTP)."""

    data: str | None = Field(default=None, description="The file's bytes, base64-encoded.", repr=False)
    url: str | None = Field(default=None, description="https address; refused unless the server allows URLs.")
    path: str | None = Field(default=None, description="Local path; only for in-process callers.")


class Diversity(Frozen):
    """How varied the list should be; what is left out is the deployment's choice."""

    strategy: SpreadName | None = Field(
        default=None,
        description="`none`: best first; `mmr`: unlike what is already listed; `dpp`: a varied set as a whole; `calibrated`: "
        "divided as the user's likes are.",
    )
    strength: float | None = Field(default=None, ge=0, le=1, description="0: best first, 1: only variety.")


class Preference(Frozen):
    """A value of an attribute that the user likes or, with a negative weight, dislikes: it moves the order, never filters."""

    field: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(
        description="Catalogue field, or `words` for a word of title or text.", examples=["theme"]
    )
    value: FiniteFloat | bool | Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        description="The value; for a number, about this much.", examples=["sea"]
    )
    weight: float = Field(default=1.0, ge=-1, le=1, description="1 likes it, -1 dislikes it.")
    reach: FiniteFloat | None = Field(
        default=None, ge=0, description="For a number: how far from the value still fits."
    )


class Preferences(Frozen):
    """What a user says of their taste, when asked on arrival for example; kept for the rest of the thread."""

    values: list[Preference] = Field(default_factory=list, max_length=32, description="Attribute values.")
    item_ids: list[ItemId] = Field(default_factory=list, max_length=50, description="Items they like.")
    words: Annotated[str, StringConstraints(max_length=500)] = Field(
        default="", description="Their taste in free words; taken as the query where nothing else is said."
    )
    remember: bool = Field(default=False, description="With the user's consent: keep `values` in their profile.")


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


class Answer(Frozen):
    """The answer to the question of the turn before; without ``choice_id`` it is skipped, and the list stays as it was."""

    question_id: str = Field(description="Of the question that is answered.", examples=["q1"])
    choice_id: str | None = Field(default=None, description="The choice; omit it to skip.", examples=["2"])
    remember: bool = Field(default=False, description="With the user's consent: keep the answer in their profile.")


class Answered(Frozen):
    """What was offered and which of it was chosen, by position; None for something else."""

    offered: tuple[Preference, ...]
    chosen: int | None = None


class Correction(Frozen):
    """What a person puts right of the last answer's evidence: other words for a piece, or that it does not count."""

    evidence_id: str = Field(description="The piece, such as `caption-1`.", examples=["caption-1"])
    text: Annotated[str, StringConstraints(min_length=1, max_length=2000)] | None = Field(
        default=None, description="What it should say.", examples=["a red leather bag"]
    )
    strike: bool = Field(default=False, description="Leave the piece out, and for a caption its photo as well.")

    @model_validator(mode="after")
    def _one_change(self) -> Correction:
        if (self.text is None) is not self.strike:
            raise ValueError("give either text or strike")
        return self


def age_in_years(context: dict[str, str]) -> dict[str, str]:
    """Return the context unchanged.

    Raises:
        ValueError: its ``age`` is no number of years from 0 to 130.
    """
    age = context.get("age")
    if age is not None and not (age.isascii() and age.isdigit() and int(age) <= 130):
        raise ValueError("age must be a whole number of years, 0 to 130")
    return context


class RecommendRequest(Frozen):
    """Who asks, and what they said, showed or spoke. At least nothing is needed: an empty request gets popular items."""

    user_id: UserId | None = Field(default=None, description="Who asks; omit for a stranger.", examples=["ada"])
    text: Annotated[str, StringConstraints(max_length=4000)] | None = Field(
        default=None,
        description="What they typed, at most 4,000 characters.",
        examples=["something like this, but under 40 euros"],
    )
    images: list[MediaInput] = Field(default_factory=list, description="Photos (JPEG, PNG, WebP, GIF, BMP).")
    audio: list[MediaInput] = Field(default_factory=list, description="Voice clips (WAV, FLAC, MP3, OGG, M4A, WebM).")
    video: list[MediaInput] = Field(default_factory=list, description="Video clips (MP4, WebM, MOV).")
    thread_id: ThreadId | None = Field(
        default=None, description="Conversation to continue; a new one is named in the response if omitted."
    )
    n: int = Field(default=10, ge=1, le=50, description="How many items to return, 1 to 50.")
    constraints: list[Constraint] = Field(default_factory=list, max_length=32, description="Typed hard constraints.")
    preferences: Preferences | None = Field(
        default=None, description="What they like, as stated: soft, never a filter."
    )
    answer: Answer | None = Field(
        default=None, description="Answer to the question of the turn before; needs its `thread_id`."
    )
    profile: dict[
        Annotated[str, StringConstraints(min_length=1, max_length=64)],
        Annotated[str, StringConstraints(min_length=1, max_length=64)],
    ] = Field(
        default_factory=dict,
        max_length=16,
        description="Who they are, such as `segment` or `age_group`; only what the setting `cold_start.profile_fields` "
        "allows is used.",
        examples=[{"segment": "students"}],
    )
    include_consumed: bool = Field(default=False, description="Also offer items the user already has.")
    context: dict[ContextName, ContextValue] = Field(
        default_factory=dict,
        max_length=16,
        description="What is known of the moment: `channel`, `device`, `place`, `season`, `segment`, `age` (in years), ...",
        examples=[{"channel": "web"}],
    )
    diversity: Diversity | None = Field(
        default=None, description="How varied the list should be; omit for the deployment's choice."
    )
    corrections: list[Correction] = Field(
        default_factory=list,
        max_length=16,
        description="What to put right of the last answer in `thread_id`: its turn is made again without sending its media.",
    )
    route: Literal["auto", "direct", "deliberate"] = Field(default="auto", description="Route, or let rules decide.")
    words: bool = Field(default=True, description="Ask the language model for reasons; else render them from data.")
    max_ms: int | None = Field(
        default=None, ge=50, le=600_000, description="Time budget of the whole request in milliseconds."
    )
    llm_rank: list[LLMStrategy] | None = Field(
        default=None,
        max_length=5,
        description="How a language model may move the list, alone or together: `embeddings` (nearness of texts and pictures), "
        "`profile` (words it wrote about the user's taste and the items: they also propose items and give reasons), "
        "`generative` (it guesses what the user wants next; items near to the guesses count), `score` (it scores each item), "
        "`listwise` (it sorts the list). Omit for the deployment's choice; [] for none.",
        examples=[["score"]],
    )
    llm_weight: float | None = Field(
        default=None,
        ge=0,
        le=2,
        description="For evaluation: move the list by this weight, 0 to 2, instead of the one fitted on held-out events.",
    )
    tenant: TenantId = Field(default="default", description="Which shop's catalogue and history to use.")

    _age = field_validator("context")(age_in_years)

    @field_validator("text")
    @classmethod
    def _no_nul(cls, value: str | None) -> str | None:
        if value is not None and "\x00" in value:
            raise ValueError("must not contain NUL characters")
        return value


class MediaFile(Frozen):
    """An admitted medium: checked, decoded once and written to a temporary file. ``media_id`` is ``image-1``, ..."""

    media_id: str
    kind: MediaKind
    path: str
    mime: str
    width_px: int | None = None
    height_px: int | None = None
    seconds: float | None = None
    share: float = 1.0
    """For a video's frame: the part of the clip that it stands for."""


# --- evidence ------------------------------------------------------------------------------------


class Tag(Frozen):
    """A word from a vocabulary seen in a picture, with a calibrated confidence from 0 to 1."""

    label: str = Field(description="The word.")
    confidence: float = Field(ge=0, le=1, description="From 0 to 1.")


class Caption(Frozen):
    """What a captioner saw. ``text`` is a sentence, ``confidence`` from 0 to 1.

    ``written`` are lines of text in the picture, from top to bottom; ``colours`` are the dominant ones with their share.
    """

    text: str
    tags: tuple[Tag, ...] = ()
    confidence: float = Field(ge=0, le=1)
    back_end: str = ""
    written: tuple[Tag, ...] = ()
    colours: tuple[Tag, ...] = ()


class SpokenSegment(Frozen):
    """A stretch of speech in a clip."""

    start_s: float = Field(ge=0, description="Seconds from the start of the clip.")
    end_s: float = Field(ge=0, description="Seconds from the start of the clip.")
    text: str = Field(description="What was said.")
    confidence: float = Field(default=0.0, ge=0, le=1, description="From 0 to 1.")


class Transcript(Frozen):
    """What a transcriber heard. ``text`` is empty when there was no speech; ``language`` is an ISO 639-1 code.

    ``sound`` says what the clip holds; ``unclear`` is speech, or something like it, that no words could be made of.
    """

    text: str
    language: str = ""
    confidence: float = Field(ge=0, le=1)
    speech_s: float = 0.0
    back_end: str = ""
    sound: SoundKind = ""
    segments: tuple[SpokenSegment, ...] = ()


class Evidence(Frozen):
    """One piece of what is known about a request, with its source and confidence."""

    evidence_id: str = Field(description="Identifier used by reasons, such as `caption-1`.")
    kind: Literal["text", "caption", "transcript", "history", "preference", "credential"] = Field(
        description="What sort of evidence this is."
    )
    source: str = Field(description="The medium or store it came from, such as `image-1`, `audio-1`, `history`.")
    content: str = Field(description="The evidence in words.")
    confidence: float = Field(ge=0, le=1, description="From 0 to 1.")
    back_end: str = Field(default="", description="Which model or library produced it.")
    tags: tuple[Tag, ...] = Field(default=(), description="Words seen in a picture, with confidence.")
    language: str = Field(default="", description="ISO 639-1 code, for transcripts.")
    sound: SoundKind = Field(
        default="", description="What a clip holds: speech, or silence, noise, music or tones in place of it."
    )
    corrected: bool = Field(default=False, description="A person put this piece right; it outranks what was sensed.")
    segments: tuple[SpokenSegment, ...] = Field(default=(), description="When what was said, for transcripts.")


class Check(Frozen):
    """One consistency or authenticity check with a three-state verdict."""

    check: str = Field(description="`content_credentials`, `text_image`, `text_transcript` or `image_transcript`.")
    state: VerdictState = Field(description="verified, no evidence, or conflict.")
    reason: str = Field(description="One sentence for people.")
    about: tuple[str, ...] = Field(default=(), description="Media or evidence ids compared.")
    score: float | None = Field(default=None, description="Cosine similarity where the check is a comparison.")


class Verdict(Frozen):
    """The combined verdict: conflict if any check conflicts, verified if one verifies, else no evidence.

    ``distrusted`` lists media whose evidence must weigh less in ranking and wording.
    """

    state: VerdictState = Field(default="no evidence", description="Combined verdict.")
    checks: tuple[Check, ...] = Field(default=(), description="Every check that ran.")
    distrusted: tuple[str, ...] = Field(default=(), description="Media ids whose evidence weighs less.")


class HistoryProfile(Frozen):
    """What is known of a user: the latest events (newest first) and the ids already consumed (purchase or rating).

    ``stated`` are remembered preferences; ``elsewhere`` and ``elsewhere_vector``, of unit length, sum up likes in the
    catalogues of other tenants, where that is allowed.
    """

    user_id: str
    known: bool
    events: tuple[Event, ...] = ()
    consumed: frozenset[str] = frozenset()
    liked: tuple[str, ...] = ()
    disliked: frozenset[str] = frozenset()
    stated: tuple[Preference, ...] = ()
    elsewhere: tuple[Preference, ...] = ()
    elsewhere_vector: tuple[float, ...] = ()


# --- understanding -------------------------------------------------------------------------------


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


class Route(Frozen):
    """Which route was taken, why, and who decided (``rule``, ``model`` or ``caller``)."""

    name: RouteName = Field(description="`direct` or `deliberate`.")
    why: str = Field(description="One sentence.")
    decided_by: Literal["rule", "model", "caller"] = Field(description="Who decided.")


# --- candidates and answer -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item id proposed by one source; ``rank`` counts from 1, ``score`` is the source's own scale.

    A plain dataclass, since a request makes more than a thousand of them.
    """

    item_id: str
    source: str
    rank: int
    score: float


class SourceScore(Frozen):
    """Where a source placed an item."""

    source: str = Field(description="Candidate source, such as `text`, `image`, `full_text`, `together` or `popular`.")
    rank: int = Field(description="Place that the source gave the item, from 1.")
    score: float = Field(description="The source's own score; not comparable between sources.")


class PathStep(Frozen):
    """One edge of how a scorer came to an item: ``source`` to ``target`` over ``relation``, such as ``director: Lynch``."""

    source: str = Field(description="Id of the item it starts from.")
    relation: str = Field(description="What joins the two, borne out by their records.")
    target: str = Field(description="Id of the item it leads to.")
    source_title: str = Field(default="", description="Title of the item it starts from.")


class RankedItem(Frozen):
    """An item in the final order, with the record that every price, title and link is rendered from."""

    item: Item
    rank: int = Field(ge=1)
    score: float
    sources: tuple[SourceScore, ...] = ()
    rules: tuple[str, ...] = ()
    path: tuple[PathStep, ...] = ()
    predicted_rating: float | None = None


class Reason(Frozen):
    """Why an item is on the list. ``by`` is ``model`` only if the sentence passed every check, else ``data``."""

    text: str = Field(description="One or two sentences.")
    by: Literal["model", "data"] = Field(description="Written by the language model and checked, or rendered.")
    evidence_ids: tuple[str, ...] = Field(default=(), description="Evidence the sentence rests on.")


class Recommendation(Frozen):
    """One recommended item as a client sees it; every field but ``reason`` comes from the catalogue record."""

    item_id: str = Field(description="Catalogue id.")
    rank: int = Field(description="Position, from 1.")
    score: float = Field(description="Fused score; comparable within one response only.")
    title: str = Field(description="Title from the record.")
    attributes: dict[str, AttributeValue] = Field(description="Attributes from the record.")
    image: str | None = Field(default=None, description="Image reference from the record.")
    url: str | None = Field(default=None, description="Link from the record.")
    sources: tuple[SourceScore, ...] = Field(default=(), description="Which sources proposed it, and where.")
    rules: tuple[str, ...] = Field(default=(), description="Ids of the business rules that pinned or moved it.")
    path: tuple[PathStep, ...] = Field(
        default=(), description="How it follows from something the user liked, if it does."
    )
    predicted_rating: float | None = Field(
        default=None,
        description="The rating the user is expected to give, on the shop's own scale; absent where the shop or the user has none.",
    )
    reason: Reason | None = Field(default=None, description="Why it is here; absent in the `items` event.")


class Degradation(Frozen):
    """A part that was missing or late, and why; the rest of the answer was made without it."""

    what: str = Field(description="The part, such as `llm`, `captioner`, `vector_search`, `history`.")
    why: str = Field(description="What happened, without secrets.")


class StepTime(Frozen):
    """Seconds spent in one step."""

    step: str = Field(description="Name of the step.")
    seconds: float = Field(description="Seconds it took.")


class Usage(Frozen):
    """Language-model use of one request."""

    llm_calls: int = Field(default=0, description="Calls made.")
    prompt_tokens: int = Field(default=0, description="Prompt tokens of all calls.")
    cached_tokens: int = Field(default=0, description="Prompt tokens served from the prefix cache, if reported.")
    completion_tokens: int = Field(default=0, description="Generated tokens of all calls.")


class LLMInfluence(Frozen):
    """By how much a language model moved the list, and on what ground."""

    strategies: tuple[LLMStrategy, ...] = Field(description="What was asked for.")
    used: tuple[LLMStrategy, ...] = Field(
        default=(), description="What answered; another one may stand in, see `degraded`."
    )
    group: str = Field(description="The user's group: `cold` with fewer than five events, else `warm`.")
    weight: float = Field(ge=0, le=2, description="Weight of the signal against the list's own scores; 0: not asked.")
    fitted: bool = Field(default=False, description="The weight was fitted on held-out events of this shop.")
    kendall_distance: float = Field(default=0.0, ge=0, le=1, description="Share of pairs that changed places, 0 to 1.")
    mean_rank_shift: float = Field(default=0.0, ge=0, description="Places that an item moved, on average.")
    why: str = Field(default="", description="Why the list did not move, if it did not.")


class RecommendResponse(Frozen):
    """The whole answer."""

    request_id: str = Field(description="Identifier for logs and feedback.")
    thread_id: str = Field(description="Send it back to continue the conversation.")
    user: Literal["known", "new", "stranger"] = Field(
        description="known: with history; new: named but without history; stranger: not named."
    )
    route: Route = Field(description="Which route was taken and why.")
    evidence: tuple[Evidence, ...] = Field(default=(), description="What was read, seen, heard and remembered.")
    consistency: Verdict = Field(default_factory=Verdict, description="Do the media agree, and are they authentic?")
    understanding: Understanding = Field(description="What the request was taken to mean.")
    message: str = Field(default="", description="Opening words for the whole list.")
    message_by: Literal["model", "data"] = Field(default="data", description="Who wrote `message`.")
    items: tuple[Recommendation, ...] = Field(default=(), description="Ranked items, best first.")
    question: str | None = Field(default=None, description="A question worth answering, if any; skippable.")
    asked: Question | None = Field(
        default=None, description="The same question with its choices, to be answered by `answer` of the next request."
    )
    cold_start: str | None = Field(default=None, description="How the list was made without history, if so.")
    strategy: str | None = Field(
        default=None, description="Name of the cold-start strategy that `cold_start` describes, such as `session`."
    )
    degraded: tuple[Degradation, ...] = Field(default=(), description="What was missing and why; empty if nothing.")
    llm_influence: LLMInfluence | None = Field(
        default=None, description="By how much a language model moved the list; absent where none was asked to."
    )
    prompts: tuple[str, ...] = Field(default=(), description="Prompts used, as `name@version#digest`.")
    usage: Usage = Field(default_factory=Usage, description="Language-model use.")
    timings: tuple[StepTime, ...] = Field(default=(), description="Seconds per step, in the order they ended.")


class StreamEvent(Frozen):
    """One event of a stream. ``data`` is JSON-ready.

    ``route`` {name, why, decided_by}; ``evidence`` one Evidence; ``consistency`` Verdict; ``items`` {items, question,
    asked, cold_start, strategy}: the ranked items before any word is written; ``partial`` {evidence_id, segment}: a stretch of speech while the
    rest of a long clip is still read; ``words`` {item_id or null for the opening message, text, by,
    evidence_ids}; ``degraded`` one Degradation; ``step`` StepTime; ``done`` the whole RecommendResponse; ``error`` {message}.
    """

    event: Literal[
        "route", "partial", "evidence", "consistency", "items", "words", "degraded", "step", "done", "error"
    ] = Field(description="What happened.")
    data: dict[str, Any] = Field(description="What it says, in the form that belongs to `event`.")


# --- values handed between steps -----------------------------------------------------------------


class ShownItem(Frozen):
    """An item of the latest list shown in a thread; ``price`` from the catalogue's price field, if any."""

    item_id: str
    title: str
    price: float | None = None


class ThreadMemory(Frozen):
    """What a thread carries from one turn to the next; ``owner`` is a digest of the user who started it.

    ``questions`` counts those asked so far, ``open_question`` is the one that waits for an answer.
    """

    turn: int = 0
    owner: str = ""
    query: str = ""
    constraints: tuple[Constraint, ...] = ()
    preferences: tuple[str, ...] = ()
    stated: tuple[Preference, ...] = ()
    stated_item_ids: tuple[str, ...] = ()
    answers: tuple[Answered, ...] = ()
    questions: int = 0
    open_question: Question | None = None
    like_item_ids: tuple[str, ...] = ()
    exclude_item_ids: tuple[str, ...] = ()
    budget: Constraint | None = None
    shown: tuple[ShownItem, ...] = ()


class Words(Frozen):
    """One checked sentence for an item, or for the whole list when ``item_id`` is None."""

    item_id: str | None
    text: str
    by: Literal["model", "data"]
    evidence_ids: tuple[str, ...] = ()


class Brief(Frozen):
    """Everything the composer may speak about."""

    text: str = ""
    user: Literal["known", "new", "stranger"] = "stranger"
    evidence: tuple[Evidence, ...] = ()
    verdict: Verdict = Field(default_factory=Verdict)
    understanding: Understanding = Field(default_factory=Understanding)
    items: tuple[RankedItem, ...] = ()
    liked_titles: tuple[str, ...] = ()
    taste: tuple[str, ...] = ()
    cold_start: str | None = None
    strategy: str | None = None
    price_field: str | None = None
    price_unit: str = ""


class Composition(Frozen):
    """The words of a response: one message and one reason for every item, model-written only where checks passed."""

    message: Words
    reasons: tuple[Words, ...] = ()
    usage: Usage = Field(default_factory=Usage)
    prompt: str | None = None
    degraded: tuple[Degradation, ...] = ()
