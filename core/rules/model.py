"""Define a shop's business rules as data: what to pin, boost, bury and leave out, and when.

Each kind is one model; ``kind`` tells them apart. Rules act on lists after what the user asked for: they can narrow a hard
constraint, never break one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AwareDatetime, Field, StringConstraints, field_validator, model_validator

from ..predicates import fold
from ..schemas import Constraint, Frozen, ItemId

RuleId = Annotated[str, StringConstraints(pattern=r"^[^\W_][\w.-]{0,63}$")]
Value = Annotated[str, StringConstraints(min_length=1, max_length=256)]
FieldName = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Unknown = Literal["hide", "show"]
MAX_RULES = 500
MAX_ITEMS = 5000
LAST_PLACE = 50
_SPACED = r"[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
"""A letter or digit of a script that puts spaces between words."""
CHANNEL = "channel"
AGE = "age"


@dataclass(frozen=True)
class Moment:
    """What rules may look at: the words, who asks as far as is known, and when (``now`` is aware of its zone)."""

    query: str = ""
    segment: str | None = None
    context: Mapping[str, str] = field(default_factory=dict)
    age: int | None = None
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


class When(Frozen):
    """Conditions that must all be met for a rule to act; one that is left out is met."""

    segment: tuple[Value, ...] = Field(default=(), description="The user's segment is one of these.")
    channel: tuple[Value, ...] = Field(default=(), description="The request's `context.channel` is one of these.")
    context: dict[str, tuple[Value, ...]] = Field(default_factory=dict, description="Request context: name -> values.")
    query: tuple[Value, ...] = Field(
        default=(), description="The query says one of these, as whole words, in the plural too, whatever the case."
    )
    after: AwareDatetime | None = Field(default=None, description="From this time on; needs a time zone.")
    before: AwareDatetime | None = Field(default=None, description="Until this time, exclusive; needs a time zone.")
    days: tuple[Day, ...] = Field(default=(), description="Days of the week in `zone`.")
    hours: tuple[int, int] | None = Field(default=None, description="[from, to) in `zone`, may wrap over midnight.")
    zone: str = Field(default="UTC", description="IANA time zone of `days` and `hours`.")

    @field_validator("zone")
    @classmethod
    def _exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"no time zone {value!r}; write it such as Europe/Berlin") from error
        return value

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.after and self.before and self.after >= self.before:
            raise ValueError("after must lie before before, else the rule never acts")
        if self.hours and not (
            0 <= self.hours[0] <= 23 and 0 <= self.hours[1] <= 24 and self.hours[0] != self.hours[1]
        ):
            raise ValueError("hours must be [from, to] with from 0 to 23, to 0 to 24, and not the same")
        return self

    def met(self, moment: Moment) -> bool:
        """Tell whether every condition is met."""
        said = fold(moment.query)
        wanted = {**self.context, **({CHANNEL: self.channel} if self.channel else {})}
        return (
            (not self.segment or moment.segment in self.segment)
            and all(moment.context.get(name) in values for name, values in wanted.items())
            and (not self.query or any(says(word, said) for word in self.query))
            and (self.after is None or moment.now >= self.after)
            and (self.before is None or moment.now < self.before)
            and self._in_week(moment.now)
        )

    def _in_week(self, now: datetime) -> bool:
        local = now.astimezone(ZoneInfo(self.zone))
        if self.days and DAYS[local.weekday()] not in self.days:
            return False
        if self.hours is None:
            return True
        start, end = self.hours
        return start <= local.hour < end if start < end else local.hour >= start or local.hour < end


def says(words: str, said: str) -> bool:
    """Tell whether ``said``, which is folded, holds ``words`` as whole words: "art" is in "wall art" and "arts", not in "party".

    Letters of a script that is written without spaces, such as Chinese, border on any word.
    """
    folded = fold(words)
    before = f"(?<!{_SPACED})" if re.match(_SPACED, folded[:1]) else ""
    after = f"(?:e?s)?(?!{_SPACED})" if re.match(_SPACED, folded[-1:]) else ""
    return re.search(before + re.escape(folded) + after, said) is not None


class BaseRule(Frozen):
    """What every rule has: an id that shows up in answers, and when it acts."""

    id: RuleId = Field(description="Name of the rule; shown in answers and by why-not.")
    when: When = Field(default=When(), description="Conditions; without any the rule always acts.")
    enabled: bool = Field(default=True, description="False keeps the rule in the file without effect.")


class Matching(BaseRule):
    """A rule about some items: named by id, or by conditions that must all hold."""

    items: tuple[ItemId, ...] = Field(default=(), max_length=MAX_ITEMS, description="Item ids.")
    where: tuple[Constraint, ...] = Field(default=(), max_length=16, description="Conditions that all hold.")

    @model_validator(mode="after")
    def _names_items(self) -> Self:
        if bool(self.items) == bool(self.where):
            raise ValueError("give either items (ids) or where (conditions)")
        return self


class Pin(Matching):
    """Put items at a position, and the next ones; an item that the user's limits or refusals forbid stays away."""

    kind: Literal["pin"] = Field(description="`pin`.")
    position: int = Field(ge=1, le=LAST_PLACE, description="Place of the first item, from 1.")


class Boost(Matching):
    """Raise items: their score times ``factor``, or to place ``top`` at the latest."""

    kind: Literal["boost"] = Field(description="`boost`.")
    factor: float | None = Field(default=None, gt=1, le=100, description="Multiplies the score.")
    top: int | None = Field(default=None, ge=1, le=LAST_PLACE, description="At the latest at this place.")

    @model_validator(mode="after")
    def _says_how(self) -> Self:
        if (self.factor is None) == (self.top is None):
            raise ValueError("give either factor or top")
        return self


class Bury(Matching):
    """Lower items: their score times ``factor``, or to place ``below`` at the earliest, if there are enough others."""

    kind: Literal["bury"] = Field(description="`bury`.")
    factor: float | None = Field(default=None, ge=0, lt=1, description="Multiplies the score.")
    below: int | None = Field(default=None, ge=2, le=LAST_PLACE, description="At the earliest at this place.")

    @model_validator(mode="after")
    def _says_how(self) -> Self:
        if (self.factor is None) == (self.below is None):
            raise ValueError("give either factor or below")
        return self


class Exclude(Matching):
    """Leave items out."""

    kind: Literal["exclude"] = Field(description="`exclude`.")


class Stock(BaseRule):
    """Leave out what is not in stock: ``field`` must be above ``above``, or true where it only says whether there is any."""

    kind: Literal["stock"] = Field(description="`stock`.")
    field: FieldName = Field(description="Field that counts the stock, or says yes or no.")
    above: float = Field(default=0.0, ge=0, allow_inf_nan=False, description="More than this is in stock.")
    unknown: Unknown = Field(default="hide", description="What to do with items whose stock is not known.")


class AgeRating(BaseRule):
    """Leave out what the user is too young for; the age comes from the request's ``context.age`` or the user's events.

    A number field holds the minimum age; for a text field ``ages`` maps each rating to it.
    """

    kind: Literal["age_rating"] = Field(description="`age_rating`.")
    field: FieldName = Field(description="Field that holds the rating or the minimum age.")
    ages: dict[str, Annotated[int, Field(ge=0, le=99)]] = Field(
        default_factory=dict, max_length=64, description="Rating -> minimum age in years; empty for a number field."
    )
    assumed_age: int = Field(default=0, ge=0, le=130, description="Age of a user whose age is not known.")
    unknown: Unknown = Field(default="hide", description="What to do with items without a known rating.")


class PriceRange(BaseRule):
    """Offer only items within a price range."""

    kind: Literal["price_range"] = Field(description="`price_range`.")
    field: FieldName | None = Field(default=None, description="Price field; default: the one the catalogue marks.")
    minimum: float | None = Field(default=None, allow_inf_nan=False, description="Lowest price.")
    maximum: float | None = Field(default=None, allow_inf_nan=False, description="Highest price.")

    @model_validator(mode="after")
    def _is_range(self) -> Self:
        if self.minimum is None and self.maximum is None:
            raise ValueError("give minimum, maximum or both")
        if self.minimum is not None and self.maximum is not None and self.minimum > self.maximum:
            raise ValueError("minimum must not be above maximum")
        return self


class Listing(BaseRule):
    """A list of items, by id or by the values of a field."""

    items: tuple[ItemId, ...] = Field(default=(), max_length=MAX_ITEMS, description="Item ids.")
    field: FieldName | None = Field(default=None, description="Text or list field, with `values`.")
    values: tuple[Value, ...] = Field(default=(), max_length=MAX_ITEMS, description="Values of `field`.")

    @model_validator(mode="after")
    def _is_list(self) -> Self:
        if bool(self.items) == bool(self.field) or bool(self.field) != bool(self.values):
            raise ValueError("give either items (ids), or field and values")
        return self


class Allow(Listing):
    """Offer only what is on the list."""

    kind: Literal["allow"] = Field(description="`allow`.")


class Block(Listing):
    """Never offer what is on the list."""

    kind: Literal["block"] = Field(description="`block`.")


Rule = Annotated[
    Pin | Boost | Bury | Exclude | Stock | AgeRating | PriceRange | Allow | Block, Field(discriminator="kind")
]


class RuleSet(Frozen):
    """A tenant's rules, in the order in which pins and factors are applied."""

    rules: tuple[Rule, ...] = Field(default=(), max_length=MAX_RULES, description="The rules.")

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        seen: set[str] = set()
        for rule in self.rules:
            if rule.id in seen:
                raise ValueError(f"two rules have the id {rule.id!r}; ids must differ")
            seen.add(rule.id)
        return self

    def acting(self, moment: Moment) -> tuple[Rule, ...]:
        """Return the rules that are enabled and whose conditions are met."""
        return tuple(r for r in self.rules if r.enabled and r.when.met(moment))
