"""Describe one trained version of a tenant's recommenders: what it learnt from, how good it was, what was left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from pydantic import Field

from ..schemas import Frozen

FITTED = MappingProxyType({"catalogue": "to rank the whole catalogue", "questions": "to rank few candidates"})


class Figures(Frozen):
    """Ranking quality over held-out events, each from 0 to 1."""

    ndcg_10: float = Field(description="NDCG@10 with the held-out item as the only one that is wanted.")
    hr_10: float = Field(description="Share of users whose held-out item is among the first ten.")


class Validation(Frozen):
    """What was measured before this version was fitted on everything: later events predicted from earlier ones."""

    cut_at: datetime = Field(description="Events from here on were held out.")
    n_users: int = Field(description="Users asked about; the items are each one's first new ones after the cut.")
    n_questions: int = Field(default=0, description="Items asked for, over all users; figures are means over users.")
    n_candidates: int = Field(description="Items ranked for each user, those already known left out.")
    figures: dict[str, Figures] = Field(
        description="By method; `trained` is this version's, with recipe and share chosen on other users."
    )


class RatingError(Frozen):
    """Root mean square error of predicted ratings on held-out ones, on the shop's own scale."""

    rmse: float = Field(description="Of the predicted ratings.")
    averages: float = Field(description="Of predictions from the averages of the item and the user.")
    n: int = Field(description="Ratings predicted.")


class ModelCard(Frozen):
    """The card of one version; it holds counts and names of methods, never a user's id."""

    version: str
    tenant: str
    created_at: datetime
    items: int
    users: int
    interactions: int
    events_read: int
    first_event_at: datetime | None = None
    last_event_at: datetime | None = None
    history_version: int = Field(description="The history's version that was learnt from.")
    scorers: tuple[str, ...] = ()
    left_out: dict[str, str] = Field(default_factory=dict, description="Scorer -> why it is not used.")
    fusion: str = ""
    recipe: str = Field(
        default="questions", description="`catalogue`: fitted for ranking all items; `questions`: for few candidates."
    )
    share: float = Field(
        default=1.0, ge=0, le=1, description="By how much it counts; the ranking without training has the rest."
    )
    notes: tuple[str, ...] = Field(default=(), description="What was not tried, and why.")
    validation: Validation | None = None
    parts: tuple[str, ...] = Field(default=(), description="What it holds besides the ranking: `ratings`, `new_items`.")
    rating_error: RatingError | None = None
    seconds: float = Field(default=0.0, description="By the clock, of the run that finished it.")
    cpu_seconds: float = Field(default=0.0, description="Of the processor, all its cores together.")
    peak_memory_mb: float = Field(default=0.0, description="Largest resident size of the process that trained.")
    seed: int = 0
    versions: dict[str, str] = Field(default_factory=dict)
    decision: str = Field(default="", description="Whether it was put to use, and why.")

    @property
    def took(self) -> str:
        """Return the seconds and the memory, in words."""
        return f"{self.seconds:.0f} s, {self.cpu_seconds:.0f} s of CPU, at most {self.peak_memory_mb:,.0f} MB"

    @property
    def counts(self) -> str:
        """Return how it was fitted and by how much it counts, in a sentence."""
        how = FITTED.get(self.recipe, self.recipe)
        rest = "" if self.share == 1 else ", the ranking without training by the rest"
        return f"Fitted {how}; it counts by {self.share:.0%}{rest}."

    def markdown(self) -> str:
        """Return the card for people."""
        return "\n".join(_lines(self)) + "\n"


def _lines(card: ModelCard) -> Iterator[str]:
    yield f"# Recommender {card.version} of {card.tenant}"
    yield ""
    yield f"Trained {_day(card.created_at)}: {card.took}."
    yield f"Learnt from {card.interactions:,} wishes and dislikes of {card.users:,} users for {card.items:,} items"
    yield f"({card.events_read:,} events, {_day(card.first_event_at)} to {_day(card.last_event_at)})."
    yield f"{card.counts} {' '.join(f'{note}.' for note in card.notes)}".rstrip()
    if card.decision:
        yield card.decision
    yield ""
    yield from _table("Scorers", ("scorer", "state"), dict.fromkeys(card.scorers, "used") | card.left_out)
    if card.validation:
        yield f"Validation: {card.validation.n_users} users, events from {_day(card.validation.cut_at)} held out,"
        yield f"{card.validation.n_candidates:,} items ranked for each."
        yield ""
        yield "| method | NDCG@10 | HR@10 |"
        yield "|---|---|---|"
        for name, figures in card.validation.figures.items():
            yield f"| {name} | {figures.ndcg_10:.4f} | {figures.hr_10:.4f} |"
        yield ""
    if card.rating_error:
        error = card.rating_error
        yield f"Predicted ratings: RMSE {error.rmse:.3f} on {error.n:,} held-out ones, {error.averages:.3f} by averages."
        yield ""
    versions = dict(card.versions) | {"seed": str(card.seed), "fusion": card.fusion or "none"}
    yield from _table("Made with", ("what", "version"), versions)


def _table(title: str, heads: tuple[str, str], rows: Mapping[str, str]) -> Iterator[str]:
    yield f"## {title}"
    yield ""
    yield f"| {heads[0]} | {heads[1]} |"
    yield "|---|---|"
    for name, value in rows.items():
        yield f"| {name} | {value.replace('|', '/')} |"
    yield ""


def _day(at: datetime | None) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC") if at else "unknown"
