"""Recognise what a turn does: start over, drop a requirement, ask again, compare, plan; strip words that carry no wish."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from .fields import field_names, label_of, names_pattern
from .schemas import CatalogueField, CatalogueSchema
from .utterance import Utterance

STORY_WORDS = 25
REQUEST = re.compile(
    r"\b(?:show|want|looking|look|need|recommend|suggest|find|give|get|buy|search|searching|watch|see|only|must|please|prefer|like)\b"
)
_RESET = re.compile(
    r"(?:\b(?:start(?:ing)? (?:over|again|afresh|from scratch)|reset(?: (?:everything|all|it all))?|new search|clear (?:everything|all(?: filters)?|the filters)|"
    r"forget (?:everything|all of (?:that|it|this)|all that|it all|what i said)|from scratch|von vorne|recommencer)\b|重新开始|重来)"
)
_AGAIN = re.compile(
    r"\b(?:again|once more|re-?watch(?:ing)?|re-?read|re-?play|i(?:'ve| have)? already (?:have|own|owned|saw|seen|watched|read|bought|rated)|noch ?mal|encore une fois)\b|再看|再来一遍"
)
_NOT_AGAIN = re.compile(
    r"\b(?:nothing|not|no|none|never|don't|haven't|without|except|exclude|anything but|other than|skip)\b[^.!?]*$"
)
_COMPARE = re.compile(
    r"\b(?:compare|comparison|versus|vs\.?|difference between|which (?:one )?is better|better than|pros and cons|or better)\b|对比|比较"
)
_PLAN = re.compile(
    r"\b(?:plan|evening|itinerary|outfit|complete the look|bundle|a set of|combination|marathon|weekend|wardrobe|goes? (?:well )?with|matching|double feature|gallery wall|in total|altogether)\b|搭配|安排"
)
_SIMILAR = re.compile(
    r"\b(?:(?:more |something |anything |one |ones )?(?:like|similar to|resembling)(?: (?:this|that|these|those|it|the (?:photo|picture|image)|(?:in )?my (?:photo|picture))(?: (?:one|photo|picture|image))?)?(?=\s*(?:$|[,.!?;\x02]|\b(?:but|and|under|only|in|with|for|please)\b))|"
    r"same (?:style|kind|type|sort)|in this style|similar(?: ones| items)?(?! to )|lookalikes?)|(?:像|类似)这(?:个|样)?的?"
)
_LIKE_NAMED = re.compile(
    r"\b(?:something|anything|more|movies?|films?|books?|games?|one) (?:like|similar to|along the lines of) \w"
)
_CHEAP = re.compile(
    r"\b(?:(?:very|really|quite|as) )?(?:cheap(?:est)?|inexpensive|affordable|budget[- ]friendly|low[- ]cost|bargain|not (?:too|so|very) (?:expensive|pricey)|good value|günstig(?:e[snr]?)?|billig(?:e[snr]?)?|pas (?:trop )?cher)\b(?: as possible)?|便宜(?:的)?"
)
_DEAR = re.compile(r"\b(?:expensive|luxury|luxurious|high[- ]end|premium|not (?:too )?cheap)\b")
_NEW = re.compile(r"\b(?:newest|latest|newer|more recent|recent|brand[- ]new)\b")
_OLD = re.compile(r"\b(?:oldest|older|vintage years)\b")
_FILLER = re.compile(
    r"\b(?:hi|hello|hey|please|thanks|thank you|(?:can|could|would|will) you(?: please)?|(?:show|give|find|get|send|tell) (?:me|us)|recommend(?: me| us)?|suggest(?: me)?|"
    r"i(?:'m| am| was)? (?:looking|searching|hunting) for|looking for|search(?:ing)? for|i(?:'d| would) (?:like|love)(?: to (?:see|watch|buy|have|get|find|read|play))?|"
    r"i (?:really )?(?:want|need|wish)(?: to (?:see|watch|buy|have|get|find|read|play|spend|pay))?|do you have|have you got|any (?:ideas|recommendations|suggestions)(?: for)?|what (?:about|do you have)|how about|"
    r"something|anything|some|make it|make them|it (?:must|should|has to|needs to) be|(?:must|should|has to|have to) be|instead|rather|actually|okay|ok|yes|well|um+|uh+|"
    r"(?:(?:something|anything|more|movies?|films?|ones?) )?(?:like|similar to|along the lines of)(?= [a-z])|i (?:really |also )?(?:like|love|enjoy|prefer)|maybe|perhaps|preferably|ideally|"
    r"(?:compare|comparison of|which (?:one )?is better|what is the difference between|difference between|pros and cons of)|"
    r"(?:in|from|on) (?:this|the|my) (?:photo|picture|image|clip)|this (?:photo|picture|image)|euros?|is fine|will do|works|only|just|"
    r"ich (?:suche|möchte|will)|zeig(?:e)? mir|je (?:cherche|veux|voudrais)|montre[- ]moi|bitte|s'il vous plaît)\b|(?:我)?(?:想要|要|想看|想买|推荐|给我|请|预算|有没有)"
)
_EMPTY = frozenset(
    [
        "nothing",
        "everything",
        "else",
        "better",
        "a",
        "an",
        "the",
        "and",
        "or",
        "but",
        "of",
        "for",
        "in",
        "on",
        "at",
        "to",
        "with",
        "as",
        "is",
        "are",
        "be",
        "it",
        "i",
        "me",
        "my",
        "we",
        "us",
        "that",
        "this",
        "these",
        "those",
        "one",
        "ones",
        "any",
        "so",
        "then",
        "than",
        "now",
        "also",
        "too",
        "more",
        "like",
        "from",
        "by",
        "what",
        "which",
        "movie",
        "movies",
        "film",
        "films",
        "item",
        "items",
        "thing",
        "things",
        "product",
        "products",
        "的",
        "吗",
        "呢",
        "了",
        "个",
        "色",
        "not",
        "no",
        "there",
        "them",
        "they",
        "their",
        "your",
        "you",
        "do",
        "does",
        "don't",
        "les",
        "le",
        "la",
        "un",
        "une",
        "des",
        "de",
        "der",
        "die",
        "das",
        "ein",
        "eine",
        "einen",
        "etwas",
        "und",
        "et",
        "mir",
        "still",
        "even",
        "budget",
        "price",
        "prices",
        "same",
        "up",
        "if",
        "possible",
        "maybe",
        "really",
        "though",
    ]
)
_CONTINUES = re.compile(
    r"^\W*(?:with|but|and|also|only|just|in|make|rather|instead|without|more|less|plus|or|not|preferably|ideally|nur|aber|mit|avec|mais|要|但)\b|\binstead\W*$"
)
_ADDS = re.compile(r"\b(?:also|too|as well|additionally|plus|both|on top|auch|aussi)\b|^\W*and\b|也")
_UNMET = re.compile(
    r"\b(?:without|must (?:be|have|include|come with)|has to (?:be|have)|needs? to (?:be|have)|only|no|nothing with|no more than|at least)\s+(?!one\b|idea|matter|problem|thanks|longer|need|doubt)(?P<what>(?:[^\W\d_][\w'-]*)(?: [^\W\d_][\w'-]*){0,3})"
)
_STOP_AT = re.compile(r"\s+(?:and|but|or|please|for|that|which|from|with|so|because|to|if|then|than|in|on|at|i)\b.*$")


def take_reset(u: Utterance) -> bool:
    """Take "start over" out of ``u`` and tell whether it was there."""
    return _take(u, _RESET)


def take_again(u: Utterance) -> bool:
    """Take "again" or "that I already have" out of ``u``; refused ones ("nothing I already have") do not count."""
    match = _AGAIN.search(u.low)
    if not match:
        return False
    start, _ = u.clause(match.start())
    refused = bool(_NOT_AGAIN.search(u.low[start : match.start()]))
    u.take(match.start(), match.end())
    return not refused


def take_drops(u: Utterance, schema: CatalogueSchema) -> tuple[CatalogueField, ...]:
    """Take phrases such as "any colour" or "price doesn't matter" out of ``u``; return the fields they free."""
    freed: list[CatalogueField] = []
    for pattern in _drop_patterns(schema):
        for match in list(pattern.finditer(u.low)):
            freed += field_names(schema)[match["f"]]
            u.take(match.start(), match.end())
    return tuple(dict.fromkeys(freed))


@lru_cache(maxsize=16)
def _drop_patterns(schema: CatalogueSchema) -> tuple[re.Pattern[str], ...]:
    name = f"(?P<f>{names_pattern(schema)})"
    limit = r"(?:\s+(?:limits?|range|filters?|constraints?|restrictions?|requirements?))?"
    tail = r"(?:\s+(?:is|are|will|would)\s+(?:fine|ok|okay|do|good|welcome))?"
    patterns = (
        rf"\b(?:any|whatever|whichever|every|jede|egal welche|n'importe quelle?)\s+(?:the\s+)?{name}{tail}",
        rf"\b(?:the\s+|my\s+)?{name}{limit}\s+(?:(?:really\s+)?(?:doesn't|does not|don't|do not|no longer)\s+(?:really\s+)?matter|(?:is|are)(?:n't| not| no)?\s*(?:important|irrelevant|object|issue|problem|unimportant|flexible|up to you)|egal)(?:\s+any ?more)?",
        rf"\b(?:forget(?: about)?|ignore|never mind|nevermind|regardless of|drop|remove|lift|clear|cancel|don't care about|do not care about|no matter)\s+(?:the\s+|my\s+|that\s+)?{name}{limit}",
        rf"\bno\s+{name}\s+(?:limits?|range|filters?|constraints?|restrictions?|preferences?)",
    )
    chinese = (rf"(?:不限|随便){name}", rf"{name}(?:不限|随便|无所谓|不重要)")
    return tuple(re.compile(p) for p in (*(rf"{p}(?!\w)" for p in patterns), *chinese))


def take_leanings(u: Utterance, schema: CatalogueSchema, year: CatalogueField | None) -> list[str]:
    """Take "cheap", "newest" and the like; return soft preferences such as ``low price``."""
    price = label_of(schema.price.name) if schema.price else "price"
    leanings = [(_CHEAP, f"low {price}"), (_DEAR, f"high {price}")]
    if year is not None:
        leanings += [(_NEW, f"high {label_of(year.name)}"), (_OLD, f"low {label_of(year.name)}")]
    return [wish for pattern, wish in leanings if _take(u, pattern)]


def take_unmet(u: Utterance) -> list[str]:
    """Take requirement-like phrases that no rule understood ("without subtitles") out of the query; return them."""
    found = []
    for match in list(_UNMET.finditer(u.low)):
        what = _STOP_AT.sub("", match["what"])
        if what not in _EMPTY:
            found.append(u.take(match.start(), match.start("what") + len(what)))
    return found


def asks_to_compare(text: str) -> bool:
    """Tell whether a normalised text asks to compare."""
    return bool(_COMPARE.search(text))


def asks_to_plan(text: str) -> bool:
    """Tell whether a normalised text asks for several things that belong together."""
    return bool(_PLAN.search(text))


def take_similar(u: Utterance) -> bool:
    """Take "like this" out of ``u``; tell whether it asks for similar items (also "like NAME", which stays)."""
    named = bool(_LIKE_NAMED.search(u.low))
    return _take(u, _SIMILAR) or named


def continues(text: str) -> bool:
    """Tell whether a normalised turn reads as an addition to the one before ("but with a beach")."""
    return bool(_CONTINUES.search(text))


def adds(text: str) -> bool:
    """Tell whether a normalised turn adds to the values asked before rather than replacing them."""
    return bool(_ADDS.search(text))


def clean(text: str) -> str:
    """Remove request phrases and dangling joints from what rules left; empty if nothing of substance remains."""
    text = re.sub(_FILLER.pattern, " ", text.replace("’", "'"), flags=re.IGNORECASE)
    text = re.sub(r"\s+([,.!?;:])", r"\1", text)
    text = re.sub(r"(?:[,.!?;:]\s*)+([,.!?;:])", r"\1", text)
    text = re.sub(r"\s+", " ", text).strip(" ,.!?;:-\"'。，！？的")
    text = re.sub(r"^(?:no|nope|yes|well|ok|okay)\s*,\s*", "", text, flags=re.IGNORECASE)
    trimmed = re.sub(
        r"^(?:(?:and|but|or|with|for|that|which|is|are|of|a|an|in|the)\b[\s,]*)+|(?:[\s,]+(?:and|but|or|with|for|that|which|is|are|of|a|an|in|the|at|to|from))+$",
        "",
        text,
        flags=re.IGNORECASE,
    )
    return trimmed if has_substance(trimmed) else ""


def request_part(text: str) -> str:
    """Return the sentences of a long story that ask for something; the whole text if it is short or none does."""
    if len(text.split()) <= STORY_WORDS:
        return text
    sentences = re.split(r"(?<=[.!?;])\s+|\n", text)
    asking = " ".join(s for s in sentences if REQUEST.search(s.lower()))
    return asking if clean(asking) else text


def has_substance(text: str) -> bool:
    """Tell whether a text has a word that names something."""
    return any(word not in _EMPTY for word in re.findall(r"[^\W_]+(?:'[a-z]+)?", text.lower()))


def join_queries(parts: Sequence[str], limit: int = 600) -> str:
    """Join parts of a query without repeating one, cut at ``limit`` characters."""
    kept: list[str] = []
    for part in parts:
        if part and part.lower() not in " ".join(kept).lower():
            kept.append(part)
    return ". ".join(kept)[:limit].strip()


def _take(u: Utterance, pattern: re.Pattern[str]) -> bool:
    matches = list(pattern.finditer(u.low))
    for match in matches:
        u.take(match.start(), match.end())
    return bool(matches)
