"""Choose the question whose answer tells most about what the user wants, and weigh items by the answer.

The expected information gain of an answer about the target (Lindley 1956), over the current distribution of targets: the
softmax of the ranking's scores. People err: an answer is taken at its word with probability ``1 - noise``, otherwise every
choice is equally likely. So an answer moves the order and rules nothing out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ranking.query import NOISE
from ..ranking.stated_preferences import fitting
from ..schemas import Answered, CatalogueSchema, Choice, Item, Question
from .answerable_facets import Facet, Member

TEMPERATURE = 0.25
"""How far apart fused scores are in units of log-probability: a score lower by this much is e times less likely."""
SOMETHING_ELSE = "something else"
Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Offer:
    """A facet with the values to offer, by their rows, and the expected gain of the answer in bits."""

    facet: Facet
    rows: tuple[int, ...]
    bits: float


def beliefs(scores: Sequence[float] | Numbers, temperature: float = TEMPERATURE) -> Numbers:
    """Return the probability of every item to be the one wanted, shape (n,): the softmax of the scores."""
    logits = np.asarray(scores, dtype=np.float64) / temperature
    shares = np.exp(logits - logits.max())
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def best_offer(
    facets: Sequence[Facet], p: Numbers, max_choices: int, noise: float = NOISE, asked: Sequence[frozenset[str]] = ()
) -> Offer | None:
    """Return the most telling question over ``p``, shape (n,); None if there is none to ask.

    ``asked`` are the labels of earlier questions: a value is offered once.
    """
    known = frozenset().union(*asked)
    offers = [o for f in facets if (o := offer_of(f, p, max_choices, noise, known)) is not None]
    return max(offers, key=lambda o: o.bits, default=None)


def offer_of(
    facet: Facet, p: Numbers, max_choices: int, noise: float = NOISE, known: frozenset[str] = frozenset()
) -> Offer | None:
    """Return the facet with its likeliest values; None if fewer than two have a chance."""
    mass = facet.member @ p
    order = [int(r) for r in np.argsort(-mass, kind="stable") if mass[r] > 0 and facet.labels[r] not in known]
    rows = tuple(order[:max_choices])
    return Offer(facet, rows, gain_bits(facet.member[list(rows)], p, noise)) if len(rows) > 1 else None


def answer_model(member: Member, noise: float = NOISE) -> Numbers:
    """Return the probability of every answer given every target, shape (choices + 1, n); the last is "something else".

    A target with several of the offered values is answered with each of them equally often.
    """
    several = member.sum(axis=0)
    told = np.vstack([member / np.maximum(several, 1), several == 0])
    return np.asarray((1 - noise) * told + noise / len(told), dtype=np.float64)


def gain_bits(member: Member, p: Numbers, noise: float = NOISE) -> float:
    """Return how many bits the answer is expected to tell about the target: H(answer) - H(answer | target)."""
    model = answer_model(member, noise)
    overall = model @ p
    given = -(model * np.log2(np.maximum(model, 1e-12))).sum(axis=0)
    return float(-(overall * np.log2(np.maximum(overall, 1e-12))).sum() - given @ p)


def question_of(offer: Offer, number: int, has_rest: bool = True) -> Question:
    """Return the offer in words; ``number`` counts the questions of a thread from 1."""
    labels = [offer.facet.labels[r] for r in offer.rows]
    choices = [
        Choice(choice_id=str(n), text=label, preference=offer.facet.values[row])
        for n, (label, row) in enumerate(zip(labels, offer.rows, strict=True), 1)
    ]
    if has_rest:
        choices.append(Choice(choice_id="other", text=SOMETHING_ELSE))
        said = f"{', '.join(labels)} or {SOMETHING_ELSE}"
    else:
        said = " or ".join((", ".join(labels[:-1]), labels[-1]))
    return Question(
        question_id=f"q{number}",
        about=offer.facet.name,
        text=f"{offer.facet.ask}: {said}?",
        choices=tuple(choices),
        gain_bits=round(offer.bits, 3),
    )


def answer_scores(
    items: Sequence[Item], answers: Sequence[Answered], schema: CatalogueSchema, noise: float = NOISE
) -> NDArray[np.float32]:
    """Return what the answers add to fused scores, shape (n,): their log-likelihood times ``TEMPERATURE``, at most 0."""
    total = np.zeros(len(items), dtype=np.float64)
    for answer in answers:
        member = np.stack([fitting(items, p, schema) for p in answer.offered])
        model = answer_model(member, noise)
        row = model[len(answer.offered) if answer.chosen is None else answer.chosen]
        total += np.log(row / model.max())
    return (TEMPERATURE * total).astype(np.float32)
