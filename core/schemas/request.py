"""What a client sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Field,
    FiniteFloat,
    SerializeAsAny,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)

from ..moment import is_moment
from .catalogue import Frozen, ItemId, NoNul, TenantId, UserId

MAX_CONSTRAINTS = 32
MAX_VALUES = 256
MAX_EITHER = 8
MAX_MEDIA = 32
MAX_DATA_CHARS = 140_000_000
Short = Annotated[str, StringConstraints(min_length=1, max_length=64), NoNul()]
Value = Annotated[str, StringConstraints(max_length=256), NoNul()]
ThreadId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_.:-]+$")]
ContextName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$")]
ContextValue = Annotated[str, StringConstraints(min_length=1, max_length=256), NoNul()]
MediaKind = Literal["image", "audio", "video"]
Operator = Literal["<=", ">=", "<", ">", "not <", "not >", "=", "!=", "in", "not in", "contains", "not contains"]
SpreadName = Literal["none", "mmr", "dpp", "calibrated"]
LLMStrategy = Literal["embeddings", "profile", "score", "listwise", "generative"]


class Predicate(Frozen):
    """A comparison of one catalogue field with a value.

    ``value`` is a number for ordering operators, or a day (``2026-12-05``) or a time of day (``20:30``) on fields that hold
    those; a string, number or bool for ``=`` and ``!=``, a list of strings for ``in`` and ``not in``, a string for
    ``contains`` and ``not contains`` (membership in list fields, case-insensitive substring in text fields).
    ``not <`` and ``not >`` are ``>=`` and ``<=`` that an item without the value meets too: a game without an upper age.
    """

    field: Annotated[str, StringConstraints(min_length=1, max_length=64)] = Field(
        description="Catalogue field the predicate is about.", examples=["price"]
    )
    op: Operator = Field(description="Comparison operator.", examples=["<="])
    value: FiniteFloat | bool | str | list[str] = Field(description="Value to compare with.", examples=[40])

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
        elif op in ("<=", ">=", "<", ">", "not <", "not >") and not (is_moment(value) or type(value) is float):
            raise ValueError(f"{op} needs a number, a day such as 2026-12-05 or a time such as 20:30")
        elif op in ("contains", "not contains") and not isinstance(value, str):
            raise ValueError(f"{op} needs a string")
        return value


class Constraint(Predicate):
    """A hard predicate over one catalogue field, enforced in the store and never by a prompt.

    ``source`` says where it was stated: ``request`` (typed field), ``text``, ``transcript:<evidence id>``,
    ``caption:<evidence id>``, ``thread`` or ``model``. Where ``either`` names others, one of them or this one must hold.
    """

    source: str = Field(default="request", description="Where the constraint was stated.")
    confidence: float = Field(default=1.0, ge=0, le=1, description="How sure we are that it was meant, 0 to 1.")
    relative: bool = Field(
        default=False, description='Said against items shown ("cheaper"): its value is theirs, and nobody named it.'
    )
    either: Annotated[tuple[Predicate, ...], Field(max_length=MAX_EITHER)] = Field(
        default=(), description="Others of which one may hold in its place: a hybrid, or else an electric car."
    )


class StatedPredicate(Predicate):
    """A comparison of one catalogue field with a value, as a request states it: within bounds, so that no request holds up others."""

    field: Short = Field(description="Catalogue field the predicate is about.", examples=["price"])
    value: FiniteFloat | bool | Value | Annotated[list[Value], Field(max_length=MAX_VALUES)] = Field(
        description="Value to compare with: a number for <=, >=, < and >, a list of strings for `in` and `not in`, a string for "
        "`contains` and `not contains`.",
        examples=[40],
    )


class StatedConstraint(StatedPredicate, Constraint):
    """A hard predicate over one catalogue field, as a request states it."""

    either: Annotated[tuple[StatedPredicate, ...], Field(max_length=MAX_EITHER)] = Field(
        default=(), description="Others of which one may hold in its place."
    )
    source: Annotated[str, StringConstraints(max_length=200), NoNul()] = Field(
        default="request", description="Where the constraint was stated."
    )

    @model_validator(mode="before")
    @classmethod
    def _from_ours(cls, value: Any) -> Any:
        return dict(value) if isinstance(value, Constraint) else value


def _plain(stated: StatedConstraint) -> Constraint:
    return Constraint.model_construct(stated.model_fields_set, **dict(stated))


def few_values(constraints: list[Constraint]) -> list[Constraint]:
    """Return the constraints unchanged.

    Raises:
        ValueError: their lists hold more than ``MAX_VALUES`` values together.
    """
    values = sum(len(c.value) for c in constraints if isinstance(c.value, list))
    if values > MAX_VALUES:
        raise ValueError(f"hold {values} values together; at most {MAX_VALUES} are allowed")
    return constraints


if TYPE_CHECKING:
    StatedConstraints = list[Constraint]
else:  # checked as StatedConstraint, kept as Constraint
    StatedConstraints = Annotated[
        list[Annotated[SerializeAsAny[StatedConstraint], AfterValidator(_plain)]],
        Field(max_length=MAX_CONSTRAINTS),
        AfterValidator(few_values),
    ]


class MediaInput(Frozen):
    """A photo, voice clip or video: exactly one of ``data`` (base64), ``url`` (if the server allows it) or ``path``
    (in-process callers only; refused over HTTP)."""

    data: Annotated[str, StringConstraints(max_length=MAX_DATA_CHARS)] | None = Field(
        default=None, description="The file's bytes, base64-encoded.", repr=False
    )
    url: Annotated[str, StringConstraints(max_length=2000), NoNul()] | None = Field(
        default=None, description="https address; refused unless the server allows URLs."
    )
    path: Annotated[str, StringConstraints(max_length=4096), NoNul()] | None = Field(
        default=None, description="Local path; only for in-process callers."
    )


Media = Annotated[list[MediaInput], Field(max_length=MAX_MEDIA)]


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

    field: Short = Field(description="Catalogue field, or `words` for a word of title or text.", examples=["theme"])
    value: FiniteFloat | bool | Annotated[str, StringConstraints(min_length=1, max_length=200), NoNul()] = Field(
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
    words: Annotated[str, StringConstraints(max_length=500), NoNul()] = Field(
        default="", description="Their taste in free words; taken as the query where nothing else is said."
    )
    remember: bool = Field(default=False, description="With the user's consent: keep `values` in their profile.")


class Answer(Frozen):
    """The answer to the question of the turn before; without ``choice_id`` it is skipped, and the list stays as it was."""

    question_id: Short = Field(description="Of the question that is answered.", examples=["q1"])
    choice_id: Short | None = Field(default=None, description="The choice; omit it to skip.", examples=["2"])
    remember: bool = Field(default=False, description="With the user's consent: keep the answer in their profile.")


class Correction(Frozen):
    """What a person puts right of the last answer: other words for a piece of evidence or a condition, or that it does not count."""

    evidence_id: Annotated[str, StringConstraints(min_length=1, max_length=256), NoNul()] = Field(
        description="The piece, such as `caption-1`, or the condition, such as `price <= 40`.", examples=["caption-1"]
    )
    text: Annotated[str, StringConstraints(min_length=1, max_length=2000), NoNul()] | None = Field(
        default=None,
        description="What it should say: for a condition, the words to read in its place.",
        examples=["a red leather bag"],
    )
    strike: bool = Field(
        default=False,
        description="Leave it out, for a caption its photo as well; a condition is out for the next turns, too.",
    )

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
    text: Annotated[str, StringConstraints(max_length=4000), NoNul()] | None = Field(
        default=None,
        description="What they typed, at most 4,000 characters.",
        examples=["something like this, but under 40 euros"],
    )
    images: Media = Field(default_factory=list, description="Photos (JPEG, PNG, WebP, GIF, BMP, HEIC, AVIF, TIFF).")
    audio: Media = Field(default_factory=list, description="Voice clips (WAV, FLAC, MP3, OGG, M4A, WebM).")
    video: Media = Field(default_factory=list, description="Video clips (MP4, WebM, MOV).")
    thread_id: ThreadId | None = Field(
        default=None, description="Conversation to continue; a new one is named in the response if omitted."
    )
    n: int = Field(default=10, ge=1, le=50, description="How many items to return, 1 to 50.")
    constraints: StatedConstraints = Field(default_factory=list, description="Typed hard constraints.")
    preferences: Preferences | None = Field(
        default=None, description="What they like, as stated: soft, never a filter."
    )
    answer: Answer | None = Field(
        default=None, description="Answer to the question of the turn before; needs its `thread_id`."
    )
    profile: dict[Short, Short] = Field(
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
    max_cost: FiniteFloat | None = Field(
        default=None,
        ge=0,
        description="What language models may cost for the whole request, in the unit of `llm.prompt_price`; what is dearer is left out.",
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
    tenant: TenantId = Field(default="default", description="Which shop's catalogue and history to use.")

    _age = field_validator("context")(age_in_years)
