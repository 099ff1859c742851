"""Find requirements that no rule turned into a predicate ("must ship by friday"), so that none vanishes in silence.

These are read last, from what other rules have left; each is kept word for word and leaves the query.
"""

from __future__ import annotations

import re

from .query_text import EMPTY_WORDS
from .utterance import NUMBER, WINDOW, Utterance

_UNIT = r"(?:cm|mm|inch(?:es)?|kg|dpi|ppi|px|pixels?)\b"
_BETTER = r"(?:\s+(?:or|and)\s+(?:better|more|above|higher|up|over)\b)?"
_DAY = (
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|tomorrow|tonight|today|the weekend|next (?:week|month)|christmas|easter|"
    r"valentine's day|mother's day|father's day|(?:january|february|march|april|may|june|july|august|september|october|november|december)"
)
_REST = r"(?:(?!\s+(?:and|but|please|because|so|then|if|or(?! (?:better|more|above|higher|less)))\b)[^,.;!?\x02\x04\n]){1,60}"
_CLAUSES = tuple(
    re.compile(p)
    for p in (
        r"(?P<lead>\b(?:must|ha(?:s|ve) to|needs? to|ought to))\s+(?:not\s+)?(?:be|have|include|come|ship|arrive|fit|contain|"
        rf"support|last|weigh|measure|cost|reach)\b(?=\s+[\w\x01])(?!\s+(?:something|anything|a lot|fun)\b){_REST}",
        r"(?:\b(?:i need|i want|get|have|need) (?:it|them|this)\s+)?(?:\b(?:ship(?:s|ped|ping)?|deliver(?:y|ed|s)?|arriv(?:e|es|ing)|ready|here)\s+)?"
        rf"\b(?:by|no later than|not later than)\s+(?:{_DAY})\b",
        r"\b(?:ship(?:s|ped|ping)?|deliver(?:y|ed|s)?|arriv(?:e|es|ing)|ready|(?:need|get|have) (?:it|them|this))\s+"
        rf"(?:by|before|until|within|in time for|on|in)\b{_REST}",
        r"\b(?:(?:with )?free (?:shipping|delivery|returns?)|in stock|(?:same|next)[- ]day (?:shipping|delivery))(?: only)?\b",
        rf"\b(?:with\s+)?(?:a\s+)?rat(?:ed|ings?)\s+(?:(?:of|above|over|at least|minimum|is)\s+)*{NUMBER}(?:\s*(?:stars?|out of {NUMBER}|/\s*{NUMBER}))?{_BETTER}",
        rf"{NUMBER}[\s-]*stars?\s+(?:or|and)\s+(?:better|more|above|higher|up|over)\b",
        rf"\b(?:in\s+)?(?:size|length|width|height|diameter|weight|depth)\s*(?:of|:|is)?\s*{NUMBER}(?:\s*[x×]\s*{NUMBER})*(?:\s*{_UNIT})?",
        rf"{NUMBER}\s*[x×]\s*{NUMBER}(?:\s*[x×]\s*{NUMBER})?(?:\s*{_UNIT})?",
        r"\b(?:(?:no|not)\s+)?(?:bigger|larger|smaller|wider|narrower|taller|longer|shorter|heavier|lighter|higher|lower|thinner|deeper|"
        rf"older|newer|faster|slower)\s+than\s+{NUMBER}(?:\s*[a-z]+\b)?",
        rf"{NUMBER}[\s-]?{_UNIT}(?:\s+(?:wide|tall|high|long|deep|thick|across)\b)?",
    )
)
_PEOPLE = re.compile(r"\b(?:i|we|you|he|she|they|who|people)\s+(?:\w+\s+)?$")
_WORDS = re.compile(
    r"\b(?:without|(?<!the )only|no|nothing with|no more than|at least)\s+(?!one\b|idea|matter|problem|thanks|longer|need|doubt|have a\b)(?P<what>(?:[^\W\d_][\w'-]*)(?: [^\W\d_][\w'-]*){0,3})"
)
_STOP_AT = re.compile(r"\s+(?:and|but|or|please|for|that|which|from|with|so|because|to|if|then|than|in|on|at|i)\b.*$")
_CHINESE = re.compile(r"(?:不要|必须|不想要|一定要)[^,.;!?，。；！？、\x02\s]{1,12}")


def take_unmet(u: Utterance) -> list[str]:
    """Take requirement-like phrases that no rule understood out of the query; return them as they were written."""
    found: list[tuple[int, str]] = []
    for pattern in _CLAUSES:
        for match in list(pattern.finditer(u.low)):
            about_people = (
                "lead" in match.re.groupindex and "must" not in match[0] and _follows_people(u, match.start())
            )
            if not about_people and "\x02" not in u.low[match.start() : match.end()]:
                found.append((match.start(), u.take(match.start(), match.end())))
    for match in list(_WORDS.finditer(u.low)):
        what = _STOP_AT.sub("", match["what"])
        if what not in EMPTY_WORDS:
            found.append((match.start(), u.take(match.start(), match.start("what") + len(what))))
    found += [(m.start(), u.take(m.start(), m.end())) for m in list(_CHINESE.finditer(u.low))]
    return [words for _, words in sorted(found) if words]


def _follows_people(u: Utterance, position: int) -> bool:
    """Tell whether people are the subject ("I have to buy", "a boy who needs to be brave"): a story, no requirement."""
    return bool(_PEOPLE.search(u.low[max(0, position - WINDOW) : position]))
