"""The grammar of a request, in the order in which its rules use the segments of a sentence.

Days and times first, since their numbers are no amounts; then numbers, since comparison and its negation are one construct; then orders, releases, refusals, and what is left as wishes.
"""

from __future__ import annotations

from collections.abc import Sequence

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.schemas import Constraint
from ....core.text.chinese import is_han
from .ages_of_people import ages_of_people
from .alternatives import alternatives
from .bounds.bounds_of_phrases import bounds_of
from .corrections_and_possessions import corrections, had_already, owned
from .degrees import degrees
from .dimensions import dimensions
from .exceptions import besides, exceptions_with_but
from .first_timers import first_timers
from .left_over import demands, things
from .meanings_in_context import settle_meanings
from .moments import moments
from .numbered_values import numbered_values, ranges_of_values
from .orders import leanings, orders
from .refusals.every_refusal import refusals
from .releases import releases
from .segments import Segment
from .sentence import Parsed, Sentence
from .steps import steps
from .storeys import storeys
from .verdicts.changed_minds import changes_of_mind
from .verdicts.chinese_clauses import parted
from .verdicts.conditions import conditionals
from .verdicts.dislikes import dislikes
from .verdicts.frames import framed
from .verdicts.likewise import likewise
from .verdicts.nothing_of import nothing_of, zero_of
from .verdicts.questioned_refusals import doubtful_refusals
from .verdicts.reactions import reactions
from .verdicts.told_in_chinese import told_in_chinese
from .verdicts.told_in_english import pointed_refusals, told_in_english
from .verdicts.told_in_german import told
from .verdicts.tolerated import needless
from .verdicts.unsettled import doubts
from .wishes import wanted


def parse(
    segments: Sequence[Segment], language: CatalogueLanguage, text: str, earlier: Sequence[Constraint] = ()
) -> Parsed:
    """Return all that the segments of ``text`` say; ``earlier`` are the conditions of the turns before."""
    settle_meanings(segments, language)
    chinese = any(map(is_han, text))
    sentence = Sentence(parted(segments) if chinese else segments, language, text)
    moments(sentence)
    exceptions_with_but(sentence)
    besides(sentence)
    ages_of_people(sentence)
    first_timers(sentence)
    storeys(sentence)
    dimensions(sentence)
    numbered_values(sentence)
    ranges_of_values(sentence)
    zero_of(sentence)
    bounds_of(sentence, earlier)
    nothing_of(sentence)
    for rule in (
        framed,
        conditionals,
        steps,
        orders,
        releases,
        leanings,
        degrees,
        corrections,
        had_already,
        owned,
        needless,
        changes_of_mind,
        dislikes,
        reactions,
        refusals,
        likewise,
        wanted,
        told,
        demands,
        doubtful_refusals,
        doubts,
        *((told_in_chinese,) if chinese else ()),
        told_in_english,
        pointed_refusals,
        alternatives,
        things,
    ):
        rule(sentence)
    return sentence.found
