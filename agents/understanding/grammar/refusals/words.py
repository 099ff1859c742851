"""The words by which refusals are told apart."""

from __future__ import annotations

from .....core.language.keys import key_of

LINKS = frozenset(("or", "nor", "and"))
LACKING = frozenset(
    map(
        key_of,
        ("不含", "没有", "无", "不带", "不加", "不含有", "without", "free of", "free from", "ohne", "sans", "不要含"),
    )
)
"""Words that say what a thing lacks: the thing itself is wanted."""
BESIDE = frozenset(
    map(
        key_of, ("instead of", "rather than", "as opposed to", "statt", "anstatt", "anstelle von", "anstelle", "而不是")
    )
)
"""Refusals of what stands after them only, in favour of what stands before."""
COPULAS = frozenset("is are was be would look looks seem seems feel feels ist sind ware waren wirkt".split())  # noqa: SIM905
ELSE = frozenset("otherwise else sonst ansonsten 否则 不然 要不然".split())  # noqa: SIM905
YES = frozenset(("ja", "yes", "yep", "jep", "gern", "gerne"))
WHOLE = frozenset(
    "nope nah hurt hurts allergy allergies allergic intolerance intolerant sucks suck stinks stink dealbreaker excluded "  # noqa: SIM905
    "unwanted unnecessary allergie annoys annoy bothers excepted tabu taboo ausgenommen ausgeschlossen nein nee no niemals igitt nervt stort weglassen unacceptable unsuitable verzichten raus".split()
)
"""Refusals of one word that need no verb before them."""
