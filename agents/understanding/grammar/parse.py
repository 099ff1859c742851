"""The grammar of a request: its rules, in the order in which they use the segments of a sentence.

A segment is used once, so that what is said in more words stands before what is said in fewer, and what is sure before what is a guess. The last rules
take back what the others made of words that may mean the opposite, and name it as not applied.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

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

_Rule = Callable[[Sentence], None]

BEFORE_NUMBERS: tuple[_Rule, ...] = (
    moments,  # days and times: their numbers are no amounts
    exceptions_with_but,  # "any colour but green": that "but" parts no clause
    besides,
    ages_of_people,  # whom a thing is for, by age: "for my 8 year old" is no bound on a price
    first_timers,
    storeys,
    dimensions,
    numbered_values,  # values that are numbers themselves: "size 3/4", "PG-13"
    ranges_of_values,
    zero_of,  # "0% alcohol" refuses
)
"""What takes numbers, or gives some, before the rest are read as bounds."""

PHRASES: tuple[_Rule, ...] = (
    nothing_of,  # "no sugar" bounds a number, before its "no" refuses a word
    framed,  # a refusal around a value: "leave the onions out"
    conditionals,  # "if it has a bar I'm out": before "if" and "out" are read apart
    steps,  # "at least medium" of a scale of words
    orders,  # "cheapest", "newest first"
    releases,  # "any colour", "never mind the price"
    leanings,  # "lighter", "not too loud"
    degrees,
    corrections,  # "red, no, blue"
    had_already,  # "hatten wir schon": before its value is wished for
    owned,
)
"""What several words say together, which apart would refuse or want something else."""

VERDICTS: tuple[_Rule, ...] = (
    needless,  # "no garden needed" refuses no garden
    changes_of_mind,  # "I used to hate red, now I love it"
    dislikes,  # "Wolle vertrage ich leider nicht"
    reactions,  # "wool makes me itch"
    refusals,  # every other "not", "without", "except"
    likewise,  # "... and so does silk": after what it likens to
    wanted,  # what is left of values is wished for
)
"""What is not wanted, then what is."""

DOUBTS: tuple[_Rule, ...] = (
    told,  # "Zimt muss draußen bleiben"
    demands,  # "must be waterproof", where no field says so
    doubtful_refusals,  # "isn't red lovely?"
    doubts,  # "I find wool itchy"
    told_in_chinese,  # 鸡肉一吃就吐
    told_in_english,  # "lamb gives her the runs"
    pointed_refusals,  # "her ex is Omar, so not his place"
)
"""What takes back wishes and refusals whose sign is not sure."""

JOINED: tuple[_Rule, ...] = (alternatives, things)
"""What links the conditions that are left: either of two, several things."""


def parse(
    segments: Sequence[Segment], language: CatalogueLanguage, text: str, earlier: Sequence[Constraint] = ()
) -> Parsed:
    """Return all that the segments of ``text`` say; ``earlier`` are the conditions of the turns before."""
    settle_meanings(segments, language)
    chinese = any(map(is_han, text))
    sentence = Sentence(parted(segments) if chinese else segments, language, text)
    for rule in BEFORE_NUMBERS:
        rule(sentence)
    bounds_of(sentence, earlier)
    for rule in (*PHRASES, *VERDICTS, *DOUBTS, *JOINED):
        if chinese or rule is not told_in_chinese:
            rule(sentence)
    return sentence.found
